package mastodon

// Collection is a group of accounts that somebody recommends.
type Collection struct {
	ID           string           `json:"id"`
	AccountID    string           `json:"account_id"`
	URI          string           `json:"uri"`
	URL          *string          `json:"url"`
	Name         string           `json:"name"`
	Description  string           `json:"description"`
	Language     *string          `json:"language"`
	Local        bool             `json:"local"`
	Sensitive    bool             `json:"sensitive"`
	Discoverable bool             `json:"discoverable"`
	Tag          *StatusTag       `json:"tag"`
	CreatedAt    string           `json:"created_at"`
	UpdatedAt    string           `json:"updated_at"`
	ItemCount    int              `json:"item_count"`
	Items        []CollectionItem `json:"items"`
}

// CollectionItem is one account of a collection.
type CollectionItem struct {
	ID        string  `json:"id"`
	AccountID *string `json:"account_id,omitempty"`
	State     string  `json:"state"`
	CreatedAt string  `json:"created_at"`
}
