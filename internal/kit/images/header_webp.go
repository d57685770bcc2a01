package images

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// inspectWebP walks over the chunks. The size of a still picture is that of its pixels: a file may claim another in its header.
func inspectWebP(b *bufio.Reader) (Header, error) {
	h := Header{Format: WebP, Orientation: 1, Frames: 1}
	if err := skip(b, 12); err != nil {
		return h, err
	}
	var canvas struct{ width, height int }
	var alpha bool
	for range maxParts {
		head, err := take(b, 8)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			break
		} else if err != nil {
			return h, err
		}
		kind, n := string(head[:4]), int64(binary.LittleEndian.Uint32(head[4:]))
		p, err := take(b, int(min(n, map[string]int64{"VP8X": 10, "VP8 ": 10, "VP8L": 5, "EXIF": maxEXIF, "ICCP": maxProfile + 1}[kind])))
		if err != nil {
			return h, err
		}
		switch kind {
		case "VP8X":
			if len(p) == 10 {
				canvas.width, canvas.height = 1+uint24(p[4:]), 1+uint24(p[7:])
				if p[0]&2 != 0 {
					h.framed, h.Frames, h.Width, h.Height = true, 0, canvas.width, canvas.height
				}
			}
		case "ALPH":
			alpha = true
		case "ANMF":
			if h.framed {
				h.Frames++
			}
		case "VP8 ", "VP8L":
			h.vp8(kind, p)
		case "EXIF":
			h.Orientation = orientation(p)
		case "ICCP":
			if len(p) <= maxProfile {
				h.profile = p
			}
		}
		_ = skip(b, n+n&1-int64(len(p))) // the next chunk will lack
	}
	if h.Width == 0 || h.Frames == 0 || canvas.width > 0 && (canvas.width != h.Width || canvas.height != h.Height) {
		return h, fmt.Errorf("%w: its parts do not fit together", ErrDamaged)
	}
	if alpha || h.framed {
		h.decoded += 4 * h.Pixels()
	}
	if h.framed {
		h.working = 8 * h.Pixels()
	}
	return h, nil
}

func uint24(p []byte) int { return int(p[0]) | int(p[1])<<8 | int(p[2])<<16 }

// vp8 reads the size where the decoder reads it.
func (h *Header) vp8(kind string, p []byte) {
	switch {
	case h.Width > 0: // moving pictures, or a second one which no decoder looks at
	case kind == "VP8 " && len(p) == 10:
		h.Width, h.Height = int(binary.LittleEndian.Uint16(p[6:])&0x3fff), int(binary.LittleEndian.Uint16(p[8:])&0x3fff)
		h.decoded = 2 * h.Pixels()
	case kind == "VP8L" && len(p) == 5:
		bits := binary.LittleEndian.Uint32(p[1:])
		h.Width, h.Height = 1+int(bits&0x3fff), 1+int(bits>>14&0x3fff)
		h.decoded, h.working = 4*h.Pixels(), 4*h.Pixels()
	}
}
