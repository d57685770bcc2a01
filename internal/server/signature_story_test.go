package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/servertest"
)

// shows serves the outsider's actor anew, with some things otherwise; nil takes a thing away.
func (x *outsider) shows(pairs ...any) {
	x.t.Helper()
	o := asMap(x.t, x.actor)
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i].(string)] = pairs[i+1]
		if pairs[i+1] == nil {
			delete(o, pairs[i].(string))
		}
	}
	x.host.Serve("/users/"+x.actor.PreferredUsername, o)
}

// asserts lists the n-th Ed25519 key among the outsider's, for assertions.
func (x *outsider) asserts(n int) (keyID string) {
	x.t.Helper()
	keyID = x.actor.ID + "#ed25519"
	x.shows("assertionMethod", []any{x.multikey(keyID, n)})
	return keyID
}

func (x *outsider) multikey(id string, n int) map[string]any {
	return map[string]any{"id": id, "type": "Multikey", "controller": x.actor.ID, "publicKeyMultibase": aptest.Multikey(n)}
}

// mlMultikey is the outsider's n-th ML-DSA-44 key, perhaps with an end.
func (x *outsider) mlMultikey(id string, n int, pairs ...string) map[string]any {
	key := map[string]any{"id": id, "type": "Multikey", "controller": x.actor.ID, "publicKeyMultibase": aptest.MLMultikey(n)}
	for i := 0; i < len(pairs); i += 2 {
		key[pairs[i]] = pairs[i+1]
	}
	return key
}

// asMap is anything as a document.
func asMap(t testing.TB, v any) map[string]any {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal(encode(t, v), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// brings lets the outsider send the words of another, and wants the answer.
func (x *outsider) brings(to *servertest.Server, body []byte, want int) {
	x.t.Helper()
	x.sends(to, aptest.Post(x.t, to.URL+"/inbox", x.actor.PublicKey.ID, x.key, body, time.Now()), want)
}

func (x *outsider) sends(to *servertest.Server, r *http.Request, want int) {
	x.t.Helper()
	var said string
	if answer := to.Nobody().Send(r, &said); answer.StatusCode != want {
		x.t.Fatalf("the inbox answered %d: %s, want %d", answer.StatusCode, said, want)
	}
	servertest.Settle(x.t, to)
}

// linked gives an activity the form of one with a Linked Data signature. Nobody could verify it.
func linked(t testing.TB, activity any, pairs ...any) []byte {
	t.Helper()
	o := asMap(t, activity)
	o["signature"] = map[string]any{"type": "RsaSignature2017", "creator": o["actor"].(string) + "#main-key", "created": "2024-01-01T00:00:00Z", "signatureValue": "Zm9yZ2Vk"}
	for i := 0; i < len(pairs); i += 2 {
		o[pairs[i].(string)] = pairs[i+1]
	}
	return encode(t, o)
}

func TestBothDialectsOfSignaturesAreTaken(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		edKey := sam.asserts(1)
		sam.acceptFollow(ada)
		says := func(number string) []byte { return encode(t, sam.create(sam.public(number, "said "+number))) }
		wants := func(number string, want bool) {
			t.Helper()
			if _, ok := known(ada, sam.public(number, "").ID); ok != want {
				t.Errorf("%s is known: %v, want %v", number, ok, want)
			}
		}
		inbox := here.URL + "/inbox"
		sam.sends(here, aptest.PostMessage(t, inbox, sam.actor.PublicKey.ID, aptest.Key(0), says("1"), time.Now()), http.StatusAccepted)
		wants("1", true)
		sam.sends(here, aptest.PostMessage(t, inbox, edKey, aptest.EdKey(1), says("2"), time.Now()), http.StatusAccepted)
		wants("2", true)
		sam.sends(here, aptest.PostMessage(t, inbox, edKey, aptest.EdKey(2), says("3"), time.Now()), http.StatusUnauthorized)
		sam.sends(here, aptest.PostMessage(t, inbox, edKey, aptest.Key(0), says("3"), time.Now()), http.StatusUnauthorized)
		sam.sends(here, aptest.PostMessage(t, inbox, edKey, aptest.EdKey(1), says("3"), time.Now().Add(-2*time.Hour)), http.StatusUnauthorized)
		for _, parts := range []string{"@method @target-uri", "@target-uri content-digest", "@method content-digest", "@method @path @authority content-digest"} {
			r := aptest.PostMessage(t, inbox, edKey, aptest.EdKey(1), says("3"), time.Now())
			aptest.SignMessage(t, r, aptest.EdKey(1), parts, paramsOf(r))
			sam.sends(here, r, http.StatusUnauthorized)
		}
		other := aptest.PostMessage(t, inbox, edKey, aptest.EdKey(1), says("3"), time.Now())
		changed := says("4")
		other.Body, other.ContentLength = io.NopCloser(bytes.NewReader(changed)), int64(len(changed))
		sam.sends(here, other, http.StatusUnauthorized)
		wants("3", false)
		wants("4", false)
	})
}

