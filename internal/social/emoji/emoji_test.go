package emoji_test

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/images"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/emoji"
	"anancus/internal/social/media"
	"anancus/internal/social/settings"
)

// room is the room of emoji with that of media, which keeps its files.
type room struct {
	*emoji.Service
	t       testing.TB
	d       *db.DB
	media   *media.Service
	now     *clock.Manual
	changed []emoji.Changed
	removed []emoji.Removed
}

func newRoom(t testing.TB, engine db.Engine) *room {
	t.Helper()
	r := &room{t: t, now: clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))}
	r.d = dbtest.Open(t, engine, func(c *db.Config) { c.Clock = r.now })
	b := bus.New(r.d, r.now, nil)
	bus.On(b, "a", bus.Live(func(context.Context, media.FilesChanged) {}))
	bus.On(b, "b", bus.Live(func(_ context.Context, e media.CopiesDropped) {
		for _, n := range e.Emoji {
			r.Forget(n.Domain, n.Shortcode)
		}
	}))
	bus.On(b, "c", bus.Live(func(context.Context, media.ModeChanged) { r.ForgetAll() }))
	bus.On(b, "d", bus.Live(func(_ context.Context, e emoji.Changed) {
		r.changed = append(r.changed, e)
		r.Forget(e.Domain, e.Shortcodes...)
	}))
	bus.On(b, "e", bus.Live(func(_ context.Context, e emoji.Removed) { r.removed = append(r.removed, e) }))
	bus.On(b, "f", bus.Live(func(context.Context, settings.Changed) {}))
	site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
	store, err := blob.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client := safehttp.New(safehttp.Options{AllowAddresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Clock: r.now})
	if r.media, err = media.New(media.Config{DB: r.d, Clock: r.now, Site: site, Settings: settings.New(r.d, site), Secret: []byte("secret"), Store: store,
		Workshop: images.New(images.DefaultMemory), Spool: t.TempDir(), Remote: client}); err != nil {
		t.Fatal(err)
	}
	r.Service = emoji.New(r.d, r.now, site)
	r.Introduce(r.media.EmojiPictures())
	return r
}

