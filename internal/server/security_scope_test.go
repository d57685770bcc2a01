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

// documented are Mastodon's scopes of what an app can ask: method and path, who may, and any
// one of the scopes. A route that is missing here, or asks for others, fails the test.
const documented = `
GET    /api/v1/apps/verify_credentials            app
GET    /oauth/token/info                          app
GET    /oauth/userinfo                            member  profile read:accounts
POST   /oauth/userinfo                            member  profile read:accounts
GET    /api/v1/accounts/verify_credentials        member  profile read:accounts
PATCH  /api/v1/accounts/update_credentials        member  write:accounts
GET    /api/v1/accounts                           anyone  read:accounts
GET    /api/v1/accounts/lookup                    anyone  read:accounts
GET    /api/v1/accounts/relationships             member  read:follows
GET    /api/v1/accounts/{id}                      anyone  read:accounts
GET    /api/v1/accounts/{id}/statuses             anyone  read:statuses
GET    /api/v1/accounts/{id}/followers            anyone  read:accounts
GET    /api/v1/accounts/{id}/following            anyone  read:accounts
POST   /api/v1/accounts/{id}/follow               member  write:follows
POST   /api/v1/accounts/{id}/unfollow             member  write:follows
POST   /api/v1/accounts/{id}/remove_from_followers member write:follows
POST   /api/v1/accounts/{id}/block                member  write:blocks
POST   /api/v1/accounts/{id}/unblock              member  write:blocks
POST   /api/v1/accounts/{id}/mute                 member  write:mutes
POST   /api/v1/accounts/{id}/unmute               member  write:mutes
GET    /api/v1/follow_requests                    member  read:follows
POST   /api/v1/follow_requests/{id}/authorize     member  write:follows
POST   /api/v1/follow_requests/{id}/reject        member  write:follows
GET    /api/v1/blocks                             member  read:blocks
GET    /api/v1/mutes                              member  read:mutes
POST   /api/v1/accounts/{id}/note                 member  write:accounts
POST   /api/v1/accounts/{id}/endorse              member  write:accounts
POST   /api/v1/accounts/{id}/unendorse            member  write:accounts
POST   /api/v1/accounts/{id}/pin                  member  write:accounts
POST   /api/v1/accounts/{id}/unpin                member  write:accounts
GET    /api/v1/accounts/{id}/endorsements         anyone  read:accounts
GET    /api/v1/endorsements                       member  read:accounts
GET    /api/v1/accounts/familiar_followers        member  read:follows
GET    /api/v1/accounts/{id}/identity_proofs      member  read:accounts
POST   /api/v1/reports                            member  write:reports
GET    /api/v1/domain_blocks                      member  read:blocks
POST   /api/v1/domain_blocks                      member  write:blocks
DELETE /api/v1/domain_blocks                      member  write:blocks
GET    /api/v1/domain_blocks/preview              member  write:blocks
GET    /api/v1/preferences                        member  read:accounts
GET    /api/v1/directory                          anyone
GET    /api/v2/suggestions                        member  read:accounts
GET    /api/v1/suggestions                        member  read:accounts
DELETE /api/v1/suggestions/{id}                   member  write:accounts
GET    /api/v1/profile                            member  profile read:accounts
PATCH  /api/v1/profile                            member  write:accounts
PUT    /api/v1/profile                            member  write:accounts
DELETE /api/v1/profile/avatar                     member  write:accounts
DELETE /api/v1/profile/header                     member  write:accounts
POST   /api/v1/accounts                           app     write:accounts
POST   /api/v1/accounts/{id}/email_subscriptions  anyone
GET    /api/v1/emails/check_confirmation          member  read:accounts
POST   /api/v1/emails/confirmations               member  write:accounts
GET    /api/v1/accounts/{id}/lists                member  read:lists
GET    /api/v1/accounts/{id}/featured_tags        anyone  read:accounts
GET    /api/v1/lists                              member  read:lists
POST   /api/v1/lists                              member  write:lists
GET    /api/v1/lists/{id}                         member  read:lists
PUT    /api/v1/lists/{id}                         member  write:lists
DELETE /api/v1/lists/{id}                         member  write:lists
GET    /api/v1/lists/{id}/accounts                member  read:lists
POST   /api/v1/lists/{id}/accounts                member  write:lists
DELETE /api/v1/lists/{id}/accounts                member  write:lists
GET    /api/v1/followed_tags                      member  read:follows
GET    /api/v1/tags/{tag}                         anyone
POST   /api/v1/tags/{tag}/follow                  member  write:follows
POST   /api/v1/tags/{tag}/unfollow                member  write:follows
POST   /api/v1/tags/{tag}/feature                 member  write:accounts
POST   /api/v1/tags/{tag}/unfeature               member  write:accounts
GET    /api/v1/featured_tags                      member  read:accounts
POST   /api/v1/featured_tags                      member  write:accounts
GET    /api/v1/featured_tags/suggestions          member  read:accounts
DELETE /api/v1/featured_tags/{id}                 member  write:accounts
POST   /api/v1/statuses                           member  write:statuses
POST   /api/v1/statuses/{id}/translate            member  read:statuses
GET    /api/v1/scheduled_statuses                 member  read:statuses
GET    /api/v1/scheduled_statuses/{id}            member  read:statuses
PUT    /api/v1/scheduled_statuses/{id}            member  write:statuses
DELETE /api/v1/scheduled_statuses/{id}            member  write:statuses
GET    /api/v1/instance/domain_blocks             anyone
GET    /api/v1/announcements                      member
POST   /api/v1/announcements/{id}/dismiss         member  write:accounts
PUT    /api/v1/announcements/{id}/reactions/{name} member  write:favourites
DELETE /api/v1/announcements/{id}/reactions/{name} member  write:favourites
GET    /api/v1/annual_reports                     member  read:accounts
GET    /api/v1/annual_reports/{year}              member  read:accounts
GET    /api/v1/annual_reports/{year}/state        member  read:accounts
POST   /api/v1/annual_reports/{year}/generate     member  write:accounts
POST   /api/v1/annual_reports/{year}/read         member  write:accounts
GET    /api/v1/donation_campaigns                 member
GET    /api/v1/statuses                           anyone  read:statuses
GET    /api/v1/statuses/{id}                      anyone  read:statuses
PUT    /api/v1/statuses/{id}                      member  write:statuses
DELETE /api/v1/statuses/{id}                      member  write:statuses
GET    /api/v1/statuses/{id}/history              anyone  read:statuses
GET    /api/v1/statuses/{id}/source               member  read:statuses
GET    /api/v1/polls/{id}                         anyone  read:statuses
POST   /api/v1/polls/{id}/votes                   member  write:statuses
GET    /api/v1/statuses/{id}/context              anyone  read:statuses
GET    /api/v1/statuses/{id}/reblogged_by         anyone  read:accounts
GET    /api/v1/statuses/{id}/favourited_by        anyone  read:accounts
POST   /api/v1/statuses/{id}/reblog               member  write:statuses
POST   /api/v1/statuses/{id}/unreblog             member  write:statuses
POST   /api/v1/statuses/{id}/favourite            member  write:favourites
POST   /api/v1/statuses/{id}/unfavourite          member  write:favourites
POST   /api/v1/statuses/{id}/bookmark             member  write:bookmarks
POST   /api/v1/statuses/{id}/unbookmark           member  write:bookmarks
POST   /api/v1/statuses/{id}/pin                  member  write:accounts
POST   /api/v1/statuses/{id}/unpin                member  write:accounts
PUT    /api/v1/statuses/{id}/interaction_policy   member  write:statuses
GET    /api/v1/statuses/{id}/quotes               member  read:statuses
POST   /api/v1/statuses/{id}/quotes/{status}/revoke member  write:statuses
POST   /api/v1/statuses/{id}/mute                 member  write:mutes
POST   /api/v1/statuses/{id}/unmute               member  write:mutes
GET    /api/v1/bookmarks                          member  read:bookmarks
GET    /api/v1/favourites                         member  read:favourites
GET    /api/v1/filters                            member  read:filters
POST   /api/v1/filters                            member  write:filters
GET    /api/v1/filters/{id}                       member  read:filters
PUT    /api/v1/filters/{id}                       member  write:filters
DELETE /api/v1/filters/{id}                       member  write:filters
GET    /api/v2/filters                            member  read:filters
POST   /api/v2/filters                            member  write:filters
GET    /api/v2/filters/{id}                       member  read:filters
PUT    /api/v2/filters/{id}                       member  write:filters
DELETE /api/v2/filters/{id}                       member  write:filters
GET    /api/v2/filters/{id}/keywords              member  read:filters
GET    /api/v2/filters/{id}/statuses              member  read:filters
POST   /api/v2/filters/{id}/keywords              member  write:filters
POST   /api/v2/filters/{id}/statuses              member  write:filters
GET    /api/v2/filters/keywords/{id}              member  read:filters
PUT    /api/v2/filters/keywords/{id}              member  write:filters
DELETE /api/v2/filters/keywords/{id}              member  write:filters
GET    /api/v2/filters/statuses/{id}              member  read:filters
DELETE /api/v2/filters/statuses/{id}              member  write:filters
GET    /api/v1/timelines/home                     member  read:statuses
GET    /api/v1/timelines/list/{id}                member  read:lists
GET    /api/v1/timelines/public                   anyone  read:statuses
GET    /api/v1/timelines/tag/{hashtag}            anyone  read:statuses
GET    /api/v1/timelines/link                     anyone  read:statuses
GET    /api/v1/trends                             anyone
GET    /api/v1/trends/tags                        anyone
GET    /api/v1/trends/links                       anyone
GET    /api/v1/trends/statuses                    anyone
GET    /api/v1/notifications                      member  read:notifications
GET    /api/v1/notifications/{id}                 member  read:notifications
DELETE /api/v1/notifications/{id}                 member  write:notifications
POST   /api/v1/notifications/{id}/dismiss         member  write:notifications
POST   /api/v1/notifications/clear                member  write:notifications
GET    /api/v1/markers                            member  read:statuses
POST   /api/v1/markers                            member  write:statuses
GET    /api/v1/notifications/unread_count         member  read:notifications
DELETE /api/v1/notifications/destroy_multiple     member  write:notifications
GET    /api/v1/notifications/policy               member  read:notifications
PUT    /api/v1/notifications/policy               member  write:notifications
PATCH  /api/v1/notifications/policy               member  write:notifications
GET    /api/v2/notifications/policy               member  read:notifications
PUT    /api/v2/notifications/policy               member  write:notifications
PATCH  /api/v2/notifications/policy               member  write:notifications
GET    /api/v1/notifications/requests             member  read:notifications
GET    /api/v1/notifications/requests/merged      member  read:notifications
POST   /api/v1/notifications/requests/accept      member  write:notifications
POST   /api/v1/notifications/requests/dismiss     member  write:notifications
GET    /api/v1/notifications/requests/{id}        member  read:notifications
POST   /api/v1/notifications/requests/{id}/accept member  write:notifications
POST   /api/v1/notifications/requests/{id}/dismiss member  write:notifications
GET    /api/v1/push/subscription                  member  push
POST   /api/v1/push/subscription                  member  push
PUT    /api/v1/push/subscription                  member  push
DELETE /api/v1/push/subscription                  member  push
GET    /api/v2/notifications                      member  read:notifications
GET    /api/v2/notifications/unread_count         member  read:notifications
POST   /api/v2/notifications/clear                member  write:notifications
GET    /api/v2/notifications/{group_key}          member  read:notifications
GET    /api/v2/notifications/{group_key}/accounts member  read:notifications
POST   /api/v2/notifications/{group_key}/dismiss  member  write:notifications
GET    /api/v1/accounts/{id}/collections anyone read:collections
GET    /api/v1/accounts/{id}/in_collections member read:collections
POST   /api/v1/collections member write:collections
GET    /api/v1/collections/{id} anyone read:collections
PATCH  /api/v1/collections/{id} member write:collections
PUT    /api/v1/collections/{id} member write:collections
DELETE /api/v1/collections/{id} member write:collections
POST   /api/v1/collections/{collection_id}/items member write:collections
DELETE /api/v1/collections/{collection_id}/items/{id} member write:collections
POST   /api/v1/collections/{collection_id}/items/{id}/revoke member write:collections
GET    /api/v1_alpha/accounts/{id}/collections anyone read:collections
GET    /api/v1_alpha/accounts/{id}/in_collections member read:collections
POST   /api/v1_alpha/collections member write:collections
GET    /api/v1_alpha/collections/{id} anyone read:collections
PATCH  /api/v1_alpha/collections/{id} member write:collections
PUT    /api/v1_alpha/collections/{id} member write:collections
DELETE /api/v1_alpha/collections/{id} member write:collections
POST   /api/v1_alpha/collections/{collection_id}/items member write:collections
DELETE /api/v1_alpha/collections/{collection_id}/items/{id} member write:collections
POST   /api/v1_alpha/collections/{collection_id}/items/{id}/revoke member write:collections
GET    /api/v1/conversations                      member  read:statuses
DELETE /api/v1/conversations/{id}                 member  write:conversations
POST   /api/v1/conversations/{id}/read            member  write:conversations
POST   /api/v1/conversations/{id}/unread          member  write:conversations
GET    /api/v2/search                             anyone  read:search
GET    /api/v1/accounts/search                    member  read:accounts
`

