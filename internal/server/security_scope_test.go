package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
	"anancus/internal/server/servertest/contract"
	"anancus/internal/social/access"
)

// Which door and which scopes a route has is Mastodon's to say: the list of endpoints does.
func TestEveryRouteAsksForTheScopesThatMastodonDocuments(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	for _, r := range s.Table() {
		e, known := contract.Find(r.Method, r.Path)
		switch {
		case strings.HasPrefix(r.Path, "/api/anancus/v1/"): // ours: docs/API.md says so, which a test of the routes compares
			if r.Door != "member" || r.Scopes == "" {
				t.Errorf("%s %s is open to more than members with a scope", r.Method, r.Path)
			}
		case !known || contract.Plain(e.Path) != contract.Plain(r.Path):
			openToAll := r.Door == "anyone" && r.Scopes == "" && !strings.HasPrefix(r.Path, "/api/") // files are for browsers
			if r.Door != "page" && r.Door != "peer" && !openToAll {
				t.Errorf("%s %s is not among the documented endpoints: who may, and with which scope?", r.Method, r.Path)
			}
		case e.Door == "peer" && r.Door == "anyone" && r.Scopes == "": // who asks is noticed, and need be nobody
		case r.Door != e.Door || r.Scopes != e.Scopes:
			t.Errorf("%s %s asks for %s %q, Mastodon for %s %q", r.Method, r.Path, r.Door, r.Scopes, e.Door, e.Scopes)
		}
	}
}

const (
	badTokenText = "The access token is invalid"
	noMemberText = "This method requires an authenticated user"
	scopeText    = "This action is outside the authorized scopes"
)

// covers is written a second time here, so that a mistake in one shows.
func covers(have, want string) bool {
	switch {
	case have == want, have == "read" && strings.HasPrefix(want, "read:"), have == "write" && strings.HasPrefix(want, "write:"):
		return true
	case have == "follow":
		_, noun, _ := strings.Cut(want, ":")
		return noun == "follows" || noun == "blocks" || noun == "mutes"
	}
	return false
}

func coversAny(have string, wanted string) bool {
	if wanted == "" {
		return true
	}
	for _, one := range strings.Fields(have) {
		for _, want := range strings.Fields(wanted) {
			if covers(one, want) {
				return true
			}
		}
	}
	return false
}

// Security list, item 61: every route × every kind of token, generated from the table.
func TestEveryRouteTakesEveryTokenAsItsScopesSay(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		owner(t, s, "ada")
		type holder struct {
			name, scopes, token string
			member              bool
		}
		holders := []holder{
			{name: "nobody"}, {name: "a bad token", token: "0000000000000000000000000000000000000000000"},
			{name: "an app", scopes: "read write follow push", token: appToken(t, s, "read write follow push")},
			{name: "an app with profile", scopes: "profile", token: appToken(t, s, "profile")},
		}
		for _, scope := range access.AllScopes {
			holders = append(holders, holder{"a member with " + scope, scope, s.TokenFor("ada", scope), true})
		}
		servertest.Settle(t, s) // who joined is told of
		before := counts(t, s)
		asked := 0
		for _, r := range s.Table() {
			if r.Door == "page" || r.Door == "peer" || r.Door == "stream" { // streams have refusals, and a test, of their own
				continue
			}
			for _, h := range holders {
				if !h.member && h.name != "nobody" && r.Door == "anyone" && h.token == "" {
					continue
				}
				want := ""
				switch {
				case h.name == "a bad token", h.token == "" && r.Door != "anyone":
					want = badTokenText
				case r.Door == "member" && !h.member:
					want = noMemberText
				case h.token != "" && !coversAny(h.scopes, r.Scopes):
					want = scopeText
				}
				asked++
				got := ask(t, s, request{method: r.Method, path: unknownIn(r.Path), token: h.token, kind: bodyKind(r.Method)})
				if err := judged(got, want); err != nil {
					t.Errorf("%s %s, %s: %v", r.Method, r.Path, h.name, err)
				}
			}
		}
		if asked < 2000 {
			t.Errorf("only %d combinations were asked", asked)
		}
		servertest.Settle(t, s) // an empty change of a profile is a change, and followers are told
		unchanged(t, s, before, "the matrix of scopes")
	})
}

// judged compares an answer with the refusal that is due; "" means that the door lets through.
func judged(got answer, want string) error {
	codes := map[string]int{badTokenText: http.StatusUnauthorized, noMemberText: http.StatusUnprocessableEntity, scopeText: http.StatusForbidden}
	if got.code >= 500 {
		return fmt.Errorf("answered %d: %.200s", got.code, got.body)
	}
	if want != "" {
		text, err := got.errorText()
		if err != nil || got.code != codes[want] || text != want && text != "invalid_token" {
			return fmt.Errorf("answered %d %.120q (%v), want %d %q", got.code, got.body, err, codes[want], want)
		}
		return nil
	}
	for text := range codes {
		if strings.Contains(got.body, text) {
			return fmt.Errorf("answered %d %q, and should be let through", got.code, text)
		}
	}
	return nil
}

// unknownIn fills the placeholders of a path with what is not there.
func unknownIn(path string) string { return fill(path, "112233445566778899") }

func fill(path, id string) string {
	for _, name := range []string{"{id}", "{collection_id}", "{account}", "{status}", "{emoji}", "{collection}", "{item}"} {
		path = strings.ReplaceAll(path, name, id)
	}
	return strings.NewReplacer("{hashtag}", "cats", "{size}", "small", "{picture}", "avatar", "{link}", id, "{tag}", "123", "{name}", "%F0%9F%91%8D", "{username}", "nobody", "{context}", id).Replace(path)
}

func bodyKind(method string) string {
	if method == http.MethodGet || method == http.MethodHead {
		return ""
	}
	return form
}