// still and moving are pictures.
func still(t testing.TB, side int, shade uint8) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	for i := range side * side {
		m.Set(i%side, i/side, color.RGBA{shade, uint8(i), 128, 255})
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func moving(t testing.TB, side, frames int) []byte {
	t.Helper()
	all := &gif.GIF{}
	for i := range frames {
		m := image.NewPaletted(image.Rect(0, 0, side, side), color.Palette{color.White, color.RGBA{200, 0, byte(i), 255}})
		m.SetColorIndex(i%side, 1, 1)
		all.Image, all.Delay = append(all.Image, m), append(all.Delay, 5)
	}
	var b bytes.Buffer
	if err := gif.EncodeAll(&b, all); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (r *room) add(d emoji.Draft) *emoji.Emoji {
	r.t.Helper()
	if d.Picture == nil {
		d.Picture = still(r.t, 16, 10)
	}
	e, err := r.Add(r.t.Context(), d)
	if err != nil {
		r.t.Fatal(err)
	}
	return e
}

// in gives what a text of a server shows.
func (r *room) in(domain, text string) []mastodon.CustomEmoji {
	r.t.Helper()
	list, err := r.InTexts(r.t.Context(), domain, text)
	if err != nil {
		r.t.Fatal(err)
	}
	return list
}

func codes(list []mastodon.CustomEmoji) string {
	var all []string
	for _, e := range list {
		all = append(all, e.Shortcode)
	}
	return strings.Join(all, " ")
}

func TestEmojiOfOursAreRefusedInMastodonsWords(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		var photo bytes.Buffer
		if err := jpeg.Encode(&photo, image.NewGray(image.Rect(0, 0, 8, 8)), nil); err != nil {
			t.Fatal(err)
		}
		r.add(emoji.Draft{Shortcode: "taken"})
		good := still(t, 16, 1)
		bomb := bytes.Clone(good) // says that it has 100,000 × 100,000 pixels
		copy(bomb[16:24], []byte{0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0})
		for name, c := range map[string]struct {
			draft emoji.Draft
			says  string
		}{
			"one letter":          {emoji.Draft{Shortcode: "a", Picture: good}, "Shortcode is too short (minimum is 2 characters)"},
			"129 letters":         {emoji.Draft{Shortcode: strings.Repeat("a", 129), Picture: good}, "Shortcode is too long (maximum is 128 characters)"},
			"a dash":              {emoji.Draft{Shortcode: "blob-cat", Picture: good}, "Shortcode is invalid"},
			"markup":              {emoji.Draft{Shortcode: "<b>x</b>", Picture: good}, "Shortcode is invalid"},
			"another script":      {emoji.Draft{Shortcode: "猫猫", Picture: good}, "Shortcode is invalid"},
			"a name that is used": {emoji.Draft{Shortcode: "taken", Picture: good}, "Shortcode has already been taken"},
			"nothing":             {emoji.Draft{Shortcode: "empty"}, "Image can't be blank"},
			"257 KB":              {emoji.Draft{Shortcode: "large", Picture: make([]byte, 257<<10)}, "at most 256 KB"},
			"a JPEG":              {emoji.Draft{Shortcode: "photo", Picture: photo.Bytes()}, "Image content type is invalid"},
			"a page":              {emoji.Draft{Shortcode: "page", Picture: []byte("<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>")}, "content type is invalid"},
			"half a picture":      {emoji.Draft{Shortcode: "half", Picture: good[:60]}, "damaged"},
			"too many pixels":     {emoji.Draft{Shortcode: "bomb", Picture: bomb}, "too many pixels"},
			"too many frames":     {emoji.Draft{Shortcode: "film", Picture: moving(t, 4, 2001)}, "more than 2000 frames"},
			"a long category":     {emoji.Draft{Shortcode: "long", Picture: good, Category: strings.Repeat("c", 256)}, "Category is too long"},
		} {
			if _, err := r.Add(t.Context(), c.draft); fault.KindOf(err) != fault.Invalid || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if got := codes(r.in("", ":taken: :Taken: :half: :bomb:")); got != "taken" {
			t.Errorf("shown are %q", got)
		}
		r.add(emoji.Draft{Shortcode: "Taken"}) // case counts
		if got := codes(r.in("", ":taken: :Taken:")); got != "taken Taken" {
			t.Errorf("shown are %q", got)
		}
	})
}

func TestAnEmojiIsShownAsItIsNow(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		r.in("", ":cat:") // remembered as nothing
		r.add(emoji.Draft{Shortcode: "cat", Category: " Blobs ", Picture: moving(t, 20, 3)})
		first := r.in("", "a :cat: b::cat: c:cat: :cat:x")
		if len(first) != 1 || !strings.HasSuffix(first[0].URL, ".gif") || !strings.HasSuffix(first[0].StaticURL, ".png") || !first[0].VisibleInPicker || first[0].Category != "" {
			t.Fatalf("%+v", first)
		}
		if got := r.in("there.example", ":cat:"); len(got) != 0 || got == nil {
			t.Errorf("people of another server show ours: %+v", got)
		}
		if got := r.in("", "no 10:30:45"); got == nil || len(got) != 0 {
			t.Errorf("%+v", got)
		}
		if _, err := r.Add(t.Context(), emoji.Draft{Shortcode: "cat", Picture: still(t, 600, 2), Overwrite: true}); err != nil {
			t.Fatal(err)
		}
		second := r.in("", ":cat:")
		if len(second) != 1 || second[0].URL == first[0].URL || second[0].StaticURL != second[0].URL {
			t.Errorf("replaced it is %+v", second)
		}
		_, body, err := r.Read(t.Context(), emoji.Name{Shortcode: "cat"})
		if err != nil {
			t.Fatal(err)
		}
		if shape, err := png.DecodeConfig(bytes.NewReader(body)); err != nil || shape.Width != 512 {
			t.Errorf("a large picture is kept as %+v, %v", shape, err)
		}
		no, yes := false, true
		if _, err := r.Alter(t.Context(), emoji.Name{Shortcode: "cat"}, emoji.Change{Disabled: &yes}); err != nil {
			t.Fatal(err)
		}
		if got := r.in("", ":cat:"); len(got) != 0 {
			t.Errorf("disabled it is %+v", got)
		}
		if _, err := r.Alter(t.Context(), emoji.Name{Shortcode: "cat"}, emoji.Change{Disabled: &no, Listed: &no, Picture: moving(t, 8, 2)}); err != nil {
			t.Fatal(err)
		}
		if got := r.in("", ":cat:"); len(got) != 1 || got[0].VisibleInPicker || !strings.HasSuffix(got[0].URL, ".gif") {
			t.Errorf("hidden it is %+v", got)
		}
		if err := r.Remove(t.Context(), emoji.Name{Shortcode: "cat"}); err != nil {
			t.Fatal(err)
		}
		if got := r.in("", ":cat:"); len(got) != 0 || len(r.removed) != 1 {
			t.Errorf("removed it is %+v, told %v", got, r.removed)
		}
		if err := r.Remove(t.Context(), emoji.Name{Shortcode: "cat"}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("removed twice: %v", err)
		}
		if err := r.media.SweepFiles(t.Context()); err != nil {
			t.Fatal(err)
		}
		if use, err := r.media.Usage(t.Context()); err != nil || len(use) != 0 {
			t.Errorf("files that nothing shows stay: %+v %v", use, err)
		}
	})
}

