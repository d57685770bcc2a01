package text

import "strings"

// Kind says what was found in a text.
type Kind int

// The three things a text can point at.
const (
	Mention Kind = iota + 1
	Hashtag
	Link
)

// Entity is a mention, hashtag or link found in plain text.
type Entity struct {
	Kind       Kind
	Start, End int    // byte offsets into the scanned text
	Text       string // what was written, sigil included

	Username, Domain string // of a mention, as written; Domain is empty when none was given
	Tag              string // of a hashtag, as written, without the sigil
	URL              string // of a link, as written
}

// Scan finds mentions, hashtags and links in the order they appear. Where two overlap,
// the one that starts first wins, so nothing is found inside a link.
func Scan(source string) []Entity { return scan(source, true) }

func scan(source string, hashtags bool) []Entity {
	var found []Entity
	for i := 0; i < len(source); {
		e, ok := entityAt(source, i, hashtags)
		if ok {
			e.Start, e.Text = i, source[i:e.End]
			found = append(found, e)
		}
		i = max(e.End, i+1)
	}
	return found
}

// entityAt looks for an entity that starts exactly at byte i. Only a handful of bytes can
// start one, so most of a text costs one comparison per byte.
func entityAt(s string, i int, hashtags bool) (Entity, bool) {
	switch c := s[i]; {
	case c == '@':
		return mentionAt(s, i)
	case c == '#' || c == 0xEF && strings.HasPrefix(s[i:], "＃"):
		if hashtags {
			return hashtagAt(s, i)
		}
	case isASCIIAlpha(rune(c)):
		return linkAt(s, i)
	}
	return Entity{}, false
}
