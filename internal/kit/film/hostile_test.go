package film

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

func written(t *testing.T, name string, body []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// everyWay runs a file through all that could read it.
func everyWay(t *testing.T, found Tools, in string, check func(t *testing.T, err error, out string)) {
	t.Helper()
	for name, way := range map[string]func(context.Context, string, string) error{
		"Video": found.Video, "GIF": found.GIF, "Audio": found.Audio, "Poster": found.Poster, "Artwork": found.Artwork, "Still": found.Still,
		"Probe": func(ctx context.Context, in, _ string) error { _, err := found.Probe(ctx, in); return err },
	} {
		t.Run(name, func(t *testing.T) {
			to := out(t, "to")
			check(t, way(t.Context(), in, to), to)
		})
	}
}

func TestFilesThatPointElsewhereAreNotFollowed(t *testing.T) {
	found := tools(t)
	target := written(t, "target", []byte(secret))
	pointers := map[string]string{
		"hls":     "#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile://" + target + "\n#EXT-X-ENDLIST\n",
		"concat":  "ffconcat version 1.0\nfile '" + target + "'\n",
		"svg":     `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="file://` + target + `"/></svg>`,
		"ass":     "[Script Info]\nScriptType: v4.00+\n[Fonts]\nfontname: file://" + target + "\n",
		"mvg":     "push graphic-context\nimage over 0,0 0,0 'file://" + target + "'\npop graphic-context\n",
		"sdp":     "v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n",
		"pattern": "%d.png",
		"dash":    `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file://` + target + `</BaseURL></MPD>`,
	}
	beginnings := map[string]string{
		"bare": "", "mp4": "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2", "webm": "\x1aE\xdf\xa3", "gif": "GIF89a", "mp3": "ID3", "ogg": "OggS",
		"wav": "RIFF\xff\xff\xff\x7fWAVE", "heic": "\x00\x00\x00\x18ftypheic\x00\x00\x00\x00heicmif1", "avif": "\x00\x00\x00\x18ftypavif\x00\x00\x00\x00avifmif1",
	}
	for pointing, text := range pointers {
		for beginning, bytes := range beginnings {
			if beginning != "bare" && pointing != "hls" && pointing != "concat" {
				continue
			}
			in := written(t, pointing+"-"+beginning+".mp4", []byte(bytes+text))
			to := out(t, "to")
			wasRefused(t, found.Still(t.Context(), in, to), to, "supported")
			_, err := found.Probe(t.Context(), in) // before every other conversion
			wasRefused(t, err, to, "supported")
		}
	}
}

func TestADataReferenceToAnotherFileIsNotOpened(t *testing.T) {
	found := tools(t)
	in := made(t, "a.mov", "-vf", "scale=160:120", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-an")
	body, err := os.ReadFile(in)
	if err != nil {
		t.Fatal(err)
	}
	// The film lies in another file, says its index: a URL in place of "in this file".
	own := []byte("\x00\x00\x00\x0curl \x00\x00\x00\x01")
	if !bytes.Contains(body, own) {
		own = []byte("\x00\x00\x00\x0calis\x00\x00\x00\x01")
	}
	if !bytes.Contains(body, own) {
		t.Fatal("the test's file is not what it should be")
	}
	elsewhere := bytes.Clone(own)
	elsewhere[len(elsewhere)-1] = 0
	to := out(t, "to.mp4")
	err = found.Video(t.Context(), written(t, "in.mov", bytes.ReplaceAll(body, own, elsewhere)), to)
	if err == nil {
		isPlayable(t, found, to, 160, 120, "") // its own bytes, then
	} else {
		wasRefused(t, err, to, "")
	}
}

func TestEmptyAndBrokenFilesAreRefused(t *testing.T) {
	found := tools(t)
	whole, err := os.ReadFile(made(t, "a.mp4", "-vf", "scale=160:120", "-c:v", "libx264", "-pix_fmt", "yuv420p"))
	if err != nil {
		t.Fatal(err)
	}
	for name, body := range map[string][]byte{"empty": nil, "half": whole[:len(whole)/2]} {
		everyWay(t, found, written(t, name, body), func(t *testing.T, err error, to string) { wasRefused(t, err, to, "supported") })
	}
	if _, err := found.Probe(t.Context(), filepath.Join(t.TempDir(), "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if testing.Short() {
		return
	}
	// Bits that flipped: an answer, or a refusal, in time; never a hang or a file that is half.
	for _, name := range []string{"a.webm", "a.gif", "a.mp3", "a.ogg", "a.flac", "a.mp4"} {
		body, err := os.ReadFile(made(t, name))
		if err != nil {
			t.Fatal(err)
		}
		for i := 64; i < len(body); i += 97 {
			body[i] ^= 0x55
		}
		to := out(t, "to")
		if err := found.Poster(t.Context(), written(t, name, body), to); err != nil {
			wasRefused(t, err, to, "")
		}
	}
}

func TestHugeHeadersAreRefused(t *testing.T) {
	found := tools(t)
	gif, err := os.ReadFile(made(t, "a.gif", "-frames:v", "2"))
	if err != nil {
		t.Fatal(err)
	}
	copy(gif[6:10], "\xff\xff\xff\xff")
	frame := bytes.Index(gif, []byte{0x2c, 0, 0, 0, 0})
	copy(gif[frame+5:frame+9], "\xff\xff\xff\xff")
	to := out(t, "to.mp4")
	in := written(t, "huge.gif", gif)
	wasRefused(t, found.GIF(t.Context(), in, to), to, "")
	wasRefused(t, found.Poster(t.Context(), in, to), to, "")

	many := made(t, "many.gif", "-vf", "scale=4:4,loop=36010:10", "-an", "-t", "3700")
	wasRefused(t, found.GIF(t.Context(), many, to), to, "36000 pictures")

	song, err := os.ReadFile(made(t, "a.mp3", "-vn", "-id3v2_version", "0", "-write_xing", "0"))
	if err != nil {
		t.Fatal(err)
	}
	in = written(t, "cover.mp3", append(withArtwork(hugePNG(100_000, 100_000)), song...))
	wasRefused(t, found.Artwork(t.Context(), in, to), to, "")
	if err := found.Audio(t.Context(), in, out(t, "to.mp3")); err != nil {
		t.Errorf("the sound was refused for its picture: %v", err)
	}

	for _, kind := range [][]string{nil, {"-A"}} {
		in := out(t, "in")
		command(t, "heif-enc", append(kind, "-o", in, made(t, "a.png", "-frames:v", "1", "-an"))...)
		body, err := os.ReadFile(in)
		if err != nil {
			t.Fatal(err)
		}
		place := bytes.Index(body, []byte("ispe")) + 8
		binary.BigEndian.PutUint32(body[place:], 100_000)
		binary.BigEndian.PutUint32(body[place+4:], 100_000)
		if err := found.Still(t.Context(), written(t, "huge", body), to); err != nil {
			wasRefused(t, err, to, "") // a decoder may go by the picture's own, true size
		}
	}
}

func hugePNG(width, height uint32) []byte {
	head := binary.BigEndian.AppendUint32([]byte("IHDR"), width)
	head = append(binary.BigEndian.AppendUint32(head, height), 8, 6, 0, 0, 0)
	png := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), head...)
	png = binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(head))
	data := []byte("IDATx\x9c\x03\x00\x00\x00\x00\x01")
	png = append(append(png, 0, 0, 0, 8), data...)
	return append(binary.BigEndian.AppendUint32(png, crc32.ChecksumIEEE(data)), "\x00\x00\x00\x00IEND\xae\x42\x60\x82"...)
}

