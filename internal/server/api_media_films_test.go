package server_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/kit/film"
	"anancus/internal/server/servertest"
)

// hidingPlace is put into whatever a file can tell of itself, and must come out nowhere.
const hidingPlace = "SECRET-PLACE"

// installed are the programs of the machine, looked for once.
var installed = sync.OnceValue(func() film.Tools { return film.Find(context.Background()) })

// needFilms skips where the programs are not installed; scripts/test installs them.
func needFilms(t *testing.T) {
	t.Helper()
	if found := installed(); !found.Films() || !found.Stills() {
		if os.Getenv("ANANCUS_TEST_REQUIRE_FILM") != "" {
			t.Fatal("ffmpeg, ffprobe and heif-convert must be installed")
		}
		t.Skip("NOT TESTED: video, sound, HEIC and AVIF; ffmpeg or heif-convert is not installed (scripts/test installs them)")
	}
}

// manyFilms is needFilms for stories whose time programs of the machine take, one after the other: the race detector, for which tests are
// short, learns nothing from those that it does not learn from a few.
func manyFilms(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("runs programs of the machine for seconds")
	}
	needFilms(t)
}

// filmedBefore are films that were made already, by their endings and arguments.
var filmedBefore sync.Map

// filmed makes a short film with sound by ffmpeg; what is not wanted is taken out by the arguments.
func filmed(t *testing.T, name, args string) []byte {
	t.Helper()
	key := filepath.Ext(name) + " " + args
	if body, there := filmedBefore.Load(key); there && !strings.Contains(args, "-i ") {
		return bytes.Clone(body.([]byte))
	}
	path := filepath.Join(t.TempDir(), name)
	words := strings.Fields("-v error -y -f lavfi -i testsrc=s=96x64:r=10:d=0.5 -f lavfi -i sine=d=0.5 " + args + " -metadata title=" + hidingPlace + " -metadata location=+52.5+013.4/" + hidingPlace)
	if said, err := exec.CommandContext(t.Context(), "ffmpeg", append(words, path)...).CombinedOutput(); err != nil {
		t.Fatalf("ffmpeg %s: %v\n%s", args, err, said)
	}
	body, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	filmedBefore.Store(key, bytes.Clone(body))
	return body
}

// longAttachment is an attachment with what films and sounds tell of themselves.
type longAttachment struct {
	attachment
	Meta struct {
		Original struct {
			Width, Height int
			FrameRate     string `json:"frame_rate"`
			Duration      float64
			Bitrate       int64
		}
		Small  *struct{ Width, Height int }
		Colors *struct{ Background, Foreground, Accent string }
	}
}

const fit = "-c:v libx264 -pix_fmt yuv420p -c:a aac -shortest"

