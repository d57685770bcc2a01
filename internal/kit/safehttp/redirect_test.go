package safehttp

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"anancus/internal/kit/fault"
)

func TestRedirectsAreFollowedThreeTimes(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var n int
		_, _ = fmt.Sscanf(r.URL.Path, "/%d", &n)
		if n == 0 {
			_, _ = io.WriteString(w, "end")
			return
		}
		http.Redirect(w, r, fmt.Sprintf("/%d", n-1), http.StatusFound)
	})
	r, err := get(t, openClient(t), s.URL+"/3", Limits{})
	if err != nil || string(r.Body) != "end" || r.URL.Path != "/0" {
		t.Errorf("three redirects give %v, %v", r, err)
	}
	_, err = get(t, openClient(t), s.URL+"/4", Limits{})
	wantFault(t, err, fault.Unavailable)
	if r, err = get(t, openClient(t), s.URL+"/1", Limits{Redirects: NoRedirects}); err != nil || r.Status != http.StatusFound {
		t.Errorf("an unwanted redirect gives %v, %v", r, err)
	}
}

func TestARedirectLoopEnds(t *testing.T) {
	var asked atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		http.Redirect(w, r, r.URL.Path, http.StatusMovedPermanently)
	})
	_, err := get(t, openClient(t), s.URL+"/loop", Limits{})
	wantFault(t, err, fault.Unavailable)
	if asked.Load() != 4 {
		t.Errorf("the server was asked %d times", asked.Load())
	}
}

func TestRedirectsAreCheckedLikeFirstAddresses(t *testing.T) {
	for location, want := range map[string]fault.Kind{
		"http://10.0.0.1/":          fault.Forbidden,
		"https://169.254.169.254/":  fault.Forbidden,
		"https://[::127.0.0.1]/":    fault.Forbidden,
		"file:///etc/passwd":        fault.BadRequest,
		"javascript:alert(1)":       fault.BadRequest,
		"https://u:p@127.0.0.1/":    fault.BadRequest,
		"https://0x7f000001/":       fault.BadRequest,
		"http://127.0.0.1:70000/":   fault.BadRequest,
		"https://evil.example%zz/":  fault.Unavailable,
		"//127.0.0.1\\@evil.test/x": fault.Unavailable,
	} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", location)
			w.WriteHeader(http.StatusFound)
		})
		_, err := get(t, openClient(t), s.URL, Limits{})
		if !fault.Is(err, want) {
			t.Errorf("a redirect to %s gives %v, want kind %d", location, err, want)
		}
	}
}

func TestARedirectFromHTTPSToHTTPIsRefused(t *testing.T) {
	plain := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the plain server was asked") })
	s, roots := serveTLS(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, plain.URL, http.StatusFound) })
	_, err := get(t, newClient(t, Options{AllowAddresses: loopback, RootCAs: roots}), s.URL, Limits{})
	wantFault(t, err, fault.Forbidden)
}

func TestSecretsDoNotFollowARedirect(t *testing.T) {
	var last http.Header
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		last = r.Header
		if r.URL.Path == "/" {
			http.SetCookie(w, &http.Cookie{Name: "track", Value: "1"})
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	req, _ := http.NewRequest(http.MethodGet, s.URL+"/", nil)
	for _, name := range ours {
		req.Header.Set(name, "secret")
	}
	req.Header.Set("Accept", "text/html")
	if _, err := openClient(t).Do(t.Context(), req, Limits{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range ours {
		if last.Get(name) != "" {
			t.Errorf("%s followed the redirect", name)
		}
	}
	if last.Get("Accept") != "text/html" {
		t.Error("Accept did not follow the redirect")
	}
}

func TestARedirectedRequestIsSignedAnew(t *testing.T) {
	var signatures []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		signatures = append(signatures, r.Header.Get("Signature"))
		if r.URL.Path == "/" {
			http.Redirect(w, r, "/next", http.StatusFound)
		}
	})
	sign := func(r *http.Request) error {
		if r.Header.Get("Signature") != "" {
			t.Error("the old signature is still there")
		}
		r.Header.Set("Signature", r.URL.Path)
		return nil
	}
	if _, err := get(t, openClient(t), s.URL+"/", Limits{Sign: sign}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(signatures, " "); got != "/ /next" {
		t.Errorf("the signatures are %q", got)
	}
}

func TestAPostIsRedirectedOnlyWhereItStaysAPostAndCanBeSigned(t *testing.T) {
	var bodies []string
	status := http.StatusPermanentRedirect
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		bodies = append(bodies, r.Method+" "+r.URL.Path+" "+string(body))
		if r.URL.Path == "/" {
			w.Header().Set("Location", "/next")
			w.WriteHeader(status)
		}
	})
	post := func(limits Limits) int {
		req, _ := http.NewRequest(http.MethodPost, s.URL+"/", strings.NewReader("body"))
		r, err := openClient(t).Do(t.Context(), req, limits)
		if err != nil {
			t.Fatal(err)
		}
		return r.Status
	}
	sign := func(*http.Request) error { return nil }
	if got := post(Limits{Sign: sign}); got != 200 || len(bodies) != 2 || bodies[1] != "POST /next body" {
		t.Errorf("a signed post with 308 gives %d, %q", got, bodies)
	}
	if got := post(Limits{}); got != http.StatusPermanentRedirect {
		t.Errorf("an unsigned post with 308 gives %d", got)
	}
	status = http.StatusFound
	if got := post(Limits{Sign: sign}); got != http.StatusFound {
		t.Errorf("a post with 302 gives %d", got)
	}
}
