package media

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// fetchWithin bounds the fetching of a file of another server, all in all.
const fetchWithin = 2 * time.Minute

// Proxy serves GET /media_proxy/{id}/{size}: a file of another server, which is fetched when it is not here.
// Who may not read its status gets nothing, unless they were shown the address, which nobody can guess: programs ask for pictures without
// saying for whom.
func (s *Service) Proxy(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Attachment](c.Path("id"))
	if err != nil {
		return nil, err
	}
	size := c.Path("size")
	if size != "original" && size != "small" {
		return nil, fault.RecordNotFound()
	}
	a, err := db.One(c.Context(), s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1 AND remote_url <> '' AND status_id IS NOT NULL`, which)
	if err != nil {
		return nil, err
	}
	if !s.knows(a.ID, c.Query("key")) {
		seen, err := s.sees(c.Context(), c.Viewer.Account, a.Status)
		if err != nil {
			return nil, err
		}
		if !seen {
			return nil, fault.RecordNotFound()
		}
	}
	switch s.ModeOf(a.Domain) {
	case settings.RejectMedia:
		return nil, fault.RecordNotFound()
	case settings.ProxyMedia:
		return s.passAttachment(c, a, size)
	}
	if s.toCopy(a) {
		got, err := s.Fetch(c.Context(), a.ID)
		if err != nil && a.Kind == Image {
			return nil, err
		}
		if err == nil {
			a = got
		}
	}
	to := s.url(a.Original)
	if size == "small" {
		to = s.url(a.Small)
	}
	if to == "" { // what is not kept here is where it was
		if to = a.Remote; size == "small" && a.RemotePreview != "" {
			to = a.RemotePreview
		}
	}
	c.SetHeader("Cache-Control", "private, max-age=300") // it may be purged, and is fetched again then
	return rest.Redirect{To: to}, nil
}

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

// FetchReceived fetches the files of a status of another server. What cannot be had is left to whoever looks.
func (s *Service) FetchReceived(ctx context.Context, e Received) error {
	shown, err := Of(ctx, s.db, []id.Status{e.Status})
	if err != nil {
		return err
	}
	for _, a := range shown[e.Status] {
		if !s.toCopy(a) {
			continue
		}
		_, err := s.Fetch(ctx, a.ID)
		if kind := fault.KindOf(err); err != nil && (kind == fault.Internal || ctx.Err() != nil) {
			return err
		}
	}
	return nil
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
	a, err := db.One(ctx, s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, which)
	if err != nil || !s.toCopy(a) {
		return a, err
	}
	if s.ModeOf(a.Domain) != settings.StoreMedia {
		return nil, fault.RecordNotFound()
	}
	most := int64(MaxImageBytes)
	if a.Kind != Image {
		most = MaxFilmBytes
	}
	from, err := s.download(ctx, a.Remote, most)
	if err != nil {
		return nil, err
	}
	defer func() { _ = discard(from) }()
	hidden, err := s.hidden(ctx, a)
	if err != nil {
		return nil, err
	}
	is, err := s.recognise(ctx, from)
	if err == nil && is.kind != a.Kind && !(a.Kind == Image && is.kind == GIFV) {
		err = fault.New(fault.Invalid, "The other server's file is no "+string(a.Kind))
	}
	if reason, refused := refusedFor(ctx, err); refused && a.Kind != Image {
		return nil, errors.Join(err, s.fail(ctx, a, reason))
	}
	if err != nil {
		return nil, err
	}
	if is.kind != Image {
		return s.fetchFilm(ctx, a, is, from, hidden)
	}
	made, err := s.draw(ctx, from, drawing{noun: nounAttachment, owner: int64(a.ID), remote: true, hidden: hidden, original: true, small: true})
	if err != nil {
		return nil, err
	}
	meta := made.meta
	hash := a.Blurhash
	if hash == "" {
		hash = made.blurhash
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE attachments SET original_key = $2, small_key = $3, type = $4, meta = $5, blurhash = $6 WHERE id = $1 AND original_key = ''`,
			a.ID, made.original.key, made.small.key, made.original.kind, string(text), hash)
		if err != nil || n == 0 { // deleted meanwhile, or fetched by another process: these files are swept
			return err
		}
		if err := settle(ctx, tx, made.original, made.small); err != nil {
			return err
		}
		return tx.Emit(Processed{a.ID, a.Status})
	})
	if err != nil {
		return nil, fmt.Errorf("keep file of another server: %w", err)
	}
	return db.One(ctx, s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, which)
}

// fetchFilm keeps a film or a sound of another server: at once where it need only be copied, and else when its turn comes.
func (s *Service) fetchFilm(ctx context.Context, a *Attachment, is *content, from *os.File, hidden bool) (*Attachment, error) {
	var err error
	if is.kind != GIFV && is.info.Fits() {
		err = s.copyFilm(ctx, a, from, hidden)
	} else {
		err = s.keepForTurn(ctx, a, from)
	}
	if err != nil {
		return nil, err
	}
	return db.One(ctx, s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1`, a.ID)
}

func (s *Service) copyFilm(ctx context.Context, a *Attachment, from *os.File, hidden bool) error {
	if err := s.copying.Acquire(ctx, 1); err != nil {
		return err
	}
	defer s.copying.Release(1)
	made, err := s.screen(ctx, a, from.Name(), hidden)
	if reason, refused := refusedFor(ctx, err); refused {
		return errors.Join(err, s.fail(ctx, a, reason))
	}
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
		err = fault.New(fault.Unavailable, fmt.Sprintf("The other server answered %d when it was asked for the file", answer.Status))
	}
	if err == nil {
		_, err = into.Seek(0, 0)
	}
	if err != nil {
		return nil, errors.Join(err, into.Close(), os.Remove(into.Name()))
	}
	return into, nil
}
