package statuses

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// An answer is kept at once, whether what it answers is known or not. What is not known is asked for by a job of its own, one for all who
// answer it; so a thread is climbed one status at a time, and what waits below is tied to each as it comes. A thread that is known in parts is
// several, until the parts meet.

// The events of threads that are not whole here.
type (
	// AncestorMissing tells that statuses here answer one that is not known.
	AncestorMissing struct {
		URI                string
		Accounts, Statuses int // what may still be fetched on behalf of the status that began it
		Attempt            int
		Wait               time.Duration
	}
	// AnswersSeen tells of the first answers, from its own server, that came with the address of a status.
	AnswersSeen struct {
		Status  id.Status
		Answers []string
	}
	// Adopted tells that a status came after its answers, which are tied to it now; what hangs below them is in its thread.
	Adopted struct {
		Parent  id.Status
		Answers []id.Status
		URI     string      // what the answers called it
		Merged  []id.Status // threads that are parts of the parent's now
	}
)

const (
	ancestorAgain  = 6 * time.Hour // one is asked for anew no sooner
	ancestorKept   = 24 * time.Hour
	ancestorWithin = time.Minute
	adoptAtOnce    = 500 // bounds the transaction that ties threads together; a job does the rest
)

// ancestorWaits are the pauses while the server of a missing one is away; then it is asked for again when somebody looks, or another answer comes.
var ancestorWaits = []time.Duration{30 * time.Second, 5 * time.Minute, 30 * time.Minute, 3 * time.Hour}

// met is what is known of a status by its address before it is stored.
type met struct {
	known   bool
	deleted bool      // before it came
	missed  bool      // it was asked for
	waiting bool      // others answer it
	thread  id.Status // of one that does
}

const metSQL = `SELECT EXISTS (SELECT 1 FROM statuses WHERE uri = $1 AND deleted_at IS NULL), EXISTS (SELECT 1 FROM tombstones WHERE uri {in $2}),
	EXISTS (SELECT 1 FROM missing_ancestors WHERE uri = $1),
	COALESCE((SELECT thread_id FROM statuses WHERE in_reply_to_uri = $1 AND in_reply_to_uri <> '' AND deleted_at IS NULL LIMIT 1), 0)`

// meet asks all of that at once; nearly always it is nothing.
func meet(ctx context.Context, q db.Q, actor, uri string) (met, error) {
	return db.One(ctx, q, func(r db.Row) (m met, err error) {
		err = r.Scan(&m.known, &m.deleted, &m.missed, &m.thread)
		m.waiting = m.thread != 0
		return m, err
	}, metSQL, uri, []string{uri, unseen(actor, uri)})
}

// place finds, in the transaction that stores a status, which thread it belongs to, and lets what it answers be asked for when that is still
// not known.
func (s *Service) place(ctx context.Context, tx *db.Tx, status *Status, note *activitypub.RemoteNote, to further, m met) error {
	if m.missed {
		// Who stores an answer at this moment has put or locked this row before, or will put it again: nothing waits unseen.
		if _, err := db.Exec(ctx, tx, `DELETE FROM missing_ancestors WHERE uri = $1`, status.URI); err != nil {
			return err
		}
	}
	if status.InReplyTo == 0 && note.InReplyTo != "" {
		if to.climb {
			if err := s.askAncestor(ctx, tx, note.InReplyTo); err != nil {
				return err
			}
		}
		parent, err := s.parentOf(ctx, tx, note) // it may have come meanwhile
		if err != nil {
			return err
		}
		status.answers(parent, note.InReplyTo)
	}
	if status.InReplyTo != 0 {
		return nil
	}
	status.Thread = status.ID
	// A new top takes over the thread of what waits for it, so that climbing does not move all that lies below at each step.
	if m.waiting {
		status.Thread = m.thread
	}
	return nil
}

