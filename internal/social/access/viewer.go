package access

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// How viewers are remembered.
const (
	viewersKept   = 20_000
	viewerLife    = 10 * time.Minute // a bound on what another node's change can leave unseen here
	useNotedEvery = time.Hour
	maxUses       = 4096
)

// Viewer tells who asks: an app's token in the Authorization header, or else
// the cookie of our own web app, or else nobody. A bad token is Unauthorized,
// a member who may not act Forbidden, and so is a cookie that another site made the browser send.
func (s *Service) Viewer(ctx context.Context, r *http.Request) (viewer.Viewer, error) {
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, secret, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return viewer.Viewer{}, nil // an app's own credentials, for the token endpoint to read
		}
		return s.ViewerOfToken(ctx, strings.TrimSpace(secret))
	}
	secret := s.cookie(r)
	if secret == "" {
		return viewer.Viewer{}, nil
	}
	if err := s.CrossOrigin(r); err != nil {
		return viewer.Viewer{}, err
	}
	v, err := s.viewerOfSession(ctx, secret)
	if fault.Is(err, fault.NotFound) {
		return viewer.Viewer{}, nil
	}
	return v, err
}

// WaitingViewer is Viewer for the little that members may ask who still wait for their address to be confirmed, or to be
// approved: their apps look again and again whether they may begin. It is never remembered.
func (s *Service) WaitingViewer(ctx context.Context, r *http.Request) (viewer.Viewer, error) {
	v, refusal := s.Viewer(ctx, r)
	scheme, secret, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !fault.Is(refusal, fault.Forbidden) || !strings.EqualFold(scheme, "Bearer") {
		return v, refusal
	}
	token, err := tokenByHash(ctx, s.db, hashOf(strings.TrimSpace(secret)))
	if err != nil {
		return v, refusal
	}
	member, err := s.accounts.Member(ctx, token.Account)
	if err != nil || !member.Waits() {
		return v, refusal
	}
	return viewer.Viewer{Account: token.Account, App: token.App, Token: token.ID, Scopes: token.Scopes, Role: member.Role, Locale: member.Locale}, nil
}

// PageViewer tells who looks at a page: the cookie alone counts, and whoever
// may not act is nobody, so that pages can still say what to do.
func (s *Service) PageViewer(ctx context.Context, r *http.Request) (viewer.Viewer, error) {
	secret := s.cookie(r)
	if secret == "" {
		return viewer.Viewer{}, nil
	}
	v, err := s.viewerOfSession(ctx, secret)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Forbidden) {
		return viewer.Viewer{}, nil
	}
	return v, err
}

// ViewerOfToken tells who asks with a token; Unauthorized when it is none.
func (s *Service) ViewerOfToken(ctx context.Context, secret string) (viewer.Viewer, error) {
	if secret == "" {
		return viewer.Viewer{}, fault.New(fault.Unauthorized, badToken)
	}
	hash := hashOf(secret)
	return s.recall(ctx, "token "+hash, func() (*knownViewer, error) {
		token, err := tokenByHash(ctx, s.db, hash)
		if fault.Is(err, fault.NotFound) {
			return nil, fault.New(fault.Unauthorized, badToken)
		}
		if err != nil {
			return nil, fmt.Errorf("viewer of token: %w", err)
		}
		k := &knownViewer{Viewer: viewer.Viewer{Account: token.Account, App: token.App, Token: token.ID, Scopes: token.Scopes}}
		k.noted.Store(milliOf(token.LastUsed))
		return k, s.fill(ctx, &k.Viewer)
	})
}

// viewerOfSession tells whose web session a cookie is; NotFound when it is none.
func (s *Service) viewerOfSession(ctx context.Context, secret string) (viewer.Viewer, error) {
	hash := hashOf(secret)
	return s.recall(ctx, "session "+hash, func() (*knownViewer, error) {
		session, err := sessionByHash(ctx, s.db, hash)
		if err != nil {
			return nil, err
		}
		if s.clock.Now().Sub(session.LastUsed) > sessionIdle {
			return nil, fault.RecordNotFound()
		}
		k := &knownViewer{Viewer: viewer.Viewer{Account: session.Account, Token: session.Token, Session: session.ID, Scopes: AllScopes}}
		k.noted.Store(milliOf(session.LastUsed))
		return k, s.fill(ctx, &k.Viewer)
	})
}

// fill adds what the member's own record says; a fault when the member may not act.
func (s *Service) fill(ctx context.Context, v *viewer.Viewer) error {
	if v.Account == 0 {
		return nil
	}
	member, err := s.mayAct(ctx, v.Account)
	if err != nil {
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Unauthorized, badToken)
		}
		return err
	}
	v.Role, v.Locale = member.Role, member.Locale
	return nil
}

// mayAct gives the member, or the fault that says why they may not act.
func (s *Service) mayAct(ctx context.Context, account id.Account) (*accounts.Member, error) {
	member, err := s.accounts.Member(ctx, account)
	if err != nil {
		return nil, err
	}
	if err := member.MayAct(); err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(ctx, account)
	if err != nil {
		return nil, err
	}
	if !a.Available() {
		return nil, fault.New(fault.Forbidden, "Your login is currently disabled")
	}
	return member, nil
}