// paramsOf are the parameters of a request's signature.
func paramsOf(r *http.Request) string {
	_, params, _ := strings.Cut(r.Header.Get("Signature-Input"), ")")
	return params
}

func TestKeysOfActorsInTheirManyShapes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		here.Join("ada")
		host := aptest.NewServer(t)
		sam, mallory := newOutsider(t, host, "sam", 0), newOutsider(t, host, "mallory", 1)
		key := func(id, owner string, n int, pairs ...any) map[string]any {
			k := map[string]any{"@context": "https://w3id.org/security/v1", "id": id, "owner": owner, "publicKeyPem": aptest.PEM(n)}
			for i := 0; i < len(pairs); i += 2 {
				k[pairs[i].(string)] = pairs[i+1]
			}
			return k
		}
		alone := func(id, owner string, n int) map[string]any {
			return key(id, owner, n, "@context", []any{activitypub.Namespace, "https://w3id.org/security/v1"}, "type", "Key")
		}
		try := func(name, keyID string, n int, want int) {
			t.Helper()
			dance := activitypub.NewActivity("Dance", sam.actor.ID+"#dance", sam.actor.ID, here.URL)
			r := aptest.Post(t, here.URL+"/inbox", keyID, n, encode(t, dance), time.Now())
			var said string
			if answer := here.Nobody().Send(r, &said); answer.StatusCode != want {
				t.Errorf("%s: answered %d %s, want %d", name, answer.StatusCode, said, want)
			}
			// Each begins without keys.
			err := here.DB().Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `DELETE FROM account_keys WHERE uri LIKE $1`, host.URL+"%")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		main, second := sam.actor.PublicKey.ID, sam.actor.ID+"#second"
		sam.shows("publicKey", []any{key(main, sam.actor.ID, 0), key(second, sam.actor.ID, 2)})
		try("the first of two", main, 0, http.StatusAccepted)
		try("the second of two", second, 2, http.StatusAccepted)
		try("one by the other's name", second, 0, http.StatusUnauthorized)
		sam.shows("publicKey", []any{5, nil, []any{}, "x", map[string]any{"id": 7}})
		try("rubbish for keys", main, 0, http.StatusUnauthorized)
		sam.shows("publicKey", nil)
		try("no key", main, 0, http.StatusUnauthorized)
		sam.shows("publicKey", key(main, mallory.actor.ID, 0))
		try("a key of another", main, 0, http.StatusUnauthorized)
		sam.shows("publicKey", key(main, sam.actor.ID, 0, "expires", "2020-01-01T00:00:00Z"))
		try("a key that has expired", main, 0, http.StatusUnauthorized)
		sam.shows("publicKey", key(main, sam.actor.ID, 0, "revoked", "2020-01-01T00:00:00Z"))
		try("a key that was revoked", main, 0, http.StatusUnauthorized)
		sam.shows("publicKey", key(main, sam.actor.ID, 0, "expires", "2999-01-01T00:00:00Z"))
		try("a key that will expire", main, 0, http.StatusAccepted)

		document := host.URL + "/keys/sam"
		host.Serve("/keys/sam", alone(document, sam.actor.ID, 3))
		sam.shows("publicKey", document)
		try("a key of its own", document, 3, http.StatusAccepted)
		sam.shows("publicKey", []any{key(main, sam.actor.ID, 0), document})
		try("one of them of its own", document, 3, http.StatusAccepted)
		sam.shows()
		try("a key that its owner does not list", document, 3, http.StatusUnauthorized)
		sam.shows("publicKey", document)
		host.Serve("/keys/sam", alone(document, mallory.actor.ID, 3))
		try("a key that names another owner", document, 3, http.StatusUnauthorized)
		host.Serve("/keys/sam", alone(host.URL+"/keys/other", sam.actor.ID, 3))
		try("a key that names another id", document, 3, http.StatusUnauthorized)

		elsewhere := aptest.NewServer(t)
		elsewhere.Serve("/keys/sam", alone(elsewhere.URL+"/keys/sam", sam.actor.ID, 3))
		sam.shows("publicKey", elsewhere.URL+"/keys/sam")
		try("a key on another host", elsewhere.URL+"/keys/sam", 3, http.StatusUnauthorized)

		// A neighbour who lists a key under sam's name has not taken it.
		mallory.shows("publicKey", []any{key(mallory.actor.PublicKey.ID, mallory.actor.ID, 1), key(main, mallory.actor.ID, 1)})
		sam.shows()
		r := aptest.Post(t, here.URL+"/inbox", mallory.actor.PublicKey.ID, 1, encode(t, activitypub.NewActivity("Dance", "", mallory.actor.ID, here.URL)), time.Now())
		mallory.sends(here, r, http.StatusAccepted)
		try("by a neighbour's key under sam's name", main, 1, http.StatusUnauthorized)
		mallory.sends(here, aptest.Post(t, here.URL+"/inbox", mallory.actor.PublicKey.ID, 1, encode(t, activitypub.NewActivity("Dance", "", mallory.actor.ID, here.URL)), time.Now()), http.StatusAccepted)
		try("sam's own all the same", main, 0, http.StatusAccepted)
	})
}

