package access

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// The fact under which the set-up code is kept, until there is an owner.
const setupFact = "setup_code"

// Limits on guessing the set-up code: it has 60 bits.
const (
	setupTries  = 30
	setupPeriod = time.Hour
)

// SetupCode gives the one-time code that guards the first-run page; not needed
// once there is an owner. It is the same at every start until it is used.
func (s *Service) SetupCode(ctx context.Context) (code string, needed bool, err error) {
	if needed, err = s.NeedsSetup(ctx); !needed || err != nil {
		return "", false, err
	}
	fresh := newSetupCode()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if code, err = settings.Fact(ctx, tx, setupFact); err != nil || code != "" {
			return err
		}
		code = fresh
		return settings.PutFact(ctx, tx, setupFact, code)
	})
	if err != nil {
		return "", false, fmt.Errorf("set-up code: %w", err)
	}
	return code, true, nil
}

// newSetupCode is easy to type: Crockford's letters, in three groups.
func newSetupCode() string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails, by crypto/rand's word
	for i := range b {
		b[i] = letters[b[i]%32]
	}
	return string(b[:4]) + "-" + string(b[4:8]) + "-" + string(b[8:])
}

// sameCode compares codes as people type them: in any case, with or without dashes.
func sameCode(stored, typed string) bool {
	plain := strings.NewReplacer("-", "", " ", "", "O", "0", "I", "1", "L", "1")
	a, b := plain.Replace(strings.ToUpper(stored)), plain.Replace(strings.ToUpper(strings.TrimSpace(typed)))
	return a != "" && subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1
}

// NeedsSetup tells whether the server has no owner yet.
func (s *Service) NeedsSetup(ctx context.Context) (bool, error) {
	if s.owned.Load() {
		return false, nil
	}
	owners, err := countOwners(ctx, s.db)
	if err != nil {
		return false, fmt.Errorf("look for an owner: %w", err)
	}
	s.owned.Store(owners > 0)
	return owners == 0, nil
}

func countOwners(ctx context.Context, q db.Q) (int64, error) {
	return db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM members WHERE role = $1`, accounts.RoleOwner)
}

// firstRun tells whether nobody at all lives here yet.
func (s *Service) firstRun(ctx context.Context) (bool, error) {
	if needed, err := s.NeedsSetup(ctx); !needed || err != nil {
		return false, err
	}
	members, err := s.accounts.CountMembers(ctx)
	return members == 0, err
}

// SetupPage serves GET /auth/setup.
func (s *Service) SetupPage(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		if needed, err := s.NeedsSetup(c.Context()); !needed || err != nil {
			return rest.Redirect{To: "/auth/sign_in"}, err
		}
		return s.setupPage(c, memberForm{}, http.StatusOK), nil
	})
}

func (s *Service) setupPage(c *viewer.Call, form memberForm, code int) any {
	form.tidy(s.site.Domain)
	form.Password = ""
	page := s.page(c, "setup.html", "setup.title", form)
	page.Code = code
	return page
}

// Setup serves POST /auth/setup.
func (s *Service) Setup(c *viewer.Call) (any, error) {
	return s.asPage(c, func(c *viewer.Call) (any, error) {
		form, err := rest.Decode[memberForm](c)
		if err != nil {
			return nil, err
		}
		s.setupMu.Lock() // two people with the code make one owner
		defer s.setupMu.Unlock()
		if needed, err := s.NeedsSetup(c.Context()); !needed || err != nil {
			return rest.Redirect{To: "/auth/sign_in", Code: http.StatusSeeOther}, err
		}
		form.tidy(s.site.Domain)
		if err := s.limitSetup(c); err != nil {
			form.problem("", s.text(c, "too_many"))
			return s.setupPage(c, form, http.StatusTooManyRequests), nil
		}
		stored, err := settings.Fact(c.Context(), s.db, setupFact)
		if err != nil {
			return nil, err
		}
		if !sameCode(stored, form.Code) {
			form.problem("code", s.text(c, "setup.code_wrong"))
			return s.setupPage(c, form, http.StatusUnprocessableEntity), nil
		}
		account, err := s.accounts.Register(c.Context(), accounts.SignUp{Username: form.Username, Email: form.Email, Password: form.Password,
			Locale: pages.Lang(c.R), Role: accounts.RoleOwner, Confirmed: true, Approved: true, ByKeeper: true})
		if s.blame(c, &form, err) {
			return s.setupPage(c, form, http.StatusUnprocessableEntity), nil
		}
		if err != nil {
			return nil, err
		}
		s.owned.Store(true)
		if err := s.db.Tx(c.Context(), func(tx *db.Tx) error { return settings.PutFact(c.Context(), tx, setupFact, "") }); err != nil {
			return nil, fmt.Errorf("forget the set-up code: %w", err)
		}
		if err := s.openSession(c.Context(), c.W, c.R, account.ID); err != nil {
			return nil, err
		}
		return rest.Redirect{To: "/", Code: http.StatusSeeOther}, nil
	})
}

func (s *Service) limitSetup(c *viewer.Call) error {
	if err := s.limit(c, "setup "+address(c.R), formsPerAddress, formsPeriod); err != nil {
		return err
	}
	return s.limit(c, "setup", setupTries, setupPeriod)
}
