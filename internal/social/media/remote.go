package media

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// fetchWithin bounds the fetching of a file of another server, all in all.
const fetchWithin = 2 * time.Minute

// ToFetch tells, in the transaction that stores it, whether a status shows files of another server that are fetched at once:
// those of accounts that members follow, and those that not everybody may read, whom no proxy could ask later.
func (s *Service) ToFetch(ctx context.Context, tx *db.Tx, e Received) (bool, error) {
	wanted := `t.visibility NOT IN ('public', 'unlisted')`
	if s.settings.Now().MediaFetch == settings.FetchFollowed {
		wanted += ` OR EXISTS (SELECT 1 FROM follows f JOIN members m ON m.account_id = f.account_id WHERE f.target_id = t.author_id)`
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM attachments a JOIN statuses t ON t.id = a.status_id
		WHERE a.status_id = $1 AND a.remote_url <> '' AND (a.kind = 'image' OR (a.kind <> 'unknown' AND CAST($2 AS BOOLEAN))) AND (`+wanted+`)`, e.Status, s.films.Films())
	return n > 0, err
}

// FetchReceived fetches the files of a status of another server. What cannot be had is left to whoever looks; but while the other server is
// away the files of what not everybody may read are asked for again, as long as the queue tries anything.
func (s *Service) FetchReceived(ctx context.Context, e Received) error {
	shown, err := Of(ctx, s.db, []id.Status{e.Status})
	if err != nil {
		return err
	}
	var failures error
	for _, a := range shown[e.Status] {
		if !s.toCopy(a) || s.ModeOf(a.Domain) != settings.StoreMedia {
			continue
		}
		_, err := s.Fetch(ctx, a.ID)
		again := ctx.Err() != nil || fault.Is(err, fault.Internal)
		if fault.Is(err, fault.Unavailable) {
			hidden, unknown := s.hidden(ctx, a)
			again, err = again || hidden || unknown != nil, errors.Join(err, unknown)
		}
		if again {
			failures = errors.Join(failures, fmt.Errorf("fetch attachment %d: %w", a.ID, err))
		}
	}
	return failures
}

// toCopy tells whether a file of another server could be copied here, and is not yet. One that was tried in vain is left where it is.
func (s *Service) toCopy(a *Attachment) bool {
	if a.Local() || a.Original != "" || a.Upload != "" || a.Failure != "" || a.Kind == Unknown {
		return false
	}
	return a.Kind == Image || s.films.Films()
}

// Fetch keeps a copy of a file of another server; one at a time of each.
func (s *Service) Fetch(ctx context.Context, which id.Attachment) (*Attachment, error) {
	// Whoever asked first may go away: the others still wait for it.
	done := s.fetches.DoChan(which.String(), func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchWithin)
		defer cancel()
		return s.fetch(within, which)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-done:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*Attachment), nil
	}
}

func (s *Service) fetch(ctx context.Context, which id.Attachment) (*Attachment, error) {
	a, err := s.attachment(ctx, which)
	if err != nil || !s.toCopy(a) {
		return a, err
	}
	if s.ModeOf(a.Domain) != settings.StoreMedia {
		return nil, fault.RecordNotFound()
	}
	if err := s.copy(ctx, a); err != nil {
		if reason, never := unkeepable(ctx, a, err); never {
			err = errors.Join(err, s.fail(ctx, a, reason))
		}
		return nil, err
	}
	return s.attachment(ctx, which)
}

func (s *Service) attachment(ctx context.Context, which id.Attachment) (*Attachment, error) {
	return db.One(ctx, s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, which)
}

// unkeepable tells whether a file is never to be copied here, and why: it is too large, or a film that cannot be converted. Pictures that
// cannot be read are looked at again, since the other server may put another in the place.
func unkeepable(ctx context.Context, a *Attachment, err error) (string, bool) {
	if fault.Is(err, fault.TooLarge) {
		return "The other server's file is too large to keep", ctx.Err() == nil
	}
	reason, refused := refusedFor(ctx, err)
	return reason, refused && a.Kind != Image
}

// copy downloads a file of another server and keeps it: a picture or a film that fits at once, and any other film when its turn comes.
func (s *Service) copy(ctx context.Context, a *Attachment) error {
	most := int64(MaxImageBytes)
	if a.Kind != Image {
		most = MaxFilmBytes
	}
	from, err := s.download(ctx, a.Remote, most)
	if err != nil {
		return err
	}
	defer func() { _ = discard(from) }()
	hidden, err := s.hidden(ctx, a)
	if err != nil {
		return err
	}
	is, err := s.recognise(ctx, from)
	if err == nil && is.kind != a.Kind && !(a.Kind == Image && is.kind == GIFV) {
		err = fault.New(fault.Invalid, "The other server's file is no "+string(a.Kind))
	}
	switch {
	case err != nil:
		return err
	case is.kind == Image:
		return s.copyPicture(ctx, a, from, hidden)
	case is.kind != GIFV && is.info.Fits():
		return s.copyFilm(ctx, a, from, hidden)
	}
	return s.keepForTurn(ctx, a, from)
}

func (s *Service) copyPicture(ctx context.Context, a *Attachment, from *os.File, hidden bool) error {
	made, err := s.draw(ctx, from, drawing{noun: nounAttachment, owner: int64(a.ID), remote: true, hidden: hidden, original: true, small: true})
	if err != nil {
		return err
	}
	return s.finish(ctx, a, &screened{kind: Image, original: made.original, cover: made, meta: made.meta})
}

func (s *Service) copyFilm(ctx context.Context, a *Attachment, from *os.File, hidden bool) error {
	if err := s.copying.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.copying.Release(1)
	made, err := s.screen(ctx, a, from.Name(), hidden)
	if err != nil {
		return err
	}
	return s.finish(ctx, a, made)
}

// keepForTurn keeps a file of another server until it is converted; until then it is shown where it was.
func (s *Service) keepForTurn(ctx context.Context, a *Attachment, from *os.File) error {
	upload, err := s.putUpload(ctx, a.ID, from)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE attachments SET upload_key = $2 WHERE id = $1 AND upload_key = '' AND original_key = ''`, a.ID, upload.key)
		if err != nil {
			return err
		}
		if n == 0 { // deleted meanwhile, or fetched by another process
			return drop(ctx, tx, upload.key)
		}
		if err := settle(ctx, tx, upload); err != nil {
			return err
		}
		return tx.Emit(Sent{Attachment: a.ID, Remote: true})
	})
}

// download reads a file of another server into the spool. Whoever asked closes and removes it.
func (s *Service) download(ctx context.Context, address string, most int64) (*os.File, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The other server's file has no address that can be asked")
	}
	request.Header.Set("Accept", "image/*, video/*, audio/*")
	into, err := os.CreateTemp(s.spool, "fetch-")
	if err != nil {
		return nil, fmt.Errorf("fetch file: %w", err)
	}
	answer, err := s.remote.Do(ctx, request, safehttp.Limits{MaxBody: most, Timeout: fetchWithin, Into: into})
	if err == nil && answer.Status != http.StatusOK {
		err = notHad(answer.Status)
	}
	if err == nil {
		_, err = into.Seek(0, 0)
	}
	if err != nil {
		return nil, errors.Join(err, into.Close(), os.Remove(into.Name()))
	}
	return into, nil
}

// notHad says what it means that another server answered with a status when it was asked for a file: whether it is worth asking again.
func notHad(status int) error {
	kind := fault.Unavailable
	switch status {
	case http.StatusNotFound, http.StatusGone, http.StatusUnauthorized, http.StatusForbidden:
		kind = fault.NotFound
	}
	return fault.New(kind, fmt.Sprintf("The other server answered %d when it was asked for the file", status))
}
