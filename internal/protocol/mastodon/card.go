package mastodon

import "encoding/json"

// PreviewCard is what the page at an address says about itself.
type PreviewCard struct {
	URL              string              `json:"url"`
	Title            string              `json:"title"`
	Description      string              `json:"description"`
	Language         *string             `json:"language"`
	Type             string              `json:"type"`
	AuthorName       string              `json:"author_name"`
	AuthorURL        string              `json:"author_url"`
	ProviderName     string              `json:"provider_name"`
	ProviderURL      string              `json:"provider_url"`
	HTML             string              `json:"html"`
	Width            int                 `json:"width"`
	Height           int                 `json:"height"`
	Image            *string             `json:"image"`
	ImageDescription string              `json:"image_description"`
	EmbedURL         string              `json:"embed_url"`
	Blurhash         *string             `json:"blurhash"`
	PublishedAt      *string             `json:"published_at"`
	Authors          []PreviewCardAuthor `json:"authors"`
	// MissingAttribution tells the author whom a page names that its site is none of theirs; only members are told anything.
	MissingAttribution *bool `json:"missing_attribution,omitempty"`
}

// PreviewCardAuthor is who wrote a page.
type PreviewCardAuthor struct {
	Name    string          `json:"name"`
	URL     string          `json:"url"`
	Account json.RawMessage `json:"account"` // null: none that is known, or that the page may speak for
}