// recall gives a viewer from memory, or reads and remembers it.
func (s *Service) recall(_ context.Context, key string, read func() (*knownViewer, error)) (viewer.Viewer, error) {
	k, ok := s.known.cache.GetIfPresent(key)
	if !ok {
		epoch := s.known.epochNow()
		var err error
		if k, err = read(); err != nil {
			return viewer.Viewer{}, err
		}
		s.known.keep(key, k, epoch)
	}
	s.uses.note(k, s.clock.Now())
	return k.Viewer, nil
}

// knownViewer is a viewer and when its use was last noted.
type knownViewer struct {
	viewer.Viewer
	noted atomic.Int64 // UTC milliseconds
}

// knownViewers remembers viewers by the hash of what they came with.
type knownViewers struct {
	cache *otter.Cache[string, *knownViewer]
	mu    sync.Mutex
	epoch uint64 // moves whenever something is forgotten
}

func newKnownViewers(size int) *knownViewers {
	if size <= 0 {
		size = viewersKept
	}
	return &knownViewers{cache: otter.Must(&otter.Options[string, *knownViewer]{
		MaximumSize: size, ExpiryCalculator: otter.ExpiryWriting[string, *knownViewer](viewerLife)})}
}

func (k *knownViewers) epochNow() uint64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.epoch
}

// keep remembers a viewer, unless something was forgotten since it was read:
// it might have been read just before its token ended.
func (k *knownViewers) keep(key string, v *knownViewer, epoch uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.epoch == epoch {
		k.cache.Set(key, v)
	}
}

func (k *knownViewers) forget(which func(v *knownViewer) bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.epoch++
	for key, v := range k.cache.All() {
		if which(v) {
			k.cache.Invalidate(key)
		}
	}
}

// ForgetTokens drops from memory who came with these tokens, sessions' hidden
// ones included. It is the live effect of TokenRevoked.
func (s *Service) ForgetTokens(tokens ...id.Token) {
	if len(tokens) == 0 {
		return
	}
	gone := make(map[id.Token]bool, len(tokens))
	for _, token := range tokens {
		gone[token] = true
	}
	s.known.forget(func(v *knownViewer) bool { return gone[v.Token] })
}

// ForgetMember drops from memory what is known of members: after a change of
// role, language, approval, or of the right to sign in.
func (s *Service) ForgetMember(accounts ...id.Account) {
	s.known.forget(func(v *knownViewer) bool { return slices.Contains(accounts, v.Account) })
}

// uses are who was here lately, to be stored by NoteUses.
type uses struct {
	mu       sync.Mutex
	tokens   map[id.Token]bool
	sessions map[id.Session]bool
	members  map[id.Account]bool
}

// note remembers that a viewer was here, at most once an hour each.
func (u *uses) note(k *knownViewer, now time.Time) {
	last, ms := k.noted.Load(), clock.Milli(now)
	if ms-last < useNotedEvery.Milliseconds() || !k.noted.CompareAndSwap(last, ms) {
		return
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.tokens == nil {
		u.tokens, u.sessions, u.members = map[id.Token]bool{}, map[id.Session]bool{}, map[id.Account]bool{}
	}
	if len(u.tokens) >= maxUses {
		return // nobody stores them; a lost note costs an hour of accuracy
	}
	u.tokens[k.Token] = true
	if k.Session != 0 {
		u.sessions[k.Session] = true
	}
	if k.Account != 0 {
		u.members[k.Account] = true
	}
}

// NoteUses stores when tokens, sessions and members were last here. It is
// called every few minutes and at the end.
func (s *Service) NoteUses(ctx context.Context) error {
	s.uses.mu.Lock()
	tokens, sessions, members := keys(s.uses.tokens), keys(s.uses.sessions), keys(s.uses.members)
	s.uses.tokens, s.uses.sessions, s.uses.members = nil, nil, nil
	s.uses.mu.Unlock()
	if len(tokens) == 0 {
		return nil
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := noteTokensUsed(ctx, tx, tokens, tx.Now()); err != nil {
			return err
		}
		if err := noteSessionsUsed(ctx, tx, sessions, tx.Now()); err != nil {
			return err
		}
		for _, account := range members {
			if err := accounts.Touch(ctx, tx, account); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("note uses of tokens: %w", err)
	}
	return nil
}

func keys[K comparable](set map[K]bool) []K {
	list := make([]K, 0, len(set))
	for k := range set {
		list = append(list, k)
	}
	return list
}

func milliOf(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return clock.Milli(t)
}

// StreamViewer tells who opens a stream. Programs in browsers can set no header there: the token may come in the address
// too, or as the subprotocol of a WebSocket. A cookie counts only for our own site's pages, as no browser asks before it opens a WebSocket.
func (s *Service) StreamViewer(ctx context.Context, r *http.Request) (viewer.Viewer, error) {
	if r.Header.Get("Authorization") != "" {
		return s.Viewer(ctx, r)
	}
	for _, secret := range []string{r.URL.Query().Get("access_token"), r.Header.Get("Sec-WebSocket-Protocol")} {
		if secret != "" {
			return s.ViewerOfToken(ctx, secret)
		}
	}
	if s.cookie(r) == "" {
		return viewer.Viewer{}, nil
	}
	act := *r
	act.Method = http.MethodPost // else the check lets all pass that only read
	if err := s.CrossOrigin(&act); err != nil {
		return viewer.Viewer{}, err
	}
	return s.Viewer(ctx, r)
}
