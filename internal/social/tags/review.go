package tags

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
)

// Review keeps whether a keeper lets a hashtag trend. NotFound for one that nobody wrote.
func (s *Service) Review(ctx context.Context, name string, trendable bool) (*Tag, error) {
	var tag *Tag
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if tag, err = byName(ctx, tx, text.TagKey(name)); err != nil {
			return err
		}
		_, err = db.Exec(ctx, tx, `UPDATE tags SET trendable = $2, reviewed_at = $3 WHERE id = $1`, tag.ID, trendable, clock.Milli(tx.Now()))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, fmt.Sprintf("There is no hashtag #%s", name))
	}
	if err != nil {
		return nil, fmt.Errorf("review hashtag: %w", err)
	}
	return tag, nil
}
