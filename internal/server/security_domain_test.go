package server_test

import (
	"crypto/rsa"
	"os"
	"strings"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/keeper"
	"anancus/internal/social/accounts"
)

// A name that others know cannot be changed by a slip in the configuration.
func TestAnotherDomainIsRefusedOnceSomebodyLivesHere(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		c := config.Default()
		c.Data, c.Database = t.TempDir(), dbtest.Config(t, engine, true).URL
		start := func(domain string) (*server.Server, error) {
			c.Domain, c.WebDomain = domain, ""
			if err := c.Complete(); err != nil {
				t.Fatal(err)
			}
			return server.Assemble(t.Context(), c, "0.0.0-test", log.Discard(), server.Parts{Passwords: accounts.CheapPasswords(),
				MakeKey: func() (*rsa.PrivateKey, error) { return aptest.Key(0), nil }})
		}
		opened := func(domain string, then func(s *server.Server)) {
			t.Helper()
			s, err := start(domain)
			if err != nil {
				t.Fatal(err)
			}
			if then != nil {
				then(s)
			}
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}
		opened("first.example", nil)
		opened("second.example", func(s *server.Server) { // nobody lives here yet
			if _, err := s.Keeper().CreateAccount(t.Context(), keeper.CreateAccount{Name: "ada", Email: "ada@mail.example", Password: "correct horse battery", Confirmed: true, Approved: true}); err != nil {
				t.Fatal(err)
			}
		})
		if s, err := start("third.example"); err == nil || !strings.Contains(err.Error(), "second.example") {
			t.Errorf("it starts as third.example: %v", err)
			if s != nil {
				_ = s.Close()
			}
		}
		opened("second.example", nil)
		if info, err := os.Stat(c.Data + "/secret.key"); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the secret may be read by others: %v (%v)", info, err)
		}
	})
}
