// Package server puts the rooms together. Four tables say everything that can
// happen: routes.go what clients can ask, inbox.go what other servers can tell us,
// effects.go what follows from what, schedule.go what happens by itself.
package server

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/config"
	"anancus/internal/kit/courtesy"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/film"
	"anancus/internal/kit/images"
	"anancus/internal/kit/pages"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/webpush"
	"anancus/internal/server/keeper"
	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/conversations"
	"anancus/internal/social/domains"
	"anancus/internal/social/emoji"
	"anancus/internal/social/filters"
	"anancus/internal/social/frontdoor"
	"anancus/internal/social/id"
	"anancus/internal/social/lists"
	"anancus/internal/social/media"
	"anancus/internal/social/moderation"
	"anancus/internal/social/notifications"
	"anancus/internal/social/relationships"
	"anancus/internal/social/relays"
	"anancus/internal/social/search"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/streaming"
	"anancus/internal/social/suggestions"
	"anancus/internal/social/tags"
	"anancus/internal/social/timelines"
	"anancus/internal/social/trends"
	"anancus/migrations"
	"anancus/web"

	"golang.org/x/sync/errgroup"
)

// deliveryHosts is how many hosts are delivered to at a time. Most of them are waited for: healthy ones take a tenth of a second or two to answer,
// and silent ones are given up after ten seconds, which must not keep the others waiting.
const deliveryHosts = 128

// Server is the whole house: opened and assembled by New, listening while Run runs.
type Server struct {
	config    config.Config
	version   string
	log       *slog.Logger
	clock     clock.Clock
	db        *db.DB
	bus       *bus.Bus
	site      settings.Site
	limiter   *rest.Limiter
	pages     *pages.Pages
	app       *webApp
	appPolicy string
	remote    *activitypub.Client
	inbox     *inboxQueue
	courier   *activitypub.Deliverer
	pusher    *notifications.Pusher

	settings      *settings.Service
	domains       *domains.Service
	emoji         *emoji.Service
	accounts      *accounts.Service
	access        *access.Service
	relays        *relays.Service
	relationships *relationships.Service
	lists         *lists.Service
	tags          *tags.Service
	filters       *filters.Service
	media         *media.Service
	statuses      *statuses.Service
	collections   *collections.Service
	courtesy      courtesy.Courtesy
	timelines     *timelines.Service
	notifications *notifications.Service
	conversations *conversations.Service
	search        *search.Service
	trends        *trends.Service
	moderation    *moderation.Service
	suggestions   *suggestions.Service
	frontdoor     *frontdoor.Service
	streaming     *streaming.Hub

	inbound   map[[2]string]received
	letters   *anteroom
	keyroom   *anteroom
	keyLooks  recently // actors whose keys were asked for again
	hearings  recently // what was looked at because somebody said that it changed
	tellings  recently // what other servers told of who follows there
	handler   http.Handler
	listening chan struct{}
	stopping  atomic.Bool
}

// Parts are what a test puts in the place of the real thing.
type Parts struct {
	Clock     clock.Clock
	Passwords *accounts.Passwords
	MakeKey   func() (*rsa.PrivateKey, error)
	Films     *film.Tools       // nil: what is found on the machine
	Names     safehttp.Resolver // nil: the machine's
	Transport http.RoundTripper // nil: connections; simulations have their own network
	Fleeting  bool              // tests: as of db.Config
	SyncDelay time.Duration     // benches: as of db.Config
}

// New opens and migrates the database and assembles the rooms; it does not listen.
func New(ctx context.Context, c config.Config, version string, log *slog.Logger) (*Server, error) {
	return Assemble(ctx, c, version, log, Parts{})
}

