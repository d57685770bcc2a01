package images

import (
	"bufio"
	"encoding/binary"
	"fmt"
)

// maxFrames bounds how many pictures of an animation are counted.
const maxFrames = 1 << 17

func inspectGIF(b *bufio.Reader) (Header, error) {
	h := Header{Format: GIF, Orientation: 1}
	p, err := take(b, 13)
	if err != nil {
		return h, err
	}
	h.Width, h.Height = int(binary.LittleEndian.Uint16(p[6:])), int(binary.LittleEndian.Uint16(p[8:]))
	h.decoded = 2 * h.Pixels() // the first picture, and the whole it is put on
	if err := skip(b, palette(p[10])); err != nil {
		return h, err
	}
	for h.Frames < maxFrames {
		kind, err := b.ReadByte()
		if err != nil && h.Frames > 0 {
			return h, nil // many lack their end
		}
		if err != nil {
			return h, err
		}
		switch kind {
		case 0x2c: // a picture: its place, its palette, its pixels
			place, err := take(b, 9)
			if err != nil {
				return h, err
			}
			if err := skip(b, palette(place[8])+1); err != nil {
				return h, err
			}
			h.Frames++
		case 0x21: // an extension
			if _, err := b.ReadByte(); err != nil {
				return h, err
			}
		case 0x3b:
			if h.Frames == 0 {
				return h, fmt.Errorf("%w: it has no picture", ErrDamaged)
			}
			return h, nil
		default:
			if h.Frames > 0 {
				return h, nil
			}
			return h, fmt.Errorf("%w: a block of no known kind", ErrDamaged)
		}
		if err := skipBlocks(b); err != nil && h.Frames == 0 {
			return h, err
		}
	}
	return h, nil
}

// palette is how many bytes a palette takes, told by its flags.
func palette(flags byte) int64 {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

func skipBlocks(b *bufio.Reader) error {
	for {
		n, err := b.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if _, err := b.Discard(int(n)); err != nil {
			return err
		}
	}
}
