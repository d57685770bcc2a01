package mastodon

// TrendsLink is the Trends::Link entity: a PreviewCard with the history of its address.
type TrendsLink struct {
	PreviewCard
	History []TagHistory `json:"history"`
}
