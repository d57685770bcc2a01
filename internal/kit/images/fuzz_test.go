package images

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// seeds are small files of every kind.
func seeds(f *testing.F) {
	m := quarters(24, 16)
	for _, file := range [][]byte{
		asJPEG(f, m), withEXIF(asJPEG(f, m), 6), asPNG(f, m), withChunk(asPNG(f, m), "eXIf", exifBlock(8)), asGIF(f, 3),
		fixture(f, "lossy.webp"), fixture(f, "lossless.webp"), fixture(f, "alpha.webp"), fixture(f, "photo.heic"),
		fixture(f, "photo.avif"), fixture(f, "progressive.jpg"), fixture(f, "cmyk.jpg"), []byte("<svg/>"),
		animated(f), withProfile(asJPEG(f, m)),
	} {
		f.Add(file)
	}
}

func FuzzInspectTellsASizeOrRefuses(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := Inspect(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrFormat) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrPixels) {
				t.Errorf("an error of no kind: %v", err)
			}
			return
		}
		if h.Width < 1 || h.Height < 1 || h.Orientation < 1 || h.Orientation > 8 || h.Frames < 1 || h.memory(stored) < 0 || h.Format.Extension() == "" {
			t.Errorf("%+v", h)
		}
	})
}

func FuzzProcessMakesPicturesOrRefuses(f *testing.F) {
	seeds(f)
	f.Fuzz(func(t *testing.T, file []byte) {
		sizes := []Size{{Pixels: 300}, {Width: 10, Height: 10, Fill: true}, {Width: 30, Height: 10}}
		result, err := New(16<<20).Process(context.Background(), bytes.NewReader(file), Options{MaxBytes: 64 << 10, MaxPixels: 100_000, Sizes: sizes})
		if err != nil {
			for _, kind := range []error{ErrFormat, ErrOutside, ErrDamaged, ErrPixels, ErrBytes} {
				if errors.Is(err, kind) {
					return
				}
			}
			t.Fatalf("an error of no kind: %v", err)
		}
		for _, o := range result.Outputs {
			decoded(t, o)
		}
	})
}
