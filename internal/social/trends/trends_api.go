package trends

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Lengths of lists of trends.
const (
	tagsLimit, tagsMax         = 10, 20
	linksLimit, linksMax       = 10, 20
	statusesLimit, statusesMax = 20, 40
)

// shownDays is how much of its history a link shows.
const shownDays = 7

// window is the part of a list that is asked for.
type window struct{ offset, limit int }

func windowOf(c *viewer.Call, fallback, most int) window {
	w := window{limit: c.Limit(fallback, most)}
	if n, err := strconv.Atoi(c.Query("offset")); err == nil {
		w.offset = min(max(n, -n, 0), mostShown)
	}
	return w
}

// cut gives the part of a whole list.
func cut[T any](w window, list []T) []T {
	list = list[min(w.offset, len(list)):]
	return list[:min(w.limit, len(list))]
}

// answer links to the parts of the list before and after this one.
func (w window) answer(c *viewer.Call, rows any, length, whole int) rest.Slice {
	out := rest.Slice{Rows: rows}
	at := func(offset int) string {
		return c.SameURL(func(q url.Values) { q.Set("offset", strconv.Itoa(offset)) })
	}
	if w.offset+length < whole {
		out.Next = at(w.offset + w.limit)
	}
	if w.offset > 0 && length > 0 {
		out.Prev = at(max(w.offset-w.limit, 0))
	}
	return out
}

// Tags serves GET /api/v1/trends/tags, and /api/v1/trends, its old name.
func (s *Service) Tags(c *viewer.Call) (any, error) {
	v, w := s.settings.Now(), windowOf(c, tagsLimit, tagsMax)
	if !v.Trends {
		return []mastodon.Tag{}, nil
	}
	all, err := db.All(c.Context(), s.db, scanRanked, topTagsSQL, v.TrendableByDefault, mostShown)
	if err != nil {
		return nil, fmt.Errorf("trending hashtags: %w", err)
	}
	var ids []id.Tag
	for _, one := range cut(w, all) {
		ids = append(ids, id.Tag(one.subject))
	}
	rows, err := s.tags.Rows(c.Context(), c.Viewer, ids)
	if err != nil {
		return nil, err
	}
	return w.answer(c, rows, len(ids), len(all)), nil
}

// Links serves GET /api/v1/trends/links.
func (s *Service) Links(c *viewer.Call) (any, error) {
	v, w := s.settings.Now(), windowOf(c, linksLimit, linksMax)
	if !v.Trends {
		return []mastodon.TrendsLink{}, nil
	}
	all, err := db.All(c.Context(), s.db, scanRanked, topLinksSQL, v.TrendableByDefault, mostShown)
	if err != nil {
		return nil, fmt.Errorf("trending links: %w", err)
	}
	if err := s.prefer(c, all); err != nil {
		return nil, err
	}
	var ids []id.Link
	for _, one := range cut(w, all) {
		ids = append(ids, id.Link(one.subject))
	}
	rows, err := s.showLinks(c.Context(), c.Viewer, ids)
	if err != nil {
		return nil, fmt.Errorf("trending links: %w", err)
	}
	return w.answer(c, rows, len(ids), len(all)), nil
}

// Statuses serves GET /api/v1/trends/statuses.
func (s *Service) Statuses(c *viewer.Call) (any, error) {
	v, w := s.settings.Now(), windowOf(c, statusesLimit, statusesMax)
	if !v.Trends {
		return []json.RawMessage{}, nil
	}
	all, err := db.All(c.Context(), s.db, scanRanked, topStatusesSQL, v.TrendableByDefault, mostShown, c.Viewer.Account, clock.Milli(s.clock.Now()))
	if err != nil {
		return nil, fmt.Errorf("trending statuses: %w", err)
	}
	if err := s.prefer(c, all); err != nil {
		return nil, err
	}
	var ids []id.Status
	for _, one := range all {
		ids = append(ids, id.Status(one.subject))
	}
	if ids, err = s.statuses.VisibleIDs(c, ids); err != nil {
		return nil, err
	}
	part := cut(w, ids)
	rows, err := s.statuses.Present(c.Context(), c.Viewer, part)
	if err != nil {
		return nil, err
	}
	return w.answer(c, rows, len(part), len(ids)), nil
}

const chosenSQL = `SELECT chosen_languages FROM members WHERE account_id = $1`

// prefer puts what is in a language of the viewer's first: those chosen for timelines, else that of the pages they read.
func (s *Service) prefer(c *viewer.Call, list []ranked) error {
	if !c.Viewer.IsMember() || len(list) == 0 {
		return nil
	}
	chosen, err := db.One(c.Context(), s.db, db.Text, chosenSQL, c.Viewer.Account)
	if err != nil {
		return fmt.Errorf("languages of a member: %w", err)
	}
	languages := strings.Split(chosen, ",")
	if chosen == "" {
		languages = []string{c.Viewer.Locale}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return place(languages, b.language) - place(languages, a.language)
	})
	return nil
}

func place(languages []string, language string) int {
	if slices.Contains(languages, language) {
		return 1
	}
	return 0
}

// showLinks shapes links for the API, in their order: their previews with their history. Where a page cannot be read its address stands
// for its title.
func (s *Service) showLinks(ctx context.Context, v viewer.Viewer, ids []id.Link) ([]json.RawMessage, error) {
	rows := make([]json.RawMessage, 0, len(ids))
	if len(ids) == 0 {
		return rows, nil
	}
	cards, err := s.statuses.Cards(ctx, v, ids)
	if err != nil {
		return nil, err
	}
	found, err := linksByID(ctx, s.db, ids)
	if err != nil {
		return nil, err
	}
	today := dayOf(s.clock.Now())
	days, err := linkDays(ctx, s.db, ids, today-shownDays, today)
	if err != nil {
		return nil, err
	}
	history := make(map[id.Link][]mastodon.TagHistory, len(ids))
	for _, one := range ids {
		list := make([]mastodon.TagHistory, shownDays)
		for i := range list {
			list[i] = mastodon.TagHistory{Day: strconv.FormatInt((today-int64(i))*24*60*60, 10), Uses: "0", Accounts: "0"}
		}
		history[one] = list
	}
	for _, d := range days {
		at := &history[d.link][today-d.day]
		at.Uses, at.Accounts = strconv.FormatInt(d.uses, 10), strconv.FormatInt(d.accounts, 10)
	}
	for _, one := range ids {
		days, err := accounts.Encode(history[one])
		if err != nil {
			return nil, err
		}
		shown := cards[one]
		if at := slices.IndexFunc(found, func(l link) bool { return l.id == one }); shown == nil && at >= 0 {
			if shown, err = accounts.Encode(bareCard(found[at])); err != nil {
				return nil, err
			}
		}
		if shown != nil {
			rows = append(rows, slices.Concat(shown[:len(shown)-1], []byte(`,"history":`), days, []byte("}")))
		}
	}
	return rows, nil
}

// bareCard stands for the preview of a page that was not read.
func bareCard(l link) mastodon.PreviewCard {
	card := mastodon.PreviewCard{URL: l.url, Title: l.url, Type: "link", Authors: []mastodon.PreviewCardAuthor{}}
	if u, err := url.Parse(l.url); err == nil {
		card.Title, card.ProviderName = u.Host+strings.TrimSuffix(u.Path, "/"), u.Host
	}
	if l.language != "" {
		card.Language = &l.language
	}
	return card
}
