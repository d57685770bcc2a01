package mastodon

import "encoding/json"

// Notification is the Notification entity.
type Notification struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	GroupKey  string          `json:"group_key"`
	CreatedAt string          `json:"created_at"`
	Account   json.RawMessage `json:"account"`
	Status    json.RawMessage `json:"status,omitempty"`
	Filtered  bool            `json:"filtered,omitempty"`
	Attached
}

// Attached is what notifications and groups of them carry by their type.
type Attached struct {
	Report     *Report                     `json:"report,omitempty"`
	Event      *RelationshipSeveranceEvent `json:"event,omitempty"`
	Warning    *AccountWarning             `json:"moderation_warning,omitempty"`
	Collection *Collection                 `json:"collection,omitempty"`
	Fallback   *NotificationFallback       `json:"fallback,omitempty"`
}

// NotificationFallback is what an app shows of a type that it does not know.
type NotificationFallback struct {
	Title       string  `json:"title"`
	Summary     string  `json:"summary"`
	Description *string `json:"description"`
}

// GroupedNotifications is the answer of the grouped lists.
type GroupedNotifications struct {
	Accounts        []json.RawMessage           `json:"accounts"`
	PartialAccounts *[]PartialAccountWithAvatar `json:"partial_accounts,omitempty"`
	Statuses        []json.RawMessage           `json:"statuses"`
	Groups          []NotificationGroup         `json:"notification_groups"`
}

// NotificationGroup is one row of a grouped list. The page keys are only in lists.
type NotificationGroup struct {
	GroupKey         string   `json:"group_key"`
	Count            int64    `json:"notifications_count"`
	Type             string   `json:"type"`
	MostRecentID     int64    `json:"most_recent_notification_id"`
	PageMinID        string   `json:"page_min_id,omitempty"`
	PageMaxID        string   `json:"page_max_id,omitempty"`
	LatestAt         string   `json:"latest_page_notification_at,omitempty"`
	SampleAccountIDs []string `json:"sample_account_ids"`
	StatusID         string   `json:"status_id,omitempty"`
	Attached
}

// PartialAccountWithAvatar is an account of which only the face is shown.
type PartialAccountWithAvatar struct {
	ID                string `json:"id"`
	Acct              string `json:"acct"`
	Locked            bool   `json:"locked"`
	Bot               bool   `json:"bot"`
	URL               string `json:"url"`
	Avatar            string `json:"avatar"`
	AvatarStatic      string `json:"avatar_static"`
	AvatarDescription string `json:"avatar_description"`
}

// PolicySummary counts what a policy holds back.
type PolicySummary struct {
	Requests      int64 `json:"pending_requests_count"`
	Notifications int64 `json:"pending_notifications_count"`
}

// NotificationPolicy is the NotificationPolicy entity.
type NotificationPolicy struct {
	NotFollowing    string        `json:"for_not_following"`
	NotFollowers    string        `json:"for_not_followers"`
	NewAccounts     string        `json:"for_new_accounts"`
	PrivateMentions string        `json:"for_private_mentions"`
	LimitedAccounts string        `json:"for_limited_accounts"`
	Bots            string        `json:"for_bots"`
	Summary         PolicySummary `json:"summary"`
}

// NotificationPolicy1 is the deprecated form, which only knows whether something is filtered.
type NotificationPolicy1 struct {
	NotFollowing    bool          `json:"filter_not_following"`
	NotFollowers    bool          `json:"filter_not_followers"`
	NewAccounts     bool          `json:"filter_new_accounts"`
	PrivateMentions bool          `json:"filter_private_mentions"`
	Bots            bool          `json:"filter_bots"`
	Summary         PolicySummary `json:"summary"`
}

// NotificationRequest is the NotificationRequest entity. Its count is a string.
type NotificationRequest struct {
	ID         string          `json:"id"`
	CreatedAt  string          `json:"created_at"`
	UpdatedAt  string          `json:"updated_at"`
	Count      string          `json:"notifications_count"`
	Account    json.RawMessage `json:"account"`
	LastStatus json.RawMessage `json:"last_status,omitempty"`
}

// Marker is the Marker entity.
type Marker struct {
	LastReadID string `json:"last_read_id"`
	Version    int64  `json:"version"`
	UpdatedAt  string `json:"updated_at"`
}

// Count is an answer that only counts.
type Count struct {
	Count int64 `json:"count"`
}

// WebPushSubscription is the WebPushSubscription entity. Its id is a number.
type WebPushSubscription struct {
	ID        int64           `json:"id"`
	Endpoint  string          `json:"endpoint"`
	Standard  bool            `json:"standard"`
	Alerts    map[string]bool `json:"alerts"`
	ServerKey string          `json:"server_key"`
	Policy    string          `json:"policy"`
}
