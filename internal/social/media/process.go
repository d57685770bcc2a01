package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// takeFilm keeps what a member sent as it is, to be converted later: that takes longer than anybody waits for an answer, and must survive a restart.
func (s *Service) takeFilm(ctx context.Context, a *Attachment, kind Kind, from, preview *os.File) error {
	a.Kind, a.State = kind, Waiting
	chosen, err := s.preview(ctx, a, preview)
	if err != nil {
		return err
	}
	if chosen == nil {
		chosen = &picture{}
	} else {
		a.Small, a.Blurhash, a.Meta = chosen.small.key, chosen.blurhash, chosen.meta
	}
	upload, err := s.putUpload(ctx, a.ID, from)
	if err != nil {
		return err
	}
	a.Upload = upload.key
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := settle(ctx, tx, upload, chosen.small); err != nil {
			return err
		}
		if err := insert(ctx, tx, a); err != nil {
			return err
		}
		return tx.Emit(Sent{Attachment: a.ID})
	})
	if err != nil {
		return fmt.Errorf("keep attachment: %w", err)
	}
	return nil
}

func (s *Service) putUpload(ctx context.Context, of id.Attachment, from *os.File) (*file, error) {
	return s.putFrom(ctx, &file{noun: nounUpload, owner: int64(of), kind: "application/octet-stream"}, from.Name())
}

// find gives an attachment; nil when it is gone.
func find(ctx context.Context, q db.Q, which id.Attachment) (*Attachment, error) {
	found, err := ByIDs(ctx, q, []id.Attachment{which})
	return found[which], err
}

// Process converts what was sent. It goes on with what an earlier run of the program left, and may run twice.
func (s *Service) Process(ctx context.Context, e Sent) error {
	if err := s.converting.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.converting.Release(1)
	a, err := find(ctx, s.db, e.Attachment)
	if err != nil || a == nil || a.Upload == "" {
		return err
	}
	hidden, err := s.hidden(ctx, a)
	if err != nil {
		return err
	}
	made, err := s.convert(ctx, a, hidden)
	if reason, refused := refusedFor(ctx, err); refused {
		s.log.InfoContext(ctx, "a file cannot be converted", "attachment", a.ID, "error", err)
		return s.fail(ctx, a, reason)
	}
	if err != nil {
		return fmt.Errorf("convert attachment %d: %w", a.ID, err)
	}
	return s.finish(ctx, a, made)
}

// refusedFor tells whether an error is the file's fault, and what its author is told.
func refusedFor(ctx context.Context, err error) (string, bool) {
	var f *fault.Fault
	if ctx.Err() != nil || !errors.As(err, &f) || f.Kind != fault.Invalid {
		return "", false
	}
	return f.Message, true
}

// hidden tells whether not everybody may read what an attachment belongs to.
func (s *Service) hidden(ctx context.Context, a *Attachment) (bool, error) {
	if a.Status == 0 {
		return false, nil
	}
	list, err := db.All(ctx, s.db, db.Value[bool], `SELECT visibility NOT IN ('public', 'unlisted') FROM statuses WHERE id = $1`, a.Status)
	return len(list) > 0 && list[0], err
}

func (s *Service) convert(ctx context.Context, a *Attachment, hidden bool) (*screened, error) {
	from, err := s.store.Open(ctx, a.Upload)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.Wrap(err, fault.Invalid, "The file was lost before it was processed. Send it again.")
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // it was only read
	in, err := os.CreateTemp(s.spool, "convert-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = discard(in) }()
	if _, err := io.Copy(in, from); err != nil {
		return nil, err
	}
	return s.screen(ctx, a, in.Name(), hidden)
}

// finish shows what became of a file, and drops what was sent.
func (s *Service) finish(ctx context.Context, was *Attachment, made *screened) error {
	cover := made.cover
	if cover == nil {
		cover = &picture{}
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := find(ctx, tx, was.ID)
		if err != nil {
			return err
		}
		if a == nil || a.Upload != was.Upload || a.Original != "" { // deleted meanwhile, or done by another process
			return drop(ctx, tx, made.original.key, keyIn(cover.small))
		}
		if err := settle(ctx, tx, made.original); err != nil {
			return err
		}
		if a.Small != "" { // its author chose one meanwhile
			err = drop(ctx, tx, keyIn(cover.small))
		} else if cover.small != nil {
			err = settle(ctx, tx, cover.small)
			a.Small, a.Meta.Small, a.Meta.Colors = cover.small.key, cover.meta.Small, cover.meta.Colors
			if a.Blurhash == "" {
				a.Blurhash = cover.blurhash
			}
		}
		if err != nil {
			return err
		}
		a.Meta.Original = made.meta.Original
		text, err := json.Marshal(a.Meta)
		if err != nil {
			return err
		}
		if _, err := db.Exec(ctx, tx, `UPDATE attachments SET state = $2, kind = $3, type = $4, original_key = $5, small_key = $6, blurhash = $7, meta = $8, upload_key = '' WHERE id = $1`,
			a.ID, string(Ready), string(made.kind), made.original.kind, made.original.key, a.Small, a.Blurhash, string(text)); err != nil {
			return err
		}
		if err := drop(ctx, tx, a.Upload); err != nil {
			return err
		}
		return tx.Emit(Processed{a.ID, a.Status})
	})
	if err != nil {
		return fmt.Errorf("keep what was converted: %w", err)
	}
	return nil
}

func keyIn(f *file) string {
	if f == nil {
		return ""
	}
	return f.key
}

// fail writes down why a file cannot be shown, and drops it. What another server has stays a link to it, and is not tried again.
func (s *Service) fail(ctx context.Context, was *Attachment, reason string) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		a, err := find(ctx, tx, was.ID)
		if err != nil || a == nil || a.Upload != was.Upload || a.Original != "" {
			return err
		}
		if a.Local() {
			a.State = Failed
		}
		if _, err := db.Exec(ctx, tx, `UPDATE attachments SET state = $2, failure = $3, upload_key = '', small_key = '' WHERE id = $1`, a.ID, string(a.State), reason); err != nil {
			return err
		}
		if err := drop(ctx, tx, a.Upload, a.Small); err != nil {
			return err
		}
		return tx.Emit(Processed{a.ID, a.Status})
	})
}
