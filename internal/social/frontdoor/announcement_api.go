package frontdoor

import (
	"context"
	"encoding/json"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// ShowAnnouncements serves GET /api/v1/announcements.
func (s *Service) ShowAnnouncements(c *viewer.Call) (any, error) {
	list, err := announcementsShown(c.Context(), s.db, s.clock.Now().UnixMilli())
	if err != nil {
		return nil, err
	}
	return s.presentAnnouncements(c, list)
}

// presentAnnouncements shows announcements in a fixed number of queries.
func (s *Service) presentAnnouncements(c *viewer.Call, list []*Announcement) ([]*mastodon.Announcement, error) {
	ctx := c.Context()
	which := make([]id.Announcement, 0, len(list))
	var people []id.Account
	var wanted []id.Status
	for _, a := range list {
		which = append(which, a.ID)
		people, wanted = append(people, a.mentions...), append(wanted, a.statuses...)
	}
	known, err := s.accounts.ByIDs(ctx, people)
	if err != nil {
		return nil, err
	}
	byID := map[id.Account]*accounts.Account{}
	for _, a := range known {
		byID[a.ID] = a
	}
	visible, err := s.visitors.statuses.VisibleIDs(c, wanted)
	if err != nil {
		return nil, err
	}
	posts, err := s.visitors.statuses.Present(ctx, c.Viewer, visible)
	if err != nil {
		return nil, err
	}
	byStatus := map[id.Status]json.RawMessage{}
	if len(posts) == len(visible) { // else one was deleted in between: the next read is right
		for i, row := range posts {
			byStatus[visible[i]] = row
		}
	}
	read, err := readsOf(ctx, s.db, c.Viewer.Account, which)
	if err != nil {
		return nil, err
	}
	reactions, err := reactionsTo(ctx, s.db, c.Viewer.Account, which)
	if err != nil {
		return nil, err
	}
	var names []emoji.Name
	for _, a := range list {
		names = append(names, emoji.Names("", emoji.Codes(a.Text))...)
	}
	for _, r := range reactions {
		names = append(names, emoji.Name{Shortcode: r.name})
	}
	pictures, err := s.emoji.Of(ctx, names)
	if err != nil {
		return nil, err
	}
	shown, at := make([]*mastodon.Announcement, 0, len(list)), map[id.Announcement]*mastodon.Announcement{}
	for _, a := range list {
		one := &mastodon.Announcement{ID: id.String(a.ID), Content: a.content, AllDay: a.AllDay, PublishedAt: mastodon.Time(a.Published),
			UpdatedAt: mastodon.Time(a.updatedAt), Read: new(bool), Mentions: []mastodon.Mention{}, Statuses: []json.RawMessage{}, Tags: []mastodon.StatusTag{},
			Emojis: pictures.Entities("", emoji.Codes(a.Text)), Reactions: []mastodon.Reaction{}}
		if !a.StartsAt.IsZero() {
			words := mastodon.Time(a.StartsAt)
			one.StartsAt = &words
		}
		if !a.EndsAt.IsZero() {
			words := mastodon.Time(a.EndsAt)
			one.EndsAt = &words
		}
		for _, who := range a.mentions {
			if p := byID[who]; p != nil && p.Available() {
				one.Mentions = append(one.Mentions, mastodon.Mention{ID: p.ID.String(), Username: p.Username, URL: p.URL, Acct: p.Acct()})
			}
		}
		for _, status := range a.statuses {
			if row := byStatus[status]; row != nil {
				one.Statuses = append(one.Statuses, row)
			}
		}
		for _, tag := range a.tags {
			one.Tags = append(one.Tags, mastodon.StatusTag{Name: tag, URL: s.site.TagURL(text.TagKey(tag))})
		}
		shown, at[a.ID] = append(shown, one), one
	}
	for _, which := range read {
		*at[which].Read = true
	}
	for _, r := range reactions {
		one := mastodon.Reaction{Name: r.name, Count: r.count, Me: &r.mine}
		if custom := pictures[emoji.Name{Shortcode: r.name}]; custom != nil {
			one.URL, one.StaticURL = custom.Entity.URL, custom.Entity.StaticURL
		}
		at[r.announcement].Reactions = append(at[r.announcement].Reactions, one)
	}
	return shown, nil
}

// Dismiss serves POST /api/v1/announcements/{id}/dismiss.
func (s *Service) Dismiss(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Announcement](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.DismissAnnouncement(c.Context(), c.Viewer.Account, which)
}

// AddReaction serves PUT /api/v1/announcements/{id}/reactions/{name}.
func (s *Service) AddReaction(c *viewer.Call) (any, error) { return s.reaction(c, s.React) }

// RemoveReaction serves DELETE /api/v1/announcements/{id}/reactions/{name}.
func (s *Service) RemoveReaction(c *viewer.Call) (any, error) {
	return s.reaction(c, s.TakeBackReaction)
}

func (s *Service) reaction(c *viewer.Call, do func(ctx context.Context, who id.Account, which id.Announcement, name string) error) (any, error) {
	which, err := id.Parse[id.Announcement](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, do(c.Context(), c.Viewer.Account, which, c.Path("name"))
}

// StreamAnnouncement shapes an announcement for open streams, the same for all members; nil when it is not shown any more.
func (s *Service) StreamAnnouncement(ctx context.Context, which id.Announcement) (*mastodon.Announcement, error) {
	a, err := announcement(ctx, s.db, which)
	if fault.Is(err, fault.NotFound) || err == nil && a.Published.IsZero() {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	shown, err := s.presentAnnouncements(rest.Inside(ctx, viewer.Viewer{}, ""), []*Announcement{a})
	if err != nil {
		return nil, err
	}
	shown[0].Read = nil
	for i := range shown[0].Reactions {
		shown[0].Reactions[i].Me = nil
	}
	return shown[0], nil
}

// StreamedReaction is a reaction as open streams tell of it.
type StreamedReaction struct {
	mastodon.Reaction
	Announcement string `json:"announcement_id"`
}

// StreamReaction shapes a reaction for open streams; one that nobody has any more counts 0.
func (s *Service) StreamReaction(ctx context.Context, e AnnouncementReacted) (*StreamedReaction, error) {
	list, err := reactionsTo(ctx, s.db, 0, []id.Announcement{e.Announcement})
	shown := &StreamedReaction{mastodon.Reaction{Name: e.Name}, id.String(e.Announcement)}
	for _, r := range list {
		if r.name == e.Name {
			shown.Count = r.count
		}
	}
	return shown, err
}
