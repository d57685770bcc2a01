package server_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/servertest"
	"anancus/internal/social/accounts"
)

// penfriend is a server of others that writes to ours, and an actor of it.
type penfriend struct {
	t     *testing.T
	to    *place
	home  *aptest.Server
	actor activitypub.Actor
	key   int
}

// meet lets a penfriend write to a place where bo follows them, so that what they say matters.
func meet(t *testing.T, p *place) *penfriend {
	t.Helper()
	s := &penfriend{t: t, to: p, home: aptest.NewServer(t), key: 1}
	s.actor = s.home.Person("eve", s.key)
	return s
}

func (s *penfriend) note(n int) []byte {
	return encode(s.t, aptest.CreateNote(s.actor, n, "<p>Hello</p>"))
}

func encode(t testing.TB, v any) []byte {
	t.Helper()
	body, err := activitypub.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// write makes a signed POST to the shared inbox.
func (s *penfriend) write(body []byte) *http.Request {
	return aptest.Post(s.t, s.to.URL+"/inbox", s.actor.PublicKey.ID, s.key, body, s.to.clock.Now())
}

func (s *penfriend) send(r *http.Request) answer { return send(s.t, r) }

func send(t testing.TB, r *http.Request) answer {
	t.Helper()
	got, err := plain.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer{got.StatusCode, got.Header, string(body)}
}

func rows(t testing.TB, p *place, sql string, args ...any) int64 {
	t.Helper()
	n, err := db.One(t.Context(), p.DB(), db.Value[int64], sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// known lets the penfriend be followed by a member, so that their statuses are kept.
func (s *penfriend) followed() *servertest.Person {
	s.t.Helper()
	bo := s.to.Join("bo")
	account := bo.Find("@eve@" + s.home.Host)
	bo.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
	servertest.Settle(s.t, s.to.Server)
	for _, r := range s.home.Received() {
		if follow, err := activitypub.Parse(r.Body); err == nil && follow.Is("Follow") {
			accept := map[string]any{"@context": activitypub.Namespace, "id": s.actor.ID + "#accepts/1", "type": "Accept", "actor": s.actor.ID, "object": follow}
			if got := s.send(s.write(encode(s.t, accept))); got.code != http.StatusAccepted {
				s.t.Fatalf("the Accept was answered %d %s", got.code, got.body)
			}
		}
	}
	servertest.Settle(s.t, s.to.Server)
	if rows(s.t, s.to, `SELECT COUNT(*) FROM follows`) != 1 {
		s.t.Fatal("the follow was not accepted")
	}
	return bo
}

func (s *penfriend) statuses() int64 {
	return rows(s.t, s.to, `SELECT COUNT(*) FROM statuses WHERE deleted_at IS NULL AND uri LIKE $1`, s.home.URL+"%")
}

func TestTheInboxRefusesWhatIsNotSignedByItsActor(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		p.Join("bo")
		other := aptest.NewServer(t)
		mallory := other.Person("mallory", 2)
		neighbour := s.home.Person("mel", 2)
		good := s.write(s.note(1)).Header
		post := func(change func(r *http.Request)) *http.Request {
			r := s.write(s.note(1))
			change(r)
			return r
		}
		signed := func(keyID string, n int, body []byte, now time.Time) *http.Request {
			return aptest.Post(t, p.URL+"/inbox", keyID, n, body, now)
		}
		for name, c := range map[string]struct {
			r    *http.Request
			code int
		}{
			"no signature":       {post(func(r *http.Request) { r.Header.Del("Signature") }), 401},
			"two signatures":     {post(func(r *http.Request) { r.Header.Add("Signature", r.Header.Get("Signature")) }), 401},
			"an empty signature": {post(func(r *http.Request) { r.Header.Set("Signature", "") }), 401},
			"rubbish for one":    {post(func(r *http.Request) { r.Header.Set("Signature", `keyId="a",signature="@@@"`) }), 401},
			"a header under none": {post(func(r *http.Request) {
				r.Header.Set("Signature", `keyId="`+s.actor.PublicKey.ID+`",signature="aGVsbG8=",headers=""`)
			}), 401},
			"an unsigned digest": {post(func(r *http.Request) {
				r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), " digest", "", 1))
			}), 401},
			"hmac": {post(func(r *http.Request) {
				r.Header.Set("Signature", strings.Replace(r.Header.Get("Signature"), "rsa-sha256", "hmac-sha256", 1))
			}), 401},
			"another key":           {signed(s.actor.PublicKey.ID, 3, s.note(1), p.clock.Now()), 401},
			"a key of another host": {signed(mallory.PublicKey.ID, 2, s.note(1), p.clock.Now()), 401},
			"a key of a neighbour":  {signed(neighbour.PublicKey.ID, 2, s.note(1), p.clock.Now()), 401},
			"a key nobody serves":   {signed(s.home.URL+"/users/nobody#main-key", 2, s.note(1), p.clock.Now()), 401},
			"a key of this server":  {signed(p.URL+"/actor#main-key", 3, s.note(1), p.clock.Now()), 401},
			"a key without a host":  {signed("main-key", 1, s.note(1), p.clock.Now()), 401},
			"a key by a script":     {signed("javascript:alert(1)", 1, s.note(1), p.clock.Now()), 401},
			"a date of yesterday":   {signed(s.actor.PublicKey.ID, 1, s.note(1), p.clock.Now().Add(-25*time.Hour)), 401},
			"a date of tomorrow":    {signed(s.actor.PublicKey.ID, 1, s.note(1), p.clock.Now().Add(25*time.Hour)), 401},
			"another body": {post(func(r *http.Request) {
				r.Body = io.NopCloser(strings.NewReader(string(s.note(2))))
				r.ContentLength = int64(len(s.note(2)))
			}), 401},
			"another digest":               {post(func(r *http.Request) { r.Header.Set("Digest", digest("else")) }), 401},
			"two digests":                  {post(func(r *http.Request) { r.Header.Add("Digest", digest("else")) }), 401},
			"no digest":                    {post(func(r *http.Request) { r.Header.Del("Digest") }), 401},
			"a signature for another path": {post(func(r *http.Request) { r.URL.Path = "/actor/inbox" }), 401},
			"a signature for another host": {post(func(r *http.Request) { r.Host = "elsewhere.example" }), 401},
			"another's signature":          {post(func(r *http.Request) { r.Header = good.Clone(); r.Header.Set("Date", "Sun, 06 Nov 1994 08:49:37 GMT") }), 401},
		} {
			t.Run(name, func(t *testing.T) {
				before := counts(t, p.Server)
				got := send(t, c.r)
				if got.code != c.code {
					t.Errorf("answered %d %.200s, want %d", got.code, got.body, c.code)
				}
				if _, err := got.errorText(); err != nil {
					t.Errorf("the error has no body: %v", err)
				}
				after := counts(t, p.Server)
				for _, table := range []string{"inbox", "statuses", "follows", "outbox"} {
					if after[table] != before[table] {
						t.Errorf("a row of %s was written", table)
					}
				}
			})
		}
	})
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return "SHA-256=" + base64.StdEncoding.EncodeToString(sum[:])
}

