package media

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/viewer"
)

// Bounds of passing files of other servers on to readers. More than is kept: nothing of it stays here.
const (
	passAtOnce      = 32
	passWithin      = 10 * time.Minute // of all of a film
	maxPassPicture  = 4 * MaxImageBytes
	maxPassFilm     = 4 * MaxFilmBytes
	maxPassPortrait = 4 * MaxAvatarBytes
)

// passage is a file of another server of which nothing is kept here, and how it is passed on.
type passage struct {
	from  string // its address
	kind  Kind   // what it must be
	most  int64  // bytes
	cache string
}

// pass answers with a file of another server.
func (s *Service) pass(c *viewer.Call, p passage) (any, error) {
	select {
	case s.passing <- struct{}{}:
		return &passed{passage: p, s: s}, nil
	case <-c.Context().Done():
		return nil, c.Context().Err()
	default:
		return nil, fault.New(fault.Unavailable, "Too many files of other servers are asked for at the moment")
	}
}

// passAttachment passes on what a status shows; films without a preview have none to pass on.
func (s *Service) passAttachment(c *viewer.Call, a *Attachment, size string) (any, error) {
	p := passage{from: a.Remote, kind: a.Kind, most: maxPassFilm, cache: cacheProxied}
	switch {
	case size == "small" && a.RemotePreview != "":
		p.from, p.kind = a.RemotePreview, Image
	case size == "small" && a.Kind != Image, a.Kind == Unknown:
		return nil, fault.RecordNotFound()
	}
	if p.kind == Image {
		p.most = maxPassPicture
	}
	return s.pass(c, p)
}

// passPortrait passes on an avatar or a header.
func (s *Service) passPortrait(c *viewer.Call, address string) (any, error) {
	return s.pass(c, passage{from: address, kind: Image, most: maxPassPortrait, cache: cachePortrait})
}

// passed is a file on its way from another server to a reader.
type passed struct {
	passage
	s *Service
}

// Write sends the file, or the part of it that was asked for, while it comes in. One that is nothing we show, or cannot be had, is
// refused; one that breaks off is broken off.
func (p *passed) Write(w http.ResponseWriter, r *http.Request) {
	defer func() { <-p.s.passing }()
	ctx, cancel := context.WithTimeout(r.Context(), passWithin)
	defer cancel()
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(passWithin)) // tests have writers without one
	out := &sluice{passage: p.passage, to: w, asked: wantedPart(r)}
	var err error
	if r.Method == http.MethodHead || out.asked != nil { // the part may not tell what the whole is
		out.kindOf, err = p.s.typeOf(ctx, p.passage)
	}
	if err == nil && r.Method == http.MethodHead {
		fileHeaders(w.Header(), out.kindOf, p.cache)
		w.WriteHeader(http.StatusOK)
		return
	}
	if err == nil {
		err = p.s.pour(ctx, out)
	}
	switch {
	case err == nil:
	case out.open:
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	case out.beyond != "":
		w.Header().Set("Content-Range", out.beyond)
		w.Header().Set("Cache-Control", "private, max-age=60")
		http.Error(w, "The file does not reach so far.", http.StatusRequestedRangeNotSatisfiable)
	default:
		w.Header().Del("Content-Range")
		w.Header().Del("Accept-Ranges")
		w.Header().Set("Cache-Control", "private, max-age=60")
		http.Error(w, "The file cannot be had from the other server.", http.StatusBadGateway)
	}
}

// pour asks another server for a file and writes it.
func (s *Service) pour(ctx context.Context, out *sluice) error {
	request, err := askFor(ctx, out.from)
	if err != nil {
		return err
	}
	if out.asked != nil {
		request.Header.Set("Range", out.asked.String())
	}
	answer, err := s.remote.Do(ctx, request, safehttp.Limits{MaxBody: out.most, Timeout: passWithin, Into: out, Begin: out.begin})
	if err != nil {
		return err
	}
	if answer.Status < 200 || answer.Status > 299 {
		if out.asked != nil && answer.Status == http.StatusRequestedRangeNotSatisfiable {
			out.beyond = unsatisfied(answer.Header.Get("Content-Range"))
		}
		return fault.New(fault.Unavailable, fmt.Sprintf("The other server answered %d", answer.Status))
	}
	return out.finish()
}

func askFor(ctx context.Context, address string) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.Unavailable, "The other server's file has no address that can be asked")
	}
	request.Header.Set("Accept", "image/*, video/*, audio/*")
	return request, nil
}
