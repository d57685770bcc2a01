package server_test

import (
	"fmt"
	"net/http"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// What reading a page may cost, in SQL statements, whatever its length.
const (
	warmHome = 0  // all of it is in memory
	coldHome = 12 // nothing is
)

func TestAHomePageCostsAFixedNumberOfStatements(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here, there := pair(t, engine)
		ada := here.Join("ada")
		var last *servertest.Person
		for i := range 10 { // ten authors, half of them elsewhere, who write, answer themselves and boost each other
			on := []*servertest.Server{here, there}[i%2]
			bo := on.Join(fmt.Sprintf("bo%d", i))
			ada.Follow(bo)
			servertest.Settle(t, here, there)
			first := bo.Publish(fmt.Sprintf("first by %d #counted", i))
			for n := range 4 {
				first = bo.Publish(fmt.Sprintf("number %d, @%s", n, bo.Name), "in_reply_to_id", first.ID, "visibility", []string{"public", "unlisted", "private"}[n%3])
			}
			if last != nil {
				if post, ok := bo.FindStatus(last.Publish("worth it").URI); ok {
					bo.Act(post.ID, "reblog")
				}
			}
			last = bo
		}
		servertest.Settle(t, here, there)
		read := func(limit int) (statements int64, length int) {
			t.Helper()
			var page []servertest.Status
			before := here.DB().Queries()
			if answer := ada.Do(http.MethodGet, fmt.Sprintf("/api/v1/timelines/home?limit=%d", limit), nil, &page); answer.StatusCode != http.StatusOK {
				t.Fatalf("home answered %d", answer.StatusCode)
			}
			return here.DB().Queries() - before, len(page)
		}
		cold, length := read(40)
		t.Logf("cold: %d statements for %d statuses", cold, length)
		if length != 40 || cold > coldHome {
			t.Errorf("a cold page of %d costs %d statements, want 40 for at most %d", length, cold, coldHome)
		}
		for _, limit := range []int{1, 5, 20, 40} {
			read(limit)
			warm, length := read(limit)
			t.Logf("warm: %d statements for %d statuses", warm, length)
			if length != limit || warm > warmHome {
				t.Errorf("a warm page of %d costs %d statements, want %d for at most %d", length, warm, limit, warmHome)
			}
		}
	})
}
