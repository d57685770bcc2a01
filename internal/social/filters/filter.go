// Package filters keeps the words and statuses that members do not want to see. What a filter
// matches is marked where a status is shown; to warn or to hide is left to the app, as in Mastodon.
package filters

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/memo"
	"anancus/internal/social/id"
)

// Limits of what one member may keep: the lengths are Mastodon's, the numbers ours, since every shown status is held against all of it.
const (
	MaxTitle    = 256 // characters
	MaxKeyword  = 512 // characters
	MaxFilters  = 250
	MaxKeywords = 1000 // in all filters of a member
	MaxStatuses = 1000 // in all filters of a member
	maxAhead    = 100 * 365 * 24 * time.Hour
)

// What an app shall do with a status that a filter matches.
const (
	Warn = "warn"
	Hide = "hide"
	Blur = "blur" // the media of it
)

var (
	actions  = []string{Warn, Hide, Blur}
	contexts = []string{"home", "notifications", "public", "thread", "account"}
)

// Filter is a group of keywords and statuses with what holds for all of them.
type Filter struct {
	ID        id.Filter
	Title     string
	Contexts  []string
	Action    string
	ExpiresAt time.Time // zero: never
	Keywords  []Keyword
	Statuses  []Status
}

// Keyword is a text that a filter looks for.
type Keyword struct {
	ID        id.Keyword
	Filter    id.Filter
	Text      string
	WholeWord bool
}

// Status is a status that a filter names.
type Status struct {
	ID     id.FilteredStatus
	Filter id.Filter
	Status id.Status
}

// Changed is the event of any change of a member's filters.
type Changed struct{ Account id.Account }

// Sees tells whether a member may read a status.
type Sees func(ctx context.Context, member id.Account, status id.Status) (bool, error)

// Service is the room of filters.
type Service struct {
	db    *db.DB
	clock clock.Clock
	sees  Sees
	ready *memo.Memo[id.Account, *Set]
}

// memory is how many bytes of members' filters are remembered, ready to be applied.
const memory = 16 << 20

// New opens the room.
func New(d *db.DB, c clock.Clock, sees Sees) *Service {
	return &Service{db: d, clock: c, sees: sees, ready: memo.New[id.Account](memory, func(s *Set) uint32 { return s.weight })}
}

// Change is what shall become of a filter. What is nil stays as it is.
type Change struct {
	Title    *string
	Contexts *[]string
	Action   *string
	Expires  *time.Duration // from now; Never ends it
	Keywords []KeywordChange
}

// Never is the expiry of a filter that does not expire.
const Never time.Duration = -1 << 63

// KeywordChange makes a keyword, or changes or removes the one with an id.
type KeywordChange struct {
	ID        id.Keyword // 0: a new one
	Text      *string
	WholeWord *bool // nil for a new one: true
	Remove    bool
}

// Create makes a filter with its keywords.
func (s *Service) Create(ctx context.Context, member id.Account, c Change) (made *Filter, err error) {
	err = s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		if len(mine.filters) >= MaxFilters {
			return invalid(fmt.Sprintf("You cannot have more than %d filters", MaxFilters))
		}
		made = &Filter{ID: id.Filter(tx.NextID()), Action: Warn, Contexts: []string{}}
		if err := made.change(c, tx.Now()); err != nil {
			return err
		}
		if err := insertFilter(ctx, tx, member, made); err != nil {
			return err
		}
		mine.filters = append(mine.filters, made)
		return changeKeywords(ctx, tx, mine, made, c.Keywords)
	})
	return made, err
}

// Update changes a filter and its keywords.
func (s *Service) Update(ctx context.Context, member id.Account, filter id.Filter, c Change) (changed *Filter, err error) {
	err = s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		if changed, err = mine.filter(filter); err != nil {
			return err
		}
		if err := changed.change(c, tx.Now()); err != nil {
			return err
		}
		if err := updateFilter(ctx, tx, changed); err != nil {
			return err
		}
		return changeKeywords(ctx, tx, mine, changed, c.Keywords)
	})
	return changed, err
}

// Delete removes a filter with everything in it.
func (s *Service) Delete(ctx context.Context, member id.Account, filter id.Filter) error {
	return s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		if _, err := mine.filter(filter); err != nil {
			return err
		}
		return deleteFilter(ctx, tx, filter)
	})
}

// ChangeKeyword makes (in a filter), changes or removes (wherever it is) one keyword.
func (s *Service) ChangeKeyword(ctx context.Context, member id.Account, filter id.Filter, c KeywordChange) (changed *Keyword, err error) {
	err = s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		if c.ID != 0 {
			known, err := mine.keyword(c.ID)
			if err != nil {
				return err
			}
			filter = known.Filter
		}
		f, err := mine.filter(filter)
		if err != nil {
			return err
		}
		changed, err = changeKeyword(ctx, tx, mine, f, c, "Keyword")
		return err
	})
	return changed, err
}

