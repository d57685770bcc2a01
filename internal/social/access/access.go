// Package access decides who may come in: it signs members in and out, lets
// apps ask for and receive tokens (OAuth 2), and tells for every request who
// asks and with which scopes. Its pages are plain HTML forms, since apps open
// them in bare web views.
package access

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// Limiter says whether something may be done once more; rest.Limiter does.
type Limiter interface {
	Allow(key string, limit int, per time.Duration) (remaining int, reset time.Time, ok bool)
}

// Service is the room of access.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	accounts *accounts.Service
	settings *settings.Service
	limiter  Limiter
	log      *slog.Logger
	key      []byte
	pushKey  string
	pages    *pages.Pages
	set      *pages.Set
	origin   *http.CrossOriginProtection
	known    *knownViewers
	uses     uses
	setupMu  sync.Mutex
	owned    atomic.Bool // an owner exists; it never becomes untrue

}

// Config is what the room needs.
type Config struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     settings.Site
	Accounts *accounts.Service
	Settings *settings.Service
	Pages    *pages.Pages
	Limiter  Limiter // nil: no limits
	Log      *slog.Logger
	Key      []byte // a secret of this server that is not in the database; nil: an app that signs in again gets another token
	PushKey  string // by what push services know this server; apps are told
	Viewers  int    // how many viewers to remember; 0 chooses
}

// New opens the room.
func New(c Config) *Service {
	if c.Clock == nil {
		c.Clock = clock.System{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.Pages == nil {
		c.Pages = pages.New("")
	}
	s := &Service{db: c.DB, clock: c.Clock, site: c.Site, accounts: c.Accounts, settings: c.Settings, limiter: c.Limiter,
		log: c.Log, pages: c.Pages, set: newSet(c.Pages), known: newKnownViewers(c.Viewers), pushKey: c.PushKey}
	if c.Key != nil {
		key, err := hkdf.Key(sha256.New, c.Key, nil, "anancus tokens", sha256.Size)
		if err != nil {
			panic(err) // only for a length that SHA-256 cannot give
		}
		s.key = key
	}
	s.origin = http.NewCrossOriginProtection()
	if err := s.origin.AddTrustedOrigin(c.Site.Base()); err != nil {
		// Without a trusted origin the check still compares Origin with Host.
		c.Log.Warn("the site's address is no origin", "address", c.Site.Base(), "error", err)
	}
	return s
}

// CrossOrigin refuses a request by which another site would act in a signed-in
// member's name. It belongs where the cookie authenticates, and to HTML forms;
// apps with a token may come from anywhere.
func (s *Service) CrossOrigin(r *http.Request) error {
	if err := s.origin.Check(r); err != nil {
		return fault.Wrap(err, fault.Forbidden, "This request came from another site and was refused")
	}
	return nil
}

// limit counts one more use of key; the fault is TooMany when there were too many.
func (s *Service) limit(c *viewer.Call, key string, limit int, per time.Duration) error {
	if s.limiter == nil {
		return nil
	}
	_, reset, ok := s.limiter.Allow(key, limit, per)
	if ok {
		return nil
	}
	wait := reset.Sub(s.clock.Now())
	c.SetHeader("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	return fault.New(fault.TooMany, "Too many requests")
}

// address is whom a limit counts: an IPv4 address, or the /64 that one IPv6 customer has.
func address(r *http.Request) string { return client(r).Key() }

// client is where a request came from, as the server's door resolved it.
func client(r *http.Request) rest.Client {
	if c := rest.ClientOf(r.Context()); c.Addr.IsValid() {
		return c
	}
	return rest.Proxies(nil).Client(r)
}

// Sweep removes what has expired: authorization codes and unused sessions.
func (s *Service) Sweep(ctx context.Context) error {
	if err := s.sweepGrants(ctx); err != nil {
		return err
	}
	return s.sweepSessions(ctx)
}
