package images

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"strings"
	"testing"
)

// quarters is a picture whose four quarters are red, green, blue and yellow: reading order from the upper left.
func quarters(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := [][]color.NRGBA{{{220, 30, 30, 255}, {30, 180, 30, 255}}, {{30, 30, 220, 255}, {220, 220, 30, 255}}}[2*y/h][2*x/w]
			m.SetNRGBA(x, y, c)
		}
	}
	return m
}

func asJPEG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 92}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asPNG(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asGIF(t testing.TB, frames int) []byte {
	t.Helper()
	all := &gif.GIF{}
	for i := range frames {
		m := image.NewPaletted(image.Rect(0, 0, 40, 30), color.Palette{color.White, color.RGBA{200, 0, byte(i), 255}})
		m.SetColorIndex(1+i, 1, 1)
		all.Image, all.Delay = append(all.Image, m), append(all.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// withEXIF puts a block of EXIF with an orientation and a place into a JPEG.
func withEXIF(file []byte, orientation uint16) []byte {
	exif := exifBlock(orientation)
	segment := append([]byte{0xff, 0xe1, 0, 0}, append([]byte("Exif\x00\x00"), exif...)...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append(append([]byte{}, file[:2]...), segment...), file[2:]...)
}

func exifBlock(orientation uint16) []byte {
	exif := []byte("MM\x00*\x00\x00\x00\x08\x00\x02")
	exif = append(exif, 1, 0x0e, 0, 2, 0, 0, 0, 16, 0, 0, 0, 38) // a description
	exif = append(exif, 1, 0x12, 0, 3, 0, 0, 0, 1, byte(orientation>>8), byte(orientation), 0, 0)
	return append(exif, append([]byte{0, 0, 0, 0}, "GPSLatitude 52N\x00"...)...)
}

// chunk is a chunk of PNG.
func chunk(kind string, body []byte) []byte {
	p := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
	p = append(append(p, kind...), body...)
	return binary.BigEndian.AppendUint32(p, crc32.ChecksumIEEE(p[4:]))
}

// withChunk puts a chunk behind the header of a PNG.
func withChunk(file []byte, kind string, body []byte) []byte {
	const header = 8 + 25
	return append(append(append([]byte{}, file[:header]...), chunk(kind, body)...), file[header:]...)
}

func fixture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// riff makes a file of chunks, each a name and what it holds.
func riff(chunks ...[2]string) []byte {
	body := "WEBP"
	for _, one := range chunks {
		body += one[0] + string(binary.LittleEndian.AppendUint32(nil, uint32(len(one[1])))) + one[1] + strings.Repeat("\x00", len(one[1])%2)
	}
	return []byte("RIFF" + string(binary.LittleEndian.AppendUint32(nil, uint32(len(body)))) + body)
}

// vp8x is the header of a WebP that has more than pixels.
func vp8x(flags byte, w, h int) [2]string {
	return [2]string{"VP8X", string([]byte{flags, 0, 0, 0, byte(w - 1), byte((w - 1) >> 8), 0, byte(h - 1), byte((h - 1) >> 8), 0})}
}
