package access

import (
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func (r *room) register(fields ...string) application {
	r.t.Helper()
	w := r.browser().post("/api/v1/apps", fields...)
	wantCode(r.t, w, 200)
	return body[application](r.t, w)
}

func TestAnAppRegistersAndIsShownItsSecretOnce(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		got := r.register("client_name", "Tusk", "redirect_uris", "tusk://in\nhttps://tusk.example/in", "scopes", "read write", "website", "https://tusk.example")
		site, never := "https://tusk.example", int64(0)
		want := application{ID: got.ID, Name: "Tusk", Website: &site, Scopes: []string{"read", "write"},
			RedirectURIs: []string{"tusk://in", "https://tusk.example/in"}, RedirectURI: "tusk://in\nhttps://tusk.example/in",
			ClientID: got.ClientID, ClientSecret: got.ClientSecret, SecretExpiresAt: &never}
		if !reflect.DeepEqual(got, want) || len(got.ClientSecret) != 43 || len(got.ClientID) != 43 || got.ID == "0" {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
		token := r.appToken(got, "read")
		shown := body[application](t, r.bearer("GET", "/api/v1/apps/verify_credentials", token))
		if shown.ClientSecret != "" || shown.ClientID != "" || shown.Name != "Tusk" {
			t.Errorf("verify_credentials shows %+v", shown)
		}
	})
}

func (r *room) appToken(app application, scope string) string {
	r.t.Helper()
	w := r.browser().post("/oauth/token", "grant_type", "client_credentials", "client_id", app.ClientID, "client_secret", app.ClientSecret, "scope", scope)
	wantCode(r.t, w, 200)
	return body[tokenAnswer](r.t, w).AccessToken
}

func TestAppsMaySendTheirRedirectsInAnyForm(t *testing.T) {
	r := inMemory(t)
	for name, c := range map[string]struct{ kind, text string }{
		"a text":       {"application/json", `{"client_name":"x","redirect_uris":"a://b"}`},
		"lines":        {"application/json", `{"client_name":"x","redirect_uris":"a://b\r\na://b"}`},
		"a list":       {"application/json", `{"client_name":"x","redirect_uris":["a://b"],"scopes":"read"}`},
		"a form":       {"application/x-www-form-urlencoded", "client_name=x&redirect_uris=a%3A%2F%2Fb"},
		"a form list":  {"application/x-www-form-urlencoded", "client_name=x&redirect_uris[]=a%3A%2F%2Fb"},
		"without type": {"", "client_name=x&redirect_uris=a%3A%2F%2Fb"},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("POST", "/api/v1/apps", strings.NewReader(c.text))
			req.Header.Set("Content-Type", c.kind)
			w := httptest.NewRecorder()
			r.mux.ServeHTTP(w, req)
			wantCode(t, w, 200)
			if got := body[application](t, w); !reflect.DeepEqual(got.RedirectURIs, []string{"a://b"}) || got.Scopes[0] != "read" || got.Website != nil {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestAnAppThatCannotBeTrustedIsRefusedWithReasons(t *testing.T) {
	r := inMemory(t)
	for name, c := range map[string]struct{ field, value, want string }{
		"no name":            {"client_name", " ", "Application name can't be blank"},
		"a long name":        {"client_name", strings.Repeat("é", 61), "Application name is too long (maximum is 60 characters)"},
		"no redirect":        {"redirect_uris", "", "Redirect URI can't be blank"},
		"a relative one":     {"redirect_uris", "/in", "Redirect URI must be an absolute URI."},
		"a word":             {"redirect_uris", "in", "Redirect URI must be an absolute URI."},
		"a scheme alone":     {"redirect_uris", "https:", "Redirect URI must be an absolute URI."},
		"no host":            {"redirect_uris", "https:///in", "Redirect URI must be an absolute URI."},
		"javascript":         {"redirect_uris", "javascript:alert(1)", "Redirect URI is forbidden by the server."},
		"JavaScript":         {"redirect_uris", "JavaScript:alert(1)", "Redirect URI is forbidden by the server."},
		"data":               {"redirect_uris", "data:text/html,x", "Redirect URI is forbidden by the server."},
		"a file":             {"redirect_uris", "file:///etc/passwd", "Redirect URI is forbidden by the server."},
		"a fragment":         {"redirect_uris", "https://a.example/#x", "Redirect URI cannot contain a fragment."},
		"an empty fragment":  {"redirect_uris", "https://a.example/#", "Redirect URI cannot contain a fragment."},
		"a user":             {"redirect_uris", "https://bank.example@evil.example/", "Redirect URI is forbidden by the server."},
		"a backslash":        {"redirect_uris", `https://a.example\@evil.example`, "Redirect URI must be an absolute URI."},
		"one bad of two":     {"redirect_uris", "a://b\nblob:x", "Redirect URI is forbidden by the server."},
		"a long one":         {"redirect_uris", "https://a.example/" + strings.Repeat("x", 2000), "Redirect URI is too long (maximum is 2000 characters)"},
		"an unknown scope":   {"scopes", "read everything", "Scopes doesn't match configured on the server."},
		"a bad website":      {"website", "javascript:alert(1)", "Application website must be a valid URL"},
		"a website too long": {"website", "https://a.example/" + strings.Repeat("x", 2000), "Application website must be a valid URL"},
	} {
		t.Run(name, func(t *testing.T) {
			fields := form("client_name", "x", "redirect_uris", "a://b")
			fields.Set(c.field, c.value)
			w := r.browser().do("POST", "/api/v1/apps", fields)
			wantCode(t, w, http.StatusUnprocessableEntity)
			if got := body[map[string]string](t, w)["error"]; got != "Validation failed: "+c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
		})
	}
}

func TestAListOfAppsCannotBeReadByAnybody(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	for _, path := range []string{"/oauth/applications", "/oauth/applications/new", "/oauth/introspect", "/oauth/authorized_applications.json"} {
		if w := r.signedInBrowser("ada").get(path); w.Code != http.StatusNotFound {
			t.Errorf("GET %s answers %d", path, w.Code)
		}
	}
}
