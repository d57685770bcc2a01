package mastodon

// MediaAttachment is the MediaAttachment entity. URL is null while the file is processed.
type MediaAttachment struct {
	ID               string    `json:"id"`
	Type             string    `json:"type"`
	URL              *string   `json:"url"`
	PreviewURL       *string   `json:"preview_url"`
	RemoteURL        *string   `json:"remote_url"`
	PreviewRemoteURL *string   `json:"preview_remote_url"`
	TextURL          *string   `json:"text_url"` // for old clients: null
	Meta             MediaMeta `json:"meta"`
	Description      *string   `json:"description"`
	Blurhash         *string   `json:"blurhash"`
}

// MediaMeta says how large a file and its preview are, where its middle is, and its colours.
type MediaMeta struct {
	Focus    *MediaFocus  `json:"focus,omitempty"`
	Original *MediaSize   `json:"original,omitempty"`
	Small    *MediaSize   `json:"small,omitempty"`
	Colors   *MediaColors `json:"colors,omitempty"`
}

// MediaFocus is the point that stays in sight when a picture is cropped, from -1 to 1.
type MediaFocus struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// MediaSize is how large a picture is in pixels, or how long and dense a film or a sound is.
type MediaSize struct {
	Width     int     `json:"width,omitempty"`
	Height    int     `json:"height,omitempty"`
	Size      string  `json:"size,omitempty"`   // 640x480
	Aspect    float64 `json:"aspect,omitempty"` // width / height
	FrameRate string  `json:"frame_rate,omitempty"`
	Duration  float64 `json:"duration,omitempty"` // seconds
	Bitrate   int64   `json:"bitrate,omitempty"`  // bits a second
}

// MediaColors are three colours of a cover, as #rrggbb.
type MediaColors struct {
	Background string `json:"background"`
	Foreground string `json:"foreground"`
	Accent     string `json:"accent"`
}
