package images

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// StripMoving copies an animation as it is, without anything but what is seen of it: no comments, no metadata, nothing behind its end.
// What it is must have been told by Inspect.
func StripMoving(r io.ReadSeeker, f Format) ([]byte, error) {
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	from := &remembering{r: r}
	strip := map[Format]func(*bytes.Buffer, *bufio.Reader) error{GIF: stripGIF, PNG: stripPNG, WebP: stripWebP}[f]
	if strip == nil {
		return nil, fmt.Errorf("%w: %s does not move", ErrFormat, f)
	}
	var out bytes.Buffer
	err := strip(&out, bufio.NewReader(from))
	if from.err != nil {
		return nil, from.err
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = fmt.Errorf("%w: it ends early", ErrDamaged)
	}
	return out.Bytes(), err
}

// stripGIF keeps the pictures, how they follow each other, and how often all of it is shown.
func stripGIF(out *bytes.Buffer, b *bufio.Reader) error {
	tee := func(n int64) error {
		_, err := io.CopyN(out, b, n)
		return err
	}
	head, err := take(b, 13)
	if err != nil {
		return err
	}
	out.Write(head)
	if err := tee(palette(head[10])); err != nil {
		return err
	}
	for frames := 0; ; {
		kind, err := b.ReadByte()
		if frames > 0 && (err != nil || kind != 0x2c && kind != 0x21) { // many lack their end
			out.WriteByte(0x3b)
			return nil
		}
		if err != nil {
			return err
		}
		switch kind {
		case 0x2c:
			place, err := take(b, 9)
			if err != nil {
				return err
			}
			out.WriteByte(kind)
			out.Write(place)
			if err := tee(palette(place[8]) + 1); err != nil {
				return err
			}
			if err := copyBlocks(out, b); err != nil {
				return err
			}
			frames++
		case 0x21:
			label, err := b.ReadByte()
			if err != nil {
				return err
			}
			var body bytes.Buffer
			if err := copyBlocks(&body, b); err != nil {
				return err
			}
			const control, application = 0xf9, 0xff
			if label == control || label == application && (strings.HasPrefix(body.String(), "\x0bNETSCAPE2.0") || strings.HasPrefix(body.String(), "\x0bANIMEXTS1.0")) {
				out.Write([]byte{kind, label})
				out.Write(body.Bytes())
			}
		default:
			return fmt.Errorf("%w: a block of no known kind", ErrDamaged)
		}
	}
}

func copyBlocks(out *bytes.Buffer, b *bufio.Reader) error {
	for {
		n, err := b.ReadByte()
		if err != nil {
			return err
		}
		out.WriteByte(n)
		if n == 0 {
			return nil
		}
		if _, err := io.CopyN(out, b, int64(n)); err != nil {
			return err
		}
	}
}

// stripPNG keeps the chunks that make the picture move and say its colours.
func stripPNG(out *bytes.Buffer, b *bufio.Reader) error {
	if _, err := io.CopyN(out, b, 8); err != nil {
		return err
	}
	for range maxParts {
		head, err := take(b, 8)
		if err != nil {
			return err
		}
		n, kind := int64(binary.BigEndian.Uint32(head))+4, string(head[4:]) // with its sum
		switch kind {
		case "IHDR", "PLTE", "tRNS", "IDAT", "IEND", "acTL", "fcTL", "fdAT", "gAMA", "cHRM", "sRGB", "sBIT", "bKGD":
			out.Write(head)
			_, err = io.CopyN(out, b, n)
		default:
			err = skip(b, n)
		}
		if err != nil || kind == "IEND" {
			return err
		}
	}
	return fmt.Errorf("%w: too many chunks", ErrDamaged)
}

// stripWebP keeps the frames and how they follow each other.
func stripWebP(out *bytes.Buffer, b *bufio.Reader) error {
	if _, err := io.CopyN(out, b, 12); err != nil {
		return err
	}
	for range maxParts {
		head, err := take(b, 8)
		if err != nil { // its end
			break
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		n += n & 1
		switch string(head[:4]) {
		case "VP8X":
			if n != 10 {
				return fmt.Errorf("%w: its header is", ErrDamaged)
			}
			body, err := take(b, int(n))
			if err != nil {
				return err
			}
			body[0] &= 0x12 // it moves, and something shines through
			out.Write(append(head, body...))
		case "ANIM", "ANMF", "ALPH", "VP8 ", "VP8L":
			out.Write(head)
			if _, err := io.CopyN(out, b, n); err != nil {
				return err
			}
		default:
			if err := skip(b, n); err != nil {
				return err
			}
		}
	}
	binary.LittleEndian.PutUint32(out.Bytes()[4:], uint32(out.Len()-8))
	return nil
}