// withArtwork is an ID3 tag with a picture in it.
func withArtwork(picture []byte) []byte {
	body := append([]byte("\x00image/png\x00\x03\x00"), picture...)
	frame := append(binary.BigEndian.AppendUint32([]byte("APIC"), uint32(len(body))), 0, 0)
	frame = append(frame, body...)
	n := len(frame)
	return append([]byte{'I', 'D', '3', 3, 0, 0, byte(n >> 21 & 127), byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}, frame...)
}

func bounded(found Tools, b bounds) Tools {
	found.bounds = &b
	return found
}

func TestEveryBoundTripsWithItsOwnWords(t *testing.T) {
	found := tools(t)
	for _, test := range []struct {
		name  string
		film  string
		tight bounds
		words string
	}{
		{"time", "scale=320:240", bounds{memory: 2048 * mb, output: 64 * mb, time: 20 * time.Millisecond}, "takes too long"},
		{"memory", "scale=1920:1080,trim=end_frame=2", bounds{memory: 330 * mb, output: 64 * mb, time: time.Minute}, "too much memory"},
		{"output", "scale=320:240", bounds{memory: 2048 * mb, output: 4 << 10, time: time.Minute}, "too large"},
	} {
		t.Run(test.name, func(t *testing.T) {
			in := made(t, "a.mkv", "-c:v", "mpeg4", "-q:v", "9", "-an", "-vf", test.film)
			to, begin := out(t, "to.mp4"), time.Now()
			wasRefused(t, bounded(found, test.tight).Video(t.Context(), in, to), to, test.words)
			if took := time.Since(begin); took > 30*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// shell runs a command as a decoder would be run.
func shell(t *testing.T, found Tools, in *os.File, script string) (string, error) {
	t.Helper()
	said, err := found.run(t.Context(), work{bounds: probing, program: "/bin/sh", args: []string{"-c", script}, in: in}, "")
	return strings.TrimSpace(string(said)), err
}

func TestADecoderIsAlone(t *testing.T) {
	found := Tools{offline: canBeOffline(t.Context())}
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	t.Setenv("ANANCUS_MEDIA_S3_SECRET", secret)
	for script, want := range map[string]string{
		"ulimit -v":                 strconv.Itoa(1024 << 10),
		"ulimit -t":                 "61",
		"ulimit -n":                 "32",
		"ulimit -f":                 "2048",
		"ulimit -c":                 "0",
		"read x; echo $?":           "1",
		"ls -A | wc -l | tr -d ' '": "0",
		"env | grep -c SECRET":      "0",
		"set -- $(cat /proc/$$/stat); [ $1 = $5 ] && echo group": "group",
	} {
		got, err := shell(t, found, null, script+"; :")
		if err != nil || got != want {
			t.Errorf("%s: %q, %v; want %q", script, got, err, want)
		}
	}
	if !found.offline {
		t.Log("NOT TESTED: this system lets nobody give up the network")
		return
	}
	if got, err := shell(t, found, null, "grep -c : /proc/net/dev; grep -c lo: /proc/net/dev"); err != nil || got != "1\n1" {
		t.Errorf("interfaces: %q, %v", got, err)
	}
}

func TestADecoderThatDoesNotEndIsEnded(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	found := bounded(Tools{}, bounds{memory: 64 * mb, output: mb, time: 300 * time.Millisecond})
	if _, err := shell(t, found, null, "while :; do :; done"); err == nil || !strings.Contains(err.Error(), "takes too long") {
		t.Errorf("got %v", err)
	}
}

func TestALongAnswerAndLongComplaintsAreBounded(t *testing.T) {
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = null.Close() }()
	if _, err := shell(t, Tools{}, null, "head -c 9000000 /dev/zero"); err == nil || !strings.Contains(err.Error(), "too long") {
		t.Errorf("got %v", err)
	}
	if _, err := shell(t, Tools{}, null, "yes complaint | head -c 9000000 >&2; exit 1"); err == nil || len(err.Error()) > 2*maxWords {
		t.Errorf("an error of %d bytes", len(err.Error()))
	}
}

func TestWhoeverGoesAwayTakesTheDecodersAlong(t *testing.T) {
	pids := written(t, "pids", nil)
	f, err := os.OpenFile(pids, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Tools{}.run(ctx, work{bounds: probing, program: "/bin/sh", args: []string{"-c", "sleep 60 & echo $! >&3; wait"}, in: f}, "")
		ended <- err
	}()
	pid := awaitPid(t, pids)
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	awaitEnd(t, pid)
}

// parent, in the environment, makes the test binary start a decoder that does not end.
const parent = "FILM_TEST_PARENT"

func TestMain(m *testing.M) {
	if pids := os.Getenv(parent); pids != "" {
		f, err := os.OpenFile(pids, os.O_RDWR, 0)
		if err == nil {
			_, err = Tools{}.run(context.Background(), work{bounds: probing, program: "/bin/sh", args: []string{"-c", "echo $$ >&3; exec sleep 60"}, in: f}, "")
		}
		panic(err)
	}
	os.Exit(m.Run())
}

func TestADecoderDiesWithItsServer(t *testing.T) {
	if confined(false).Pdeathsig == 0 {
		t.Skip("this system has no such thing")
	}
	pids := written(t, "pids", nil)
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), parent+"="+pids, "TMPDIR="+t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := awaitPid(t, pids)
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	awaitEnd(t, pid)
}

func awaitPid(t *testing.T, path string) int {
	t.Helper()
	for range 1000 {
		body, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if line, whole := strings.CutSuffix(string(body), "\n"); whole {
			pid, err := strconv.Atoi(line)
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatal("the decoder did not start")
	return 0
}

func awaitEnd(t *testing.T, pid int) {
	t.Helper()
	for range 1000 {
		state, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		if err != nil && syscall.Kill(pid, 0) != nil || strings.Contains(string(state), ") Z") {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d lives on", pid)
}
