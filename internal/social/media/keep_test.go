package media

import (
	"bytes"
	"context"
	"crypto/rand"
	"image"
	"image/color"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/images"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// room is the room of media over a folder, with a clock of its own.
type room struct {
	*Service
	t        testing.TB
	people   *accounts.Service
	settings *settings.Service
	now      *clock.Manual
	folder   string
}

func newRoom(t testing.TB, engine db.Engine, allow ...netip.Prefix) *room {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC))
	d := dbtest.Open(t, engine, func(c *db.Config) { c.Clock = now })
	b := bus.New(d, now, nil)
	bus.On(b, "a", bus.Live(func(context.Context, FilesChanged) {}))
	bus.On(b, "b", bus.Live(func(context.Context, CopiesDropped) {}))
	bus.On(b, "c", bus.Live(func(context.Context, PortraitKept) {}))
	bus.On(b, "d", bus.Live(func(context.Context, ModeChanged) {}))
	bus.On(b, "e", bus.Live(func(context.Context, accounts.Updated) {}))
	bus.On(b, "f", bus.Live(func(context.Context, settings.Changed) {}))
	bus.On(b, "g", bus.Live(func(context.Context, accounts.Gone) {}))
	bus.On(b, "h", bus.Live(func(context.Context, Linked) {}))
	bus.On(b, "i", bus.Live(func(context.Context, PreviewChanged) {}))
	r := &room{t: t, now: now, folder: t.TempDir()}
	site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
	store, err := blob.OpenFolder(r.folder)
	if err != nil {
		t.Fatal(err)
	}
	r.settings = settings.New(d, site)
	client := safehttp.New(safehttp.Options{AllowAddresses: allow, Clock: now})
	r.people = accounts.New(accounts.Config{DB: d, Clock: now, Site: site, Passwords: accounts.CheapPasswords()})
	if r.Service, err = New(Config{DB: d, Clock: now, Site: site, Settings: r.settings, Secret: []byte("secret"), Store: store, Workshop: images.New(images.DefaultMemory),
		Spool: t.TempDir(), Remote: client}); err != nil {
		t.Fatal(err)
	}
	r.people.Introduce(accounts.Neighbours{DropPortrait: r.DropPortrait, RemotePortrait: r.RemotePortrait})
	return r
}

