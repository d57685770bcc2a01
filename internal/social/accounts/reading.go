package accounts

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// Reading is how a member wants to be shown what others write; nil leaves a thing as it is. Apps follow it, the server does not.
type Reading struct {
	ExpandMedia    *string // default (what is sensitive is hidden), show_all or hide_all
	ExpandWarnings *bool
	AutoplayGIFs   *bool
}

var mediaShown = []string{"default", "show_all", "hide_all"}

// ChangeReading changes it.
func (s *Service) ChangeReading(ctx context.Context, member id.Account, change Reading) error {
	if change.ExpandMedia != nil && !slices.Contains(mediaShown, *change.ExpandMedia) {
		p := Problems{}
		p.Add("reading:expand:media", "ERR_INCLUSION", "is not one of "+strings.Join(mediaShown, ", "))
		return p.Fault()
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		m, err := memberByID(ctx, tx, member)
		if err != nil {
			return err
		}
		put(&m.ExpandMedia, change.ExpandMedia)
		put(&m.ExpandWarnings, change.ExpandWarnings)
		put(&m.AutoplayGIFs, change.AutoplayGIFs)
		return setReading(ctx, tx, m)
	})
	if err != nil {
		return fmt.Errorf("change reading preferences: %w", err)
	}
	return nil
}
