package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// customEmoji is a CustomEmoji as apps read it.
type customEmoji struct {
	Shortcode string
	URL       string
	Static    string `json:"static_url"`
	Visible   bool   `json:"visible_in_picker"`
	Category  *string
	Featured  *bool
}

// shortcodesOf names emoji.
func shortcodesOf(list []customEmoji) string {
	var codes []string
	for _, e := range list {
		codes = append(codes, e.Shortcode)
	}
	return strings.Join(codes, " ")
}

// movingPicture is a GIF of two frames.
func movingPicture(t testing.TB) []byte {
	t.Helper()
	all := &gif.GIF{}
	for i := range 2 {
		m := image.NewPaletted(image.Rect(0, 0, 12, 12), color.Palette{color.White, color.RGBA{200, 0, byte(i), 255}})
		m.SetColorIndex(1+i, 1, 1)
		all.Image, all.Delay = append(all.Image, m), append(all.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// hasEmoji gives a server an emoji.
func hasEmoji(s *servertest.Server, in keeper.AddEmoji) keeper.Emoji {
	s.T.Helper()
	if in.Picture == nil {
		in.Picture = picture(s.T, 24, 24, "png")
	}
	made, err := s.Keeper().AddEmoji(s.T.Context(), in)
	if err != nil {
		s.T.Fatal(err)
	}
	return made
}

// changesEmoji changes one.
func changesEmoji(s *servertest.Server, in keeper.ChangeEmoji) {
	s.T.Helper()
	if _, err := s.Keeper().ChangeEmoji(s.T.Context(), in); err != nil {
		s.T.Fatal(err)
	}
}

func TestTheListOfEmojiIsThatOfOursThatAreOffered(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		list := func() (all []customEmoji) {
			s.Nobody().Get("/api/v1/custom_emojis", &all)
			return all
		}
		if got := list(); got == nil || len(got) != 0 {
			t.Errorf("at first %+v", got)
		}
		yes, no := true, false
		hasEmoji(s, keeper.AddEmoji{Shortcode: "tusk", Category: "Beasts & more"})
		hasEmoji(s, keeper.AddEmoji{Shortcode: "dance", Picture: movingPicture(t)})
		hasEmoji(s, keeper.AddEmoji{Shortcode: "secret", Unlisted: true})
		hasEmoji(s, keeper.AddEmoji{Shortcode: "off"})
		changesEmoji(s, keeper.ChangeEmoji{Name: "off", Disabled: &yes})
		changesEmoji(s, keeper.ChangeEmoji{Name: ":tusk:", Featured: &yes})
		got := list()
		if shortcodesOf(got) != "dance tusk" || !got[0].Visible || got[0].Category != nil || got[0].Featured != nil || got[1].Category == nil || *got[1].Category != "Beasts & more" ||
			got[1].Featured == nil || !*got[1].Featured || got[1].URL != got[1].Static || got[0].URL == got[0].Static {
			t.Fatalf("%+v", got)
		}
		for address, kind := range map[string]string{got[0].URL: "image/gif", got[0].Static: "image/png", got[1].URL: "image/png"} {
			answer, body := file(t, address)
			if h := answer.Header; answer.StatusCode != http.StatusOK || len(body) == 0 || h.Get("Content-Type") != kind || h.Get("X-Content-Type-Options") != "nosniff" ||
				!strings.Contains(h.Get("Cache-Control"), "immutable") || !strings.Contains(h.Get("Content-Security-Policy"), "sandbox") {
				t.Errorf("%s answers %d %v", address, answer.StatusCode, h)
			}
		}
		answer := s.Nobody().Do(http.MethodGet, "/api/v1/custom_emojis", nil, nil)
		if answer.Header.Get("ETag") == "" || !strings.Contains(answer.Header.Get("Cache-Control"), "public") {
			t.Errorf("the list is kept as %v", answer.Header)
		}
		before := s.DB().Queries()
		list()
		if n := s.DB().Queries() - before; n != 0 {
			t.Errorf("the list costs %d statements", n)
		}
		changesEmoji(s, keeper.ChangeEmoji{Name: "off", Disabled: &no})
		if _, err := s.Keeper().RemoveEmoji(t.Context(), keeper.EmojiName{Name: "dance"}); err != nil {
			t.Fatal(err)
		}
		if got := shortcodesOf(list()); got != "off tusk" {
			t.Errorf("afterwards %q", got)
		}
		for name, in := range map[string]keeper.ListEmoji{"off secret tusk": {}, "tusk": {Category: "Beasts & more"}, "": {Domain: "there.example"}} {
			page, err := s.Keeper().ListEmoji(t.Context(), in)
			var codes []string
			for _, e := range page.Emoji {
				codes = append(codes, e.Shortcode)
			}
			if got := strings.Join(codes, " "); err != nil || got != name || page.After != "" {
				t.Errorf("%+v lists %q, %v", in, got, err)
			}
		}
		if _, err := s.Keeper().ListEmoji(t.Context(), keeper.ListEmoji{Remote: true, Category: "x"}); err == nil {
			t.Error("others' categories are no refusal")
		}
	})
}

// emojied is what holds emoji.
type emojied struct {
	ID      string
	URI     string
	Emojis  []customEmoji
	Account struct {
		ID     string
		Emojis []customEmoji
	}
	Poll *struct {
		ID     string
		Emojis []customEmoji
	}
	Reblog *emojied
}

func TestEmojiAreShownWhereTheyAreUsedAndNoLongerOnceTheyAreNot(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for _, code := range []string{"tusk", "warn", "yes", "name", "bio", "field", "other"} {
			hasEmoji(s, keeper.AddEmoji{Shortcode: code, Category: "Beasts"})
		}
		ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Ada :name:"}, "note": {"I am :bio:"},
			"fields_attributes[0][name]": {"my :field:"}, "fields_attributes[0][value]": {":unknown: 10:30:45"}}, nil)
		var post emojied
		ada.Post("/api/v1/statuses", url.Values{"status": {"a :tusk: twice :tusk: and x:other:y"}, "spoiler_text": {"with :warn:"}, "poll[options][]": {"oh :yes:", "no"}, "poll[expires_in]": {"3600"}}, &post)
		read := func(who *servertest.Person) (got emojied) {
			t.Helper()
			who.Get("/api/v1/statuses/"+post.ID, &got)
			return got
		}
		said := func(e emojied) string {
			return shortcodesOf(e.Emojis) + "|" + shortcodesOf(e.Poll.Emojis) + "|" + shortcodesOf(e.Account.Emojis)
		}
		for name, got := range map[string]emojied{"published": post, "to others": read(bo), "to visitors": read(s.Nobody())} {
			if said(got) != "warn tusk yes|yes|name bio field" || got.Emojis[0].Category != nil || !strings.HasPrefix(got.Emojis[0].URL, s.URL+"/files/emoji/") {
				t.Errorf("%s: %s, %+v", name, said(got), got.Emojis)
			}
		}
		var boost emojied
		bo.Post("/api/v1/statuses/"+post.ID+"/reblog", nil, &boost)
		if len(boost.Emojis) != 0 || boost.Emojis == nil || said(*boost.Reblog) != said(post) {
			t.Errorf("a boost has %+v, and inside %s", boost.Emojis, said(*boost.Reblog))
		}
		var poll struct{ Emojis []customEmoji }
		bo.Get("/api/v1/polls/"+post.Poll.ID, &poll)
		if shortcodesOf(poll.Emojis) != "yes" {
			t.Errorf("its poll has %+v", poll.Emojis)
		}
		bo.Post("/api/v1/polls/"+post.Poll.ID+"/votes", url.Values{"choices[]": {"0"}}, &poll)
		if shortcodesOf(poll.Emojis) != "yes" {
			t.Errorf("voted, its poll has %+v", poll.Emojis)
		}
		ada.Do(http.MethodPut, "/api/v1/statuses/"+post.ID, url.Values{"status": {"now :other:"}}, nil)
		var history []struct{ Emojis []customEmoji }
		ada.Get("/api/v1/statuses/"+post.ID+"/history", &history)
		if len(history) != 2 || shortcodesOf(history[0].Emojis) != "warn tusk" || shortcodesOf(history[1].Emojis) != "other" {
			t.Errorf("its history has %+v", history)
		}
		if got := read(bo); shortcodesOf(got.Emojis) != "other" || got.Poll != nil {
			t.Errorf("edited it has %+v", got)
		}
		var found struct {
			Accounts []struct{ Emojis []customEmoji }
		}
		bo.Get("/api/v2/search?q=ada", &found)
		if len(found.Accounts) != 1 || shortcodesOf(found.Accounts[0].Emojis) != "name bio field" {
			t.Errorf("found: %+v", found)
		}
		// Visitors' pages have pictures with words.
		var page string
		s.Nobody().Get("/@ada", &page)
		if !strings.Contains(page, `alt=":name:" title=":name:"`) || !strings.Contains(page, `alt=":bio:"`) || !strings.Contains(page, `alt=":field:"`) {
			t.Errorf("the page of the profile has no pictures: %s", page)
		}

		// Whatever becomes of an emoji, what is shown follows at once: nothing that was encoded before is shown again.
		yes, no := true, false
		now := func() string {
			got := read(bo)
			return shortcodesOf(got.Emojis) + "|" + shortcodesOf(got.Account.Emojis)
		}
		before := read(bo)
		for step, c := range []struct {
			do   func()
			want string
		}{
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "other", Disabled: &yes}) }, "|name bio field"},
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "name", Disabled: &yes}) }, "|bio field"},
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "other", Disabled: &no}) }, "other|bio field"},
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "name", Disabled: &no}) }, "other|name bio field"},
			{func() { hasEmoji(s, keeper.AddEmoji{Shortcode: "unknown"}) }, "other|name bio field unknown"},
			{func() { _, _ = s.Keeper().RemoveEmoji(t.Context(), keeper.EmojiName{Name: "unknown"}) }, "other|name bio field"},
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "other", Picture: picture(t, 9, 9, "png")}) }, "other|name bio field"},
			{func() { changesEmoji(s, keeper.ChangeEmoji{Name: "bio", Picture: picture(t, 9, 9, "png")}) }, "other|name bio field"},
		} {
			if c.do(); now() != c.want {
				t.Errorf("after step %d it has %s, want %s", step, now(), c.want)
			}
		}
		if after := read(bo); after.Emojis[0].URL == before.Emojis[0].URL || after.Account.Emojis[1].URL == before.Account.Emojis[1].URL || after.Account.Emojis[0].URL != before.Account.Emojis[0].URL {
			t.Errorf("pictures were %+v and are %+v", before, after)
		}
	})
}

