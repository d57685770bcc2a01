package notifications

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of lists of notifications.
const (
	listLimit = 40
	listMax   = 80
)

// List serves GET /api/v1/notifications.
func (s *Service) List(c *viewer.Call) (any, error) {
	f, err := filterOf(c)
	if err != nil {
		return nil, err
	}
	if f.nothing() {
		return []any{}, nil
	}
	p := keyset.Read(c, listLimit, listMax)
	rows, err := page(c.Context(), s.db, c.Viewer.Account, f, p)
	if err != nil {
		return nil, fmt.Errorf("list notifications: %w", err)
	}
	if len(rows) == 0 {
		return []any{}, nil
	}
	shown, err := s.present(c, rows)
	if err != nil {
		return nil, err
	}
	return keyset.Answer(c, p, shown, len(rows), int64(rows[0].ID), int64(rows[len(rows)-1].ID), keyset.ByMinID, false), nil
}

// filterOf reads types[], exclude_types[], account_id and include_filtered. Types that we do not know match nothing.
func filterOf(c *viewer.Call) (filter, error) {
	f := filter{filtered: c.QueryFlag("include_filtered")}
	only, without := set(c.QueryList("types")), set(c.QueryList("exclude_types"))
	if len(only) > 0 || len(without) > 0 {
		f.kinds = []string{}
		for _, kind := range kinds {
			if (len(only) == 0 || only[string(kind)]) && !without[string(kind)] {
				f.kinds = append(f.kinds, string(kind))
			}
		}
	}
	if text := c.Query("account_id"); text != "" {
		from, err := id.Parse[id.Account](text)
		if err != nil {
			return f, err
		}
		f.from = from
	}
	return f, nil
}

// nothing tells that no notification can match.
func (f filter) nothing() bool { return f.kinds != nil && len(f.kinds) == 0 }

func set(list []string) map[string]bool {
	m := map[string]bool{}
	for _, one := range list {
		m[one] = true
	}
	return m
}

// Show serves GET /api/v1/notifications/{id}.
func (s *Service) Show(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Notification](c.Path("id"))
	if err != nil {
		return nil, err
	}
	n, err := one(c.Context(), s.db, c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	shown, err := s.present(c, []*Notification{n})
	if err != nil {
		return nil, err
	}
	if len(shown) == 0 {
		return nil, fault.RecordNotFound()
	}
	return shown[0], nil
}

// things are what notifications show, read together.
type things struct {
	accounts    map[id.Account]json.RawMessage
	statuses    map[id.Status]json.RawMessage // those that the member may read
	severed     map[id.Severance]*mastodon.RelationshipSeveranceEvent
	collections map[id.Collection]*mastodon.Collection
	reports     map[id.Report]*mastodon.Report
	warnings    map[id.Strike]*mastodon.AccountWarning
	known       map[string]bool // the types that the app says it knows; nil when it does not say
}

// gather reads what notifications show, and further people, in a fixed number of queries.
func (s *Service) gather(c *viewer.Call, rows []*Notification, people ...id.Account) (*things, error) {
	var wanted []id.Status
	for _, n := range rows {
		people = append(people, n.From)
		if n.Status != 0 {
			wanted = append(wanted, n.Status)
		}
	}
	t := &things{statuses: map[id.Status]json.RawMessage{}}
	if types := c.QueryList("supported_types"); len(types) > 0 {
		t.known = set(types)
	}
	var err error
	if t.accounts, err = s.accounts.Shown(c.Context(), people); err != nil {
		return nil, err
	}
	visible, err := s.statuses.VisibleIDs(c, wanted)
	if err != nil {
		return nil, err
	}
	posts, err := s.statuses.Present(c.Context(), c.Viewer, visible)
	if err != nil {
		return nil, err
	}
	if len(posts) == len(visible) {
		for i, one := range visible {
			t.statuses[one] = posts[i]
		}
	}
	if t.collections, err = s.featuring(c.Context(), c.Viewer, rows); err != nil {
		return nil, err
	}
	if t.reports, err = s.reported(c.Context(), rows); err != nil {
		return nil, err
	}
	if t.warnings, err = s.warnings(c.Context(), c.Viewer.Account, rows); err != nil {
		return nil, err
	}
	t.severed, err = s.severances(c.Context(), c.Viewer.Account, rows)
	return t, err
}

