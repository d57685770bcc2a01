package server_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// TestAWarmPageOfQuotesAsksNothing of every kind of quote there is: what is quoted, how it stands for the reader, and that it is gone are all in memory.
func TestAWarmPageOfQuotesAsksNothing(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		host := aptest.NewServer(t)
		sam := newOutsider(t, host, "sam", 0)
		ada, bo := s.Join("ada"), s.Join("bo")
		ada.Follow(bo)
		sam.acceptFollow(bo)
		want := map[string]string{} // states by what quotes
		quote := func(by *servertest.Person, of, state string) {
			t.Helper()
			want[quoted(by, of, "look: "+state).ID] = state
		}
		var muted, blocked, shutting, limited, revoking, gone, friend, plain *servertest.Person
		for i, one := range []**servertest.Person{&muted, &blocked, &shutting, &limited, &revoking, &gone, &friend, &plain} {
			*one = s.Join(fmt.Sprintf("cy%d", i))
			state := []string{"muted_account", "blocked_account", "unauthorized", "unauthorized", "revoked", "deleted", "accepted", "accepted"}[i]
			post := (*one).Publish("worth it")
			quote(bo, post.ID, state)
			switch *one {
			case muted:
				ada.Post("/api/v1/accounts/"+muted.ID+"/mute", nil, nil)
			case blocked:
				ada.Post("/api/v1/accounts/"+blocked.ID+"/block", nil, nil)
			case shutting:
				shutting.Post("/api/v1/accounts/"+ada.ID+"/block", nil, nil)
			case limited:
				if _, err := s.Keeper().TakeMeasure(t.Context(), keeper.Measure{Handle: limited.Name, Measure: "limit"}); err != nil {
					t.Fatal(err)
				}
			case revoking:
				for id, state := range want {
					if state == "revoked" {
						revoking.Post("/api/v1/statuses/"+post.ID+"/quotes/"+id+"/revoke", nil, nil)
					}
				}
			case gone:
				gone.Delete(post.ID)
			case friend:
				ada.Follow(friend)
			case plain: // a quote of a quote of a quote
				inner := quoted(plain, post.ID, "inner")
				middle := quoted(plain, inner.ID, "middle")
				quote(bo, middle.ID, "accepted")
				bo.Act(quoted(plain, post.ID, "boosted").ID, "reblog")
			}
		}
		secret := bo.Publish("for followers", "visibility", "private")
		quote(bo, secret.ID, "accepted")
		note := sam.public("1", "from elsewhere")
		sam.post(s, sam.create(note), http.StatusAccepted)
		known, ok := bo.FindStatus(note.ID)
		if !ok {
			t.Fatal("what sam wrote was not found")
		}
		write(t, s, `UPDATE statuses SET quote_policy = 2 WHERE id = $1`, number(t, known.ID))
		s.Forget()
		quote(bo, known.ID, "pending")
		servertest.Settle(t, s)

		states := func(p *servertest.Person, path string) (statements int64, states map[string]string) {
			t.Helper()
			var page []quoter
			before := s.DB().Queries()
			if answer := p.Do(http.MethodGet, path, nil, &page); answer.StatusCode != http.StatusOK {
				t.Fatalf("%s answered %d", path, answer.StatusCode)
			}
			statements = s.DB().Queries() - before
			states = map[string]string{}
			for _, one := range page {
				if one.Quote != nil && want[one.ID] != "" {
					states[one.ID] = one.Quote.State
				}
			}
			return statements, states
		}
		for _, path := range []string{"/api/v1/timelines/home?limit=40", "/api/v1/accounts/" + bo.ID + "/statuses?limit=40", "/api/v1/timelines/public?limit=40"} {
			for _, reader := range []*servertest.Person{ada, s.Nobody()} {
				if reader != ada && path == "/api/v1/timelines/home?limit=40" {
					continue
				}
				_, cold := states(reader, path)
				statements, warm := states(reader, path)
				if statements != 0 {
					t.Errorf("%s costs %q %d statements", path, reader.Name, statements)
				}
				if !maps.Equal(cold, warm) {
					t.Errorf("%s shows %q %v, and then %v", path, reader.Name, cold, warm)
				}
				t.Logf("%s shows %q %d quotes", path, reader.Name, len(warm))
				if path == "/api/v1/timelines/home?limit=40" && !maps.Equal(warm, want) {
					t.Errorf("the quotes at home are %v, want %v", warm, want)
				}
			}
		}
	})
}
