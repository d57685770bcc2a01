package accounts

import (
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/memo"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/domains"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"golang.org/x/sync/singleflight"
)

// Service is the room of accounts.
type Service struct {
	db         *db.DB
	clock      clock.Clock
	site       settings.Site
	remote     *activitypub.Client
	wrap       *Wrapper
	passwords  *Passwords
	makeKey    func() (*rsa.PrivateKey, error)
	signing    signingKeys
	flights    singleflight.Group
	shown      *shownAccounts
	signers    signers
	authors    *memo.Memo[id.Account, author]
	neighbours Neighbours
	emoji      *emoji.Service
	secure     func() bool
	domains    *domains.Service
}

// Config is what the room needs.
type Config struct {
	DB        *db.DB
	Clock     clock.Clock
	Site      settings.Site
	Remote    *activitypub.Client
	Wrapper   *Wrapper
	Passwords *Passwords
	MakeKey   func() (*rsa.PrivateKey, error) // MakeKey, or a pool in tests
	Emoji     *emoji.Service                  // nil: none are known
	Domains   *domains.Service                // nil: nothing was decided about any
	Memory    uint64                          // bytes of shown accounts to remember; 0 chooses
	Secure    func() bool                     // whether other servers must sign what they read; nil: they need not
}

func orDefault(bytes uint64) uint64 {
	if bytes == 0 {
		return 16 << 20
	}
	return bytes
}

// New opens the room.
func New(c Config) *Service {
	if c.Secure == nil {
		c.Secure = func() bool { return false }
	}
	return &Service{secure: c.Secure, emoji: c.Emoji, domains: c.Domains, db: c.DB, clock: c.Clock, site: c.Site, remote: c.Remote, wrap: c.Wrapper, passwords: c.Passwords,
		makeKey: c.MakeKey, signing: signingKeys{keys: map[id.Account]signingKey{}}, shown: newShownAccounts(orDefault(c.Memory)), signers: newSigners(), authors: newAuthors()}
}

// Site tells where this server stands.
func (s *Service) Site() settings.Site { return s.site }

// Passwords gives the hasher that members' passwords go through.
func (s *Service) Passwords() *Passwords { return s.passwords }

// ByID gives an account, suspended and deleted ones included. NotFound if there is none.
func (s *Service) ByID(ctx context.Context, account id.Account) (*Account, error) {
	return byID(ctx, s.db, account)
}

// ByIDIn is ByID inside a transaction.
func ByIDIn(ctx context.Context, q db.Q, account id.Account) (*Account, error) {
	return byID(ctx, q, account)
}

// ByURIIn gives a known account by its actor id, on a database or in a transaction.
func ByURIIn(ctx context.Context, q db.Q, uri string) (*Account, error) { return byURI(ctx, q, uri) }

// ByIDs gives accounts in the order of their ids here; unknown ones are left out.
func (s *Service) ByIDs(ctx context.Context, ids []id.Account) ([]*Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	found, err := byIDs(ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("accounts by id: %w", err)
	}
	at := make(map[id.Account]*Account, len(found))
	for _, a := range found {
		at[a.ID] = a
	}
	sorted := make([]*Account, 0, len(ids))
	for _, want := range ids {
		if a := at[want]; a != nil {
			sorted = append(sorted, a)
		}
	}
	return sorted, nil
}

// ByURI gives a known account by its actor id.
func (s *Service) ByURI(ctx context.Context, uri string) (*Account, error) {
	return byURI(ctx, s.db, uri)
}

// ByHandle gives a known account; domain "" or ours means a member. No request is made.
func (s *Service) ByHandle(ctx context.Context, username, domain string) (*Account, error) {
	if s.site.IsLocal(domain) {
		domain = ""
	} else {
		var err error
		if domain, err = text.NormalizeDomain(domain); err != nil {
			return nil, fault.RecordNotFound()
		}
	}
	return byHandle(ctx, s.db, username, domain)
}

