package images

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// maxEXIF is how much of an EXIF block is read for its orientation.
const maxEXIF = 64 << 10

func inspectPNG(b *bufio.Reader) (Header, error) {
	h := Header{Format: PNG, Orientation: 1, Frames: 1}
	if err := skip(b, 8); err != nil {
		return h, err
	}
	for i := range maxParts {
		head, err := take(b, 8)
		if err != nil {
			return h, err
		}
		n, kind := int64(binary.BigEndian.Uint32(head)), string(head[4:])
		if (kind == "IHDR") != (i == 0) || n > math.MaxInt32 {
			return h, fmt.Errorf("%w: its chunks are out of order", ErrDamaged)
		}
		if kind == "IEND" {
			return h, nil
		}
		used, err := h.chunk(b, kind, n)
		if err != nil {
			return h, err
		}
		if err := skip(b, n-used+4); err != nil {
			return h, err
		}
	}
	return h, fmt.Errorf("%w: too many chunks", ErrDamaged)
}

// chunk reads what is of interest of a chunk of n bytes, and tells how much it read.
func (h *Header) chunk(b *bufio.Reader, kind string, n int64) (int64, error) {
	want := map[string]int64{"IHDR": 13, "acTL": 8, "eXIf": maxEXIF, "iCCP": maxProfile}[kind]
	if want == 0 {
		return 0, nil
	}
	p, err := take(b, int(min(n, want)))
	if err != nil {
		return 0, err
	}
	switch kind {
	case "IHDR":
		err = h.imageHeader(p)
	case "acTL":
		if len(p) == 8 {
			h.Frames = int(max(1, min(binary.BigEndian.Uint32(p), math.MaxInt32)))
		}
	case "eXIf":
		h.Orientation = orientation(p)
	case "iCCP":
		if _, packed, ok := bytes.Cut(p, []byte("\x00\x00")); ok && n <= want {
			h.profile = unpack(packed)
		}
	}
	return int64(len(p)), err
}

func (h *Header) imageHeader(p []byte) error {
	if len(p) < 13 || binary.BigEndian.Uint32(p) > math.MaxInt32 || binary.BigEndian.Uint32(p[4:]) > math.MaxInt32 {
		return fmt.Errorf("%w: its header is", ErrDamaged)
	}
	h.Width, h.Height = int(binary.BigEndian.Uint32(p)), int(binary.BigEndian.Uint32(p[4:]))
	const palette = 3
	each := int64(4) // grey has less, unless one grey is declared to be glass
	if p[8] == 16 {
		each = 8
	}
	if p[9] == palette {
		each = 5 // the numbers of colours, then the colours
	}
	h.decoded = mul(h.Width, h.Height, each)
	if p[12] != 0 {
		h.working = h.decoded / 2 // the last pass of an interlaced picture is decoded apart
	}
	return nil
}

// unpack inflates a small colour profile.
func unpack(packed []byte) []byte {
	z, err := zlib.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil
	}
	p, err := io.ReadAll(io.LimitReader(z, maxProfile+1))
	if err != nil || len(p) > maxProfile {
		return nil
	}
	return p
}

// mul multiplies what a file claims; the sides are below 2³¹ and each is small.
func mul(width, height int, each int64) int64 {
	pixels := int64(width) * int64(height)
	if pixels > math.MaxInt64/8 {
		return math.MaxInt64
	}
	return pixels * each
}
