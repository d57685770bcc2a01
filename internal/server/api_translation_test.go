package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// interpreter speaks LibreTranslate's API: it makes hello into hallo.
type interpreter struct {
	*httptest.Server
	mu    sync.Mutex
	asked []map[string]any
	code  int           // 0: it answers
	hold  chan struct{} // closed: it answers
}

func newInterpreter(t *testing.T) *interpreter {
	t.Helper()
	i := &interpreter{hold: make(chan struct{})}
	close(i.hold)
	i.Server = httptest.NewServer(i)
	t.Cleanup(i.Close)
	return i
}

func (i *interpreter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Path == "/languages" {
		_, _ = w.Write([]byte(`[{"code":"en","name":"English","targets":["de","en","fr"]},{"code":"de","name":"German","targets":["en","de"]}]`))
		return
	}
	var sent map[string]any
	if r.URL.Path != "/translate" || json.NewDecoder(r.Body).Decode(&sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	code, hold := i.code, i.hold
	i.asked = append(i.asked, sent)
	i.mu.Unlock()
	<-hold
	if code != 0 {
		w.Header().Set("Location", i.URL+"/languages")
		w.WriteHeader(code)
		return
	}
	answer := map[string]any{}
	var texts []string
	var languages []map[string]any
	for _, one := range sent["q"].([]any) {
		words := strings.NewReplacer("hello", "hallo", "evil", `<script>alert(1)</script>`).Replace(one.(string))
		texts, languages = append(texts, words), append(languages, map[string]any{"confidence": 90.0, "language": "en"})
	}
	answer["translatedText"] = texts
	if sent["source"] == "auto" {
		answer["detectedLanguage"] = languages
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// times tells how often it was asked to translate.
func (i *interpreter) times() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.asked)
}

func (i *interpreter) answerWith(code int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.code = code
}

// rendered is a Translation.
type rendered struct {
	Content, Language, Provider, Error string
	Warning                            string `json:"spoiler_text"`
	Detected                           string `json:"detected_source_language"`
	Poll                               *struct {
		ID      string
		Options []struct{ Title string }
	}
	Media []any `json:"media_attachments"`
}

func translated(p *servertest.Person, id, into string) (r rendered, code int) {
	p.On.T.Helper()
	return r, p.Do(http.MethodPost, "/api/v1/statuses/"+id+"/translate", url.Values{"lang": {into}}, &r).StatusCode
}

func TestAStatusIsTranslatedByTheServiceThatKeepersChose(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(time.Now())
		s, i := servertest.NewAt(t, engine, now), newInterpreter(t)
		ada, bo := s.Join("ada"), s.Join("bo")
		const languages = "/api/v1/instance/translation_languages"
		enabled := func() bool {
			t.Helper()
			var told struct {
				Configuration struct{ Translation struct{ Enabled bool } }
			}
			ada.Get("/api/v2/instance", &told)
			return told.Configuration.Translation.Enabled
		}
		post := ada.Publish("hello @bo & :wave: evil", "language", "en", "spoiler_text", "hello <you>", "poll[options][]", "hello", "poll[options][]", "no", "poll[expires_in]", "3600")
		var none string
		if s.Nobody().Get(languages, &none); strings.TrimSpace(none) != "{}" || enabled() {
			t.Errorf("without a service the languages are %s", none)
		}
		if r, code := translated(bo, post.ID, "de"); code != http.StatusNotFound {
			t.Errorf("without a service it is translated: %d %+v", code, r)
		}

		set(t, s, "libretranslate-url", i.URL+"/")
		set(t, s, "libretranslate-key", "secret")
		var known map[string][]string
		answer := s.Nobody().Do(http.MethodGet, languages, nil, &known)
		if !enabled() || answer.Header.Get("Cache-Control") == "" || !reflect.DeepEqual(known, map[string][]string{"en": {"de", "fr"}, "de": {"en"}, "und": {"de", "en", "fr"}}) {
			t.Errorf("the languages are %v", known)
		}
		r, code := translated(bo, post.ID, "de")
		if code != http.StatusOK || r.Language != "de" || r.Provider != "LibreTranslate" || r.Detected != "en" || r.Warning != "hallo <you>" || r.Media == nil || len(r.Media) != 0 ||
			r.Poll == nil || r.Poll.ID != post.ID || len(r.Poll.Options) != 2 || r.Poll.Options[0].Title != "hallo" {
			t.Fatalf("answered %d %+v", code, r)
		}
		if !strings.HasPrefix(r.Content, "<p>hallo <span") || !strings.Contains(r.Content, "&amp; :wave:") || !strings.Contains(r.Content, s.URL+"/@bo") || strings.Contains(r.Content, "script") {
			t.Errorf("the content is %s", r.Content)
		}
		sent := i.asked[0]
		if sent["api_key"] != "secret" || sent["format"] != "html" || sent["source"] != "en" || sent["target"] != "de" || len(sent["q"].([]any)) != 4 ||
			!strings.Contains(sent["q"].([]any)[1].(string), `<span translate="no">:wave:</span>`) {
			t.Errorf("asked was %v", sent)
		}
		again, _ := translated(ada, post.ID, "de-AT")
		if !reflect.DeepEqual(again, r) || i.times() != 1 {
			t.Errorf("asked %d times; again it is %+v", i.times(), again)
		}
		if _, code := translated(bo, post.ID, "fr"); code != http.StatusOK || i.times() != 2 {
			t.Errorf("another language: %d, asked %d times", code, i.times())
		}
		now.Advance(25 * time.Hour)
		if _, code := translated(bo, post.ID, "de"); code != http.StatusOK || i.times() != 3 {
			t.Errorf("a day later: %d, asked %d times", code, i.times())
		}
		boost := bo.Act(post.ID, "reblog")
		if _, code := translated(bo, boost.ID, "de"); code != http.StatusOK || i.times() != 3 {
			t.Errorf("a boost: %d, asked %d times", code, i.times())
		}
		if answer := ada.Do(http.MethodPut, "/api/v1/statuses/"+post.ID, url.Values{"status": {"hello anew"}, "language": {"en"}}, nil); answer.StatusCode != http.StatusOK {
			t.Fatalf("edited with %d", answer.StatusCode)
		}
		if r, code := translated(bo, post.ID, "de"); code != http.StatusOK || r.Content != "<p>hallo anew</p>" || r.Poll != nil || r.Warning != "" {
			t.Errorf("after an edit: %d %+v", code, r)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM translations`); n != 2 {
			t.Errorf("%d translations are kept", n)
		}
		now.Advance(25 * time.Hour)
		if err := s.PurgeTranslations(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM translations`); n != 0 {
			t.Errorf("%d translations are kept for more than a day", n)
		}
		list, err := s.Keeper().ListSettings(t.Context())
		if shown := fmt.Sprint(list); err != nil || strings.Contains(shown, "secret") || !strings.Contains(shown, "libretranslate-key") {
			t.Errorf("the settings are shown as %s (%v)", shown, err)
		}
	})
}

