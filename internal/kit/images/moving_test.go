package images

import (
	"bytes"
	"errors"
	"image/gif"
	"testing"
)

// withComment puts a comment before the first picture of a GIF without a common palette, and something behind its end.
func withComment(file []byte) []byte {
	at := 13 + int(palette(file[10]))
	return bytes.Join([][]byte{file[:at], []byte("\x21\xfe\x09GPS 52 N!\x00"), file[at:], []byte("<script>alert(1)</script>")}, nil)
}

func TestAnAnimationKeepsItsFramesAndLosesWhatCannotBeSeen(t *testing.T) {
	moving := animated(t)
	apng := withChunk(withChunk(asPNG(t, quarters(8, 8)), "acTL", []byte{0, 0, 0, 2, 0, 0, 0, 0}), "tEXt", []byte("Comment\x00GPS 52 N!"))
	for name, file := range map[string][]byte{
		"GIF": withComment(asGIF(t, 3)), "PNG": append(apng, "GPS <script>"...),
		"WebP": riffed(moving, [2]string{"EXIF", "GPS 52 N!!"}, [2]string{"XMP ", "<script>"}),
	} {
		before, err := Inspect(bytes.NewReader(file))
		if err != nil || !before.Animated() {
			t.Fatalf("%s: %+v %v", name, before, err)
		}
		bare, err := StripMoving(bytes.NewReader(file), before.Format)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		after, err := Inspect(bytes.NewReader(bare))
		if err != nil || after.Frames != before.Frames || after.Width != before.Width || after.Height != before.Height {
			t.Errorf("%s was %+v and is %+v, %v", name, before, after, err)
		}
		if bytes.Contains(bare, []byte("GPS")) || bytes.Contains(bare, []byte("<script>")) || len(bare) >= len(file) {
			t.Errorf("%s of %d bytes keeps %d with more than its frames", name, len(file), len(bare))
		}
		again, err := StripMoving(bytes.NewReader(bare), before.Format)
		if err != nil || !bytes.Equal(again, bare) {
			t.Errorf("%s loses something more when it is stripped again: %v", name, err)
		}
		if before.Format == GIF {
			if all, err := gif.DecodeAll(bytes.NewReader(bare)); err != nil || len(all.Image) != 3 || all.Delay[1] != 5 {
				t.Errorf("a GIF does not move any more: %v", err)
			}
		}
	}
}

func TestADamagedAnimationIsRefusedOrEnds(t *testing.T) {
	for name, file := range map[string][]byte{"GIF": asGIF(t, 3)[:20], "PNG": asPNG(t, quarters(8, 8))[:30], "WebP": riff(vp8x(2, 4, 4))[:22]} {
		format := map[string]Format{"GIF": GIF, "PNG": PNG, "WebP": WebP}[name]
		if _, err := StripMoving(bytes.NewReader(file), format); !errors.Is(err, ErrDamaged) {
			t.Errorf("half a %s gives %v", name, err)
		}
	}
	if _, err := StripMoving(bytes.NewReader(nil), JPEG); !errors.Is(err, ErrFormat) {
		t.Errorf("a JPEG gives %v", err)
	}
}

// riffed puts chunks at the end of a WebP.
func riffed(file []byte, chunks ...[2]string) []byte {
	body := riff(chunks...)[12:]
	out := append(bytes.Clone(file), body...)
	size := len(out) - 8
	out[4], out[5], out[6], out[7] = byte(size), byte(size>>8), byte(size>>16), byte(size>>24)
	return out
}
