package mastodon

// ScheduledStatus is the ScheduledStatus entity.
type ScheduledStatus struct {
	ID               string            `json:"id"`
	ScheduledAt      string            `json:"scheduled_at"`
	Params           ScheduledParams   `json:"params"`
	MediaAttachments []MediaAttachment `json:"media_attachments"`
}

// ScheduledParams are what a status was scheduled with. The numbers are numbers, as Mastodon writes them; the last three that are fixed
// stand there for old clients.
type ScheduledParams struct {
	Text            string         `json:"text"`
	Poll            *ScheduledPoll `json:"poll"`
	MediaIDs        []string       `json:"media_ids"`
	Sensitive       *bool          `json:"sensitive"`
	SpoilerText     *string        `json:"spoiler_text"`
	Visibility      string         `json:"visibility"`
	LocalOnly       bool           `json:"local_only"`
	InReplyToID     *int64         `json:"in_reply_to_id"`
	Language        *string        `json:"language"`
	QuotedStatusID  *string        `json:"quoted_status_id"`
	QuotePolicy     string         `json:"quote_approval_policy"`
	AllowedMentions *[]string      `json:"allowed_mentions"`
	ApplicationID   int64          `json:"application_id"`
	ScheduledAt     *string        `json:"scheduled_at"`
	Idempotency     *string        `json:"idempotency"`
	WithRateLimit   bool           `json:"with_rate_limit"`
}

// ScheduledPoll is a poll that is not asked yet.
type ScheduledPoll struct {
	Options    []string `json:"options"`
	ExpiresIn  int64    `json:"expires_in"` // seconds
	Multiple   bool     `json:"multiple"`
	HideTotals bool     `json:"hide_totals"`
}