func TestOneEmojiStandsForACategory(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		yes, other := true, "Other"
		for _, code := range []string{"aa", "bb", "cc"} {
			r.add(emoji.Draft{Shortcode: code, Category: "Cats"})
		}
		for _, code := range []string{"aa", "bb"} {
			if _, err := r.Alter(t.Context(), emoji.Name{Shortcode: code}, emoji.Change{Featured: &yes}); err != nil {
				t.Fatal(err)
			}
		}
		r.add(emoji.Draft{Shortcode: "loose"})
		if _, err := r.Alter(t.Context(), emoji.Name{Shortcode: "loose"}, emoji.Change{Featured: &yes}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("without a category: %v", err)
		}
		featured := func() string {
			list, err := r.List(t.Context(), emoji.Listing{Category: "Cats", Limit: 10})
			if err != nil {
				t.Fatal(err)
			}
			said := ""
			for _, e := range list {
				said += e.Shortcode + map[bool]string{true: "! ", false: " "}[e.Featured]
			}
			return said
		}
		if got := featured(); got != "aa bb! cc " {
			t.Errorf("it is %q", got)
		}
		if _, err := r.Alter(t.Context(), emoji.Name{Shortcode: "bb"}, emoji.Change{Category: &other}); err != nil {
			t.Fatal(err)
		}
		if got := featured(); got != "aa cc " {
			t.Errorf("afterwards %q", got)
		}
	})
}

// told is an emoji as another server tells of it.
func told(code, address string, updated time.Time) activitypub.RemoteEmoji {
	return activitypub.RemoteEmoji{ID: "https://there.example/emojis/" + code, Shortcode: code, Updated: updated, Image: activitypub.RemoteImage{URL: address}}
}

func (r *room) receive(domain, text string, list ...activitypub.RemoteEmoji) {
	r.t.Helper()
	err := r.d.Tx(r.t.Context(), func(tx *db.Tx) error { return r.Receive(r.t.Context(), tx, domain, list, text) })
	if err != nil {
		r.t.Fatal(err)
	}
}

func TestEmojiOfAnotherServerAreItsOwnAndBounded(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		r.add(emoji.Draft{Shortcode: "cat"})
		r.receive("victim.example", ":cat:", told("cat", "https://victim.example/cat.png", time.Time{}))
		at := r.now.Now().Add(-time.Hour)
		spoof := told("cat", "https://evil.example/cat.png", at)
		spoof.ID = "https://victim.example/emojis/cat" // claims to be another server's
		r.receive("evil.example", ":cat: :dog: :<b>: :also:", spoof, told("unused", "https://evil.example/u.png", at), told("<b>", "https://evil.example/b.png", at))
		r.receive("", ":mine:", told("mine", "https://evil.example/mine.png", at))
		if got := codes(r.in("evil.example", ":cat: :unused: :mine:")); got != "cat" {
			t.Errorf("kept are %q", got)
		}
		list, err := r.List(t.Context(), emoji.Listing{Remote: true, Limit: 10})
		if err != nil || len(list) != 2 || list[1].Domain != "victim.example" || list[1].Remote != "https://victim.example/cat.png" {
			t.Errorf("%+v %v", list, err)
		}
		if got := r.in("", ":cat: :mine:"); len(got) != 1 || !strings.Contains(got[0].URL, "/files/emoji/") {
			t.Errorf("ours is %+v", got)
		}

		var flood []activitypub.RemoteEmoji
		var text strings.Builder
		for i := range 1000 {
			code := "flood" + strconv.Itoa(i)
			flood = append(flood, told(code, "https://evil.example/"+code, time.Time{}))
			text.WriteString(" :" + code + ":")
		}
		before := r.d.Queries()
		r.receive("evil.example", text.String(), flood...)
		if n := r.d.Queries() - before; n > 500 {
			t.Errorf("a flood costs %d statements", n)
		}
		if got := r.in("evil.example", text.String()); len(got) != 200 {
			t.Errorf("of a flood %d are shown", len(got))
		}
		before = r.d.Queries()
		r.receive("evil.example", text.String(), flood...)
		if n := r.d.Queries() - before; n > 3 {
			t.Errorf("the same again costs %d statements", n)
		}
	})
}

