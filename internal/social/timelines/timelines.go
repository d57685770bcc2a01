// Package timelines keeps what people read: each member's home feed and the feeds of
// their lists, and the public, hashtag, link and account timelines that everybody shares. Nothing is written per
// follower: feeds are built when somebody reads them, live in memory, and
// follow the events of the rooms below. Losing them loses nothing.
package timelines

import (
	"container/list"
	"context"
	"log/slog"
	"sync"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/memo"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
)

// Config is what the room needs.
type Config struct {
	DB        *db.DB
	Clock     clock.Clock
	Settings  *settings.Service
	Accounts  *accounts.Service
	Statuses  *statuses.Service
	Trending  func(ctx context.Context, address string) (id.Link, error) // NotFound for an address that does not trend
	Log       *slog.Logger
	Memory    uint64 // bytes of open feeds, of which the least recently read makes room; 0 means 16 MB
	MaxBuilds int    // feeds built at once; who comes then is asked to come again; 0 means 8
}

// Bounds of the room.
const (
	defaultMemory    = 16 << 20
	defaultMaxBuilds = 8
	idleFeed         = 30 * time.Minute // a feed nobody read for so long goes
	maxProfiles      = 1000             // accounts whose own timelines stay in memory, those read last: about 10 MB when all are full
	factsMemory      = 4 << 20          // bytes of what readers without an open feed follow and hide
	buildTries       = 3                // builds thrown away in a row before the page comes from the database
	buildTime        = 30 * time.Second // for one build, which outlives the request that began it
)

// bounds are the sizes of feeds; tests make them small.
type bounds struct {
	feed    int // entries
	merge   int // statuses that an edit brings into an open feed
	group   int // entries back to which a boost looks for its original or another boost of it
	profile int // statuses of an account
	turn    int // feeds that a new status goes into before readers have their turn
}

// usual are Mastodon's.
var usual = bounds{feed: 800, merge: 200, group: 40, profile: 120, turn: 500}

// Service is the room of timelines.
type Service struct {
	db        *db.DB
	clock     clock.Clock
	settings  *settings.Service
	accounts  *accounts.Service
	statuses  *statuses.Service
	trending  func(ctx context.Context, address string) (id.Link, error)
	bounds    bounds
	log       *slog.Logger
	memory    uint64
	maxBuilds int
	all       *publicList // of everybody
	local     *publicList // of our members
	profiles  *profiles
	readers   *memo.Memo[id.Account, *facts] // of those who read what everybody shares while no feed of theirs is open

	mu       sync.Mutex // guards everything below; never held during a query
	feeds    map[key]*feed
	byReader map[id.Account][]*feed
	byAuthor map[id.Account][]*feed // that take an account's statuses
	byTag    map[id.Tag][]*feed     // that take statuses with a hashtag
	building map[key]*build
	recent   *list.List // of *feed, the latest read first
	pool     *pool      // of the entries of open feeds, and of those that are being built
	held     uint64     // bytes that open feeds take beside it
}

// New opens the room. It must hear every event from the first on (see live.go).
func New(c Config) *Service {
	s := &Service{
		db: c.DB, clock: c.Clock, accounts: c.Accounts, statuses: c.Statuses, settings: c.Settings, trending: c.Trending, log: c.Log, bounds: usual, memory: c.Memory, maxBuilds: c.MaxBuilds,
		all: newPublicList(false), local: newPublicList(true), profiles: newProfiles(maxProfiles), readers: memo.New[id.Account](factsMemory, (*facts).size),
		feeds: map[key]*feed{}, byReader: map[id.Account][]*feed{}, byAuthor: map[id.Account][]*feed{}, byTag: map[id.Tag][]*feed{}, building: map[key]*build{},
		recent: list.New(), pool: newPool(),
	}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	if s.log == nil {
		s.log = slog.Default()
	}
	if s.memory == 0 {
		s.memory = defaultMemory
	}
	if s.maxBuilds <= 0 {
		s.maxBuilds = defaultMaxBuilds
	}
	return s
}
