package frontdoor

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
)

// Bounds of announcements.
const (
	maxAnnouncement = 10_000 // characters
	maxReactions    = 8      // different ones, as on Mastodon
	maxAnnounced    = 100    // announcements shown at a time
)

// Announcement is what keepers tell all members for a while.
type Announcement struct {
	ID        id.Announcement
	Text      string
	content   string // HTML
	mentions  []id.Account
	statuses  []id.Status
	tags      []string
	StartsAt  time.Time // of what it tells about; zero for none
	EndsAt    time.Time // it is no longer shown after
	AllDay    bool
	Scheduled time.Time // when it publishes itself
	Published time.Time // zero: nobody sees it
	createdAt time.Time
	updatedAt time.Time
}

// The events of announcements; open streams tell of them.
type (
	// AnnouncementChanged tells that one was published or edited.
	AnnouncementChanged struct{ Announcement id.Announcement }
	// AnnouncementGone tells that one is no longer shown.
	AnnouncementGone struct{ Announcement id.Announcement }
	// AnnouncementReacted tells that somebody reacted, or took it back.
	AnnouncementReacted struct {
		Announcement id.Announcement
		Name         string
	}
)

// AnnouncementDraft is what a keeper writes.
type AnnouncementDraft struct {
	Text     string
	StartsAt time.Time // zero for none
	EndsAt   time.Time
	AllDay   bool
	// PublishAt is when it publishes itself; zero publishes now, unless it is kept back.
	PublishAt time.Time
	KeepBack  bool
}

func (d AnnouncementDraft) check() error {
	switch n := utf8.RuneCountInString(d.Text); {
	case strings.TrimSpace(d.Text) == "":
		return fault.New(fault.Invalid, "The text of an announcement can't be blank")
	case n > maxAnnouncement:
		return fault.New(fault.Invalid, fmt.Sprintf("The text of an announcement must be at most %d characters", maxAnnouncement))
	case !d.StartsAt.IsZero() && d.EndsAt.IsZero(), d.StartsAt.IsZero() && !d.EndsAt.IsZero() && d.AllDay:
		return fault.New(fault.Invalid, "An announcement with a start needs an end, and one of whole days needs both")
	case !d.EndsAt.IsZero() && d.EndsAt.Before(d.StartsAt):
		return fault.New(fault.Invalid, "An announcement can't end before it starts")
	}
	return nil
}

// Announce makes an announcement.
func (s *Service) Announce(ctx context.Context, d AnnouncementDraft) (*Announcement, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	a := &Announcement{Text: strings.TrimSpace(d.Text), StartsAt: d.StartsAt, EndsAt: d.EndsAt, AllDay: d.AllDay, Scheduled: d.PublishAt}
	if err := s.markAnnouncement(ctx, a); err != nil {
		return nil, err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		now := tx.Now()
		a.ID, a.createdAt, a.updatedAt = id.Announcement(tx.NextID()), now, now
		a.Published = time.Time{}
		if !d.KeepBack && !d.PublishAt.After(now) {
			a.Published, a.Scheduled = now, time.Time{}
		}
		if err := insertAnnouncement(ctx, tx, a); err != nil || a.Published.IsZero() {
			return err
		}
		return tx.Emit(AnnouncementChanged{a.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("announce: %w", err)
	}
	return a, nil
}

// EditAnnouncement changes the words of an announcement.
func (s *Service) EditAnnouncement(ctx context.Context, which id.Announcement, words string) (*Announcement, error) {
	if err := (AnnouncementDraft{Text: words}).check(); err != nil {
		return nil, err
	}
	draft := &Announcement{Text: strings.TrimSpace(words)}
	if err := s.markAnnouncement(ctx, draft); err != nil {
		return nil, err
	}
	return s.changeAnnouncement(ctx, which, func(_ *db.Tx, a *Announcement) {
		a.Text, a.content, a.mentions, a.statuses, a.tags = draft.Text, draft.content, draft.mentions, draft.statuses, draft.tags
	})
}

// PublishAnnouncement shows an announcement to all members.
func (s *Service) PublishAnnouncement(ctx context.Context, which id.Announcement) (*Announcement, error) {
	return s.changeAnnouncement(ctx, which, func(tx *db.Tx, a *Announcement) { a.Published, a.Scheduled = tx.Now(), time.Time{} })
}

// WithdrawAnnouncement hides an announcement; it can be published again.
func (s *Service) WithdrawAnnouncement(ctx context.Context, which id.Announcement) (*Announcement, error) {
	return s.changeAnnouncement(ctx, which, func(_ *db.Tx, a *Announcement) { a.Published, a.Scheduled = time.Time{}, time.Time{} })
}

func (s *Service) changeAnnouncement(ctx context.Context, which id.Announcement, change func(tx *db.Tx, a *Announcement)) (*Announcement, error) {
	var changed *Announcement
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := announcement(ctx, tx, which)
		if err != nil {
			return noAnnouncement(err, which)
		}
		shown := !a.Published.IsZero()
		change(tx, a)
		a.updatedAt = tx.Now()
		if err := updateAnnouncement(ctx, tx, a); err != nil {
			return err
		}
		changed = a
		switch {
		case !a.Published.IsZero():
			return tx.Emit(AnnouncementChanged{a.ID})
		case shown:
			return tx.Emit(AnnouncementGone{a.ID})
		}
		return nil
	})
	return changed, err
}

