package activitypub_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
)

// understands lets a path answer 401, or another code, to signatures of the other dialect.
func understands(s *aptest.Server, path string, newer bool, refusal int, document any) {
	s.Answer(path, func(w http.ResponseWriter, r *http.Request) {
		if (r.Header.Get("Signature-Input") != "") != newer {
			w.WriteHeader(refusal)
			return
		}
		if document == nil {
			w.WriteHeader(http.StatusAccepted)
			return
		}
		body, _ := activitypub.Encode(document)
		w.Header().Set("Content-Type", activitypub.ContentType)
		_, _ = w.Write(body)
	})
}

// spoken tells in which dialects requests came: "old" or "new".
func spoken(all []aptest.Received) (dialects []string) {
	for _, got := range all {
		switch {
		case got.Request.Header.Get("Signature-Input") != "":
			dialects = append(dialects, "new")
		case got.Request.Header.Get("Signature") != "":
			dialects = append(dialects, "old")
		default:
			dialects = append(dialects, "none")
		}
	}
	return dialects
}

func TestAHostThatTakesOnlyRFC9421IsKnockedAtTwiceOnce(t *testing.T) {
	for _, refusal := range []int{http.StatusUnauthorized, http.StatusBadRequest} {
		client, host := aptest.NewClient(t), aptest.NewServer(t)
		understands(host, "/inbox", true, refusal, nil)
		understands(host, "/users/ada", true, refusal, host.Actor("ada", 1))
		for range 2 {
			if status, err := client.Post(t.Context(), host.URL+"/inbox", body, keyID, aptest.Key(0)); err != nil || status != http.StatusAccepted {
				t.Errorf("Post = %d, %v", status, err)
			}
		}
		if got := spoken(host.Received()); !slices.Equal(got, []string{"old", "new", "new"}) {
			t.Errorf("deliveries were signed %v", got)
		}
		for _, got := range host.Received() {
			if string(got.Body) != string(body) {
				t.Errorf("delivered %q", got.Body)
			}
		}
		if _, err := client.As(aptest.Signer(keyID, 1)).Fetch(t.Context(), host.URL+"/users/ada"); err != nil {
			t.Error(err)
		}
		if got := spoken(host.Asked()); !slices.Equal(got, []string{"new"}) {
			t.Errorf("after a delivery readings were signed %v", got)
		}
		ways := safehttp.New(safehttp.Options{AllowAddresses: aptest.Loopback})
		t.Cleanup(ways.Close)
		other := client.Through(ways)
		if _, err := other.Fetch(t.Context(), host.URL+"/users/ada"); err != nil {
			t.Error(err)
		}
		if got := spoken(host.Asked()); !slices.Equal(got, []string{"new", "new"}) {
			t.Errorf("by another way readings were signed %v", got)
		}
		last := host.Received()[2]
		s, err := activitypub.ParseSignature(last.Request)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Verify(last.Request, last.Body, aptest.PublicKey(0), timeOf(t, last.Request)); err != nil {
			t.Error(err)
		}
		// It went back to what others take.
		understands(host, "/inbox", false, refusal, nil)
		for range 2 {
			if status, _ := client.Post(t.Context(), host.URL+"/inbox", body, keyID, aptest.Key(0)); status != http.StatusAccepted {
				t.Errorf("Post = %d", status)
			}
		}
		if got := spoken(host.Received()[3:]); !slices.Equal(got, []string{"new", "old", "old"}) {
			t.Errorf("later deliveries were signed %v", got)
		}
	}
}

func TestASignedReadingKnocksTwice(t *testing.T) {
	client, host := aptest.NewClient(t), aptest.NewServer(t)
	understands(host, "/users/ada", true, http.StatusUnauthorized, host.Actor("ada", 1))
	host.Redirect("/old", host.URL+"/users/ada")
	for range 2 {
		if _, err := client.Fetch(t.Context(), host.URL+"/users/ada"); err != nil {
			t.Error(err)
		}
	}
	if got := spoken(host.Asked()); !slices.Equal(got, []string{"old", "new", "new"}) {
		t.Errorf("readings were signed %v", got)
	}
}

func TestWhoRefusesBothIsNotRemembered(t *testing.T) {
	client, host := aptest.NewClient(t), aptest.NewServer(t)
	for _, code := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusInternalServerError} {
		host.Answer("/users/x", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		before := len(host.Asked())
		if _, err := client.Fetch(t.Context(), host.URL+"/users/x"); err == nil {
			t.Errorf("%d: %v", code, err)
		}
		want := []string{"old"}
		if code == http.StatusUnauthorized {
			want = []string{"old", "new"}
		}
		if got := spoken(host.Asked()[before:]); !slices.Equal(got, want) {
			t.Errorf("%d: asked with %v", code, got)
		}
	}
}

// timeOf is when a request says that it was made.
func timeOf(t *testing.T, r *http.Request) time.Time {
	t.Helper()
	at, err := http.ParseTime(r.Header.Get("Date"))
	if err != nil {
		t.Fatal(err)
	}
	return at
}
