package activitypub

import (
	"strings"
	"time"
)

const (
	maxTags      = 1000 // entries of tag[] that are looked at
	maxMentions  = 200  // more is a flood
	maxHashtags  = 200
	maxEmojis    = 200
	maxShortcode = 2048
	maxHashtag   = 255 // characters
	maxFeaturing = 10  // collections that a status leads to
)

// RemoteMention is a person named in a status.
type RemoteMention struct {
	Href string // the id of the actor, sometimes its page
	Name string // as the author's server writes it: @user or @user@domain
}

// RemoteEmoji is a custom emoji of another server.
type RemoteEmoji struct {
	ID        string
	Shortcode string // without colons
	Image     RemoteImage
	Updated   time.Time // zero: not said
}

type tags struct {
	mentions []RemoteMention
	hashtags []string
	emojis   []RemoteEmoji
	featured []string // the ids of collections
}

// readTags sorts tag[] into what we know, each thing once and not too many.
func readTags(o Object) tags {
	var t tags
	seen := map[string]bool{}
	first := func(kind, key string) bool {
		key = kind + key
		was := seen[key]
		seen[key] = true
		return !was
	}
	for _, tag := range bounded(o.Objects("tag"), maxTags) {
		switch name := tag.String("name"); {
		case tag.Is("Mention"):
			href := webURL(tag.Link("href"))
			if href != "" && len(t.mentions) < maxMentions && first("@", href) {
				t.mentions = append(t.mentions, RemoteMention{Href: href, Name: cut(name, maxUsername)})
			}
		case tag.Is("Hashtag"):
			name = strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(name), "#"), "＃")
			if name != "" && cut(name, maxHashtag) == name && !strings.ContainsAny(name, " \t\r\n<>\"'&#/") &&
				len(t.hashtags) < maxHashtags && first("#", strings.ToLower(name)) {
				t.hashtags = append(t.hashtags, name)
			}
		case tag.Is("FeaturedCollection"):
			if uri := tag.ID(); CheckID(uri) == nil && len(t.featured) < maxFeaturing && first("c", uri) {
				t.featured = append(t.featured, uri)
			}
		case tag.Is("Emoji"):
			e := parseEmoji(tag)
			if e.Shortcode != "" && len(t.emojis) < maxEmojis && first(":", e.Shortcode) {
				t.emojis = append(t.emojis, e)
			}
		}
	}
	return t
}

// parseEmoji reads a custom emoji; without a picture or a plain name it is nothing.
func parseEmoji(o Object) RemoteEmoji {
	e := RemoteEmoji{ID: webURL(o.ID()), Shortcode: strings.Trim(o.String("name"), ":"), Image: o.image("icon")}
	e.Updated, _ = o.Time("updated")
	if e.Image.URL == "" || len(e.Shortcode) > maxShortcode || !isShortcode(e.Shortcode) {
		return RemoteEmoji{}
	}
	return e
}

// isShortcode allows what other servers use in names, and nothing that means
// something in HTML.
func isShortcode(name string) bool {
	return len(name) >= 2 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+.") == ""
}