// That every type is converted is held in package film; here are those that differ for whoever asks.
func TestFilmsAndSoundsBecomeWhatEveryBrowserPlays(t *testing.T) {
	t.Parallel() // takes long and waits much
	manyFilms(t)
	s := servertest.New(t, db.SQLite)
	ada := s.Join("ada")
	cover := filepath.Join(t.TempDir(), "cover.png")
	if err := os.WriteFile(cover, picture(t, 60, 60, "png"), 0o600); err != nil {
		t.Fatal(err)
	}
	sent := map[string]attachment{}
	for name, args := range map[string]string{
		"fit.mp4": fit, "a.mov": "-c:v mpeg4 -c:a pcm_s16le", "a.webm": "-c:v libvpx -c:a libopus", "a.gif": "-an", "a.ogg": "-vn -c:a libvorbis", "a.m4a": "-vn -c:a aac",
		"a.mp3": "-i " + cover + " -map 1:a -map 2:v -c:v copy -disposition:v attached_pic", "a.3gp": "-vn -c:a aac", "a.wma": "-vn -c:a wmav2",
	} {
		var a attachment
		answer := sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": filmed(t, name, args)}, &a)
		if answer.StatusCode != http.StatusAccepted || a.URL != nil {
			t.Errorf("%s answers %d with %+v", name, answer.StatusCode, a)
			continue
		}
		sent[name] = a
	}
	servertest.Settle(t, s)
	for name, before := range sent {
		var a longAttachment
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+before.ID, nil, &a); answer.StatusCode != http.StatusOK || a.URL == nil || a.Type != before.Type {
			t.Errorf("%s: in the end it answers %d with %+v, before %+v", name, answer.StatusCode, a, before)
			continue
		}
		kind, served := "video", "video/mp4"
		switch {
		case name == "a.gif":
			kind = "gifv"
		case name != "fit.mp4" && name != "a.mov" && name != "a.webm":
			kind, served = "audio", "audio/mpeg"
		}
		got, body := file(t, *a.URL)
		if a.Type != kind || got.Header.Get("Content-Type") != served {
			t.Errorf("%s is %s, served as %s", name, a.Type, got.Header.Get("Content-Type"))
		}
		if bytes.Contains(body, []byte(hidingPlace)) || bytes.Contains(body, []byte("013.4")) {
			t.Errorf("%s tells still where it was made", name)
		}
		was := a.Meta.Original
		if was.Duration < 0.3 || was.Duration > 1.2 || was.Bitrate == 0 {
			t.Errorf("%s: meta %+v", name, was)
		}
		if kind == "audio" {
			if withCover := name == "a.mp3"; (a.Preview != nil) != withCover || (a.Meta.Colors != nil) != withCover || was.Width != 0 {
				t.Errorf("%s: preview %v, meta %+v", name, a.Preview, a.Meta)
			}
			continue
		}
		if was.Width != 96 || was.Height != 64 || was.FrameRate != "10/1" || a.Preview == nil || a.Blurhash == nil || a.Meta.Small == nil || a.Meta.Small.Width != 96 {
			t.Errorf("%s: %+v", name, a)
		}
		path := filepath.Join(t.TempDir(), "made.mp4")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		told, err := exec.CommandContext(t.Context(), "ffprobe", "-v", "error", "-show_format", "-show_streams", path).Output()
		if err != nil || !bytes.Contains(told, []byte("codec_name=h264")) || bytes.Contains(told, []byte("TAG:location")) || bytes.Contains(told, []byte("TAG:title")) ||
			(kind == "gifv" && bytes.Contains(told, []byte("codec_type=audio"))) {
			t.Errorf("%s: ffprobe says %v\n%s", name, err, told)
		}
	}
}

