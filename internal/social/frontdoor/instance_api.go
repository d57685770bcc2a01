// Package frontdoor is the server's public face: what it is, what it allows, how to find it.
package frontdoor

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
	"anancus/internal/social/viewer"
)

// Service is the room of the front door.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	settings *settings.Service
	accounts *accounts.Service
	version  string
	pushKey  string

	mediaTypes []string
	emoji      *emoji.Service // nil: none are known
	domains    *domains.Service
	visitors   visitors

	mu      sync.Mutex
	numbers numbers
	counted time.Time
}

// New opens the room. version is the program's own.
func New(d *db.DB, c clock.Clock, set *settings.Service, people *accounts.Service, version string) *Service {
	return &Service{db: d, clock: c, site: set.Site(), settings: set, accounts: people, version: version}
}

// ShowMediaTypes lets the instance documents tell which files this server takes.
func (s *Service) ShowMediaTypes(types []string) { s.mediaTypes = types }

// ShowEmoji lets announcements and reactions to them have custom emoji.
func (s *Service) ShowEmoji(list *emoji.Service) { s.emoji = list }

// ShowPushKey lets the instance document tell by what push services know this server.
func (s *Service) ShowPushKey(public string) { s.pushKey = public }

// mastodonVersion is the API that we speak; clients compare it with what they need.
const mastodonVersion = "4.7.0"

// apiVersion is Mastodon's number for the API of that version: by it clients decide what to ask for. Uploads and streams are
// older than any such number: it promises neither.
const apiVersion = 11

// sourceURL is where the program's source is.
const sourceURL = "https://github.com/anancus/anancus"

// numbers are what the server counts about itself.
type numbers struct{ members, activeMonth, activeHalf, statuses, domains int64 }

// countAgain is how old the numbers of the front door may be.
const countAgain = 5 * time.Minute

func (s *Service) count(c *viewer.Call) (numbers, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.Now()
	if !s.counted.IsZero() && now.Sub(s.counted) < countAgain {
		return s.numbers, nil
	}
	var n numbers
	_, err := db.One(c.Context(), s.db, func(r db.Row) (struct{}, error) {
		return struct{}{}, r.Scan(&n.members, &n.activeMonth, &n.activeHalf, &n.statuses, &n.domains)
	}, `SELECT
		(SELECT COUNT(*) FROM members WHERE approved_at IS NOT NULL AND confirmed_at IS NOT NULL),
		(SELECT COUNT(*) FROM members WHERE last_active_at > $1),
		(SELECT COUNT(*) FROM members WHERE last_active_at > $2),
		(SELECT COALESCE(SUM(c.statuses), 0) FROM account_counts c JOIN members m ON m.account_id = c.account_id),
		(SELECT COUNT(*) FROM peer_names WHERE name = domain)`,
		clock.Milli(now.AddDate(0, 0, -30)), clock.Milli(now.AddDate(0, 0, -180)))
	if err != nil {
		return n, fmt.Errorf("count the server: %w", err)
	}
	s.numbers, s.counted = n, now
	return n, nil
}

func (s *Service) configuration() map[string]any {
	return map[string]any{
		"accounts": map[string]any{
			"max_featured_tags": tags.MaxFeatured, "max_pinned_statuses": statuses.MaxPins, "max_display_name_length": accounts.MaxDisplayName,
			"max_note_length": accounts.MaxNote, "max_avatar_description_length": accounts.MaxPictureDescription, "max_header_description_length": accounts.MaxPictureDescription,
			"max_profile_fields": accounts.MaxFields, "profile_field_name_limit": accounts.MaxField, "profile_field_value_limit": accounts.MaxField,
		},
		"statuses": map[string]any{
			"max_characters": s.settings.Now().MaxCharacters, "max_media_attachments": media.MaxAttachments, "characters_reserved_per_url": text.LinkLength,
		},
		"media_attachments": map[string]any{
			"supported_mime_types": s.mediaTypes, "description_limit": media.MaxDescription, "image_size_limit": media.MaxImageBytes, "image_matrix_limit": media.MaxImagePixels,
			"video_size_limit": media.MaxFilmBytes, "video_frame_rate_limit": media.MaxFrameRate, "video_matrix_limit": media.MaxFilmPixels,
		},
		"polls": map[string]any{
			"max_options": statuses.MaxPollOptions, "max_characters_per_option": statuses.MaxPollOption,
			"min_expiration": int64(statuses.MinPollExpiration / time.Second), "max_expiration": int64(statuses.MaxPollExpiration / time.Second),
		},
	}
}

// StreamingURL is where streams are, as a WebSocket's address without a path.
func (s *Service) StreamingURL() string {
	scheme := "wss"
	if !s.site.Secure() {
		scheme = "ws"
	}
	return scheme + "://" + s.site.WebDomain
}

func (s *Service) fullVersion() string {
	return mastodonVersion + " (compatible; Anancus " + s.version + ")"
}

// contact gives the first owner as the account to write to; nil while there is none.
func (s *Service) contact(c *viewer.Call) (json.RawMessage, error) {
	owners, err := db.All(c.Context(), s.db, db.Value[id.Account], `SELECT account_id FROM members WHERE role = $1 ORDER BY account_id LIMIT 1`, accounts.RoleOwner)
	if err != nil || len(owners) == 0 {
		return json.RawMessage("null"), err
	}
	rows, err := s.accounts.Rows(c.Context(), owners)
	if err != nil || len(rows) == 0 {
		return json.RawMessage("null"), err
	}
	return rows[0], nil
}

// orNil is null in JSON where there is nothing.
func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

const cacheInstance = "max-age=300, public, stale-while-revalidate=30, stale-if-error=86400"

