package statuses

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

func anywhere(t *testing.T) *safehttp.Client {
	t.Helper()
	c := safehttp.New(safehttp.Options{AllowAddresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}})
	t.Cleanup(c.Close)
	return c
}

// answering is a server that answers a path with a code and a body, and remembers what it was asked.
func answering(t *testing.T, answer func(r *http.Request, body string) (int, string)) string {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body strings.Builder
		if _, err := fmt.Fprint(&body, readAll(r)); err != nil {
			t.Error(err)
		}
		code, text := answer(r, body.String())
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func readAll(r *http.Request) string {
	var v json.RawMessage
	if json.NewDecoder(r.Body).Decode(&v) != nil {
		return ""
	}
	return string(v)
}

func TestDeepLIsAskedAsItsDocumentationSays(t *testing.T) {
	var asked []string
	base := answering(t, func(r *http.Request, body string) (int, string) {
		if r.Header.Get("Authorization") != "DeepL-Auth-Key secret:fx" {
			return http.StatusForbidden, ""
		}
		asked = append(asked, r.Method+" "+r.URL.String()+" "+body)
		switch r.URL.String() {
		case "/v2/languages?type=source":
			return http.StatusOK, `[{"language":"EN","name":"English"},{"language":"DE","name":"German"}]`
		case "/v2/languages?type=target":
			return http.StatusOK, `[{"language":"DE","name":"German","supports_formality":true},{"language":"EN-GB","name":"English (British)"},{"language":"ZH-HANS","name":"Chinese"}]`
		}
		var sent struct{ Text []string }
		if err := json.Unmarshal([]byte(body), &sent); err != nil {
			t.Error(err)
		}
		var told []string
		for _, one := range sent.Text {
			told = append(told, fmt.Sprintf(`{"detected_source_language":"EN","text":%q}`, "de:"+one))
		}
		return http.StatusOK, `{"translations":[` + strings.Join(told, ",") + `]}`
	})
	d := deepL{anywhere(t), base, "secret:fx"}
	known, err := d.languages(t.Context())
	want := pairs{"und": {"de", "en", "en-GB", "zh-Hans"}, "en": {"de", "en-GB", "zh-Hans"}, "de": {"en", "en-GB", "zh-Hans"}}
	if err != nil || !reflect.DeepEqual(known, want) {
		t.Errorf("the languages are %v (%v), want %v", known, err, want)
	}
	translated, detected, err := d.translate(t.Context(), []string{"<p>one</p>", "two"}, "", "zh-Hans")
	if err != nil || detected != "EN" || !slices.Equal(translated, []string{"de:<p>one</p>", "de:two"}) {
		t.Errorf("translated are %q from %q (%v)", translated, detected, err)
	}
	if got := asked[2]; got != `POST /v2/translate {"tag_handling":"html","target_lang":"ZH-HANS","text":["\u003cp\u003eone\u003c/p\u003e","two"]}` {
		t.Errorf("asked was %s", got)
	}
	asked = nil
	many := make([]string, 120)
	for i := range many {
		many[i] = fmt.Sprint("number ", i)
	}
	translated, _, err = d.translate(t.Context(), many, "en", "de")
	if err != nil || len(translated) != 120 || translated[119] != "de:number 119" || len(asked) != 3 || !strings.Contains(asked[0], `"source_lang":"EN"`) {
		t.Errorf("%d are translated by %d requests (%v)", len(translated), len(asked), err)
	}
	if deepLBases["free"] != "https://api-free.deepl.com" || deepLBases["pro"] != "https://api.deepl.com" {
		t.Errorf("DeepL is asked at %v", deepLBases)
	}
}

func TestWhatABackendFailsWithIsToldWithoutItsKey(t *testing.T) {
	const tooMany, quota, cannot = "There have been too many requests to the translation service recently.",
		"The server-wide usage quota for the translation service has been exceeded.", "The translation service cannot answer now"
	code, text := 0, ""
	base := answering(t, func(*http.Request, string) (int, string) { return code, text })
	client := anywhere(t)
	deepl, libre := deepL{client, base, "secret"}, libreTranslate{client, base, "secret"}
	gone := libreTranslate{client, "http://127.0.0.1:1", "secret"}
	for _, one := range []struct {
		by   backend
		code int
		text string
		want string
	}{{deepl, 429, "", tooMany}, {libre, 429, "", tooMany}, {deepl, 456, "", quota}, {libre, 403, "", quota}, {deepl, 403, "", cannot}, {libre, 456, "", cannot},
		{deepl, 500, "", cannot}, {libre, 400, `{"error":"xx is not supported"}`, cannot}, {libre, 200, "<html>", cannot}, {deepl, 200, "[]", cannot}, {deepl, 204, "", cannot},
		{libre, 302, "", cannot}, {libre, 200, strings.Repeat(" ", 2<<20), cannot}, {gone, 0, "", cannot}} {
		code, text = one.code, one.text
		_, _, err := one.by.translate(t.Context(), []string{"x"}, "en", "de")
		if !fault.Is(err, fault.Unavailable) || !strings.HasPrefix(err.Error(), one.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s with %d %.20q fails with %v", one.by.name(), one.code, one.text, err)
		}
	}
}

func TestLanguagesAreFoundByEveryNameTheyHave(t *testing.T) {
	known := pairs{"und": {"de", "en", "zh-Hant"}, "en": {"de", "nb", "pt-BR", "zt"}, "de": {"en"}, "zh-Hans": {"en"}}
	for _, one := range [][4]string{
		{"en", "de", "en", "de"}, {"", "de", "und", "de"}, {"en", "DE", "en", "de"}, {"en", "de-AT", "en", "de"}, {"en", "pt-br", "en", "pt-BR"}, {"en", "no", "en", "nb"},
		{"en", "zh-TW", "en", "zt"}, {"", "zh-HK", "und", "zh-Hant"}, {"zh-CN", "en", "zh-Hans", "en"}, {"zh", "en", "zh-Hans", "en"},
		{"de", "fr", "", ""}, {"fr", "de", "", ""}, {"en", "en", "", ""}, {"en", "", "", ""}, {"en", "pt", "", ""}, {"und", "xx", "", ""},
	} {
		from, into, ok := known.find(one[0], one[1])
		if !ok {
			from, into = "", ""
		}
		if from != one[2] || into != one[3] {
			t.Errorf("%s into %s is %s into %s", one[0], one[1], from, into)
		}
	}
}
