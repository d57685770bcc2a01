package server_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// withFilesApart serves files at another name of this machine, and gives its address.
func withFilesApart(t *testing.T, engine db.Engine) (s *servertest.Server, files string) {
	t.Helper()
	s = servertest.New(t, engine, func(c *config.Config) { c.MediaHost = strings.Replace(c.Domain, "localhost", "127.0.0.1", 1) })
	return s, strings.Replace(s.URL, "localhost", "127.0.0.1", 1)
}

func TestFilesAreServedAtAHostOfTheirOwn(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, files := withFilesApart(t, engine)
		ada := s.Join("ada")
		a := uploads(ada, picture(t, 90, 60, "png"))
		if !strings.HasPrefix(*a.URL, files+"/files/attachment/") || !strings.HasPrefix(*a.Preview, files+"/files/attachment/") {
			t.Fatalf("the upload is at %s and %s", *a.URL, *a.Preview)
		}
		sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": picture(t, 450, 420, "png"), "header": picture(t, 60, 60, "png")}, nil)
		var post withMedia
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "media_ids[]": {a.ID}}, &post)

		// Everything that names a file names it there: the API, documents for other servers, pages.
		var me struct {
			Avatar, Header string
			URI            string
		}
		ada.Get("/api/v1/accounts/verify_credentials", &me)
		var profile struct {
			Avatar string
			Static string `json:"header_static"`
		}
		ada.Get("/api/v1/profile", &profile)
		if !strings.HasPrefix(me.Avatar, files+"/files/avatar/") || !strings.HasPrefix(me.Header, files+"/files/header/") || profile.Avatar != me.Avatar || profile.Static != me.Header {
			t.Errorf("the account shows %+v, the profile %+v", me, profile)
		}
		var actor struct{ Icon, Image struct{ URL string } }
		_, text := file(t, me.URI, "Accept", "application/activity+json")
		if err := json.Unmarshal(text, &actor); err != nil || actor.Icon.URL != me.Avatar || actor.Image.URL != me.Header {
			t.Errorf("other servers read %+v: %v", actor, err)
		}
		var note struct{ Attachment []struct{ URL string } }
		_, text = file(t, post.URI, "Accept", "application/activity+json")
		if err := json.Unmarshal(text, &note); err != nil || len(note.Attachment) != 1 || note.Attachment[0].URL != *a.URL {
			t.Errorf("other servers read %+v: %v", note, err)
		}
		if _, text = file(t, s.URL+"/.well-known/webfinger?resource=acct:ada@"+s.Domain); !strings.Contains(string(text), me.Avatar) {
			t.Errorf("WebFinger answers %s", text)
		}
		for _, path := range []string{"/@ada/" + post.ID, "/@ada", "/about", "/auth/sign_in", "/home"} {
			page, body := file(t, s.URL+path, "Accept", "text/html")
			policy := page.Header.Get("Content-Security-Policy")
			if strings.Count(policy, files) != 2 { // of pictures, and of films and sounds
				t.Errorf("the policy of %s is %q", path, policy)
			}
			if strings.HasPrefix(path, "/@ada/") && !strings.Contains(string(body), *a.URL) {
				t.Errorf("the page shows the picture elsewhere: %s", body)
			}
		}
		var openid struct{ Picture string }
		token := &servertest.Person{On: s, Token: s.TokenFor("ada", "profile")}
		if token.Get("/oauth/userinfo", &openid); openid.Picture != me.Avatar {
			t.Errorf("userinfo shows %s", openid.Picture)
		}

		// There the files are, with what they carry elsewhere; and the web domain leads there.
		for _, address := range []string{*a.URL, *a.Preview, me.Avatar, me.Header} {
			there, body := file(t, address)
			if there.StatusCode != http.StatusOK || len(body) == 0 || there.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(there.Header.Get("Content-Security-Policy"), "sandbox") ||
				there.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || len(there.Cookies()) != 0 {
				t.Errorf("%s answers %d with %v", address, there.StatusCode, there.Header)
			}
			old := stays(t, s.URL+strings.TrimPrefix(address, files))
			if old.StatusCode != http.StatusFound || old.Header.Get("Location") != address {
				t.Errorf("the old address of %s answers %d and leads to %q", address, old.StatusCode, old.Header.Get("Location"))
			}
		}
		if part, _ := file(t, *a.URL, "Range", "bytes=0-3"); part.StatusCode != http.StatusPartialContent {
			t.Errorf("a part answers %d", part.StatusCode)
		}
		// And nothing else is there, whoever asks.
		for _, line := range s.Table() {
			path := strings.NewReplacer("{id}", "1", "{account}", ada.ID, "{username}", "ada", "{key...}", "x", "{picture}", "note", "{size}", "large").Replace(line.Path)
			req, err := http.NewRequestWithContext(t.Context(), line.Method, files+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+ada.Token)
			answer := ada.Send(req, nil)
			if code := answer.StatusCode; (code != http.StatusNotFound && code != http.StatusMethodNotAllowed) || len(answer.Cookies()) != 0 || answer.Header.Get("Location") != "" {
				t.Errorf("%s %s answers %d", line.Method, path, code)
			}
		}
		for _, path := range []string{"/", "/home", "/@ada", "/@ada/" + post.ID, "/about", "/auth/sign_in", "/favicon.svg", "/files/", "/files/../api/v1/instance", "//evil.example/files/x"} {
			if answer := stays(t, files+path); answer.StatusCode != http.StatusNotFound && !(answer.StatusCode/100 == 3 && strings.HasPrefix(answer.Header.Get("Location"), "/") && !strings.HasPrefix(answer.Header.Get("Location"), "//")) {
				t.Errorf("%s answers %d and leads to %q", path, answer.StatusCode, answer.Header.Get("Location"))
			}
		}
		if answer := stays(t, s.URL+"/files//evil.example/x"); strings.Contains(answer.Header.Get("Location"), "//evil") && !strings.HasPrefix(answer.Header.Get("Location"), files) {
			t.Errorf("the web domain leads to %s", answer.Header.Get("Location"))
		}
		// A file that goes is known by its key, whichever host it was at.
		sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": picture(t, 40, 40, "png")}, nil)
		if gone, _ := file(t, me.Avatar); gone.StatusCode != http.StatusNotFound {
			t.Errorf("the avatar before answers %d", gone.StatusCode)
		}
	})
}

