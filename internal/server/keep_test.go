package server_test

import (
	"net/http"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestWhomKeepersCreateWaitsOnlyWhereKeepersApprove(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		create := func(name, role string, approved bool) int {
			t.Helper()
			if _, err := s.Keeper().CreateAccount(t.Context(), keeper.CreateAccount{Name: name, Email: name + "@mail.example", Role: role, Confirmed: true, Approved: approved}); err != nil {
				t.Fatal(err)
			}
			one := &servertest.Person{On: s, Name: name, Token: s.TokenFor(name, "read")}
			return one.Do(http.MethodGet, "/api/v1/accounts/verify_credentials", nil, nil).StatusCode
		}
		if code := create("open", "", false); code != http.StatusOK {
			t.Errorf("where nobody is approved a member gets %d", code)
		}
		set(t, s, "registrations", "closed")
		if code := create("closed", "", false); code != http.StatusOK {
			t.Errorf("where nobody may join a member whom keepers made gets %d", code)
		}
		set(t, s, "registrations", "approval")
		if code := create("waits", "", false); code != http.StatusForbidden {
			t.Errorf("where keepers approve a member gets %d", code)
		}
		if code := create("approved", "", true); code != http.StatusOK {
			t.Errorf("an approved member gets %d", code)
		}
		if code := create("mo", "moderator", false); code != http.StatusOK {
			t.Errorf("a moderator gets %d", code)
		}
	})
}
