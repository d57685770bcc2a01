package notifications_test

import (
	"net/http"
	"net/url"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func told(p *servertest.Person) map[string]int {
	kinds := map[string]int{}
	for _, n := range p.Notifications() {
		kinds[n.Type]++
	}
	return kinds
}

func TestAMemberIsToldOfWhatConcernsThemAndNotOfWhatIsTakenBack(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		settle := func() { servertest.Settle(t, s) }
		status := ada.Publish("Hello")
		at := "/api/v1/statuses/" + status.ID
		for _, turn := range []struct{ kind, do, undo string }{
			{"favourite", at + "/favourite", at + "/unfavourite"}, {"reblog", at + "/reblog", at + "/unreblog"},
			{"follow", "/api/v1/accounts/" + ada.ID + "/follow", "/api/v1/accounts/" + ada.ID + "/unfollow"},
		} {
			bo.Post(turn.do, nil, nil)
			bo.Post(turn.do, nil, nil)
			settle()
			if got := told(ada); got[turn.kind] != 1 || len(got) != 1 {
				t.Errorf("after %s ada is told %v", turn.do, got)
			}
			bo.Post(turn.undo, nil, nil)
			settle()
			if got := told(ada); len(got) != 0 {
				t.Errorf("after %s ada is told %v", turn.undo, got)
			}
		}
		mention := bo.Publish("@ada hello, and @ada again")
		ada.Post("/api/v1/statuses/"+mention.ID+"/favourite", nil, nil)
		ada.Publish("@ada talking to myself")
		settle()
		if got := told(ada); got["mention"] != 1 || len(got) != 1 {
			t.Errorf("of a mention ada is told %v", got)
		}
		if got := told(bo); got["favourite"] != 1 || len(got) != 1 {
			t.Errorf("of a favourite bo is told %v", got)
		}
		bo.Do("DELETE", "/api/v1/statuses/"+mention.ID, nil, nil)
		settle()
		if len(told(ada))+len(told(bo)) != 0 {
			t.Errorf("of a status that is gone ada is told %v, bo %v", told(ada), told(bo))
		}
	})
}

func TestWhoIsMutedOrBlockedIsNotHeardOf(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, dee := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee")
		ada.Post("/api/v1/accounts/"+bo.ID+"/mute", nil, nil)
		ada.Post("/api/v1/accounts/"+cy.ID+"/mute", url.Values{"notifications": {"false"}}, nil)
		dee.Publish("@ada before")
		servertest.Settle(t, s)
		ada.Post("/api/v1/accounts/"+dee.ID+"/block", nil, nil)
		for _, p := range []*servertest.Person{bo, cy, dee} {
			p.Publish("@ada hello")
		}
		servertest.Settle(t, s)
		list := ada.Notifications()
		if len(list) != 1 || list[0].Account.ID != cy.ID {
			t.Errorf("ada is told %v", list)
		}
	})
}

func TestNotificationsAreDismissedByTheirMemberAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for range 4 {
			bo.Publish("@ada hello")
		}
		servertest.Settle(t, s)
		list := ada.Notifications()
		if len(list) != 4 {
			t.Fatalf("ada has %d notifications", len(list))
		}
		for _, ask := range [][2]string{{"GET", ""}, {"POST", "/dismiss"}, {"DELETE", ""}} {
			if got := bo.Do(ask[0], "/api/v1/notifications/"+list[0].ID+ask[1], nil, nil); got.StatusCode != http.StatusNotFound {
				t.Errorf("bo's %s of ada's is answered %d", ask[0], got.StatusCode)
			}
		}
		ada.Get("/api/v1/notifications/"+list[0].ID, nil)
		ada.Post("/api/v1/notifications/"+list[0].ID+"/dismiss", nil, nil)
		ada.Do("DELETE", "/api/v1/notifications/"+list[1].ID, nil, nil)
		if got := ada.Notifications(); len(got) != 2 || got[0].ID != list[2].ID {
			t.Errorf("left are %v", got)
		}
		bo.Post("/api/v1/notifications/clear", nil, nil)
		if len(ada.Notifications()) != 2 {
			t.Error("bo cleared ada's")
		}
		ada.Post("/api/v1/notifications/clear", nil, nil)
		if len(ada.Notifications()) != 0 {
			t.Error("some are left")
		}
	})
}

func TestNotificationsAreFilteredAndPaged(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
	bo.Publish("@ada one")
	cy.Publish("@ada two")
	bo.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
	servertest.Settle(t, s)
	for query, want := range map[string]int{"": 3, "types[]=mention": 2, "exclude_types[]=mention": 1, "types[]=nothing": 0, "account_id=" + bo.ID: 2, "types[]=mention&account_id=" + cy.ID: 1,
		"account_id=99": 0, "limit=1": 1, "types[]=mention&exclude_types[]=mention": 0} {
		var list []servertest.Notification
		ada.Get("/api/v1/notifications?"+query, &list)
		if len(list) != want {
			t.Errorf("?%s gives %d, want %d", query, len(list), want)
		}
	}
}