func TestTheInboxRefusesRubbish(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		s.followed()
		head := `{"@context":"https://www.w3.org/ns/activitystreams",`
		for name, c := range map[string]struct {
			body string
			code int
		}{
			"nothing":              {"", 400},
			"no JSON":              {"hello", 400},
			"half of it":           {`{"type":"Create"`, 400},
			"a list":               {`[1,2]`, 400},
			"null":                 {`null`, 400},
			"a text":               {`"Create"`, 400},
			"two documents":        {`{} {}`, 400},
			"no type":              {head + `"actor":"` + s.actor.ID + `"}`, 400},
			"a type of objects":    {head + `"type":{"a":1},"actor":"` + s.actor.ID + `"}`, 400},
			"no actor":             {head + `"type":"Create"}`, 400},
			"an actor of numbers":  {head + `"type":"Create","actor":7}`, 400},
			"no context":           {`{"type":"Create","actor":"` + s.actor.ID + `"}`, 400},
			"too deep":             {head + `"type":"Create","actor":"` + s.actor.ID + `","object":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, 400},
			"too many parts":       {head + `"type":"Create","actor":"` + s.actor.ID + `","object":[` + strings.Repeat("1,", 100_000) + `1]}`, 400},
			"too large":            {head + `"type":"Create","actor":"` + s.actor.ID + `","a":"` + strings.Repeat("x", 1<<20) + `"}`, 413},
			"10 MB":                {strings.Repeat("x", 10<<20), 413},
			"the id of another":    {head + `"type":"Create","id":"https://b.example/1","actor":"` + s.actor.ID + `"}`, 400},
			"NULs and broken text": {head + `"type":"Create","id":"` + s.actor.ID + `/1","actor":"` + s.actor.ID + "\",\"object\":{\"type\":\"Note\",\"id\":\"\xff\\u0000\"}}", 202},
			"what nobody knows":    {head + `"type":"Dance","actor":"` + s.actor.ID + `"}`, 202},
			"a type twice":         {head + `"type":["Dance","Create"],"actor":"` + s.actor.ID + `","object":[{},{}]}`, 202},
			"an object of nothing": {head + `"type":"Create","actor":"` + s.actor.ID + `","object":null}`, 202},
			"an undo of an undo":   {head + `"type":"Undo","actor":"` + s.actor.ID + `","object":{"type":"Undo","object":{"type":"Undo"}}}`, 202},
			"a follow of a number": {head + `"type":"Follow","actor":"` + s.actor.ID + `","object":1e999}`, 202},
			"an update of nothing": {head + `"type":"Update","actor":"` + s.actor.ID + `","object":{}}`, 202},
			"a like of a list":     {head + `"type":"Like","actor":"` + s.actor.ID + `","object":[[[]]]}`, 202},
		} {
			t.Run(name, func(t *testing.T) {
				before := s.statuses()
				got := s.send(s.write([]byte(c.body)))
				if got.code != c.code {
					t.Errorf("answered %d %.200s, want %d", got.code, got.body, c.code)
				}
				if c.code >= 400 {
					if _, err := got.errorText(); err != nil {
						t.Errorf("the error has no body: %v", err)
					}
				}
				servertest.Settle(t, p.Server)
				if rows(t, p, `SELECT COUNT(*) FROM inbox`) != 0 {
					t.Error("it is tried again and again")
				}
				if s.statuses() != before {
					t.Error("a status was kept")
				}
			})
		}
		r := s.write(s.note(77))
		r.Header.Set("Content-Type", "text/plain")
		if got := s.send(r); got.code != http.StatusBadRequest {
			t.Errorf("a note as plain text was answered %d", got.code)
		}
	})
}