// AddStatus names a status, which the member may read, in a filter.
func (s *Service) AddStatus(ctx context.Context, member id.Account, filter id.Filter, status id.Status) (added *Status, err error) {
	seen, err := s.sees(ctx, member, status)
	if err != nil {
		return nil, err
	}
	err = s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		f, err := mine.filter(filter)
		if err != nil {
			return err
		}
		if !seen { // what is hidden and what is not there look alike
			return invalid("Status is invalid")
		}
		if slices.ContainsFunc(f.Statuses, func(one Status) bool { return one.Status == status }) {
			return invalid("Status has already been taken")
		}
		if mine.count(func(f *Filter) int { return len(f.Statuses) }) >= MaxStatuses {
			return invalid(fmt.Sprintf("You cannot filter more than %d posts", MaxStatuses))
		}
		added = &Status{ID: id.FilteredStatus(tx.NextID()), Filter: filter, Status: status}
		return insertStatus(ctx, tx, added)
	})
	return added, err
}

// RemoveStatus takes a status out of the filter that names it.
func (s *Service) RemoveStatus(ctx context.Context, member id.Account, status id.FilteredStatus) error {
	return s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		if _, err := mine.status(status); err != nil {
			return err
		}
		return deleteStatus(ctx, tx, status)
	})
}

// change runs a change of what a member has, and tells of it.
func (s *Service) change(ctx context.Context, member id.Account, do func(tx *db.Tx, mine *all) error) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		mine, err := read(ctx, tx, member)
		if err != nil {
			return err
		}
		if err := do(tx, mine); err != nil {
			return err
		}
		return tx.Emit(Changed{member})
	})
	if err != nil {
		return fmt.Errorf("change filters: %w", err)
	}
	return nil
}

// change takes what is wanted of the shared fields, and tells everything that is wrong with them at once.
func (f *Filter) change(c Change, now time.Time) error {
	if c.Title != nil {
		f.Title = *c.Title
	}
	if c.Contexts != nil {
		f.Contexts = tidy(*c.Contexts)
	}
	if c.Action != nil {
		f.Action = *c.Action
	}
	if c.Expires != nil {
		f.ExpiresAt = time.Time{}
		if *c.Expires != Never {
			f.ExpiresAt = now.Add(*c.Expires)
		}
	}
	var wrong []string
	if strings.TrimSpace(f.Title) == "" {
		wrong = append(wrong, "Title can't be blank")
	}
	if len(f.Contexts) == 0 {
		wrong = append(wrong, "Context can't be blank")
	}
	if utf8.RuneCountInString(f.Title) > MaxTitle {
		wrong = append(wrong, fmt.Sprintf("Title is too long (maximum is %d characters)", MaxTitle))
	}
	if len(f.Contexts) == 0 || slices.ContainsFunc(f.Contexts, func(one string) bool { return !slices.Contains(contexts, one) }) {
		wrong = append(wrong, "Context None or invalid context supplied")
	}
	if !slices.Contains(actions, f.Action) {
		wrong = append(wrong, "Action is not included in the list")
	}
	if c.Expires != nil && *c.Expires > maxAhead {
		wrong = append(wrong, "Expires in is too far ahead")
	}
	if len(wrong) > 0 {
		return invalid(strings.Join(wrong, ", "))
	}
	return nil
}

// tidy drops blanks and what is said twice.
func tidy(list []string) []string {
	kept := []string{}
	for _, one := range list {
		if one = strings.TrimSpace(one); one != "" && !slices.Contains(kept, one) {
			kept = append(kept, one)
		}
	}
	return kept
}

func changeKeywords(ctx context.Context, tx *db.Tx, mine *all, f *Filter, list []KeywordChange) error {
	for _, c := range list {
		if _, err := changeKeyword(ctx, tx, mine, f, c, "Keywords keyword"); err != nil {
			return err
		}
	}
	return nil
}

// changeKeyword does one change in a filter; name is how Mastodon calls the field in this place.
func changeKeyword(ctx context.Context, tx *db.Tx, mine *all, f *Filter, c KeywordChange, name string) (*Keyword, error) {
	at := -1
	k := Keyword{Filter: f.ID, WholeWord: true}
	if c.ID != 0 {
		if at = slices.IndexFunc(f.Keywords, func(one Keyword) bool { return one.ID == c.ID }); at < 0 {
			return nil, fault.RecordNotFound()
		}
		k = f.Keywords[at]
	}
	if c.Remove {
		if at < 0 {
			return nil, nil
		}
		f.Keywords = slices.Delete(f.Keywords, at, at+1)
		return &k, deleteKeyword(ctx, tx, k.ID)
	}
	if c.Text != nil {
		k.Text = *c.Text
	}
	if c.WholeWord != nil {
		k.WholeWord = *c.WholeWord
	}
	switch {
	case strings.TrimSpace(k.Text) == "":
		return nil, invalid(name + " can't be blank")
	case utf8.RuneCountInString(k.Text) > MaxKeyword:
		return nil, invalid(fmt.Sprintf("%s is too long (maximum is %d characters)", name, MaxKeyword))
	}
	if at >= 0 {
		f.Keywords[at] = k
		return &k, updateKeyword(ctx, tx, &k)
	}
	if mine.count(func(f *Filter) int { return len(f.Keywords) }) >= MaxKeywords {
		return nil, invalid(fmt.Sprintf("You cannot have more than %d keywords", MaxKeywords))
	}
	k.ID = id.Keyword(tx.NextID())
	f.Keywords = append(f.Keywords, k)
	return &k, insertKeyword(ctx, tx, &k)
}

func invalid(text string) error { return fault.New(fault.Invalid, "Validation failed: "+text) }