func TestMediaOfOtherServersAreShownFromTheHostOfFiles(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		there, files := withFilesApart(t, engine)
		ada, bob := here.Join("ada"), there.Join("bob")
		sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": picture(t, 450, 420, "png")}, nil)
		account := bob.Follow(ada)
		servertest.Settle(t, here, there)
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "visibility": {"private"}, "media_ids[]": {uploads(ada, picture(t, 60, 40, "jpg")).ID}}, nil)
		servertest.Settle(t, here, there)
		shown := func() (a attachment, avatar string) {
			t.Helper()
			var home []withMedia
			bob.Get("/api/v1/timelines/home", &home)
			var face struct{ Avatar string }
			bob.Get("/api/v1/accounts/"+account.ID, &face)
			if len(home) != 1 || len(home[0].Media) != 1 {
				t.Fatalf("the home timeline has %+v", home)
			}
			return home[0].Media[0], face.Avatar
		}
		kept, face := shown()
		if !strings.HasPrefix(*kept.URL, files+"/files/attachment/") || !strings.HasPrefix(face, files+"/files/avatar/") {
			t.Fatalf("the copies are at %s and %s", *kept.URL, face)
		}
		ops := there.Keeper()
		if _, err := ops.PruneMedia(t.Context(), keeper.PruneMedia{Budget: 1}); err != nil {
			t.Fatal(err)
		}
		again, face := shown()
		if !strings.HasPrefix(*again.URL, files+"/media_proxy/"+again.ID+"/original?key=") || !strings.HasPrefix(face, files+"/media_proxy/accounts/") {
			t.Fatalf("what was pruned is at %s and %s", *again.URL, face)
		}
		bare, _, _ := strings.Cut(*again.URL, "?")
		old := strings.Replace(bare, files, there.URL, 1)
		for address, want := range map[string]int{bare: http.StatusNotFound, old: http.StatusNotFound, old + "?key=00": http.StatusNotFound, strings.Replace(*again.URL, files, there.URL, 1): http.StatusFound, strings.Replace(face, files, there.URL, 1): http.StatusFound} {
			if answer := stays(t, address); answer.StatusCode != want || want == http.StatusFound && !strings.HasPrefix(answer.Header.Get("Location"), files+"/media_proxy/") {
				t.Errorf("%s answers %d and leads to %q", address, answer.StatusCode, answer.Header.Get("Location"))
			}
		}
		// Whoever may read the status by a token is led to the address that needs none.
		if answer := bob.Do(http.MethodGet, strings.TrimPrefix(old, there.URL), nil, nil); answer.Header.Get("Location") != *again.URL {
			t.Errorf("with a token it answers %d and leads to %q", answer.StatusCode, answer.Header.Get("Location"))
		}
		for _, address := range []string{*again.URL, face} {
			if answer, body := file(t, address); answer.StatusCode != http.StatusOK || len(body) == 0 || !strings.HasPrefix(answer.Request.URL.String(), files+"/files/") {
				t.Errorf("asked for again %s answers %d", address, answer.StatusCode)
			}
		}
		if _, err := ops.SetMediaMode(t.Context(), keeper.MediaMode{Domain: here.Domain, Mode: "proxy"}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, there)
		passed, face := shown()
		for _, address := range []string{*passed.URL, face} {
			if answer, body := file(t, address, "Range", "bytes=0-9"); answer.StatusCode != http.StatusPartialContent || len(body) != 10 || answer.Request.URL.String() != address {
				t.Errorf("passed on %s answers %d with %d bytes", address, answer.StatusCode, len(body))
			}
		}
	})
}
