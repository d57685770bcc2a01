package images

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"math"
	"strings"
	"testing"
)

var stored = []Size{{Pixels: 8_294_400}, {Pixels: 230_400}}

func process(t testing.TB, file []byte, sizes ...Size) *Result {
	t.Helper()
	result, err := New(256<<20).Process(t.Context(), bytes.NewReader(file), Options{MaxBytes: 16 << 20, MaxPixels: 33_177_600, Sizes: sizes})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func decoded(t testing.TB, o Output) image.Image {
	t.Helper()
	m, format, err := image.Decode(bytes.NewReader(o.Body))
	if err != nil {
		t.Fatal(err)
	}
	if "image/"+format != string(o.Format) || m.Bounds() != image.Rect(0, 0, o.Width, o.Height) {
		t.Fatalf("told as %s of %d × %d, but it is %s of %v", o.Format, o.Width, o.Height, format, m.Bounds())
	}
	return m
}

func near(a, b color.Color, by float64) bool {
	ar, ag, ab, aa := a.RGBA()
	br, bg, bb, ba := b.RGBA()
	for _, d := range []float64{float64(ar) - float64(br), float64(ag) - float64(bg), float64(ab) - float64(bb), float64(aa) - float64(ba)} {
		if math.Abs(d)/257 > by {
			return false
		}
	}
	return true
}

func TestPicturesAreTurnedUpright(t *testing.T) {
	upright := quarters(96, 64)
	for orientation := 1; orientation <= 8; orientation++ {
		// What is stored, so that turning it gives the upright picture.
		stored := image.NewNRGBA(image.Rect(0, 0, 96, 64))
		if orientation >= 5 {
			stored = image.NewNRGBA(image.Rect(0, 0, 64, 96))
		}
		for y := range 64 {
			for x := range 96 {
				right, bottom := 95-x, 63-y
				at := [...][2]int{1: {x, y}, 2: {right, y}, 3: {right, bottom}, 4: {x, bottom}, 5: {y, x}, 6: {y, right}, 7: {bottom, right}, 8: {bottom, x}}[orientation]
				stored.Set(at[0], at[1], upright.At(x, y))
			}
		}
		for name, file := range map[string][]byte{
			"JPEG": withEXIF(asJPEG(t, stored), uint16(orientation)),
			"PNG":  withChunk(asPNG(t, stored), "eXIf", exifBlock(uint16(orientation))),
		} {
			result := process(t, file, Size{Pixels: 1 << 20}, Size{Pixels: 1500}, Size{Width: 40, Height: 40, Fill: true})
			for _, o := range result.Outputs {
				m := decoded(t, o)
				for _, p := range [][2]float64{{0.2, 0.2}, {0.8, 0.2}, {0.2, 0.8}, {0.8, 0.8}} {
					got := m.At(int(p[0]*float64(o.Width)), int(p[1]*float64(o.Height)))
					if want := upright.At(int(p[0]*96), int(p[1]*64)); !near(got, want, 12) {
						t.Errorf("%s, orientation %d, %d × %d at %v: %v, want %v", name, orientation, o.Width, o.Height, p, got, want)
					}
				}
			}
			if o := result.Outputs[0]; o.Width != 96 || o.Height != 64 {
				t.Errorf("%s, orientation %d: %d × %d", name, orientation, o.Width, o.Height)
			}
			if o := result.Outputs[1]; o.Width != 47 || o.Height != 31 {
				t.Errorf("%s, orientation %d, small: %d × %d", name, orientation, o.Width, o.Height)
			}
			if o := result.Outputs[2]; o.Width != 40 || o.Height != 40 {
				t.Errorf("%s, orientation %d, filled: %d × %d", name, orientation, o.Width, o.Height)
			}
		}
	}
}

func TestNothingButPixelsIsWritten(t *testing.T) {
	comment := func(file []byte) []byte {
		return append(append(append([]byte{}, file[:2]...), "\xff\xfe\x00\x16/home/ada/secret.xcf"...), file[2:]...)
	}
	m := quarters(64, 48)
	for name, file := range map[string][]byte{
		"JPEG that fits":      append(comment(withEXIF(asJPEG(t, m), 1)), "<script>alert(1)</script>PK\x03\x04"...),
		"JPEG that is large":  append(comment(withEXIF(asJPEG(t, quarters(640, 480)), 1)), "<script>alert(1)</script>"...),
		"JPEG that is turned": comment(withEXIF(asJPEG(t, m), 6)),
		"PNG":                 append(withChunk(asPNG(t, m), "tEXt", []byte("Comment\x00/home/ada/secret.xcf")), "<script>PK\x03\x04"...),
		"PNG with a profile":  withChunk(asPNG(t, m), "iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00GPSLatitude 52N")),
		"GIF":                 append(asGIF(t, 1), "*/=1;<script>alert(1)</script>"...),
		"WebP":                riff(vp8x(12, 60, 40), [2]string{"VP8 ", string(fixture(t, "lossy.webp")[20:])}, [2]string{"EXIF", string(exifBlock(6))}, [2]string{"XMP ", "secret"}),
	} {
		for i, o := range process(t, file, Size{Pixels: 100 * 100}, Size{Pixels: 400}).Outputs {
			decoded(t, o)
			for _, word := range []string{"secret", "GPS", "script", "PK\x03\x04", "Exif", "JFIF", "http", "tEXt", "eXIf"} {
				if bytes.Contains(o.Body, []byte(word)) {
					t.Errorf("%s, output %d still says %q", name, i, word)
				}
			}
		}
	}
}

