package server_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// pair starts two servers that know nothing of each other yet.
func pair(t *testing.T, engine db.Engine) (one, other *servertest.Server) {
	t.Helper()
	return servertest.New(t, engine), servertest.New(t, engine)
}

// has tells whether a list has the status that others know by an address; a boost of it counts.
func has(list []servertest.Status, uri string) bool {
	return slices.ContainsFunc(list, func(s servertest.Status) bool { return s.URI == uri || (s.Reblog != nil && s.Reblog.URI == uri) })
}

// told counts what a person was told: of a kind, by somebody (as their server calls them), of a status.
func told(p *servertest.Person, kind, acct string) int {
	p.On.T.Helper()
	n := 0
	for _, one := range p.Notifications() {
		if one.Type == kind && one.Account.Acct == acct {
			n++
		}
	}
	return n
}

// abroad is how another server calls a person.
func abroad(p *servertest.Person) string { return strings.TrimPrefix(p.Handle(), "@") }

func wantHome(t *testing.T, p *servertest.Person, s servertest.Status, want bool) {
	t.Helper()
	if got := has(p.Home(), s.URI); got != want {
		t.Errorf("%q is in the home timeline of %s: %v, want %v", s.Content, p.Name, got, want)
	}
}

func wantTold(t *testing.T, p *servertest.Person, kind, acct string, want int) {
	t.Helper()
	if got := told(p, kind, acct); got != want {
		t.Errorf("%s was told %d times of a %s by %s, want %d", p.Name, got, kind, acct, want)
	}
}

// known tells whether a person's server has a status and shows it to them, without asking anywhere.
func known(p *servertest.Person, uri string) (servertest.Status, bool) {
	p.On.T.Helper()
	var found struct{ Statuses []servertest.Status }
	p.Get("/api/v2/search?type=statuses&q="+uri, &found)
	if len(found.Statuses) == 0 {
		return servertest.Status{}, false
	}
	return found.Statuses[0], true
}

// count reads one number from a server's database.
func count(t *testing.T, s *servertest.Server, sql string, args ...any) int64 {
	t.Helper()
	n, err := db.One(t.Context(), s.DB(), db.Int64, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// document asks for a document as another server does, unsigned, and gives the code and the body.
func document(t *testing.T, s *servertest.Server, address string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/activity+json")
	var body string
	answer := s.Nobody().Send(req, &body)
	return answer.StatusCode, body
}

// write changes rows behind the rooms' backs, as no request can.
func write(t *testing.T, s *servertest.Server, sql string, args ...any) {
	t.Helper()
	err := s.DB().Tx(t.Context(), func(tx *db.Tx) error { _, err := db.Exec(t.Context(), tx, sql, args...); return err })
	if err != nil {
		t.Fatal(err)
	}
	s.ForgetAccounts()
}

// set changes a setting as a keeper does.
func set(t *testing.T, s *servertest.Server, name, value string) {
	t.Helper()
	if _, err := s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: name, Value: value}); err != nil {
		t.Fatal(err)
	}
}
