package server_test

import (
	"net/http"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

func TestAMutedThreadIsNotHeardOfUntilItIsUnmuted(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		top := ada.Publish("the beginning")
		answer := bo.Publish("an answer", "in_reply_to_id", top.ID)
		other := ada.Publish("something else")
		muted := func(id string) bool {
			t.Helper()
			var shown struct{ Muted *bool }
			ada.Get("/api/v1/statuses/"+id, &shown)
			if shown.Muted == nil {
				t.Fatal("the key is absent")
			}
			return *shown.Muted
		}
		if muted(top.ID) || muted(answer.ID) {
			t.Error("muted before anybody said so")
		}
		var shown struct{ Muted bool }
		ada.Post("/api/v1/statuses/"+answer.ID+"/mute", nil, &shown)
		ada.Post("/api/v1/statuses/"+answer.ID+"/mute", nil, &shown)
		if !shown.Muted || !muted(top.ID) || !muted(answer.ID) || muted(other.ID) {
			t.Errorf("answered %v; the thread is %v and %v, another %v", shown.Muted, muted(top.ID), muted(answer.ID), muted(other.ID))
		}
		later := bo.Publish("@ada and more", "in_reply_to_id", answer.ID)
		bo.Act(top.ID, "favourite")
		bo.Act(top.ID, "reblog")
		servertest.Settle(t, s)
		if list := ada.Notifications(); len(list) != 0 {
			t.Errorf("ada is told of a muted thread: %v", list)
		}
		if !muted(later.ID) {
			t.Error("what came later is not muted")
		}
		bo.Act(other.ID, "favourite")
		servertest.Settle(t, s)
		if list := ada.Notifications(); len(list) != 1 || list[0].Type != "favourite" {
			t.Errorf("of another thread ada is told %v", list)
		}
		ada.Post("/api/v1/statuses/"+top.ID+"/unmute", nil, &shown)
		if shown.Muted || muted(answer.ID) || muted(later.ID) {
			t.Error("muted still")
		}
		bo.Publish("@ada again", "in_reply_to_id", answer.ID)
		servertest.Settle(t, s)
		if list := ada.Notifications(); len(list) != 2 || list[0].Type != "mention" {
			t.Errorf("after the end of the mute ada is told %v", list)
		}
		private := ada.Publish("for nobody", "visibility", "private")
		for _, ask := range []struct {
			path string
			who  *servertest.Person
			code int
		}{{"/api/v1/statuses/" + private.ID + "/mute", bo, http.StatusNotFound}, {"/api/v1/statuses/1/mute", ada, http.StatusNotFound}, {"/api/v1/statuses/" + top.ID + "/mute", s.Nobody(), http.StatusUnauthorized},
			{"/api/v1/statuses/" + private.ID + "/unmute", bo, http.StatusNotFound}} {
			if got := ask.who.Do(http.MethodPost, ask.path, nil, nil); got.StatusCode != ask.code {
				t.Errorf("%s answered %d, want %d", ask.path, got.StatusCode, ask.code)
			}
		}
	})
}

func TestWhatComesLateToAMutedThreadIsMuted(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		bo, sam := s.Join("bo"), newOutsider(t, aptest.NewServer(t), "sam", 0)
		sam.acceptFollow(bo)
		comes := func(number, answers string) (uri, id string) {
			t.Helper()
			note := sam.answer(number, answers, 1)
			sam.post(s, sam.create(note), http.StatusAccepted)
			status, ok := known(bo, note.ID)
			if !ok {
				t.Fatalf("%s did not come", number)
			}
			return note.ID, status.ID
		}
		wantMuted := func(id, what string) {
			t.Helper()
			var shown struct{ Muted bool }
			if bo.Get("/api/v1/statuses/"+id, &shown); !shown.Muted {
				t.Errorf("%s is not shown as muted", what)
			}
		}
		_, answer := comes("answer", sam.actor.ID+"/statuses/top")
		bo.Act(answer, "mute")
		_, top := comes("top", "")
		wantMuted(top, "a status whose answer was muted before it came")

		begin, beginning := comes("beginning", "")
		bo.Act(beginning, "mute")
		_, end := comes("end", sam.actor.ID+"/statuses/middle")
		var shown struct{ Muted bool }
		if bo.Get("/api/v1/statuses/"+end, &shown); shown.Muted {
			t.Error("it is muted before anybody knows of which thread it is")
		}
		_, middle := comes("middle", begin)
		wantMuted(middle, "what ties two threads together")
		wantMuted(end, "the end of a muted thread")
	})
}