// The answer 202 is a promise: what it was given for is stored by then.
func TestWhatTheInboxAcceptsIsStoredAndHasOneEffect(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		bo := s.followed()
		r := s.write(s.note(1))
		again := r.Clone(context.Background())
		again.Body = io.NopCloser(strings.NewReader(string(s.note(1))))
		if got := s.send(r); got.code != http.StatusAccepted {
			t.Fatalf("answered %d %s", got.code, got.body)
		}
		if rows(t, p, `SELECT COUNT(*) FROM inbox`) != 1 {
			t.Fatal("accepted and not stored")
		}
		if got := s.send(again); got.code != http.StatusAccepted {
			t.Fatalf("the second time was answered %d %s", got.code, got.body)
		}
		servertest.Settle(t, p.Server)
		if s.statuses() != 1 || len(bo.Home()) != 1 {
			t.Errorf("sent twice it is %d statuses, %d at home", s.statuses(), len(bo.Home()))
		}
		// A third time when it is known, and signed anew.
		if got := s.send(s.write(s.note(1))); got.code != http.StatusAccepted {
			t.Fatalf("the third time was answered %d %s", got.code, got.body)
		}
		servertest.Settle(t, p.Server)
		if s.statuses() != 1 || len(bo.Home()) != 1 {
			t.Error("known already, it is shown twice")
		}
	})
}

