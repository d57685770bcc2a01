package images

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"slices"
)

// maxMeta is how much of the description in a HEIF file is read.
const maxMeta = 1 << 20

// brands are the first names of the family of formats that share HEIF's boxes; the others of ISO media, such as MP4, are not here.
var brands = map[string]Format{
	"heic": HEIC, "heix": HEIC, "heim": HEIC, "heis": HEIC, "hevc": HEIC, "hevx": HEIC,
	"mif1": HEIF, "msf1": HEIF, "avif": AVIF, "avis": AVIF,
}

func inspectHEIF(b *bufio.Reader) (Header, error) {
	h := Header{Orientation: 1, Frames: 1}
	for range 64 {
		head, err := take(b, 8)
		if err != nil {
			return h, err
		}
		n, kind := int64(binary.BigEndian.Uint32(head))-8, string(head[4:])
		if n < 0 || h.Format == "" && (kind != "ftyp" || n > 4<<10) {
			return h, fmt.Errorf("%w: boxes out of order", ErrFormat)
		}
		switch kind {
		case "ftyp":
			p, err := take(b, int(min(n, 4<<10)))
			if err != nil {
				return h, err
			}
			h.brand(p)
			if h.Format == "" {
				return h, ErrFormat
			}
		case "meta":
			p, err := take(b, int(min(n, maxMeta)))
			if err != nil {
				return h, err
			}
			if len(p) > 4 {
				h.extents(p[4:], 0)
			}
			if h.Width == 0 {
				return h, fmt.Errorf("%w: it has no size", ErrDamaged)
			}
			return h, nil
		default:
			if err := skip(b, n); err != nil {
				return h, err
			}
		}
	}
	return h, fmt.Errorf("%w: no description", ErrDamaged)
}

// brand reads the main name and the others that the file also answers to: HEIF's own name says little.
func (h *Header) brand(p []byte) {
	if len(p) < 8 {
		return
	}
	names := []string{string(p[:4])}
	for rest := range slices.Chunk(p[8:], 4) {
		names = append(names, string(rest))
	}
	h.Format = brands[names[0]]
	if h.Format == HEIF {
		for _, name := range names {
			if f := brands[name]; f == HEIC || f == AVIF {
				h.Format = f
			}
		}
	}
	if names[0] == "avis" || names[0] == "msf1" || names[0] == "hevc" || names[0] == "hevx" {
		h.Frames = 2
	}
}

// extents finds the largest size told of: big pictures are made of tiles, and carry small ones of themselves.
func (h *Header) extents(p []byte, depth int) {
	for len(p) >= 8 && depth < 4 {
		n, kind := uint64(binary.BigEndian.Uint32(p)), string(p[4:8])
		if n < 8 || n > uint64(len(p)) {
			return
		}
		body := p[8:n]
		switch kind {
		case "iprp", "ipco":
			h.extents(body, depth+1)
		case "ispe":
			if len(body) >= 12 {
				width, height := int(binary.BigEndian.Uint32(body[4:])), int(binary.BigEndian.Uint32(body[8:]))
				if mul(width, height, 1) > mul(h.Width, h.Height, 1) {
					h.Width, h.Height = width, height
				}
			}
		}
		p = p[n:]
	}
}