func TestAKeyEndsAndAServerIsNotAskedForItAgainAndAgain(t *testing.T) {
	p := open(t, db.SQLite, nil)
	p.Join("bo")
	sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
	end := p.clock.Now().Add(time.Hour)
	main := map[string]any{"id": sam.actor.PublicKey.ID, "owner": sam.actor.ID, "publicKeyPem": aptest.PEM(0)}
	main["expires"] = end.UTC().Format(time.RFC3339)
	sam.shows("publicKey", main)
	says := func() int {
		return send(t, aptest.Post(t, p.URL+"/inbox", sam.actor.PublicKey.ID, 0, encode(t, activitypub.NewActivity("Dance", "", sam.actor.ID, p.URL)), p.clock.Now())).code
	}
	if code := says(); code != http.StatusAccepted {
		t.Fatalf("before its end the key is answered %d", code)
	}
	asked := len(sam.host.Asked())
	p.clock.Advance(time.Hour)
	if code := says(); code != http.StatusUnauthorized {
		t.Errorf("after its end the key is answered %d", code)
	}
	if len(sam.host.Asked()) == asked {
		t.Error("nobody asked whether there is a newer key")
	}
	asked = len(sam.host.Asked())
	for range 5 {
		says()
	}
	if more := len(sam.host.Asked()) - asked; more != 0 {
		t.Errorf("asked %d times more at once", more)
	}
	// A server that fails is not asked more often than one that answers.
	p.clock.Advance(server.KeyRefreshGap)
	sam.host.Answer("/users/sam", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
	if code := says(); code != http.StatusServiceUnavailable {
		t.Errorf("a key that cannot be had is answered %d", code)
	}
	asked = len(sam.host.Asked())
	for range 5 {
		says()
	}
	if more := len(sam.host.Asked()) - asked; more != 0 {
		t.Errorf("asked a failing server %d times more at once", more)
	}
	p.clock.Advance(server.KeyRefreshGap)
	main["expires"] = p.clock.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	sam.shows("publicKey", main)
	if code := says(); code != http.StatusAccepted {
		t.Errorf("a key whose end was put off is answered %d", code)
	}
}

func TestAnotherMayBringWhatItsActorProves(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam, neighbour := newOutsider(t, host, "sam", 0), newOutsider(t, host, "neighbour", 2)
		relay := newOutsider(t, aptest.NewServer(t), "relay", 1)
		edKey, nextKey, neighbourML := sam.asserts(1), neighbour.asserts(2), neighbour.actor.ID+"#ml"
		neighbour.shows("assertionMethod", []any{neighbour.multikey(nextKey, 2), neighbour.mlMultikey(neighbourML, 3)})
		forRequests, mlKey, overKey, revokedKey, mlForRequests := sam.actor.ID+"#requests", sam.actor.ID+"#ml", sam.actor.ID+"#over", sam.actor.ID+"#revoked", sam.actor.ID+"#mlrequests"
		sam.shows("assertionMethod", []any{sam.multikey(edKey, 1), sam.mlMultikey(mlKey, 1), sam.mlMultikey(overKey, 4, "expires", "2020-01-01T00:00:00Z"),
			sam.mlMultikey(revokedKey, 5, "expires", "2999-01-01T00:00:00Z", "revoked", "2020-01-01T00:00:00Z")},
			"publicKey", []any{sam.actor.PublicKey, sam.multikey(forRequests, 3), sam.mlMultikey(mlForRequests, 6)})
		sam.acceptFollow(ada)
		note := sam.public("1", "proven")
		relay.brings(here, aptest.Prove(t, sam.create(note), edKey, 1, time.Now()), http.StatusAccepted)
		if got, ok := known(ada, note.ID); !ok || !strings.Contains(got.Content, "proven") {
			t.Errorf("what is proven is not taken: %+v", got)
		}
		wantHome(t, ada, servertest.Status{URI: note.ID, Content: "proven"}, true)

		// The key of another kind that was listed too was kept: its server need not be asked.
		second := sam.public("3", "proven otherwise")
		host.Answer("/users/sam", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })
		relay.brings(here, aptest.ProveML(t, sam.create(second), mlKey, 1, time.Now()), http.StatusAccepted)
		wantHome(t, ada, servertest.Status{URI: second.ID, Content: "proven otherwise"}, true)
		third := sam.public("4", "proven twice, once by a key that nobody knows")
		twice := aptest.ProveML(t, json.RawMessage(aptest.Prove(t, sam.create(third), sam.actor.ID+"#unknown", 7, time.Now())), mlKey, 1, time.Now())
		sam.shows("assertionMethod", []any{sam.multikey(edKey, 1), sam.mlMultikey(mlKey, 1), sam.mlMultikey(overKey, 4, "expires", "2020-01-01T00:00:00Z"),
			sam.mlMultikey(revokedKey, 5, "expires", "2999-01-01T00:00:00Z", "revoked", "2020-01-01T00:00:00Z")},
			"publicKey", []any{sam.actor.PublicKey, sam.multikey(forRequests, 3), sam.mlMultikey(mlForRequests, 6)})
		relay.brings(here, twice, http.StatusAccepted)
		if _, ok := known(ada, third.ID); !ok {
			t.Error("of two proofs the one that holds is not enough")
		}

		forged := sam.public("2", "forged")
		proven := aptest.Prove(t, sam.create(forged), edKey, 1, time.Now())
		provenML := aptest.ProveML(t, sam.create(forged), mlKey, 1, time.Now())
		hugeProof := asMap(t, json.RawMessage(provenML))["proof"].(map[string]any)
		hugeProof["proofValue"] = "z" + strings.Repeat("2", 900_000)
		for name, body := range map[string][]byte{
			"altered":              bytes.Replace(proven, []byte("forged"), []byte("Forged"), 1),
			"altered, by ML-DSA":   bytes.Replace(provenML, []byte("forged"), []byte("Forged"), 1),
			"another key of ML":    aptest.ProveML(t, sam.create(forged), mlKey, 2, time.Now()),
			"a key that is over":   aptest.ProveML(t, sam.create(forged), overKey, 4, time.Now()),
			"a key that was taken": aptest.ProveML(t, sam.create(forged), revokedKey, 5, time.Now()),
			"an ML for requests":   aptest.ProveML(t, sam.create(forged), mlForRequests, 6, time.Now()),
			"ML by an Ed25519 key": aptest.ProveML(t, sam.create(forged), edKey, 1, time.Now()),
			"Ed25519 by an ML key": aptest.Prove(t, sam.create(forged), mlKey, 1, time.Now()),
			"ML by a neighbour":    aptest.ProveML(t, sam.create(forged), neighbourML, 3, time.Now()),
			"a value of a MB":      encode(t, altered(t, asMap(t, json.RawMessage(provenML)), "proof", hugeProof)),
			"by another key":       aptest.Prove(t, sam.create(forged), edKey, 2, time.Now()),
			"by a neighbour":       aptest.Prove(t, sam.create(forged), nextKey, 2, time.Now()),
			"by who brings it":     aptest.Prove(t, sam.create(forged), relay.actor.PublicKey.ID, 1, time.Now()),
			"by a key of RSA":      aptest.Prove(t, sam.create(forged), sam.actor.PublicKey.ID, 1, time.Now()),
			"by one for requests":  aptest.Prove(t, sam.create(forged), forRequests, 3, time.Now()),
			"of last month":        aptest.Prove(t, sam.create(forged), edKey, 1, time.Now().AddDate(0, -1, 0)),
			"of next month":        aptest.Prove(t, sam.create(forged), edKey, 1, time.Now().AddDate(0, 1, 0)),
			"without a proof":      encode(t, sam.create(forged)),
			"with an empty proof":  encode(t, altered(t, sam.create(forged), "proof", map[string]any{})),
			"rearranged":           aptest.Prove(t, altered(t, sam.create(forged), "@included", []any{}), edKey, 1, time.Now()),
			"rearranged by a name": aptest.Prove(t, altered(t, sam.create(forged), "@context", []any{activitypub.Namespace, map[string]any{"x": "@graph"}}), edKey, 1, time.Now()),
		} {
			t.Run(name, func(t *testing.T) {
				relay.brings(here, body, http.StatusUnauthorized)
				if _, ok := known(ada, forged.ID); ok {
					t.Error("it was taken")
				}
			})
		}
		// The proof of one thing is no leave for another.
		relay.brings(here, aptest.Prove(t, activitypub.NewDelete(relay.actor.ID+"#delete/1", relay.actor.ID, note.ID), relay.asserts(3), 3, time.Now()), http.StatusAccepted)
		if _, ok := known(ada, note.ID); !ok {
			t.Error("who brought it took it back")
		}
		relay.brings(here, aptest.Prove(t, activitypub.NewDelete(note.ID+"#delete", sam.actor.ID, note.ID), edKey, 1, time.Now()), http.StatusAccepted)
		if _, ok := known(ada, note.ID); ok {
			t.Error("its author could not take it back by another")
		}
		// Nobody here is spoken for from elsewhere.
		me := here.URL + "/ap/users/" + ada.ID
		mine := ada.Publish("mine")
		relay.brings(here, aptest.Prove(t, activitypub.NewDelete(mine.URI+"#delete", me, mine.URI), me+"#main-key", 1, time.Now()), http.StatusUnauthorized)
		relay.brings(here, linked(t, activitypub.NewDelete(mine.URI+"#delete", me, mine.URI)), http.StatusUnauthorized)
		if _, ok := ada.Show(mine.ID); !ok {
			t.Error("somebody elsewhere deleted what is ours")
		}
	})
}

