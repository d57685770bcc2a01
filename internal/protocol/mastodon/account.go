// Package mastodon holds the JSON shapes of Mastodon's client API (4.7). It has
// no rules of ours: the rooms fill these in their *_api.go and present.go.
package mastodon

import (
	"encoding/json"
	"time"
)

// Account is the Account entity.
type Account struct {
	ID                string          `json:"id"`
	Username          string          `json:"username"`
	Acct              string          `json:"acct"`
	DisplayName       string          `json:"display_name"`
	Locked            bool            `json:"locked"`
	Bot               bool            `json:"bot"`
	Discoverable      *bool           `json:"discoverable"`
	Indexable         bool            `json:"indexable"`
	Group             bool            `json:"group"`
	CreatedAt         string          `json:"created_at"`
	Note              string          `json:"note"`
	URL               string          `json:"url"`
	URI               string          `json:"uri"`
	Avatar            string          `json:"avatar"`
	AvatarStatic      string          `json:"avatar_static"`
	AvatarDescription string          `json:"avatar_description"`
	Header            string          `json:"header"`
	HeaderStatic      string          `json:"header_static"`
	HeaderDescription string          `json:"header_description"`
	FollowersCount    int64           `json:"followers_count"`
	FollowingCount    int64           `json:"following_count"`
	StatusesCount     int64           `json:"statuses_count"`
	LastStatusAt      *string         `json:"last_status_at"`
	HideCollections   *bool           `json:"hide_collections"`
	ShowMedia         bool            `json:"show_media"`
	ShowMediaReplies  bool            `json:"show_media_replies"`
	ShowFeatured      bool            `json:"show_featured"`
	NoIndex           *bool           `json:"noindex,omitempty"` // local accounts only
	Emojis            []CustomEmoji   `json:"emojis"`
	Roles             *[]AccountRole  `json:"roles,omitempty"` // local accounts only
	Fields            []Field         `json:"fields"`
	FeatureApproval   FeatureApproval `json:"feature_approval"`
	Moved             *Account        `json:"moved,omitempty"`
	Memorial          bool            `json:"memorial,omitempty"`
	Suspended         bool            `json:"suspended,omitempty"`
	Limited           bool            `json:"limited,omitempty"`
}

// CredentialAccount is an Account as its own member sees it.
type CredentialAccount struct {
	Account
	Source Source `json:"source"`
	Role   Role   `json:"role"`
}

// Source is the raw text and the posting defaults of a CredentialAccount.
type Source struct {
	Privacy             string   `json:"privacy"`
	Sensitive           bool     `json:"sensitive"`
	Language            *string  `json:"language"`
	Note                string   `json:"note"`
	Fields              []Field  `json:"fields"`
	FollowRequestsCount int64    `json:"follow_requests_count"`
	HideCollections     *bool    `json:"hide_collections"`
	Discoverable        *bool    `json:"discoverable"`
	Indexable           bool     `json:"indexable"`
	AttributionDomains  []string `json:"attribution_domains"`
	QuotePolicy         string   `json:"quote_policy"`
}

// AccountRole is a highlighted role shown on a profile.
type AccountRole struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

// Role is the full role of a member; Permissions is a decimal bitmask as a string.
type Role struct {
	ID              string `json:"id"`
	Name            string `json:"name"`
	Color           string `json:"color"`
	Permissions     string `json:"permissions"`
	Highlighted     bool   `json:"highlighted"`
	CollectionLimit int    `json:"collection_limit"`
}

// Field is one name and value of a profile.
type Field struct {
	Name       string  `json:"name"`
	Value      string  `json:"value"`
	VerifiedAt *string `json:"verified_at"`
}

// FeatureApproval says who may feature an account in a collection.
type FeatureApproval struct {
	Automatic   []string `json:"automatic"`
	Manual      []string `json:"manual"`
	CurrentUser string   `json:"current_user"`
}