// meets keeps an account of another server, or what became of it.
func (r *room) meets(name, avatar, header string) *accounts.Account {
	r.t.Helper()
	actor := &activitypub.RemoteActor{ID: "https://there.example/" + name, Type: "Person", Username: name, Inbox: "https://there.example/inbox",
		Icon: activitypub.RemoteImage{URL: avatar}, Image: activitypub.RemoteImage{URL: header}}
	if _, err := r.people.Keep(r.t.Context(), actor, activitypub.Handle{Username: name, Domain: "there.example"}); err != nil {
		r.t.Fatal(err)
	}
	a, err := r.people.ByURI(r.t.Context(), actor.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return a
}

// holds keeps a file of so many bytes for an attachment of an account, and a preview for it if that has any.
func (r *room) holds(of *accounts.Account, size int, remote bool, preview ...int) (id.Attachment, *file) {
	r.t.Helper()
	a := &Attachment{ID: id.Attachment(r.db.IDAt(r.now.Now())), Account: of.ID, Kind: Image, State: Ready, CreatedAt: r.now.Now()}
	if remote {
		a.Remote, a.Domain = "https://there.example/"+a.ID.String(), of.Domain
	}
	files := make([]*file, 0, 2)
	for _, size := range append([]int{size}, preview...) {
		body := make([]byte, size)
		_, _ = rand.Read(body) // never fails
		f, err := r.put(r.t.Context(), &file{noun: nounAttachment, owner: int64(a.ID), kind: "image/jpeg", size: int64(size), remote: remote}, bytes.NewReader(body))
		if err != nil {
			r.t.Fatal(err)
		}
		files = append(files, f)
	}
	err := r.db.Tx(r.t.Context(), func(tx *db.Tx) error {
		a.Original = files[0].key
		if len(files) > 1 {
			a.Small = files[1].key
		}
		if err := insert(r.t.Context(), tx, a); err != nil {
			return err
		}
		return settle(r.t.Context(), tx, files...)
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return a.ID, files[0]
}

func (r *room) there(key string) bool {
	_, err := os.Stat(filepath.Join(r.folder, key))
	return err == nil
}

func (r *room) prune(b Bound) Pruned {
	r.t.Helper()
	var at Pruned
	for !at.Finished {
		var err error
		if at, err = r.Prune(r.t.Context(), b, at); err != nil {
			r.t.Fatal(err)
		}
	}
	return at
}

// weighs counts what lies in the folder.
func (r *room) weighs() (sum int64) {
	err := filepath.WalkDir(r.folder, func(_ string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			info, err := entry.Info()
			if err != nil {
				return err
			}
			sum += info.Size()
		}
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return sum
}

var loopback = netip.MustParsePrefix("127.0.0.0/8")

// portraits serves a picture at every path but some, and counts.
func portraits(t testing.TB) (*httptest.Server, *atomic.Int64) {
	m := image.NewRGBA(image.Rect(0, 0, 450, 420))
	for i := range m.Pix {
		m.Pix[i] = uint8(i)
	}
	m.Set(1, 1, color.Black)
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	var asked atomic.Int64
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		asked.Add(1)
		switch {
		case strings.HasPrefix(q.URL.Path, "/page"):
			_, _ = io.WriteString(w, "<html><script>alert(1)</script>")
		case strings.HasPrefix(q.URL.Path, "/endless"):
			for one := make([]byte, 1<<16); q.Context().Err() == nil; {
				if _, err := w.Write(one); err != nil {
					return
				}
			}
		case strings.HasPrefix(q.URL.Path, "/loop"):
			http.Redirect(w, q, "/loop"+strconv.FormatInt(asked.Load(), 10), http.StatusFound)
		case strings.HasPrefix(q.URL.Path, "/inside"):
			http.Redirect(w, q, "http://10.0.0.1/secret", http.StatusFound)
		case strings.HasPrefix(q.URL.Path, "/gone"):
			http.NotFound(w, q)
		default:
			_, _ = w.Write(b.Bytes())
		}
	}))
	t.Cleanup(s.Close)
	return s, &asked
}

// scale multiplies the sizes of the story of the budget: with 10 it is 300 MB against 100 MB.
func scale() int {
	n, err := strconv.Atoi(os.Getenv("ANANCUS_TEST_MEDIA_SCALE"))
	if err != nil {
		return 1
	}
	return n
}

func TestTheBudgetRemovesTheLeastRecentlySeenCopiesAndNothingOfOurs(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		const each = 1_000_000
		r, files := newRoom(t, engine, loopback), 30*scale()
		origin, asked := portraits(t)
		bo := r.meets("bo", origin.URL+"/a", origin.URL+"/h")
		var local []*file
		for range 3 {
			_, f := r.holds(bo, each, false)
			local = append(local, f)
		}
		if err := r.FetchPortraits(t.Context(), bo.ID); err != nil { // the first, and so the least recently seen
			t.Fatal(err)
		}
		bo, _ = r.people.ByID(t.Context(), bo.ID)
		var owners []id.Attachment
		var copies []*file
		for range files {
			r.now.Advance(time.Hour)
			owner, f := r.holds(bo, each*9/10, true, each/10)
			owners, copies = append(owners, owner), append(copies, f)
		}
		r.now.Advance(3 * time.Hour)
		r.seen.note(copies[0].id) // the oldest was looked at just now
		if err := r.settings.Set(t.Context(), "remote-media-budget", strconv.Itoa(10*scale())); err != nil {
			t.Fatal(err)
		}
		budget := int64(10 * scale() * each)
		begin := time.Now()
		if would := r.prune(Bound{Budget: budget, Dry: true}); would.Left > budget || would.Files == 0 || !r.there(copies[1].key) {
			t.Errorf("a dry run tells %+v", would)
		}
		if err := r.PruneBySettings(t.Context()); err != nil {
			t.Fatal(err)
		}
		t.Logf("%d files: %v", files, time.Since(begin))
		if left := r.weighs() - 3*each; left > budget || left < budget-2*each {
			t.Errorf("%d bytes of copies lie there, the budget is %d", left, budget)
		}
		if du, err := exec.Command("du", "-sb", r.folder).Output(); err == nil {
			t.Logf("du -sb: %s", du)
		}
		for _, f := range local {
			if !r.there(f.key) {
				t.Error("a file of ours went")
			}
		}
		if !r.there(copies[0].key) || r.there(copies[1].key) || !r.there(copies[files-1].key) || r.there(bo.AvatarKey) || r.there(bo.HeaderKey) {
			t.Error("others went than the least recently seen")
		}
		found, err := ByIDs(t.Context(), r.db, owners[:2])
		if err != nil || found[owners[0]].Original == "" || found[owners[1]].Original != "" {
			t.Errorf("attachments keep the wrong keys: %v", err)
		}
		usage, err := r.Usage(t.Context())
		if err != nil || len(usage) != 2 || usage[0].Remote || usage[0].Files != 3 || !usage[1].Remote || usage[1].Bytes > budget {
			t.Errorf("usage is %+v, %v", usage, err)
		}
		before := asked.Load()
		if bo, _ = r.people.ByID(t.Context(), bo.ID); bo.AvatarKey != "" {
			t.Error("the account keeps the key of an avatar that went")
		}
		if key, err := r.FetchPortrait(t.Context(), bo.ID, nounAvatar); err != nil || !r.there(key) || asked.Load() != before+1 {
			t.Errorf("asked for again it is at %q: %v", key, err)
		}
		r.now.Advance(48 * time.Hour)
		if at := r.prune(Bound{Days: 1}); at.Left != 0 || !r.there(local[0].key) {
			t.Errorf("by age: %+v", at)
		}
	})
}