func TestAnnouncementsAndReactionsToThemHaveEmoji(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		hasEmoji(s, keeper.AddEmoji{Shortcode: "party", Picture: movingPicture(t)})
		hasEmoji(s, keeper.AddEmoji{Shortcode: "sad"})
		if _, err := s.Keeper().Announce(t.Context(), keeper.Announcement{Text: "Hurray :party: :nobody:"}); err != nil {
			t.Fatal(err)
		}
		type announcement struct {
			ID        string
			Emojis    []customEmoji
			Reactions []map[string]any
		}
		show := func() announcement {
			t.Helper()
			var list []announcement
			ada.Get("/api/v1/announcements", &list)
			if len(list) != 1 {
				t.Fatalf("%+v", list)
			}
			return list[0]
		}
		at := "/api/v1/announcements/" + show().ID + "/reactions/"
		for name, want := range map[string]int{"party": 200, "sad": 200, url.PathEscape("🎉"): 200, "nobody": 422, ":party:": 422} {
			if answer := ada.Do(http.MethodPut, at+name, url.Values{}, nil); answer.StatusCode != want {
				t.Errorf("%s answers %d", name, answer.StatusCode)
			}
		}
		got := show()
		if shortcodesOf(got.Emojis) != "party" || len(got.Reactions) != 3 {
			t.Fatalf("%+v", got)
		}
		for _, r := range got.Reactions {
			switch r["name"] {
			case "party":
				if r["url"] == r["static_url"] || !strings.HasSuffix(fmt.Sprint(r["url"]), ".gif") || r["me"] != true {
					t.Errorf("%v", r)
				}
			case "🎉":
				if _, has := r["url"]; has {
					t.Errorf("%v", r)
				}
			}
		}
		if answer := ada.Do(http.MethodDelete, at+"party", nil, nil); answer.StatusCode != http.StatusOK {
			t.Errorf("taking one back answers %d", answer.StatusCode)
		}
		if _, err := s.Keeper().RemoveEmoji(t.Context(), keeper.EmojiName{Name: "sad"}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		if got := show(); len(got.Reactions) != 1 || got.Reactions[0]["name"] != "🎉" {
			t.Errorf("afterwards %+v", got.Reactions)
		}
	})
}

