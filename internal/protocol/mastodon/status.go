package mastodon

import "encoding/json"

// Status is the Status entity. The pointers among the last are keys that only
// a signed-in viewer is given.
type Status struct {
	ID                 string            `json:"id"`
	CreatedAt          string            `json:"created_at"`
	InReplyToID        *string           `json:"in_reply_to_id"`
	InReplyToAccountID *string           `json:"in_reply_to_account_id"`
	Sensitive          bool              `json:"sensitive"`
	SpoilerText        string            `json:"spoiler_text"`
	Visibility         string            `json:"visibility"`
	LocalOnly          bool              `json:"local_only,omitempty"` // ours
	Language           *string           `json:"language"`
	URI                string            `json:"uri"`
	URL                *string           `json:"url"`
	RepliesCount       int64             `json:"replies_count"`
	ReblogsCount       int64             `json:"reblogs_count"`
	FavouritesCount    int64             `json:"favourites_count"`
	QuotesCount        int64             `json:"quotes_count"`
	EditedAt           *string           `json:"edited_at"`
	Content            *string           `json:"content,omitempty"`
	Text               *string           `json:"text,omitempty"` // instead of content, for delete and redraft
	Reblog             json.RawMessage   `json:"reblog"`
	Application        *Application      `json:"application,omitempty"`
	Account            json.RawMessage   `json:"account"`
	MediaAttachments   []MediaAttachment `json:"media_attachments"`
	Mentions           []Mention         `json:"mentions"`
	Tags               []StatusTag       `json:"tags"`
	Emojis             []CustomEmoji     `json:"emojis"`
	Card               *PreviewCard      `json:"card"`
	Poll               any               `json:"poll"`
	Quote              any               `json:"quote"`
	QuoteApproval      QuoteApproval     `json:"quote_approval"`
	TaggedCollections  []any             `json:"tagged_collections"`
	StatusFlags
}

// StatusFlags are the keys of a Status that depend on the viewer.
type StatusFlags struct {
	Favourited *bool  `json:"favourited,omitempty"`
	Reblogged  *bool  `json:"reblogged,omitempty"`
	Muted      *bool  `json:"muted,omitempty"`
	Bookmarked *bool  `json:"bookmarked,omitempty"`
	Pinned     *bool  `json:"pinned,omitempty"`
	Filtered   *[]any `json:"filtered,omitempty"`
}

// Application is the app a status was written with.
type Application struct {
	Name    string  `json:"name"`
	Website *string `json:"website"`
}

// Mention is one account mentioned in a status.
type Mention struct {
	ID       string `json:"id"`
	Username string `json:"username"`
	URL      string `json:"url"`
	Acct     string `json:"acct"`
}

// StatusTag is one hashtag of a status.
type StatusTag struct {
	Name string `json:"name"`
	URL  string `json:"url"`
}

// QuoteApproval says who may quote a status, and whether the viewer may.
type QuoteApproval struct {
	Automatic   []string `json:"automatic"`
	Manual      []string `json:"manual"`
	CurrentUser string   `json:"current_user"`
}

// Context is the thread around a status.
type Context struct {
	Ancestors   []json.RawMessage `json:"ancestors"`
	Descendants []json.RawMessage `json:"descendants"`
}

// Tag is the Tag entity. The numbers of its history are strings.
type Tag struct {
	ID        string       `json:"id"`
	Name      string       `json:"name"`
	URL       string       `json:"url"`
	History   []TagHistory `json:"history"`
	Following *bool        `json:"following,omitempty"`
	Featuring *bool        `json:"featuring,omitempty"`
}

// TagHistory is one day of a tag's use.
type TagHistory struct {
	Day      string `json:"day"`
	Accounts string `json:"accounts"`
	Uses     string `json:"uses"`
}

// Search is the answer of a search.
type Search struct {
	Accounts    []json.RawMessage `json:"accounts"`
	Statuses    []json.RawMessage `json:"statuses"`
	Hashtags    []Tag             `json:"hashtags"`
	Collections []any             `json:"collections"`
}