func TestStrangersWhoLeaveAreAnsweredWithoutALook(t *testing.T) {
	p := open(t, db.SQLite, nil)
	home := aptest.NewServer(t)
	gone := home.URL + "/users/gone"
	for _, kind := range []string{"Delete", "Update"} {
		body := encode(t, map[string]any{"@context": activitypub.Namespace, "id": gone + "#" + kind, "type": kind, "actor": gone, "object": gone})
		r := aptest.Post(t, p.URL+"/inbox", gone+"#main-key", 1, body, p.clock.Now())
		if got := send(t, r); got.code != http.StatusAccepted {
			t.Errorf("%s of somebody we never met was answered %d %s", kind, got.code, got.body)
		}
	}
	if len(home.Asked()) != 0 {
		t.Errorf("%d requests were made for a key that is of no use", len(home.Asked()))
	}
	if n := rows(t, p, `SELECT COUNT(*) FROM inbox`); n != 0 {
		t.Errorf("%d rows wait", n)
	}
}

func TestAHostWithTooMuchWaitingIsToldToComeBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s, other := meet(t, p), meet(t, p)
		fill := func(n int) {
			if err := p.DB().Tx(t.Context(), func(tx *db.Tx) error {
				for range n {
					if _, err := db.Exec(t.Context(), tx, `INSERT INTO inbox (id, host, actor, body, due_at, created_at) VALUES ($1,$2,$3,'{}',$4,$4)`,
						tx.NextID(), s.home.Host, s.actor.ID, clock.Milli(p.clock.Now())); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
		}
		fill(server.MaxHostRows - 1)
		p.CountWaiting()
		if got := s.send(s.write(s.note(1))); got.code != http.StatusAccepted {
			t.Errorf("the last that fits was answered %d %s", got.code, got.body)
		}
		got := s.send(s.write(s.note(2)))
		if got.code != http.StatusServiceUnavailable {
			t.Errorf("one too many was answered %d %s", got.code, got.body)
		}
		if _, err := got.errorText(); err != nil {
			t.Error(err)
		}
		if got := other.send(other.write(other.note(1))); got.code != http.StatusAccepted {
			t.Errorf("another host suffers: %d %s", got.code, got.body)
		}
	})
}

func TestAKeyThatWasReplacedIsRefused(t *testing.T) {
	p := open(t, db.SQLite, nil)
	s := meet(t, p)
	s.followed()
	asked := func() int {
		n := 0
		for _, r := range s.home.Asked() {
			if r.Request.URL.Path == "/users/eve" {
				n++
			}
		}
		return n
	}
	// The origin shows another key now. Right after the last look ours is not asked again.
	s.home.Person("eve", 2)
	before := asked()
	s.key = 2
	if got := s.send(s.write(s.note(1))); got.code != http.StatusUnauthorized {
		t.Errorf("the new key right after a look was answered %d %s", got.code, got.body)
	}
	if asked() != before {
		t.Error("a key that does not fit makes us ask at once")
	}
	p.clock.Advance(server.KeyRefreshGap + time.Second)
	if got := s.send(s.write(s.note(1))); got.code != http.StatusAccepted {
		t.Errorf("the new key after a while was answered %d %s", got.code, got.body)
	}
	looked := asked()
	if looked == before {
		t.Error("nobody asked for the new key")
	}
	// The old key is worth nothing any more, however often it is tried.
	s.key = 1
	for range 5 {
		if got := s.send(s.write(s.note(2))); got.code != http.StatusUnauthorized {
			t.Errorf("the old key was answered %d %s", got.code, got.body)
		}
	}
	if asked() != looked {
		t.Errorf("five bad signatures made us ask %d times", asked()-looked)
	}
	servertest.Settle(t, p.Server)
	if s.statuses() != 1 {
		t.Errorf("%d statuses were kept, want the one of the new key", s.statuses())
	}
}

