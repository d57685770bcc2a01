package media

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// How long files may be kept by others: what a key names never changes. Of what not everybody may read only browsers keep a copy.
const (
	cacheFile   = "public, max-age=31536000, immutable"
	cacheHidden = "private, max-age=31536000, immutable"
)

// filePolicy lets a file be shown and nothing in it run, when somebody opens its address by itself.
const filePolicy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; form-action 'none'; frame-ancestors 'none'; sandbox"

// ServeFile serves GET /files/{key...}: what is kept, as the type it was stored with, in ranges.
func (s *Service) ServeFile(c *viewer.Call) (any, error) {
	key := c.Path("key")
	which, ok := idOfKey(key)
	if !ok {
		return nil, fault.RecordNotFound()
	}
	if to, moved := s.elsewhere(c, ""); moved {
		return to, nil
	}
	f, err := s.fileOf(c, which)
	if err != nil {
		return nil, err
	}
	if f == nil || f.key != key || f.noun == nounUpload {
		return nil, fault.RecordNotFound()
	}
	s.seen.note(f.id)
	b, err := s.store.Open(c.Context(), key)
	if err != nil {
		return nil, err
	}
	return &served{file: f, blob: b}, nil
}

// elsewhere leads whoever asks the web domain to the host of files, where there is one: to an address, or "" for the same path there.
func (s *Service) elsewhere(c *viewer.Call, to string) (rest.Redirect, bool) {
	if s.site.MediaHost == "" || s.site.AtMediaHost(c.R.Host) {
		return rest.Redirect{}, false
	}
	if to == "" {
		to = s.site.MediaURL(c.R.URL.RequestURI())
	}
	c.SetHeader("Cache-Control", "private, max-age=300") // keepers may decide otherwise
	return rest.Redirect{To: to}, true
}

func (s *Service) fileOf(c *viewer.Call, which id.File) (*file, error) {
	found, err := s.known.All([]id.File{which}, func(missing []id.File) (map[id.File]*file, error) { return filesOf(c.Context(), s.db, missing) })
	return found[which], err
}

// served is a file on its way to a reader.
type served struct {
	file *file
	blob *blob.Blob
}

// Write sends the file, or the part of it that was asked for.
func (a *served) Write(w http.ResponseWriter, r *http.Request) {
	defer func() { _ = a.blob.Close() }() // it was only read
	h := w.Header()
	cache := cacheFile
	if a.file.hidden {
		cache = cacheHidden
	}
	fileHeaders(h, a.file.kind, cache)
	h.Set("ETag", `"`+a.file.id.String()+`"`)
	// A film takes longer than an answer of the API may.
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(serveWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		http.Error(w, "The file could not be sent.", http.StatusInternalServerError)
		return
	}
	http.ServeContent(w, r, "", a.blob.Modified, io.ReadSeeker(a.blob))
}

// fileHeaders lets a file be shown by other sites, as everywhere on the fediverse, and never be anything but what it is.
func fileHeaders(h http.Header, kind, cache string) {
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cache-Control", cache)
}

// serveWithin is how long sending a file may take: 99 MiB at 230 kbit/s.
const serveWithin = time.Hour

// seenAtOnce bounds what one statement writes down, and seenMost what is remembered between two of them.
const (
	seenAtOnce = 500
	seenMost   = 20_000
)

// NoteSeen writes down which files were asked for, to the hour, so that those nobody looks at can go first. Who saw a preview saw its
// picture: they go together.
func (s *Service) NoteSeen(c context.Context) error {
	for {
		list := s.seen.take(seenAtOnce)
		if len(list) == 0 {
			return nil
		}
		now := s.clock.Now().UnixMilli()
		err := s.db.Tx(c, func(tx *db.Tx) error {
			_, err := db.Exec(c, tx, `UPDATE files SET seen_at = $2 WHERE (owner, noun) IN (SELECT owner, noun FROM files WHERE id {in $1}) AND seen_at < $3`, list, now, now-hour.Milliseconds())
			return err
		})
		if err != nil {
			return err
		}
	}
}
