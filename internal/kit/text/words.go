package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Bounds of what one text gives to an index.
const (
	maxWordsText = 64 << 10 // bytes that are read of a text
	maxWordRunes = 40       // of one word; the rest tells nothing
	maxMarks     = 4        // combining marks kept on one character
)

// Word is one thing that can be searched: a word, or one character of a script that is
// written without spaces between its words.
type Word struct {
	Text   string // folded by case, width and accents
	Gram   bool   // one character of such a script
	Joined bool   // it follows the gram before it directly
}

// Words cuts a text into what can be searched, in order. Of an address it keeps what names the
// place and not what tracks the reader; of a mention the name.
func Words(source string) []Word {
	source = StripControl(cut(source, maxWordsText))
	var c cutter
	at := 0
	for _, e := range Scan(source) {
		c.plain(source[at:e.Start])
		at = e.End
		switch e.Kind {
		case Mention:
			c.plain(e.Username)
		case Hashtag:
			c.plain(e.Tag)
		case Link:
			c.plain(place(e.URL))
		}
		c.end()
	}
	c.plain(source[at:])
	return c.words
}

// Hashtags gives the keys of the hashtags in a text, each once.
func Hashtags(source string) []string {
	var keys []string
	seen := map[string]bool{}
	for _, e := range Scan(StripControl(cut(source, maxWordsText))) {
		if key := TagKey(e.Tag); e.Kind == Hashtag && key != "" && !seen[key] {
			seen[key] = true
			keys = append(keys, key)
		}
	}
	return keys
}

// Terms gives what an index keeps of words, each once, at most most: words, and of scripts without
// spaces every character and every two that follow each other.
func Terms(words []Word, most int) []string {
	terms, add := collect(most)
	for i, w := range words {
		add(w.Text)
		if w.Joined && i > 0 {
			add(words[i-1].Text + w.Text)
		}
	}
	return *terms
}

// Wanted gives the fewest terms that every text with these words in this order has: of two or
// more characters that follow each other only the pairs.
func Wanted(words []Word, most int) []string {
	terms, add := collect(most)
	for i, w := range words {
		switch {
		case w.Joined && i > 0:
			add(words[i-1].Text + w.Text)
		case w.Gram && i+1 < len(words) && words[i+1].Joined:
		default:
			add(w.Text)
		}
	}
	return *terms
}

func collect(most int) (*[]string, func(string)) {
	terms, seen := &[]string{}, map[string]bool{}
	return terms, func(term string) {
		if term != "" && !seen[term] && len(*terms) < most {
			seen[term] = true
			*terms = append(*terms, term)
		}
	}
}

// Follow tells whether the words of phrase stand in words one after the other.
func Follow(words, phrase []Word) bool {
	if len(phrase) == 0 {
		return true
	}
search:
	for i := 0; i+len(phrase) <= len(words); i++ {
		for j, w := range phrase {
			if words[i+j].Text != w.Text {
				continue search
			}
		}
		return true
	}
	return false
}

// cut keeps the first n bytes of a text, and no half character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// place is what of an address names the place: its host and path.
func place(address string) string {
	if _, rest, ok := strings.Cut(address, "://"); ok {
		address = rest
	}
	if i := strings.IndexAny(address, "?#"); i >= 0 {
		address = address[:i]
	}
	return strings.TrimPrefix(address, "www.")
}

// cutter cuts plain text into words.
type cutter struct {
	words []Word
	word  strings.Builder
	runes int // in word
	marks int // at its end
	gram  bool
	after bool // a gram stands directly before
	loose bool // marks after the last letter are accents, and fall
}

var foldCase = cases.Fold()

func (c *cutter) plain(s string) {
	for _, r := range foldCase.String(norm.NFKC.String(s)) {
		c.rune(r)
	}
	c.end()
}

func (c *cutter) rune(r rune) {
	switch kindOf(r) {
	case letterRune:
		if c.gram {
			c.end()
		}
		c.after = false
		c.letter(r)
	case gramRune:
		joined := c.flush()
		c.gram, c.after = true, joined
		c.put(r)
	case pictureRune:
		c.end()
		c.put(r)
		c.end()
	case markRune:
		if c.runes > 0 && !c.loose && c.marks < maxMarks {
			c.marks++
			c.put(r)
		}
	case invisibleRune:
	default:
		c.end()
	}
}

// letter adds a letter or digit of a script with spaces, without its accents where those are only that.
func (c *cutter) letter(r rune) {
	c.loose = r < utf8.RuneSelf || unicode.In(r, unicode.Latin, unicode.Greek, unicode.Cyrillic, unicode.Arabic, unicode.Hebrew)
	if r >= utf8.RuneSelf && c.loose {
		if plain, ok := asciiFolds[r]; ok {
			r = plain
		} else if apart := norm.NFD.String(string(r)); apart != "" {
			r, _ = utf8.DecodeRuneInString(apart)
		}
	}
	c.marks = 0
	if c.runes < maxWordRunes {
		c.put(r)
	}
}

func (c *cutter) put(r rune) {
	c.word.WriteRune(r)
	c.runes++
}

// flush ends the word, and tells whether it was a gram.
func (c *cutter) flush() bool {
	gram := c.gram
	if c.runes > 0 {
		c.words = append(c.words, Word{Text: c.word.String(), Gram: gram, Joined: gram && c.after})
	}
	c.word.Reset()
	c.runes, c.marks, c.gram, c.loose = 0, 0, false, false
	return gram
}

// end ends the word and the run of grams.
func (c *cutter) end() {
	c.flush()
	c.after = false
}

type runeKind int

const (
	otherRune runeKind = iota
	letterRune
	gramRune
	pictureRune
	markRune
	invisibleRune
)

// spaceless are the scripts whose words are not set apart by spaces, and Korean, whose words
// carry their endings.
var spaceless = []*unicode.RangeTable{unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo,
	unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan, unicode.Yi, unicode.New_Tai_Lue, unicode.Tai_Tham, unicode.Tai_Viet, unicode.Tai_Le, unicode.Javanese, unicode.Balinese}

func kindOf(r rune) runeKind {
	if r < utf8.RuneSelf {
		if isASCIIAlnum(r) {
			return letterRune
		}
		return otherRune
	}
	switch {
	case r == 'ー': // lengthens the kana before it, and is of no script
		return gramRune
	case unicode.Is(unicode.M, r):
		if r >= 0xFE00 && r <= 0xFE0F {
			return invisibleRune
		}
		return markRune
	case unicode.In(r, unicode.L, unicode.N):
		if unicode.In(r, spaceless...) {
			return gramRune
		}
		return letterRune
	case unicode.Is(unicode.So, r) && r != utf8.RuneError:
		return pictureRune
	case r == 0xAD || hidesText(r) || r == 0x200C || r == 0x200D:
		return invisibleRune
	}
	return otherRune
}