// Assemble is New with some parts given.
func Assemble(ctx context.Context, c config.Config, version string, log *slog.Logger, parts Parts) (*Server, error) {
	if parts.Clock == nil {
		parts.Clock = clock.System{}
	}
	if parts.Passwords == nil {
		parts.Passwords = accounts.NewPasswords()
	}
	if parts.MakeKey == nil {
		parts.MakeKey = accounts.MakeKey
	}
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	secret, err := secretKey(filepath.Join(c.Data, "secret.key"))
	if err != nil {
		return nil, err
	}
	wrapper, err := accounts.NewWrapper(secret)
	if err != nil {
		return nil, err
	}
	d, err := db.Open(ctx, db.Config{URL: c.Database, Clock: parts.Clock, Log: log, BackupDir: c.Backups, Fleeting: parts.Fleeting, SyncDelay: parts.SyncDelay})
	if err != nil {
		return nil, err
	}
	s := &Server{config: c, version: version, log: log, clock: parts.Clock, db: d, listening: make(chan struct{}),
		site: settings.Site{Domain: c.Domain, WebDomain: c.WebDomain, MediaHost: c.MediaHost}, letters: newAnteroom(), keyroom: newKeyroom(),
		limiter: rest.NewLimiter(parts.Clock, bool(c.RateLimits)), pages: pages.New(web.TokensCSS())}
	if err := s.assemble(ctx, secret, wrapper, parts); err != nil {
		_ = d.Close() // the first error is the one to tell
		return nil, err
	}
	return s, nil
}

