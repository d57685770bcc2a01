package tags

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// PageOf is the page of an account's statuses with a hashtag.
func PageOf(site settings.Site, a *accounts.Account, tag string) string {
	name := a.Username
	if !a.Local() {
		name += "@" + a.Domain
	}
	return site.ProfileURL(name) + "/tagged/" + url.PathEscape(tag)
}

func (s *Service) presentFeatured(owner *accounts.Account, list []Featured) []mastodon.FeaturedTag {
	shown := make([]mastodon.FeaturedTag, len(list))
	for i, f := range list {
		shown[i] = mastodon.FeaturedTag{ID: f.ID.String(), Name: f.Tag.Shown, URL: PageOf(s.site, owner, f.Tag.Name), StatusesCount: strconv.FormatInt(f.Statuses, 10)}
		if !f.Last.IsZero() {
			day := mastodon.Date(f.Last)
			shown[i].LastStatusAt = &day
		}
	}
	return shown
}

func (s *Service) featuredOf(c *viewer.Call, account id.Account) ([]mastodon.FeaturedTag, error) {
	owner, err := s.accounts.ByID(c.Context(), account)
	if err != nil {
		return nil, err
	}
	if !owner.Available() {
		return []mastodon.FeaturedTag{}, nil
	}
	return s.FeaturedOn(c.Context(), owner)
}

// FeaturedOn gives the hashtags on an account's profile as clients see them.
func (s *Service) FeaturedOn(ctx context.Context, owner *accounts.Account) ([]mastodon.FeaturedTag, error) {
	list, err := FeaturedBy(ctx, s.db, owner.ID)
	if err != nil {
		return nil, fmt.Errorf("featured hashtags: %w", err)
	}
	return s.presentFeatured(owner, list), nil
}

// ShowFeatured serves GET /api/v1/featured_tags.
func (s *Service) ShowFeatured(c *viewer.Call) (any, error) {
	return s.featuredOf(c, c.Viewer.Account)
}

// AccountFeatured serves GET /api/v1/accounts/{id}/featured_tags.
func (s *Service) AccountFeatured(c *viewer.Call) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return s.featuredOf(c, account)
}

type featureForm struct {
	Name string `form:"name"`
}

// CreateFeatured serves POST /api/v1/featured_tags.
func (s *Service) CreateFeatured(c *viewer.Call) (any, error) {
	form, err := rest.Decode[featureForm](c)
	if err != nil {
		return nil, err
	}
	name, err := ownName(form.Name)
	if err != nil {
		return nil, err
	}
	tag, err := s.Feature(c.Context(), c.Viewer.Account, name)
	if err != nil {
		return nil, err
	}
	owner, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	list, err := FeaturedBy(c.Context(), s.db, c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("featured hashtags: %w", err)
	}
	for _, f := range list {
		if f.Tag.ID == tag.ID {
			return s.presentFeatured(owner, []Featured{f})[0], nil
		}
	}
	return nil, fmt.Errorf("the hashtag %s was taken off the profile as soon as it was put there", tag.Name)
}

// DeleteFeatured serves DELETE /api/v1/featured_tags/{id}.
func (s *Service) DeleteFeatured(c *viewer.Call) (any, error) {
	row, err := id.Parse[id.FeaturedTag](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, s.UnfeatureByID(c.Context(), c.Viewer.Account, row)
}

// SuggestFeatured serves GET /api/v1/featured_tags/suggestions.
func (s *Service) SuggestFeatured(c *viewer.Call) (any, error) {
	ids, err := s.suggested(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("hashtags to feature: %w", err)
	}
	return s.Rows(c.Context(), c.Viewer, ids)
}
