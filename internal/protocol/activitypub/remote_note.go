package activitypub

import (
	"html"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// The limits on a status of another server.
const (
	MaxAttachments    = 4 // as Mastodon
	maxPollOptions    = 500
	maxPollOption     = 1000
	maxContentWarning = 10_000
	maxAddresses      = 5_000 // of to and of cc
	maxCount          = 100_000_000
	maxInlineReplies  = 5
)

var (
	noteTypes      = []string{"Note", "Question"}
	convertedTypes = []string{"Article", "Page", "Event", "Video", "Audio", "Image"}
)

// IsNoteType tells whether a type becomes a status: Note, Question, and those
// that are shown as a link.
func IsNoteType(t string) bool {
	return slices.Contains(noteTypes, t) || slices.Contains(convertedTypes, t)
}

// Visibility is who a status is addressed to.
type Visibility string

// The visibilities, by Mastodon's names on the wire.
const (
	VisibilityPublic   Visibility = "public"
	VisibilityUnlisted Visibility = "unlisted"
	VisibilityPrivate  Visibility = "private"
	VisibilityDirect   Visibility = "direct"
)

// RemoteNote is what another server says about a status, checked and cut to
// size. Content is HTML that was not sanitised yet; the other texts are plain.
type RemoteNote struct {
	ID           string
	Type         string
	URL          string // its page; the id if it names none
	AttributedTo string // on the same host as the id
	Name         string // of votes and converted types
	Content      string
	Language     string // "" if not said
	Summary      string // the content warning
	Sensitive    bool
	Published    time.Time // zero: not said
	Updated      time.Time // zero: never edited

	To, Cc        []string
	DirectMessage *bool // nil: not said
	InReplyTo     string
	Conversation  string
	Context       string

	Mentions    []RemoteMention
	Hashtags    []string // without #
	Collections []string // the ids of those of recommended accounts that it leads to
	Emojis      []RemoteEmoji
	Attachments []RemoteAttachment
	PreviewLink string // the link whose preview the author's server shows
	Poll        *RemotePoll

	Quote              string // the quoted status
	QuoteLegacy        bool   // quoted by an older key than quote
	QuoteAuthorization string
	CanQuote           Policy

	Likes, Shares *int64 // as the origin tells; not to be trusted
	Replies       string // a collection
	RepliesFirst  []string
}

// RemoteAttachment is a file of a status.
type RemoteAttachment struct {
	Type          string
	MediaType     string
	URL           string
	Alt           string
	Blurhash      string
	FocalPoint    []float64 // x and y from -1 to 1, or nil
	Width, Height int
	Thumbnail     string
}

// RemotePoll is the poll of a Question.
type RemotePoll struct {
	Multiple bool
	Options  []RemoteOption
	EndTime  time.Time // zero: open for ever
	Closed   bool      // whatever EndTime says
	Voters   int64     // -1: not said
}

// RemoteOption is one choice of a poll.
type RemoteOption struct {
	Name  string
	Votes int64
}

// ParseNote reads a status document. Without a usable id, type or author on the
// same host it is an Invalid fault; other things that are wrong are left out.
func ParseNote(o Object) (*RemoteNote, error) {
	n := &RemoteNote{ID: o.ID(), AttributedTo: o.Link("attributedTo")}
	for _, t := range o.Types() {
		if IsNoteType(t) && n.Type == "" {
			n.Type = t
		}
	}
	switch {
	case n.Type == "":
		return nil, fault.New(fault.Invalid, "The document is not a status")
	case CheckID(n.ID) != nil:
		return nil, fault.New(fault.Invalid, "The status has no usable id")
	case CheckID(n.AttributedTo) != nil || !SameHost(n.ID, n.AttributedTo):
		return nil, fault.New(fault.Invalid, "The status has no author on its own server")
	}
	if n.URL = o.URL("url"); n.URL == "" {
		n.URL = n.ID
	}
	n.readText(o)
	n.readPlace(o)
	n.readTagsAndFiles(o)
	n.readQuote(o)
	n.readCounts(o)
	if n.Type == "Question" {
		n.Poll = parsePoll(o)
	}
	if n.Converted() {
		n.convert()
	}
	return n, nil
}

// Converted tells whether the status is shown as a link to what it really is.
func (n *RemoteNote) Converted() bool { return slices.Contains(convertedTypes, n.Type) }

func (n *RemoteNote) readText(o Object) {
	var byName, bySummary string
	n.Content, n.Language = o.Text("content")
	if o.Is("Note", "Question") && slices.Contains(plainTypes, o.String("mediaType")) {
		n.Content = fromPlain(n.Content)
	}
	n.Name, byName = o.Text("name")
	n.Summary, bySummary = o.Text("summary")
	n.Name = cut(n.Name, maxPollOption)
	n.Summary = cut(n.Summary, maxContentWarning)
	for _, language := range []string{byName, bySummary} {
		if n.Language == "" {
			n.Language = language
		}
	}
	n.Sensitive, _ = o.Bool("sensitive")
	n.Published, _ = o.Time("published")
	n.Updated, _ = o.Time("updated")
}

// plainTypes are the types of texts that are no HTML, though content should be; PeerTube's comments are so.
var plainTypes = []string{"text/plain", "text/markdown"}

// fromPlain makes HTML of a plain text, so that its lines stay lines and what looks like a tag is not lost. What has tags that end is HTML after all.
func fromPlain(content string) string {
	if content == "" || strings.Contains(content, "</") || strings.Contains(content, "<br") {
		return content
	}
	content = html.EscapeString(strings.TrimSpace(strings.ReplaceAll(content, "\r\n", "\n")))
	return "<p>" + strings.ReplaceAll(strings.ReplaceAll(content, "\n\n", "</p><p>"), "\n", "<br>") + "</p>"
}

// convert gives the text of types that are not made for a timeline.
func (n *RemoteNote) convert() {
	content := ""
	if n.Name != "" {
		content = "<h2>" + html.EscapeString(n.Name) + "</h2>"
	}
	content += n.Summary // HTML here, a content warning elsewhere
	address := html.EscapeString(n.URL)
	n.Content = content + `<p><a href="` + address + `">` + address + `</a></p>`
	n.Summary = ""
}

func (n *RemoteNote) readPlace(o Object) {
	n.To, n.Cc = Addresses(o)
	n.DirectMessage = o.flag("directMessage")
	n.InReplyTo = webURL(o.Link("inReplyTo"))
	n.Conversation = cut(o.Link("conversation"), 2048)
	n.Context = webURL(o.Link("context"))
}

// Addresses are the to and cc of an object or activity; the blind ones are
// nobody else's business and are not read.
func Addresses(o Object) (to, cc []string) {
	return bounded(o.Strings("to"), maxAddresses), bounded(o.Strings("cc"), maxAddresses)
}

// AddressedBy takes the addresses of the activity for a note that has none.
func (n *RemoteNote) AddressedBy(activity Object) {
	if len(n.To) == 0 && len(n.Cc) == 0 {
		n.To, n.Cc = Addresses(activity)
	}
}

// Visibility tells who the status is for; followers is the author's collection,
// as its actor names it.
func (n *RemoteNote) Visibility(followers string) Visibility {
	return VisibilityOf(n.To, n.Cc, followers)
}

// VisibilityOf is Visibility for any addresses, for example of an Announce.
func VisibilityOf(to, cc []string, followers string) Visibility {
	switch {
	case slices.ContainsFunc(to, IsPublic):
		return VisibilityPublic
	case slices.ContainsFunc(cc, IsPublic):
		return VisibilityUnlisted
	case followers != "" && slices.Contains(to, followers):
		return VisibilityPrivate
	}
	return VisibilityDirect
}

// IsVote tells whether the note is an answer to a poll, if InReplyTo is one that has its name for an option. It may have a text (snac2).
func (n *RemoteNote) IsVote() bool {
	return n.Type == "Note" && n.Name != "" && n.InReplyTo != ""
}

func (n *RemoteNote) readTagsAndFiles(o Object) {
	tags := readTags(o)
	n.Mentions, n.Hashtags, n.Emojis, n.Collections = tags.mentions, tags.hashtags, tags.emojis, tags.featured
	for _, file := range o.Objects("attachment") {
		if a := parseAttachment(file); a.URL != "" {
			if len(n.Attachments) < MaxAttachments {
				n.Attachments = append(n.Attachments, a)
			}
		} else if link := webURL(file.String("href")); link != "" && n.PreviewLink == "" {
			n.PreviewLink = link
		}
	}
}

func (n *RemoteNote) readQuote(o Object) {
	if n.Quote = webURL(o.Link("quote")); !o.Has("quote") {
		for _, key := range []string{"_misskey_quote", "quoteUrl", "quoteUri"} {
			if n.Quote == "" {
				n.Quote = webURL(o.Link(key))
				n.QuoteLegacy = n.Quote != ""
			}
		}
	}
	n.QuoteAuthorization = webURL(o.Link("quoteAuthorization"))
	n.CanQuote = o.policy("canQuote")
}

func (n *RemoteNote) readCounts(o Object) {
	n.Likes, n.Shares = o.total("likes"), o.total("shares")
	n.Replies = webURL(o.Link("replies"))
	if !SameHost(n.Replies, n.ID) {
		n.Replies = ""
	}
	replies := ParseCollection(o.Object("replies"))
	for _, uri := range append(replies.Links, ParseCollection(replies.FirstPage).Links...) {
		if len(n.RepliesFirst) < maxInlineReplies && SameHost(uri, n.ID) {
			n.RepliesFirst = append(n.RepliesFirst, uri)
		}
	}
}

// total is the totalItems of an inline collection.
func (o Object) total(key string) *int64 {
	n, ok := o.Object(key).Int("totalItems")
	if !ok || n < 0 {
		return nil
	}
	n = min(n, maxCount)
	return &n
}

// parsePoll reads the choices of a Question; nil if it has none.
func parsePoll(o Object) *RemotePoll {
	p := &RemotePoll{Voters: -1}
	options := o.Objects("oneOf")
	if len(options) == 0 {
		options, p.Multiple = o.Objects("anyOf"), true
	}
	for _, option := range bounded(options, maxPollOptions) {
		name, _ := option.Text("name")
		if name = cut(name, maxPollOption); name == "" {
			name, _ = option.Text("content")
			name = cut(name, maxPollOption)
		}
		choice := RemoteOption{Name: name}
		if votes := option.total("replies"); votes != nil {
			choice.Votes = *votes
		}
		p.Options = append(p.Options, choice)
	}
	if len(p.Options) == 0 {
		return nil
	}
	if voters, ok := o.Int("votersCount"); ok && voters >= 0 {
		p.Voters = min(voters, maxCount)
	}
	p.EndTime, _ = o.Time("endTime")
	if closed, ok := o.Time("closed"); ok {
		p.EndTime = closed
	} else {
		p.Closed, _ = o.Bool("closed")
	}
	return p
}
