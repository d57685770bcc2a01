package server_test

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// BenchmarkWarmHome asks for the same home page again and again, without the network.
func BenchmarkWarmHome(b *testing.B) {
	s := servertest.New(b, db.SQLite)
	reader := s.Join("reader")
	for i := range 5 {
		writer := s.Join(fmt.Sprintf("writer%d", i))
		reader.Post("/api/v1/accounts/"+writer.ID+"/follow", url.Values{}, nil)
		for n := range 6 {
			writer.Publish(fmt.Sprintf("Status %d with a #tag%d and some length to it", n, n))
		}
	}
	handler := s.Handler()
	ask := func() int {
		r := httptest.NewRequest("GET", "/api/v1/timelines/home", nil)
		r.Header.Set("Authorization", "Bearer "+reader.Token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		return w.Code
	}
	b.ReportAllocs()
	for b.Loop() {
		if code := ask(); code != 200 {
			b.Fatalf("answered %d", code)
		}
	}
}
