package server_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type attachment struct {
	ID          string
	Type        string
	URL         *string
	Preview     *string `json:"preview_url"`
	Remote      *string `json:"remote_url"`
	Description *string
	Blurhash    *string
	Meta        struct {
		Focus           *struct{ X, Y float64 }
		Original, Small *struct {
			Width, Height int
			Size          string
			Aspect        float64
		}
	}
}

// withMedia is a status with what it shows.
type withMedia struct {
	servertest.Status
	Text  string
	Media []attachment `json:"media_attachments"`
}

// picture draws one of w × h pixels.
func picture(t testing.TB, w, h int, encode string) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.Set(x, y, color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), 128, 255})
		}
	}
	var b bytes.Buffer
	var err error
	if encode == "png" {
		err = png.Encode(&b, m)
	} else {
		err = jpeg.Encode(&b, m, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// sendFiles sends a form with files: name → bytes. pairs are further fields.
func sendFiles(p *servertest.Person, method, path string, files map[string][]byte, out any, pairs ...string) *http.Response {
	p.On.T.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, body := range files {
		h := textproto.MIMEHeader{}
		h.Set("Content-Disposition", `form-data; name="`+name+`"; filename="../../etc/passwd.jpg"`)
		h.Set("Content-Type", "image/jpeg")
		part, err := form.CreatePart(h)
		if err == nil {
			_, err = part.Write(body)
		}
		if err != nil {
			p.On.T.Fatal(err)
		}
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		if err := form.WriteField(pairs[i], pairs[i+1]); err != nil {
			p.On.T.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		p.On.T.Fatal(err)
	}
	req, err := http.NewRequestWithContext(context.Background(), method, p.On.URL+path, &b)
	if err != nil {
		p.On.T.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	req.Header.Set("Authorization", "Bearer "+p.Token)
	return p.Send(req, out)
}

// uploads keeps a picture for a person.
func uploads(p *servertest.Person, body []byte, pairs ...string) attachment {
	p.On.T.Helper()
	var a attachment
	if answer := sendFiles(p, http.MethodPost, "/api/v2/media", map[string][]byte{"file": body}, &a, pairs...); answer.StatusCode != http.StatusOK {
		p.On.T.Fatalf("the upload answers %d", answer.StatusCode)
	}
	return a
}

// file asks for a file as a browser does.
func file(t testing.TB, address string, header ...string) (*http.Response, []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer, body
}

func TestAPictureIsUploadedDescribedAndShown(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bob := s.Join("ada"), s.Join("bob")
		a := uploads(ada, picture(t, 1200, 900, "jpg"), "description", " A meadow ", "focus", "0.5,-0.25")
		if a.Type != "image" || a.URL == nil || a.Preview == nil || a.Remote != nil || *a.Description != "A meadow" || a.Blurhash == nil {
			t.Fatalf("the attachment is %+v", a)
		}
		if a.Meta.Focus == nil || a.Meta.Focus.X != 0.5 || a.Meta.Focus.Y != -0.25 || a.Meta.Original.Size != "1200x900" || a.Meta.Small.Width*a.Meta.Small.Height > 230_400 {
			t.Errorf("its meta is %+v", a.Meta)
		}

		// It is only its owner's until it is attached.
		if answer := bob.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("somebody else's attachment answers %d", answer.StatusCode)
		}
		if answer := bob.Do(http.MethodPut, "/api/v1/media/"+a.ID, url.Values{"description": {"mine"}}, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("changing somebody else's answers %d", answer.StatusCode)
		}
		if answer := bob.Do(http.MethodDelete, "/api/v1/media/"+a.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("deleting somebody else's answers %d", answer.StatusCode)
		}
		if answer := bob.Do(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"mine"}, "media_ids[]": {a.ID}}, nil); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("attaching somebody else's answers %d", answer.StatusCode)
		}
		var changed attachment
		ada.Do(http.MethodPut, "/api/v1/media/"+a.ID, url.Values{"description": {"A green meadow"}, "focus": {"0,1"}}, &changed)
		if *changed.Description != "A green meadow" || changed.Meta.Focus.Y != 1 {
			t.Errorf("changed to %+v", changed)
		}

		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"media_ids[]": {a.ID}}, &post)
		if len(post.Media) != 1 || post.Media[0].ID != a.ID || *post.Media[0].Description != "A green meadow" || *post.Media[0].URL != *a.URL {
			t.Fatalf("the status shows %+v", post.Media)
		}
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("an attached one answers %d", answer.StatusCode)
		}
		var refusal struct{ Error string }
		if answer := ada.Do(http.MethodDelete, "/api/v1/media/"+a.ID, nil, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(refusal.Error, "currently used") {
			t.Errorf("deleting an attached one answers %d %q", answer.StatusCode, refusal.Error)
		}
		if answer := ada.Do(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"again"}, "media_ids[]": {a.ID}}, nil); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("attaching it twice answers %d", answer.StatusCode)
		}
		bob.Publish("words alone")
		for path, want := range map[string]int{"/api/v1/timelines/public?only_media=true": 1, "/api/v1/timelines/public": 2, "/api/v1/accounts/" + ada.ID + "/statuses?only_media=1": 1,
			"/api/v1/accounts/" + bob.ID + "/statuses?only_media=1": 0} {
			var list []withMedia
			bob.Get(path, &list)
			if len(list) != want {
				t.Errorf("%s gives %d statuses, want %d", path, len(list), want)
			}
		}
		servertest.Settle(t, s)
		for q, want := range map[string]int{"meadow": 1, "meadow has:image": 1, "meadow has:media": 1, "meadow has:video": 0} {
			var found struct{ Statuses []withMedia }
			ada.Get("/api/v2/search?type=statuses&q="+url.QueryEscape(q), &found)
			if len(found.Statuses) != want {
				t.Errorf("%q finds %d statuses, want %d", q, len(found.Statuses), want)
			}
		}
	})
}

