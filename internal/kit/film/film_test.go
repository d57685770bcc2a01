package film

import (
	"bytes"
	"context"
	"fmt"
	"image"
	_ "image/jpeg"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/fault"
)

// secret is put into whatever a file can tell of itself, and must come out nowhere.
const secret = "SECRET-PLACE"

// installed are the programs of the machine, looked for once: each look starts four of them.
var installed = sync.OnceValue(func() Tools { return Find(context.Background()) })

func tools(t *testing.T) Tools {
	t.Helper()
	found := installed()
	if !found.Films() || !found.Stills() {
		if os.Getenv("ANANCUS_TEST_REQUIRE_FILM") != "" {
			t.Fatal("ffmpeg, ffprobe and heif-convert must be installed")
		}
		t.Skip("NOT TESTED: video, sound, HEIC and AVIF; ffmpeg or heif-convert is not installed (scripts/test installs them)")
	}
	return found
}

// command runs a program to make a file for a test, and gives what it says.
func command(t *testing.T, name string, args ...string) string {
	t.Helper()
	said, err := exec.CommandContext(t.Context(), name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, said)
	}
	return string(said)
}

// made makes a file by ffmpeg, with pictures, sound, or both.
func made(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	sources := []string{"-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=161x121:r=10:d=1", "-f", "lavfi", "-i", "sine=d=1"}
	args = append(append(sources, args...), "-metadata", "title="+secret, "-metadata", "location="+secret, path)
	command(t, "ffmpeg", args...)
	return path
}

func out(t *testing.T, name string) string { return filepath.Join(t.TempDir(), name) }

// wasRefused looks at the refusal, and that nothing was left behind.
func wasRefused(t *testing.T, err error, out, words string) {
	t.Helper()
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want a refusal with %q", err, words)
	}
	if left, _ := os.ReadDir(filepath.Dir(out)); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTheProgramsTellTheirVersions(t *testing.T) {
	found := tools(t)
	for _, p := range []Program{found.FFmpeg, found.FFprobe, found.Heif} {
		if p.Path == "" || p.Version == "unknown" || !strings.Contains(p.Version, ".") {
			t.Errorf("%+v", p)
		}
	}
}

