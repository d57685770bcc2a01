package access

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// Limits of web sessions.
const (
	maxSessions  = 10                   // a member's; the longest unused one ends first
	sessionIdle  = 365 * 24 * time.Hour // unused for so long, it has ended
	cookieLife   = 400 * 24 * time.Hour // the most that browsers keep
	maxUserAgent = 400
)

// Session is a member signed in with a browser.
type Session struct {
	ID        id.Session
	Account   id.Account
	Token     id.Token // its hidden token
	UserAgent string
	IP        string
	CreatedAt time.Time
	LastUsed  time.Time
}

// cookieName is one that another host cannot set on https, and on plain http
// one that another port's server does not overwrite.
func (s *Service) cookieName() string {
	if s.site.Secure() {
		return "__Host-anancus"
	}
	if _, port, err := net.SplitHostPort(s.site.WebDomain); err == nil && port != "" {
		return "anancus-" + port
	}
	return "anancus-80"
}

func (s *Service) cookie(r *http.Request) string {
	c, err := r.Cookie(s.cookieName())
	if err != nil {
		return ""
	}
	return c.Value
}

func (s *Service) setCookie(w http.ResponseWriter, secret string, life time.Duration) {
	c := &http.Cookie{Name: s.cookieName(), Value: secret, Path: "/", HttpOnly: true, Secure: s.site.Secure(), SameSite: http.SameSiteLaxMode}
	if life > 0 {
		c.MaxAge = int(life.Seconds())
	} else {
		c.MaxAge = -1
	}
	http.SetCookie(w, c)
}

// openSession signs a member in with this browser. The secret is always new,
// and the session that the browser came with ends: nobody can prepare one for another.
func (s *Service) openSession(ctx context.Context, w http.ResponseWriter, r *http.Request, account id.Account) error {
	secret, before := newSecret(), s.cookie(r)
	agent, ip := clip(r.UserAgent(), maxUserAgent), ""
	if from := client(r).Addr; from.IsValid() {
		ip = from.String()
	}
	var ended []id.Token
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		ended = nil
		if before != "" {
			if ended, err = deleteSessions(ctx, tx, `secret_hash = $1`, hashOf(before)); err != nil {
				return err
			}
		}
		token := &Token{ID: id.Token(tx.NextID()), Hash: hashOf(newSecret()), Account: account, Scopes: AllScopes}
		if err := insertToken(ctx, tx, token); err != nil {
			return err
		}
		err = insertSession(ctx, tx, hashOf(secret), &Session{ID: id.Session(tx.NextID()), Account: account, Token: token.ID, UserAgent: agent, IP: ip})
		if err != nil {
			return err
		}
		more, err := deleteSessions(ctx, tx, `account_id = $1 AND id NOT IN
			(SELECT id FROM sessions WHERE account_id = $1 ORDER BY last_used_at DESC, id DESC LIMIT $2)`, account, maxSessions)
		if err != nil {
			return err
		}
		ended = append(ended, more...)
		return tellRevoked(tx, ended)
	})
	if err != nil {
		return fmt.Errorf("open session: %w", err)
	}
	s.ForgetTokens(ended...)
	s.setCookie(w, secret, cookieLife)
	return nil
}

// EndSession ends one of a member's own sessions; another's is left alone.
func (s *Service) EndSession(ctx context.Context, account id.Account, session id.Session) error {
	return s.end(ctx, func(tx *db.Tx) ([]id.Token, error) {
		return deleteSessions(ctx, tx, `id = $1 AND account_id = $2`, session, account)
	})
}

// Sessions lists a member's sessions, the latest used first.
func (s *Service) Sessions(ctx context.Context, account id.Account) ([]*Session, error) {
	return sessionsOf(ctx, s.db, account)
}

// sweepSessions ends the sessions that nobody used for a year.
func (s *Service) sweepSessions(ctx context.Context) error {
	before := clock.Milli(s.clock.Now().Add(-sessionIdle))
	return s.end(ctx, func(tx *db.Tx) ([]id.Token, error) {
		return deleteSessions(ctx, tx, `last_used_at < $1`, before)
	})
}

func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}
