package activitypub_test

import (
	"net/http"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

func jrd(subject, self string) map[string]any {
	return map[string]any{"subject": subject, "links": []any{
		map[string]any{"rel": "http://webfinger.net/rel/profile-page", "type": "text/html", "href": "https://x.test"},
		map[string]any{"rel": "self", "type": "application/activity+json", "href": self},
		map[string]any{"rel": "http://ostatus.org/schema/1.0/subscribe", "template": "https://x.test/authorize_interaction?uri={uri}"},
	}}
}

const (
	finger   = "/.well-known/webfinger"
	hostMeta = "/.well-known/host-meta"
)

func TestAHandleIsFound(t *testing.T) {
	s := aptest.NewServer(t)
	ada := s.Person("Ada", 1)
	found, err := aptest.NewClient(t).Finger(t.Context(), "ada", s.Host)
	if err != nil || found.Self != ada.ID || found.Handle.Username != "Ada" || found.Handle.Domain != s.Host ||
		found.Subscribe != s.URL+"/authorize_interaction?uri={uri}" {
		t.Fatalf("Finger = %+v, %v", found, err)
	}
	asked := s.Asked()[0].Request
	if got := asked.URL.RawQuery; got != "resource=acct:ada@"+s.Host {
		t.Errorf("the query is %s", got)
	}
	if asked.Header.Get("Signature") != "" || asked.Header.Get("Accept") != "application/jrd+json, application/json" {
		t.Errorf("the request is %v", asked.Header)
	}
}

func TestHandlesThatCannotBe(t *testing.T) {
	client := aptest.NewClient(t)
	for _, h := range [][2]string{{"", "a.test"}, {"a b", "a.test"}, {"ada", ""}, {"ada", "a.test/x"}, {"ada", "b@a.test"}, {"ada", "a%00.test"}, {"ada", "a.test\n"}, {"ada&x", "a.test"}} {
		if _, err := client.Finger(t.Context(), h[0], h[1]); !fault.Is(err, fault.BadRequest) {
			t.Errorf("Finger(%q) = %v", h, err)
		}
	}
	for text, want := range map[string]string{
		"ada@a.test": "ada@a.test", "@ada@A.test": "ada@a.test", "acct:ada@a.test.": "ada@a.test", "ada@bücher.test": "ada@xn--bcher-kva.test",
		"ada@localhost:8081": "ada@localhost:8081", "ada@a.test:443": "ada@a.test", "ada": "", "@ada": "", "ada@": "", "ada@b@c": "",
	} {
		if h, err := activitypub.ParseHandle(text); (err == nil) != (want != "") || (err == nil && h.String() != want) {
			t.Errorf("ParseHandle(%q) = %v, %v", text, h, err)
		}
	}
}

func TestAnswersWithoutAnActorAreRefused(t *testing.T) {
	for name, answer := range map[string]any{
		"no subject":       map[string]any{"links": jrd("", "https://a.test/1")["links"]},
		"an http subject":  jrd("https://a.test/@ada", "https://a.test/1"),
		"a subject of two": jrd("acct:ada@a@b", "https://a.test/1"),
		"no links":         map[string]any{"subject": "acct:ada@a.test"},
		"no self":          map[string]any{"subject": "acct:ada@a.test", "links": []any{map[string]any{"rel": "self", "type": "text/html", "href": "https://a.test/1"}}},
		"json self":        map[string]any{"subject": "acct:ada@a.test", "links": []any{map[string]any{"rel": "self", "type": "application/json", "href": "https://a.test/1"}}},
		"a script":         jrd("acct:ada@a.test", "javascript:alert(1)"),
		"credentials":      jrd("acct:ada@a.test", "https://u@a.test/1"),
		"an array":         "[]",
		"HTML":             "<html>",
	} {
		s := aptest.NewServer(t)
		s.ServeAs(finger, "application/jrd+json", answer)
		if _, err := aptest.NewClient(t).Finger(t.Context(), "ada", s.Host); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestMissingPeopleAndMissingServersDiffer(t *testing.T) {
	s := aptest.NewServer(t)
	client := aptest.NewClient(t)
	for status, kind := range map[int]fault.Kind{404: fault.NotFound, 410: fault.Gone, 500: fault.Unavailable} {
		s.Answer(finger, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
		if _, err := client.Finger(t.Context(), "ada", s.Host); !fault.Is(err, kind) {
			t.Errorf("%d gives %v", status, err)
		}
	}
	if _, err := client.Finger(t.Context(), "ada", "127.0.0.1:1"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("no server gives %v", err)
	}
	if _, err := client.Finger(t.Context(), "ada", "10.0.0.1"); !fault.Is(err, fault.Forbidden) {
		t.Errorf("a private server gives %v", err)
	}
}

func TestHostMetaTellsWhereWebFingerIs(t *testing.T) {
	s := aptest.NewServer(t)
	s.ServeAs(hostMeta, "application/xrd+xml", `<?xml version="1.0"?><XRD xmlns="http://docs.oasis-open.org/ns/xri/xrd-1.0"><Link rel="other" template="x{uri}"/><Link rel="lrdd" template="`+s.URL+`/finger?for={uri}"/></XRD>`)
	s.Answer("/finger", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("for") == "acct:ada@"+s.Host {
			text, _ := activitypub.Encode(jrd("acct:ada@"+s.Host, s.URL+"/users/ada"))
			_, _ = w.Write(text)
		}
	})
	found, err := aptest.NewClient(t).Finger(t.Context(), "ada", s.Host)
	if err != nil || found.Self != s.URL+"/users/ada" {
		t.Errorf("Finger = %+v, %v", found, err)
	}
}

func TestHostileHostMetaIsRefused(t *testing.T) {
	const link = `<Link rel="lrdd" template="https://10.0.0.1/?{uri}"/>`
	for name, c := range map[string]struct {
		text string
		kind fault.Kind
	}{
		"laughs":          {`<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><XRD>&b;` + link + `</XRD>`, fault.Invalid},
		"external":        {`<!DOCTYPE x SYSTEM "file:///etc/passwd"><XRD>` + link + `</XRD>`, fault.Invalid},
		"unknown entity":  {`<XRD>&lol;` + link + `</XRD>`, fault.Invalid},
		"another charset": {`<?xml version="1.0" encoding="utf-7"?><XRD>` + link + `</XRD>`, fault.Invalid},
		"no link":         {`<XRD></XRD>`, fault.NotFound},
		"no template":     {`<XRD><Link rel="lrdd" template="https://x.test/"/></XRD>`, fault.NotFound},
		"not XML":         {`{"a"`, fault.Invalid},
		"a private place": {`<XRD>` + link + `</XRD>`, fault.Forbidden},
		"a script":        {`<XRD><Link rel="lrdd" template="javascript:{uri}"/></XRD>`, fault.BadRequest},
		"deep":            {strings.Repeat("<a>", 20_000), fault.Invalid},
		"large":           {`<XRD>` + strings.Repeat(" ", 200_000) + link + `</XRD>`, fault.TooLarge},
	} {
		s := aptest.NewServer(t)
		s.ServeAs(hostMeta, "application/xrd+xml", c.text)
		if _, err := aptest.NewClient(t).Finger(t.Context(), "ada", s.Host); !fault.Is(err, c.kind) &&
			!(name == "not XML" && err != nil) {
			t.Errorf("%s: %v, want kind %d", name, err, c.kind)
		}
	}
}

func TestOneRedirectOfTheSubjectIsFollowed(t *testing.T) {
	web, handle := aptest.NewServer(t), aptest.NewServer(t)
	client := aptest.NewClient(t)
	self := web.URL + "/users/ada"
	web.ServeAs(finger, "application/jrd+json", jrd("acct:ada@"+handle.Host, self))
	handle.ServeAs(finger, "application/jrd+json", jrd("acct:ada@"+handle.Host, self))
	found, err := client.Finger(t.Context(), "ada", web.Host)
	if err != nil || found.Handle.Domain != handle.Host || found.Self != self {
		t.Errorf("a split domain gives %+v, %v", found, err)
	}
	handle.ServeAs(finger, "application/jrd+json", jrd("acct:ada@"+web.Host, self))
	if _, err = client.Finger(t.Context(), "ada", web.Host); !fault.Is(err, fault.Invalid) {
		t.Errorf("a circle gives %v", err)
	}
}

func TestNamesMustBeConfirmedByTheirDomain(t *testing.T) {
	a, b := aptest.NewServer(t), aptest.NewServer(t)
	client := aptest.NewClient(t)
	ada := a.Person("ada", 1)
	actor, handle, err := client.ResolveHandle(t.Context(), "ada", a.Host)
	if err != nil || actor.ID != ada.ID || handle.String() != "ada@"+a.Host {
		t.Fatalf("ResolveHandle = %+v, %v, %v", actor, handle, err)
	}
	if handle, err = client.ConfirmHandle(t.Context(), actor); err != nil || handle.Username != "ada" {
		t.Errorf("ConfirmHandle = %v, %v", handle, err)
	}

	// mallory of a says she is ada of b
	b.Person("ada", 2)
	mallory := a.Actor("mallory", 3)
	mallory.Webfinger = "ada@" + b.Host
	a.Serve("/users/mallory", mallory)
	actor, err = client.FetchActor(t.Context(), mallory.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err = client.ConfirmHandle(t.Context(), actor); !fault.Is(err, fault.Invalid) {
		t.Errorf("mallory is confirmed: %v", err)
	}

	// a's WebFinger sends ada of a to somebody of b, who does not say so
	a.ServeAs(finger, "application/jrd+json", jrd("acct:ada@"+a.Host, b.URL+"/users/ada"))
	if actor, handle, err = client.ResolveHandle(t.Context(), "ada", a.Host); err == nil && handle.Domain == a.Host {
		t.Errorf("%v is taken for %v", actor.ID, handle)
	}
	// a says to be b: the subject is asked at b, which knows another id
	a.ServeAs(finger, "application/jrd+json", jrd("acct:ada@"+b.Host, a.URL+"/users/mallory"))
	if found, err := client.Finger(t.Context(), "ada", a.Host); err != nil || found.Self != b.URL+"/users/ada" {
		t.Errorf("b's ada is %+v, %v", found, err)
	}
}