// CustomEmoji is the CustomEmoji entity.
type CustomEmoji struct {
	Shortcode       string `json:"shortcode"`
	URL             string `json:"url"`
	StaticURL       string `json:"static_url"`
	VisibleInPicker bool   `json:"visible_in_picker"`
	Category        string `json:"category,omitempty"` // with Featured, only in the list of those to choose from
	Featured        *bool  `json:"featured,omitempty"`
}

// Relationship is what a member and another account are to each other.
type Relationship struct {
	ID                  string   `json:"id"`
	Following           bool     `json:"following"`
	ShowingReblogs      bool     `json:"showing_reblogs"`
	Notifying           bool     `json:"notifying"`
	Languages           []string `json:"languages"`
	FollowedBy          bool     `json:"followed_by"`
	Blocking            bool     `json:"blocking"`
	BlockedBy           bool     `json:"blocked_by"`
	Muting              bool     `json:"muting"`
	MutingNotifications bool     `json:"muting_notifications"`
	MutingExpiresAt     *string  `json:"muting_expires_at"`
	Requested           bool     `json:"requested"`
	RequestedBy         bool     `json:"requested_by"`
	DomainBlocking      bool     `json:"domain_blocking"`
	Endorsed            bool     `json:"endorsed"`
	Note                string   `json:"note"`
}

// DomainBlockPreview tells what blocking a domain would end.
type DomainBlockPreview struct {
	FollowingCount int64 `json:"following_count"`
	FollowersCount int64 `json:"followers_count"`
}

// DomainBlock is a server that is limited or suspended here.
type DomainBlock struct {
	Domain   string  `json:"domain"` // starred out in part when keepers wish it
	Digest   string  `json:"digest"` // SHA-256 of the whole name
	Severity string  `json:"severity"`
	Comment  *string `json:"comment"` // null unless the reader may know why
}

// RelationshipSeveranceEvent tells a member of follows that ended together.
type RelationshipSeveranceEvent struct {
	ID             string `json:"id"`
	Type           string `json:"type"`
	Purged         bool   `json:"purged"`
	TargetName     string `json:"target_name"`
	FollowersCount int64  `json:"followers_count"`
	FollowingCount int64  `json:"following_count"`
	CreatedAt      string `json:"created_at"`
}

// Report is what somebody told keepers of an account.
type Report struct {
	ID            string          `json:"id"`
	ActionTaken   bool            `json:"action_taken"`
	ActionTakenAt *string         `json:"action_taken_at"`
	Category      string          `json:"category"`
	Comment       string          `json:"comment"`
	Forwarded     bool            `json:"forwarded"`
	CreatedAt     string          `json:"created_at"`
	StatusIDs     []string        `json:"status_ids"`
	CollectionIDs []string        `json:"collection_ids"`
	RuleIDs       []string        `json:"rule_ids"` // null unless a rule was violated
	TargetAccount json.RawMessage `json:"target_account"`
}

// AccountWarning tells a member what keepers did about their account, and why.
type AccountWarning struct {
	ID            string          `json:"id"`
	Action        string          `json:"action"`
	Text          string          `json:"text"`
	StatusIDs     *[]string       `json:"status_ids"` // null where it is about none
	TargetAccount json.RawMessage `json:"target_account"`
	Appeal        *Appeal         `json:"appeal"` // null while there is none
	CreatedAt     string          `json:"created_at"`
}

// Appeal is what a member says against a warning.
type Appeal struct {
	Text  string `json:"text"`
	State string `json:"state"` // approved, rejected or pending
}

// Time writes a time as the API does: ISO 8601 with milliseconds, UTC.
func Time(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// Midnight writes the day of t as the API writes Account.created_at.
func Midnight(t time.Time) string { return t.UTC().Format("2006-01-02") + "T00:00:00.000Z" }

// Date writes a date without a time, as Account.last_status_at.
func Date(t time.Time) string { return t.UTC().Format(time.DateOnly) }
