package settings

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync/atomic"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
)

// Changed is the event of a keeper changing a setting.
type Changed struct{ Name string }

// Registrations says how people become members.
type Registrations string

// The modes of registration.
const (
	Open     Registrations = "open"
	Approval Registrations = "approval"
	Closed   Registrations = "closed"
)

// Values are the keepers' settings as they stand.
type Values struct {
	Registrations Registrations
	Title         string
	Description   string
	ContactEmail  string
	MaxCharacters int

	ExtendedDescription  string   // Markdown
	PrivacyPolicy        string   // Markdown; "" is ours
	RegistrationsMessage string   // why nobody may join
	StatusPage           string   // where people look when the server is down
	ActivityAPI          bool     // whether anybody may read how lively the server is
	PeersAPI             bool     // whether anybody may read which servers it knows
	ShowDomainBlocks     Audience // who may read which servers are limited or suspended here
	ShowDomainReasons    Audience // and why
	ProfileDirectory     bool     // whether people who wish it can be found on a list

	AuthorizedFetch   bool // documents are shown only to servers that sign what they ask
	LimitedFederation bool // only servers on the list of allowed ones are spoken with, and nobody else reads here

	LibreTranslateURL string // "" is none
	LibreTranslateKey string
	DeepLKey          string // "" is none; before LibreTranslate where both are set
	DeepLPlan         string // free or pro

	Trends             bool // whether there are any
	TrendableByDefault bool // whether what no keeper looked at trends
	TrendsThreshold    int  // accounts, or boosts and favourites, below which nothing trends

	RemoteMedia       MediaMode  // what is done with the media of other servers
	MediaFetch        MediaFetch // when they are fetched
	RemoteMediaDays   int        // how long a copy stays that nobody looks at; 0: as long as there is room
	RemoteMediaBudget int        // MB that all copies may take; 0: as much as there is

	EmbedHosts string // whose players may be shown in frames, in previews of links: names, with commas between them

	// Who may read the timelines that everybody shares, by where a status is from.
	LocalLiveFeed, RemoteLiveFeed   FeedAccess // the public timelines
	LocalTopicFeed, RemoteTopicFeed FeedAccess // those of hashtags and links

	// When keepers last changed these; zero while they are as they came.
	ExtendedDescriptionAt, PrivacyPolicyAt time.Time
}

// SecureMode tells whether documents are shown to nobody but servers that sign what they ask (Mastodon's secure mode): no LD signatures
// are made then either, as by them anybody could pass on what was meant for some.
func (v Values) SecureMode() bool { return v.AuthorizedFetch || v.LimitedFederation }

// Translates tells whether keepers chose a service that translates statuses.
func (v Values) Translates() bool { return v.DeepLKey != "" || v.LibreTranslateURL != "" }

// MediaMode says what is done with the media of other servers.
type MediaMode string

// The modes.
const (
	StoreMedia  MediaMode = "store"  // a copy is kept, and fetched again where it went
	ProxyMedia  MediaMode = "proxy"  // passed on to readers; nothing is kept
	RejectMedia MediaMode = "reject" // neither asked for nor shown
)

// MediaFetch says when the media of other servers are fetched.
type MediaFetch string

// When: those of people whom members follow as soon as they arrive, or all only when somebody looks.
const (
	FetchFollowed MediaFetch = "followed"
	FetchSeen     MediaFetch = "seen"
)

// Audience says who may read something about the server.
type Audience string

// The audiences.
const (
	Nobody   Audience = "disabled"
	Members  Audience = "users"
	Everyone Audience = "all"
)

// FeedAccess says who may read a timeline that everybody shares.
type FeedAccess string

// Who may read one, in Mastodon's words.
const (
	FeedForAll     FeedAccess = "public"
	FeedForMembers FeedAccess = "authenticated"
	FeedForKeepers FeedAccess = "disabled" // those whose role lets them look at feeds
)

// Service keeps the keepers' settings, in the database and in memory.
type Service struct {
	db   *db.DB
	site Site
	now  atomic.Pointer[Values]
}

// New opens the room; Load must be called before Now.
func New(d *db.DB, site Site) *Service {
	s := &Service{db: d, site: site}
	s.now.Store(s.defaults())
	return s
}

// Site tells where this server stands.
func (s *Service) Site() Site { return s.site }

// Now gives the settings as they stand, from memory.
func (s *Service) Now() Values { return *s.now.Load() }

func (s *Service) defaults() *Values {
	return &Values{
		Registrations: Open, Title: s.site.Domain, MaxCharacters: DefaultMaxCharacters,
		Description: "A place on the social web, run with Anancus.", ActivityAPI: true, PeersAPI: true, ShowDomainBlocks: Nobody, ShowDomainReasons: Nobody, DeepLPlan: "free",
		ProfileDirectory: true,
		EmbedHosts:       embedHosts,
		RemoteMedia:      StoreMedia, MediaFetch: FetchFollowed,
		Trends: true, TrendsThreshold: DefaultTrendsThreshold,
		LocalLiveFeed: FeedForAll, RemoteLiveFeed: FeedForAll, LocalTopicFeed: FeedForAll, RemoteTopicFeed: FeedForAll,
	}
}

// embedHosts are well-known players that bring a frame and nothing else.
const embedHosts = "bandcamp.com, embed.ted.com, geo.dailymotion.com, open.spotify.com, player.vimeo.com, w.soundcloud.com, www.dailymotion.com, www.youtube-nocookie.com, www.youtube.com"

// FrameHosts are the hosts whose pages may be shown in frames.
func (v Values) FrameHosts() []string {
	return strings.FieldsFunc(v.EmbedHosts, func(r rune) bool { return r == ',' || r == ' ' })
}

// Load reads the settings from the database.
func (s *Service) Load(ctx context.Context) error {
	rows, err := allSettings(ctx, s.db)
	if err != nil {
		return fmt.Errorf("load settings: %w", err)
	}
	v := s.defaults()
	for _, row := range rows {
		if one, known := names[row.name]; known {
			if err := one.read(v, row.value); err != nil {
				return fmt.Errorf("setting %s in the database: %w", row.name, err)
			}
			switch at := time.UnixMilli(row.at).UTC(); row.name {
			case "extended-description":
				v.ExtendedDescriptionAt = at
			case "privacy-policy":
				v.PrivacyPolicyAt = at
			}
		}
	}
	s.now.Store(v)
	return nil
}

// Set changes one setting, by the name keepers use. Unknown names and bad values are Invalid.
func (s *Service) Set(ctx context.Context, name, value string) error {
	one, known := names[name]
	if !known {
		return fault.New(fault.Invalid, fmt.Sprintf("There is no setting %q. Known settings: %s", name, strings.Join(Names(), ", ")))
	}
	probe := s.Now()
	if err := one.read(&probe, value); err != nil {
		return err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if err := put(ctx, tx, name, value); err != nil {
			return err
		}
		return tx.Emit(Changed{name})
	})
	if err != nil {
		return fmt.Errorf("change setting %s: %w", name, err)
	}
	return s.Load(ctx)
}

// Get gives one setting as text.
func (s *Service) Get(name string) (string, error) {
	one, known := names[name]
	if !known {
		return "", fault.New(fault.Invalid, fmt.Sprintf("There is no setting %q. Known settings: %s", name, strings.Join(Names(), ", ")))
	}
	v := s.Now()
	return one.show(v), nil
}

// Names lists the settings keepers can change.
func Names() []string {
	list := make([]string, 0, len(names))
	for name := range names {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
