package activitypub

// Note is a status of ours as other servers read it: a Note, or a Question when
// it has a poll, in Mastodon's order. Times are Timestamp texts.
type Note struct {
	Context            Context            `json:"@context,omitempty"`
	ID                 string             `json:"id"`
	Type               string             `json:"type"`
	Summary            *string            `json:"summary"` // the content warning, or null
	InReplyTo          *string            `json:"inReplyTo"`
	Published          string             `json:"published"`
	URL                string             `json:"url"`
	AttributedTo       string             `json:"attributedTo"`
	To                 []string           `json:"to"`
	Cc                 []string           `json:"cc"`
	Sensitive          bool               `json:"sensitive"`
	AtomURI            string             `json:"atomUri,omitempty"`
	InReplyToAtomURI   *string            `json:"inReplyToAtomUri"`
	Conversation       string             `json:"conversation,omitempty"`
	ConversationPage   string             `json:"context,omitempty"` // the thread as a collection
	Content            string             `json:"content"`
	ContentMap         map[string]string  `json:"contentMap,omitempty"`
	Updated            string             `json:"updated,omitempty"`
	DirectMessage      *bool              `json:"directMessage,omitempty"` // true for direct, false for limited, else left out
	Attachment         []Document         `json:"attachment"`
	Tag                []Tag              `json:"tag"`
	Replies            *Collection        `json:"replies,omitempty"`
	Likes              *Collection        `json:"likes,omitempty"`
	Shares             *Collection        `json:"shares,omitempty"`
	OneOf              []Option           `json:"oneOf,omitempty"`
	AnyOf              []Option           `json:"anyOf,omitempty"`
	EndTime            string             `json:"endTime,omitempty"`
	Closed             string             `json:"closed,omitempty"`
	VotersCount        *int64             `json:"votersCount,omitempty"`
	Quote              string             `json:"quote,omitempty"`
	MisskeyQuote       string             `json:"_misskey_quote,omitempty"`
	QuoteURI           string             `json:"quoteUri,omitempty"`
	QuoteAuthorization string             `json:"quoteAuthorization,omitempty"`
	InteractionPolicy  *InteractionPolicy `json:"interactionPolicy,omitempty"`
}

// MarshalJSON gives empty lists where Mastodon has them.
func (n Note) MarshalJSON() ([]byte, error) {
	type plain Note
	n.To, n.Cc = orEmpty(n.To), orEmpty(n.Cc)
	n.Attachment, n.Tag = orEmpty(n.Attachment), orEmpty(n.Tag)
	return Encode(plain(n))
}

// Document is a file of a status, or with type Link and Href the link whose
// preview is shown.
type Document struct {
	Type       string
	MediaType  string
	URL        string
	Name       string // the description; "" is written as null
	Blurhash   string
	FocalPoint []float64
	Width      int
	Height     int
	Duration   string // ISO 8601: PT2.5S
	Icon       *Image
	Href       string
}

// MarshalJSON writes a file or a link; they share no keys but the type.
func (d Document) MarshalJSON() ([]byte, error) {
	if d.Href != "" {
		return Encode(struct {
			Type string `json:"type"`
			Href string `json:"href"`
		}{"Link", d.Href})
	}
	return Encode(struct {
		Type       string    `json:"type"`
		MediaType  string    `json:"mediaType"`
		URL        string    `json:"url"`
		Name       *string   `json:"name"`
		Blurhash   *string   `json:"blurhash"`
		FocalPoint []float64 `json:"focalPoint,omitempty"`
		Width      int       `json:"width,omitempty"`
		Height     int       `json:"height,omitempty"`
		Duration   string    `json:"duration,omitempty"`
		Icon       *Image    `json:"icon,omitempty"`
	}{"Document", d.MediaType, d.URL, OrNull(d.Name), OrNull(d.Blurhash), d.FocalPoint, d.Width, d.Height, d.Duration, d.Icon})
}

// OrNull is a text that is written as null when there is none.
func OrNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Option is a choice of a poll with its votes.
type Option struct {
	Type    string `json:"type"`
	Name    string `json:"name"`
	Replies Tally  `json:"replies"`
}

// Tally counts the votes for an option.
type Tally struct {
	Type       string `json:"type"`
	TotalItems *int64 `json:"totalItems"` // null while it is not told
}

// NewOption makes a choice of a poll.
func NewOption(name string, votes int64) Option {
	return Option{"Note", name, Tally{"Collection", &votes}}
}

// Vote is an answer to a poll, as it is sent to the poll's author.
type Vote struct {
	ID           string `json:"id"`
	Type         string `json:"type"`
	Name         string `json:"name"`
	AttributedTo string `json:"attributedTo"`
	InReplyTo    string `json:"inReplyTo"`
	To           string `json:"to"`
}

// NewVote makes an answer to a poll.
func NewVote(id, option, voter, poll, author string) Vote {
	return Vote{id, "Note", option, voter, poll, author}
}

// NewCreateVote brings a vote to the author of the poll, and to nobody else.
func NewCreateVote(id string, vote Vote) Activity {
	return Activity{Context: ContextPlain, ID: id, Type: "Create", Actor: vote.AttributedTo, To: []string{vote.To}, Object: vote}
}

// Tombstone stands where a status was deleted.
type Tombstone struct {
	ID      string `json:"id"`
	Type    string `json:"type"`
	AtomURI string `json:"atomUri,omitempty"`
}

// NewTombstone marks a deleted status.
func NewTombstone(id string) Tombstone { return Tombstone{id, "Tombstone", id} }
