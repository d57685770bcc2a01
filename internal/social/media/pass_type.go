package media

import (
	"context"
	"errors"
	"net/http"
	"sync"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/film"
	"anancus/internal/kit/safehttp"
)

// sniffed is how many bytes tell what a file is.
const sniffed = 512

// passablePictures are the pictures that are passed on; HEIC no browser but one shows.
var passablePictures = map[string]bool{"image/jpeg": true, "image/png": true, "image/gif": true, "image/webp": true}

// passableFilms are the types of films and of sounds that are passed on.
var passableFilms = map[film.Format][2]string{
	film.MP4: {"video/mp4", "audio/mp4"}, film.Matroska: {"video/webm", "audio/webm"}, film.Ogg: {"video/ogg", "audio/ogg"},
	film.MP3: {"", "audio/mpeg"}, film.WAV: {"", "audio/wav"}, film.FLAC: {"", "audio/flac"}, film.AAC: {"", "audio/aac"},
}

var errNotPassable = errors.New("no picture, film or sound that is passed on")

// passableAs tells by the first bytes of a file as which type it is passed on; what another server calls it is not believed.
func passableAs(head []byte, kind Kind) (string, error) {
	format := film.Sniff(head)
	if kind != Image && !(kind == GIFV && format == film.GIF) { // elsewhere it may not be a film yet
		types := passableFilms[format]
		if kind == Audio {
			types[0] = types[1]
		}
		if types[0] == "" {
			return "", errNotPassable
		}
		return types[0], nil
	}
	if format == film.AVIF {
		return "image/avif", nil
	}
	if is := http.DetectContentType(head); passablePictures[is] {
		return is, nil
	}
	return "", errNotPassable
}

// typeOf tells as which type a file of another server is passed on, of which only a part is asked for.
func (s *Service) typeOf(ctx context.Context, p passage) (string, error) {
	if known := s.types.get(p); known != "" {
		return known, nil
	}
	request, err := askFor(ctx, p.from)
	if err != nil {
		return "", err
	}
	begin := part{first: 0, last: sniffed - 1}
	request.Header.Set("Range", begin.String())
	head := &glance{}
	_, err = s.remote.Do(ctx, request, safehttp.Limits{MaxBody: p.most, Timeout: portraitWithin, Into: head})
	if len(head.seen) == 0 {
		return "", errors.Join(err, fault.New(fault.Unavailable, "The other server did not give the file"))
	}
	is, err := passableAs(head.seen, p.kind)
	if err == nil {
		s.types.note(p, is)
	}
	return is, err
}

var errSeen = errors.New("seen enough")

// glance takes the first bytes of what is written into it, and no more.
type glance struct{ seen []byte }

func (g *glance) Write(b []byte) (int, error) {
	if room := sniffed - len(g.seen); len(b) >= room {
		g.seen = append(g.seen, b[:room]...)
		return room, errSeen
	}
	g.seen = append(g.seen, b...)
	return len(b), nil
}

// passedTypes remembers for a while what files of other servers are: players ask for one in many parts.
type passedTypes struct {
	mu    sync.Mutex
	known map[passage]string
}

func (t *passedTypes) get(p passage) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.known[p]
}

func (t *passedTypes) note(p passage, is string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.known == nil || len(t.known) >= notAskedMost {
		t.known = map[passage]string{}
	}
	t.known[p] = is
}