func TestAFileIsServedAsWhatItIsAndNothingElse(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		a := uploads(ada, picture(t, 900, 600, "png"))
		answer, body := file(t, *a.URL, "Accept", "application/activity+json")
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/png" || answer.Header.Get("X-Content-Type-Options") != "nosniff" ||
			!strings.Contains(answer.Header.Get("Content-Security-Policy"), "sandbox") || !strings.Contains(answer.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("the file answers %d with %v", answer.StatusCode, answer.Header)
		}
		if m, err := png.Decode(bytes.NewReader(body)); err != nil || m.Bounds().Dx() != 900 {
			t.Errorf("what is served is no such picture: %v", err)
		}
		part, some := file(t, *a.URL, "Range", "bytes=4-9")
		if part.StatusCode != http.StatusPartialContent || !bytes.Equal(some, body[4:10]) {
			t.Errorf("a range answers %d with %d bytes", part.StatusCode, len(some))
		}
		if same, _ := file(t, *a.URL, "If-None-Match", answer.Header.Get("ETag")); same.StatusCode != http.StatusNotModified {
			t.Errorf("what is known already answers %d", same.StatusCode)
		}
		for _, wrong := range []string{"x", "attachment/1/2-00.png", "../secret.key", "%2e%2e/secret.key", "attachment/../../secret.key"} {
			if other, _ := file(t, s.URL+"/files/"+wrong); other.StatusCode != http.StatusNotFound {
				t.Errorf("%s answers %d", wrong, other.StatusCode)
			}
		}
		guess := strings.Replace(*a.URL, ".png", "", 1)
		if other, _ := file(t, guess[:len(guess)-1]+"0.png"); other.StatusCode == http.StatusOK && !strings.HasSuffix(guess, "0") {
			t.Error("a guessed name is served")
		}
		var private withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"for few"}, "visibility": {"private"}, "media_ids[]": {uploads(ada, picture(t, 40, 40, "jpg")).ID}}, &private)
		if hidden, _ := file(t, *private.Media[0].URL); !strings.HasPrefix(hidden.Header.Get("Cache-Control"), "private") {
			t.Errorf("a picture of a private status may be kept by %q", hidden.Header.Get("Cache-Control"))
		}
	})
}