func TestEmojiTravelWithWhatUsesThem(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada, bo := here.Join("ada"), there.Join("bo")
		hasEmoji(here, keeper.AddEmoji{Shortcode: "tusk", Picture: movingPicture(t)})
		made := hasEmoji(here, keeper.AddEmoji{Shortcode: "name"})
		hasEmoji(there, keeper.AddEmoji{Shortcode: "tusk"}) // another one of the same shortcode
		ada.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Ada :name:"}}, nil)
		bo.Follow(ada)
		servertest.Settle(t, here, there)
		var post emojied
		ada.Post("/api/v1/statuses", url.Values{"status": {"look :tusk:"}, "spoiler_text": {"by :name:"}}, &post)
		servertest.Settle(t, here, there)

		// What is told on the wire.
		var note struct {
			Tag []struct {
				ID, Type, Name, Updated string
				Icon                    struct{ Type, MediaType, URL string }
			}
		}
		wire(t, post.URI, &note)
		if len(note.Tag) != 2 || note.Tag[0].Name != ":name:" || note.Tag[1].Name != ":tusk:" || note.Tag[1].Type != "Emoji" || note.Tag[1].Updated == "" ||
			note.Tag[1].Icon.Type != "Image" || note.Tag[1].Icon.MediaType != "image/gif" || !strings.HasPrefix(note.Tag[1].Icon.URL, here.URL+"/files/emoji/") {
			t.Errorf("the note has %+v", note.Tag)
		}
		var alone struct {
			Context        any `json:"@context"`
			ID, Type, Name string
			Icon           struct{ URL string }
		}
		wire(t, note.Tag[1].ID, &alone)
		if alone.ID != note.Tag[1].ID || alone.Type != "Emoji" || alone.Name != ":tusk:" || alone.Icon.URL != note.Tag[1].Icon.URL || alone.Context == nil {
			t.Errorf("by itself it is %+v", alone)
		}
		wire(t, here.URL+"/users/ada", &note)
		if len(note.Tag) != 1 || note.Tag[0].ID != here.URL+"/emojis/"+made.ID {
			t.Errorf("the actor has %+v", note.Tag)
		}
		for _, path := range []string{"/emojis/1", "/emojis/x"} {
			if answer := stays(t, here.URL+path); answer.StatusCode != http.StatusNotFound {
				t.Errorf("%s answers %d", path, answer.StatusCode)
			}
		}

		// What people elsewhere see: the author's emoji, not their own, by addresses of their own server.
		seen := func() emojied {
			t.Helper()
			var home []emojied
			bo.Get("/api/v1/timelines/home", &home)
			if len(home) != 1 {
				t.Fatalf("home has %+v", home)
			}
			return home[0]
		}
		got := seen()
		if shortcodesOf(got.Emojis) != "name tusk" || shortcodesOf(got.Account.Emojis) != "name" || !strings.HasPrefix(got.Emojis[1].URL, there.URL+"/media_proxy/emojis/") {
			t.Fatalf("elsewhere it has %+v %+v", got.Emojis, got.Account.Emojis)
		}
		answer, body := file(t, got.Emojis[1].URL)
		if answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/gif" || !strings.HasPrefix(answer.Request.URL.String(), there.URL+"/files/emoji/") || !bytes.HasPrefix(body, []byte("GIF89a")) {
			t.Errorf("its picture answers %d %s", answer.StatusCode, answer.Request.URL)
		}
		if answer, _ := file(t, got.Emojis[1].Static); answer.StatusCode != http.StatusOK || answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("its still picture answers %d", answer.StatusCode)
		}
		if kept := seen(); !strings.HasPrefix(kept.Emojis[1].URL, there.URL+"/files/emoji/") || !strings.Contains(kept.Emojis[0].URL, "/media_proxy/") {
			t.Errorf("kept it is %+v", kept.Emojis)
		}
		base := there.URL + "/media_proxy/emojis/"
		parts := strings.Split(strings.TrimPrefix(got.Emojis[1].URL, base), "/")
		for path, want := range map[string]int{"1/original": 404, "x/original": 404, parts[0] + "/large": 404, parts[0] + "/static": 302} {
			if answer := stays(t, base+path); answer.StatusCode != want {
				t.Errorf("%s answers %d, want %d", path, answer.StatusCode, want)
			}
		}
		usage, err := there.Keeper().MediaUsage(t.Context())
		if err != nil || !slices.ContainsFunc(usage, func(u keeper.MediaUsage) bool { return u.Noun == "emoji" && u.Remote && u.Files == 2 }) {
			t.Errorf("usage %+v %v", usage, err)
		}
		if at, err := there.Keeper().PruneMedia(t.Context(), keeper.PruneMedia{Budget: 1}); err != nil || !at.Finished {
			t.Errorf("%+v %v", at, err)
		}
		if pruned := seen(); !strings.Contains(pruned.Emojis[1].URL, "/media_proxy/") {
			t.Errorf("pruned it is %+v", pruned.Emojis)
		}

		// Keepers there take it as their own, disable it, or pass its picture on.
		ops := there.Keeper()
		if copied, err := ops.CopyEmoji(t.Context(), keeper.CopyEmoji{Name: ":tusk:@" + here.Domain, Shortcode: "tusk2", Category: "Taken"}); err != nil || copied.Domain != "" || copied.Category != "Taken" {
			t.Errorf("copied %+v %v", copied, err)
		}
		read, err := ops.ReadEmoji(t.Context(), keeper.EmojiName{Name: "tusk2"})
		if err != nil || read.Type != "image/gif" || !bytes.Equal(read.Picture, body) {
			t.Errorf("read %s %v", read.Type, err)
		}
		yes, no := true, false
		changesEmoji(there, keeper.ChangeEmoji{Name: "name@" + here.Domain, Disabled: &yes})
		if off := seen(); shortcodesOf(off.Emojis) != "tusk" || len(off.Account.Emojis) != 0 {
			t.Errorf("disabled it is %+v %+v", off.Emojis, off.Account.Emojis)
		}
		changesEmoji(there, keeper.ChangeEmoji{Name: "name@" + here.Domain, Disabled: &no})
		if on := seen(); shortcodesOf(on.Emojis) != "name tusk" || len(on.Account.Emojis) != 1 {
			t.Errorf("enabled it is %+v %+v", on.Emojis, on.Account.Emojis)
		}
		for mode, want := range map[string]string{"proxy": "name tusk", "reject": ""} {
			if _, err := ops.SetMediaMode(t.Context(), keeper.MediaMode{Domain: here.Domain, Mode: mode}); err != nil {
				t.Fatal(err)
			}
			servertest.Settle(t, there)
			if now := seen(); shortcodesOf(now.Emojis) != want {
				t.Errorf("%s shows %+v", mode, now.Emojis)
			}
			answer, _ := file(t, got.Emojis[1].URL)
			if passed := answer.StatusCode == http.StatusOK && answer.Header.Get("Content-Type") == "image/gif"; passed != (want != "") {
				t.Errorf("%s answers %d", mode, answer.StatusCode)
			}
		}
		if _, err := ops.SetMediaMode(t.Context(), keeper.MediaMode{Domain: here.Domain}); err != nil {
			t.Fatal(err)
		}

		// Another picture is another address, told with the next status.
		old := seen().Emojis[1].URL
		changesEmoji(here, keeper.ChangeEmoji{Name: "tusk", Picture: picture(t, 30, 30, "png")})
		ada.Publish("again :tusk:")
		servertest.Settle(t, here, there)
		var home []emojied
		bo.Get("/api/v1/timelines/home", &home)
		slices.SortFunc(home, func(a, b emojied) int { return len(a.Emojis) - len(b.Emojis) }) // of the same second, they come in any order
		if len(home) != 2 || len(home[0].Emojis) != 1 || len(home[1].Emojis) != 2 || home[1].Emojis[1].URL == old || home[0].Emojis[0].URL != home[1].Emojis[1].URL {
			t.Errorf("after another picture %+v, was %s", home, old)
		}
		if answer, _ := file(t, home[0].Emojis[0].URL); answer.Header.Get("Content-Type") != "image/png" {
			t.Errorf("it answers %d %v", answer.StatusCode, answer.Header)
		}
	})
}

