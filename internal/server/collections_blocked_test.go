package server_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// signedRead asks for a document as the outsider.
func (x *outsider) signedRead(to *servertest.Server, address string) (int, string) {
	x.t.Helper()
	req, err := http.NewRequestWithContext(x.t.Context(), http.MethodGet, address, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	req.Header.Set("Accept", "application/activity+json")
	if err := activitypub.Sign(req, x.actor.PublicKey.ID, aptest.Key(x.key), nil, time.Now()); err != nil {
		x.t.Fatal(err)
	}
	var body string
	answer := to.Nobody().Send(req, &body)
	return answer.StatusCode, body
}

func TestWhoIsBlockedReadsNoCollectionOfTheBlocker(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		sam := newOutsider(t, aptest.NewServer(t), "sam", 0)
		found := ada.Find("@sam@" + sam.host.Host)
		post := ada.Publish("pinned")
		ada.Act(post.ID, "pin")
		feature(ada, "cats")
		me := here.URL + "/ap/users/" + ada.ID
		reads := func(want bool) {
			t.Helper()
			for path, what := range map[string]string{"/collections/featured": post.URI, "/collections/tags": "#cats", "/outbox?page=true": post.URI} {
				if code, body := sam.signedRead(here, me+path); code != http.StatusOK || strings.Contains(body, what) != want {
					t.Errorf("%s answers %d %s, want that it shows %s: %v", path, code, body, what, want)
				}
			}
		}
		reads(true)
		ada.Post("/api/v1/accounts/"+found.ID+"/block", nil, nil)
		reads(false)
	})
}
