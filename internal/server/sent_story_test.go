package server_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// What differs from run to run in a body: numbers of ours, random ids, and what signs it.
var (
	sentNumbers = regexp.MustCompile(`\d{12,}`)
	sentRandom  = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
	sentSigned  = regexp.MustCompile(`"(created|expires|signatureValue)":"[^"]*"`)
)

// sentLike compares the last body of a type that a server was sent, whole, with the file of that name.
func sentLike(t *testing.T, here *servertest.Server, host *aptest.Server, kind, name string) {
	t.Helper()
	var body []byte
	for _, one := range host.Received() {
		var said struct{ Type string }
		if json.Unmarshal(one.Body, &said) == nil && said.Type == kind {
			body = one.Body
		}
	}
	text := strings.NewReplacer(here.URL, "https://here.example", host.URL, "https://there.example").Replace(string(body))
	text = sentNumbers.ReplaceAllString(sentRandom.ReplaceAllString(text, "random"), "1")
	var got bytes.Buffer
	if err := json.Indent(&got, []byte(sentSigned.ReplaceAllString(text, `"$1":"…"`)), "", "  "); err != nil {
		t.Fatalf("no %s was sent: %v", kind, err)
	}
	got.WriteByte('\n')
	file := filepath.Join("..", "protocol", "activitypub", "testdata", "sent", name+".json")
	if *update {
		if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s is now\n%s", name, got.Bytes())
	}
}

func TestAnswersBlocksAndMovesAreSentAsTheyWere(t *testing.T) {
	here := servertest.New(t, db.SQLite)
	host := aptest.NewServer(t)
	ada, bo, shy := here.Join("ada"), here.Join("bo"), here.Join("shy")
	found(bo)
	lock(ada)
	sam, eve := newOutsider(t, host, "sam", 0), newOutsider(t, host, "eve", 1)
	like := func(kind, name string) { t.Helper(); servertest.Settle(t, here); sentLike(t, here, host, kind, name) }
	actor := func(p *servertest.Person) string { return here.URL + "/ap/users/" + p.ID }
	follow := func(by *outsider, whom *servertest.Person) {
		t.Helper()
		by.post(here, activitypub.NewActivity("Follow", by.actor.ID+"/follows/"+whom.Name, by.actor.ID, actor(whom)), http.StatusAccepted)
	}
	asks := func(path string) {
		t.Helper()
		var requests []servertest.Account
		ada.Get("/api/v1/follow_requests", &requests)
		if len(requests) != 1 {
			t.Fatalf("%d ask to follow", len(requests))
		}
		ada.Post("/api/v1/follow_requests/"+requests[0].ID+path, nil, nil)
	}
	follow(sam, ada)
	asks("/authorize")
	like("Accept", "accept_follow")
	follow(eve, ada)
	asks("/reject")
	like("Reject", "reject_follow")
	shunned := ada.Find("@eve@" + host.Host).ID
	ada.Post("/api/v1/accounts/"+shunned+"/block", nil, nil)
	like("Block", "block")
	ada.Post("/api/v1/accounts/"+shunned+"/unblock", nil, nil)
	like("Undo", "undo_block")

	first := sam.featuring("1")
	sam.post(here, activitypub.NewFeatureRequest(sam.actor.ID+"/feature_requests/1", sam.actor.ID, actor(bo), first.ID), http.StatusAccepted)
	like("Accept", "accept_feature")
	sam.post(here, activitypub.NewFeatureRequest(sam.actor.ID+"/feature_requests/2", sam.actor.ID, actor(shy), first.ID), http.StatusAccepted)
	like("Reject", "reject_feature")

	post := bo.Publish("quote me not", "quote_approval_policy", "nobody")
	quoting := sam.note("9", "no", []string{activitypub.Public}, nil)
	quoting.Quote = post.URI
	sam.post(here, activitypub.NewQuoteRequest(sam.actor.ID+"/quote_requests/1", sam.actor.ID, post.URI, quoting), http.StatusAccepted)
	like("Reject", "reject_quote")

	follow(sam, bo)
	sam.actor.AlsoKnownAs = []string{actor(bo)}
	host.Serve("/users/sam", sam.actor)
	if _, err := here.Keeper().MoveAccount(t.Context(), keeper.MoveAccount{Name: "bo", To: "@sam@" + host.Host}); err != nil {
		t.Fatal(err)
	}
	like("Move", "move")

	// Taken back by who let it.
	kim := here.Join("kim")
	found(kim)
	sam.post(here, activitypub.NewFeatureRequest(sam.actor.ID+"/feature_requests/3", sam.actor.ID, actor(kim), first.ID), http.StatusAccepted)
	in := shownCollections(kim, "/api/v1/accounts/"+kim.ID+"/in_collections")[0]
	for _, item := range in.Items {
		if item.AccountID == kim.ID {
			kim.Post("/api/v1/collections/"+in.ID+"/items/"+item.ID+"/revoke", url.Values{}, nil)
		}
	}
	like("Delete", "delete_feature_authorization")
}
