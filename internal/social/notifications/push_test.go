package notifications

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/pages"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/protocol/webpush"
)

func TestAnswersOfPushServicesAreReadAsMastodonReadsThem(t *testing.T) {
	for status, want := range map[int]PushResult{200: PushTaken, 201: PushTaken, 202: PushTaken, 302: PushFailed, 400: PushEnded, 401: PushEnded, 403: PushEnded,
		404: PushEnded, 408: PushFailed, 410: PushEnded, 413: PushEnded, 429: PushFailed, 500: PushFailed, 502: PushFailed, 503: PushFailed} {
		if got, _ := pushResultOf(webpush.Answer{Status: status}, nil); got != want {
			t.Errorf("%d is %v", status, got)
		}
	}
	for err, want := range map[error]PushResult{errors.New("broken"): PushFailed, fault.New(fault.Unavailable, "away"): PushFailed,
		fault.New(fault.Forbidden, "private"): PushEnded, fault.New(fault.BadRequest, "no address"): PushEnded} {
		if got, _ := pushResultOf(webpush.Answer{}, err); got != want {
			t.Errorf("%v is %v", err, got)
		}
	}
}

func TestEveryKindHasATitleInEveryLanguage(t *testing.T) {
	for _, lang := range pages.Languages {
		for _, kind := range kinds {
			if words[lang][string(kind)] == "" {
				t.Errorf("%s has no title in %s", kind, lang)
			}
		}
		if len(words[lang]) != len(kinds) {
			t.Errorf("%s has %d titles for %d kinds", lang, len(words[lang]), len(kinds))
		}
	}
}

func TestATextIsCutBetweenWhatReadersSee(t *testing.T) {
	family := "👨‍👩‍👧" // five code points
	for _, c := range []struct{ in, want string }{
		{"short", "short"}, {"  around ", "around"}, {strings.Repeat("a", 10), strings.Repeat("a", 10)}, {strings.Repeat("a", 11), strings.Repeat("a", 9) + "…"},
		{"abcdef" + family, "abcdef…"}, {"象牙は長くて真っ直ぐだ", "象牙は長くて真っ直…"}, {"abcdefgh ij", "abcdefgh…"},
	} {
		if got := shortened(c.in, 10); got != c.want {
			t.Errorf("%q is cut to %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzAMessageAlwaysFits(f *testing.F) {
	f.Add("Ada", "<p>Hello</p>", "", "https://x.example/a.png", "en")
	f.Add(strings.Repeat("\x01\"\\", 500), strings.Repeat("<p>\n&quot;</p>", 500), "", strings.Repeat("\"", 900), "ja")
	f.Add(strings.Repeat("🏴󠁧󠁢󠁥󠁮󠁧󠁿", 300), strings.Repeat("👨‍👩‍👧", 900), "warned", "", "nowhere")
	f.Add("", "", strings.Repeat("z̷̡", 900), "", "")
	f.Fuzz(func(t *testing.T, name, content, warning, icon, locale string) {
		account, _ := json.Marshal(map[string]any{"display_name": name, "username": "ada", "acct": "ada@x.example", "avatar_static": icon, "note": content})
		status, _ := json.Marshal(map[string]any{"id": "1", "content": content, "spoiler_text": warning, "account": map[string]any{"acct": "ada@x.example"}})
		m := pushed{Token: strings.Repeat("t", 43), Locale: "en", ID: 1 << 50, Kind: Mention}
		if len(locale) < 20 {
			m.Locale = locale
		}
		if err := m.describe(&mastodon.Notification{Account: account, Status: status}, true); err != nil {
			t.Fatal(err)
		}
		plain, err := m.encode()
		if err != nil || len(plain) > webpush.MaxPlain || !json.Valid(plain) || !utf8.Valid(plain) {
			t.Errorf("%d bytes, %v: %s", len(plain), err, plain)
		}
		if m.Page != "/@ada@x.example/1" || len([]rune(m.Title)) > maxPushText || len([]rune(m.Body)) > maxPushText {
			t.Errorf("page %q, title %q, body %q", m.Page, m.Title, m.Body)
		}
	})
}