// askAncestor lets an unknown status be asked for, unless it was lately.
func (s *Service) askAncestor(ctx context.Context, tx *db.Tx, uri string) error {
	people, posts := activitypub.BudgetLeft(ctx)
	if _, ours := s.site.Ours(uri); ours || posts == 0 || activitypub.CheckID(uri) != nil {
		return nil
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO missing_ancestors (uri, asked_at) VALUES ($1,$2)
		ON CONFLICT (uri) DO UPDATE SET asked_at = excluded.asked_at WHERE missing_ancestors.asked_at < $3`,
		uri, clock.Milli(tx.Now()), clock.Milli(tx.Now().Add(-ancestorAgain)))
	if err != nil || n == 0 {
		return err
	}
	return tx.Emit(AncestorMissing{URI: uri, Accounts: people, Statuses: posts})
}

// FetchAncestor fetches a status that others here answer, and ties them to it. One of a server that is away is asked for a few times more.
func (s *Service) FetchAncestor(ctx context.Context, e AncestorMissing) error {
	parent, err := oneByURI(ctx, s.db, e.URI)
	if fault.Is(err, fault.NotFound) {
		parent, err = s.fetchAncestor(ctx, e)
	}
	if err != nil || parent == nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.adopt(ctx, tx, parent, e.URI, false) })
	if err != nil {
		return fmt.Errorf("tie answers to %s: %w", e.URI, err)
	}
	return nil
}

// fetchAncestor gives nil for one that is not to be had now.
func (s *Service) fetchAncestor(ctx context.Context, e AncestorMissing) (*Status, error) {
	waiting, err := db.All(ctx, s.db, db.Value[id.Status], `SELECT id FROM statuses WHERE in_reply_to_uri = $1 AND in_reply_to_uri <> '' AND deleted_at IS NULL LIMIT 1`, e.URI)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, e.Accounts, e.Statuses), ancestorWithin)
	defer cancel()
	parent, err := s.fetch(within, e.URI, further{climb: true, quotes: quotesDeep})
	switch {
	case err == nil:
		return parent, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case within.Err() == nil && !fault.Is(err, fault.Unavailable):
		if fault.Is(err, fault.Internal) {
			return nil, err
		}
		return nil, nil // gone, kept from us, no status, or too much was fetched for one status already
	case e.Attempt >= len(ancestorWaits):
		return nil, nil
	}
	return nil, s.db.Tx(ctx, func(tx *db.Tx) error {
		later := e
		later.Attempt, later.Wait = e.Attempt+1, ancestorWaits[e.Attempt]
		return tx.Emit(later)
	})
}

// adopt ties answers that came before what they answer to it, and their threads to its. uri is what they call it. Statuses that answer each
// other in a ring are tied but for one: only below a new top can all be news.
func (s *Service) adopt(ctx context.Context, tx *db.Tx, parent *Status, uri string, top bool) error {
	type answer struct{ id, thread id.Status }
	found, err := db.All(ctx, tx, func(r db.Row) (a answer, err error) {
		err = r.Scan(&a.id, &a.thread)
		return a, err
	}, `UPDATE statuses SET in_reply_to_id = $2, in_reply_to_account_id = $3, in_reply_to_uri = ''
		WHERE id IN (SELECT id FROM statuses WHERE in_reply_to_uri = $1 AND in_reply_to_uri <> '' AND deleted_at IS NULL AND id <> $2
			AND (thread_id <> $4 OR $5) LIMIT $6) RETURNING id, thread_id`, uri, parent.ID, parent.Author, parent.Thread, top, adoptAtOnce)
	if err != nil || len(found) == 0 {
		return err
	}
	told := Adopted{Parent: parent.ID, URI: uri}
	for _, a := range found {
		told.Answers = append(told.Answers, a.id)
		if a.thread != parent.Thread && !slices.Contains(told.Merged, a.thread) {
			told.Merged = append(told.Merged, a.thread)
		}
	}
	if err := count(ctx, tx, parent.ID, "replies", int64(len(found))); err != nil {
		return err
	}
	if _, err := mergeThreads(ctx, tx, told.Merged, parent.Thread); err != nil {
		return err
	}
	return tx.Emit(told)
}

// mergeThreads makes some threads parts of another, a bounded number of statuses at a time; more tells that some are left.
func mergeThreads(ctx context.Context, tx *db.Tx, from []id.Status, to id.Status) (more bool, err error) {
	if len(from) == 0 {
		return false, nil
	}
	n, err := db.Exec(ctx, tx, `UPDATE statuses SET thread_id = $2 WHERE id IN (SELECT id FROM statuses WHERE thread_id {in $1} LIMIT $3)`, from, to, adoptAtOnce)
	if err != nil {
		return false, err
	}
	return n == adoptAtOnce, carryMutes(ctx, tx, from, to, n > 0)
}

// JoinThreads does what is left of tying threads together: answers and statuses beyond the first hundreds, and those that were written meanwhile.
func (s *Service) JoinThreads(ctx context.Context, e Adopted) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
			parent, err := evenDeleted(ctx, tx, e.Parent)
			if err != nil {
				more = false
				return ignoreNotFound(err)
			}
			if more, err = mergeThreads(ctx, tx, slices.DeleteFunc(slices.Clone(e.Merged), func(t id.Status) bool { return t == parent.Thread }), parent.Thread); err != nil || more {
				return err
			}
			return s.adopt(ctx, tx, parent, e.URI, false) // further answers come with a job of their own
		})
		if err != nil {
			return fmt.Errorf("join threads: %w", err)
		}
	}
	return nil
}

// lookUp lets what the topmost known status of a thread answers be asked for, because a member looks at the thread.
func (s *Service) lookUp(ctx context.Context, top id.Status) error {
	missing, err := db.All(ctx, s.db, db.Text, `SELECT s.in_reply_to_uri FROM statuses s WHERE s.id = $1 AND s.in_reply_to_uri <> ''
		AND NOT EXISTS (SELECT 1 FROM missing_ancestors m WHERE m.uri = s.in_reply_to_uri AND m.asked_at >= $2)`, top, clock.Milli(s.clock.Now().Add(-ancestorAgain)))
	if err != nil || len(missing) == 0 {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return s.askAncestor(ctx, tx, missing[0]) })
}

// ForgetMissing forgets what was asked for long ago.
func (s *Service) ForgetMissing(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := db.Exec(ctx, tx, `DELETE FROM missing_ancestors WHERE uri IN (SELECT uri FROM missing_ancestors WHERE asked_at < $1 ORDER BY asked_at LIMIT $2)`,
				clock.Milli(tx.Now().Add(-ancestorKept)), purgeAtOnce)
			more = n == purgeAtOnce
			return err
		})
		if err != nil {
			return fmt.Errorf("forget missing ancestors: %w", err)
		}
	}
	return nil
}

// FetchAnswers fetches the first answers that came with the address of a status, as Mastodon does: how its author went on. They lead no further.
func (s *Service) FetchAnswers(ctx context.Context, e AnswersSeen) error {
	parent, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, activitypub.DefaultAccounts, activitypub.DefaultStatuses), ancestorWithin)
	defer cancel()
	for _, uri := range e.Answers {
		if known, err := ofURI(ctx, s.db, uri); err != nil || known != nil {
			if err != nil {
				return err
			}
			continue
		}
		_, _, err := s.fetchAnswer(within, uri, parent, parent.URI)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if fault.Is(err, fault.Unavailable) || within.Err() != nil {
			return nil // all lie on one server: it is not there now
		}
	}
	return nil
}