// altered is a document with one thing otherwise.
func altered(t testing.TB, v any, key string, value any) map[string]any {
	t.Helper()
	o := asMap(t, v)
	o[key] = value
	return o
}

func TestOfHearsayOnlyTheOriginIsBelieved(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		relay := newOutsider(t, aptest.NewServer(t), "relay", 1)
		sam.acceptFollow(ada)
		serves := func(n activitypub.Note) {
			host.Serve(strings.TrimPrefix(n.ID, host.URL), altered(t, n, "@context", activitypub.Namespace))
		}
		says := func(n activitypub.Note) string {
			got, ok := known(ada, n.ID)
			if !ok {
				return ""
			}
			return got.Content
		}

		// A valid signature is worth as much as a forged one: what is told of is read where it lies.
		note := sam.public("1", "the truth")
		serves(note)
		lie := note
		lie.Content = "<p>a lie</p>"
		relay.brings(here, linked(t, sam.create(lie)), http.StatusAccepted)
		if got := says(note); !strings.Contains(got, "the truth") {
			t.Errorf("it says %q", got)
		}
		invented := sam.public("2", "invented")
		relay.brings(here, linked(t, sam.create(invented)), http.StatusAccepted)
		if says(invented) != "" {
			t.Error("what its server does not have was taken")
		}
		// Somebody else's, told as sam's.
		other := newOutsider(t, aptest.NewServer(t), "other", 2)
		foreign := other.public("1", "of another")
		other.host.Serve("/users/other/statuses/1", altered(t, foreign, "@context", activitypub.Namespace))
		stolen := sam.create(foreign)
		stolen.Actor, stolen.ID = sam.actor.ID, sam.actor.ID+"/statuses/x/activity"
		relay.brings(here, linked(t, stolen), http.StatusAccepted)
		neighbours := sam.public("3", "of a neighbour")
		neighbours.AttributedTo = host.URL + "/users/neighbour"
		serves(neighbours)
		told := sam.create(neighbours)
		told.Actor = sam.actor.ID
		relay.brings(here, linked(t, told), http.StatusAccepted)
		if says(foreign) != "" || says(neighbours) != "" {
			t.Error("what another wrote was taken as sam's")
		}
		// The words of JSON-LD that say the same otherwise.
		for _, word := range []string{"@graph", "@included", "@reverse"} {
			hidden := sam.public("4", "hidden")
			serves(hidden)
			relay.brings(here, linked(t, sam.create(hidden), word, map[string]any{}), http.StatusUnauthorized)
			if says(hidden) != "" {
				t.Errorf("what is rearranged by %s was taken", word)
			}
		}
		// Nobody is asked about what nobody here would see.
		stranger := newOutsider(t, aptest.NewServer(t), "stranger", 3)
		relay.brings(here, linked(t, stranger.create(stranger.public("1", "of no interest"))), http.StatusAccepted)
		if n := len(stranger.host.Asked()); n != 0 {
			t.Errorf("a stranger's server was asked %d times", n)
		}

		// An edit.
		edited := note
		edited.Content, edited.Updated = "<p>the newer truth</p>", activitypub.Timestamp(time.Now())
		serves(edited)
		lie = edited
		lie.Content = "<p>a newer lie</p>"
		relay.brings(here, linked(t, activitypub.NewUpdate(note.ID+"#updates/1", lie)), http.StatusAccepted)
		if got := says(note); !strings.Contains(got, "the newer truth") {
			t.Errorf("after an edit it says %q", got)
		}
		// A profile.
		sam.shows("name", "Sam the true")
		liar := sam.actor
		liar.Name = "Sam the liar"
		relay.brings(here, linked(t, activitypub.NewUpdateActor(sam.actor.ID+"#updates/1", liar)), http.StatusAccepted)
		if a, err := here.AccountByURI(t.Context(), sam.actor.ID); err != nil || a.Name() != "Sam the true" {
			t.Errorf("the profile says %q, %v", a.Name(), err)
		}
		// A boost.
		boosted := ada.Publish("to be boosted")
		boost := activitypub.NewAnnounce(sam.actor.ID+"/boosts/1", sam.actor.ID, activitypub.Timestamp(time.Now()), []string{activitypub.Public}, []string{sam.actor.Followers}, boosted.URI)
		relay.brings(here, linked(t, boost), http.StatusAccepted)
		if now, _ := ada.Show(boosted.ID); now.Boosts != 0 {
			t.Error("a boost that its server does not have was taken")
		}
		host.Serve("/users/sam/boosts/1", boost)
		relay.brings(here, linked(t, boost), http.StatusAccepted)
		if now, _ := ada.Show(boosted.ID); now.Boosts != 1 {
			t.Error("a boost that its server has was not taken")
		}
		undo := activitypub.NewAnswer("Undo", boost.ID+"/undo", sam.actor.ID, boost)
		host.Answer("/users/sam/boosts/1", http.NotFound)
		relay.brings(here, linked(t, undo), http.StatusAccepted)
		if now, _ := ada.Show(boosted.ID); now.Boosts != 0 {
			t.Error("a boost that is gone stayed")
		}
		// Personal things are told by the one who does them.
		like := activitypub.NewActivity("Like", sam.actor.ID+"#likes/1", sam.actor.ID, boosted.URI)
		relay.brings(here, linked(t, like), http.StatusAccepted)
		if now, _ := ada.Show(boosted.ID); now.Favourites != 0 {
			t.Error("a favourite was taken on another's word")
		}

		// Deletions: what is still there stays; what is for followers looks gone to everybody else.
		gone := activitypub.NewDelete(note.ID+"#delete", sam.actor.ID, note.ID)
		private := sam.note("5", "for followers", []string{sam.actor.Followers}, nil)
		sam.post(here, sam.create(private), http.StatusAccepted)
		relay.brings(here, linked(t, activitypub.NewDelete(private.ID+"#delete", sam.actor.ID, private.ID)), http.StatusAccepted)
		if says(private) == "" {
			t.Error("what not everybody may read was deleted on another's word")
		}
		relay.brings(here, linked(t, gone), http.StatusAccepted)
		if says(note) == "" {
			t.Error("what its server still has was deleted")
		}
		second := sam.public("6", "a tombstone soon")
		sam.post(here, sam.create(second), http.StatusAccepted)
		host.Serve("/users/sam/statuses/6", altered(t, activitypub.NewTombstone(second.ID), "@context", activitypub.Namespace))
		relay.brings(here, linked(t, activitypub.NewDelete(second.ID+"#delete", sam.actor.ID, second.ID)), http.StatusAccepted)
		third := sam.public("7", "nothing soon")
		sam.post(here, sam.create(third), http.StatusAccepted)
		host.Answer("/users/sam/statuses/7", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusGone) })
		relay.brings(here, linked(t, activitypub.NewDelete(third.ID+"#delete", sam.actor.ID, third.ID)), http.StatusAccepted)
		if says(second) != "" || says(third) != "" {
			t.Error("what is gone at its server stayed")
		}
		// The account itself.
		leaving := activitypub.NewDeleteActor(sam.actor.ID)
		relay.brings(here, linked(t, leaving), http.StatusAccepted)
		if a, err := here.AccountByURI(t.Context(), sam.actor.ID); err != nil || !a.Available() {
			t.Errorf("an account that its server still has is gone: %v", err)
		}
		if n := count(t, here, `SELECT COUNT(*) FROM inbox`); n != 0 {
			t.Errorf("%d activities wait", n)
		}
	})
}
