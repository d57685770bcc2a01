package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

func TestAMemberLetsAnAppInAndTheAppLeaves(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		s.Join("ada")
		cookie := signIn(t, s, "ada")
		const back, oob = "https://app.example/back", "urn:ietf:wg:oauth:2.0:oob"
		type registered struct {
			ID     string `json:"client_id"`
			Secret string `json:"client_secret"`
		}
		var app, other registered
		s.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"Tusk"}, "redirect_uris": {back + "\n" + oob}, "scopes": {"read write"}}, &app)
		s.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"Fang"}, "redirect_uris": {back}, "scopes": {"read"}}, &other)
		asked := func(redirect string) url.Values {
			return url.Values{"client_id": {app.ID}, "redirect_uri": {redirect}, "response_type": {"code"}, "scope": {"read write"}, "state": {"s"}}
		}
		page := func(method, path string, body url.Values, cookie *http.Cookie) answer {
			t.Helper()
			in := request{method: method, path: path, cookie: cookie, header: map[string]string{"Accept": "text/html", "Origin": s.URL}}
			if body != nil {
				in.kind, in.body = form, body.Encode()
			}
			return ask(t, s, in)
		}
		leads := func(a answer) url.Values {
			t.Helper()
			to, err := url.Parse(a.header.Get("Location"))
			if err != nil || a.code != http.StatusFound && a.code != http.StatusSeeOther || to.Host != "app.example" || to.Query().Get("state") != "s" {
				t.Fatalf("answered %d, leading to %q", a.code, a.header.Get("Location"))
			}
			return to.Query()
		}

		// Who is not signed in signs in first; who is reads what the app asks for.
		const apps = "/oauth/authorized_applications"
		for _, path := range []string{"/oauth/authorize?" + asked(back).Encode(), apps} {
			if a := page("GET", path, nil, nil); !strings.HasPrefix(a.header.Get("Location"), "/auth/sign_in") {
				t.Errorf("a stranger's %s is answered %d, leading to %q", path, a.code, a.header.Get("Location"))
			}
		}
		if a := page("GET", "/oauth/authorize?"+asked(back).Encode(), nil, cookie); a.code != http.StatusOK || !strings.Contains(a.body, "Tusk") {
			t.Errorf("the page to consent on is %d %.200s", a.code, a.body)
		}
		if a := page("GET", "/oauth/authorize/?"+asked(back).Encode(), nil, cookie); a.code != http.StatusOK || !strings.Contains(a.body, "Tusk") {
			t.Errorf("asked for with a slash, as toot asks, it is %d %.200s", a.code, a.body)
		}
		if a := page("GET", "/api/v1/instance/rules/", nil, nil); a.code != http.StatusOK {
			t.Errorf("the rules with a slash are answered %d", a.code)
		}
		for _, path := range []string{"/api/", "/oauth//", "/api/v1/instance//", "/api/v1/instance/rules/%2f"} {
			if a := page("GET", path, nil, nil); a.code == http.StatusOK || a.code >= 500 {
				t.Errorf("%s is answered %d", path, a.code)
			}
		}
		unknown := asked(back)
		unknown.Set("client_id", "nobody")
		for _, method := range []string{"GET", "POST", "DELETE"} { // nobody is led anywhere for an app that is unknown, or to an address that it did not register
			for _, bad := range []url.Values{unknown, asked("https://evil.example/")} {
				if a := page(method, "/oauth/authorize?"+bad.Encode(), nil, cookie); a.code < 400 || a.header.Get("Location") != "" {
					t.Errorf("%s for %v is answered %d, leading to %q", method, bad, a.code, a.header.Get("Location"))
				}
			}
		}

		// No.
		if got := leads(page("DELETE", "/oauth/authorize?"+asked(back).Encode(), nil, cookie)); got.Get("error") != "access_denied" || got.Get("code") != "" {
			t.Errorf("after a no the app is told %v", got)
		}
		if a := page("DELETE", "/oauth/authorize?"+asked(oob).Encode(), nil, cookie); a.code != http.StatusForbidden {
			t.Errorf("a no without an address to lead to is answered %d", a.code)
		}

		// Yes.
		byHand := page("POST", "/oauth/authorize", asked(oob), cookie)
		native := byHand.header.Get("Location")
		at, err := url.Parse(native)
		if err != nil || at.Path != "/oauth/authorize/native" || at.Query().Get("code") == "" {
			t.Fatalf("a yes without an address to lead to is answered %d, leading to %q", byHand.code, native)
		}
		if a := page("GET", native, nil, cookie); a.code != http.StatusOK || !strings.Contains(a.body, at.Query().Get("code")) {
			t.Errorf("the page with the code is %d %.200s", a.code, a.body)
		}
		code := leads(page("POST", "/oauth/authorize", asked(back), cookie)).Get("code")
		var token struct {
			Token string `json:"access_token"`
			Scope string
		}
		s.Nobody().Post("/oauth/token", url.Values{"grant_type": {"authorization_code"}, "code": {code}, "client_id": {app.ID}, "client_secret": {app.Secret}, "redirect_uri": {back}}, &token)
		ada := &servertest.Person{On: s, Name: "ada", Token: token.Token}
		var me servertest.Account
		if ada.Get("/api/v1/accounts/verify_credentials", &me); me.Acct != "ada" || token.Scope != "read write" {
			t.Errorf("the app reads %+v by the scopes %q", me, token.Scope)
		}
		if a := page("GET", apps, nil, cookie); a.code != http.StatusOK || !strings.Contains(a.body, "Tusk") || strings.Contains(a.body, "Fang") {
			t.Errorf("the apps that were let in are shown as %d %.200s", a.code, a.body)
		}

		// Only the app itself gives its token back.
		revoke := func(by registered, token string) int {
			t.Helper()
			var answer map[string]any
			got := s.Nobody().Do("POST", "/oauth/revoke", url.Values{"client_id": {by.ID}, "client_secret": {by.Secret}, "token": {token}}, &answer)
			if got.StatusCode == http.StatusOK && len(answer) != 0 || got.StatusCode != http.StatusOK && answer["error"] != "unauthorized_client" {
				t.Errorf("giving back is answered %d %v", got.StatusCode, answer)
			}
			return got.StatusCode
		}
		for _, by := range []registered{other, {app.ID, "wrong"}, {}} {
			if got := revoke(by, token.Token); got != http.StatusForbidden {
				t.Errorf("another's giving back is answered %d", got)
			}
		}
		ada.Get("/api/v1/accounts/verify_credentials", nil)
		for range 2 { // what is given back already is so still
			if got := revoke(app, token.Token); got != http.StatusOK {
				t.Errorf("giving back is answered %d", got)
			}
		}
		if got := ada.Do("GET", "/api/v1/accounts/verify_credentials", nil, nil); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("with the token given back the app is answered %d", got.StatusCode)
		}
	})
}