func TestVerifyFindsOrphansAndHoles(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine)
		bo := r.meets("bo", "", "")
		_, ours := r.holds(bo, 100, false)
		owner, missing := r.holds(bo, 100, true)
		_, short := r.holds(bo, 100, true)
		_, fine := r.holds(bo, 100, true)
		orphan, young := "attachment/20000/5-abc.jpg", "zebra/20000/7-abc.jpg"
		for key, age := range map[string]time.Duration{orphan: 25 * time.Hour, young: time.Hour, "readme.txt": 99 * time.Hour} {
			path := filepath.Join(r.folder, key)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("x"), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(path, r.now.Now().Add(-age), r.now.Now().Add(-age)); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{ours.key, missing.key} {
			if err := os.Remove(filepath.Join(r.folder, key)); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(r.folder, short.key), []byte("short"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, fix := range []bool{false, true} {
			v, err := r.Verify(t.Context(), "", fix)
			if err != nil || !v.Finished || v.Rows != 4 || v.Files != 5 {
				t.Fatalf("verify tells %+v, %v", v, err)
			}
			got := map[string]Finding{}
			for _, one := range v.Found {
				got[one.Key] = one
			}
			want := map[string]Finding{
				orphan:       {What: FileOrphan, Key: orphan, Bytes: 1, Mended: fix},
				"readme.txt": {What: FileForeign, Key: "readme.txt", Bytes: 1},
				ours.key:     {What: FileMissing, Key: ours.key, Noun: "attachment", Owner: ours.owner, Bytes: 100},
				missing.key:  {What: FileMissing, Key: missing.key, Noun: "attachment", Owner: missing.owner, Remote: true, Bytes: 100, Mended: fix},
				short.key:    {What: FileDamaged, Key: short.key, Noun: "attachment", Owner: short.owner, Remote: true, Bytes: 100, Mended: fix},
			}
			if len(got) != len(want) {
				t.Errorf("found %+v", v.Found)
			}
			for key, one := range want {
				if got[key] != one {
					t.Errorf("found %+v, want %+v", got[key], one)
				}
			}
			if r.there(orphan) == fix || !r.there(young) || !r.there("readme.txt") || !r.there(fine.key) {
				t.Error("the wrong files are there")
			}
		}
		found, err := ByIDs(t.Context(), r.db, []id.Attachment{owner})
		if err != nil || found[owner].Original != "" {
			t.Errorf("a copy that is missing keeps its key: %v", err)
		}
		// From any key on it finds what comes after.
		v, err := r.Verify(t.Context(), young, false)
		if err != nil || v.Files != 0 || len(v.Found) != 0 {
			t.Errorf("after the last key: %+v, %v", v, err)
		}
	})
}