// Instance2 serves GET /api/v2/instance.
func (s *Service) Instance2(c *viewer.Call) (any, error) {
	n, err := s.count(c)
	if err != nil {
		return nil, err
	}
	contact, err := s.contact(c)
	if err != nil {
		return nil, err
	}
	list, err := s.Rules(c.Context())
	if err != nil {
		return nil, err
	}
	terms, err := s.AllTerms(c.Context())
	if err != nil {
		return nil, err
	}
	v := s.settings.Now()
	conf := s.configuration()
	conf["urls"] = map[string]any{"streaming": s.StreamingURL(), "status": orNil(v.StatusPage), "about": s.site.URL("/about"),
		"privacy_policy": s.site.URL("/privacy-policy"), "terms_of_service": nil}
	if len(terms) > 0 {
		conf["urls"].(map[string]any)["terms_of_service"] = s.site.URL("/terms-of-service")
	}
	conf["vapid"] = map[string]any{"public_key": s.pushKey}
	conf["translation"] = map[string]any{"enabled": v.Translates()}
	conf["timelines_access"] = map[string]any{
		"live_feeds":          map[string]any{"local": v.LocalLiveFeed, "remote": v.RemoteLiveFeed},
		"hashtag_feeds":       map[string]any{"local": v.LocalTopicFeed, "remote": v.RemoteTopicFeed},
		"trending_link_feeds": map[string]any{"local": v.LocalTopicFeed, "remote": v.RemoteTopicFeed},
	}
	conf["limited_federation"] = false
	message := any(nil)
	if v.Registrations == settings.Closed && v.RegistrationsMessage != "" {
		message = markdown(v.RegistrationsMessage)
	}
	return rest.Tagged{Cache: cacheInstance, Body: map[string]any{
		"domain": s.site.Domain, "title": v.Title, "version": s.fullVersion(), "source_url": sourceURL, "description": v.Description,
		"usage":     map[string]any{"users": map[string]any{"active_month": n.activeMonth}},
		"thumbnail": map[string]any{"url": s.site.URL("/logo.svg"), "description": ""},
		"icon":      []any{}, "languages": []string{"en"}, "wrapstodon": nil, "configuration": conf,
		"registrations": map[string]any{
			"enabled": v.Registrations != settings.Closed, "approval_required": v.Registrations == settings.Approval,
			"reason_required": v.Registrations == settings.Approval, "message": message, "min_age": nil, "url": nil,
		},
		"api_versions": map[string]any{"mastodon": apiVersion, "anancus": 1},
		"contact":      map[string]any{"email": v.ContactEmail, "account": contact},
		"rules":        list,
	}}, nil
}

// Instance1 serves GET /api/v1/instance.
func (s *Service) Instance1(c *viewer.Call) (any, error) {
	n, err := s.count(c)
	if err != nil {
		return nil, err
	}
	contact, err := s.contact(c)
	if err != nil {
		return nil, err
	}
	list, err := s.Rules(c.Context())
	if err != nil {
		return nil, err
	}
	v := s.settings.Now()
	return rest.Tagged{Cache: cacheInstance, Body: map[string]any{
		"uri": s.site.Domain, "title": v.Title, "short_description": v.Description, "description": v.Description, "email": v.ContactEmail,
		"version": s.fullVersion(), "urls": map[string]any{"streaming_api": s.StreamingURL()},
		"stats":     map[string]any{"user_count": n.members, "status_count": n.statuses, "domain_count": n.domains},
		"thumbnail": s.site.URL("/logo.svg"), "languages": []string{"en"}, "registrations": v.Registrations != settings.Closed,
		"approval_required": v.Registrations == settings.Approval, "invites_enabled": false, "configuration": s.configuration(),
		"contact_account": contact, "rules": list,
	}}, nil
}

// HostMeta serves GET /.well-known/host-meta, as XML or, by Accept or .json, as JSON.
func (s *Service) HostMeta(c *viewer.Call) (any, error) {
	c.SetHeader("Cache-Control", "max-age=259200, public")
	body, err := activitypub.HostMetaXML(s.site.Base())
	if err != nil {
		return nil, err
	}
	return rest.Bytes{Type: activitypub.ContentTypeXRD, Body: body}, nil
}

// HostMetaJSON serves GET /.well-known/host-meta.json.
func (s *Service) HostMetaJSON(c *viewer.Call) (any, error) {
	c.SetHeader("Cache-Control", "max-age=259200, public")
	body, err := activitypub.Encode(activitypub.HostMeta(s.site.Base()))
	if err != nil {
		return nil, err
	}
	return rest.Bytes{Type: activitypub.ContentTypeJRD, Body: body}, nil
}

// NodeInfoLinks serves GET /.well-known/nodeinfo.
func (s *Service) NodeInfoLinks(c *viewer.Call) (any, error) {
	c.SetHeader("Cache-Control", "max-age=259200, public")
	return activitypub.NodeInfoLinks(s.site.Base()), nil
}

// NodeInfo serves GET /nodeinfo/2.0.
func (s *Service) NodeInfo(c *viewer.Call) (any, error) {
	n, err := s.count(c)
	if err != nil {
		return nil, err
	}
	v := s.settings.Now()
	c.SetHeader("Cache-Control", "max-age=1800, public")
	return activitypub.NewNodeInfo(activitypub.NodeInfoSoftware{Name: "anancus", Version: s.version},
		activitypub.NodeInfoUsage{Users: activitypub.NodeInfoUsers{Total: n.members, ActiveMonth: n.activeMonth, ActiveHalfyear: n.activeHalf}, LocalPosts: n.statuses},
		v.Registrations != settings.Closed, activitypub.NodeInfoMetadata{NodeName: v.Title, NodeDescription: v.Description}), nil
}
