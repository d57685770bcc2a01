package media

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/film"
	"anancus/internal/kit/images"
	"anancus/internal/protocol/mastodon"
)

// readAtOnce is how many files are looked at by programs of the machine at a time, beside the one that is converted.
const readAtOnce = 2

// coverWithin bounds the fetching of a film's cover from another server: others wait for their films meanwhile.
const coverWithin = 15 * time.Second

// content is what a file holds, by its bytes alone.
type content struct {
	kind Kind
	info film.Info // of films and sounds
}

// recognise tells what a file is, and refuses what is taken by nobody, or beyond the limits of its kind.
func (s *Service) recognise(ctx context.Context, from *os.File) (*content, error) {
	format, err := sniff(from)
	if err != nil {
		return nil, err
	}
	switch format {
	case "", film.GIF, film.HEIC, film.AVIF:
		h, err := inspect(from)
		if err != nil {
			return nil, err
		}
		if h == nil {
			return nil, wrongType()
		}
		if h.Format == images.GIF && h.Animated() && s.films.Films() {
			return &content{kind: GIFV}, atMost(from, MaxImageBytes)
		}
		return &content{kind: Image}, atMost(from, MaxImageBytes)
	}
	if err := atMost(from, MaxFilmBytes); err != nil {
		return nil, err
	}
	if err := s.reading.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.reading.Release(1)
	info, err := s.films.Probe(ctx, from.Name())
	if err == nil {
		err = info.Check()
	}
	switch {
	case err != nil:
		return nil, err
	case info.Video != nil:
		return &content{Video, info}, nil
	case info.Audio != nil:
		return &content{Audio, info}, nil
	}
	return nil, wrongType()
}

func wrongType() error {
	return fault.New(fault.Invalid, "Validation failed: File content type is invalid")
}

func sniff(from io.ReaderAt) (film.Format, error) {
	head := make([]byte, film.SniffLength)
	n, err := from.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return film.Sniff(head[:n]), nil
}

// decodable gives a picture as one that this program decodes itself. HEIC and AVIF are converted where that can be done; what was made is
// another file, which whoever asked closes and removes.
func (s *Service) decodable(ctx context.Context, from *os.File) (*os.File, error) {
	format, err := sniff(from)
	if err != nil || !s.films.Stills() || (format != film.HEIC && format != film.AVIF) {
		return from, err
	}
	if err := s.reading.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	defer s.reading.Release(1)
	into := from.Name() + ".jpg"
	if err := s.films.Still(ctx, from.Name(), into); err != nil {
		return nil, err
	}
	made, err := os.Open(into)
	if err != nil {
		return nil, errors.Join(err, os.Remove(into))
	}
	return made, nil
}

// discard closes and removes a file of the spool.
func discard(f *os.File) error { return errors.Join(f.Close(), os.Remove(f.Name())) }

// screened is what became of a film or a sound: files that are written and not settled yet.
type screened struct {
	kind     Kind
	original *file
	cover    *picture // nil for none
	meta     mastodon.MediaMeta
}

// screen makes of a film, a moving GIF or a sound what every browser plays, with a picture to show before that.
func (s *Service) screen(ctx context.Context, a *Attachment, in string, hidden bool) (*screened, error) {
	folder, err := os.MkdirTemp(s.spool, "film-")
	if err != nil {
		return nil, fmt.Errorf("convert: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // what stays is removed at the next start
	out, cover := filepath.Join(folder, "out"), filepath.Join(folder, "cover.jpg")

	info, err := s.films.Probe(ctx, in)
	if err != nil {
		return nil, err
	}
	made, kind := &screened{kind: Audio}, "audio/mpeg"
	switch {
	case info.Format == film.GIF:
		made.kind, kind, err = GIFV, "video/mp4", s.films.GIF(ctx, in, out)
	case info.Video != nil:
		made.kind, kind, err = Video, "video/mp4", s.films.Video(ctx, in, out)
	default:
		err = s.films.Audio(ctx, in, out)
	}
	if err != nil {
		return nil, err
	}
	result, err := s.films.Probe(ctx, out)
	if err != nil {
		return nil, err
	}
	made.meta.Original = lengthOf(result)
	if made.cover, err = s.cover(ctx, a, made.kind, info, in, out, cover, hidden); err != nil {
		return nil, err
	}
	made.original, err = s.putFrom(ctx, &file{noun: nounAttachment, owner: int64(a.ID), kind: kind, remote: !a.Local(), hidden: hidden}, out)
	return made, err
}

// cover makes the picture that stands for a film or a sound: the one its author chose, the first of a film, or the one that goes with a sound.
func (s *Service) cover(ctx context.Context, a *Attachment, kind Kind, info film.Info, in, out, into string, hidden bool) (*picture, error) {
	if a.Small != "" { // chosen when it was sent
		return nil, nil
	}
	d := drawing{noun: nounAttachment, owner: int64(a.ID), remote: !a.Local(), hidden: hidden, small: true, colors: kind == Audio}
	if a.RemotePreview != "" {
		made, err := s.remoteCover(ctx, a, d)
		if err == nil || ctx.Err() != nil {
			return made, err
		}
	}
	if kind == Audio {
		if !info.Artwork {
			return nil, nil
		}
		made, err := s.drawFile(ctx, into, d, s.films.Artwork(ctx, in, into))
		if fault.Is(err, fault.Invalid) { // the sound is still good
			return nil, nil
		}
		return made, err
	}
	return s.drawFile(ctx, into, d, s.films.Poster(ctx, out, into))
}

func (s *Service) remoteCover(ctx context.Context, a *Attachment, d drawing) (*picture, error) {
	ctx, cancel := context.WithTimeout(ctx, coverWithin)
	defer cancel()
	from, err := s.download(ctx, a.RemotePreview, MaxImageBytes)
	if err != nil {
		return nil, err
	}
	defer func() { _ = discard(from) }()
	return s.draw(ctx, from, d)
}

// drawFile draws what was made at a path, if it was.
func (s *Service) drawFile(ctx context.Context, path string, d drawing, err error) (*picture, error) {
	if err != nil {
		return nil, err
	}
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // it was only read
	return s.draw(ctx, from, d)
}

// putFrom keeps the file at a path.
func (s *Service) putFrom(ctx context.Context, f *file, path string) (*file, error) {
	from, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = from.Close() }() // it was only read
	is, err := from.Stat()
	if err != nil {
		return nil, err
	}
	f.size = is.Size()
	return s.put(ctx, f, from)
}

// lengthOf describes a film or a sound as apps expect it.
func lengthOf(info film.Info) *mastodon.MediaSize {
	size := &mastodon.MediaSize{Duration: info.Duration.Seconds(), Bitrate: info.BitRate}
	if v := info.Video; v != nil {
		size.Width, size.Height, size.FrameRate = v.Width, v.Height, v.Rate
	}
	return size
}