func TestAJPEGThatFitsKeepsItsPixelsAsTheyAre(t *testing.T) {
	file := asJPEG(t, quarters(64, 48))
	got := process(t, withEXIF(file, 1), stored...).Outputs[0].Body
	if !bytes.Equal(got, file) {
		t.Errorf("it was written anew: %d bytes of %d", len(got), len(file))
	}
	// What lies between the segments has no business there: all is written anew.
	first := 4 + int(binary.BigEndian.Uint16(file[4:]))
	odd := append(append(append([]byte{}, file[:first]...), "<html>"...), file[first:]...)
	if got := process(t, odd, stored...).Outputs[0].Body; bytes.Contains(got, []byte("<html>")) {
		t.Error("what lay between segments was kept")
	}
}

func TestFormatsBecomeWhatAppsCanShow(t *testing.T) {
	glass := quarters(60, 40)
	glass.SetNRGBA(3, 3, color.NRGBA{200, 100, 50, 90})
	deep := image.NewNRGBA64(image.Rect(0, 0, 60, 40))
	deep.SetNRGBA64(3, 3, color.NRGBA64{0xc8c8, 0x6464, 0x3232, 0x5a5a})
	for _, one := range []struct {
		name string
		file []byte
		want Format
	}{
		{"JPEG", asJPEG(t, glass), JPEG},
		{"grey JPEG", asJPEG(t, image.NewGray(image.Rect(0, 0, 60, 40))), JPEG},
		{"PNG", asPNG(t, quarters(60, 40)), PNG},
		{"PNG with glass", asPNG(t, glass), PNG},
		{"PNG of 16 bits", asPNG(t, deep), PNG},
		{"grey PNG", asPNG(t, image.NewGray(image.Rect(0, 0, 60, 40))), PNG},
		{"grey PNG of 16 bits", asPNG(t, image.NewGray16(image.Rect(0, 0, 60, 40))), PNG},
		{"GIF", asGIF(t, 1), PNG},
		{"moving GIF", asGIF(t, 3), PNG},
		{"lossy WebP", fixture(t, "lossy.webp"), JPEG},
		{"lossless WebP", fixture(t, "lossless.webp"), JPEG},
		{"WebP with glass", fixture(t, "alpha.webp"), PNG},
		{"lossless WebP with glass", fixture(t, "alpha-lossless.webp"), PNG},
		{"progressive JPEG", fixture(t, "progressive.jpg"), JPEG},
		{"JPEG of four inks", fixture(t, "cmyk.jpg"), JPEG},
	} {
		for _, o := range process(t, one.file, append(stored, Size{Width: 20, Height: 20, Fill: true})...).Outputs {
			decoded(t, o)
			if o.Format != one.want {
				t.Errorf("%s became %s", one.name, o.Format)
			}
		}
	}
	got := decoded(t, process(t, asPNG(t, glass), stored...).Outputs[0])
	if want := glass.At(3, 3); !near(got.At(3, 3), want, 1.5) || !near(got.At(50, 30), glass.At(50, 30), 0) {
		t.Errorf("glass became %v, want %v", got.At(3, 3), want)
	}
}