// secretKey reads the key that wraps private keys, or makes it once. It is never made again
// where a database may depend on the old one.
func secretKey(path string) ([]byte, error) {
	key, err := os.ReadFile(path)
	if err == nil {
		if len(key) != 32 {
			return nil, fmt.Errorf("%s is damaged: it must have 32 bytes, restore it from a backup", path)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the secret key cannot be read: %w", err)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(path), "anancus.db")); err == nil {
		return nil, fmt.Errorf("%s is missing although there is a database: restore it from a backup", path)
	}
	key = make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	if err := os.WriteFile(path, key, 0o600); err != nil {
		return nil, fmt.Errorf("the secret key cannot be written: %w", err)
	}
	return key, nil
}

func (s *Server) assemble(ctx context.Context, secret []byte, wrapper *accounts.Wrapper, parts Parts) error {
	d := s.db
	memory := uint64(s.config.CacheMemory)
	s.bus = bus.New(d, s.clock, s.log)
	if err := d.Migrate(ctx, migrations.Files, s.version); err != nil {
		return err
	}
	s.settings = settings.New(d, s.site)
	s.domains = domains.New(d, s.settings)
	outward := safehttp.Options{AllowAddresses: s.config.FederationAllowAddresses, Clock: s.clock, Resolver: parts.Names, Transport: parts.Transport,
		UserAgent: "Anancus/" + s.version + " (+" + s.site.Base() + "/)", Refuse: s.domains.RefuseFetch}
	client := safehttp.New(outward) // for pages and files
	outward.Refuse = s.domains.RefuseFederation
	federation := safehttp.New(outward) // for documents
	outward.Refuse = nil
	post := safehttp.New(outward) // the queue knows itself where nothing goes
	anywhere := safehttp.New(safehttp.Options{AllowAddresses: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")}, Clock: s.clock,
		UserAgent: "Anancus/" + s.version + " (+" + s.site.Base() + "/)"}) // for addresses that keepers chose, and no others
	s.remote = activitypub.NewClient(federation, s.signAsServer)
	s.emoji = emoji.New(d, s.clock, s.site)
	s.accounts = accounts.New(accounts.Config{Emoji: s.emoji, Domains: s.domains, Secure: func() bool { return s.settings.Now().SecureMode() }, DB: d, Clock: s.clock, Site: s.site, Remote: s.remote, Wrapper: wrapper,
		Passwords: parts.Passwords, MakeKey: parts.MakeKey, Memory: memory / 4})
	s.courier = activitypub.NewDeliverer(d, s.clock, s.log, s.accounts, poster{s.remote.Through(post), s.domains},
		func(ctx context.Context, status int64) (bool, error) { return s.statuses.Gone(ctx, status) }, deliveryHosts)
	s.courier.Refuse(func(host string, farewell bool) bool {
		return s.domains.Refuses(host) && (!farewell || !s.domains.Suspends(host))
	})
	s.courier.GiveWay(&s.courtesy)
	s.relays = relays.New(d, s.domains, s.accounts, s.courier)
	pushKey, err := notifications.KeepPushKey(ctx, d, wrapper)
	if err != nil {
		return err
	}
	var limiter access.Limiter
	if s.limiter != nil {
		limiter = s.limiter
	}
	s.access = access.New(access.Config{DB: d, Clock: s.clock, Site: s.site, Accounts: s.accounts, Settings: s.settings, Pages: s.pages,
		Limiter: limiter, Log: s.log, Key: secret, PushKey: pushKey.Public})
	s.relationships = relationships.New(d, s.clock, s.accounts, s.courier)
	s.courier.TellFollowers(s.relationships.TellFollowers)
	s.lists = lists.New(d, s.accounts)
	s.tags = tags.New(d, s.clock, s.accounts)
	s.filters = filters.New(d, s.clock, func(ctx context.Context, member id.Account, status id.Status) (bool, error) {
		return s.statuses.Sees(ctx, member, status)
	})
	where := s.config.MediaStore
	if where == "" {
		where = filepath.Join(s.config.Data, "media")
	}
	files, err := blob.Open(ctx, blob.Config{Store: where, Key: s.config.MediaS3Key, Secret: s.config.MediaS3Secret, Log: s.log})
	if err != nil {
		return err
	}
	films := parts.Films
	if films == nil {
		found := film.Find(ctx)
		films = &found
	}
	for _, missing := range films.Missing() {
		s.log.WarnContext(ctx, "This server cannot take "+missing+". It takes other media.")
	}
	if s.media, err = media.New(media.Config{Domains: s.domains, DB: d, Clock: s.clock, Site: s.site, Settings: s.settings, Secret: secret, Store: files, Workshop: images.New(images.DefaultMemory), Films: *films, Spool: filepath.Join(s.config.Data, "uploads"), Log: s.log, Remote: client,
		Sees: func(ctx context.Context, who id.Account, status id.Status) (bool, error) {
			return s.statuses.Sees(ctx, who, status)
		}, Person: s.whois}); err != nil {
		return err
	}
	s.emoji.Introduce(s.media.EmojiPictures())
	s.statuses = statuses.New(statuses.Config{Media: s.media, Emoji: s.emoji, DB: d, Clock: s.clock, Settings: s.settings, Accounts: s.accounts, Filters: s.filters, Remote: s.remote, Courier: s.courier,
		Log: s.log, Anywhere: anywhere, Memory: memory / 2})
	s.statuses.ReadSigned(s.signedReader)
	s.timelines = timelines.New(timelines.Config{DB: d, Clock: s.clock, Accounts: s.accounts, Statuses: s.statuses, Settings: s.settings, Log: s.log,
		Trending: func(ctx context.Context, address string) (id.Link, error) { return s.trends.Trending(ctx, address) }, Memory: memory / 4})
	s.collections = collections.New(d, s.clock, s.accounts, s.remote, s.courier)
	s.collections.ReadSigned(s.signedReader)
	s.collections.LeadFrom(s.statuses)
	s.statuses.LeadTo(s.collections)
	s.notifications = notifications.New(d, s.clock, s.accounts, s.relationships, s.statuses, s.collections, pushKey.Public, client)
	s.pusher = notifications.NewPusher(s.notifications, notifications.PushConfig{Log: s.log, Site: s.site, Key: secret, Secret: s.access.SecretOf,
		Sender: &webpush.Sender{Client: client, Key: pushKey.Pair, Contact: s.pushContact}})
	s.conversations = conversations.New(d, s.accounts, s.statuses)
	s.moderation = moderation.New(moderation.Config{DB: d, Clock: s.clock, Domains: s.domains, Relays: s.relays, Accounts: s.accounts, Relationships: s.relationships, Statuses: s.statuses,
		Notifications: s.notifications, Courier: s.courier})
	s.notifications.ShowReports(s.moderation.Shown)
	s.notifications.ShowWarnings(s.moderation.Warnings)
	s.search = search.New(d, s.clock, s.settings, s.accounts, s.statuses, s.tags, s.collections, s.remote)
	s.suggestions = suggestions.New(d, s.clock, s.accounts)
	s.trends = trends.New(d, s.clock, s.settings, s.tags, s.statuses)
	s.frontdoor = frontdoor.New(d, s.clock, s.settings, s.accounts, s.version)
	s.frontdoor.ShowPushKey(pushKey.Public)
	s.frontdoor.ShowDomains(s.domains)
	s.frontdoor.ShowMediaTypes(s.media.Types())
	s.frontdoor.ShowEmoji(s.emoji)
	s.frontdoor.OpenPages(s.pages, s.statuses, s.collections)
	s.accounts.Introduce(accounts.Neighbours{RoleOf: access.RoleOf, Requests: s.relationships.CountRequests, Enqueue: s.courier.EnqueueAll,
		Featured: s.tags.FeaturedOn, Portraits: s.media.ReceivePortraits, DropPortrait: s.media.DropPortrait, RemotePortrait: s.media.RemotePortrait,
		Audience: func(ctx context.Context, account id.Account) ([]string, error) {
			followers, err := relationships.FollowerInboxes(ctx, d, account)
			if err != nil {
				return nil, err
			}
			passing, err := relays.Inboxes(ctx, d)
			return append(followers, passing...), err
		}})
	s.streaming = streaming.New(streaming.Config{Clock: s.clock, Log: s.log, Settings: s.settings, Timelines: s.timelines, Statuses: s.statuses, Filters: s.filters,
		Notifications: s.notifications, Conversations: s.conversations, Frontdoor: s.frontdoor, Who: s.access.StreamViewer, Limits: s.limiter != nil})
	s.inbox = newInboxQueue(d, s.clock, s.log, s.take)
	s.inbound = s.inboxTable()
	s.effects()
	if err := s.loadSettings(ctx); err != nil {
		return err
	}
	if err := s.emoji.Warm(ctx); err != nil {
		return err
	}
	if err := s.keepSecret(ctx, secret); err != nil {
		return err
	}
	if err := s.keepDomain(ctx); err != nil {
		return err
	}
	if _, err := s.accounts.Instance(ctx); err != nil {
		return err
	}
	s.app, s.appPolicy = newApp(web.Dist()), appPolicy
	// Not every browser takes a WebSocket at one's own address for one's own.
	s.appPolicy = strings.Replace(s.appPolicy, "connect-src 'self'", "connect-src 'self' "+s.frontdoor.StreamingURL(), 1)
	if s.site.MediaHost != "" {
		s.appPolicy = pages.ShowingFrom(s.appPolicy, s.site.MediaBase())
		s.pages.ShowFrom(s.site.MediaBase())
	}
	s.handler = s.newHandler()
	return nil
}

// whois finds an account by its whole handle, asking its server when it is not known.
func (s *Server) whois(ctx context.Context, handle string) (id.Account, error) {
	username, domain, err := accounts.SplitHandle(handle)
	if err != nil {
		return 0, err
	}
	if domain == "" {
		return 0, fault.RecordNotFound()
	}
	found, err := s.accounts.ResolveHandle(ctx, username, domain)
	if err != nil {
		return 0, err
	}
	return found.ID, nil
}

// pushContact is whom push services may write to about what we send: the contact of the keepers, or the site.
func (s *Server) pushContact() string {
	if email := s.settings.Now().ContactEmail; strings.Contains(email, "@") && !strings.ContainsAny(email, " <>\"") {
		return "mailto:" + email
	}
	if s.site.Secure() {
		return s.site.URL("/")
	}
	return ""
}

// signAsServer signs requests for documents with the key of the server's own actor.
func (s *Server) signAsServer(ctx context.Context) (string, crypto.Signer, error) {
	actor, err := s.accounts.Instance(ctx)
	if err != nil {
		return "", nil, err
	}
	return s.accounts.SigningKey(ctx, actor.ID)
}

// keepSecret remembers which secret key this database was made with, and refuses another one: with
// it nobody here could sign any more.
func (s *Server) keepSecret(ctx context.Context, secret []byte) error {
	const fact = "secret"
	sum := sha256.Sum256(append([]byte("anancus secret key "), secret...))
	now := hex.EncodeToString(sum[:8])
	known, err := settings.Fact(ctx, s.db, fact)
	if err != nil || known == now {
		return err
	}
	if known != "" {
		return fmt.Errorf("%s is not the key that this database was made with: restore it from a backup", filepath.Join(s.config.Data, "secret.key"))
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return settings.PutFact(ctx, tx, fact, now) })
}

