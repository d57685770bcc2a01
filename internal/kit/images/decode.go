package images

import (
	"context"
	"fmt"
	"image"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/webp"
)

type decoder struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var decoders = map[Format]decoder{
	JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	PNG:  {png.DecodeConfig, png.Decode},
	GIF:  {gif.DecodeConfig, gif.Decode},
	WebP: {webp.DecodeConfig, webp.Decode},
}

// decode reads the pixels, the first picture of several. It stops reading when the context ends.
func decode(ctx context.Context, r io.ReadSeeker, h Header) (m image.Image, err error) {
	defer func() { // the decoders are not ours, the file is a stranger's
		if trouble := recover(); trouble != nil {
			m, err = nil, fmt.Errorf("%w: decoding it failed: %v", ErrDamaged, trouble)
		}
	}()
	from, d := &remembering{r: &ending{ctx, r}}, decoders[h.Format]
	failed := func(err error) (image.Image, error) {
		if from.err != nil {
			return nil, from.err
		}
		return nil, fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h.framed {
		if m, err = firstFrame(from, h); err != nil {
			return failed(err)
		}
		return m, nil
	}
	config, err := d.config(from)
	if err != nil {
		return failed(err)
	}
	if config.Width != h.Width || config.Height != h.Height {
		return nil, fmt.Errorf("%w: its size is told in two ways", ErrDamaged)
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	m, err = d.decode(from)
	if err != nil {
		return failed(err)
	}
	if whole := image.Rect(0, 0, h.Width, h.Height); m.Bounds() != whole { // a first picture that covers a part of the canvas
		canvas := image.NewRGBA(whole)
		draw.Draw(canvas, m.Bounds(), m, m.Bounds().Min, draw.Src)
		m = canvas
	}
	return m, nil
}

// ending is a reader that fails once the context has ended.
type ending struct {
	ctx context.Context
	r   io.Reader
}

func (e *ending) Read(p []byte) (int, error) {
	if err := e.ctx.Err(); err != nil {
		return 0, err
	}
	return e.r.Read(p)
}
