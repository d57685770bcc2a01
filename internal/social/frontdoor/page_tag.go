package frontdoor

import (
	"slices"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
	"anancus/internal/social/timelines"
	"anancus/internal/social/viewer"
)

type tagView struct {
	shell
	Tag     string
	Entries []entry
	Next    string
	Older   bool
	Closed  bool // for members alone
}

// TagPage serves GET /tags/{tag} to people.
func (s *Service) TagPage(c *viewer.Call, tag string) (any, error) {
	tag = strings.TrimPrefix(tag, "#")
	key := text.TagKey(tag)
	if key == "" || !text.ValidTag(tag) {
		return nil, fault.RecordNotFound()
	}
	p := pageAsked(c)
	reach := timelines.VisitorsReach(s.settings.Now())
	v := &tagView{Tag: "#" + tag, Older: p.Before != keyset.First(0).Before, Closed: reach.Nothing()}
	var list []*statuses.Status
	var next id.Status
	var err error
	if !v.Closed {
		if list, next, err = s.visitors.statuses.PublicTagged(c.Context(), key, p); err != nil {
			return nil, err
		}
		list = slices.DeleteFunc(list, func(one *statuses.Status) bool { return one.Local && !reach.Local || !one.Local && !reach.Remote })
	}
	if v.Entries, err = s.entries(c, list); err != nil {
		return nil, err
	}
	address := s.site.TagURL(key)
	if next != 0 {
		v.Next = s.here(c, s.inside(address), "max_id", next.String())
	}
	v.shell = s.shell(c, head{Description: s.text(c, "tag.lead", v.Tag, s.settings.Now().Title), Canonical: address, Kind: "website",
		Hidden: v.Older || len(v.Entries) == 0})
	return s.page("tag.html", v.Tag, v), nil
}
