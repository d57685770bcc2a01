package accounts

import (
	"crypto/rsa"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/log"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/social/settings"
)

func room(t *testing.T, d *db.DB) *Service {
	t.Helper()
	now := clock.NewManual(time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC))
	b := bus.New(d, now, log.Discard())
	bus.On[Joined](b, "account.joined")
	bus.On[Updated](b, "account.updated")
	bus.On[Gone](b, "account.gone")
	bus.On[ProfileChanged](b, "account.profile_changed")
	bus.On[PasswordChanged](b, "account.password_changed")
	wrapper, err := NewWrapper(make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	return New(Config{DB: d, Clock: now, Site: settings.Site{Domain: "social.example", WebDomain: "social.example"}, Wrapper: wrapper,
		Passwords: CheapPasswords(), MakeKey: func() (*rsa.PrivateKey, error) { return aptest.Key(0), nil }})
}

func form(name, email string) SignUp {
	return SignUp{Username: name, Email: email, Password: "correct horse battery", Confirmed: true, Approved: true}
}

func register(t *testing.T, s *Service, f SignUp) *Account {
	t.Helper()
	a, err := s.Register(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestANameAndAnAddressBelongToOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		register(t, s, form("Ada", "Ada@Mail.Example"))
		for what, f := range map[string]SignUp{
			"username": form("aDA", "other@mail.example"),
			"email":    form("bo", " ada@mail.example "),
			"email.":   form("cy", "ADA@mail.example."),
		} {
			_, err := s.Register(t.Context(), f)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "already been taken") && what != "email." {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, name := range []string{"bo", "cy"} {
			if _, err := s.Local(t.Context(), name); !fault.Is(err, fault.NotFound) {
				t.Errorf("half of %s was kept: %v", name, err)
			}
		}
		if n, err := s.CountMembers(t.Context()); err != nil || n != 1 {
			t.Errorf("there are %d members (%v)", n, err)
		}
		if a, err := s.Local(t.Context(), "ADA"); err != nil || a.Username != "Ada" {
			t.Errorf("found %v (%v)", a, err)
		}
	})
}

func TestManyWhoWantOneNameAtOnceMakeOneMember(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		var wait sync.WaitGroup
		var mu sync.Mutex
		made := 0
		for i := range 8 {
			wait.Go(func() {
				_, err := s.Register(t.Context(), form("ada", string(rune('a'+i))+"@mail.example"))
				mu.Lock()
				defer mu.Unlock()
				if err == nil {
					made++
				} else if !fault.Is(err, fault.Invalid) {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if n, err := s.CountMembers(t.Context()); made != 1 || n != 1 || err != nil {
			t.Errorf("%d were told yes, %d are members (%v)", made, n, err)
		}
	})
}

func TestWhatIsNoMemberIsRefusedWithItsReason(t *testing.T) {
	s := room(t, dbtest.Open(t, db.SQLite))
	for reason, f := range map[string]SignUp{
		"Username can't be blank":                      form("", "a@mail.example"),
		"Username must contain only":                   form("a.b", "a@mail.example"),
		"Username must contain only letters":           form("аda", "a@mail.example"), // a Cyrillic а
		"Username is too long":                         form(strings.Repeat("a", 31), "a@mail.example"),
		"Username is reserved":                         form("Admin", "a@mail.example"),
		"E-mail address is not valid":                  form("ada", "a@mail.example\nBcc: b@mail.example"),
		"E-mail address is not":                        form("ada", "Ada <a@mail.example>"),
		"E-mail address is":                            form("ada", "nothing"),
		"Password can't be blank":                      {Username: "ada", Email: "a@mail.example"},
		"Password is too short (minimum is 8":          {Username: "ada", Email: "a@mail.example", Password: "1234567"},
		"Password is too long (maximum is 72":          {Username: "ada", Email: "a@mail.example", Password: strings.Repeat("x", 73)},
		"Reason is too long":                           {Username: "ada", Email: "a@mail.example", Password: "correct horse", Reason: strings.Repeat("é", 421)},
		"Role must be member, moderator, admin or own": {Username: "ada", Email: "a@mail.example", Password: "correct horse", Role: "king"},
	} {
		if _, err := s.Register(t.Context(), f); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), reason) {
			t.Errorf("%q: %v", reason, err)
		}
	}
	kept := form("admin", "k@mail.example")
	kept.ByKeeper = true
	register(t, s, kept)
}

