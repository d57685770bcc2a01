package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/viewer"
)

// Bounds of passing files of other servers on to readers.
const (
	passAtOnce = 32
	passWithin = 10 * time.Minute // of all of a film
	sniffed    = 512              // bytes that tell what a file is
)

// passable are the types that are passed on, as the bytes themselves tell: what another server calls them is not believed.
var passable = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true,
	"video/mp4": true, "video/webm": true, "audio/mpeg": true, "audio/wave": true, "application/ogg": true}

// pass answers with a file of another server, of which nothing is kept here.
func (s *Service) pass(c *viewer.Call, address string, most int64, cache string) (any, error) {
	select {
	case s.passing <- struct{}{}:
		return &passed{s: s, from: address, most: most, cache: cache}, nil
	case <-c.Context().Done():
		return nil, c.Context().Err()
	default:
		return nil, fault.New(fault.Unavailable, "Too many files of other servers are asked for at the moment")
	}
}

// passAttachment passes on what a status shows; films without a preview have none to pass on.
func (s *Service) passAttachment(c *viewer.Call, a *Attachment, size string) (any, error) {
	address, most := a.Remote, int64(MaxImageBytes)
	switch {
	case size == "small" && a.RemotePreview != "":
		address = a.RemotePreview
	case size == "small" && a.Kind != Image:
		return nil, fault.RecordNotFound()
	case a.Kind != Image:
		most = MaxFilmBytes
	}
	return s.pass(c, address, most, "private, max-age=300")
}

// passed is a file on its way from another server to a reader.
type passed struct {
	s     *Service
	from  string
	most  int64
	cache string
}

// Write sends the file while it comes in. One that is nothing we show, or cannot be had, is refused; one that breaks off is broken off.
func (p *passed) Write(w http.ResponseWriter, r *http.Request) {
	defer func() { <-p.s.passing }()
	ctx, cancel := context.WithTimeout(r.Context(), passWithin)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(passWithin)) // tests have writers without one
	out := &sluice{to: w, cache: p.cache}
	err := p.s.pour(ctx, out, p.from, p.most)
	switch {
	case err == nil:
	case out.open:
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	default:
		w.Header().Set("Cache-Control", "private, max-age=60")
		http.Error(w, "The file cannot be had from the other server.", http.StatusBadGateway)
	}
}

// pour asks another server for a file and writes it.
func (s *Service) pour(ctx context.Context, out *sluice, address string, most int64) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fmt.Errorf("pass file: %w", err)
	}
	request.Header.Set("Accept", "image/*, video/*, audio/*")
	answer, err := s.remote.Do(ctx, request, safehttp.Limits{MaxBody: most, Timeout: passWithin, Into: out})
	if err != nil {
		return err
	}
	if answer.Status != http.StatusOK {
		return fault.New(fault.Unavailable, fmt.Sprintf("The other server answered %d", answer.Status))
	}
	return out.flush()
}

var errNotPassable = errors.New("no picture, film or sound that is passed on")

// sluice opens when it is clear what flows through it.
type sluice struct {
	to    http.ResponseWriter
	cache string
	head  []byte
	open  bool
}

// Write passes bytes on, or gathers the first ones.
func (s *sluice) Write(p []byte) (int, error) {
	if s.open {
		return s.to.Write(p)
	}
	s.head = append(s.head, p...)
	if len(s.head) < sniffed {
		return len(p), nil
	}
	return len(p), s.flush()
}

func (s *sluice) flush() error {
	if s.open {
		return nil
	}
	kind := http.DetectContentType(s.head)
	if len(s.head) > 2 && s.head[0] == 0xFF && s.head[1]&0xE0 == 0xE0 && !bytes.HasPrefix(s.head, []byte{0xFF, 0xD8}) { // a frame of MP3 without a header before it
		kind = "audio/mpeg"
	}
	if !passable[kind] {
		return errNotPassable
	}
	fileHeaders(s.to.Header(), kind, s.cache)
	s.open = true
	_, err := s.to.Write(s.head)
	return err
}
