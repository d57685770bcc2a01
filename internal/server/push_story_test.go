package server_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/webpush/pushtest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// pushService starts a push service that ends with the test.
func pushService(t *testing.T) *pushtest.Service {
	t.Helper()
	s := pushtest.New()
	t.Cleanup(s.Close)
	return s
}

// pushedTo is what an app reads out of a push.
type pushedTo struct {
	Token  string `json:"access_token"`
	Locale string `json:"preferred_locale"`
	ID     int64  `json:"notification_id"`
	Kind   string `json:"notification_type"`
	Icon   string
	Title  string
	Body   string
	Page   *string
	Group  *string `json:"group_key"`
}

// gadget is an app of a member with a subscription.
type gadget struct {
	*servertest.Person
	keys *pushtest.Subscriber
	at   *pushtest.Service
	path string
}

const pushPath = "/api/v1/push/subscription"

// wishes are what an app subscribes with; pairs are further parameters, or others.
func (g *gadget) wishes(endpoint string, pairs ...string) url.Values {
	form := url.Values{"subscription[endpoint]": {endpoint}, "subscription[keys][p256dh]": {g.keys.P256dh()}, "subscription[keys][auth]": {g.keys.Auth()},
		"subscription[standard]": {"true"}}
	for _, kind := range []string{"mention", "follow", "favourite", "reblog", "poll", "status"} {
		form.Set("data[alerts]["+kind+"]", "true")
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// subscribes gives a member another app, with a token and a subscription of its own.
func subscribes(p *servertest.Person, at *pushtest.Service, path string, pairs ...string) *gadget {
	p.On.T.Helper()
	g := &gadget{&servertest.Person{On: p.On, Name: p.Name, ID: p.ID, Token: p.On.TokenFor(p.Name, "read write push")}, pushtest.NewSubscriber(), at, path}
	g.Post(pushPath, g.wishes(at.URL+path, pairs...), nil)
	return g
}

// read gives everything that was pushed to the app.
func (g *gadget) read() []pushedTo {
	g.On.T.Helper()
	var all []pushedTo
	for _, m := range g.at.Taken(g.path) {
		plain, err := g.keys.Open(m)
		if err != nil {
			g.On.T.Fatalf("%s cannot be read: %v", g.path, err)
		}
		var one pushedTo
		if err := json.Unmarshal(plain, &one); err != nil {
			g.On.T.Fatalf("%s: %v", plain, err)
		}
		all = append(all, one)
	}
	return all
}

// kinds are those of everything that was pushed to the app.
func (g *gadget) kinds() []string {
	var kinds []string
	for _, one := range g.read() {
		kinds = append(kinds, one.Kind)
	}
	return kinds
}

// on tells whether the app is subscribed.
func (g *gadget) on() bool {
	g.On.T.Helper()
	return g.Do(http.MethodGet, pushPath, nil, nil).StatusCode == http.StatusOK
}

func rowsOf(t *testing.T, s *servertest.Server, sql string, args ...any) int64 {
	t.Helper()
	n, err := db.One(t.Context(), s.DB(), db.Int64, sql, args...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func change(t *testing.T, s *servertest.Server, sql string, args ...any) {
	t.Helper()
	if err := s.DB().Tx(t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, sql, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func TestANotificationReachesEveryAppInItsOwnEncoding(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, s := pushService(t), servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		if _, err := s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "contact-email", Value: "keeper@anancus.example"}); err != nil {
			t.Fatal(err)
		}
		late, early := subscribes(ada, at, "/new"), subscribes(ada, at, "/old", "subscription[standard]", "false")
		bo.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {"Bo the Postman <b>"}}, nil)
		bo.Publish("@ada Good news & more " + strings.Repeat("牙と象牙 ", 60))
		servertest.Settle(t, s)
		var instance struct {
			Configuration struct {
				Vapid struct {
					Key string `json:"public_key"`
				}
			}
		}
		s.Nobody().Get("/api/v2/instance", &instance)
		for _, g := range []*gadget{late, early} {
			got := g.read()
			if len(got) != 1 {
				t.Fatalf("%s got %+v", g.path, got)
			}
			n := g.Notifications()[0]
			one := got[0]
			if one.Token != g.Token || one.Locale != "en" || strconv.FormatInt(one.ID, 10) != n.ID || one.Kind != "mention" || !strings.HasPrefix(one.Icon, s.URL+"/") ||
				!strings.HasSuffix(one.Title, " mentioned you") || !strings.Contains(one.Title, "Postman") || one.Page != nil || one.Group != nil {
				t.Errorf("%s got %+v", g.path, one)
			}
			if !strings.HasPrefix(one.Body, "@ada Good news & more 牙") || !strings.HasSuffix(one.Body, "…") || len([]rune(one.Body)) > 140 {
				t.Errorf("%s reads %q", g.path, one.Body)
			}
			m := at.Taken(g.path)[0]
			claims, key, err := m.Claims()
			if err != nil || key != instance.Configuration.Vapid.Key || claims.Audience != at.URL || claims.Subject != "mailto:keeper@anancus.example" ||
				time.Until(time.Unix(claims.Expires, 0)) > 24*time.Hour || time.Until(time.Unix(claims.Expires, 0)) < 23*time.Hour {
				t.Errorf("%s is from %+v, %q: %v", g.path, claims, key, err)
			}
			if m.Header.Get("Ttl") != "172800" || m.Header.Get("Urgency") != "normal" || !strings.HasPrefix(m.Header.Get("Unsubscribe-Url"), s.URL+"/api/web/push_subscriptions/") {
				t.Errorf("%s came with %v", g.path, m.Header)
			}
			if strings.Contains(string(m.Body), "Postman") || strings.Contains(m.Header.Get("Unsubscribe-Url"), g.Token) {
				t.Errorf("%s tells the push service what is not its business", g.path)
			}
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 0 {
			t.Errorf("%d rows are left", n)
		}

		// Content warnings stand for what they hide, and a reader is told in their own language.
		change(t, s, `UPDATE members SET locale = 'ja-JP' WHERE account_id = (SELECT id FROM accounts WHERE username = 'ada' AND domain = '')`)
		bo.Publish("@ada the end of the film", "spoiler_text", "A film")
		ada.Act(ada.Publish("mine").ID, "favourite") // of oneself nobody is told
		bo.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
		servertest.Settle(t, s)
		got := late.read()[1:]
		slices.SortFunc(got, func(a, b pushedTo) int { return strings.Compare(a.Kind, b.Kind) })
		if len(got) != 2 || got[0].Kind != "follow" || got[1].Body != "A film" || got[1].Locale != "ja-JP" || !strings.HasSuffix(got[1].Title, "さんからの返信") {
			t.Errorf("then came %+v", got)
		}

		// The address that came with a message ends the subscription, and nothing but it.
		address := at.Taken("/new")[0].Header.Get("Unsubscribe-Url")
		for name, wrong := range map[string]string{"another": address[:len(address)-3] + "AAA", "a short one": address[:len(address)-8], "an id": s.URL + "/api/web/push_subscriptions/1"} {
			if got := s.Nobody().Do(http.MethodDelete, strings.TrimPrefix(wrong, s.URL), nil, nil); got.StatusCode != http.StatusNotFound || !late.on() {
				t.Errorf("%s is answered %d", name, got.StatusCode)
			}
		}
		for range 2 { // a second time is no error: it has ended
			if got := s.Nobody().Do(http.MethodDelete, strings.TrimPrefix(address, s.URL), nil, nil); got.StatusCode != http.StatusOK || late.on() || !early.on() {
				t.Errorf("ending is answered %d; on: %v, the other: %v", got.StatusCode, late.on(), early.on())
			}
		}
		bo.Act(ada.Publish("again").ID, "favourite")
		servertest.Settle(t, s)
		if len(late.read()) != 3 || len(early.read()) != 4 {
			t.Errorf("afterwards %d and %d arrived", len(late.read()), len(early.read()))
		}
	})
}

func TestOnlyWhatAnAppAskedForIsPushed(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, s := pushService(t), servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		ada.Follow(bo)
		cy.Follow(ada)
		servertest.Settle(t, s)
		gadgets := map[string]*gadget{}
		for name, pairs := range map[string][]string{
			"all": nil, "followed": {"data[policy]", "followed"}, "follower": {"data[policy]", "follower"}, "none": {"data[policy]", "none"},
			"no mentions": {"data[alerts][mention]", "false"},
		} {
			gadgets[name] = subscribes(ada, at, "/"+strings.ReplaceAll(name, " ", "-"), pairs...)
		}
		outOfScope := subscribes(ada, at, "/no-scope")
		change(t, s, `UPDATE tokens SET scopes = 'read write' WHERE id = (SELECT token_id FROM push_subscriptions WHERE endpoint = $1)`, at.URL+"/no-scope")

		bo.Publish("@ada from bo")
		cy.Publish("@ada from cy")
		ada.Post("/api/v1/statuses", url.Values{"status": {"mine"}}, nil)
		mine := ada.Publish("to be liked")
		bo.Act(mine.ID, "favourite")
		servertest.Settle(t, s)
		for name, want := range map[string]int{"all": 3, "followed": 2, "follower": 1, "none": 0, "no mentions": 1} {
			if got := gadgets[name].kinds(); len(got) != want {
				t.Errorf("%s: %v, want %d", name, got, want)
			}
		}
		if got := outOfScope.read(); len(got) != 0 {
			t.Errorf("a token without the scope is told %+v", got)
		}

		// What the member's policy holds back is not pushed, and what is gone before its time is not either.
		ada.Do(http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_not_following": {"filter"}}, nil)
		cy.Publish("@ada held back")
		gone := bo.Publish("@ada a mistake")
		if err := s.DrainEffects(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 3 { // to all, followed, and the one without the scope, which is noticed when it is sent
			t.Errorf("%d messages wait", n)
		}
		bo.Delete(gone.ID)
		servertest.Settle(t, s)
		if got := gadgets["all"].kinds(); len(got) != 3 {
			t.Errorf("then came %v", got)
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 0 {
			t.Errorf("%d messages are left", n)
		}

		// A private word is pushed to whom it is for, and to nobody else's apps.
		other := subscribes(cy, at, "/cy")
		bo.Publish("@ada between us", "visibility", "direct")
		servertest.Settle(t, s)
		if got := gadgets["all"].read(); len(got) != 4 || got[3].Body != "@ada between us" {
			t.Errorf("a private word is told as %+v", got)
		}
		if got := other.read(); len(got) != 0 {
			t.Errorf("cy's app is told %+v", got)
		}
	})
}

func TestAPushServiceThatRefusesEndsASubscriptionAndOneThatFailsIsTriedAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		hands := clock.NewManual(time.Now())
		at, fine, s := pushService(t), pushService(t), servertest.NewAt(t, engine, hands)
		codes := map[string]int{"/201": 201, "/301": 301, "/400": 400, "/403": 403, "/404": 404, "/408": 408, "/410": 410, "/413": 413, "/429": 429, "/500": 500, "/503": 503}
		at.Answer(func(path string) int { return codes[path] })
		ada, bo := s.Join("ada"), s.Join("bo")
		gadgets := map[string]*gadget{}
		for path := range codes {
			gadgets[path] = subscribes(ada, at, path)
		}
		dead := subscribes(ada, at, "/dead")
		change(t, s, `UPDATE push_subscriptions SET endpoint = $1, host = 'localhost:1' WHERE endpoint = $2`, "http://localhost:1/dead", at.URL+"/dead")
		well := subscribes(ada, fine, "/well")
		bo.Publish("@ada are you there?")
		servertest.Settle(t, s)
		if len(well.read()) != 1 {
			t.Error("one that fails keeps another waiting")
		}
		again := []string{"/301", "/408", "/429", "/500", "/503"}
		for path, g := range gadgets {
			if ended := path >= "/400" && path < "/500" && !slices.Contains(again, path); g.on() == ended {
				t.Errorf("after %s it is on: %v", path, g.on())
			}
		}
		for range 36 { // one that failed often is asked once a pause
			hands.Advance(time.Hour)
			servertest.Settle(t, s)
		}
		for path, g := range gadgets {
			want := 1
			if slices.Contains(again, path) {
				want = 6
			}
			if got := len(at.Taken(path)); got != want {
				t.Errorf("%s was asked %d times, want %d", path, got, want)
			}
			if slices.Contains(again, path) && !g.on() {
				t.Errorf("%s is off", path)
			}
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 0 || !dead.on() {
			t.Errorf("%d messages are left, the one whose service is away is on: %v", n, dead.on())
		}

		// After the trouble all is well, and what is older than two days is not told.
		at.Answer(nil)
		bo.Publish("@ada hello again")
		servertest.Settle(t, s)
		if got := gadgets["/503"].read(); len(got) != 7 || got[6].Body != "@ada hello again" {
			t.Errorf("after the trouble %d came", len(got))
		}
		bo.Publish("@ada too late")
		if err := s.DrainEffects(t.Context()); err != nil {
			t.Fatal(err)
		}
		hands.Advance(49 * time.Hour)
		servertest.Settle(t, s)
		if got := gadgets["/503"].read(); len(got) != 7 {
			t.Error("what nobody waits for any more is pushed")
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 0 {
			t.Errorf("%d messages are left", n)
		}
	})
}

func TestAPushServiceThatHangsHoldsNoOther(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		hangs, fine, s := pushService(t), pushService(t), servertest.New(t, engine)
		release := make(chan bool)
		goOn := sync.OnceFunc(func() { close(release) })
		defer goOn()
		hangs.Answer(func(string) int { <-release; return http.StatusCreated })
		ada, bo := s.Join("ada"), s.Join("bo")
		for n := range 10 { // more than are sent to one service at a time
			subscribes(ada, hangs, "/"+strconv.Itoa(n))
		}
		well := subscribes(ada, fine, "/well")
		if err := s.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		bo.Publish("@ada in time?")
		select {
		case <-fine.Told:
		case <-time.After(time.Minute):
			t.Error("one that hangs keeps another waiting")
		}
		goOn()
		if err := s.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if got := well.kinds(); len(got) != 1 {
			t.Errorf("%v arrived", got)
		}
	})
}

