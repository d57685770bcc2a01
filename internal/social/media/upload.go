package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Take keeps what a member sent. Pictures are ready when it returns; films and sounds are processed later.
// preview is a picture that its author chose for a film or a sound; nil for none.
func (s *Service) Take(ctx context.Context, a *Attachment, from, preview *os.File) error {
	is, err := s.recognise(ctx, from)
	if err != nil {
		return err
	}
	a.ID, a.CreatedAt = id.Attachment(s.db.IDAt(s.clock.Now())), s.clock.Now()
	if is.kind != Image {
		return s.takeFilm(ctx, a, is.kind, from, preview)
	}
	return s.takePicture(ctx, a, from)
}

func atMost(from io.Seeker, limit int64) error {
	size, err := from.Seek(0, io.SeekEnd)
	if err == nil && size > limit {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: File must be at most %d MB", limit>>20))
	}
	_, again := from.Seek(0, io.SeekStart)
	return errors.Join(err, again)
}

func (s *Service) takePicture(ctx context.Context, a *Attachment, from *os.File) error {
	made, err := s.draw(ctx, from, drawing{noun: nounAttachment, owner: int64(a.ID), original: true, small: true})
	if err != nil {
		return err
	}
	a.shows(made, Image)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := settle(ctx, tx, made.original, made.small); err != nil {
			return err
		}
		return insert(ctx, tx, a)
	})
	if err != nil {
		return fmt.Errorf("keep attachment: %w", err)
	}
	return nil
}

// shows makes an attachment one of the files that were made.
func (a *Attachment) shows(made *picture, kind Kind) {
	a.Kind, a.State, a.Type, a.Blurhash, a.Meta = kind, Ready, made.original.kind, made.blurhash, made.meta
	a.Original, a.Small = made.original.key, made.small.key
}
