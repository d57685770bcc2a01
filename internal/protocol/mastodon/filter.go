package mastodon

import "encoding/json"

// Filter is the Filter entity. Within a FilterResult it goes without its keywords and statuses.
type Filter struct {
	ID           string           `json:"id"`
	Title        string           `json:"title"`
	Context      []string         `json:"context"`
	ExpiresAt    *string          `json:"expires_at"`
	FilterAction string           `json:"filter_action"`
	Keywords     *[]FilterKeyword `json:"keywords,omitempty"`
	Statuses     *[]FilterStatus  `json:"statuses,omitempty"`
}

// FilterKeyword is one keyword of a filter.
type FilterKeyword struct {
	ID        string `json:"id"`
	Keyword   string `json:"keyword"`
	WholeWord bool   `json:"whole_word"`
}

// FilterStatus is one status that a filter names.
type FilterStatus struct {
	ID       string `json:"id"`
	StatusID string `json:"status_id"`
}

// FilterResult says why a status is filtered.
type FilterResult struct {
	Filter         json.RawMessage `json:"filter"`
	KeywordMatches []string        `json:"keyword_matches"` // null when no keyword matched
	StatusMatches  []string        `json:"status_matches"`  // null when the status is not named
}

// FilterV1 is the V1::Filter entity: one keyword with what it shares with the others of its filter.
type FilterV1 struct {
	ID           string   `json:"id"`
	Phrase       string   `json:"phrase"`
	Context      []string `json:"context"`
	WholeWord    bool     `json:"whole_word"`
	ExpiresAt    *string  `json:"expires_at"`
	Irreversible bool     `json:"irreversible"`
}

// Conversation is the Conversation entity.
type Conversation struct {
	ID         string            `json:"id"`
	Unread     bool              `json:"unread"`
	Accounts   []json.RawMessage `json:"accounts"`
	LastStatus json.RawMessage   `json:"last_status"`
}