// Security list, items 35, 36 and 44.
func TestNothingIsPushedIntoOurOwnNetwork(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, s := pushService(t), servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		g := subscribes(ada, at, "/fine")
		for _, endpoint := range []string{"https://10.0.0.1/a", "https://169.254.169.254/latest/meta-data", "https://192.168.1.1:8443/", "https://[fd00::1]/", "https://[::ffff:10.0.0.1]/",
			"https://0x0a000001/", "https://2130706433/", "http://10.0.0.1/", "http://93.184.216.34/", "https://93.184.216.34:25/", "https://ada@push.example/", "https://push.example\n/", "gopher://push.example/",
			"https://" + strings.Repeat("a", 3000) + ".example/"} {
			if got := g.Do(http.MethodPost, pushPath, g.wishes(endpoint), nil); got.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s is answered %d", endpoint, got.StatusCode)
			}
		}
		// A name that turns into such an address later is noticed when it is connected to.
		change(t, s, `UPDATE push_subscriptions SET endpoint = 'https://10.0.0.1/a'`)
		bo.Publish("@ada hello")
		servertest.Settle(t, s)
		if g.on() || rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`) != 0 {
			t.Error("a subscription into our network stays")
		}
		// A service that leads elsewhere is not followed: the message would go along.
		other := pushService(t)
		at.Lead(other.URL + "/lead")
		lead := subscribes(ada, at, "/lead")
		at.Answer(func(string) int { return http.StatusTemporaryRedirect })
		bo.Publish("@ada hello again")
		servertest.Settle(t, s)
		if len(at.Taken("/lead")) != 1 || len(other.Taken("/lead")) != 0 || !lead.on() {
			t.Error("a redirect was followed")
		}
	})
}

func TestOurOwnAppIsToldWithoutAToken(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at, s := pushService(t), servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		cookie := signIn(t, s, "ada")
		g := &gadget{ada, pushtest.NewSubscriber(), at, "/app"}
		page := map[string]string{"Origin": s.URL}
		if got := ask(t, s, request{method: "POST", path: pushPath, cookie: cookie, header: page, kind: form, body: g.wishes(at.URL + "/app").Encode()}); got.code != http.StatusOK {
			t.Fatalf("subscribing is answered %d %s", got.code, got.body)
		}
		post := bo.Publish("@ada to the app")
		bo.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
		servertest.Settle(t, s)
		got := g.read()
		slices.SortFunc(got, func(a, b pushedTo) int { return strings.Compare(b.Kind, a.Kind) })
		if len(got) != 2 || got[0].Token != "" || got[0].Page == nil || *got[0].Page != "/@bo/"+post.ID || got[0].Group == nil || got[1].Page == nil || *got[1].Page != "/@bo" {
			t.Errorf("the app got %+v", got)
		}
		if got := ask(t, s, request{method: "POST", path: "/auth/sign_out", cookie: cookie, header: page, kind: form}); got.code >= 400 {
			t.Fatalf("signing out is answered %d", got.code)
		}
		servertest.Settle(t, s)
		bo.Publish("@ada gone?")
		servertest.Settle(t, s)
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_subscriptions`); n != 0 || len(g.read()) != 2 {
			t.Errorf("after signing out there are %d subscriptions, and %d messages came", n, len(g.read()))
		}

		// An app whose token ends is told nothing more, of what waits neither.
		app := subscribes(ada, at, "/ended")
		bo.Publish("@ada late")
		if err := s.DrainEffects(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`); n != 1 {
			t.Fatalf("%d messages wait", n)
		}
		if err := s.RevokeToken(t.Context(), app.Token); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		if got := app.read(); len(got) != 0 || rowsOf(t, s, `SELECT COUNT(*) FROM push_subscriptions`)+rowsOf(t, s, `SELECT COUNT(*) FROM push_deliveries`) != 0 {
			t.Errorf("after the end of its token the app was told %+v", got)
		}
	})
}

func TestWhatIsPushedSurvivesTheEndOfTheProgram(t *testing.T) {
	t.Parallel() // takes long and waits much
	program := buildProgram(t)
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		at := pushService(t)
		m := newMortal(t, engine, program)
		m.start()
		people := map[string]*servertest.Person{}
		for _, name := range []string{"ada", "bo"} {
			m.ask("account", "create", name, "--email", name+"@mail.example", "--password", servertest.Password, "--confirmed", "--approved")
			people[name] = &servertest.Person{On: m.Server, Name: name, Token: m.ask("token", "create", name, "--scopes", "read write push")}
		}
		g := &gadget{people["ada"], pushtest.NewSubscriber(), at, "/app"}
		key := func() string {
			t.Helper()
			var shown struct {
				Key string `json:"server_key"`
			}
			g.Get(pushPath, &shown)
			if point, err := base64.URLEncoding.DecodeString(shown.Key); err != nil || len(point) != 65 {
				t.Fatalf("the key is %q", shown.Key)
			}
			return shown.Key
		}
		g.Post(pushPath, g.wishes(at.URL+"/app"), nil)
		before := key()

		release := make(chan bool)
		goOn := sync.OnceFunc(func() { close(release) })
		defer goOn()
		at.Answer(func(string) int { <-release; return http.StatusCreated })
		people["bo"].Publish("@ada just before the end")
		arrived := func(n int) {
			t.Helper()
			for deadline := time.Now().Add(time.Minute); len(at.Taken("/app")) < n; time.Sleep(5 * time.Millisecond) {
				if time.Now().After(deadline) {
					t.Fatalf("%d of %d messages arrived", len(at.Taken("/app")), n)
				}
			}
		}
		arrived(1) // and is not answered
		m.kill()
		goOn()
		m.start()
		arrived(2)
		if got := g.read(); got[1].Body != "@ada just before the end" || got[0].ID != got[1].ID || key() != before {
			t.Errorf("pushed were %+v; the key is the same: %v", got, key() == before)
		}
	})
}
