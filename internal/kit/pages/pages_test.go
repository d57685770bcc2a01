package pages

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
)

const tokens = `:root{--s-1:4px} :root,[data-theme=light]{--bg:#fff} [data-theme=dark]{--bg:#000} [data-theme=hc-dark]{--bg:#010}`

func TestTheStyleSheetFollowsTheSystemUnlessSomebodyChose(t *testing.T) {
	p := New(tokens)
	w := httptest.NewRecorder()
	p.CSS(w, httptest.NewRequest("GET", p.CSSPath(), nil))
	for _, want := range []string{
		"@media (prefers-color-scheme:dark){:root:not([data-theme]){--bg:#000}}",
		"@media (prefers-contrast:more) and (prefers-color-scheme:dark){:root:not([data-theme]){--bg:#010}}",
		".card{",
	} {
		if !strings.Contains(w.Body.String(), want) {
			t.Errorf("the style sheet lacks %s", want)
		}
	}
	if New(tokens+" ").CSSPath() == p.CSSPath() || New(tokens).CSSPath() != p.CSSPath() {
		t.Error("the address of the style sheet does not follow its content")
	}
}

func TestTheLanguageIsChosenByParameterCookieAndBrowser(t *testing.T) {
	for name, c := range map[string]struct{ lang, cookie, header, want string }{
		"nothing":             {"", "", "", "en"},
		"browser":             {"", "", "ja;q=0.9, fr", "ja"},
		"unknown":             {"", "", "fr", "en"},
		"cookie over browser": {"", "en", "ja", "en"},
		"parameter over all":  {"ja-JP", "en", "en", "ja"},
		"unknown parameter":   {"xx", "", "ja", "ja"},
		"rubbish":             {`"><script>`, "\x00", ";;;", "en"},
	} {
		t.Run(name, func(t *testing.T) {
			r := httptest.NewRequest("GET", "/", nil)
			q := r.URL.Query()
			q.Set("lang", c.lang)
			r.URL.RawQuery = q.Encode()
			if c.cookie != "" {
				r.AddCookie(&http.Cookie{Name: LangCookie, Value: c.cookie})
			}
			r.Header.Set("Accept-Language", c.header)
			if got := Lang(r); got != c.want {
				t.Errorf("Lang = %s, want %s", got, c.want)
			}
		})
	}
}

func TestErrorsArePagesThatHideWhatIsInternal(t *testing.T) {
	p, log := New(tokens), slog.New(slog.NewTextHandler(io.Discard, nil))
	for name, c := range map[string]struct {
		err       error
		code      int
		says, not string
	}{
		"internal":  {errors.New("disk <full>"), 500, "The server failed to answer.", "disk"},
		"forbidden": {fault.New(fault.Forbidden, "Not <you>"), 403, "Not &lt;you&gt;", "<you>"},
		"not found": {fault.RecordNotFound(), 404, "It may have been deleted", "Record"},
		"too many":  {fault.New(fault.TooMany, "Too many requests"), 429, "Slower, please", "Nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			r, w := httptest.NewRequest("GET", "/", nil), httptest.NewRecorder()
			r.AddCookie(&http.Cookie{Name: ThemeCookie, Value: "dark"})
			p.Error(r, log, "social.example", c.err).Write(w, r)
			text := w.Body.String()
			if w.Code != c.code || !strings.Contains(text, c.says) || strings.Contains(text, c.not) || !strings.Contains(text, `data-theme="dark"`) {
				t.Errorf("%d %s", w.Code, text)
			}
			if w.Header().Get("Content-Security-Policy") != CSP() {
				t.Error("without a policy")
			}
		})
	}
}

func TestAThemeThatNobodyMadeIsNotShown(t *testing.T) {
	r := httptest.NewRequest("GET", "/", nil)
	r.AddCookie(&http.Cookie{Name: ThemeCookie, Value: "x onload=alert"})
	if got := theme(r); got != "" {
		t.Errorf("the theme is %q", got)
	}
}

func TestFormsMayLeadToAnAppsAddressOnly(t *testing.T) {
	for address, want := range map[string]string{
		"https://a.example/in?x=1":   "https://a.example",
		"https://A.example:8443/in":  "https://A.example:8443",
		"tusk://in":                  "tusk:",
		"COM.Tusk.App:/in":           "com.tusk.app:",
		"urn:ietf:wg:oauth:2.0:oob":  "",
		"https://a; script-src x/":   "",
		"https://a;script-src/":      "https:",
		"http://[2001:db8::1]:80/in": "http:",
		"/in":                        "",
	} {
		if got := FormTarget(address); got != want {
			t.Errorf("FormTarget(%q) = %q, want %q", address, got, want)
		}
	}
}
