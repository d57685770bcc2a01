package images

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
)

// Header is what can be known of a picture before any pixel is decoded.
type Header struct {
	Format        Format
	Width, Height int // as stored, before it is turned
	Orientation   int // as EXIF counts it: 1 is upright, 2 to 8 are turned or mirrored
	Frames        int // how many pictures it shows one after another; 2 means "several" where a format does not count them

	decoded int64  // bytes of the decoded picture
	working int64  // bytes that the decoder needs besides
	framed  bool   // WebP whose pictures lie in frames
	named   bool   // JPEG whose components are called R, G and B, which may mean that they are
	profile []byte // the colour profile, if it is a small one
	colours *conversion
}

// Animated says whether the picture moves.
func (h Header) Animated() bool { return h.Frames > 1 }

// Pixels is width times height.
func (h Header) Pixels() int64 { return int64(h.Width) * int64(h.Height) }

// Upright gives width and height as they are seen once the picture is turned.
func (h Header) Upright() (width, height int) {
	if h.Orientation >= 5 {
		return h.Height, h.Width
	}
	return h.Width, h.Height
}

const (
	maxInspected = 128 << 20 // bytes that Inspect reads of a file at most
	maxParts     = 1 << 17   // chunks, segments or blocks of a file
	maxProfile   = 16 << 10  // bytes of a colour profile; those made of tables, for printers, are larger
	maxSide      = 1<<16 - 1 // pixels of width or height: as JPEG has it
)

// Inspect tells what the file is by its content. It reads the file once, decodes no pixel, and leaves the reader at the start.
func Inspect(r io.ReadSeeker) (Header, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return Header{}, err
	}
	from := &remembering{r: r}
	h, err := inspect(bufio.NewReaderSize(io.LimitReader(from, maxInspected), 16<<10))
	if from.err != nil {
		return Header{}, from.err
	}
	if err != nil {
		return Header{}, err
	}
	if h.Width < 1 || h.Height < 1 || h.Width > maxSide || h.Height > maxSide || h.Pixels() > math.MaxInt32 {
		return Header{}, fmt.Errorf("%w: %d × %d", ErrPixels, h.Width, h.Height)
	}
	if h.Orientation < 1 || h.Orientation > 8 {
		h.Orientation = 1
	}
	h.colours = newConversion(h.profile)
	_, err = r.Seek(0, io.SeekStart)
	return h, err
}

func inspect(b *bufio.Reader) (Header, error) {
	start, _ := b.Peek(16)
	read, found := inspectors(start)
	if !found {
		return Header{}, ErrFormat
	}
	h, err := read(b)
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	return h, err
}

func inspectors(start []byte) (func(*bufio.Reader) (Header, error), bool) {
	is := func(magic string) bool { return bytes.HasPrefix(start, []byte(magic)) }
	switch {
	case is("\xff\xd8\xff"):
		return inspectJPEG, true
	case is("\x89PNG\r\n\x1a\n"):
		return inspectPNG, true
	case is("GIF87a"), is("GIF89a"):
		return inspectGIF, true
	case is("RIFF") && len(start) >= 12 && string(start[8:12]) == "WEBP":
		return inspectWebP, true
	case len(start) >= 12 && string(start[4:8]) == "ftyp":
		return inspectHEIF, true
	}
	return nil, false
}

// remembering keeps a reader's own error apart from those that the content is to blame for.
type remembering struct {
	r   io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// take reads n bytes.
func take(b io.Reader, n int) ([]byte, error) {
	p := make([]byte, n)
	_, err := io.ReadFull(b, p)
	return p, err
}

// skip passes over n bytes, of which some may be lacking at the end of the file.
func skip(b *bufio.Reader, n int64) error {
	_, err := io.CopyN(io.Discard, b, n)
	return err
}
