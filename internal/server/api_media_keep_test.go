package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// stays asks for an address without following where it leads.
func stays(t testing.TB, address string) *http.Response {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	return answer
}

func TestMediaOfOtherServersAreShownFromHerePrunedAndFetchedAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bob, eve := here.Join("ada"), there.Join("bob"), there.Join("eve")
		sendFiles(ada, http.MethodPatch, "/api/v1/profile", map[string][]byte{"avatar": picture(t, 450, 420, "png")}, nil)
		type face struct {
			ID, Avatar, Header string
			Static             string `json:"avatar_static"`
		}
		var seen []face
		eve.Get("/api/v1/accounts/search?resolve=true&q="+url.QueryEscape(ada.Handle()), &seen)
		servertest.Settle(t, here, there)
		if len(seen) != 1 || !strings.HasPrefix(seen[0].Avatar, there.URL+"/media_proxy/accounts/"+seen[0].ID+"/avatar?v=") || seen[0].Static != seen[0].Avatar || !strings.HasSuffix(seen[0].Header, "/headers/missing.svg") {
			t.Fatalf("a stranger is shown as %+v", seen)
		}
		known := func() (f face) {
			eve.Get("/api/v1/accounts/"+seen[0].ID, &f)
			return f
		}
		if answer, body := file(t, seen[0].Avatar); answer.StatusCode != http.StatusOK || len(body) == 0 || !strings.HasPrefix(answer.Request.URL.String(), there.URL+"/files/avatar/") {
			t.Errorf("the avatar answers %d at %s", answer.StatusCode, answer.Request.URL)
		}
		if at := known().Avatar; !strings.HasPrefix(at, there.URL+"/files/avatar/") {
			t.Errorf("once it is kept the avatar is at %s", at)
		}
		for path, want := range map[string]int{"accounts/1/avatar": http.StatusNotFound, "accounts/x/avatar": http.StatusNotFound, "accounts/" + seen[0].ID + "/note": http.StatusNotFound,
			"accounts/" + eve.ID + "/avatar": http.StatusNotFound, "accounts/" + seen[0].ID + "/header": http.StatusFound} {
			if answer := stays(t, there.URL+"/media_proxy/"+path); answer.StatusCode != want {
				t.Errorf("%s answers %d, want %d", path, answer.StatusCode, want)
			}
		}

		bob.Follow(ada)
		servertest.Settle(t, here, there)
		ada.Post("/api/v1/statuses", url.Values{"status": {"look"}, "visibility": {"private"}, "media_ids[]": {uploads(ada, picture(t, 60, 40, "jpg")).ID}}, nil)
		servertest.Settle(t, here, there)
		shown := func() attachment {
			t.Helper()
			var home []withMedia
			bob.Get("/api/v1/timelines/home", &home)
			if len(home) != 1 || len(home[0].Media) != 1 {
				t.Fatalf("the home timeline has %+v", home)
			}
			return home[0].Media[0]
		}
		kept := shown()
		if !strings.HasPrefix(*kept.URL, there.URL+"/files/attachment/") {
			t.Fatalf("what came is at %s", *kept.URL)
		}
		ops := there.Keeper()
		if _, err := ops.PruneMedia(t.Context(), keeper.PruneMedia{}); err == nil {
			t.Error("pruning without a bound is no refusal")
		}
		at, err := ops.PruneMedia(t.Context(), keeper.PruneMedia{Budget: 1})
		if err != nil || !at.Finished || at.Files != 3 || at.Left != 0 {
			t.Fatalf("pruning tells %+v, %v", at, err)
		}
		if answer, _ := file(t, *kept.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("what was pruned answers %d", answer.StatusCode)
		}
		// A reader who asks gets it again: the address is shown to those who may read the status, and cannot be guessed.
		again := shown()
		if !strings.HasPrefix(*again.URL, there.URL+"/media_proxy/"+again.ID+"/original?key=") || strings.Contains(known().Avatar, "/files/") {
			t.Fatalf("what was pruned is at %s", *again.URL)
		}
		bare, _, _ := strings.Cut(*again.URL, "?")
		for _, wrong := range []string{bare, bare + "?key=00000000000000000000000000000000"} {
			if answer := stays(t, wrong); answer.StatusCode != http.StatusNotFound {
				t.Errorf("without its key it answers %d", answer.StatusCode)
			}
		}
		if answer, body := file(t, *again.URL); answer.StatusCode != http.StatusOK || len(body) == 0 || !strings.HasPrefix(answer.Header.Get("Cache-Control"), "private") {
			t.Errorf("asked for again it answers %d", answer.StatusCode)
		}
		if now := shown(); !strings.HasPrefix(*now.URL, there.URL+"/files/attachment/") {
			t.Errorf("afterwards it is at %s", *now.URL)
		}

		// Passed on, nothing is kept; rejected, nothing is shown.
		if _, err := ops.SetMediaMode(t.Context(), keeper.MediaMode{Domain: here.Domain, Mode: "proxy"}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, there)
		passed := shown()
		answer, body := file(t, *passed.URL)
		if answer.StatusCode != http.StatusOK || len(body) == 0 || answer.Header.Get("Content-Type") != "image/jpeg" || answer.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(answer.Header.Get("Content-Security-Policy"), "sandbox") {
			t.Errorf("passed on it answers %d with %v", answer.StatusCode, answer.Header)
		}
		if answer, _ := file(t, known().Avatar); answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("an avatar passed on answers %d", answer.StatusCode)
		}
		usage, err := ops.MediaUsage(t.Context())
		if err != nil || len(usage) != 0 {
			t.Errorf("kept all the same: %+v, %v", usage, err)
		}
		if _, err := ops.SetSetting(t.Context(), keeper.Setting{Name: "remote-media", Value: "reject"}); err != nil {
			t.Fatal(err)
		}
		if now := shown(); now.Type != "image" {
			t.Errorf("the decision about one server does not go first: %+v", now)
		}
		if set, err := ops.SetMediaMode(t.Context(), keeper.MediaMode{Domain: here.Domain}); err != nil || set.Mode != "reject" {
			t.Errorf("forgetting the decision gives %+v, %v", set, err)
		}
		if now := shown(); now.Type != "unknown" || now.Preview != nil || *now.URL != *now.Remote || !strings.HasSuffix(known().Avatar, "/avatars/missing.svg") {
			t.Errorf("rejected it is shown as %+v", now)
		}
		if answer := stays(t, *passed.URL); answer.StatusCode != http.StatusNotFound {
			t.Errorf("rejected it answers %d", answer.StatusCode)
		}
		v, err := ops.VerifyMedia(t.Context(), keeper.VerifyMedia{})
		if err != nil || !v.Finished || len(v.Found) != 0 {
			t.Errorf("verify tells %+v, %v", v, err)
		}
	})
}
