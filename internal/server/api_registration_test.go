package server_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func joining(name string, pairs ...string) url.Values {
	form := url.Values{"username": {name}, "email": {name + "@mail.example"}, "password": {servertest.Password}, "agreement": {"true"}, "locale": {"pt-BR"}, "time_zone": {"Europe/Berlin"}}
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

func TestSomebodyJoinsByAnApp(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		app := &servertest.Person{On: s, Name: "an app", Token: s.AppToken("read write follow")}
		const path = "/api/v1/accounts"
		var token struct {
			Token string `json:"access_token"`
			Type  string `json:"token_type"`
			Scope string
			Made  int64 `json:"created_at"`
		}
		app.Post(path, joining("cy", "invite_code", "none", "date_of_birth", "2001-01-01"), &token)
		if token.Type != "Bearer" || token.Scope != "read write follow" || token.Made == 0 {
			t.Errorf("the token is %+v", token)
		}
		cy := &servertest.Person{On: s, Name: "cy", Token: token.Token}
		var own struct{ Username string }
		if cy.Get("/api/v1/accounts/verify_credentials", &own); own.Username != "cy" {
			t.Errorf("the new member is %q", own.Username)
		}
		row, err := db.One(t.Context(), s.DB(), func(r db.Row) (list [2]string, err error) { return list, r.Scan(&list[0], &list[1]) },
			`SELECT locale, time_zone FROM members WHERE email_key = 'cy@mail.example' AND app_id IS NOT NULL`)
		if wants(t, err); row != [2]string{"pt", "Europe/Berlin"} {
			t.Errorf("language and time zone are kept as %q", row)
		}
		app.Post(path, joining("dee", "locale", "xx-nonsense", "time_zone", "Mars/Olympus"), &token)
		if row, err = db.One(t.Context(), s.DB(), func(r db.Row) (list [2]string, err error) { return list, r.Scan(&list[0], &list[1]) },
			`SELECT locale, time_zone FROM members WHERE email_key = 'dee@mail.example'`); err != nil || row != [2]string{"en", ""} {
			t.Errorf("what is not known is kept as %q (%v)", row, err)
		}

		wantDetails(t, app, http.MethodPost, path, []badForm{
			{"a taken name", joining("CY", "email", "new@mail.example"), "Username has already been taken", "username", "ERR_TAKEN"},
			{"a taken address", joining("new", "email", "CY@mail.example"), "E-mail address has already been taken", "email", "ERR_TAKEN"},
			{"a reserved name", joining("admin"), "Username is reserved", "username", "ERR_RESERVED"},
			{"a name with spaces", joining("a b", "email", "new@mail.example"), "Username must contain only letters, numbers and underscores", "username", "ERR_INVALID"},
			{"a long name", joining(strings.Repeat("a", 31)), "Username is too long (maximum is 30 characters)", "username", "ERR_TOO_LONG"},
			{"no address", joining("new", "email", " "), "E-mail address can't be blank", "email", "ERR_BLANK"},
			{"a bad address", joining("new", "email", "x@"), "E-mail address is not valid", "email", "ERR_INVALID"},
			{"a short password", joining("new", "password", "short"), "Password is too short (minimum is 8 characters)", "password", "ERR_TOO_SHORT"},
			{"a long password", joining("new", "password", strings.Repeat("x", 73)), "Password is too long (maximum is 72 bytes)", "password", "ERR_TOO_LONG"},
			{"no agreement", joining("new", "agreement", "false"), "Service agreement must be accepted", "agreement", "ERR_ACCEPTED"},
			{"a long reason", joining("new", "reason", strings.Repeat("x", 421)), "Reason is too long (maximum is 420 characters)", "reason", "ERR_TOO_LONG"},
		})
		var body struct {
			Error   string
			Details map[string][]struct{ Error string }
		}
		app.Do(http.MethodPost, path, url.Values{"username": {"cy"}}, &body)
		if len(body.Details) != 4 || body.Error != "Validation failed: Username has already been taken, E-mail address can't be blank, Password can't be blank, Service agreement must be accepted" {
			t.Errorf("everything wrong at once is told as %+v", body)
		}
		if answer := ada.Do(http.MethodPost, path, joining("new"), &body); answer.StatusCode != http.StatusForbidden || body.Error != "This method requires an client credentials authentication" {
			t.Errorf("a member making members is answered %d %q", answer.StatusCode, body.Error)
		}
		if answer := s.Nobody().Do(http.MethodPost, path, joining("new"), nil); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("nobody is answered %d", answer.StatusCode)
		}
		reader := &servertest.Person{On: s, Token: s.AppToken("read")}
		if answer := reader.Do(http.MethodPost, path, joining("new"), nil); answer.StatusCode != http.StatusForbidden {
			t.Errorf("an app that may only read is answered %d", answer.StatusCode)
		}

		// With approval, a reason is asked for, and the token waits.
		_, err = s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "registrations", Value: "approval"})
		wants(t, err)
		wantDetails(t, app, http.MethodPost, path, []badForm{{"no reason", joining("eve"), "Reason can't be blank", "reason", "ERR_BLANK"}})
		app.Post(path, joining("eve", "reason", "I like it here"), &token)
		eve := &servertest.Person{On: s, Name: "eve", Token: token.Token}
		if answer := eve.Do(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, &body); answer.StatusCode != http.StatusForbidden || body.Error != "Your login is currently pending approval" {
			t.Errorf("who waits is answered %d %q", answer.StatusCode, body.Error)
		}
		// Waiting, one may ask whether the wait is over, and nothing else.
		var ready bool
		if answer := eve.Do(http.MethodGet, "/api/v1/emails/check_confirmation", nil, &ready); answer.StatusCode != http.StatusOK || !ready {
			t.Errorf("who waits for approval is told %d %v", answer.StatusCode, ready)
		}
		saysNo(t, eve, http.MethodPost, "/api/v1/emails/confirmations", url.Values{}, 403, "This method is only available while the e-mail is awaiting confirmation")
		write(t, s, `UPDATE members SET confirmed_at = NULL WHERE email = 'eve@mail.example'`)
		if answer := eve.Do(http.MethodGet, "/api/v1/emails/check_confirmation", nil, &ready); answer.StatusCode != http.StatusOK || ready {
			t.Errorf("who waits for a confirmation is told %d %v", answer.StatusCode, ready)
		}
		saysNo(t, eve, http.MethodGet, "/api/v1/timelines/home", nil, 403, "Your login is missing a confirmed e-mail address")
		saysNo(t, eve, http.MethodPost, "/api/v1/emails/confirmations", url.Values{}, 403, "This server does not send e-mail")
		narrow := &servertest.Person{On: s, Token: s.TokenFor("eve", "read:lists")}
		saysNo(t, narrow, http.MethodGet, "/api/v1/emails/check_confirmation", nil, 403, "This action is outside the authorized scopes")
		other := &servertest.Person{On: s, Token: s.TokenFor("eve", "write")}
		saysNo(t, other, http.MethodPost, "/api/v1/emails/confirmations", url.Values{}, 403, "This method is only available to the application the user originally signed-up with")
		write(t, s, `UPDATE members SET disabled_at = 1 WHERE email = 'eve@mail.example'`)
		saysNo(t, eve, http.MethodGet, "/api/v1/emails/check_confirmation", nil, 403, "Your login is missing a confirmed e-mail address")

		_, err = s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: "registrations", Value: "closed"})
		wants(t, err)
		if answer := app.Do(http.MethodPost, path, joining("fay", "reason", "x", "invite_code", "abc"), &body); answer.StatusCode != http.StatusForbidden || body.Error != "This action is not allowed" {
			t.Errorf("closed registrations answer %d %q", answer.StatusCode, body.Error)
		}

		var confirmed bool
		if cy.Get("/api/v1/emails/check_confirmation", &confirmed); !confirmed {
			t.Error("the address is not confirmed")
		}
		if answer := cy.Do(http.MethodPost, "/api/v1/emails/confirmations", url.Values{"email": {"x@mail.example"}}, &body); answer.StatusCode != http.StatusForbidden ||
			body.Error != "This method is only available while the e-mail is awaiting confirmation" {
			t.Errorf("a confirmed member who asks for a confirmation is answered %d %q", answer.StatusCode, body.Error)
		}
		if answer := s.Nobody().Do(http.MethodGet, "/api/v1/emails/check_confirmation", nil, nil); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("nobody's confirmation answers %d", answer.StatusCode)
		}
		if answer := s.Nobody().Do(http.MethodPost, "/api/v1/accounts/"+ada.ID+"/email_subscriptions", url.Values{"email": {"x@mail.example"}}, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("a subscription by e-mail answers %d", answer.StatusCode)
		}
	})
}

func TestOneAddressMakesFewAccounts(t *testing.T) {
	s := servertest.New(t, db.SQLite, func(c *config.Config) { c.RateLimits = true })
	app := &servertest.Person{On: s, Name: "an app", Token: s.AppToken("write")}
	for i := range 6 {
		want := http.StatusUnprocessableEntity
		if i == 5 {
			want = http.StatusTooManyRequests
		}
		if answer := app.Do(http.MethodPost, "/api/v1/accounts", url.Values{}, nil); answer.StatusCode != want {
			t.Errorf("the %d. time answered %d, want %d", i+1, answer.StatusCode, want)
		}
	}
}