func TestSizesNeverGrowAndKeepTheShape(t *testing.T) {
	for _, one := range []struct {
		size         Size
		w, h         int
		wantW, wantH int
	}{
		{Size{Pixels: 8_294_400}, 4000, 3000, 3325, 2494},
		{Size{Pixels: 230_400}, 4000, 3000, 554, 415},
		{Size{Pixels: 230_400}, 640, 360, 640, 360},
		{Size{Pixels: 230_400}, 100, 50, 100, 50},
		{Size{Pixels: 100}, 100_000, 1, 3162, 1},
		{Size{Width: 400, Height: 400, Fill: true}, 4000, 3000, 400, 400},
		{Size{Width: 400, Height: 400, Fill: true}, 200, 100, 100, 100},
		{Size{Width: 1500, Height: 500}, 3000, 3000, 500, 500},
		{Size{Width: 1500, Height: 500}, 300, 100, 300, 100},
		{Size{Width: 1500, Height: 500, Fill: true}, 1600, 5000, 1500, 500},
		{Size{}, 300, 100, 300, 100},
	} {
		if _, w, h := one.size.of(one.w, one.h); w != one.wantW || h != one.wantH {
			t.Errorf("%+v of %d × %d: %d × %d, want %d × %d", one.size, one.w, one.h, w, h, one.wantW, one.wantH)
		}
	}
}

