package activitypub_test

import (
	"context"
	"crypto"
	"errors"
	"net/http"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

// document is a small document with an id.
func document(id string) map[string]any {
	return map[string]any{"@context": activitypub.Namespace, "id": id, "type": "Note"}
}

func TestADocumentIsFetchedWithASignature(t *testing.T) {
	s := aptest.NewServer(t)
	s.Serve("/1", document(s.URL+"/1"))
	o, err := aptest.NewClient(t).Fetch(t.Context(), s.URL+"/1#part")
	if err != nil || o.ID() != s.URL+"/1" {
		t.Fatalf("Fetch = %v, %v", o, err)
	}
	asked := s.Asked()[0].Request
	signature, err := activitypub.ParseSignature(asked)
	if err != nil || signature.KeyID != "https://here.test/actor#main-key" {
		t.Fatalf("the signature is %+v, %v", signature, err)
	}
	at, _ := http.ParseTime(asked.Header.Get("Date"))
	if err := signature.Verify(asked, nil, aptest.PublicKey(0), at); err != nil {
		t.Error(err)
	}
	if asked.Header.Get("Accept") != "application/activity+json, application/ld+json" || asked.UserAgent() != "Anancus/test" ||
		asked.Header.Get("Cookie") != "" || asked.Header.Get("Authorization") != "" {
		t.Errorf("the request is %v", asked.Header)
	}
}

func TestOnlyDocumentsAreTakenForDocuments(t *testing.T) {
	for contentType, want := range map[string]bool{
		"application/activity+json":                                                            true,
		"application/activity+json; charset=utf-8":                                             true,
		"Application/Activity+JSON":                                                            true,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams"`:                 true,
		`application/ld+json; profile="https://x.test/ https://www.w3.org/ns/activitystreams"`: true,
		`application/ld+json`:                                                                  false,
		`application/ld+json; profile="https://x.test/"`:                                       false,
		`application/ld+json; profile="https://www.w3.org/ns/activitystreams-not"`:             false,
		"application/json":                                                                     false,
		"text/html":                                                                            false,
		"image/png":                                                                            false,
		"text/plain; x=application/activity+json":                                              false,
		"application/activity+json, text/html":                                                 false,
		"":                                                                                     false,
	} {
		s := aptest.NewServer(t)
		s.ServeAs("/1", contentType, document(s.URL+"/1"))
		_, err := aptest.NewClient(t).Fetch(t.Context(), s.URL+"/1")
		if (err == nil) != want || (!want && !fault.Is(err, fault.Invalid)) {
			t.Errorf("a document of type %q: %v", contentType, err)
		}
	}
	if activitypub.IsDocumentType(http.Header{"Content-Type": {"application/activity+json", "text/html"}}) {
		t.Error("two types are one")
	}
}

func TestADocumentWithoutContextIsRefused(t *testing.T) {
	s := aptest.NewServer(t)
	s.Serve("/1", map[string]any{"id": s.URL + "/1"})
	s.ServeAs("/2", activitypub.ContentType, "[]")
	s.ServeAs("/3", activitypub.ContentType, strings.Repeat(" ", activitypub.MaxDocument+1))
	for path, kind := range map[string]fault.Kind{"/1": fault.Invalid, "/2": fault.Invalid, "/3": fault.TooLarge} {
		if _, err := aptest.NewClient(t).Fetch(t.Context(), s.URL+path); !fault.Is(err, kind) {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestADocumentIsBelievedFromItsOwnAddressOnly(t *testing.T) {
	a, b := aptest.NewServer(t), aptest.NewServer(t)
	client := aptest.NewClient(t)
	b.Serve("/real", document(b.URL+"/real"))
	b.Serve("/lie", document(b.URL+"/elsewhere"))
	b.Redirect("/away", a.URL+"/as-b")
	a.Serve("/page", document(a.URL+"/object"))
	a.Serve("/object", document(a.URL+"/object"))
	a.Serve("/foreign", document(b.URL+"/real"))
	a.Serve("/denied", document(b.URL+"/nothing"))
	a.Serve("/lie", document(b.URL+"/lie"))
	a.Serve("/loop", document(a.URL+"/pool"))
	a.Serve("/pool", document(a.URL+"/loop"))
	a.Serve("/as-b", document(b.URL+"/away"))
	a.Serve("/anonymous", map[string]any{"@context": activitypub.Namespace})
	a.Serve("/script", document("javascript:alert(1)"))
	a.Redirect("/moved", a.URL+"/object")
	a.Redirect("/to-b", b.URL+"/real")
	a.Redirect("/to-b-as-a", b.URL+"/as-a")
	b.Serve("/as-a", document(a.URL+"/to-b-as-a"))

	for uri, want := range map[string]string{
		a.URL + "/page":      a.URL + "/object",
		a.URL + "/moved":     a.URL + "/object",
		a.URL + "/to-b":      b.URL + "/real",
		a.URL + "/foreign":   b.URL + "/real", // refetched from b, whatever a said
		a.URL + "/denied":    "",
		a.URL + "/lie":       "",
		a.URL + "/loop":      "",
		b.URL + "/away":      "",
		a.URL + "/as-b":      "",
		a.URL + "/to-b-as-a": "",
		a.URL + "/anonymous": "",
		a.URL + "/script":    "",
		"https://10.0.0.1/x": "",
		"nonsense":           "",
	} {
		o, err := client.Fetch(t.Context(), uri)
		if o.ID() != want || (want == "") != (err != nil) {
			t.Errorf("Fetch(%s) = %q, %v, want %q", uri, o.ID(), err, want)
		}
	}
}

func TestAnswersBecomeFaults(t *testing.T) {
	s := aptest.NewServer(t)
	for status, kind := range map[int]fault.Kind{
		404: fault.NotFound, 410: fault.Gone, 401: fault.Unavailable, 403: fault.Forbidden,
		500: fault.Unavailable, 503: fault.Unavailable, 429: fault.Unavailable, 204: fault.Unavailable, 206: fault.Unavailable,
	} {
		s.Answer("/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := aptest.NewClient(t).Fetch(t.Context(), s.URL+"/x"); !fault.Is(err, kind) {
			t.Errorf("%d gives %v", status, err)
		}
	}
}

func TestActorsAreFetchedWithTheirKeys(t *testing.T) {
	s := aptest.NewServer(t)
	client := aptest.NewClient(t)
	ada := s.Person("ada", 1)
	a, err := client.FetchActor(t.Context(), ada.ID)
	if err != nil || len(a.Keys) != 1 || a.Keys[0].ID != ada.ID+"#main-key" || !aptest.PublicKey(1).Equal(a.Keys[0].Public) {
		t.Fatalf("the actor is %+v, %v", a, err)
	}

	key := map[string]any{"@context": activitypub.Namespace, "id": s.URL + "/keys/1", "owner": s.URL + "/users/bo", "publicKeyPem": aptest.PEM(2)}
	s.Serve("/keys/1", key)
	bo, _ := activitypub.Encode(s.Actor("bo", 2))
	o, _ := activitypub.Parse(bo)
	o["publicKey"] = s.URL + "/keys/1"
	s.Serve("/users/bo", o)
	a, err = client.FetchActor(t.Context(), s.URL+"/users/bo")
	if err != nil || len(a.Keys) != 1 || a.Keys[0].ID != s.URL+"/keys/1" {
		t.Errorf("the actor is %+v, %v", a, err)
	}
	found, owner, err := client.FetchKey(t.Context(), s.URL+"/keys/1")
	if err != nil || found.ID != s.URL+"/keys/1" || owner.ID != s.URL+"/users/bo" {
		t.Errorf("FetchKey = %+v, %+v, %v", found, owner, err)
	}
}

func TestKeysLeadToTheirActors(t *testing.T) {
	a, b := aptest.NewServer(t), aptest.NewServer(t)
	client := aptest.NewClient(t)
	ada, bo := a.Person("ada", 1), b.Person("bo", 2)

	stub := a.Actor("gts", 1) // GoToSocial answers at the address of the key with the actor
	stub.PublicKey.ID = stub.ID + "/main-key"
	a.Serve("/users/gts", stub)
	a.Serve("/users/gts/main-key", stub)

	forged := map[string]any{"@context": activitypub.Namespace, "publicKeyPem": aptest.PEM(3)}
	serve := func(path, id, owner string) {
		key := map[string]any{"id": id, "owner": owner}
		for k, v := range forged {
			key[k] = v
		}
		a.Serve(path, key)
	}
	serve("/keys/ada", a.URL+"/keys/ada", ada.ID)    // ada does not list it
	serve("/keys/bo", a.URL+"/keys/bo", bo.ID)       // bo lives elsewhere
	serve("/keys/none", a.URL+"/keys/none", "")      // nobody's
	serve("/keys/taken", ada.ID+"#main-key", ada.ID) // another's id
	a.Serve("/users/thief", map[string]any{"@context": activitypub.Namespace, "id": a.URL + "/users/thief", "type": "Person",
		"preferredUsername": "thief", "inbox": a.URL + "/inbox",
		"publicKey": map[string]any{"id": a.URL + "/users/thief#main-key", "owner": ada.ID, "publicKeyPem": aptest.PEM(3)}})

	for keyID, want := range map[string]string{
		ada.ID + "#main-key":               ada.ID,
		stub.ID + "/main-key":              stub.ID,
		ada.ID + "#other":                  "",
		a.URL + "/keys/ada":                "",
		a.URL + "/keys/bo":                 "",
		a.URL + "/keys/none":               "",
		a.URL + "/users/thief#main-key":    "",
		a.URL + "/nothing":                 "",
		"acct:ada@" + a.Host:               "",
		"https://127.0.0.1:1/users/x#main": "",
	} {
		key, owner, err := client.FetchKey(t.Context(), keyID)
		if (err == nil) != (want != "") {
			t.Errorf("FetchKey(%s): %v", keyID, err)
			continue
		}
		if err == nil && (owner.ID != want || key.Owner != want || key.ID != keyID) {
			t.Errorf("FetchKey(%s) = %+v of %s, want %s", keyID, key, owner.ID, want)
		}
	}
	if _, _, err := client.FetchKey(t.Context(), a.URL+"/keys/taken"); err != nil {
		return // ada's own key would be right too; never the forged one
	}
	t.Error("a key with another id was taken")
}

func TestDiscoveryEnds(t *testing.T) {
	s := aptest.NewServer(t)
	client := aptest.NewClient(t)
	ada := s.Person("ada", 1)
	s.Serve("/1", map[string]any{"@context": activitypub.Namespace, "id": s.URL + "/1", "type": "Note", "attributedTo": ada.ID})
	ctx := activitypub.WithBudget(t.Context(), 2, 1)
	nested := activitypub.WithBudget(ctx, 100, 100)
	for i, want := range []bool{true, true, false} {
		if _, err := client.FetchActor(nested, ada.ID); (err == nil) != want || (!want && !fault.Is(err, fault.TooMany)) {
			t.Errorf("actor %d: %v", i, err)
		}
	}
	for i, want := range []bool{true, false} {
		if _, err := client.FetchNote(nested, s.URL+"/1"); (err == nil) != want {
			t.Errorf("status %d: %v", i, err)
		}
	}
	if err := errors.Join(activitypub.SpendAccount(t.Context()), activitypub.SpendStatus(t.Context())); err != nil {
		t.Error(err)
	}
}

func TestPostsAreSignedAndTellTheirStatus(t *testing.T) {
	s := aptest.NewServer(t)
	client := aptest.NewClient(t)
	status, err := client.Post(t.Context(), s.URL+"/inbox", body, keyID, aptest.Key(2))
	if err != nil || status != http.StatusAccepted {
		t.Fatalf("Post = %d, %v", status, err)
	}
	got := s.Received()[0]
	signature, err := activitypub.ParseSignature(got.Request)
	if err != nil {
		t.Fatal(err)
	}
	at, _ := http.ParseTime(got.Request.Header.Get("Date"))
	if err := signature.Verify(got.Request, got.Body, aptest.PublicKey(2), at); err != nil {
		t.Error(err)
	}
	if string(got.Body) != string(body) || got.Request.Header.Get("Content-Type") != "application/activity+json" {
		t.Errorf("%s arrived as %s", got.Body, got.Request.Header.Get("Content-Type"))
	}

	s.Answer("/inbox", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2*activitypub.MaxDocument)) })
	if status, err = client.Post(t.Context(), s.URL+"/inbox", body, keyID, aptest.Key(2)); err != nil || status != 200 {
		t.Errorf("a talkative inbox: %d, %v", status, err)
	}
	s.Answer("/inbox", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if status, err = client.Post(t.Context(), s.URL+"/inbox", body, keyID, aptest.Key(2)); err != nil || status != http.StatusTeapot {
		t.Errorf("a teapot: %d, %v", status, err)
	}
	s.Answer("/inbox", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Location", "/moved")
		w.WriteHeader(http.StatusPermanentRedirect)
	})
	if status, err = client.Post(t.Context(), s.URL+"/inbox", body, keyID, aptest.Key(2)); err != nil || status != http.StatusAccepted {
		t.Errorf("a moved inbox: %d, %v", status, err)
	}
	moved := s.Received()[len(s.Received())-1].Request
	if signature, err = activitypub.ParseSignature(moved); err != nil || signature.Verify(moved, body, aptest.PublicKey(2), at) != nil {
		t.Errorf("the moved post is not signed for its new address: %v", err)
	}
	if _, err = client.Post(t.Context(), "https://10.0.0.1/inbox", body, keyID, aptest.Key(2)); !fault.Is(err, fault.Forbidden) {
		t.Errorf("an inbox at home: %v", err)
	}
}

func TestASignerThatFailsFailsTheFetch(t *testing.T) {
	s := aptest.NewServer(t)
	http := safehttp.New(safehttp.Options{AllowAddresses: aptest.Loopback})
	broken := func(context.Context) (string, crypto.Signer, error) { return "", nil, errors.New("no key") }
	if _, err := activitypub.NewClient(http, broken).Fetch(t.Context(), s.URL); err == nil || len(s.Asked()) != 0 {
		t.Errorf("the fetch gave %v", err)
	}
	s.Serve("/1", document(s.URL+"/1"))
	if _, err := activitypub.NewClient(http, nil).Fetch(t.Context(), s.URL+"/1"); err != nil || s.Asked()[0].Request.Header.Get("Signature") != "" {
		t.Errorf("an unsigned fetch: %v", err)
	}
	if _, err := activitypub.NewClient(http, nil).As(aptest.Signer(keyID, 1)).Fetch(t.Context(), s.URL+"/1"); err != nil || s.Asked()[1].Request.Header.Get("Signature") == "" {
		t.Errorf("a fetch as somebody: %v", err)
	}
}

func TestIDsAreComparedByHost(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"https://a.test/1", "https://a.test/2", true},
		{"https://A.test/1", "https://a.test:443/2", true},
		{"https://a.test/1", "https://b.test/1", false},
		{"https://a.test:8443/1", "https://a.test/1", false},
		{"https://a.test/1", "https://a.test@b.test/1", false},
		{"https://a.test/1", "", false},
		{"", "", false},
		{"x", "x", false},
	} {
		if got := activitypub.SameHost(c.a, c.b); got != c.want {
			t.Errorf("SameHost(%q, %q) = %v", c.a, c.b, got)
		}
	}
}
