package server

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// Step does everything that is due now, once: effects, deliveries, pushes, received activities. It tells
// whether there was anything. It is for tests and takes the place of Start.
func (s *Server) Step(ctx context.Context) (did bool, err error) {
	now := clock.Milli(s.clock.Now())
	waiting, err := db.One(ctx, s.db, db.Value[int64], `SELECT (SELECT COUNT(*) FROM outbox WHERE failed_at IS NULL AND due_at <= $1)
		+ (SELECT COUNT(*) FROM inbox WHERE failed_at IS NULL AND due_at <= $1) + (SELECT COUNT(*) FROM deliveries WHERE due_at <= $1)
		+ (SELECT COUNT(*) FROM push_hosts WHERE due_at <= $1)`, now)
	if err != nil || waiting == 0 {
		return false, err
	}
	if err := s.bus.Drain(ctx); err != nil {
		return true, err
	}
	if err := s.courier.DeliverDue(ctx); err != nil {
		return true, err
	}
	if err := s.pusher.DeliverDue(ctx); err != nil {
		return true, err
	}
	return true, s.inbox.drain(ctx)
}
