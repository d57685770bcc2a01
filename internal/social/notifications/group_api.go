package notifications

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// groupingOf reads what a grouped list asks for. grouped_types[] narrows what is grouped.
func groupingOf(c *viewer.Call) (grouping, error) {
	f, err := filterOf(c)
	g := grouping{filter: f, grouped: []string{}}
	only := set(c.QueryList("grouped_types"))
	for _, kind := range groupable {
		if len(only) == 0 || only[string(kind)] {
			g.grouped = append(g.grouped, string(kind))
		}
	}
	return g, err
}

// Grouped serves GET /api/v2/notifications.
func (s *Service) Grouped(c *viewer.Call) (any, error) {
	g, err := groupingOf(c)
	if err != nil {
		return nil, err
	}
	p := keyset.Read(c, listLimit, listMax)
	var places []slot
	if !g.nothing() {
		if places, err = slots(c.Context(), s.db, c.Viewer.Account, g, p); err != nil {
			return nil, fmt.Errorf("list notification groups: %w", err)
		}
	}
	answer, err := s.presentGroups(c, places, true)
	if err != nil || len(places) == 0 {
		return answer, err
	}
	return keyset.Answer(c, p, answer, len(places), int64(places[0].place), int64(places[len(places)-1].place), keyset.ByMinID, false), nil
}

// ShowGroup serves GET /api/v2/notifications/{group_key}.
func (s *Service) ShowGroup(c *viewer.Call) (any, error) {
	key := c.Path("group_key")
	place := slot{math.MaxInt64, key}
	if text, found := strings.CutPrefix(key, alone); found {
		one, err := id.Parse[id.Notification](text)
		if err != nil {
			return nil, err
		}
		place = slot{place: one}
	}
	answer, err := s.presentGroups(c, []slot{place}, false)
	if err == nil && len(answer.Groups) == 0 {
		err = fault.RecordNotFound()
	}
	return answer, err
}

// presentGroups shapes slots, with everybody and everything they speak of once. What the page's bounds say is only told of pages.
func (s *Service) presentGroups(c *viewer.Call, places []slot, paged bool) (*mastodon.GroupedNotifications, error) {
	var partial bool
	switch wish := c.Query("expand_accounts"); wish {
	case "", "full":
	case "partial_avatars":
		partial = true
	default:
		return nil, fault.New(fault.BadRequest, fmt.Sprintf("Invalid value for 'expand_accounts': '%s', allowed values are 'full' and 'partial_avatars'", wish))
	}
	answer := &mastodon.GroupedNotifications{Accounts: []json.RawMessage{}, Statuses: []json.RawMessage{}, Groups: []mastodon.NotificationGroup{}}
	if partial {
		answer.PartialAccounts = &[]mastodon.PartialAccountWithAvatar{}
	}
	if len(places) == 0 {
		return answer, nil
	}
	rows, err := s.gistsOf(c, places)
	if err != nil {
		return nil, err
	}
	var about []*Notification
	var people []id.Account
	for _, g := range rows {
		about, people = append(about, &g.Notification), append(people, g.samples...)
	}
	t, err := s.gather(c, about, people...)
	if err != nil {
		return nil, err
	}
	full, half, posts := newOnce[id.Account](), newOnce[id.Account](), newOnce[id.Status]()
	for _, g := range rows {
		if !t.shows(&g.Notification) {
			continue
		}
		row := mastodon.NotificationGroup{GroupKey: g.groupKey(), Count: g.count, Type: string(g.Kind), MostRecentID: int64(g.ID), Attached: t.attached(&g.Notification)}
		if paged {
			row.PageMinID, row.PageMaxID, row.LatestAt = g.oldest.String(), g.ID.String(), mastodon.Time(clock.FromMilli(g.CreatedAt))
		}
		for i, who := range g.samples {
			if t.accounts[who] == nil {
				continue
			}
			row.SampleAccountIDs = append(row.SampleAccountIDs, who.String())
			if i == 0 || !partial {
				full.add(who)
			} else {
				half.add(who)
			}
		}
		if g.Status != 0 {
			row.StatusID = g.Status.String()
			posts.add(g.Status)
		}
		answer.Groups = append(answer.Groups, row)
	}
	for _, who := range full.list {
		answer.Accounts = append(answer.Accounts, t.accounts[who])
	}
	for _, one := range posts.list {
		answer.Statuses = append(answer.Statuses, t.statuses[one])
	}
	for _, who := range half.list {
		if full.has[who] {
			continue
		}
		var face mastodon.PartialAccountWithAvatar
		if err := json.Unmarshal(t.accounts[who], &face); err != nil {
			return nil, fmt.Errorf("show the face of %s: %w", who, err)
		}
		*answer.PartialAccounts = append(*answer.PartialAccounts, face)
	}
	return answer, nil
}

