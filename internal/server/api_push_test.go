package server_test

import (
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestAnAppSubscribesToPushOncePerToken(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		key, err := ecdh.P256().GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		const at = "/api/v1/push/subscription"
		good := func() url.Values {
			return url.Values{"subscription[endpoint]": {"https://push.example/a"}, "subscription[keys][p256dh]": {base64.URLEncoding.EncodeToString(key.PublicKey().Bytes())},
				"subscription[keys][auth]": {base64.RawURLEncoding.EncodeToString(make([]byte, 16))}, "subscription[standard]": {"true"},
				"data[policy]": {"followed"}, "data[alerts][mention]": {"true"}, "data[alerts][quote]": {"1"}, "data[alerts][poll]": {"false"}, "data[alerts][nothing]": {"true"}}
		}
		type subscription struct {
			ID               json.Number
			Endpoint, Policy string
			Standard         bool
			Alerts           map[string]bool
			ServerKey        string `json:"server_key"`
		}
		set := func(alerts map[string]bool) (names []string) {
			if len(alerts) < 10 {
				t.Errorf("the alerts are %v", alerts)
			}
			for name, wanted := range alerts {
				if wanted {
					names = append(names, name)
				}
			}
			slices.Sort(names)
			return names
		}
		if got := ada.Do(http.MethodGet, at, nil, nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("before any: %d", got.StatusCode)
		}
		var first, second, shown subscription
		var text string
		ada.Post(at, good(), &text)
		if err := json.Unmarshal([]byte(text), &first); err != nil {
			t.Fatal(err)
		}
		var raw map[string]any
		_ = json.Unmarshal([]byte(text), &raw)
		if id, ok := raw["id"].(float64); !ok || id >= 1<<53 {
			t.Errorf("the id is %v", raw["id"])
		}
		if first.Endpoint != "https://push.example/a" || first.Policy != "followed" || !first.Standard || !slices.Equal(set(first.Alerts), []string{"mention", "quote"}) {
			t.Errorf("subscribed to %+v", first)
		}
		var instance struct {
			Configuration struct {
				Vapid struct {
					Key string `json:"public_key"`
				}
			}
		}
		s.Nobody().Get("/api/v2/instance", &instance)
		point, err := base64.URLEncoding.DecodeString(first.ServerKey)
		if err != nil || len(point) != 65 || instance.Configuration.Vapid.Key != first.ServerKey {
			t.Errorf("the server's key is %q here and %q there", first.ServerKey, instance.Configuration.Vapid.Key)
		}
		var app struct {
			Key string `json:"vapid_key"`
		}
		s.Nobody().Post("/api/v1/apps", url.Values{"client_name": {"A"}, "redirect_uris": {"urn:ietf:wg:oauth:2.0:oob"}}, &app)
		if app.Key != first.ServerKey {
			t.Errorf("an app is told %q", app.Key)
		}
		again := good()
		again.Set("subscription[endpoint]", "https://push.example/b")
		again.Del("subscription[standard]")
		again.Del("data[policy]")
		ada.Post(at, again, &second)
		if second.ID == first.ID || second.Endpoint != "https://push.example/b" || second.Standard || second.Policy != "all" {
			t.Errorf("then to %+v", second)
		}
		if got := ada.Do(http.MethodPut, at, url.Values{"data[alerts][follow]": {"true"}, "policy": {"none"}}, &shown); got.StatusCode != http.StatusOK ||
			shown.ID != second.ID || shown.Policy != "none" || !slices.Equal(set(shown.Alerts), []string{"follow"}) {
			t.Errorf("changed to %d %+v", got.StatusCode, shown)
		}
		ada.Get(at, &shown)
		if shown.Endpoint != second.Endpoint {
			t.Errorf("shown is %+v", shown)
		}
		for name, change := range map[string][2]string{
			"no endpoint": {"subscription[endpoint]", ""}, "an endpoint in the open": {"subscription[endpoint]", "http://push.example/a"},
			"an endpoint that is none": {"subscription[endpoint]", "https://"}, "a short key": {"subscription[keys][p256dh]", "AAAA"},
			"a key that is no point": {"subscription[keys][p256dh]", base64.URLEncoding.EncodeToString(make([]byte, 65))}, "a short secret": {"subscription[keys][auth]", "AAAA"},
			"a secret that is no base64": {"subscription[keys][auth]", "!"}, "another policy": {"data[policy]", "some"},
		} {
			bad := good()
			bad.Set(change[0], change[1])
			if got := ada.Do(http.MethodPost, at, bad, nil); got.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%s is answered %d", name, got.StatusCode)
			}
		}
		if got := ada.Do(http.MethodPost, at, url.Values{}, nil); got.StatusCode != http.StatusBadRequest {
			t.Errorf("nothing is answered %d", got.StatusCode)
		}
		other := &servertest.Person{On: s, Token: s.TokenFor("ada", "push")}
		if got := other.Do(http.MethodPut, at, url.Values{"policy": {"all"}}, nil); got.StatusCode != http.StatusNotFound {
			t.Errorf("another token changes it: %d", got.StatusCode)
		}
		if got := (&servertest.Person{On: s, Token: s.TokenFor("ada", "read write follow")}).Do(http.MethodDelete, at, nil, nil); got.StatusCode != http.StatusForbidden {
			t.Errorf("without the scope: %d", got.StatusCode)
		}
		if got := ada.Do(http.MethodDelete, at, nil, nil); got.StatusCode != http.StatusOK || ada.Do(http.MethodGet, at, nil, nil).StatusCode != http.StatusNotFound {
			t.Error("the subscription is there after its end")
		}
		ada.Post(at, good(), nil)
		rows := func() int64 {
			n, err := db.One(t.Context(), s.DB(), db.Int64, `SELECT COUNT(*) FROM push_subscriptions`)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		if rows() != 1 {
			t.Fatal("the subscription is not kept")
		}
		if _, err := s.Keeper().ResetPassword(t.Context(), keeper.ResetPassword{Name: "ada"}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		if n := rows(); n != 0 {
			t.Errorf("%d subscriptions outlive their token", n)
		}
	})
}