func TestHEICAndAVIFBecomePictures(t *testing.T) {
	manyFilms(t)
	s := servertest.New(t, db.SQLite)
	ada := s.Join("ada")
	for _, name := range []string{"photo.heic", "photo.avif"} {
		body, err := os.ReadFile(filepath.Join("..", "kit", "images", "testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		a := uploads(ada, body)
		if got, _ := file(t, *a.URL); a.Type != "image" || got.Header.Get("Content-Type") != "image/jpeg" || a.Blurhash == nil || a.Meta.Small == nil {
			t.Errorf("%s becomes %+v", name, a)
		}
		var me struct{ Avatar string }
		if answer := sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": body}, &me); answer.StatusCode != http.StatusOK || !strings.HasSuffix(me.Avatar, ".jpg") {
			t.Errorf("%s as an avatar answers %d, %s", name, answer.StatusCode, me.Avatar)
		}
	}
	var about struct {
		Configuration struct {
			Media struct {
				Types []string `json:"supported_mime_types"`
			} `json:"media_attachments"`
		}
	}
	ada.Get("/api/v2/instance", &about)
	if all := strings.Join(about.Configuration.Media.Types, " "); !strings.Contains(all, "image/heic") || !strings.Contains(all, "video/mp4") || !strings.Contains(all, "audio/mpeg") {
		t.Errorf("the instance says it takes %s", all)
	}
}

func TestFilmsThatAreNoneOrTooMuchAreRefused(t *testing.T) {
	manyFilms(t)
	s := servertest.New(t, db.SQLite)
	ada := s.Join("ada")
	whole := filmed(t, "a.mp4", fit)
	for name, test := range map[string]struct {
		body []byte
		says string
	}{
		"a playlist":         {[]byte("#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), "content type is invalid"},
		"a list of files":    {[]byte("ffconcat version 1.0\nfile '/etc/passwd'\n"), "content type is invalid"},
		"text called mp4":    {[]byte("this is no film"), "content type is invalid"},
		"nothing":            {nil, "content type is invalid"},
		"half a film":        {whole[:len(whole)/2], "damaged"},
		"the head of a film": {whole[:40], "damaged"},
		"too many pixels":    {filmed(t, "a.mp4", "-vf scale=3904:2200 -frames:v 1 -an -c:v libx264 -preset ultrafast"), "3904x2200 videos are not supported"},
		"too fast":           {filmed(t, "a.mp4", "-r 130 -an -c:v libx264 -preset ultrafast"), "130fps videos are not supported"},
	} {
		var refusal struct{ Error string }
		if answer := sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": test.body}, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(refusal.Error, test.says) {
			t.Errorf("%s answers %d %q", name, answer.StatusCode, refusal.Error)
		}
	}
	if n := count(t, s, `SELECT COUNT(*) FROM files`); n != 0 {
		t.Errorf("%d files are kept of what was refused", n)
	}
}

// spoiled is a film that looks well until it is decoded.
func spoiled(t *testing.T) []byte {
	t.Helper()
	body := filmed(t, "a.mp4", "-c:v libx264 -pix_fmt yuv444p -an -movflags +faststart")
	at := bytes.Index(body, []byte("mdat"))
	for i := at + 4; at > 0 && i < len(body); i++ {
		body[i] = 0xaa
	}
	return body
}

func TestAFilmIsShownWhenItIsProcessed(t *testing.T) {
	needFilms(t)
	body, bad := filmed(t, "a.mp4", fit), spoiled(t)
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		send := func(path string, body []byte, out any) *http.Response {
			return sendFiles(ada, http.MethodPost, path, map[string][]byte{"file": body, "thumbnail": picture(t, 50, 40, "png")}, out, "description", "A bird")
		}
		var a, failing, dropped longAttachment
		send("/api/v2/media", bad, &failing)
		send("/api/v2/media", body, &dropped)
		if answer := send("/api/v2/media", body, &a); answer.StatusCode != http.StatusAccepted || a.URL != nil || a.Type != "video" || *a.Description != "A bird" {
			t.Fatalf("the upload answers %d with %+v", answer.StatusCode, a)
		}
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, &a); answer.StatusCode != http.StatusPartialContent || a.URL != nil {
			t.Errorf("while it waits it answers %d with %+v", answer.StatusCode, a)
		}
		var refusal struct{ Error string }
		if answer := ada.Do(http.MethodPost, "/api/v1/statuses", url.Values{"media_ids[]": {a.ID}}, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(refusal.Error, "not finished processing") {
			t.Errorf("attaching it too early answers %d %q", answer.StatusCode, refusal.Error)
		}
		ada.Do(http.MethodPut, "/api/v1/media/"+a.ID, url.Values{"description": {"A blue bird"}}, nil)
		if answer := ada.Do(http.MethodDelete, "/api/v1/media/"+dropped.ID, nil, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("deleting what waits answers %d", answer.StatusCode)
		}
		servertest.Settle(t, s)

		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, &a); answer.StatusCode != http.StatusOK || a.URL == nil || *a.Description != "A blue bird" {
			t.Fatalf("when it is ready it answers %d with %+v", answer.StatusCode, a)
		}
		if a.Meta.Small == nil || a.Meta.Small.Width != 50 || a.Meta.Original.Width != 96 {
			t.Errorf("the chosen preview is not shown: %+v", a.Meta)
		}
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+failing.ID, nil, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(refusal.Error, "damaged") {
			t.Errorf("what cannot be processed answers %d %q", answer.StatusCode, refusal.Error)
		}
		if answer := ada.Do(http.MethodPost, "/api/v1/statuses", url.Values{"media_ids[]": {failing.ID}}, nil); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("attaching what failed answers %d", answer.StatusCode)
		}
		// What was sent is gone, also of what failed or was deleted: one film and its preview stay.
		if kept, all := count(t, s, `SELECT COUNT(*) FROM files WHERE state = 'kept'`), count(t, s, `SELECT COUNT(*) FROM files WHERE state = 'writing'`); kept != 2 || all != 0 {
			t.Errorf("%d files are kept, and %d half written", kept, all)
		}
		pic := uploads(ada, picture(t, 20, 20, "jpg"))
		if answer := ada.Do(http.MethodPost, "/api/v1/statuses", url.Values{"media_ids[]": {a.ID, pic.ID}}, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(refusal.Error, "video") {
			t.Errorf("a film beside a picture answers %d %q", answer.StatusCode, refusal.Error)
		}
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"media_ids[]": {a.ID}}, &post)
		if len(post.Media) != 1 || post.Media[0].Type != "video" || *post.Media[0].URL != *a.URL {
			t.Errorf("the status shows %+v", post.Media)
		}

		// The first version of uploading waits until it is ready.
		waited := make(chan int)
		go func() {
			var b attachment
			answer := sendFiles(ada, http.MethodPost, "/api/v1/media", map[string][]byte{"file": body}, &b)
			if answer.StatusCode == http.StatusOK && b.URL == nil {
				t.Error("it is said to be ready, and has no address")
			}
			waited <- answer.StatusCode
		}()
		for {
			select {
			case code := <-waited:
				if code != http.StatusOK {
					t.Errorf("the first version of uploading answers %d", code)
				}
				return
			case <-time.After(20 * time.Millisecond):
				servertest.Settle(t, s)
			}
		}
	})
}