func TestWithoutProgramsEverythingIsRefusedPlainly(t *testing.T) {
	var none Tools
	_, err := none.Probe(t.Context(), "x")
	for name, err := range map[string]error{
		"Probe": err, "Video": none.Video(t.Context(), "x", "y"), "GIF": none.GIF(t.Context(), "x", "y"), "Audio": none.Audio(t.Context(), "x", "y"),
		"Poster": none.Poster(t.Context(), "x", "y"), "Artwork": none.Artwork(t.Context(), "x", "y"), "Still": none.Still(t.Context(), "x", "y"),
	} {
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "is not installed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestEveryFormatIsKnownByItsBytesAndProbed(t *testing.T) {
	found := tools(t)
	for _, test := range []struct {
		name         string
		args         string
		format       Format
		video, audio string
	}{
		{"a.mp4", "-c:v libx264 -pix_fmt yuv444p -c:a aac", MP4, "h264", "aac"},
		{"a.m4v", "-c:v mpeg4 -an -f mp4", MP4, "mpeg4", ""},
		{"a.mov", "-vf scale=160:120 -c:v prores -c:a pcm_s16le", MP4, "prores", "pcm_s16le"},
		{"a.3gp", "-vf scale=176:144 -c:v h263 -c:a aac", MP4, "h263", "aac"},
		{"a.webm", "-c:v libvpx -c:a libopus", Matroska, "vp8", "opus"},
		{"b.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -an", Matroska, "vp9", ""},
		{"a.mkv", "-c:v libx264 -c:a flac", Matroska, "h264", "flac"},
		{"a.gif", "", GIF, "gif", ""},
		{"a.mp3", "-vn", MP3, "", "mp3"},
		{"bare.mp3", "-vn -write_xing 0 -id3v2_version 0", MP3, "", "mp3"},
		{"a.ogg", "-vn -c:a libvorbis", Ogg, "", "vorbis"},
		{"a.opus", "-vn -c:a libopus", Ogg, "", "opus"},
		{"a.wav", "-vn", WAV, "", "pcm_s16le"},
		{"a.flac", "-vn", FLAC, "", "flac"},
		{"a.aac", "-vn -f adts", AAC, "", "aac"},
		{"a.m4a", "-vn", MP4, "", "aac"},
		{"b.m4a", "-vn -c:a alac", MP4, "", "alac"},
		{"a.wma", "-vn -c:a wmav2", ASF, "", "wmav2"},
	} {
		t.Run(test.name, func(t *testing.T) {
			info, err := found.Probe(t.Context(), made(t, test.name, strings.Fields(test.args)...))
			if err != nil {
				t.Fatal(err)
			}
			var video, audio string
			if v := info.Video; v != nil {
				video = v.Codec
				if v.Width < 160 || v.Height < 120 || math.Abs(v.FrameRate-10) > 0.5 || v.Frames < 9 || v.Frames > 11 || v.PixelFormat == "" {
					t.Errorf("%+v", *v)
				}
			}
			if a := info.Audio; a != nil {
				audio = a.Codec
				if a.SampleRate < 8000 || a.Channels != 1 {
					t.Errorf("%+v", *a)
				}
			}
			if info.Format != test.format || video != test.video || audio != test.audio || info.Artwork {
				t.Errorf("%+v with video %q and audio %q", info, video, audio)
			}
			if (info.Duration - time.Second).Abs() > 200*time.Millisecond {
				t.Errorf("lasts %v", info.Duration)
			}
		})
	}
}

func TestAVideoThatFitsIsCopied(t *testing.T) {
	found := tools(t)
	for _, test := range []struct{ name, audio string }{{"a.mkv", "aac"}, {"silent.mov", ""}} {
		args := []string{"-vf", "scale=160:120", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-an"}
		if test.audio != "" {
			args = append(args[:len(args)-1], "-c:a", test.audio)
		}
		in, to := made(t, test.name, args...), out(t, "to.mp4")
		if err := found.Video(t.Context(), in, to); err != nil {
			t.Fatal(err)
		}
		streams := func(path string) string {
			return command(t, "ffmpeg", "-v", "error", "-i", path, "-map", "0:v", "-f", "framemd5", "-")
		}
		before, after := streams(in), streams(to)
		if before, after := before[strings.LastIndex(before, "#"):], after[strings.LastIndex(after, "#"):]; before != after {
			t.Errorf("%s: pictures are not the same:\n%s\n%s", test.name, before, after)
		}
		isPlayable(t, found, to, 160, 120, test.audio)
	}
}

func TestOtherVideosBecomeH264(t *testing.T) {
	found := tools(t)
	for _, test := range []struct{ name, args, audio string }{
		{"odd.webm", "-c:v libvpx -c:a libvorbis", "aac"},
		{"silent.webm", "-c:v libvpx-vp9 -deadline realtime -cpu-used 8 -an", ""},
		{"colours.mp4", "-c:v libx264 -pix_fmt yuv444p -c:a aac", "aac"},
		{"ten-bits.mov", "-vf scale=160:120 -c:v prores -c:a pcm_s16be", "aac"},
	} {
		in, to := made(t, test.name, strings.Fields(test.args)...), out(t, "to.mp4")
		if err := found.Video(t.Context(), in, to); err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		isPlayable(t, found, to, 160, 120, test.audio)
	}
}

// isPlayable holds a video to what every browser plays, from its first bytes on, and looks for what should not be in it.
func isPlayable(t *testing.T, found Tools, path string, width, height int, audio string) {
	t.Helper()
	info, err := found.Probe(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	v := info.Video
	if v == nil || v.Codec != "h264" || v.PixelFormat != "yuv420p" || v.Width != width || v.Height != height || info.Format != MP4 {
		t.Errorf("%s: %+v", path, v)
	}
	if info.Audio == nil && audio != "" || info.Audio != nil && info.Audio.Codec != audio {
		t.Errorf("%s: %+v, want %q", path, info.Audio, audio)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if index, films := bytes.Index(body, []byte("moov")), bytes.Index(body, []byte("mdat")); index < 0 || index > films {
		t.Errorf("%s does not begin to play before it is whole", path)
	}
	tellsNothing(t, path)
}

func tellsNothing(t *testing.T, path string) {
	t.Helper()
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte(secret)) || bytes.Contains(body, []byte("Exif")) {
		t.Errorf("%s tells where it was made", path)
	}
}

func TestATurnedVideoIsShownUpright(t *testing.T) {
	found := tools(t)
	in := made(t, "a.mp4", "-vf", "scale=160:80", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-an")
	turned := out(t, "turned.mp4")
	command(t, "ffmpeg", "-v", "error", "-i", in, "-c", "copy", "-metadata:s:v", "rotate=90", turned)
	info, err := found.Probe(t.Context(), turned)
	if err != nil || info.Video.Width != 80 || info.Video.Height != 160 {
		t.Skipf("this ffmpeg cannot turn a video for the test: %+v, %v", info.Video, err)
	}
	to, poster := out(t, "to.mp4"), out(t, "to.jpg")
	if err := found.Video(t.Context(), turned, to); err != nil {
		t.Fatal(err)
	}
	isPlayable(t, found, to, 80, 160, "")
	if err := found.Poster(t.Context(), turned, poster); err != nil {
		t.Fatal(err)
	}
	isPicture(t, poster, 80, 160)
}

func isPicture(t *testing.T, path string, width, height int) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	picture, kind, err := image.Decode(f)
	if err != nil || kind != "jpeg" || picture.Bounds() != image.Rect(0, 0, width, height) {
		t.Fatalf("%s: %s %v %v, want %dx%d", path, kind, picture.Bounds(), err, width, height)
	}
	tellsNothing(t, path)
	return picture
}

func TestAnAnimationBecomesASilentVideo(t *testing.T) {
	found := tools(t)
	for size, want := range map[string][2]int{"161x121": {160, 120}, "1x1": {2, 2}, "1x51": {2, 50}, "64x64": {64, 64}} {
		in, to := made(t, "a.gif", "-vf", "scale="+strings.Replace(size, "x", ":", 1)), out(t, "to.mp4")
		if err := found.GIF(t.Context(), in, to); err != nil {
			t.Errorf("%s: %v", size, err)
			continue
		}
		isPlayable(t, found, to, want[0], want[1], "")
	}
	to := out(t, "to.mp4")
	wasRefused(t, found.GIF(t.Context(), made(t, "a.gif", "-vf", "scale=1282:720", "-r", "2"), to), to, "1282x720 GIF")
	wasRefused(t, found.GIF(t.Context(), made(t, "a.mp4"), to), to, "type that is not supported")
}

func TestSoundBecomesMP3WithItsPictureBeside(t *testing.T) {
	found := tools(t)
	cover := made(t, "cover.png", "-frames:v", "1", "-an")
	for _, test := range []struct {
		name, args string
		artwork    bool
	}{
		{"a.ogg", "-vn -c:a libvorbis", false}, {"a.wma", "-vn -c:a wmav2", false},
		{"film.mp4", "-c:v libx264 -c:a aac", false},
		{"cover.mp3", "-map 1:a -map 2:v -c:v copy -disposition:v attached_pic", true},
		{"cover.flac", "-map 1:a -map 2:v -c:v copy -disposition:v attached_pic", true},
		{"cover.m4a", "-map 1:a -map 2:v -c:v copy -disposition:v attached_pic", true},
	} {
		t.Run(test.name, func(t *testing.T) {
			in, to, picture := made(t, test.name, append([]string{"-i", cover}, strings.Fields(test.args)...)...), out(t, "to.mp3"), out(t, "to.jpg")
			if err := found.Audio(t.Context(), in, to); err != nil {
				t.Fatal(err)
			}
			info, err := found.Probe(t.Context(), to)
			if err != nil || info.Format != MP3 || info.Audio == nil || info.Audio.Codec != "mp3" || info.Video != nil || info.Artwork {
				t.Errorf("%+v, %v", info, err)
			}
			tellsNothing(t, to)
			if err := found.Artwork(t.Context(), in, picture); !test.artwork {
				wasRefused(t, err, picture, "No picture")
			} else if err != nil {
				t.Error(err)
			} else {
				isPicture(t, picture, 161, 121)
			}
		})
	}
	to := out(t, "to.mp3")
	wasRefused(t, found.Audio(t.Context(), made(t, "silent.mp4", "-an"), to), to, "no sound")
	wasRefused(t, found.Video(t.Context(), made(t, "a.mp3", "-vn"), to), to, "no moving pictures")
}

func TestAnMP3ThatIsCopiedIsItsFramesAndNothingElse(t *testing.T) {
	found := tools(t)
	path := made(t, "a.mp3", "-vn", "-id3v2_version", "0", "-b:a", "32k")
	plain, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, _ = bytes.Cut(plain, []byte("TAG"+secret)) // ffmpeg hangs one on
	junk := []byte("<html>" + secret + "PK\x03\x04\xff\xfb\x10\xff\xff\xff")
	half := plain[:0:0]
	for at := 0; at < len(plain)/2; at = len(half) {
		length, ok := frameLength(plain[at:])
		if !ok {
			t.Fatal("the test's file is not what it should be")
		}
		half = append(half, plain[at:at+length]...)
	}
	for name, body := range map[string][]byte{
		"as it is": plain, "with a tag": append(append([]byte{}, plain...), append([]byte("TAG"+secret), make([]byte, 125-len(secret))...)...), "with a file behind": append(append([]byte{}, plain...), junk...),
		"with a file in between": append(append(append([]byte{}, half...), junk...), plain[len(half):]...),
	} {
		to := out(t, "to.mp3")
		if err := found.Audio(t.Context(), written(t, "in.mp3", body), to); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		tellsNothing(t, to)
		got, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		if info, err := found.Probe(t.Context(), to); err != nil || (info.Duration-time.Second).Abs() > 200*time.Millisecond || bytes.Contains(got, []byte("<html>")) {
			t.Errorf("%s: it lasts %v: %v", name, info.Duration, err)
		}
	}
	for name, body := range map[string]string{"nothing": "", "words": "TAG" + secret, "heads without bodies": strings.Repeat("\xff\xfb\x10\x00", 3), "half a frame": string(plain[:20])} {
		in := written(t, "none.mp3", []byte(body))
		if err := framesOnly(in); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(in); err == nil {
			t.Errorf("%s: it is left behind", name)
		}
	}
}

func TestAPosterIsTheFirstPictureInItsColours(t *testing.T) {
	found := tools(t)
	in := out(t, "red.mp4")
	command(t, "ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=red:s=64x48:d=1,format=yuv420p", "-colorspace", "bt709", "-color_range", "tv",
		"-vf", "scale=out_color_matrix=bt709", "-c:v", "libx264", in)
	to := out(t, "to.jpg")
	if err := found.Poster(t.Context(), in, to); err != nil {
		t.Fatal(err)
	}
	if r, g, b, _ := isPicture(t, to, 64, 48).At(30, 20).RGBA(); r>>8 < 245 || g>>8 > 10 || b>>8 > 10 {
		t.Errorf("red became %d %d %d", r>>8, g>>8, b>>8)
	}
}

func TestPicturesThatGoCannotDecodeBecomeJPEG(t *testing.T) {
	found := tools(t)
	plain := made(t, "plain.jpg", "-frames:v", "1", "-an", "-q:v", "2")
	body, err := os.ReadFile(plain)
	if err != nil {
		t.Fatal(err)
	}
	exif := "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00" + secret
	told := filepath.Join(t.TempDir(), "told.jpg")
	segment := append([]byte{0xff, 0xe1, 0, byte(len(exif) + 2)}, exif...)
	if err := os.WriteFile(told, bytes.Join([][]byte{body[:2], segment, body[2:]}, nil), 0o600); err != nil {
		t.Fatal(err)
	}
	for format, args := range map[Format][]string{HEIC: nil, AVIF: {"-A"}} {
		in, to := out(t, "in."+string(format)), out(t, "to.jpg")
		command(t, "heif-enc", append(args, "-o", in, told)...)
		if made, _ := os.ReadFile(in); !bytes.Contains(made, []byte(secret)) || Sniff(made) != format {
			t.Fatalf("%s: the test's file is not what it should be", format)
		}
		if err := found.Still(t.Context(), in, to); err != nil {
			t.Errorf("%s: %v", format, err)
			continue
		}
		isPicture(t, to, 161, 121)
	}
	to := out(t, "to.jpg")
	wasRefused(t, found.Still(t.Context(), made(t, "a.mp4"), to), to, "type that is not supported")
}

func TestWhatIsTooLargeOrTooFastIsRefused(t *testing.T) {
	found := tools(t)
	for args, words := range map[string]string{
		"-c:v mpeg4 -vf scale=3842:2160 -frames:v 1": "3842x2160 videos",
		"-c:v mpeg4 -r 125":                          "125fps videos",
	} {
		in, to := made(t, "a.mp4", strings.Fields(args)...), out(t, "to.mp4")
		wasRefused(t, found.Video(t.Context(), in, to), to, words)
	}
	v := &Video{Width: 3840, Height: 2160, FrameRate: 120}
	if err := checkVideo(v); err != nil {
		t.Error(err)
	}
}

func TestAFullSizedVideoIsConvertedWithinItsMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds of two processors")
	}
	found := tools(t)
	in, to := made(t, "large.mp4", "-c:v", "mpeg4", "-q:v", "5", "-vf", "scale=3840:2160", "-frames:v", "4", "-an"), out(t, "to.mp4")
	if err := found.Video(t.Context(), in, to); err != nil {
		t.Fatal(err)
	}
	isPlayable(t, found, to, 3840, 2160, "")
}

func ExampleSniff() {
	fmt.Println(Sniff([]byte("OggS")), Sniff([]byte("\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1heic")), Sniff([]byte("#EXTM3U")) == "")
	// Output: ogg heic true
}
