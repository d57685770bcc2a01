package media

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
)

// Bounds of one turn of work that may be long: between two of them others have theirs.
const (
	pruneAtOnce = 200 // files a transaction
	turn        = time.Second
)

// CopiesDropped tells that copies of other servers' files went, and who showed them.
type CopiesDropped struct {
	Statuses []id.Status
	Accounts []id.Account
	Links    []id.Link
	Emoji    []emoji.Name
}

// Bound says which copies of other servers' files may stay.
type Bound struct {
	Days   int   // since somebody last looked; 0: however many
	Budget int64 // bytes of all; 0: however many
	Dry    bool  // only count what would go
}

// Pruned tells how far pruning came. Given back, it goes on from there.
type Pruned struct {
	Files, Bytes int64     // gone, or that would go
	Left         int64     // bytes of copies that are kept
	Seen         time.Time // how far
	Last         id.File
	Finished     bool
}

// PruneBySettings removes copies as keepers decided, and what nothing shows any more; a chore.
func (s *Service) PruneBySettings(ctx context.Context) error {
	now := s.settings.Now()
	b := Bound{Days: now.RemoteMediaDays, Budget: int64(now.RemoteMediaBudget) * 1_000_000}
	if b.Days == 0 && b.Budget == 0 {
		return nil
	}
	var at Pruned
	for !at.Finished {
		var err error
		if at, err = s.Prune(ctx, b, at); err != nil {
			return err
		}
	}
	if at.Files > 0 {
		s.log.InfoContext(ctx, "copies of other servers' media were removed", "files", at.Files, "bytes", at.Bytes, "left", at.Left)
	}
	return nil
}

// Prune removes copies of other servers' files, the least recently seen first, for about a second. What is ours is never touched.
// Whoever asks for what went is given it again.
func (s *Service) Prune(ctx context.Context, b Bound, at Pruned) (Pruned, error) {
	if err := s.NoteSeen(ctx); err != nil {
		return at, err
	}
	kept, err := db.One(ctx, s.db, db.Value[int64], `SELECT CAST(COALESCE(SUM(size), 0) AS BIGINT) FROM files WHERE remote AND state = 'kept'`)
	if err != nil {
		return at, fmt.Errorf("prune media: %w", err)
	}
	at.Left = kept
	if b.Dry {
		at.Left -= at.Bytes
	}
	var before time.Time
	if b.Days > 0 {
		before = s.clock.Now().AddDate(0, 0, -b.Days)
	}
	last := &file{id: at.Last, seen: at.Seen}
	for begin := time.Now(); time.Since(begin) < turn; {
		list, err := leastSeen(ctx, s.db, last, pruneAtOnce)
		if err != nil {
			return at, fmt.Errorf("prune media: %w", err)
		}
		var victims []*file
		left, enough := at.Left, len(list) == 0
		for _, f := range list {
			if !f.seen.Before(before) && (b.Budget <= 0 || left <= b.Budget) {
				enough = true
				break
			}
			last = f
			if forgetters[f.noun] == nil { // it could not be fetched again
				continue
			}
			victims, left = append(victims, f), left-f.size
		}
		gone := tally(victims)
		if !b.Dry {
			if gone, err = s.evict(ctx, victims); err != nil {
				return at, fmt.Errorf("prune media: %w", err)
			}
		}
		at.Files, at.Bytes, at.Left = at.Files+gone.files, at.Bytes+gone.bytes, at.Left-gone.bytes
		at.Seen, at.Last = last.seen, last.id
		if enough {
			at.Finished = true
			break
		}
	}
	if !b.Dry && at.Finished {
		return at, s.SweepFiles(ctx)
	}
	return at, nil
}

// counted is a number of files, and their bytes.
type counted struct{ files, bytes int64 }

func tally(list []*file) (n counted) {
	for _, f := range list {
		n.files, n.bytes = n.files+1, n.bytes+f.size
	}
	return n
}

// forgetters take the keys of copies from what shows them, by the noun of the files.
var forgetters = map[string]func(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error{
	nounAttachment: forgetAttachments,
	nounAvatar:     forgetPortraits(`UPDATE accounts SET avatar_key = '' WHERE id {in $1} AND domain <> '' RETURNING id`),
	nounEmoji:      forgetEmoji,
	nounHeader:     forgetPortraits(`UPDATE accounts SET header_key = '' WHERE id {in $1} AND domain <> '' RETURNING id`),
	nounPreview:    forgetPreviews,
}

func forgetAttachments(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error {
	list, err := db.All(ctx, tx, db.Value[id.Status], `UPDATE attachments SET original_key = '', small_key = '' WHERE id {in $1} AND remote_url <> '' RETURNING COALESCE(status_id, 0)`, owners)
	gone.Statuses = append(gone.Statuses, list...)
	return err
}

func forgetPortraits(sql string) func(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error {
	return func(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error {
		list, err := db.All(ctx, tx, db.Value[id.Account], sql, owners)
		gone.Accounts = append(gone.Accounts, list...)
		return err
	}
}

// evict drops copies of other servers' files, together with others of the same attachment: a preview without its picture is fetched
// as a whole again. It tells how much went.
func (s *Service) evict(ctx context.Context, list []*file) (gone counted, err error) {
	if len(list) == 0 {
		return gone, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var told CopiesDropped
		var all []*file
		for noun, owners := range ownersOf(list) {
			if forgetters[noun] == nil {
				continue
			}
			if err := forgetters[noun](ctx, tx, owners, &told); err != nil {
				return err
			}
			of, err := db.All(ctx, tx, scanFile, `SELECT `+fileColumns+` FROM files WHERE owner {in $1} AND noun = $2 AND remote AND state = 'kept'`, owners, noun)
			if err != nil {
				return err
			}
			all = append(all, of...)
		}
		if len(all) == 0 {
			return nil
		}
		gone = tally(all)
		if _, err := db.Exec(ctx, tx, `UPDATE files SET state = $2, changed_at = $3 WHERE id {in $1}`, idsOf(all), fileGone, clock.Milli(tx.Now())); err != nil {
			return err
		}
		if err := tx.Emit(FilesChanged{idsOf(all)}); err != nil {
			return err
		}
		return tx.Emit(told)
	})
	return gone, err
}

// leastSeen lists copies of other servers' files after the one given, the least recently seen first.
func leastSeen(ctx context.Context, q db.Q, after *file, limit int) ([]*file, error) {
	seen := int64(-1)
	if !after.seen.IsZero() {
		seen = clock.Milli(after.seen)
	}
	return db.All(ctx, q, scanFile, `SELECT `+fileColumns+` FROM files WHERE remote AND state = 'kept' AND (seen_at, id) > ($1, $2) ORDER BY seen_at, id LIMIT $3`, seen, after.id, limit)
}
