package server_test

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestAMemberLearnsThatTheirHomeFeedIsReady(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada, bo := s.Join("ada"), s.Join("bo")
	ada.Home()
	var told struct {
		Refresh struct{ ID, Status string } `json:"async_refresh"`
	}
	ada.Get("/api/v1_alpha/async_refreshes/home:"+ada.ID, &told)
	if told.Refresh.ID != "home:"+ada.ID || told.Refresh.Status != "finished" {
		t.Errorf("the refresh is %+v", told)
	}
	for _, other := range []string{"home:" + bo.ID, "home:x", "thread:1", "1"} {
		if code := ada.Do("GET", "/api/v1_alpha/async_refreshes/"+other, nil, nil).StatusCode; code != 404 {
			t.Errorf("the refresh %s answers %d", other, code)
		}
	}
}
