package search

import (
	"context"
	"fmt"
	"math"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// A walk reads statuses again, newest first, a bounded number in each transaction. Where it stands is
// in the database, so that it goes on after a restart.
const (
	walkStep    = 50              // statuses a transaction; FTS5 takes half a millisecond each
	namesStep   = 500             // accounts a transaction
	effectWalks = 2 * time.Second // before an effect leaves the rest to the schedule
	choreWalks  = 3 * time.Second // of each interval of the schedule
	everything  = id.Account(0)   // the walk over all statuses
)

type walk struct {
	account id.Account
	next    id.Status // 0: it is done
	done    int64
	started time.Time
}

func scanWalk(r db.Row) (walk, error) {
	var w walk
	var started int64
	err := r.Scan(&w.account, &w.next, &w.done, &started)
	w.started = clock.FromMilli(started)
	return w, err
}

const walkColumns = `account_id, next_id, done, started_at`

// turn notes whether an author's public statuses are for everybody to find, and reads them again.
func (s *Service) turn(ctx context.Context, account id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		is, err := turned(ctx, tx, account)
		if err != nil || !is {
			return err
		}
		_, err = db.Exec(ctx, tx, `INSERT INTO search_walks (account_id, indexable, next_id, started_at)
			SELECT id, indexable, CAST($2 AS BIGINT), CAST($3 AS BIGINT) FROM accounts WHERE id = $1
			ON CONFLICT (account_id) DO UPDATE SET indexable = excluded.indexable, next_id = excluded.next_id, done = 0,
				started_at = excluded.started_at, finished_at = NULL`, account, int64(math.MaxInt64), clock.Milli(tx.Now()))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("follow an author's wish: %w", err)
	}
	return s.walk(ctx, account, effectWalks)
}

// walk goes on with one walk until it is done or its time is over.
func (s *Service) walk(ctx context.Context, account id.Account, most time.Duration) error {
	for begin := time.Now(); time.Since(begin) < most; {
		more, err := s.step(ctx, account)
		if err != nil || !more {
			return err
		}
	}
	return nil
}

// step reads the next statuses of a walk again; false when there are none.
func (s *Service) step(ctx context.Context, account id.Account) (bool, error) {
	more := false
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		more = false
		w, err := db.One(ctx, tx, scanWalk, `SELECT `+walkColumns+` FROM search_walks WHERE account_id = $1 {for update}`, account)
		if err != nil || w.next == 0 {
			return err
		}
		sql, args := `SELECT id FROM statuses WHERE id < $1 ORDER BY id DESC LIMIT $2`, []any{w.next, walkStep}
		if account != everything {
			sql, args = `SELECT id FROM statuses WHERE author_id = $3 AND id < $1 ORDER BY id DESC LIMIT $2`, append(args, account)
		}
		list, err := db.All(ctx, tx, db.Value[id.Status], sql, args...)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			_, err := db.Exec(ctx, tx, `UPDATE search_walks SET next_id = 0, finished_at = $2 WHERE account_id = $1`, account, clock.Milli(tx.Now()))
			return err
		}
		if err := s.indexIn(ctx, tx, list); err != nil {
			return err
		}
		more = true
		_, err = db.Exec(ctx, tx, `UPDATE search_walks SET next_id = $2, done = done + $3 WHERE account_id = $1`, account, list[len(list)-1], len(list))
		return err
	})
	if fault.Is(err, fault.NotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read statuses again for search: %w", err)
	}
	return more, nil
}

// Fill goes on with every walk for a while; the schedule calls it. A database that search never went
// over is gone over from its newest status to its oldest.
func (s *Service) Fill(ctx context.Context) error {
	begin := time.Now()
	if err := s.begin(ctx, false); err != nil {
		return err
	}
	due, err := db.All(ctx, s.db, db.Value[id.Account], `SELECT account_id FROM search_walks WHERE next_id > 0 ORDER BY account_id DESC LIMIT 100`)
	if err != nil {
		return fmt.Errorf("walks of search: %w", err)
	}
	for _, account := range due {
		if account == everything {
			if err := s.nameAll(ctx, begin.Add(choreWalks)); err != nil {
				return err
			}
		}
		if err := s.walk(ctx, account, choreWalks-time.Since(begin)); err != nil {
			return err
		}
	}
	return nil
}

// begin starts the walk over everything, unless there was one before.
func (s *Service) begin(ctx context.Context, again bool) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if !again {
			// What was stored since this program runs was read with its event.
			_, err := db.Exec(ctx, tx, `INSERT INTO search_walks (account_id, next_id, started_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING`,
				everything, s.opened, clock.Milli(tx.Now()))
			return err
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO search_walks (account_id, next_id, started_at) VALUES ($1, $2, $3)
			ON CONFLICT (account_id) DO UPDATE SET next_id = excluded.next_id, done = 0, started_at = excluded.started_at, finished_at = NULL`,
			everything, int64(math.MaxInt64), clock.Milli(tx.Now()))
		return err
	})
	if err != nil {
		return fmt.Errorf("begin to fill search: %w", err)
	}
	return nil
}

// nameAll gives a name to accounts that have none in the index, until a moment.
func (s *Service) nameAll(ctx context.Context, until time.Time) error {
	for after := id.Account(0); time.Now().Before(until); {
		list, err := db.All(ctx, s.db, db.Value[id.Account], `SELECT a.id FROM accounts a WHERE a.id > $1
			AND NOT EXISTS (SELECT 1 FROM account_names n WHERE n.account_id = a.id) ORDER BY a.id LIMIT $2`, after, namesStep)
		if err != nil {
			return fmt.Errorf("accounts without names: %w", err)
		}
		if len(list) == 0 {
			return nil
		}
		after = list[len(list)-1]
		if err := s.db.Tx(ctx, func(tx *db.Tx) error { return accounts.IndexNames(ctx, tx, list) }); err != nil {
			return fmt.Errorf("index names: %w", err)
		}
	}
	return nil
}

// Progress tells how far the walk over everything came.
type Progress struct {
	Done     int64
	Left     int64 // an estimate
	Finished bool
}

// Reindex reads everything again: from the beginning where restart says so or none is under way, for a short
// while. It is called until it is finished; whoever stops calling leaves the rest to the schedule.
func (s *Service) Reindex(ctx context.Context, restart bool) (Progress, error) {
	begin := time.Now()
	if restart {
		if err := s.begin(ctx, true); err != nil {
			return Progress{}, err
		}
	}
	if err := s.begin(ctx, false); err != nil {
		return Progress{}, err
	}
	if err := s.nameAll(ctx, begin.Add(time.Second)); err != nil {
		return Progress{}, err
	}
	if err := s.walk(ctx, everything, time.Second); err != nil {
		return Progress{}, err
	}
	w, err := db.One(ctx, s.db, scanWalk, `SELECT `+walkColumns+` FROM search_walks WHERE account_id = $1`, everything)
	if err != nil {
		return Progress{}, fmt.Errorf("progress of search: %w", err)
	}
	p := Progress{Done: w.done, Finished: w.next == 0}
	if !p.Finished {
		p.Left, err = db.One(ctx, s.db, db.Int64, `SELECT COUNT(*) FROM (SELECT 1 FROM statuses WHERE id < $1 LIMIT 100000) x`, w.next)
	}
	return p, err
}