func TestNewsOfAnEmojiCountWhenTheyAreNewer(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		now := r.now.Now()
		at := func() string {
			list, err := r.List(t.Context(), emoji.Listing{Domain: "there.example", Limit: 10})
			if err != nil || len(list) != 1 {
				t.Fatalf("%+v %v", list, err)
			}
			return list[0].Remote
		}
		for i, c := range []struct {
			address string
			updated time.Time
			want    string
			changes bool
		}{
			{"https://there.example/1", now.Add(-3 * time.Hour), "https://there.example/1", true},
			{"https://there.example/1", now.Add(-3 * time.Hour), "https://there.example/1", false},
			{"https://there.example/2", now.Add(-2 * time.Hour), "https://there.example/2", true},
			{"https://there.example/1", now.Add(-3 * time.Hour), "https://there.example/2", false}, // comes late
			{"https://there.example/2", now.Add(-1 * time.Hour), "https://there.example/2", true},  // another picture at the same address
			{"https://there.example/3", now.Add(1000 * time.Hour), "https://there.example/3", true},
			{"https://there.example/4", now.Add(7 * time.Second), "https://there.example/4", true}, // whoever lied about the time can still speak
			{"https://there.example/5", time.Time{}, "https://there.example/5", true},
		} {
			r.changed = nil
			r.now.Advance(time.Second)
			r.receive("there.example", ":cat:", told("cat", c.address, c.updated))
			if got := at(); got != c.want || len(r.changed) > 0 != c.changes {
				t.Errorf("step %d: it is at %s, told %v", i, got, r.changed)
			}
		}
	})
}

func TestPicturesOfOtherServersAreCopiedDroppedAndCopiedAgain(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		picture, asked := moving(t, 10, 2), 0
		there := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
			asked++
			switch req.URL.Path {
			case "/cat.gif":
				_, _ = w.Write(picture)
			case "/huge.gif":
				_, _ = w.Write(append(bytes.Clone(picture), make([]byte, 300<<10)...))
			case "/page.gif":
				_, _ = w.Write([]byte("<html><script>alert(1)</script>"))
			default:
				http.NotFound(w, req)
			}
		}))
		defer there.Close()
		r.receive("there.example", ":cat: :huge: :page: :gone: :private:", told("cat", there.URL+"/cat.gif", time.Time{}), told("huge", there.URL+"/huge.gif", time.Time{}),
			told("page", there.URL+"/page.gif", time.Time{}), told("gone", there.URL+"/gone.gif", time.Time{}), told("private", "http://10.0.0.1/x.gif", time.Time{}))
		shown := r.in("there.example", ":cat: :huge: :page: :gone: :private:")
		if len(shown) != 5 || asked != 0 || !strings.HasPrefix(shown[0].URL, "https://here.example/media_proxy/emojis/") || !strings.Contains(shown[0].StaticURL, "/static?v=") {
			t.Fatalf("%d requests, %+v", asked, shown)
		}
		cat := emoji.Name{Domain: "there.example", Shortcode: "cat"}
		e, body, err := r.Read(t.Context(), cat)
		if err != nil || e.Type != "image/gif" || !bytes.HasPrefix(body, []byte("GIF89a")) {
			t.Fatalf("%+v %v", e, err)
		}
		kept := r.in("there.example", ":cat:")
		if !strings.HasPrefix(kept[0].URL, "https://here.example/files/emoji/") || kept[0].StaticURL == kept[0].URL {
			t.Errorf("kept it is %+v", kept)
		}
		for _, code := range []string{"huge", "page", "gone", "private"} {
			name := emoji.Name{Domain: "there.example", Shortcode: code}
			if _, _, err := r.Read(t.Context(), name); err == nil {
				t.Errorf("%s can be had", code)
			}
			before := asked
			if _, _, err := r.Read(t.Context(), name); err == nil || asked != before {
				t.Errorf("%s is asked for again at once", code)
			}
		}
		if use, err := r.media.Usage(t.Context()); err != nil || len(use) != 1 || use[0].Noun != "emoji" || !use[0].Remote || use[0].Files != 2 {
			t.Errorf("usage %+v %v", use, err)
		}
		ours, err := r.Adopt(t.Context(), cat, emoji.Draft{Shortcode: "ourcat", Category: "Cats"})
		if err != nil || ours.Domain != "" || ours.StaticKey == "" {
			t.Errorf("copied: %+v %v", ours, err)
		}
		if _, err := r.Adopt(t.Context(), emoji.Name{Shortcode: "ourcat"}, emoji.Draft{}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("one of ours copied: %v", err)
		}

		var at media.Pruned
		for !at.Finished {
			if at, err = r.media.Prune(t.Context(), media.Bound{Budget: 1}, at); err != nil {
				t.Fatal(err)
			}
		}
		if at.Files != 2 {
			t.Errorf("pruned %+v", at)
		}
		if again := r.in("there.example", ":cat:"); !strings.Contains(again[0].URL, "/media_proxy/emojis/") {
			t.Errorf("pruned it is %+v", again)
		}
		if got := r.in("", ":ourcat:"); len(got) != 1 || !strings.Contains(got[0].URL, "/files/") {
			t.Errorf("ours is %+v", got)
		}
		if _, _, err := r.Read(t.Context(), cat); err != nil {
			t.Errorf("fetched again: %v", err)
		}
		// Another picture takes the place of the copy, and nothing of the old one stays.
		r.receive("there.example", ":cat:", told("cat", there.URL+"/cat.gif?2", time.Time{}))
		if changed := r.in("there.example", ":cat:"); !strings.Contains(changed[0].URL, "/media_proxy/emojis/") {
			t.Errorf("changed it is %+v", changed)
		}
		if use, err := r.media.Usage(t.Context()); err != nil || len(use) != 1 || use[0].Remote {
			t.Errorf("usage %+v %v", use, err)
		}
		yes := true
		if _, err := r.Alter(t.Context(), cat, emoji.Change{Listed: &yes}); fault.KindOf(err) != fault.Invalid {
			t.Errorf("another server's is changed: %v", err)
		}
		if _, err := r.Alter(t.Context(), cat, emoji.Change{Disabled: &yes}); err != nil {
			t.Fatal(err)
		}
		r.receive("there.example", ":cat:", told("cat", there.URL+"/cat.gif?3", time.Time{}))
		if got := r.in("there.example", ":cat:"); len(got) != 0 {
			t.Errorf("disabled it comes back: %+v", got)
		}
		if _, err := r.media.SetMode(t.Context(), "there.example", settings.RejectMedia); err != nil {
			t.Fatal(err)
		}
		if got := r.in("there.example", ":huge:"); len(got) != 0 {
			t.Errorf("of a server whose media are rejected: %+v", got)
		}
	})
}

