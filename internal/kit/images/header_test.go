package images

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"reflect"
	"testing"
)

// animated is a WebP of two frames, the first with alpha and not as large as the whole.
func animated(t testing.TB) []byte {
	frame := func(x byte, chunks []byte) [2]string {
		head := []byte{x / 2, 0, 0, 0, 0, 0, 59, 0, 0, 39, 0, 0, 100, 0, 0, 0}
		return [2]string{"ANMF", string(head) + string(chunks)}
	}
	return riff(vp8x(2, 80, 50), [2]string{"ANIM", "\x00\x00\x00\x00\x00\x00"},
		frame(10, fixture(t, "alpha.webp")[12+18:]), frame(0, fixture(t, "lossy.webp")[12:]))
}

func TestFilesAreKnownByTheirContent(t *testing.T) {
	m := quarters(60, 40)
	wide := append([]byte{}, asPNG(t, m)...)
	copy(wide[16:], []byte{0, 1, 0, 0, 0, 0, 0, 1})
	apng := withChunk(asPNG(t, m), "acTL", []byte{0, 0, 0, 3, 0, 0, 0, 0})
	for _, one := range []struct {
		name string
		file []byte
		want Header
	}{
		{"JPEG", asJPEG(t, m), Header{Format: JPEG, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"turned JPEG", withEXIF(asJPEG(t, m), 6), Header{Format: JPEG, Width: 60, Height: 40, Orientation: 6, Frames: 1}},
		{"JPEG turned to nowhere", withEXIF(asJPEG(t, m), 9), Header{Format: JPEG, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"progressive JPEG", fixture(t, "progressive.jpg"), Header{Format: JPEG, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"PNG", asPNG(t, m), Header{Format: PNG, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"animated PNG", apng, Header{Format: PNG, Width: 60, Height: 40, Orientation: 1, Frames: 3}},
		{"GIF", asGIF(t, 1), Header{Format: GIF, Width: 40, Height: 30, Orientation: 1, Frames: 1}},
		{"animated GIF", asGIF(t, 5), Header{Format: GIF, Width: 40, Height: 30, Orientation: 1, Frames: 5}},
		{"GIF and script", append([]byte("GIF89a/*"), bytes.Repeat([]byte("x"), 40)...), Header{}},
		{"WebP", fixture(t, "lossy.webp"), Header{Format: WebP, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"lossless WebP", fixture(t, "lossless.webp"), Header{Format: WebP, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
		{"animated WebP", animated(t), Header{Format: WebP, Width: 80, Height: 50, Orientation: 1, Frames: 2}},
		{"WebP that claims another size", riff(vp8x(0, 10, 10), [2]string{"VP8 ", string(fixture(t, "lossy.webp")[20:])}), Header{}},
		{"PNG of a row too long", wide, Header{}},
		// The encoder makes sides multiples of its blocks, and crops when it is shown.
		{"HEIC", fixture(t, "photo.heic"), Header{Format: HEIC, Width: 64, Height: 64, Orientation: 1, Frames: 1}},
		{"AVIF", fixture(t, "photo.avif"), Header{Format: AVIF, Width: 60, Height: 40, Orientation: 1, Frames: 1}},
	} {
		got, _ := Inspect(bytes.NewReader(one.file))
		got = Header{Format: got.Format, Width: got.Width, Height: got.Height, Orientation: got.Orientation, Frames: got.Frames}
		if one.want.Format == "" {
			got = Header{}
			if _, err := New(1<<20).Process(t.Context(), bytes.NewReader(one.file), Options{Sizes: stored, MaxPixels: 1 << 20}); err == nil {
				t.Errorf("%s is taken", one.name)
			}
		}
		if !reflect.DeepEqual(got, one.want) {
			t.Errorf("%s: %+v, want %+v", one.name, got, one.want)
		}
	}
}

func TestTheFirstFrameOfAnAnimatedWebPIsShown(t *testing.T) {
	result := process(t, animated(t), stored...)
	m := decoded(t, result.Outputs[0])
	if o := result.Outputs[0]; o.Format != PNG || o.Width != 80 || o.Height != 50 {
		t.Errorf("%s of %d × %d", o.Format, o.Width, o.Height)
	}
	if _, _, _, beside := m.At(3, 3).RGBA(); beside != 0 {
		t.Error("beside the frame there is something")
	}
	if _, _, _, within := m.At(30, 20).RGBA(); within < 0x7000 || within > 0x9000 {
		t.Errorf("the frame's alpha is %x", within)
	}
}

// displayP3 is the profile that phones write, without its texts.
func displayP3() []byte {
	number := func(p []byte, list ...float64) []byte {
		for _, v := range list {
			p = binary.BigEndian.AppendUint32(p, uint32(int32(v*65536)))
		}
		return p
	}
	parts := [][]byte{
		number([]byte("XYZ \x00\x00\x00\x00"), 0.51512, 0.2412, -0.00105),
		number([]byte("XYZ \x00\x00\x00\x00"), 0.29198, 0.69225, 0.04189),
		number([]byte("XYZ \x00\x00\x00\x00"), 0.1571, 0.06657, 0.78407),
		number([]byte("para\x00\x00\x00\x00\x00\x03\x00\x00"), 2.4, 1/1.055, 0.055/1.055, 1/12.92, 0.04045),
	}
	p := make([]byte, 128)
	copy(p[16:], "RGB XYZ ")
	copy(p[36:], "acsp")
	p = binary.BigEndian.AppendUint32(p, 6)
	at := uint32(132 + 6*12)
	var body []byte
	for i, name := range []string{"rXYZ", "gXYZ", "bXYZ", "rTRC", "gTRC", "bTRC"} {
		if i <= 3 {
			at = uint32(132 + 6*12 + len(body))
			body = append(body, parts[i]...)
		}
		p = append(p, name...)
		p = binary.BigEndian.AppendUint32(p, at)
		p = binary.BigEndian.AppendUint32(p, uint32(len(parts[min(i, 3)])))
	}
	return append(p, body...)
}

// withProfile puts Display P3 into a JPEG.
func withProfile(file []byte) []byte {
	segment := append([]byte("\xff\xe2\x00\x00ICC_PROFILE\x00\x01\x01"), displayP3()...)
	binary.BigEndian.PutUint16(segment[2:], uint16(len(segment)-2))
	return append(append(append([]byte{}, file[:2]...), segment...), file[2:]...)
}

func TestColoursOfAProfileBecomeThoseOfSRGB(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 32, 32))
	for i := range m.Pix {
		m.Pix[i] = [4]byte{200, 100, 50, 255}[i%4]
	}
	result := process(t, withProfile(asJPEG(t, m)), append(stored, Size{Pixels: 100})...)
	for _, o := range result.Outputs {
		// By the published matrix from linear Display P3 to linear sRGB.
		if got := decoded(t, o).At(o.Width/2, o.Height/2); !near(got, color.NRGBA{215, 93, 31, 255}, 3) {
			t.Errorf("%v", got)
		}
		if bytes.Contains(o.Body, []byte("ICC")) {
			t.Error("the profile was kept")
		}
	}
}

func TestColorsStandOutFromEachOther(t *testing.T) {
	got := colors(drawn(60, 60, func(x, y int) (r, g, b int) {
		switch {
		case x > 20 && x < 40 && y > 20 && y < 30:
			return 250, 240, 230
		case x > 20 && x < 40 && y > 30 && y < 40:
			return 220, 40, 200
		}
		return 20, 30, 40
	}))
	if want := (Colors{"#141e28", "#faf0e6", "#dc28c8"}); got != want {
		t.Errorf("%v, want %v", got, want)
	}
	if got := colors(drawn(9, 9, func(int, int) (r, g, b int) { return 255, 255, 255 })); got != (Colors{"#ffffff", "#000000", "#000000"}) {
		t.Errorf("nothing but white: %v", got)
	}
}
