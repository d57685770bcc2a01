package timelines

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Marker says how far a member has read a timeline, on whatever device.
type Marker struct {
	Timeline  string
	LastRead  int64
	Version   int64 // moves with every change
	UpdatedAt int64
}

// The timelines that have a marker.
const (
	HomeMarker          = "home"
	NotificationsMarker = "notifications"
)

// Mark remembers how far a member has read. Whoever else moved the same marker at the same
// moment wins, and this one is told so.
func (s *Service) Mark(ctx context.Context, member id.Account, read map[string]int64) ([]Marker, error) {
	var moved []Marker
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		moved = nil
		for _, timeline := range []string{HomeMarker, NotificationsMarker} {
			upTo, asked := read[timeline]
			if !asked {
				continue
			}
			m, err := move(ctx, tx, member, Marker{Timeline: timeline, LastRead: upTo, UpdatedAt: clock.Milli(tx.Now())})
			if err != nil {
				return err
			}
			moved = append(moved, m)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("mark as read: %w", err)
	}
	return moved, nil
}

// move sets one marker, unless it has moved since it was looked at.
func move(ctx context.Context, tx *db.Tx, member id.Account, to Marker) (Marker, error) {
	have, err := markers(ctx, tx, member, []string{to.Timeline})
	if err != nil {
		return to, err
	}
	var changed bool
	if len(have) == 0 {
		changed, err = insertMarker(ctx, tx, member, to)
	} else {
		if have[0].LastRead == to.LastRead {
			return have[0], nil
		}
		to.Version = have[0].Version + 1
		changed, err = updateMarker(ctx, tx, member, to)
	}
	if err == nil && !changed {
		err = fault.New(fault.Conflict, "Conflict during update, please try again")
	}
	return to, err
}