func TestNobodySpeaksForOthers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		bo := s.followed()
		mel := s.home.Person("mel", 2) // of the same host
		other := aptest.NewServer(t)
		victim := other.Person("victim", 2)
		if got := s.send(s.write(s.note(1))); got.code != http.StatusAccepted {
			t.Fatal(got)
		}
		servertest.Settle(t, p.Server)
		noteID := s.actor.ID + "/statuses/1"
		mine := bo.Publish("Mine")
		servertest.Settle(t, p.Server)
		var own struct{ URI string }
		bo.Get("/api/v1/accounts/"+bo.ID, &own)

		activity := func(kind, by string, object any) map[string]any {
			return map[string]any{"@context": activitypub.Namespace, "id": fmt.Sprintf("%s#%s/%d", by, kind, time.Now().UnixNano()), "type": kind, "actor": by, "object": object}
		}
		foreign := aptest.CreateNote(victim, 5, "<p>I never said so</p>")
		stolen := aptest.CreateNote(s.actor, 6, "<p>Stolen</p>")
		stolen.Object = withAuthor(t, stolen.Object, victim.ID)
		asMel := func(body []byte) *http.Request {
			return aptest.Post(t, p.URL+"/inbox", mel.PublicKey.ID, 2, body, p.clock.Now())
		}
		for name, r := range map[string]*http.Request{
			"a note of another host":          s.write(encode(t, activity("Create", s.actor.ID, foreign.Object))),
			"a note with another author":      s.write(encode(t, stolen)),
			"an update of our note":           s.write(encode(t, activity("Update", s.actor.ID, map[string]any{"type": "Note", "id": mine.URI, "attributedTo": own.URI, "content": "changed"}))),
			"a deletion of our note":          s.write(encode(t, activity("Delete", s.actor.ID, mine.URI))),
			"a deletion of our member":        s.write(encode(t, activity("Delete", s.actor.ID, own.URI))),
			"a neighbour's deletion":          asMel(encode(t, activity("Delete", mel.ID, noteID))),
			"a neighbour's tombstone":         asMel(encode(t, activity("Delete", mel.ID, map[string]any{"type": "Tombstone", "id": noteID}))),
			"a neighbour deletes the actor":   asMel(encode(t, activity("Delete", mel.ID, s.actor.ID))),
			"a neighbour's update of another": asMel(encode(t, activity("Update", mel.ID, s.actor))),
			"a neighbour undoes a follow":     asMel(encode(t, activity("Undo", mel.ID, activity("Follow", s.actor.ID, own.URI)))),
			"an accept of what none asked":    asMel(encode(t, activity("Accept", mel.ID, activity("Follow", own.URI, mel.ID)))),
			"an accept for somebody else":     asMel(encode(t, activity("Accept", mel.ID, activity("Follow", own.URI, s.actor.ID)))),
			"a reject for somebody else":      asMel(encode(t, activity("Reject", mel.ID, activity("Follow", own.URI, s.actor.ID)))),
		} {
			t.Run(name, func(t *testing.T) {
				if got := send(t, r); got.code != http.StatusAccepted && got.code != http.StatusBadRequest && got.code != http.StatusUnauthorized {
					t.Fatalf("answered %d %s", got.code, got.body)
				}
				servertest.Settle(t, p.Server)
				var status servertest.Status
				bo.Get("/api/v1/statuses/"+mine.ID, &status)
				if !strings.Contains(status.Content, "Mine") {
					t.Errorf("our status says %q", status.Content)
				}
				if s.statuses() != 1 || rows(t, p, `SELECT COUNT(*) FROM statuses WHERE deleted_at IS NULL`) != 2 {
					t.Error("there are other statuses than before")
				}
				if rows(t, p, `SELECT COUNT(*) FROM follows`) != 1 {
					t.Error("there are other follows than before")
				}
				if a, err := p.AccountByURI(t.Context(), s.actor.ID); err != nil || !a.Available() || a.Name() != "eve" {
					t.Errorf("the actor is changed: %v %v", a, err)
				}
			})
		}
	})
}

// withAuthor changes whom a note says it is by.
func withAuthor(t *testing.T, note any, author string) any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(encode(t, note), &m); err != nil {
		t.Fatal(err)
	}
	m["attributedTo"] = author
	return m
}

