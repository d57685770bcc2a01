package server_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestAVisitorIsShownPartOfALongThread(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		const long, wide = 42, 62
		chain := []servertest.Status{ada.Publish("0")}
		for i := range long {
			chain = append(chain, ada.Publish(fmt.Sprint(i+1), "in_reply_to_id", chain[i].ID))
		}
		tree := ada.Publish("asked")
		for i := range wide {
			ada.Publish(fmt.Sprint(i), "in_reply_to_id", tree.ID)
		}
		for _, one := range []struct {
			who                  *servertest.Person
			above, below, around int
		}{{s.Nobody(), 40, 20, 60}, {ada, long, long, wide}} {
			var context struct{ Ancestors, Descendants []servertest.Status }
			one.who.Get("/api/v1/statuses/"+chain[long].ID+"/context", &context)
			if n := len(context.Ancestors); n != one.above || context.Ancestors[n-1].ID != chain[long-1].ID {
				t.Errorf("%q is shown %d above, want %d", one.who.Name, n, one.above)
			}
			one.who.Get("/api/v1/statuses/"+chain[0].ID+"/context", &context)
			if n := len(context.Descendants); n != one.below || context.Descendants[0].ID != chain[1].ID {
				t.Errorf("%q is shown %d below, want %d", one.who.Name, n, one.below)
			}
			if one.who.Get("/api/v1/statuses/"+tree.ID+"/context", &context); len(context.Descendants) != one.around {
				t.Errorf("%q is shown %d answers, want %d", one.who.Name, len(context.Descendants), one.around)
			}
		}
	})
}

func TestTwentyStatusesAreAskedForAtOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		mine, secret := ada.Publish("mine"), ada.Publish("secret", "visibility", "direct")
		var list []servertest.Status
		s.Nobody().Get("/api/v1/statuses?id[]="+mine.ID+"&id[]="+secret.ID+strings.Repeat("&id[]=1", 18), &list)
		if len(list) != 1 || list[0].ID != mine.ID {
			t.Errorf("a visitor is shown %+v", list)
		}
		if answer := s.Nobody().Do(http.MethodGet, "/api/v1/statuses?id[]="+mine.ID+strings.Repeat("&id[]=1", 20), nil, nil); answer.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("twenty-one are answered %d", answer.StatusCode)
		}
		var text string
		if answer := s.Nobody().Do(http.MethodGet, "/health", nil, &text); answer.StatusCode != http.StatusOK || text != "OK" {
			t.Errorf("the health is %d %q", answer.StatusCode, text)
		}
	})
}

func TestTimesAreWrittenAsMastodonDoes(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at := clock.NewManual(time.Date(2026, 11, 21, 22, 30, 15, 123_000_000, time.UTC))
		s := servertest.NewAt(t, engine, at)
		ada := s.Join("ada")
		type dated struct {
			CreatedAt string  `json:"created_at"`
			Last      *string `json:"last_status_at"`
		}
		var account, status dated
		ada.Get("/api/v1/accounts/"+ada.ID, &account)
		if account.CreatedAt != "2026-11-21T00:00:00.000Z" || account.Last != nil {
			t.Errorf("before the first status the account is %+v", account)
		}
		at.Advance(2 * time.Hour)
		said := ada.Publish("hello")
		ada.Get("/api/v1/statuses/"+said.ID, &status)
		ada.Get("/api/v1/accounts/"+ada.ID, &account)
		if status.CreatedAt != "2026-11-22T00:30:15.123Z" || account.Last == nil || *account.Last != "2026-11-22" || account.CreatedAt != "2026-11-21T00:00:00.000Z" {
			t.Errorf("the status is %+v, the account %+v", status, account)
		}
	})
}

func TestAGroupOfNotificationsSpansHalfADay(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at := clock.NewManual(time.Date(2026, 11, 21, 8, 30, 0, 0, time.UTC))
		s := servertest.NewAt(t, engine, at)
		ada, fans := s.Join("ada"), []*servertest.Person{s.Join("bo"), s.Join("cy"), s.Join("dee")}
		post := ada.Publish("hello")
		for i, later := range []time.Duration{0, 11 * time.Hour, 2 * time.Hour} {
			at.Advance(later)
			fans[i].Act(post.ID, "favourite")
			servertest.Settle(t, s)
		}
		list := groups(ada, "types[]=favourite").Groups
		hour := func(of time.Time) string { return fmt.Sprintf("favourite-%s-%d", post.ID, of.Unix()/3600) }
		first := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
		if len(list) != 2 || list[0].Count != 1 || list[1].Count != 2 || list[1].Key != hour(first) || list[0].Key != hour(first.Add(13*time.Hour)) {
			t.Errorf("the groups are %+v", list)
		}
	})
}