func TestAFilmIsProcessedAfterTheProgramWasStoppedInTheMiddle(t *testing.T) {
	needFilms(t)
	body := filmed(t, "a.webm", "-c:v libvpx -c:a libopus")
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		var data string
		now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
		s := servertest.NewAt(t, engine, now, func(c *config.Config) { data = c.Data })
		ada := s.Join("ada")
		var a attachment
		sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": body}, &a)
		for _, within := range []time.Duration{50, 150, 300} {
			ctx, cancel := context.WithTimeout(t.Context(), within*time.Millisecond)
			_ = s.DrainEffects(ctx) // it is stopped somewhere, or done
			cancel()
		}
		left := filepath.Join(data, "uploads", ".film-left")
		if err := os.MkdirAll(left, 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Cold(t.Context()); err != nil { // another run of the program
			t.Fatal(err)
		}
		if _, err := os.Stat(left); err == nil {
			t.Error("what a crash left in the folder for uploads is still there")
		}
		now.Advance(3 * time.Minute)
		servertest.Settle(t, s)
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, &a); answer.StatusCode != http.StatusOK || a.URL == nil {
			t.Fatalf("afterwards it answers %d with %+v", answer.StatusCode, a)
		}
		now.Advance(2 * time.Hour)
		if err := s.SweepMedia(t.Context()); err != nil {
			t.Fatal(err)
		}
		files := int64(0)
		err := filepath.WalkDir(filepath.Join(data, "media"), func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() {
				files++
			}
			return err
		})
		if rows := count(t, s, `SELECT COUNT(*) FROM files`); err != nil || files != 2 || rows != 2 {
			t.Errorf("%d files lie there and %d are known, want the film and its preview: %v", files, rows, err)
		}
	})
}

