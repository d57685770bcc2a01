package mastodon

// Profile is what a member can edit of their account, as it was typed; pictures that were never set are null.
type Profile struct {
	ID                 string        `json:"id"`
	DisplayName        string        `json:"display_name"`
	Note               string        `json:"note"`
	FormattedNote      string        `json:"formatted_note"`
	Fields             []Field       `json:"fields"`
	FormattedFields    []Field       `json:"formatted_fields"`
	Avatar             *string       `json:"avatar"`
	AvatarStatic       *string       `json:"avatar_static"`
	AvatarDescription  string        `json:"avatar_description"`
	Header             *string       `json:"header"`
	HeaderStatic       *string       `json:"header_static"`
	HeaderDescription  string        `json:"header_description"`
	Locked             bool          `json:"locked"`
	Bot                bool          `json:"bot"`
	HideCollections    bool          `json:"hide_collections"`
	Discoverable       *bool         `json:"discoverable"`
	Indexable          bool          `json:"indexable"`
	ShowMedia          bool          `json:"show_media"`
	ShowMediaReplies   bool          `json:"show_media_replies"`
	ShowFeatured       bool          `json:"show_featured"`
	AttributionDomains []string      `json:"attribution_domains"`
	FeaturedTags       []FeaturedTag `json:"featured_tags"`
}

// Preferences are a member's own for writing and reading.
type Preferences struct {
	Visibility     string  `json:"posting:default:visibility"`
	Sensitive      bool    `json:"posting:default:sensitive"`
	Language       *string `json:"posting:default:language"`
	QuotePolicy    string  `json:"posting:default:quote_policy"`
	ExpandMedia    string  `json:"reading:expand:media"`
	ExpandWarnings bool    `json:"reading:expand:spoilers"`
	AutoplayGIFs   bool    `json:"reading:autoplay:gifs"`
}

// Suggestion is an account that a member might follow, and why.
type Suggestion struct {
	Source  *string  `json:"source"`
	Sources []string `json:"sources"`
	Account any      `json:"account"`
}
