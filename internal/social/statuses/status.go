// Package statuses publishes, shows and removes what people write, and keeps
// what others do with it: boosts, favourites, bookmarks and pins.
package statuses

import (
	"context"
	"encoding/json"
	"log/slog"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/memo"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/emoji"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/settings"
)

// Visibility says who may read a status.
type Visibility string

// The visibilities. Limited comes from elsewhere only: addressed to some who are not named; the API shows it as private.
const (
	Public   Visibility = "public"
	Unlisted Visibility = "unlisted"
	Private  Visibility = "private" // the author's followers
	Direct   Visibility = "direct"  // the mentioned
	Limited  Visibility = "limited"
)

// Distributable tells whether anyone may read, and so boost.
func (v Visibility) Distributable() bool { return v == Public || v == Unlisted }

// Status is one post, or one boost of a post (then BoostOf is set and it has no text of its own).
type Status struct {
	ID               id.Status
	URI              string
	URL              string
	Author           id.Account
	Local            bool
	Text             string // as typed, local only
	Content          string // safe HTML
	ContentWarning   string
	Visibility       Visibility
	LocalOnly        bool // never leaves this server; shown to members only
	Sensitive        bool
	Language         string
	InReplyTo        id.Status
	InReplyToAccount id.Account
	InReplyToURI     string // kept while the parent is unknown here
	Thread           id.Status
	Context          string // the thread as a collection of another server; "": none, or one of ours
	BoostOf          id.Status
	BoostedAuthor    id.Account
	App              id.App
	QuotePolicy      QuotePolicy
	WithMedia        bool // it shows any
	Quiet            bool // fetched from elsewhere when it was old
	quotes           bool // another status; known when it is written here
	findable         bool // the author of another server lets everybody find public ones; known when it comes
	CreatedAt        time.Time
	EditedAt         time.Time
	DeletedAt        time.Time
}

// IsBoost tells whether the status passes on another.
func (s *Status) IsBoost() bool { return s.BoostOf != 0 }

// The events of this room.
type (
	// Published tells of a new status, local or remote.
	Published struct {
		Status    id.Status
		Author    id.Account
		InReplyTo id.Status // 0 for none known
		Tags      []id.Tag  // the hashtags it carries
		Quiet     bool      // it is old and was fetched: nobody is told, and no home feed shows it
		Alone     bool      `json:",omitempty"` // it names, answers and quotes nobody, and no answer came before it: only followers hear of it, and relays
		// What it is like, for those who are asked in its transaction whether it concerns them. Nobody knows it later.
		Written Writing `json:"-"`
	}
	// Writing is what a new status is like.
	Writing struct {
		Local      bool // a member wrote it
		LocalOnly  bool
		Visibility Visibility
		Names      bool           // it mentions somebody
		Answers    bool           // somebody else
		Findable   bool           // a public one, since its author lets everybody find them
		Posts      accounts.Posts // of its author, with it
	}
	// Deleted tells that a status is gone; what a peer needs to be told is kept in it.
	Deleted struct {
		Status    id.Status
		Author    id.Account
		InReplyTo id.Status
	}
	// Boosted tells of a new boost.
	Boosted struct {
		Boost    id.Status
		Author   id.Account // who boosted
		Original id.Status
	}
	// Unboosted tells that a boost was taken back.
	Unboosted struct {
		Boost    id.Status
		Author   id.Account
		Original id.Status
	}
	// Favourited tells of a new favourite.
	Favourited struct {
		Favourite id.Favourite
		Account   id.Account
		Status    id.Status
	}
	// Unfavourited tells that a favourite was taken back.
	Unfavourited struct {
		Account id.Account
		Status  id.Status
	}
	// Bookmarked tells that a member set or removed a bookmark.
	Bookmarked struct {
		Account id.Account
		Status  id.Status
	}
	// PinChanged tells that an account pinned or unpinned a status, and when.
	PinChanged struct {
		Account id.Account
		Status  id.Status
		Pinned  bool
		At      int64
	}
)

// Resolver finds the account behind a handle, asking its server when it is not known yet.
type Resolver interface {
	ResolveHandle(ctx context.Context, username, domain string) (*accounts.Account, error)
}

// Courier takes activities to other servers.
type Courier interface {
	Enqueue(ctx context.Context, tx *db.Tx, d activitypub.Delivery) error
	EnqueueAll(ctx context.Context, d activitypub.Delivery) error
	Wake()
}

// Service is the room of statuses.
type Service struct {
	db        *db.DB
	clock     clock.Clock
	site      settings.Site
	settings  *settings.Service
	accounts  *accounts.Service
	filters   *filters.Service
	media     *media.Service
	emoji     *emoji.Service
	resolver  Resolver
	remote    *activitypub.Client
	courier   Courier
	shown     *memo.Memo[id.Status, *segment]
	flags     *readers[id.Status, flags] // of what readers did
	ties      *readers[id.Account, tie]
	untouched *untouched
	cards     *cards
	apps      *memo.Memo[id.App, app]
	reader    Reader

	collections Collections // nil: there are none

	log   *slog.Logger
	watch watch

	translations translations
}

// Config is what the room needs.
type Config struct {
	DB       *db.DB
	Clock    clock.Clock
	Settings *settings.Service
	Accounts *accounts.Service
	Filters  *filters.Service
	Media    *media.Service
	Emoji    *emoji.Service // nil: none are known
	Remote   *activitypub.Client
	Courier  Courier
	Log      *slog.Logger
	Anywhere *safehttp.Client // reaches what keepers name, private addresses too: for translation
	Memory   uint64           // bytes of shown statuses to remember; 0 chooses
}

const (
	defaultMemory = 32 << 20
	appsMemory    = 256 << 10 // names of apps, which never change
)

// New opens the room.
func New(c Config) *Service {
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	return &Service{db: c.DB, clock: c.Clock, site: c.Settings.Site(), settings: c.Settings, accounts: c.Accounts, filters: c.Filters, media: c.Media, emoji: c.Emoji, resolver: c.Accounts,
		remote: c.Remote, courier: c.Courier, log: c.Log, translations: translations{client: c.Anywhere},
		flags: newReaders(flagsOf), ties: newReaders(tiesTo), untouched: newUntouched(), cards: newCards(), apps: memo.New[id.App](appsMemory, func(a app) uint32 { return uint32(len(a.name) + len(a.website)) }),
		shown: memo.New[id.Status](c.Memory, (*segment).size)}
}

// Forget drops what is remembered of statuses whose text, counts or author changed.
func (s *Service) Forget(ids ...id.Status) { s.shown.Forget(ids...) }

// ForgetAll drops what is remembered of all statuses: something changed how each of them is shown.
func (s *Service) ForgetAll() { s.shown.Clear() }

// Get gives a status that is not deleted, whoever asks.
func (s *Service) Get(ctx context.Context, status id.Status) (*Status, error) {
	return one(ctx, s.db, status)
}

// raw is shorthand for an encoded entity.
type raw = json.RawMessage

// ByAddress gives a known status by its id on the wire or its page, ours in every form its address has.
func (s *Service) ByAddress(ctx context.Context, address string) (*Status, error) {
	found, err := s.known(ctx, address)
	if fault.Is(err, fault.NotFound) {
		return db.One(ctx, s.db, scan, `SELECT `+columns+` FROM statuses WHERE url = $1 AND NOT local AND boost_of_id IS NULL AND deleted_at IS NULL ORDER BY id LIMIT 1`, address)
	}
	return found, err
}
