package server_test

import (
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// mxModes asks again for some of the matrix where a server is closed to strangers and where the author is limited.
func mxModes(t *testing.T, on *servertest.Server, viewers []*mxViewer, posts []*mxStatus) {
	t.Helper()
	var some []*mxStatus
	for _, s := range posts {
		if s.name == "a public status" || s.name == "a private status" || s.name == "a local public status" {
			some = append(some, s)
		}
	}
	var host string
	for _, v := range viewers {
		if v.signer != nil && v.as == "follower" {
			host = v.signer.host.Host
		}
	}
	walk := func(mode string, doors []string, among func(v *mxViewer) bool, closed func(v *mxViewer, p *mxPath) int, has func(v *mxViewer, p *mxPath, s *mxStatus) bool) {
		t.Helper()
		asked := 0
		for _, p := range mxPaths {
			for _, v := range viewers {
				if p.name == "featured" || p.name == "profile, pinned" { // the first walk took the pins away
					continue
				}
				if !v.goesBy(p.door) || !among(v) || !slices.Contains(doors, p.door) {
					continue
				}
				for _, s := range some {
					method, path, form := p.request(s)
					if method != http.MethodGet {
						continue
					}
					where := fmt.Sprintf("%s: %s of %s, as %s", mode, p.name, s.name, v.name)
					got := v.ask(t, on, p.door, method, path, form)
					asked++
					want := p.want(v, s)
					shut := closed(v, &p)
					if shut != 0 {
						want = shut
					}
					switch {
					case want == 0:
					case shut != 0 || p.has == nil || want != http.StatusOK:
						if got.code != want {
							t.Errorf("%s: %d, want %d: %.150s", where, got.code, want, got.body)
						}
						if got.code != http.StatusOK && got.carries(p.door, s) {
							t.Errorf("%s: the refusal shows it: %.300s", where, got.body)
						}
					default:
						if shows := has(v, &p, s); got.carries(p.door, s) != shows {
							t.Errorf("%s: shown %v, want %v (%d)", where, !shows, shows, got.code)
						}
					}
				}
			}
		}
		t.Logf("%s: %d requests", mode, asked)
	}
	as := func(v *mxViewer, p *mxPath, s *mxStatus) bool { return p.has(v, s) }
	far := func(v *mxViewer) bool { return v.signer != nil || v.name == "nobody" }
	unsigned := func(v *mxViewer, _ *mxPath) int {
		if v.signer == nil {
			return http.StatusUnauthorized
		}
		return 0
	}
	set(t, on, "authorized-fetch", "true")
	walk("secure mode", []string{"wire"}, far, unsigned, as)
	set(t, on, "authorized-fetch", "false")

	set(t, on, "limited-federation", "true")
	walk("limited federation", []string{"wire", "anyone", "page"}, func(v *mxViewer) bool { return v.signer != nil || v.as == "" || v.as == "stranger" }, func(v *mxViewer, p *mxPath) int {
		switch {
		case p.name == "embedded": // open in Mastodon too: what is embedded elsewhere stays so
			return 0
		case p.door == "page":
			return http.StatusFound
		case v.signer != nil:
			return http.StatusForbidden
		case p.door == "wire", v.as == "":
			return http.StatusUnauthorized
		}
		return 0
	}, as)
	if _, err := on.Keeper().AllowDomain(t.Context(), keeper.DomainName{Domain: host}); err != nil {
		t.Fatal(err)
	}
	walk("limited federation, with an allowed server", []string{"wire"}, func(v *mxViewer) bool { return far(v) && (v.signer == nil || v.signer.host.Host == host) }, unsigned, as)
	set(t, on, "limited-federation", "false")

	// Whom keepers limit is read as before, and offered to nobody who did not ask for them.
	take(t, on, "limit", some[0].author.Name)
	listed := reflect.ValueOf(mxListed).Pointer()
	shows := func(v *mxViewer, p *mxPath, s *mxStatus) bool {
		switch p.name {
		case "inside of a quote", "inside of a quote, among others", "thread, below another", "thread, above another", "search by its words":
			return p.has(v, s) && (v.as == "follower" || v.as == "author") // behaviours.md §1: not for those who do not follow
		case "trending statuses":
			return false
		}
		return p.has(v, s) && reflect.ValueOf(p.has).Pointer() != listed
	}
	walk("a limited author", []string{"anyone", "page"}, func(v *mxViewer) bool {
		return v.name == "nobody" || v.name == "stranger" || v.name == "follower" || v.name == "author" || v.name == "blocked"
	}, func(*mxViewer, *mxPath) int { return 0 }, shows)
}