// Local gives a member's account by name. Accounts that wait for approval or were
// deleted are NotFound.
func (s *Service) Local(ctx context.Context, username string) (*Account, error) {
	a, err := byHandle(ctx, s.db, username, "")
	if err != nil {
		return nil, err
	}
	return a, nil
}

// Member gives what only members have.
func (s *Service) Member(ctx context.Context, account id.Account) (*Member, error) {
	return memberByID(ctx, s.db, account)
}

// CountMembers tells how many members the server has, those who wait for approval included.
func (s *Service) CountMembers(ctx context.Context) (int64, error) { return countMembers(ctx, s.db) }

// SignIn gives the member whom an e-mail address (or a username) and a password
// name. The answer and its time do not tell which of the two was wrong.
func (s *Service) SignIn(ctx context.Context, login, password string) (*Member, error) {
	member, err := s.memberByLogin(ctx, login)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	hash := ""
	if member != nil {
		hash = member.PasswordHash
	}
	ok, err := s.passwords.Matches(ctx, hash, password)
	if err != nil {
		return nil, fmt.Errorf("sign in: %w", err)
	}
	if !ok || member == nil {
		return nil, fault.New(fault.Unauthorized, "The e-mail address and the password do not belong together")
	}
	return member, nil
}

func (s *Service) memberByLogin(ctx context.Context, login string) (*Member, error) {
	if key, err := EmailKey(login); err == nil {
		return memberByEmail(ctx, s.db, key)
	}
	a, err := byHandle(ctx, s.db, login, "")
	if err != nil {
		return nil, err
	}
	return memberByID(ctx, s.db, a.ID)
}

// PasswordChanged is the event after which every session and token of the member is ended.
type PasswordChanged struct{ Account id.Account }

// ChangePassword replaces a member's password. The caller's room ends sessions and
// tokens in the same transaction, by also.
func (s *Service) ChangePassword(ctx context.Context, account id.Account, password string, also func(ctx context.Context, tx *db.Tx) error) error {
	probe := SignUp{Username: "a", Email: "a@a.example", Password: password}
	if err := probe.check().Fault(); err != nil {
		return err
	}
	hash, err := s.passwords.Hash(ctx, password)
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := setPassword(ctx, tx, account, hash); err != nil {
			return err
		}
		if err := also(ctx, tx); err != nil {
			return err
		}
		return tx.Emit(PasswordChanged{account})
	})
}

// Touch notes that a member was here.
func Touch(ctx context.Context, tx *db.Tx, account id.Account) error {
	return touchMember(ctx, tx, account, clock.Milli(tx.Now()))
}

// errNoHandle says that a text is not a handle.
var errNoHandle = errors.New("not a handle")

// ByAddress gives a known account by its actor id or its page.
func (s *Service) ByAddress(ctx context.Context, address string) (*Account, error) {
	a, err := byURI(ctx, s.db, address)
	if fault.Is(err, fault.NotFound) {
		return db.One(ctx, s.db, scan, `SELECT `+columns+` FROM accounts WHERE url = $1 ORDER BY id LIMIT 1`, address)
	}
	return a, err
}

// ByPath gives a local account by a path its address has: /ap/users/ID, /users/NAME, /@NAME.
func (s *Service) ByPath(ctx context.Context, path string) (*Account, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	switch {
	case len(parts) == 3 && parts[0] == "ap" && parts[1] == "users":
		n, err := id.Parse[id.Account](parts[2])
		if err != nil {
			return nil, err
		}
		a, err := byID(ctx, s.db, n)
		if err == nil && !a.Local() {
			err = fault.RecordNotFound()
		}
		return a, err
	case len(parts) == 2 && parts[0] == "users":
		return s.Local(ctx, parts[1])
	case len(parts) == 1 && strings.HasPrefix(parts[0], "@"):
		username, domain, err := SplitHandle(parts[0])
		if err != nil {
			return nil, fault.RecordNotFound()
		}
		return s.ByHandle(ctx, username, domain)
	}
	return nil, fault.RecordNotFound()
}