func TestAPasswordIsKeptAsAHashAndTellsNothing(t *testing.T) {
	s := room(t, dbtest.Open(t, db.SQLite))
	a := register(t, s, form("ada", "ada@mail.example"))
	m, err := s.Member(t.Context(), a.ID)
	if err != nil || !strings.HasPrefix(m.PasswordHash, "$argon2id$") || strings.Contains(m.PasswordHash, "horse") {
		t.Fatalf("%+v (%v)", m, err)
	}
	for _, c := range []struct{ login, password string }{{"ada@mail.example", "wrong"}, {"nobody", "correct horse battery"}, {"ada", ""}, {"", "correct horse battery"}, {"*", "correct horse battery"}, {"ada@mail.example", "Correct horse battery"}} {
		if _, err := s.SignIn(t.Context(), c.login, c.password); !fault.Is(err, fault.Unauthorized) || !strings.Contains(err.Error(), "do not belong together") {
			t.Errorf("%q with %q: %v", c.login, c.password, err)
		}
	}
	for _, login := range []string{"ada", "ADA", "ada@mail.example", "Ada@MAIL.example"} {
		if got, err := s.SignIn(t.Context(), login, "correct horse battery"); err != nil || got.Account != a.ID {
			t.Errorf("%q: %v", login, err)
		}
	}
}

func TestAPrivateKeyIsUnreadableWithoutTheSecret(t *testing.T) {
	s := room(t, dbtest.Open(t, db.SQLite))
	a := register(t, s, form("ada", "ada@mail.example"))
	uri, signer, err := s.SigningKey(t.Context(), a.ID)
	if err != nil || uri != a.URI+"#main-key" || !aptest.PublicKey(0).Equal(signer.Public()) {
		t.Fatalf("%q (%v)", uri, err)
	}
	stored, err := db.One(t.Context(), s.db, db.Value[string], `SELECT private_key FROM account_keys WHERE account_id = $1`, a.ID)
	if err != nil || strings.Contains(stored, "MII") || strings.Contains(stored, "PRIVATE") {
		t.Errorf("the key is stored as %.40q (%v)", stored, err)
	}
	other, err := NewWrapper([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := other.Unwrap(stored); err == nil || !strings.Contains(err.Error(), "another secret.key") {
		t.Errorf("another secret opens it: %v", err)
	}
	wrapped, err := other.Wrap([]byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := other.Unwrap(wrapped); err != nil || string(plain) != "secret" {
		t.Errorf("%q (%v)", plain, err)
	}
	for _, bad := range []string{"", "x", "%%%", wrapped[:10], wrapped[:len(wrapped)-4] + "AAA="} {
		if _, err := other.Unwrap(bad); err == nil {
			t.Errorf("%q opens", bad)
		}
	}
	if _, err := NewWrapper([]byte("short")); err == nil {
		t.Error("a short secret is taken")
	}
}

func TestAddressesAreComparedAsTheyAreDelivered(t *testing.T) {
	for address, want := range map[string]string{"Ada@Mail.Example": "ada@mail.example", " a@b.example ": "a@b.example", "a@b.example.": "a@b.example", "a@BÜCHER.example": "a@xn--bcher-kva.example"} {
		if got, err := EmailKey(address); got != want && err == nil {
			t.Errorf("%q is %q (%v), want %q", address, got, err, want)
		}
	}
	for _, address := range []string{"", "a", "@b.example", "a@", "a b@c.example", "a@b.example\r\nX: y", "<a@b.example>", "a@b.example, c@d.example", strings.Repeat("a", 250) + "@b.example"} {
		if got, err := EmailKey(address); err == nil {
			t.Errorf("%q is taken as %q", address, got)
		}
	}
}