func TestPortraitsOfOtherServersAreKeptAndGoWithTheirAddress(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		r := newRoom(t, engine, loopback)
		origin, asked := portraits(t)
		bo := r.meets("bo", origin.URL+"/one", "")
		at := r.RemotePortrait(bo, nounAvatar)
		if !strings.HasPrefix(at, "https://here.example/media_proxy/accounts/"+bo.ID.String()+"/avatar?v=") || r.RemotePortrait(bo, nounHeader) != "" {
			t.Errorf("before it is kept it is at %s", at)
		}
		key, err := r.FetchPortrait(t.Context(), bo.ID, nounAvatar)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := r.FetchPortrait(t.Context(), bo.ID, nounAvatar); again != key || err != nil || asked.Load() != 1 {
			t.Errorf("a second time it gives %q, %v", again, err)
		}
		f, err := os.Open(filepath.Join(r.folder, key))
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := image.DecodeConfig(f)
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err != nil || h.Width != 400 || h.Height != 400 {
			t.Errorf("the copy has %d × %d: %v", h.Width, h.Height, err)
		}
		if bo = r.meets("bo", origin.URL+"/one", ""); r.RemotePortrait(bo, nounAvatar) != "https://here.example/files/"+key {
			t.Errorf("met again it is at %s", r.RemotePortrait(bo, nounAvatar))
		}
		bo = r.meets("bo", origin.URL+"/two", "")
		if other := r.RemotePortrait(bo, nounAvatar); other == at || !strings.Contains(other, "/media_proxy/") {
			t.Errorf("another picture is at %s", other)
		}
		if err := r.SweepFiles(t.Context()); err != nil || r.there(key) {
			t.Errorf("the copy of the picture before stays: %v", err)
		}
		if key, err = r.FetchPortrait(t.Context(), bo.ID, nounAvatar); err != nil {
			t.Fatal(err)
		}
		if _, err := r.SetMode(t.Context(), "There.example", settings.RejectMedia); err != nil {
			t.Fatal(err)
		}
		bo, _ = r.people.ByID(t.Context(), bo.ID)
		if at := r.RemotePortrait(bo, nounAvatar); at != "" || r.ModeOf("media.there.example") != settings.RejectMedia || r.ModeOf("there.example.org") != settings.StoreMedia {
			t.Errorf("of a server that is rejected it is at %q", at)
		}
		if err := r.DropUnwanted(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := r.SweepFiles(t.Context()); err != nil || r.there(key) {
			t.Errorf("the copy of a server that is rejected stays: %v", err)
		}
		if key, err := r.FetchPortrait(t.Context(), bo.ID, nounAvatar); key != "" || err != nil {
			t.Errorf("it is fetched all the same: %q, %v", key, err)
		}
		if back, err := r.SetMode(t.Context(), "there.example", ""); err != nil || back.Mode != settings.StoreMedia {
			t.Errorf("back to %+v, %v", back, err)
		}
		if _, err := r.SetMode(t.Context(), "here.example", settings.RejectMedia); err == nil {
			t.Error("our own media are rejected")
		}
		if key, err = r.FetchPortrait(t.Context(), bo.ID, nounAvatar); err != nil {
			t.Fatal(err)
		}
		if err := r.people.MarkGone(t.Context(), bo.ID); err != nil {
			t.Fatal(err)
		}
		if err := r.SweepFiles(t.Context()); err != nil || r.there(key) {
			t.Errorf("the copy of a deleted account stays: %v", err)
		}
	})
}

func TestPortraitsAreFetchedWithinBounds(t *testing.T) {
	r := newRoom(t, db.SQLite, loopback)
	origin, asked := portraits(t)
	closed := newRoom(t, db.SQLite) // nothing private may be reached
	for name, one := range map[string]struct {
		r       *room
		address string
		most    int64 // requests
	}{
		"an endless body": {r, origin.URL + "/endless", 1}, "a loop of redirects": {r, origin.URL + "/loop", 4}, "a redirect into our network": {r, origin.URL + "/inside", 1},
		"what is gone": {r, origin.URL + "/gone", 1}, "a page": {r, origin.URL + "/page", 1},
		"a private address": {closed, origin.URL + "/a", 0}, "the cloud's secrets": {closed, "http://169.254.169.254/", 0}, "a mapped address": {closed, "https://[::ffff:127.0.0.1]/", 0},
		"no address": {r, "javascript:alert(1)", 0}, "an address with a password": {r, "https://a:b@[::1]/", 0},
	} {
		before := asked.Load()
		account := one.r.meets("n"+strconv.Itoa(len(name)), one.address, "")
		for range 2 { // the second time nobody is asked
			if key, err := one.r.FetchPortrait(t.Context(), account.ID, nounAvatar); err == nil || key != "" {
				t.Errorf("%s is kept as %q: %v", name, key, err)
			}
		}
		if n := asked.Load() - before; n > one.most {
			t.Errorf("%s is asked for %d times", name, n)
		}
	}
	entries, err := os.ReadDir(r.spool)
	if err != nil || len(entries) != 0 {
		t.Errorf("%d files are left behind: %v", len(entries), err)
	}
}
