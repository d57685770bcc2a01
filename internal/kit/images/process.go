package images

import (
	"context"
	"fmt"
	"image"
	"io"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// Workshop processes pictures, and holds back those for which there is not memory enough while others are worked on.
type Workshop struct {
	memory int64
	gate   *semaphore.Weighted
}

// DefaultMemory keeps a server that processes as many pictures as come within 256 MiB.
const DefaultMemory = 96 << 20

// New makes a workshop whose pictures take about so many bytes of memory together. One that needs more than all is worked on alone.
func New(memory int64) *Workshop {
	return &Workshop{memory: memory, gate: semaphore.NewWeighted(memory)}
}

// Options bound what is taken, and say what is made of it.
type Options struct {
	MaxBytes  int64 // of the file; 0 is without bound
	MaxPixels int64 // of the picture; 0 is without bound
	MaxMemory int64 // that the work may take as estimated, more for some kinds of the same size; 0 is without bound
	Sizes     []Size
	Quality   int // of JPEG, 1 to 100; 0 is 85
}

// Output is the picture in one size: upright, without metadata.
type Output struct {
	Format        Format // JPEG or PNG
	Width, Height int
	Body          []byte
}

// Result is what Process made.
type Result struct {
	Header   Header
	Outputs  []Output // in the order of the sizes
	Blurhash string   // of four by four parts
	Colors   Colors
}

// Process reads the picture, the first of several, and makes the wanted sizes of it. JPEG stays JPEG, PNG stays PNG, GIF becomes
// PNG, and WebP becomes PNG if anything shines through it and else JPEG. It waits until there is memory, and it gives up when the
// context ends, which is also how a time limit is set. Errors that are the file's fault wrap ErrFormat, ErrOutside, ErrDamaged,
// ErrPixels or ErrBytes.
func (w *Workshop) Process(ctx context.Context, r io.ReadSeeker, o Options) (*Result, error) {
	h, err := o.admit(r)
	if err != nil {
		return nil, err
	}
	need := h.memory(o.Sizes)
	if o.MaxMemory > 0 && need > o.MaxMemory {
		return nil, fmt.Errorf("%w: %d × %d of a costly kind", ErrPixels, h.Width, h.Height)
	}
	need = min(need, w.memory)
	if err := w.gate.Acquire(ctx, need); err != nil {
		return nil, err
	}
	defer func() {
		if need > w.memory/2 { // what it leaves would otherwise lie beside the next one's for a while
			runtime.GC()
		}
		w.gate.Release(need)
	}()

	m, err := decode(ctx, r, h)
	if err != nil {
		return nil, err
	}
	if o.Quality == 0 {
		o.Quality = 85
	}
	j := job{ctx: ctx, r: r, header: h, quality: o.Quality}
	j.palette, _ = m.(*image.Paletted)
	return j.run(pictureOf(m), o.Sizes)
}

func (o Options) admit(r io.ReadSeeker) (Header, error) {
	size, err := r.Seek(0, io.SeekEnd)
	if err != nil {
		return Header{}, err
	}
	if o.MaxBytes > 0 && size > o.MaxBytes {
		return Header{}, fmt.Errorf("%w: %d", ErrBytes, size)
	}
	h, err := Inspect(r)
	switch {
	case err != nil:
		return h, err
	case h.Format.Outside():
		return h, fmt.Errorf("%w: %s", ErrOutside, h.Format)
	case o.MaxPixels > 0 && h.Pixels() > o.MaxPixels:
		return h, fmt.Errorf("%w: %d × %d", ErrPixels, h.Width, h.Height)
	}
	return h, nil
}
