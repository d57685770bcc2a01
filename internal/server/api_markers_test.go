package server_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type marker struct {
	LastRead string `json:"last_read_id"`
	Version  int
	Updated  string `json:"updated_at"`
}

func TestMarkersAreKeptForEachTimeline(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		const at = "/api/v1/markers"
		read := func(p *servertest.Person, query string) map[string]marker {
			t.Helper()
			got := map[string]marker{}
			p.Get(at+query, &got)
			return got
		}
		if got := read(ada, "?timeline[]=home&timeline[]=notifications"); len(got) != 0 {
			t.Errorf("before anything is read: %v", got)
		}
		saved := map[string]marker{}
		ada.Post(at, url.Values{"home[last_read_id]": {"10"}}, &saved)
		if m := saved["home"]; len(saved) != 1 || m.LastRead != "10" || m.Version != 0 || len(m.Updated) != len("2026-11-22T00:00:00.000Z") {
			t.Errorf("the first mark is %v", saved)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+at, strings.NewReader(`{"home":{"last_read_id":12},"notifications":{"last_read_id":"7"}}`))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Authorization", "Bearer "+ada.Token)
		if got := ada.Send(req, &saved); got.StatusCode != http.StatusOK || saved["home"].Version != 1 || saved["home"].LastRead != "12" || saved["notifications"].LastRead != "7" {
			t.Errorf("two at once: %d %v", got.StatusCode, saved)
		}
		ada.Post(at, url.Values{"home[last_read_id]": {"12"}}, &saved)
		if saved["home"].Version != 1 {
			t.Error("the same mark again is a change")
		}
		if got := read(ada, "?timeline[]=home"); len(got) != 1 || got["home"].LastRead != "12" {
			t.Errorf("home alone is %v", got)
		}
		if got := read(ada, "?timeline[]=home&timeline[]=notifications&timeline[]=nothing"); len(got) != 2 {
			t.Errorf("both are %v", got)
		}
		if len(read(ada, ""))+len(read(bo, "?timeline[]=home")) != 0 {
			t.Error("markers that nobody asked for, or of another")
		}
		if got := ada.Do(http.MethodPost, at, url.Values{"home[last_read_id]": {"x"}}, nil); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("a mark that is no id is answered %d", got.StatusCode)
		}
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			if got := s.Nobody().Do(method, at, nil, nil); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("nobody's %s is answered %d", method, got.StatusCode)
			}
		}
	})
}

func TestOfTwoWhoMarkAtOnceOneIsToldSo(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		const at, writers = "/api/v1/markers", 12
		codes := make([]int, writers)
		var all sync.WaitGroup
		for i := range writers {
			all.Go(func() {
				codes[i] = ada.Do(http.MethodPost, at, url.Values{"home[last_read_id]": {strconv.Itoa(100 + i)}}, nil).StatusCode
			})
		}
		all.Wait()
		saved := 0
		for _, code := range codes {
			switch code {
			case http.StatusOK:
				saved++
			case http.StatusConflict:
			default:
				t.Errorf("a mark is answered %d", code)
			}
		}
		got := map[string]marker{}
		ada.Get(at+"?timeline[]=home", &got)
		if saved == 0 || got["home"].Version != saved-1 {
			t.Errorf("%d marks were saved, and the version is %d", saved, got["home"].Version)
		}
	})
}
