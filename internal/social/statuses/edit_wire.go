package statuses

import (
	"context"
	"strconv"

	"anancus/internal/kit/clock"
	"anancus/internal/protocol/activitypub"
)

// DeliverEdit tells whoever got a status, and whoever it names now or named before, what it says now.
func (s *Service) DeliverEdit(ctx context.Context, e Edited) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	if status.LocalOnly || !status.Local || status.EditedAt.IsZero() {
		return nil
	}
	return s.deliverUpdate(ctx, status, strconv.FormatInt(clock.Milli(status.EditedAt), 10))
}

// deliverUpdate sends a status as it is now. version tells this Update from others of the status.
func (s *Service) deliverUpdate(ctx context.Context, status *Status, version string) error {
	note, err := s.NoteOf(ctx, status)
	if err != nil {
		return err
	}
	update := activitypub.NewUpdate(status.URI+"#updates/"+version, *note)
	if update.Published == "" {
		update.Published = activitypub.Timestamp(s.clock.Now())
	}
	return s.broadcast(ctx, status, news{key: "update/" + version + "/" + status.URI, dropWith: status.ID}, is(update))
}