func TestAFilmIsSeenOnAnotherServer(t *testing.T) {
	manyFilms(t)
	body, strange := filmed(t, "a.mp4", fit), filmed(t, "a.webm", "-c:v libvpx -c:a libopus")
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bob := here.Join("ada"), there.Join("bob")
		bob.Follow(ada)
		servertest.Settle(t, here, there)
		var a longAttachment
		sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": body}, &a, "description", "A bird")
		servertest.Settle(t, here)
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "media_ids[]": {a.ID}}, &post)
		var note struct {
			Attachment []struct{ Type, MediaType, Duration string }
		}
		if answer, text := file(t, post.URI, "Accept", "application/activity+json"); answer.StatusCode != http.StatusOK || json.Unmarshal(text, &note) != nil || len(note.Attachment) != 1 ||
			note.Attachment[0].Type != "Document" || note.Attachment[0].MediaType != "video/mp4" || !strings.HasPrefix(note.Attachment[0].Duration, "PT0.5") {
			t.Errorf("other servers read %+v", note)
		}
		servertest.Settle(t, here, there)
		var home []struct {
			Media []longAttachment `json:"media_attachments"`
		}
		bob.Get("/api/v1/timelines/home", &home)
		if len(home) != 1 || len(home[0].Media) != 1 {
			t.Fatalf("the home timeline has %+v", home)
		}
		got := home[0].Media[0]
		if got.Type != "video" || *got.Description != "A bird" || !strings.HasPrefix(*got.URL, there.URL+"/files/") || got.Preview == nil || got.Meta.Original.Width != 96 || got.Meta.Original.Duration == 0 {
			t.Fatalf("it is seen as %+v", got)
		}
		if answer, _ := file(t, *got.URL); answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("the copy answers %d as %s", answer.StatusCode, answer.Header.Get("Content-Type"))
		}

		// As if the other server had something else there.
		var asked atomic.Int64
		elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked.Add(1)
			if r.URL.Path == "/text" {
				_, _ = w.Write([]byte("this is no film"))
				return
			}
			http.ServeContent(w, r, "film.webm", time.Time{}, bytes.NewReader(strange))
		}))
		t.Cleanup(elsewhere.Close)
		becomes := func(address string) {
			err := there.DB().Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `UPDATE attachments SET remote_url = $1, original_key = '', small_key = ''`, address)
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		proxied := there.URL + "/media_proxy/" + got.ID + "/original"
		becomes(elsewhere.URL + "/film")
		for range 2 { // its reader is never led to the other server
			if answer, passed := file(t, proxied); answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "video/webm" || !bytes.Equal(passed, strange) || answer.Request.URL.String() != proxied {
				t.Errorf("while it waits to be converted it answers %d as %s", answer.StatusCode, answer.Header.Get("Content-Type"))
			}
		}
		if answer, passed := file(t, proxied, "Range", "bytes=10-19"); answer.StatusCode != http.StatusPartialContent || !bytes.Equal(passed, strange[10:20]) {
			t.Errorf("a part of it answers %d with %d bytes", answer.StatusCode, len(passed))
		}
		copies := asked.Load()
		servertest.Settle(t, there)
		if to := redirected(t, proxied); !strings.HasPrefix(to, there.URL+"/files/") || asked.Load() != copies {
			t.Errorf("converted it is shown at %s, and was asked for %d times more", to, asked.Load()-copies)
		}
		becomes(elsewhere.URL + "/text")
		copies = asked.Load()
		for range 2 {
			if answer, _ := file(t, proxied); answer.StatusCode != http.StatusBadGateway {
				t.Errorf("what is no film answers %d", answer.StatusCode)
			}
		}
		if asked.Load() != copies+3 { // to keep it once, to pass it on twice
			t.Errorf("what is no film was asked for %d times", asked.Load()-copies)
		}
	})
}

// redirected tells where an address leads.
func redirected(t *testing.T, address string) string {
	t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	return answer.Header.Get("Location")
}