// once is a list without repetition.
type once[T comparable] struct {
	list []T
	has  map[T]bool
}

func newOnce[T comparable]() *once[T] { return &once[T]{has: map[T]bool{}} }

func (o *once[T]) add(one T) {
	if !o.has[one] {
		o.has[one] = true
		o.list = append(o.list, one)
	}
}

// gistsOf reads what is shown of slots, in their order, in two queries.
func (s *Service) gistsOf(c *viewer.Call, places []slot) ([]*gist, error) {
	var single []id.Notification
	var keys []string
	for _, one := range places {
		if one.group == "" {
			single = append(single, one.place)
		} else {
			keys = append(keys, one.group)
		}
	}
	rows, err := byIDs(c.Context(), s.db, c.Viewer.Account, single)
	if err != nil {
		return nil, fmt.Errorf("show notifications: %w", err)
	}
	at := map[id.Notification]*gist{}
	for _, n := range rows {
		copied := *n
		copied.GroupKey = "" // it may belong to a group that was not asked for
		at[n.ID] = &gist{Notification: copied, count: 1, oldest: n.ID, samples: []id.Account{n.From}}
	}
	oldest := places[len(places)-1].place
	if oldest == math.MaxInt64 {
		oldest = 0
	}
	groups, err := gists(c.Context(), s.db, c.Viewer.Account, keys, places[0].place, oldest)
	if err != nil {
		return nil, fmt.Errorf("show notification groups: %w", err)
	}
	list := make([]*gist, 0, len(places))
	for _, one := range places {
		g := groups[one.group]
		if one.group == "" {
			g = at[one.place]
		}
		if g != nil {
			list = append(list, g)
		}
	}
	return list, nil
}

// GroupAccounts serves GET /api/v2/notifications/{group_key}/accounts.
func (s *Service) GroupAccounts(c *viewer.Call) (any, error) {
	p := keyset.Read(c, listLimit, listMax)
	where, arg := inGroup(c.Path("group_key"))
	type row struct {
		id   id.Notification
		from id.Account
	}
	rows, err := db.All(c.Context(), s.db, func(r db.Row) (row, error) {
		var one row
		err := r.Scan(&one.id, &one.from)
		return one, err
	}, groupAccountsSQL(where, p.Order()), c.Viewer.Account, arg, p.Before, p.After, p.Limit)
	if err != nil {
		return nil, fmt.Errorf("list accounts of a notification group: %w", err)
	}
	if len(rows) == 0 {
		return []any{}, nil
	}
	rows = keyset.Arrange(p, rows)
	people := make([]id.Account, len(rows))
	for i, one := range rows {
		people[i] = one.from
	}
	shown, err := s.accounts.Rows(c.Context(), people)
	if err != nil {
		return nil, err
	}
	return keyset.Answer(c, p, shown, len(rows), int64(rows[0].id), int64(rows[len(rows)-1].id), keyset.ByMinID, true), nil
}

// DismissGroup serves POST /api/v2/notifications/{group_key}/dismiss; nothing to dismiss is no error.
func (s *Service) DismissGroup(c *viewer.Call) (any, error) {
	where, arg := inGroup(c.Path("group_key"))
	where = strings.ReplaceAll(where, "n.", "")
	if err := s.forget(c.Context(), `account_id = $1 AND `+where, c.Viewer.Account, arg); err != nil {
		return nil, fmt.Errorf("dismiss a notification group: %w", err)
	}
	return rest.Empty{}, nil
}

// UnreadGroups serves GET /api/v2/notifications/unread_count: how many rows of the grouped list are new.
func (s *Service) UnreadGroups(c *viewer.Call) (any, error) {
	g, err := groupingOf(c)
	if err != nil {
		return nil, err
	}
	p, err := s.unreadPage(c)
	if err != nil || g.nothing() {
		return mastodon.Count{}, err
	}
	n, err := db.One(c.Context(), s.db, db.Value[int64], `SELECT COUNT(*) FROM (`+g.query(p.Order())+`) AS unread`, g.args(c.Viewer.Account, p)...)
	if err != nil {
		return nil, fmt.Errorf("count unread notification groups: %w", err)
	}
	return mastodon.Count{Count: n}, nil
}
