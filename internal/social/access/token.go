package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// badToken is Mastodon's answer to a token that is none.
const badToken = "The access token is invalid"

// TokenRevoked is the event of a token's end, a web session's hidden token
// included: what was opened with it closes.
type TokenRevoked struct{ Token id.Token }

// Token lets an app act, for a member or for itself.
type Token struct {
	ID        id.Token
	Hash      string
	App       id.App     // 0: a web session's
	Account   id.Account // 0: the app's own
	Scopes    []string
	CreatedAt time.Time
	LastUsed  time.Time // zero: never
}

// commandLine is the app whose tokens keepers make by command.
var commandLine = App{ClientID: "anancus-command-line", Name: "Anancus command line", Scopes: AllScopes}

// CreateToken makes a token for a member, for keepers at the command line.
func (s *Service) CreateToken(ctx context.Context, username, scopes string) (string, error) {
	list, err := ParseScopes(scopes)
	if err != nil {
		return "", err
	}
	account, err := s.accounts.Local(ctx, username)
	if err != nil {
		return "", err
	}
	secret := newSecret()
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		app := commandLine
		app.ID, app.SecretHash = id.App(tx.NextID()), hashOf(newSecret())
		if err := insertApp(ctx, tx, &app); err != nil {
			return err
		}
		known, err := appByClientID(ctx, tx, app.ClientID)
		if err != nil {
			return err
		}
		token := &Token{ID: id.Token(tx.NextID()), App: known.ID, Account: account.ID, Scopes: list}
		if s.key != nil {
			secret = s.derive(known, token.ID)
		}
		token.Hash = hashOf(secret)
		return insertToken(ctx, tx, token)
	})
	if err != nil {
		return "", fmt.Errorf("create token: %w", err)
	}
	return secret, nil
}

// issue gives an app the token for an account and scopes: the one it already
// has, or a new one. Secrets are stored as hashes only, so one that is given
// again is made from its id, this server's key and the app's secret.
func (s *Service) issue(ctx context.Context, tx *db.Tx, app *App, account id.Account, scopes []string) (secret string, token *Token, err error) {
	if s.key != nil {
		have, err := tokensOf(ctx, tx, app.ID, account, scopes)
		if err != nil {
			return "", nil, err
		}
		for _, token := range have {
			if secret := s.derive(app, token.ID); matches(token.Hash, secret) {
				return secret, token, nil
			}
		}
	}
	token = &Token{ID: id.Token(tx.NextID()), App: app.ID, Account: account, Scopes: scopes, CreatedAt: tx.Now()}
	secret = newSecret()
	if s.key != nil {
		secret = s.derive(app, token.ID)
	}
	token.Hash = hashOf(secret)
	return secret, token, insertToken(ctx, tx, token)
}

func (s *Service) derive(app *App, token id.Token) string {
	mac := hmac.New(sha256.New, s.key)
	_, _ = mac.Write([]byte("token\x00" + token.String() + "\x00" + app.SecretHash))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// SecretOf makes a token's secret again, for messages that only its app can read; "" where that cannot be done, as with the
// hidden token of a web session, or of a token that is gone.
func (s *Service) SecretOf(ctx context.Context, which id.Token) (string, error) {
	token, err := tokenByID(ctx, s.db, which)
	if err != nil || token.App == 0 || s.key == nil {
		return "", unlessMissing(err)
	}
	app, err := appByID(ctx, s.db, token.App)
	if err != nil {
		return "", unlessMissing(err)
	}
	if secret := s.derive(app, token.ID); matches(token.Hash, secret) {
		return secret, nil
	}
	return "", nil
}

func unlessMissing(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// RevokeApp ends every token that an app has for a member.
func (s *Service) RevokeApp(ctx context.Context, account id.Account, app id.App) error {
	return s.end(ctx, func(tx *db.Tx) ([]id.Token, error) { return deleteTokensOfApp(ctx, tx, account, app) })
}

// revoke ends the app's own token; Forbidden when it is another's. A token that is none is fine.
func (s *Service) revoke(ctx context.Context, app *App, secret string) error {
	token, err := tokenByHash(ctx, s.db, hashOf(secret))
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	if token.App != app.ID {
		return fault.New(fault.Forbidden, "You are not authorized to revoke this token")
	}
	return s.end(ctx, func(tx *db.Tx) ([]id.Token, error) {
		return []id.Token{token.ID}, deleteToken(ctx, tx, token.ID)
	})
}

// end deletes tokens, tells of it, and forgets who came with them.
func (s *Service) end(ctx context.Context, deletion func(tx *db.Tx) ([]id.Token, error)) error {
	var ended []id.Token
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if ended, err = deletion(tx); err != nil {
			return err
		}
		return tellRevoked(tx, ended)
	})
	if err != nil {
		return fmt.Errorf("end tokens: %w", err)
	}
	s.ForgetTokens(ended...)
	return nil
}

func tellRevoked(tx *db.Tx, tokens []id.Token) error {
	for _, token := range tokens {
		if err := tx.Emit(TokenRevoked{token}); err != nil {
			return err
		}
	}
	return nil
}

// EndAll ends every session and token of a member inside a transaction, as after a new password.
func EndAll(ctx context.Context, tx *db.Tx, account id.Account) error {
	if err := deleteGrantsOf(ctx, tx, account); err != nil {
		return err
	}
	if err := deleteSessionsOf(ctx, tx, account); err != nil {
		return err
	}
	ended, err := deleteTokensOf(ctx, tx, account)
	if err != nil {
		return err
	}
	return tellRevoked(tx, ended)
}

// SetPassword gives a member a new password, and ends all sessions and tokens.
func (s *Service) SetPassword(ctx context.Context, account id.Account, password string) error {
	err := s.accounts.ChangePassword(ctx, account, password, func(ctx context.Context, tx *db.Tx) error {
		return EndAll(ctx, tx, account)
	})
	s.ForgetMember(account)
	return err
}

// ResetPassword is SetPassword by username, for keepers at the command line.
func (s *Service) ResetPassword(ctx context.Context, username, password string) error {
	account, err := s.accounts.Local(ctx, username)
	if err != nil {
		return err
	}
	return s.SetPassword(ctx, account.ID, password)
}

func joined(scopes []string) string { return strings.Join(scopes, " ") }
