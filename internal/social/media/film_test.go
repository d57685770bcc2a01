package media

import (
	"bytes"
	"image"
	"image/color"
	"image/gif"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/film"

	"golang.org/x/sync/semaphore"
)

func opened(t *testing.T, body string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "film.mp4")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// moving is a GIF of two pictures.
func moving(t *testing.T) string {
	t.Helper()
	frame := func() *image.Paletted {
		return image.NewPaletted(image.Rect(0, 0, 8, 8), color.Palette{color.Black, color.White})
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, &gif.GIF{Image: []*image.Paletted{frame(), frame()}, Delay: []int{10, 10}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestWithoutTheProgramsPicturesAreStillTaken(t *testing.T) {
	s := &Service{reading: semaphore.NewWeighted(1)}
	if want := []string{"image/jpeg", "image/png", "image/gif", "image/webp"}; !slices.Equal(s.Types(), want) {
		t.Errorf("Types() = %v, want %v", s.Types(), want)
	}
	if is, err := s.recognise(t.Context(), opened(t, moving(t))); err != nil || is.kind != Image {
		t.Errorf("a moving GIF is %+v, %v, want an image", is, err)
	}
	for name, beginning := range map[string]string{"a film": "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "a sound": "OggS\x00\x02"} {
		_, err := s.recognise(t.Context(), opened(t, beginning+strings.Repeat("\x00", 100)))
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "ffmpeg is not installed") {
			t.Errorf("%s is refused with %v", name, err)
		}
	}
}

func TestWithTheProgramsTheirTypesAreNamed(t *testing.T) {
	s := &Service{films: film.Tools{FFmpeg: film.Program{Path: "x"}, FFprobe: film.Program{Path: "x"}, Heif: film.Program{Path: "x"}}}
	for _, one := range []string{"image/heic", "image/avif", "video/mp4", "video/webm", "audio/mpeg", "video/x-ms-asf"} {
		if !slices.Contains(s.Types(), one) {
			t.Errorf("%s is not among %v", one, s.Types())
		}
	}
}

func TestFilmsThatBelongToOtherServersAreCopiedOnlyOnce(t *testing.T) {
	s := &Service{films: film.Tools{FFmpeg: film.Program{Path: "x"}, FFprobe: film.Program{Path: "x"}}}
	none := &Service{}
	for _, test := range []struct {
		a                Attachment
		with, withoutAny bool
	}{
		{Attachment{Kind: Image, Remote: "https://x/"}, true, true},
		{Attachment{Kind: Video, Remote: "https://x/"}, true, false},
		{Attachment{Kind: Audio, Remote: "https://x/"}, true, false},
		{Attachment{Kind: Unknown, Remote: "https://x/"}, false, false},
		{Attachment{Kind: Video}, false, false},
		{Attachment{Kind: Video, Remote: "https://x/", Original: "k"}, false, false},
		{Attachment{Kind: Video, Remote: "https://x/", Upload: "k"}, false, false},
		{Attachment{Kind: Video, Remote: "https://x/", Failure: "it is damaged"}, false, false},
	} {
		if s.toCopy(&test.a) != test.with || none.toCopy(&test.a) != test.withoutAny {
			t.Errorf("%+v: toCopy = %v with programs and %v without", test.a, s.toCopy(&test.a), none.toCopy(&test.a))
		}
	}
}
