package media

import (
	"context"
	"fmt"
	"iter"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Bounds of comparing the table of files with the store.
const (
	verifyRows   = 500            // rows in memory
	verifyFinds  = 500            // findings of one turn
	youngestLost = 24 * time.Hour // a file without a row that is younger may be one that is being kept
)

// What may be wrong with a file.
const (
	FileOrphan  = "orphan"  // nothing knows of it
	FileMissing = "missing" // it should be there and is not
	FileDamaged = "damaged" // it has not the size that it had
	FileForeign = "foreign" // no file of ours has such a name; it is never deleted
)

// Finding is something that is wrong with a file.
type Finding struct {
	What   string
	Key    string
	Noun   string
	Owner  int64
	Remote bool
	Bytes  int64
	Mended bool // the orphan was deleted, or the copy is fetched again when somebody looks
}

// Verified tells what a turn of comparing looked at.
type Verified struct {
	Last     string // go on after this key
	Rows     int64
	Files    int64
	Found    []Finding
	Finished bool
}

// Verify compares the store with the table of files in step, from the key after last, for about a second. fix deletes orphans older than a
// day, and lets copies of other servers' files that are missing or damaged be fetched again; a file of ours can only be named.
func (s *Service) Verify(ctx context.Context, last string, fix bool) (*Verified, error) {
	v := &Verified{Last: last}
	rows := &rowsByKey{db: s.db, last: last}
	files, stop := iter.Pull2(s.store.List(ctx, "", last))
	defer stop()
	row, err := rows.next(ctx)
	if err != nil {
		return nil, fmt.Errorf("verify media: %w", err)
	}
	info, err, listed := files()
	for begin := time.Now(); ; {
		if err != nil {
			return nil, fmt.Errorf("verify media: %w", err)
		}
		switch {
		case row == nil && !listed:
			v.Finished = true
			return v, nil
		case v.Rows+v.Files > 0 && time.Since(begin) > turn || len(v.Found) >= verifyFinds:
			return v, nil
		}
		ofRow, ofFile := row != nil && (!listed || row.key <= info.Key), listed && (row == nil || info.Key <= row.key)
		var found *Finding
		switch {
		case ofRow && ofFile:
			if row.state == fileKept && row.size != info.Size {
				found, err = s.damaged(ctx, row, fix)
			}
		case ofRow:
			if row.state == fileKept {
				found, err = s.missing(ctx, row, fix)
			}
		default:
			found, err = s.orphan(ctx, info, fix)
		}
		if err != nil {
			return nil, fmt.Errorf("verify media: %w", err)
		}
		if found != nil {
			v.Found = append(v.Found, *found)
		}
		if ofFile {
			v.Files, v.Last = v.Files+1, info.Key
			info, err, listed = files()
		}
		if ofRow {
			v.Rows, v.Last = v.Rows+1, row.key
			var again error
			if row, again = rows.next(ctx); again != nil {
				return nil, fmt.Errorf("verify media: %w", again)
			}
		}
	}
}

// orphan looks at a file that no row was read for; one may have been written meanwhile.
func (s *Service) orphan(ctx context.Context, info blob.Info, fix bool) (*Finding, error) {
	known, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM files WHERE key = $1`, info.Key)
	if err != nil || known > 0 {
		return nil, err
	}
	if _, ours := idOfKey(info.Key); !ours {
		return &Finding{What: FileForeign, Key: info.Key, Bytes: info.Size}, nil
	}
	if info.Modified.After(s.clock.Now().Add(-youngestLost)) {
		return nil, nil
	}
	if fix {
		if err := s.store.Delete(ctx, info.Key); err != nil {
			return nil, err
		}
	}
	return &Finding{What: FileOrphan, Key: info.Key, Bytes: info.Size, Mended: fix}, nil
}

// missing looks again for a file that the list did not have; it may have been pruned meanwhile.
func (s *Service) missing(ctx context.Context, f *file, fix bool) (*Finding, error) {
	b, err := s.store.Open(ctx, f.key)
	if err == nil {
		return nil, b.Close()
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return s.hole(ctx, FileMissing, f, fix)
}

func (s *Service) damaged(ctx context.Context, f *file, fix bool) (*Finding, error) {
	return s.hole(ctx, FileDamaged, f, fix)
}

func (s *Service) hole(ctx context.Context, what string, f *file, fix bool) (*Finding, error) {
	still, err := filesOf(ctx, s.db, []id.File{f.id})
	if err != nil || still[f.id] == nil {
		return nil, err
	}
	found := &Finding{What: what, Key: f.key, Noun: f.noun, Owner: f.owner, Remote: f.remote, Bytes: f.size}
	if fix && f.remote && forgetters[f.noun] != nil {
		if _, err := s.evict(ctx, []*file{f}); err != nil {
			return nil, err
		}
		found.Mended = true
	}
	return found, nil
}

// rowsByKey reads the table of files in the order of keys, some at a time.
type rowsByKey struct {
	db   *db.DB
	last string
	read []*file
	end  bool
}

// next gives the next row; nil at the end.
func (r *rowsByKey) next(ctx context.Context) (*file, error) {
	if len(r.read) == 0 && !r.end {
		var err error
		if r.read, err = db.All(ctx, r.db, scanFile, `SELECT `+fileColumns+` FROM files WHERE key > $1 ORDER BY key LIMIT $2`, r.last, verifyRows); err != nil {
			return nil, err
		}
		r.end = len(r.read) < verifyRows
	}
	if len(r.read) == 0 {
		return nil, nil
	}
	f := r.read[0]
	r.read, r.last = r.read[1:], f.key
	return f, nil
}