// shows tells whether everything that a notification shows is there for the member.
func (t *things) shows(n *Notification) bool {
	return t.accounts[n.From] != nil && (n.Status == 0 || t.statuses[n.Status] != nil) &&
		(n.Kind != SeveredRelationships || t.severed[id.Severance(n.about)] != nil) &&
		(n.Kind != Report || t.reports[id.Report(n.about)] != nil) &&
		(n.Kind != ModerationWarning || t.warnings[id.Strike(n.about)] != nil) &&
		(!n.Kind.ofCollection() || t.collections[id.Collection(n.about)] != nil)
}

// attached is what a notification carries by its kind.
func (t *things) attached(n *Notification) mastodon.Attached {
	a := mastodon.Attached{Fallback: t.fallback(n.Kind)}
	if n.Kind == SeveredRelationships {
		a.Event = t.severed[id.Severance(n.about)]
	}
	if n.Kind == Report {
		a.Report = t.reports[id.Report(n.about)]
	}
	if n.Kind == ModerationWarning {
		a.Warning = t.warnings[id.Strike(n.about)]
	}
	if n.Kind.ofCollection() {
		a.Collection = t.collections[id.Collection(n.about)]
	}
	return a
}

// fallbacks are the titles of the kinds that came after apps were made.
var fallbacks = map[Kind]string{
	SeveredRelationships: "Some of your follows and followers were lost",
	ModerationWarning:    "You have received a moderation warning",
	SignUp:               "Somebody signed up",
	Report:               "A new report was filed",
	AddedToCollection:    "You were added to a collection",
	CollectionUpdate:     "A collection you are in was changed",
}

// fallback is what an app shows of a kind that it does not know; nil when it does, or does not say.
func (t *things) fallback(kind Kind) *mastodon.NotificationFallback {
	title, late := fallbacks[kind]
	if !late || t.known == nil || t.known[string(kind)] {
		return nil
	}
	return &mastodon.NotificationFallback{Title: title, Summary: "Your app cannot show this kind of notification. Sign in to the web app to see it."}
}

// present shapes notifications. One whose status the member may not read any more is left out.
func (s *Service) present(c *viewer.Call, rows []*Notification) ([]mastodon.Notification, error) {
	t, err := s.gather(c, rows)
	if err != nil {
		return nil, err
	}
	shown := make([]mastodon.Notification, 0, len(rows))
	for _, n := range rows {
		if t.shows(n) {
			shown = append(shown, mastodon.Notification{ID: n.ID.String(), Type: string(n.Kind), GroupKey: n.groupKey(), Filtered: n.Filtered,
				CreatedAt: mastodon.Time(clock.FromMilli(n.CreatedAt)), Account: t.accounts[n.From], Status: t.statuses[n.Status], Attached: t.attached(n)})
		}
	}
	return shown, nil
}

// Dismiss serves POST /api/v1/notifications/{id}/dismiss and DELETE /api/v1/notifications/{id}.
func (s *Service) Dismiss(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Notification](c.Path("id"))
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		n, err := remove(c.Context(), tx, `id = $1 AND account_id = $2`, wanted, c.Viewer.Account)
		if err == nil && n == 0 {
			err = fault.RecordNotFound()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, nil
}

// Clear serves POST /api/v1/notifications/clear: everything told until now, in short transactions.
func (s *Service) Clear(c *viewer.Call) (any, error) {
	if err := s.clear(c.Context(), c.Viewer.Account); err != nil {
		return nil, fmt.Errorf("clear notifications: %w", err)
	}
	return rest.Empty{}, nil
}

// clear removes everything that a member was told until now; what comes meanwhile stays.
func (s *Service) clear(ctx context.Context, account id.Account) error {
	upTo, err := newest(ctx, s.db, account)
	if err != nil {
		return err
	}
	return s.forget(ctx, `account_id = $1 AND id <= $2`, account, upTo)
}
