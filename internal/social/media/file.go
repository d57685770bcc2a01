package media

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Nouns of files: what shows them.
const (
	nounAttachment = "attachment"
	nounAvatar     = "avatar"
	nounHeader     = "header"
	nounPreview    = "preview"
	nounEmoji      = "emoji"
	nounUpload     = "upload" // as it was sent, until it is processed
)

// States of a file. A row comes before its file and goes after it, so that a crash leaves no file without a row.
const (
	fileWriting = "writing"
	fileKept    = "kept"
	fileGone    = "gone"
)

// How long a file may be written, and how many are removed at once.
const (
	writeWithin = time.Hour
	sweepAtOnce = 200
)

// file is the row of a file.
type file struct {
	id     id.File
	key    string
	noun   string
	owner  int64  // the attachment, account or link that shows it
	kind   string // media type
	size   int64
	remote bool
	hidden bool // of what not everybody may read
	state  string
	seen   time.Time
}

// endings are the types that are kept at all, and how their files end. Nothing else is ever served: no page, no script,
// nothing that another server could take for a document of ours.
var endings = map[string]string{
	"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp",
	"video/mp4": "mp4", "audio/mpeg": "mp3", "application/octet-stream": "bin", // the last for uploads, which are not served
}

// newKey chooses where a file lies: a folder for each day, and a name that nobody can guess.
func newKey(noun string, which id.File, kind string) (string, error) {
	ending, known := endings[kind]
	if !known {
		return "", fmt.Errorf("no files of type %q are kept", kind)
	}
	var secret [16]byte
	if _, err := rand.Read(secret[:]); err != nil {
		return "", err
	}
	day := (int64(which) >> 16) / (24 * int64(time.Hour/time.Millisecond))
	return fmt.Sprintf("%s/%d/%d-%s.%s", noun, day, which, hex.EncodeToString(secret[:]), ending), nil
}

// idOfKey reads the id of a file out of its key; false for what is no key of ours.
func idOfKey(key string) (id.File, bool) {
	parts := strings.Split(key, "/")
	if len(parts) != 3 {
		return 0, false
	}
	number, _, ok := strings.Cut(parts[2], "-")
	if !ok {
		return 0, false
	}
	n, err := strconv.ParseInt(number, 10, 64)
	return id.File(n), err == nil && n > 0
}

// put keeps a file of which noun, owner, kind, size, remote and hidden are set: first a row, then the file, and the row says so when it is there. What is not used in the end must be dropped.
func (s *Service) put(ctx context.Context, f *file, from io.Reader) (*file, error) {
	f.state = fileWriting
	err := s.db.Tx(db.Synced(ctx), func(tx *db.Tx) error {
		f.id, f.seen = id.File(tx.NextID()), tx.Now()
		var err error
		if f.key, err = newKey(f.noun, f.id, f.kind); err != nil {
			return err
		}
		return insertFile(ctx, tx, f)
	})
	if err != nil {
		return nil, fmt.Errorf("keep file: %w", err)
	}
	if err := s.store.Put(ctx, f.key, from, f.size, f.kind); err != nil {
		return nil, fmt.Errorf("keep file %s: %w", f.key, err)
	}
	return f, nil
}

// settle says, in the transaction that begins to show them, that files are written.
func settle(ctx context.Context, tx *db.Tx, files ...*file) error {
	for _, f := range files {
		if f == nil {
			continue
		}
		n, err := db.Exec(ctx, tx, `UPDATE files SET state = $2, size = $3, changed_at = $4 WHERE id = $1 AND state = $5`, f.id, fileKept, f.size, clock.Milli(tx.Now()), fileWriting)
		if err != nil {
			return err
		}
		if n == 0 { // it took so long that it was taken for forgotten
			return fault.New(fault.Unavailable, "The file took too long to store. Send it again.")
		}
	}
	return nil
}

// drop says, in the transaction that shows them no longer, that files are to be removed.
func drop(ctx context.Context, tx *db.Tx, keys ...string) error {
	var gone []id.File
	for _, key := range keys {
		if which, ok := idOfKey(key); ok {
			gone = append(gone, which)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	if _, err := db.Exec(ctx, tx, `UPDATE files SET state = $2, changed_at = $3 WHERE id {in $1} AND state <> $2`, gone, fileGone, clock.Milli(tx.Now())); err != nil {
		return err
	}
	return tx.Emit(FilesChanged{gone})
}

// Forget drops what is remembered of files; the live effect of changing them.
func (s *Service) Forget(files ...id.File) { s.known.Forget(files...) }

// SweepFiles removes the files that nothing shows any more, and those whose writing was given up.
func (s *Service) SweepFiles(ctx context.Context) error {
	for {
		now := s.clock.Now()
		list, err := db.All(ctx, s.db, scanFile, `SELECT `+fileColumns+` FROM files WHERE state <> 'kept' AND changed_at <= $1
			AND (state = $2 OR changed_at <= $3) ORDER BY changed_at LIMIT $4`, clock.Milli(now), fileGone, clock.Milli(now.Add(-writeWithin)), sweepAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		keys, ids := make([]string, len(list)), make([]id.File, len(list))
		for i, f := range list {
			keys[i], ids[i] = f.key, f.id
		}
		// From here on nobody may settle them: what is half written is not shown. Nor is what was shown no longer, whatever happens to the machine.
		err = s.db.Tx(db.Synced(ctx), func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `UPDATE files SET state = $2 WHERE id {in $1}`, ids, fileGone)
			return err
		})
		if err != nil {
			return err
		}
		s.known.Forget(ids...)
		if err := s.store.Delete(ctx, keys...); err != nil {
			return fmt.Errorf("remove files: %w", err)
		}
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := db.Exec(ctx, tx, `DELETE FROM files WHERE id {in $1} AND state = $2`, ids, fileGone)
			return err
		})
		if err != nil {
			return err
		}
		if len(list) < sweepAtOnce {
			return nil
		}
	}
}

// url is where a file is served; "" for none.
func (s *Service) url(key string) string { return s.site.FileURL(key) }