func TestWhatIsNotForEverybodyIsNeverSentToATranslator(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, i := servertest.New(t, engine), newInterpreter(t)
		ada, bo, foe := s.Join("ada"), s.Join("bo"), s.Join("foe")
		set(t, s, "libretranslate-url", i.URL)
		bo.Follow(ada)
		ada.Post("/api/v1/accounts/"+foe.ID+"/block", nil, nil)
		open := ada.Publish("hello", "language", "en", "visibility", "unlisted")
		gone := ada.Publish("hello", "language", "en")
		ada.Delete(gone.ID)
		for what, one := range map[string]struct {
			by     *servertest.Person
			id     string
			into   string
			answer int
		}{
			"for followers":       {bo, ada.Publish("hello", "language", "en", "visibility", "private").ID, "de", 404},
			"one's own, direct":   {ada, ada.Publish("hello @bo", "language", "en", "visibility", "direct").ID, "de", 404},
			"local only":          {ada, ada.Publish("hello", "language", "en", "local_only", "true").ID, "de", 404},
			"by who is blocked":   {foe, open.ID, "de", 404},
			"deleted":             {ada, gone.ID, "de", 404},
			"unknown":             {ada, "1", "de", 404},
			"into no target":      {ada, open.ID, "ja", 404},
			"into its own":        {ada, open.ID, "en", 404},
			"into nonsense":       {ada, open.ID, "x'\"", 404},
			"from no source":      {ada, ada.Publish("hello", "language", "ja").ID, "de", 404},
			"by nobody":           {s.Nobody(), open.ID, "de", 401},
			"without the scope":   {&servertest.Person{On: s, Name: "ada", Token: s.TokenFor("ada", "write")}, open.ID, "de", 403},
			"own locale, no pair": {ada, open.ID, "", 404}, // English already
		} {
			if r, code := translated(one.by, one.id, one.into); code != one.answer || r.Error == "" {
				t.Errorf("%s: answered %d %+v, want %d", what, code, r, one.answer)
			}
		}
		if i.times() != 0 {
			t.Errorf("the translator was asked %d times: %v", i.times(), i.asked)
		}
		if r, code := translated(bo, open.ID, "de"); code != http.StatusOK || r.Content != "<p>hallo</p>" {
			t.Errorf("unlisted: %d %+v", code, r)
		}
	})
}

func TestATranslatorThatFailsIsToldAndOneThatIsSlowIsAskedOnce(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, i := servertest.New(t, engine), newInterpreter(t)
		ada := s.Join("ada")
		set(t, s, "libretranslate-url", i.URL)
		post := ada.Publish("hello", "language", "en")
		for code, want := range map[int]string{429: "There have been too many requests to the translation service recently.", 403: "The server-wide usage quota for the translation service has been exceeded.",
			500: "The translation service cannot answer now", 302: "The translation service cannot answer now"} {
			i.answerWith(code)
			if r, got := translated(ada, post.ID, "de"); got != http.StatusServiceUnavailable || r.Error != want {
				t.Errorf("%d is answered %d %q", code, got, r.Error)
			}
		}
		i.answerWith(0)
		if n := count(t, s, `SELECT COUNT(*) FROM translations`); n != 0 {
			t.Errorf("%d failures are kept", n)
		}
		before := i.times()
		i.mu.Lock()
		i.hold = make(chan struct{})
		i.mu.Unlock()
		var all sync.WaitGroup
		for range 6 {
			all.Go(func() {
				if r, code := translated(ada, post.ID, "de"); code != http.StatusOK || r.Content != "<p>hallo</p>" {
					t.Errorf("one of many: %d %+v", code, r)
				}
			})
		}
		for deadline := time.Now().Add(10 * time.Second); i.times() == before && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		close(i.hold)
		all.Wait()
		if n := i.times() - before; n != 1 {
			t.Errorf("asked %d times", n)
		}

		i.Close()
		set(t, s, "libretranslate-url", "http://127.0.0.1:1")
		var told struct{ Error string }
		if answer := ada.Do(http.MethodGet, "/api/v1/instance/translation_languages", nil, &told); answer.StatusCode != http.StatusServiceUnavailable || told.Error == "" {
			t.Errorf("languages of a dead service are answered %d %+v", answer.StatusCode, told)
		}
		if r, code := translated(ada, post.ID, "fr"); code != http.StatusServiceUnavailable {
			t.Errorf("a dead service: %d %+v", code, r)
		}
	})
}