func TestSuspendedAndBlockedStrangersAreNotHeard(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		bo := s.followed()
		status := bo.Publish("Hello")
		bo.Post("/api/v1/accounts/"+bo.Find("@eve@"+s.home.Host).ID+"/block", nil, nil)
		servertest.Settle(t, p.Server)
		var own struct{ URI string }
		bo.Get("/api/v1/accounts/"+bo.ID, &own)
		say := func(kind string, object any) {
			t.Helper()
			body := encode(t, map[string]any{"@context": activitypub.Namespace, "id": fmt.Sprintf("%s#%s/%d", s.actor.ID, kind, time.Now().UnixNano()),
				"type": kind, "actor": s.actor.ID, "object": object, "to": []string{activitypub.Public}})
			if got := s.send(s.write(body)); got.code != http.StatusAccepted && got.code != http.StatusUnauthorized && got.code != http.StatusForbidden {
				t.Fatalf("%s was answered %d %s", kind, got.code, got.body)
			}
			servertest.Settle(t, p.Server)
		}
		say("Follow", own.URI)
		say("Like", status.URI)
		say("Announce", status.URI)
		if n := rows(t, p, `SELECT COUNT(*) FROM follows`) + rows(t, p, `SELECT COUNT(*) FROM follow_requests`); n != 0 {
			t.Errorf("blocked, there are %d follows", n)
		}
		if n := rows(t, p, `SELECT COUNT(*) FROM favourites`) + s.statuses() + rows(t, p, `SELECT COUNT(*) FROM notifications`); n != 0 {
			t.Errorf("blocked, there are %d favourites, boosts and notifications", n)
		}
		bo.Post("/api/v1/accounts/"+bo.Find("@eve@"+s.home.Host).ID+"/unblock", nil, nil)
		if err := p.Suspend(t.Context(), s.actor.ID); err != nil {
			t.Fatal(err)
		}
		say("Follow", own.URI)
		say("Like", status.URI)
		if got := s.send(s.write(s.note(9))); got.code != http.StatusAccepted && got.code != http.StatusUnauthorized && got.code != http.StatusForbidden {
			t.Fatal(got.code, got.body)
		}
		// Security list, item 31: showing a new profile does not lift it.
		s.home.Person("eve", 1)
		say("Update", s.actor)
		if n := rows(t, p, `SELECT COUNT(*) FROM follows`) + rows(t, p, `SELECT COUNT(*) FROM favourites`) + s.statuses(); n != 0 {
			t.Errorf("suspended, there are %d follows, favourites and statuses", n)
		}
		if a, err := p.AccountByURI(t.Context(), s.actor.ID); err != nil || a.Available() {
			t.Errorf("an Update lifted the suspension (%v)", err)
		}
	})
}

// FuzzInbox gives whatever may be signed to the tables of the inbox: nothing may panic, and
// what is not the actor's own leaves no row.
func FuzzInbox(f *testing.F) {
	p := open(f, db.SQLite, nil)
	home := "https://eve.invalid"
	actor := &accounts.Account{ID: 1, Username: "eve", Domain: "eve.invalid", URI: home + "/users/eve", InboxURL: home + "/inbox", Kind: "Person"}
	for _, kind := range []string{"Create", "Announce", "Like", "Delete", "Update", "Follow", "Accept", "Reject", "Block", "Undo", "Move", "Flag"} {
		for _, object := range []string{`null`, `"https://a.example/1"`, `{"type":"Note","id":"` + home + `/1","attributedTo":"` + actor.URI + `","content":"<p>x"}`,
			`{"type":"Follow","id":"` + home + `/2","actor":"` + actor.URI + `","object":"` + p.URL + `/users/bo"}`, `[{"type":"Undo"},1,null]`, `{"type":["Like",7],"object":{}}`} {
			f.Add([]byte(`{"@context":"https://www.w3.org/ns/activitystreams","type":"` + kind + `","actor":"` + actor.URI + `","object":` + object + `}`))
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		activity, err := activitypub.Parse(body)
		if err != nil {
			return
		}
		ctx, cancel := context.WithTimeout(activitypub.WithBudget(t.Context(), 0, 0), 10*time.Second)
		defer cancel()
		_ = p.Dispatch(ctx, actor, activity) // an error is an answer; a panic is not
	})
}
