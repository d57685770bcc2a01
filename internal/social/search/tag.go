package search

import (
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Bounds of a search for hashtags.
const (
	tagLength    = 100 // characters of one that is asked for
	maxTagOffset = 1000
)

// lastRune ends the range of everything that begins with a text.
const lastRune = "\U0010FFFF"

// tagsSQL gives the hashtags that keepers let people find; with $4 only those that a keeper looked at, and the very one.
const tagsSQL = `SELECT id FROM tags WHERE name COLLATE "C" >= $1 AND name COLLATE "C" < $2 AND listable
	AND (NOT $4 OR reviewed_at IS NOT NULL OR name = $1) ORDER BY name COLLATE "C" LIMIT $3`

// tags finds hashtags by how they begin; the very one comes first, since nothing that begins with it sorts before it.
func (s *Service) tags(c *viewer.Call, a asked) ([]mastodon.Tag, error) {
	key := text.TagKey(a.text)
	if key == "" || text.Graphemes(key) > tagLength || a.offset > maxTagOffset {
		return []mastodon.Tag{}, nil
	}
	found, err := db.All(c.Context(), s.db, db.Value[id.Tag], tagsSQL, key, key+lastRune, a.offset+a.limit, a.excludeUnreviewed)
	if err != nil {
		return nil, fmt.Errorf("search tags: %w", err)
	}
	return s.hashtags.Rows(c.Context(), c.Viewer, found[min(a.offset, len(found)):])
}