// wire reads a document as other servers do.
func wire(t testing.TB, address string, out any) {
	t.Helper()
	answer, body := file(t, address, "Accept", "application/activity+json")
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/activity+json") {
		t.Fatalf("%s answers %d %s", address, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	if err := json.Unmarshal(body, out); err != nil {
		t.Fatal(err)
	}
}

func TestAColdPageOfEmojiKeepsItsBudget(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada := here.Join("ada")
		for i := range 6 {
			on := []*servertest.Server{here, there}[i%2]
			bo := on.Join(fmt.Sprintf("bo%d", i))
			name, word := fmt.Sprintf("name%d", i), fmt.Sprintf("word%d", i)
			hasEmoji(on, keeper.AddEmoji{Shortcode: name})
			hasEmoji(on, keeper.AddEmoji{Shortcode: word})
			bo.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Bo :" + name + ":"}}, nil)
			ada.Follow(bo)
			servertest.Settle(t, here, there)
			for n := range 4 {
				bo.Publish(fmt.Sprintf("number %d :%s: #counted", n, word), "spoiler_text", "oh :"+name+":")
			}
		}
		servertest.Settle(t, here, there)
		read := func() (statements int64, page []emojied) {
			before := here.DB().Queries()
			ada.Get("/api/v1/timelines/home?limit=20", &page)
			return here.DB().Queries() - before, page
		}
		if err := here.ForgetShown(t.Context()); err != nil {
			t.Fatal(err)
		}
		cold, page := read()
		t.Logf("cold: %d statements for %d statuses", cold, len(page))
		if len(page) != 20 || cold > coldHome {
			t.Errorf("a cold page of %d costs %d statements, want 20 for at most %d", len(page), cold, coldHome)
		}
		for _, one := range page {
			if len(one.Emojis) != 2 || len(one.Account.Emojis) != 1 {
				t.Errorf("%s has %+v %+v", one.ID, one.Emojis, one.Account.Emojis)
			}
		}
		if warm, _ := read(); warm > warmHome {
			t.Errorf("a warm page costs %d statements", warm)
		}
	})
}
