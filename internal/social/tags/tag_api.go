package tags

import (
	"context"
	"fmt"
	"strconv"

	"anancus/internal/kit/keyset"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// shownDays is how much of its history a hashtag shows.
const shownDays = 7

// Present shapes hashtags for the API, in their order, in two queries whatever their number; one when nobody in particular asks.
func (s *Service) Present(ctx context.Context, v viewer.Viewer, list []*Tag) ([]mastodon.Tag, error) {
	ids := make([]id.Tag, len(list))
	for i, t := range list {
		ids[i] = t.ID
	}
	history, err := s.History(ctx, ids, shownDays)
	if err != nil {
		return nil, err
	}
	var following, featuring map[id.Tag]bool
	if v.IsMember() && len(ids) > 0 {
		if following, featuring, err = ties(ctx, s.db, v.Account, ids); err != nil {
			return nil, fmt.Errorf("what a member has to do with hashtags: %w", err)
		}
	}
	shown := make([]mastodon.Tag, len(list))
	for i, t := range list {
		shown[i] = mastodon.Tag{Name: t.Shown, URL: s.site.TagURL(t.Name), History: make([]mastodon.TagHistory, 0, shownDays)}
		if t.ID != 0 {
			shown[i].ID = t.ID.String()
		}
		for _, day := range history[t.ID] {
			shown[i].History = append(shown[i].History, mastodon.TagHistory{Day: strconv.FormatInt(day.Start.Unix(), 10),
				Uses: strconv.FormatInt(day.Uses, 10), Accounts: strconv.FormatInt(day.Accounts, 10)})
		}
		if v.IsMember() {
			follows, features := following[t.ID], featuring[t.ID]
			shown[i].Following, shown[i].Featuring = &follows, &features
		}
	}
	return shown, nil
}

// Rows shapes hashtags by their ids, in that order; unknown ones are left out.
func (s *Service) Rows(ctx context.Context, v viewer.Viewer, ids []id.Tag) ([]mastodon.Tag, error) {
	if len(ids) == 0 {
		return []mastodon.Tag{}, nil
	}
	found, err := byIDs(ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("hashtags: %w", err)
	}
	by := make(map[id.Tag]*Tag, len(found))
	for _, t := range found {
		by[t.ID] = t
	}
	list := make([]*Tag, 0, len(ids))
	for _, one := range ids {
		if t := by[one]; t != nil {
			list = append(list, t)
		}
	}
	return s.Present(ctx, v, list)
}

// ShowTag serves GET /api/v1/tags/{tag}: one that nobody wrote yet is shown with no id.
func (s *Service) ShowTag(c *viewer.Call) (any, error) {
	tag, err := named(c.Context(), s.db, c.Path("tag"))
	if err != nil {
		return nil, err
	}
	return s.presentOne(c, tag)
}

func (s *Service) presentOne(c *viewer.Call, tag *Tag) (any, error) {
	shown, err := s.Present(c.Context(), c.Viewer, []*Tag{tag})
	if err != nil {
		return nil, err
	}
	return shown[0], nil
}

// act does something with the hashtag of the path and answers with what it is then.
func (s *Service) act(c *viewer.Call, do func(ctx context.Context, member id.Account, name string) (*Tag, error)) (any, error) {
	tag, err := do(c.Context(), c.Viewer.Account, c.Path("tag"))
	if err != nil {
		return nil, err
	}
	return s.presentOne(c, tag)
}

// FollowTag serves POST /api/v1/tags/{tag}/follow.
func (s *Service) FollowTag(c *viewer.Call) (any, error) { return s.act(c, s.Follow) }

// UnfollowTag serves POST /api/v1/tags/{tag}/unfollow.
func (s *Service) UnfollowTag(c *viewer.Call) (any, error) { return s.act(c, s.Unfollow) }

// FeatureTag serves POST /api/v1/tags/{tag}/feature.
func (s *Service) FeatureTag(c *viewer.Call) (any, error) { return s.act(c, s.Feature) }

// UnfeatureTag serves POST /api/v1/tags/{tag}/unfeature.
func (s *Service) UnfeatureTag(c *viewer.Call) (any, error) { return s.act(c, s.Unfeature) }

// Lengths of a page of followed hashtags.
const (
	followedLimit = 100
	followedMax   = 200
)

// FollowedTags serves GET /api/v1/followed_tags.
func (s *Service) FollowedTags(c *viewer.Call) (any, error) {
	p := keyset.Read(c, followedLimit, followedMax)
	rows, err := followedBy(c.Context(), s.db, c.Viewer.Account, p)
	if err != nil {
		return nil, fmt.Errorf("followed hashtags: %w", err)
	}
	ids := make([]id.Tag, len(rows))
	for i, row := range rows {
		ids[i] = row.tag
	}
	shown, err := s.Rows(c.Context(), c.Viewer, ids)
	if err != nil || len(rows) == 0 {
		return shown, err
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}