func TestEmojiCostNoQueryOnceTheyWereShown(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		var names []emoji.Name
		for i := range 40 {
			domain := "s" + strconv.Itoa(i%10) + ".example"
			code := "cat" + strconv.Itoa(i)
			r.receive(domain, ":"+code+":", told(code, "https://"+domain+"/"+code, time.Time{}))
			names = append(names, emoji.Name{Domain: domain, Shortcode: code}, emoji.Name{Domain: domain, Shortcode: "none" + code}, emoji.Name{Shortcode: code})
		}
		if err := r.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, want := range []int64{1, 0} {
			before := r.d.Queries()
			found, err := r.Of(t.Context(), names)
			if n := r.d.Queries() - before; err != nil || len(found) != 40 || n != want {
				t.Errorf("%d found with %d statements, want %d; %v", len(found), n, want, err)
			}
		}
		var listed []mastodon.CustomEmoji
		after := emoji.Name{}
		for range 5 {
			page, err := r.List(t.Context(), emoji.Listing{Remote: true, After: after, Limit: 9})
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range page {
				listed = append(listed, mastodon.CustomEmoji{Shortcode: e.String()})
				after = e.Name
			}
		}
		if len(listed) != 40 || !slices.IsSortedFunc(listed, func(a, b mastodon.CustomEmoji) int {
			_, x, _ := strings.Cut(a.Shortcode, "@")
			_, y, _ := strings.Cut(b.Shortcode, "@")
			return strings.Compare(x, y)
		}) {
			t.Errorf("pages list %d", len(listed))
		}
	})
}

func TestANilRoomKnowsNoEmoji(t *testing.T) {
	var none *emoji.Service
	list, err := none.InTexts(t.Context(), "", ":cat:")
	if body, _ := json.Marshal(list); err != nil || string(body) != "[]" {
		t.Errorf("%s %v", body, err)
	}
	if tags, err := none.Tags(t.Context(), ":cat:"); err != nil || len(tags) != 0 {
		t.Errorf("%v %v", tags, err)
	}
}
