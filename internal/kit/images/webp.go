package images

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/draw"
	"io"

	"golang.org/x/image/webp"
)

// firstFrame decodes the first picture of an animated WebP, which golang.org/x/image/webp does not: it is made a file of its own.
func firstFrame(r io.Reader, h Header) (image.Image, error) {
	b := bufio.NewReader(r)
	if err := skip(b, 12); err != nil {
		return nil, err
	}
	for range maxParts {
		head, err := take(b, 8)
		if err != nil {
			return nil, err
		}
		n := int64(binary.LittleEndian.Uint32(head[4:]))
		if string(head[:4]) != "ANMF" {
			if err := skip(b, n+n&1); err != nil {
				return nil, err
			}
			continue
		}
		var body bytes.Buffer
		if _, err := io.CopyN(&body, b, n); err != nil {
			return nil, err
		}
		return frame(body.Bytes(), h)
	}
	return nil, fmt.Errorf("%w: no frame", ErrDamaged)
}

// frame decodes what an ANMF chunk holds, and puts it where it belongs.
func frame(p []byte, h Header) (image.Image, error) {
	const head = 16
	if len(p) < head+8 {
		return nil, fmt.Errorf("%w: a frame of nothing", ErrDamaged)
	}
	at := image.Pt(2*uint24(p), 2*uint24(p[3:]))
	file := []byte("RIFF----WEBP")
	if string(p[head:head+4]) == "ALPH" {
		file = append(file, "VP8X\x0a\x00\x00\x00\x10\x00\x00\x00"...)
		file = append(file, p[6:12]...)
	}
	file = append(file, p[head:]...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	still, err := Inspect(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	place := image.Rectangle{at, at.Add(image.Pt(still.Width, still.Height))}
	canvas := image.NewRGBA(image.Rect(0, 0, h.Width, h.Height))
	if still.framed || !place.In(canvas.Rect) {
		return nil, fmt.Errorf("%w: a frame outside the picture", ErrDamaged)
	}
	m, err := webp.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, err
	}
	draw.Draw(canvas, place, m, m.Bounds().Min, draw.Src)
	return canvas, nil
}