// RemoveAnnouncement deletes an announcement with its reactions.
func (s *Service) RemoveAnnouncement(ctx context.Context, which id.Announcement) error {
	if _, err := s.WithdrawAnnouncement(ctx, which); err != nil { // from here on nobody sees it
		return err
	}
	for {
		var more bool
		err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
			more, err = purgeAnnouncement(ctx, tx, which)
			return err
		})
		if err != nil || !more {
			return err
		}
	}
}

func noAnnouncement(err error, which id.Announcement) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, fmt.Sprintf("There is no announcement %d", int64(which)))
	}
	return err
}

// Announcements lists all of them for keepers, newest first.
func (s *Service) Announcements(ctx context.Context) ([]*Announcement, error) {
	return allAnnouncements(ctx, s.db)
}

// KeepAnnouncements publishes what is due and hides what has ended.
func (s *Service) KeepAnnouncements(ctx context.Context) error {
	now := clock.Milli(s.clock.Now())
	due, err := announcementsDue(ctx, s.db, now)
	if err != nil {
		return fmt.Errorf("announcements that are due: %w", err)
	}
	for _, a := range due {
		change := s.PublishAnnouncement
		if !a.Published.IsZero() {
			change = s.WithdrawAnnouncement
		}
		if _, err := change(ctx, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// markAnnouncement writes the text as HTML and notes whom, which statuses and which hashtags it names. Only accounts known here are found.
func (s *Service) markAnnouncement(ctx context.Context, a *Announcement) error {
	people := map[string]*accounts.Account{}
	for _, e := range text.Scan(a.Text) {
		switch e.Kind {
		case text.Mention:
			if s.site.IsLocal(e.Domain) {
				e.Domain = ""
			}
			found, err := s.accounts.ByHandle(ctx, e.Username, e.Domain)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if people[handleOf(e.Username, e.Domain)] == nil {
				people[handleOf(e.Username, e.Domain)] = found
				a.mentions = append(a.mentions, found.ID)
			}
		case text.Hashtag:
			a.tags = append(a.tags, e.Tag)
		case text.Link:
			found, err := s.visitors.statuses.ByAddress(ctx, e.URL)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			a.statuses = append(a.statuses, found.ID)
		}
	}
	a.content = text.Render(a.Text, text.Links{
		Mention: func(username, domain string) (string, string, bool) {
			if s.site.IsLocal(domain) {
				domain = ""
			}
			person := people[handleOf(username, domain)]
			if person == nil {
				return "", "", false
			}
			return person.URL, person.Username, true
		},
		Tag: func(name string) string { return s.site.TagURL(text.TagKey(name)) },
	})
	return nil
}

func handleOf(username, domain string) string {
	return text.UsernameKey(username) + "@" + strings.ToLower(domain)
}

// React adds a member's reaction. More than eight different ones are refused; the same one again changes nothing.
func (s *Service) React(ctx context.Context, who id.Account, which id.Announcement, name string) error {
	if !text.IsEmoji(name) {
		custom, err := s.emoji.Of(ctx, []emoji.Name{{Shortcode: name}})
		if err != nil {
			return err
		}
		if len(custom) == 0 {
			return fault.New(fault.Invalid, "Validation failed: Name is not a recognized emoji")
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := mustBeShown(ctx, tx, which); err != nil {
			return err
		}
		names, err := reactionNames(ctx, tx, which)
		if err != nil {
			return err
		}
		known := false
		for _, one := range names {
			known = known || one == name
		}
		if !known && len(names) >= maxReactions {
			return fault.New(fault.Invalid, "Validation failed: Limit of different reactions reached")
		}
		if err := insertReaction(ctx, tx, who, which, name); err != nil {
			return err
		}
		return tx.Emit(AnnouncementReacted{which, name})
	})
}

// TakeBackReaction removes a member's reaction.
func (s *Service) TakeBackReaction(ctx context.Context, who id.Account, which id.Announcement, name string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := mustBeShown(ctx, tx, which); err != nil {
			return err
		}
		n, err := deleteReaction(ctx, tx, who, which, name)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(AnnouncementReacted{which, name})
	})
}

// ForgetReactions removes the reactions by an emoji of ours that is gone.
func (s *Service) ForgetReactions(ctx context.Context, e emoji.Removed) error {
	back, err := s.emoji.Of(ctx, []emoji.Name{{Shortcode: e.Shortcode}})
	if err != nil || len(back) > 0 {
		return err
	}
	for {
		var n int64
		err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
			n, err = deleteReactionsBy(ctx, tx, e.Shortcode, purgeAtOnce)
			return err
		})
		if err != nil || n < purgeAtOnce {
			return err
		}
	}
}

// DismissAnnouncement notes that a member has read it.
func (s *Service) DismissAnnouncement(ctx context.Context, who id.Account, which id.Announcement) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := mustBeShown(ctx, tx, which); err != nil {
			return err
		}
		return insertRead(ctx, tx, who, which)
	})
}

// mustBeShown refuses what members cannot see.
func mustBeShown(ctx context.Context, tx *db.Tx, which id.Announcement) error {
	a, err := announcement(ctx, tx, which)
	if err != nil {
		return err
	}
	if a.Published.IsZero() {
		return fault.RecordNotFound()
	}
	return nil
}