func TestWhatIsNoPictureIsRefusedWithAReason(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		huge := picture(t, 10, 10, "png")
		copy(huge[16:24], []byte{0, 1, 0x86, 0xA0, 0, 1, 0x86, 0xA0}) // 100,000 × 100,000 in its header
		for name, body := range map[string][]byte{
			"text": []byte("hello"), "a page": []byte("<html><script>alert(1)</script>"), "a document": []byte(`{"@context":"https://www.w3.org/ns/activitystreams"}`),
			"SVG": []byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`), "nothing": nil, "half a picture": picture(t, 300, 300, "jpg")[:2000], "a huge one": huge,
			"too many bytes": append(picture(t, 10, 10, "jpg"), make([]byte, 17<<20)...),
		} {
			var refusal struct{ Error string }
			answer := sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": body}, &refusal)
			if answer.StatusCode != http.StatusUnprocessableEntity || !strings.HasPrefix(refusal.Error, "Validation failed: ") {
				t.Errorf("%s answers %d %q", name, answer.StatusCode, refusal.Error)
			}
		}
		good := picture(t, 20, 20, "jpg")
		for name, pairs := range map[string][]string{"a focus outside": {"focus", "2,0"}, "a focus that is none": {"focus", "NaN,NaN"}, "a long description": {"description", strings.Repeat("a", 1501)}} {
			if answer := sendFiles(ada, http.MethodPost, "/api/v1/media", map[string][]byte{"file": good}, nil, pairs...); answer.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s answers %d", name, answer.StatusCode)
			}
		}
		var refusal struct{ Error string }
		if answer := sendFiles(ada, http.MethodPost, "/api/v1/media", nil, &refusal); answer.StatusCode != http.StatusUnprocessableEntity || refusal.Error != "Validation failed: File can't be blank" {
			t.Errorf("no file answers %d %q", answer.StatusCode, refusal.Error)
		}
		var a attachment
		if answer := sendFiles(ada, http.MethodPost, "/api/v1/media", map[string][]byte{"file": good}, &a); answer.StatusCode != http.StatusOK {
			t.Errorf("the first version of uploading answers %d", answer.StatusCode)
		}
		var shown attachment
		ada.Get("/api/v1/media/"+a.ID, &shown)
		if shown.ID != a.ID {
			t.Errorf("shown as %+v", shown)
		}
		if answer := ada.Do(http.MethodDelete, "/api/v1/media/"+a.ID, nil, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("deleting answers %d", answer.StatusCode)
		}
		if answer, _ := file(t, *a.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the file of a deleted attachment answers %d", answer.StatusCode)
		}
		for name, form := range map[string]url.Values{
			"five files":       {"media_ids[]": {"1", "2", "3", "4", "5"}},
			"a poll beside it": {"status": {"which"}, "poll[options][]": {"a", "b"}, "poll[expires_in]": {"300"}, "media_ids[]": {uploads(ada, good).ID}},
		} {
			if answer := ada.Do(http.MethodPost, "/api/v1/statuses", form, nil); answer.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s answers %d", name, answer.StatusCode)
			}
		}
	})
}

func TestAnEditChangesWhatIsShownAndTheHistoryKeepsIt(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		first, second := uploads(ada, picture(t, 30, 20, "jpg"), "description", "one"), uploads(ada, picture(t, 20, 30, "png"), "description", "two")
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "media_ids[]": {first.ID}}, &post)
		var now withMedia
		ada.Do(http.MethodPut, "/api/v1/statuses/"+post.ID, url.Values{"status": {"look"}, "media_ids[]": {second.ID, first.ID}, "media_attributes[][id]": {first.ID},
			"media_attributes[][description]": {"uno"}, "media_attributes[][focus]": {"1,1"}}, &now)
		if len(now.Media) != 2 || now.Media[0].ID != second.ID || *now.Media[1].Description != "uno" || now.Media[1].Meta.Focus.X != 1 {
			t.Fatalf("after the edit it shows %+v", now.Media)
		}
		ada.Do(http.MethodPut, "/api/v1/statuses/"+post.ID, url.Values{"status": {"look"}, "media_ids[]": {second.ID}}, &now)
		ada.Do(http.MethodPut, "/api/v1/statuses/"+post.ID, url.Values{"status": {"look"}, "media_ids[]": {second.ID}}, &now) // nothing changes
		var history []withMedia
		ada.Get("/api/v1/statuses/"+post.ID+"/history", &history)
		if len(history) != 3 || len(history[0].Media) != 1 || *history[0].Media[0].Description != "one" || len(history[1].Media) != 2 || *history[1].Media[1].Description != "uno" || len(history[2].Media) != 1 {
			t.Fatalf("the history is %+v", history)
		}

		// Deleted for redrafting, it can be shown again; deleted with its media, it is gone.
		var gone withMedia
		ada.Do(http.MethodDelete, "/api/v1/statuses/"+post.ID, nil, &gone)
		if len(gone.Media) != 1 || gone.Text != "look" {
			t.Errorf("what is given for redrafting is %+v", gone)
		}
		var again withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"again"}, "media_ids[]": {second.ID}}, &again)
		ada.Do(http.MethodDelete, "/api/v1/statuses/"+again.ID+"?delete_media=true", nil, nil)
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+second.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("an attachment deleted with its status answers %d", answer.StatusCode)
		}
		if answer, _ := file(t, *second.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("its file answers %d", answer.StatusCode)
		}
	})
}

func TestUploadsNobodyAttachedGoAfterADay(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
		s := servertest.NewAt(t, engine, now)
		ada := s.Join("ada")
		loose, later, shown := uploads(ada, picture(t, 30, 20, "jpg")), uploads(ada, picture(t, 30, 20, "jpg")), uploads(ada, picture(t, 30, 20, "jpg"))
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "media_ids[]": {shown.ID}}, nil)
		var scheduled struct {
			ID     string
			Params struct {
				IDs []string `json:"media_ids"`
			}
			Media []attachment `json:"media_attachments"`
		}
		ada.Post("/api/v1/statuses", url.Values{"status": {"later"}, "scheduled_at": {now.Now().Add(72 * time.Hour).Format(time.RFC3339)}, "media_ids[]": {later.ID}}, &scheduled)
		if len(scheduled.Media) != 1 || scheduled.Media[0].ID != later.ID || len(scheduled.Params.IDs) != 1 {
			t.Fatalf("scheduled with %+v", scheduled)
		}
		if answer := ada.Do(http.MethodPost, "/api/v1/statuses", url.Values{"status": {"now"}, "media_ids[]": {later.ID}}, nil); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("what a scheduled status will show is attached elsewhere: %d", answer.StatusCode)
		}
		now.Advance(25 * time.Hour)
		if err := s.SweepMedia(t.Context()); err != nil {
			t.Fatal(err)
		}
		if answer := ada.Do(http.MethodGet, "/api/v1/media/"+loose.ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("after a day it answers %d", answer.StatusCode)
		}
		if answer, _ := file(t, *loose.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("after a day its file answers %d", answer.StatusCode)
		}
		for _, kept := range []attachment{later, shown} {
			if answer, _ := file(t, *kept.URL); answer.StatusCode != http.StatusOK {
				t.Errorf("what is wanted answers %d", answer.StatusCode)
			}
		}
		now.Advance(48 * time.Hour)
		if err := s.PublishDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		var list []withMedia
		ada.Get("/api/v1/accounts/"+ada.ID+"/statuses?only_media=true", &list)
		if len(list) != 2 || list[0].Media[0].ID != later.ID {
			t.Errorf("published with %+v", list)
		}
	})
}

func TestAPictureIsSeenOnAnotherServer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bob := here.Join("ada"), there.Join("bob")
		bob.Follow(ada)
		servertest.Settle(t, here, there)
		a := uploads(ada, picture(t, 640, 480, "jpg"), "description", "A meadow", "focus", "0.5,0.5")
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "visibility": {"private"}, "media_ids[]": {a.ID}}, &post)
		servertest.Settle(t, here, there)
		var home []withMedia
		bob.Get("/api/v1/timelines/home", &home)
		if len(home) != 1 || len(home[0].Media) != 1 {
			t.Fatalf("the home timeline has %+v", home)
		}
		got := home[0].Media[0]
		if got.Type != "image" || *got.Description != "A meadow" || *got.Remote != *a.URL || *got.Blurhash != *a.Blurhash || got.Meta.Focus.X != 0.5 || !strings.HasPrefix(*got.URL, there.URL+"/files/") {
			t.Errorf("it is seen as %+v", got)
		}
		if answer, _ := file(t, *got.URL); answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Cache-Control"), "private") {
			t.Errorf("the copy answers %d, kept by %q", answer.StatusCode, answer.Header.Get("Cache-Control"))
		}
		ada.Delete(post.ID)
		servertest.Settle(t, here, there)
		if answer, _ := file(t, *got.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("after the deletion the copy answers %d", answer.StatusCode)
		}
	})
}

func TestAvatarAndHeaderAreUploadedShownAndTakenDown(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		type profile struct {
			Avatar, Header string
			Static         string `json:"avatar_static"`
			DisplayName    string `json:"display_name"`
		}
		var now profile
		if answer := sendFiles(ada, http.MethodPatch, "/api/v1/accounts/update_credentials", map[string][]byte{"avatar": picture(t, 900, 600, "png"), "header": picture(t, 3000, 900, "jpg")}, &now,
			"display_name", "Ada", "fields_attributes[0][name]", "site", "fields_attributes[0][value]", "here"); answer.StatusCode != http.StatusOK {
			t.Fatalf("answers %d", answer.StatusCode)
		}
		if now.DisplayName != "Ada" || !strings.HasPrefix(now.Avatar, s.URL+"/files/avatar/") || !strings.HasPrefix(now.Header, s.URL+"/files/header/") || now.Static != now.Avatar {
			t.Fatalf("the profile is %+v", now)
		}
		_, body := file(t, now.Avatar)
		if m, _, err := image.DecodeConfig(bytes.NewReader(body)); err != nil || m.Width != 400 || m.Height != 400 {
			t.Errorf("the avatar is %d × %d: %v", m.Width, m.Height, err)
		}
		_, body = file(t, now.Header)
		if m, _, err := image.DecodeConfig(bytes.NewReader(body)); err != nil || m.Width != 1500 || m.Height != 500 {
			t.Errorf("the header is %d × %d: %v", m.Width, m.Height, err)
		}
		before := now
		var refusal struct{ Error string }
		if answer := sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": []byte("<svg/>")}, &refusal); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("an avatar that is no picture answers %d %q", answer.StatusCode, refusal.Error)
		}
		sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": picture(t, 20, 20, "png")}, nil)
		ada.Get("/api/v1/accounts/verify_credentials", &now)
		if now.Avatar == before.Avatar || now.Header != before.Header {
			t.Errorf("after another avatar the profile is %+v", now)
		}
		if answer, _ := file(t, before.Avatar); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the avatar before answers %d", answer.StatusCode)
		}
		ada.Do(http.MethodDelete, "/api/v1/profile/header", nil, &now)
		if strings.Contains(now.Header, "/files/") {
			t.Errorf("the header stays: %s", now.Header)
		}
		if answer, _ := file(t, before.Header); answer.StatusCode != http.StatusNotFound {
			t.Errorf("the header before answers %d", answer.StatusCode)
		}
	})
}

func TestThePageOfAStatusShowsItsPictures(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		shows := func(post withMedia, wanted ...string) {
			t.Helper()
			answer, body := file(t, s.URL+"/@ada/"+post.ID, "Accept", "text/html")
			if !strings.Contains(answer.Header.Get("Content-Security-Policy"), "media-src 'self' https:") {
				t.Errorf("the policy is %q", answer.Header.Get("Content-Security-Policy"))
			}
			for _, words := range wanted {
				without := strings.TrimPrefix(words, "!")
				if strings.Contains(string(body), without) == (without != words) {
					t.Errorf("the page shows %q: %v\n%s", without, without != words, body)
				}
			}
		}
		var open, covered, local withMedia
		a := uploads(ada, picture(t, 640, 480, "jpg"), "description", `A "meadow"`)
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "media_ids[]": {a.ID}}, &open)
		shows(open, `src="`+strings.TrimPrefix(*a.Preview, "http://"+s.Domain)+`" alt="A &#34;meadow&#34;" width="554" height="415"`, `<meta property="og:image" content="`+*a.Preview+`">`, "summary_large_image", "!<summary>")
		b := uploads(ada, picture(t, 64, 48, "jpg"))
		ada.Post("/api/v1/statuses", url.Values{"status": {"careful"}, "sensitive": {"true"}, "media_ids[]": {b.ID}}, &covered)
		shows(covered, "<summary>Sensitive content", `<meta name="twitter:card" content="summary">`, `!og:image" content="`+*b.Preview)
		ada.Post("/api/v1/statuses", url.Values{"status": {"among us"}, "local_only": {"true"}, "media_ids[]": {uploads(ada, picture(t, 64, 48, "jpg")).ID}}, &local)
		if hidden, _ := file(t, *local.Media[0].URL); !strings.HasPrefix(hidden.Header.Get("Cache-Control"), "private") {
			t.Errorf("a picture that never leaves may be kept by %q", hidden.Header.Get("Cache-Control"))
		}
	})
}

func TestWhatAPictureShowsIsTranslatedToo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, i := servertest.New(t, engine), newInterpreter(t)
		ada := s.Join("ada")
		set(t, s, "libretranslate-url", i.URL+"/")
		said, silent := uploads(ada, picture(t, 30, 20, "jpg"), "description", "hello"), uploads(ada, picture(t, 20, 30, "jpg"))
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"hello"}, "language": {"en"}, "media_ids[]": {said.ID, silent.ID}}, &post)
		r, code := translated(ada, post.ID, "de")
		if code != http.StatusOK || len(r.Media) != 1 {
			t.Fatalf("answered %d %+v", code, r)
		}
		if file := r.Media[0].(map[string]any); file["id"] != said.ID || file["description"] != "hallo" {
			t.Errorf("the picture is said to be %v", file)
		}
	})
}