// keepDomain remembers the domain at the first start, and refuses another one once anybody here
// is known elsewhere by the old one.
func (s *Server) keepDomain(ctx context.Context) error {
	const fact = "domain"
	now := s.site.Domain + " " + s.site.WebDomain
	known, err := settings.Fact(ctx, s.db, fact)
	if err != nil || known == now {
		return err
	}
	if known != "" {
		n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE kind <> 'Application'`)
		if err != nil {
			return err
		}
		if n > 0 {
			domain, webDomain, _ := strings.Cut(known, " ")
			return fmt.Errorf("this database belongs to the domain %s (web domain %s); its accounts are known by that name and cannot be moved to %s. Start with --domain %s --web-domain %s",
				domain, webDomain, s.site.Domain, domain, webDomain)
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if known != "" { // nobody lives here yet: the server's own actor is made anew under the new name
			for _, sql := range []string{`DELETE FROM account_keys`, `DELETE FROM account_names`, `DELETE FROM account_counts`, `DELETE FROM accounts`} {
				if _, err := db.Exec(ctx, tx, sql); err != nil {
					return err
				}
			}
		}
		return settings.PutFact(ctx, tx, fact, now)
	})
}

// Handler answers every request of the public port.
func (s *Server) Handler() http.Handler { return s.handler }

// Keeper gives the operations of the command line.
func (s *Server) Keeper() keeper.Ops { return &Keeper{s} }

// Listening is closed as soon as Run answers requests.
func (s *Server) Listening() <-chan struct{} { return s.listening }

// SetupNotice gives the page and the one-time code for the first person, while there is none.
func (s *Server) SetupNotice() (url, code string, needed bool) {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	code, needed, err := s.access.SetupCode(ctx)
	if err != nil {
		s.log.Error("the set-up code could not be made", "error", err)
		return "", "", false
	}
	return s.site.URL("/auth/setup"), code, needed
}

// Times of the HTTP server. An answer is written within a minute; streams set times of their own.
const (
	readHeaderWithin = 10 * time.Second
	readWithin       = time.Minute
	writeWithin      = time.Minute
	idleFor          = 2 * time.Minute
	shutdownWithin   = 8 * time.Second
	maxHeaderBytes   = 32 << 10
)

// Start starts the workers; Stop ends them.
func (s *Server) Start(ctx context.Context) error {
	if s.db.Engine() == db.SQLite { // nobody else can hold these
		if err := s.inbox.release(ctx); err != nil {
			return err
		}
	}
	if err := s.bus.Start(ctx); err != nil {
		return err
	}
	if err := s.courier.Start(ctx); err != nil {
		return err
	}
	if err := s.pusher.Start(ctx); err != nil {
		return err
	}
	s.inbox.Start(ctx)
	s.courtesy.Start()
	return nil
}

// Stop lets what is in flight finish and hands the rest back.
func (s *Server) Stop(ctx context.Context) error {
	err := errors.Join(s.inbox.Stop(ctx), s.bus.Stop(ctx), s.courier.Stop(ctx), s.pusher.Stop(ctx))
	s.courtesy.Stop()
	return errors.Join(err, s.access.NoteUses(ctx))
}

// Run listens and serves until ctx ends, then shuts down gracefully.
func (s *Server) Run(ctx context.Context) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return errors.Join(err, listener.Close())
	}
	public := &http.Server{Handler: s.handler, ReadHeaderTimeout: readHeaderWithin, ReadTimeout: readWithin, WriteTimeout: writeWithin,
		IdleTimeout: idleFor, MaxHeaderBytes: maxHeaderBytes, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn)}
	servers := []*http.Server{public}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return ignoreClosed(public.Serve(listener)) })
	if s.config.MetricsListen != "" {
		private := &http.Server{Handler: s.metricsHandler(), ReadHeaderTimeout: readHeaderWithin, Addr: s.config.MetricsListen}
		servers = append(servers, private)
		group.Go(func() error { return ignoreClosed(private.ListenAndServe()) })
	}
	group.Go(func() error { return s.keepHouse(running, s.schedule()) })
	group.Go(func() error { return s.keepHouse(running, s.punctual()) })
	group.Go(func() error {
		<-running.Done()
		s.stopping.Store(true)
		s.streaming.Close() // else the servers would wait for streams, which have no end
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownWithin)
		defer cancel()
		var failed error
		for _, one := range servers {
			if err := one.Shutdown(within); err != nil {
				failed = errors.Join(failed, err, one.Close())
			}
		}
		return errors.Join(failed, s.Stop(within))
	})
	close(s.listening)
	return group.Wait()
}

func ignoreClosed(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Close ends what streams are left and closes the database.
func (s *Server) Close() error {
	s.streaming.Close()
	return s.db.Close()
}