func TestEveryRouteAsksForTheScopesThatMastodonDocuments(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	want := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(documented), "\n") {
		words := strings.Fields(line)
		want[words[0]+" "+words[1]] = strings.Join(words[2:], " ")
	}
	for _, r := range s.Table() {
		name := r.Method + " " + r.Path
		have := strings.TrimSpace(r.Door + " " + r.Scopes)
		switch {
		case r.Door == "page":
			continue
		case r.Door == "peer":
			e, known := contract.Find(r.Method, r.Path)
			if (strings.HasPrefix(r.Path, "/api/") || strings.HasPrefix(r.Path, "/oauth/")) && (!known || e.Door != "peer") {
				t.Errorf("%s is open to everybody", name)
			}
			continue
		}
		if want[name] == "" {
			t.Errorf("%s is not among the documented routes: who may, and with which scope?", name)
		} else if have != want[name] {
			t.Errorf("%s asks for %q, Mastodon for %q", name, have, want[name])
		}
		delete(want, name)
	}
	for name := range want {
		t.Errorf("%s is documented and not served", name)
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
		before := counts(t, s)
		asked := 0
		for _, r := range s.Table() {
			if r.Door == "page" || r.Door == "peer" {
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
	for _, name := range []string{"{id}", "{collection_id}", "{account}", "{status}"} {
		path = strings.ReplaceAll(path, name, id)
	}
	return strings.NewReplacer("{hashtag}", "cats", "{tag}", "123", "{name}", "%F0%9F%91%8D", "{username}", "nobody", "{context}", id).Replace(path)
}

func bodyKind(method string) string {
	if method == http.MethodGet || method == http.MethodHead {
		return ""
	}
	return form
}
