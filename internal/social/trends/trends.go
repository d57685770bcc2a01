// Package trends finds what many use or like at once: hashtags, links and statuses that are further
// above what was to be expected than others. Keepers decide what of it is shown.
package trends

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
)

// Service is the room of trends.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	settings *settings.Service
	tags     *tags.Service
	statuses *statuses.Service
}

// New opens the room.
func New(d *db.DB, c clock.Clock, set *settings.Service, hashtags *tags.Service, posts *statuses.Service) *Service {
	return &Service{db: d, clock: c, settings: set, tags: hashtags, statuses: posts}
}

// kind is what trends by how many accounts used it today and yesterday.
type kind struct {
	name     string
	halfLife time.Duration
	used     string // the query for what was used enough today
}

const (
	tagsUsedSQL = `SELECT d.tag_id, d.accounts, COALESCE((SELECT y.accounts FROM tag_days y WHERE y.tag_id = d.tag_id AND y.day = $2), 0)
		FROM tag_days d JOIN tags t ON t.id = d.tag_id WHERE d.day = $1 AND d.accounts >= $3 AND t.usable`
	linksUsedSQL = `SELECT d.link_id, d.accounts, COALESCE((SELECT y.accounts FROM link_days y WHERE y.link_id = d.link_id AND y.day = $2), 0)
		FROM link_days d WHERE d.day = $1 AND d.accounts >= $3`
)

var (
	hashtags = kind{"tag", 4 * time.Hour, tagsUsedSQL}
	links    = kind{"link", 8 * time.Hour, linksUsedSQL}
)

// Refresh computes anew what trends, as it stands now. What was computed before is in the database: a restart changes nothing.
func (s *Service) Refresh(ctx context.Context) error {
	v, now := s.settings.Now(), s.clock.Now()
	if !v.Trends {
		return nil
	}
	for _, k := range []kind{hashtags, links} {
		if err := s.refreshKind(ctx, k, v.TrendsThreshold, now); err != nil {
			return fmt.Errorf("trends of %ss: %w", k.name, err)
		}
	}
	if err := s.refreshStatuses(ctx, v.TrendsThreshold, now); err != nil {
		return fmt.Errorf("trends of statuses: %w", err)
	}
	return nil
}

// changesAtOnce bounds what one transaction writes.
const changesAtOnce = 200

func (s *Service) refreshKind(ctx context.Context, k kind, threshold int, now time.Time) error {
	states, err := statesOf(ctx, s.db, k.name)
	if err != nil {
		return err
	}
	today := dayOf(now)
	used, err := db.All(ctx, s.db, scanUse, k.used, today, today-1, threshold)
	if err != nil {
		return err
	}
	peaks := make(map[int64]peak, len(states)+len(used))
	was := make(map[int64]state, len(states))
	for _, one := range states {
		was[one.subject] = one
		peaks[one.subject] = one.peak.meet(0, now)
	}
	for _, one := range used {
		peaks[one.subject] = was[one.subject].peak.meet(surprise(one.observed, one.expected, threshold), now)
	}
	var changed []state
	for subject, p := range peaks {
		next := state{subject: subject, peak: p, score: p.left(now, k.halfLife).kept(keepPeak)}
		if before, known := was[subject]; next != before && (known || p.score > 0) {
			changed = append(changed, next)
		}
	}
	return inSteps(ctx, s.db, changed, func(tx *db.Tx, one state) error { return putState(ctx, tx, k.name, one) })
}

func (s *Service) refreshStatuses(ctx context.Context, threshold int, now time.Time) error {
	states, err := statusStates(ctx, s.db)
	if err != nil {
		return err
	}
	was := make(map[int64]statusState, len(states))
	for _, one := range states {
		was[int64(one.status)] = one
	}
	floor := idAt(now.Add(-youngFor))
	var changed []statusState
	for at := floor; ; {
		list, err := db.All(ctx, s.db, scanLiked, likedSQL, at, threshold, likedAtOnce)
		if err != nil {
			return err
		}
		for _, one := range list {
			at = int64(one.status)
			next := statusState{status: one.status, account: one.account, language: one.language, score: one.scored(threshold, now).kept(keepStatus)}
			before, known := was[at]
			delete(was, at)
			next.decided = before.decided
			if next != before && (known || next.score > 0) {
				changed = append(changed, next)
			}
		}
		if len(list) < likedAtOnce {
			break
		}
	}
	for _, one := range was { // not eligible any more, or too old
		young := int64(one.status) > floor
		if one.score == 0 && young {
			continue
		}
		one.score, one.decided = 0, one.decided && young
		changed = append(changed, one)
	}
	return inSteps(ctx, s.db, changed, func(tx *db.Tx, one statusState) error { return putStatusState(ctx, tx, one) })
}

// inSteps writes changes in transactions that stay short.
func inSteps[T any](ctx context.Context, d *db.DB, changes []T, put func(tx *db.Tx, one T) error) error {
	for len(changes) > 0 {
		n := min(len(changes), changesAtOnce)
		err := d.Tx(ctx, func(tx *db.Tx) error {
			for _, one := range changes[:n] {
				if err := put(tx, one); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

func dayOf(t time.Time) int64 { return t.Unix() / (24 * 60 * 60) }

// idAt is the id below all that were made at a time.
func idAt(t time.Time) int64 { return clock.Milli(t) << 16 }
