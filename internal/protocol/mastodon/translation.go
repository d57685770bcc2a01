package mastodon

// Translation is the Translation entity.
type Translation struct {
	Content          string                 `json:"content"`
	SpoilerText      string                 `json:"spoiler_text"`
	Language         string                 `json:"language"`
	Poll             *TranslatedPoll        `json:"poll"`
	MediaAttachments []TranslatedAttachment `json:"media_attachments"`
	Detected         string                 `json:"detected_source_language"`
	Provider         string                 `json:"provider"`
}

// TranslatedPoll is the poll of a translated status.
type TranslatedPoll struct {
	ID      string             `json:"id"`
	Options []TranslatedOption `json:"options"`
}

// TranslatedOption is one of its options.
type TranslatedOption struct {
	Title string `json:"title"`
}

// TranslatedAttachment is what a translated status says about one of its media.
type TranslatedAttachment struct {
	ID          string `json:"id"`
	Description string `json:"description"`
}
