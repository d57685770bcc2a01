package timelines

import (
	"encoding/json"
	"fmt"

	"anancus/internal/kit/keyset"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// maxTags bounds each of any, all and none, as in Mastodon.
const maxTags = 4

// Tag serves GET /api/v1/timelines/tag/{hashtag}.
func (s *Service) Tag(c *viewer.Call) (any, error) {
	reach, err := TopicReach(s.settings.Now(), c)
	if err != nil {
		return nil, err
	}
	nothing := kept(c, []json.RawMessage{})
	if reach.Nothing() {
		return nothing, nil
	}
	main := text.TagKey(c.Path("hashtag"))
	lists := [3][]string{tagKeys(c, "any"), tagKeys(c, "all"), tagKeys(c, "none")}
	names := []string{main}
	for _, list := range lists {
		names = append(names, list...)
	}
	known, err := tagsByName(c.Context(), s.db, names)
	if err != nil {
		return nil, fmt.Errorf("hashtags: %w", err)
	}
	if known[main] == 0 { // as Mastodon: what nobody wrote yet is empty, whatever else is asked for
		return nothing, nil
	}
	t := tagged{any: []id.Tag{known[main]}, reach: reach, onlyMedia: c.QueryFlag("only_media")}
	for _, name := range lists[0] {
		if tag := known[name]; tag != 0 {
			t.any = append(t.any, tag)
		}
	}
	for _, name := range lists[1] {
		if known[name] == 0 {
			return nothing, nil
		}
		t.all = append(t.all, known[name])
	}
	for _, name := range lists[2] {
		if tag := known[name]; tag != 0 {
			t.none = append(t.none, tag)
		}
	}
	r, err := s.factsFor(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, fmt.Errorf("hashtag timeline: %w", err)
	}
	p := keyset.Read(c, pageLimit, pageMax)
	page, err := s.tagWalk(t, r).read(c.Context(), p)
	if err != nil {
		return nil, err
	}
	answer, err := s.answer(c, p, page)
	if err != nil {
		return nil, err
	}
	return kept(c, answer), nil
}

func tagKeys(c *viewer.Call, name string) []string {
	var keys []string
	for _, word := range c.QueryList(name) {
		if key := text.TagKey(word); key != "" && len(keys) < maxTags {
			keys = append(keys, key)
		}
	}
	return keys
}
