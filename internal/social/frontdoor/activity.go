package frontdoor

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

// activityWeeks is how many weeks Mastodon tells of.
const activityWeeks = 12

// week is how lively the server was from one Monday to the next.
type week struct {
	begins                    int64 // UTC milliseconds
	statuses, logins, members int64
	countedTo                 int64
}

// monday is when the week of a moment began, in UTC.
func monday(at time.Time) time.Time {
	today := at.UTC().Truncate(24 * time.Hour)
	return today.AddDate(0, 0, -(int(today.Weekday())+6)%7)
}

// CountActivity brings the figures of this week, and of the one before while it is fresh, up to date. Statuses
// are counted by their ids on from the last count, members by when they were last here.
func (s *Service) CountActivity(ctx context.Context) error {
	now := s.clock.Now()
	weeks := []time.Time{monday(now)}
	if now.Sub(weeks[0]) < 24*time.Hour {
		weeks = append([]time.Time{weeks[0].AddDate(0, 0, -7)}, weeks...)
	}
	for _, begins := range weeks {
		if err := s.countWeek(ctx, begins, now); err != nil {
			return fmt.Errorf("count the week of %s: %w", begins.Format(day), err)
		}
	}
	return nil
}

func (s *Service) countWeek(ctx context.Context, begins, now time.Time) error {
	from, to := clock.Milli(begins), clock.Milli(begins.AddDate(0, 0, 7))
	known, err := weekOf(ctx, s.db, from)
	if err != nil {
		return err
	}
	w := week{begins: from, countedTo: max(known.countedTo, from<<16)}
	// Ids of the last moments may still be on their way into the database.
	upTo := min(clock.Milli(now.Add(-time.Minute)), to) << 16
	if upTo > w.countedTo {
		if w.statuses, err = localStatusesBetween(ctx, s.db, w.countedTo, upTo); err != nil {
			return err
		}
		w.countedTo = upTo
	}
	if w.logins, w.members, err = membersBetween(ctx, s.db, from, to); err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return keepWeek(ctx, tx, w, known.countedTo) })
}

// Activity serves GET /api/v1/instance/activity. Its numbers are strings.
func (s *Service) Activity(c *viewer.Call) (any, error) {
	if !s.settings.Now().ActivityAPI {
		return nil, fault.RecordNotFound()
	}
	known, err := lastWeeks(c.Context(), s.db, activityWeeks)
	if err != nil {
		return nil, err
	}
	byStart := map[int64]week{}
	for _, w := range known {
		byStart[w.begins] = w
	}
	begins, rows := monday(s.clock.Now()), make([]map[string]string, 0, activityWeeks)
	for range activityWeeks {
		w := byStart[clock.Milli(begins)]
		rows = append(rows, map[string]string{"week": strconv.FormatInt(begins.Unix(), 10), "statuses": strconv.FormatInt(w.statuses, 10),
			"logins": strconv.FormatInt(w.logins, 10), "registrations": strconv.FormatInt(w.members, 10)})
		begins = begins.AddDate(0, 0, -7)
	}
	return rest.Tagged{Body: rows, Cache: cacheInstance}, nil
}

func scanWeek(r db.Row) (week, error) {
	var w week
	err := r.Scan(&w.begins, &w.statuses, &w.logins, &w.members, &w.countedTo)
	return w, err
}

const weekColumns = `week, statuses, logins, registrations, counted_to`

func lastWeeks(ctx context.Context, q db.Q, n int) ([]week, error) {
	return db.All(ctx, q, scanWeek, `SELECT `+weekColumns+` FROM activity_weeks ORDER BY week DESC LIMIT $1`, n)
}

func weekOf(ctx context.Context, q db.Q, begins int64) (week, error) {
	list, err := db.All(ctx, q, scanWeek, `SELECT `+weekColumns+` FROM activity_weeks WHERE week = $1`, begins)
	if err != nil || len(list) == 0 {
		return week{}, err
	}
	return list[0], nil
}

// keepWeek adds to what is known, unless somebody else counted on from the same place. Who was here once stays counted.
func keepWeek(ctx context.Context, tx *db.Tx, w week, countedFrom int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO activity_weeks (`+weekColumns+`) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (week) DO UPDATE SET statuses = activity_weeks.statuses + excluded.statuses, counted_to = excluded.counted_to,
			logins = CASE WHEN excluded.logins > activity_weeks.logins THEN excluded.logins ELSE activity_weeks.logins END, registrations = excluded.registrations
		WHERE activity_weeks.counted_to = $6`, w.begins, w.statuses, w.logins, w.members, w.countedTo, countedFrom)
	return err
}

// localStatusesBetween counts by the index of what was written here and elsewhere: a bounded part of it.
func localStatusesBetween(ctx context.Context, q db.Q, after, upTo int64) (int64, error) {
	return db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM statuses WHERE id > $1 AND id <= $2 AND local`, after, upTo)
}

func membersBetween(ctx context.Context, q db.Q, from, to int64) (active, joined int64, err error) {
	active, err = db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM members WHERE last_active_at >= $1 AND last_active_at < $2`, from, to)
	if err != nil {
		return 0, 0, err
	}
	joined, err = db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM members WHERE created_at >= $1 AND created_at < $2`, from, to)
	return active, joined, err
}
