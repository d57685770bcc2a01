package mastodon

import "encoding/json"

// TermsOfService is one version of a server's terms.
type TermsOfService struct {
	EffectiveDate string  `json:"effective_date"` // a day
	Effective     bool    `json:"effective"`
	Content       string  `json:"content"`
	SucceededBy   *string `json:"succeeded_by"`
}

// ExtendedDescription is what a server says of itself at length.
type ExtendedDescription struct {
	UpdatedAt *string `json:"updated_at"`
	Content   string  `json:"content"`
}

// PrivacyPolicy is a server's privacy policy.
type PrivacyPolicy struct {
	UpdatedAt string `json:"updated_at"`
	Content   string `json:"content"`
}

// Announcement is what keepers tell all members.
type Announcement struct {
	ID          string            `json:"id"`
	Content     string            `json:"content"`
	StartsAt    *string           `json:"starts_at"`
	EndsAt      *string           `json:"ends_at"`
	AllDay      bool              `json:"all_day"`
	PublishedAt string            `json:"published_at"`
	UpdatedAt   string            `json:"updated_at"`
	Read        *bool             `json:"read,omitempty"`
	Mentions    []Mention         `json:"mentions"`
	Statuses    []json.RawMessage `json:"statuses"`
	Tags        []StatusTag       `json:"tags"`
	Emojis      []CustomEmoji     `json:"emojis"`
	Reactions   []Reaction        `json:"reactions"`
}

// Reaction is an emoji that people answered with.
type Reaction struct {
	Name      string `json:"name"`
	Count     int64  `json:"count"`
	Me        *bool  `json:"me,omitempty"`
	URL       string `json:"url,omitempty"` // these of a custom emoji
	StaticURL string `json:"static_url,omitempty"`
}

// OEmbed is what other sites show of a status.
type OEmbed struct {
	Type         string `json:"type"`
	Version      string `json:"version"`
	AuthorName   string `json:"author_name"`
	AuthorURL    string `json:"author_url"`
	ProviderName string `json:"provider_name"`
	ProviderURL  string `json:"provider_url"`
	CacheAge     int    `json:"cache_age"`
	HTML         string `json:"html"`
	Width        int    `json:"width"`
	Height       *int   `json:"height"`
}

// AsyncRefresh tells how far something is that the server does in the background.
type AsyncRefresh struct {
	ID          string `json:"id"`
	Status      string `json:"status"` // running or finished
	ResultCount *int64 `json:"result_count"`
}