func TestWhatIsTooMuchOrBrokenIsRefused(t *testing.T) {
	good := asJPEG(t, quarters(200, 100))
	huge := append([]byte{}, asPNG(t, quarters(8, 8))...)
	binary.BigEndian.PutUint32(huge[16:], 100_000)
	binary.BigEndian.PutUint32(huge[20:], 100_000)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	wideGIF := asGIF(t, 1)
	binary.LittleEndian.PutUint16(wideGIF[6:], 65535)
	binary.LittleEndian.PutUint16(wideGIF[8:], 65535)
	zero := append([]byte{}, asPNG(t, quarters(8, 8))...)
	binary.BigEndian.PutUint32(zero[16:], 0)
	for _, one := range []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", nil, ErrFormat},
		{"text", []byte("hello, this is a text"), ErrFormat},
		{"SVG", []byte(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>`), ErrFormat},
		{"HTML", []byte(`<!doctype html><img src=x>`), ErrFormat},
		{"MVG", []byte("push graphic-context\nviewbox 0 0 640 480\n"), ErrFormat},
		{"a playlist", []byte("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n"), ErrFormat},
		{"a PDF", []byte("%PDF-1.7\n%....\n....\n"), ErrFormat},
		{"an MP4", []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"), ErrFormat},
		{"TIFF", []byte("II*\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00"), ErrFormat},
		{"HEIC", fixture(t, "photo.heic"), ErrOutside},
		{"AVIF", fixture(t, "photo.avif"), ErrOutside},
		{"a truncated JPEG", good[:len(good)/2], ErrDamaged},
		{"only the start of a JPEG", good[:20], ErrDamaged},
		{"a truncated PNG", asPNG(t, quarters(60, 40))[:80], ErrDamaged},
		{"a truncated GIF", asGIF(t, 1)[:30], ErrDamaged},
		{"a truncated WebP", fixture(t, "lossy.webp")[:60], ErrDamaged},
		{"100,000 × 100,000 pixels", huge, ErrPixels},
		{"a huge canvas", wideGIF, ErrPixels},
		{"a width of zero", zero, ErrPixels},
		{"too many pixels", asJPEG(t, image.NewGray(image.Rect(0, 0, 1001, 1000))), ErrPixels},
		{"too many bytes", append(good, make([]byte, 1<<20)...), ErrBytes},
	} {
		_, err := New(64<<20).Process(t.Context(), bytes.NewReader(one.file), Options{MaxBytes: 1 << 20, MaxPixels: 1_000_000, Sizes: stored})
		if !errors.Is(err, one.want) {
			t.Errorf("%s: %v, want %v", one.name, err, one.want)
		}
	}
}

func TestAJPEGDrawnOverAndOverIsRefused(t *testing.T) {
	file := fixture(t, "progressive.jpg")
	at := bytes.LastIndex(file, []byte{0xff, markerSOS})
	last := file[at : len(file)-2]
	again := append(append([]byte{}, file[:at]...), bytes.Repeat(last, maxScans+1)...)
	_, err := Inspect(bytes.NewReader(append(again, 0xff, markerEOI)))
	if !errors.Is(err, ErrDamaged) || !strings.Contains(fmt.Sprint(err), "drawn over") {
		t.Errorf("%v", err)
	}
}

func TestWorkStopsWhenTheContextEnds(t *testing.T) {
	file := asJPEG(t, quarters(200, 100))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := New(64 << 20)
	if _, err := w.Process(ctx, bytes.NewReader(file), Options{Sizes: stored}); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	// Nor does it wait for memory after that, and the memory is all there again.
	if !w.gate.TryAcquire(w.memory) {
		t.Fatal("memory was lost")
	}
	if _, err := w.Process(ctx, bytes.NewReader(file), Options{Sizes: stored}); !errors.Is(err, context.Canceled) {
		t.Errorf("while waiting: %v", err)
	}
}

func TestABombOfZerosIsMadeSmallWithinItsMemory(t *testing.T) {
	zeros := asPNG(t, image.NewNRGBA(image.Rect(0, 0, 3000, 3000))) // 36 MB of pixels in a few kilobytes
	if len(zeros) > 100_000 {
		t.Fatalf("the bomb has %d bytes", len(zeros))
	}
	if o := process(t, zeros, Size{Pixels: 230_400}).Outputs[0]; o.Width != 480 || o.Height != 480 {
		t.Errorf("%d × %d", o.Width, o.Height)
	}
	for name, o := range map[string]Options{
		"pixels": {MaxPixels: 8_000_000, Sizes: stored},
		"memory": {MaxMemory: 30 << 20, Sizes: stored},
	} {
		before := testing.AllocsPerRun(1, func() {
			if _, err := New(64<<20).Process(t.Context(), bytes.NewReader(zeros), o); !errors.Is(err, ErrPixels) {
				t.Errorf("too much in %s: %v", name, err)
			}
		})
		if before > 200 {
			t.Errorf("%s: %v allocations to refuse it", name, before)
		}
	}
}

func TestPolyglotsAreShownAsPicturesOnly(t *testing.T) {
	script := append([]byte("GIF89a/*"), asGIF(t, 1)[8:]...) // the size of the canvas reads as the start of a comment
	script = append(script, "*/=1;alert(document.cookie)//"...)
	result := process(t, script, stored...)
	if bytes.Contains(result.Outputs[0].Body, []byte("alert")) || result.Outputs[0].Format != PNG {
		t.Error("the script was kept")
	}
}

func TestAGIFOfManyFramesIsCountedAndItsFirstShown(t *testing.T) {
	file := asGIF(t, 2)
	second := bytes.LastIndexByte(file[:len(file)-1], 0x2c)
	for file[second-8] != 0x21 { // its delay goes before it
		second = bytes.LastIndexByte(file[:second], 0x2c)
	}
	one := file[second-8 : len(file)-1]
	many := append(append([]byte{}, file[:second-8]...), bytes.Repeat(one, 99_999)...)
	h, err := Inspect(bytes.NewReader(append(many, 0x3b)))
	if err != nil || h.Frames != 100_000 {
		t.Errorf("%d frames, %v", h.Frames, err)
	}
	if o := process(t, many, stored...).Outputs[0]; o.Width != 40 || o.Height != 30 {
		t.Errorf("%d × %d", o.Width, o.Height)
	}
}
