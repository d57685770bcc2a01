package text

import "strings"

// What survives Sanitize. The lists follow Mastodon's, so that a post looks here as it does
// where it was written.
var (
	// keptAttributes lists the elements that survive and their attributes. All may have lang.
	keptAttributes = map[string]string{
		"a": "href rel class title translate", "abbr": "title", "b": "", "blockquote": "cite", "br": "",
		"code": "", "del": "", "em": "", "h1": "", "h2": "", "h3": "", "h4": "", "h5": "", "i": "",
		"li": "value", "ol": "start reversed", "p": "class", "pre": "", "rp": "", "rt": "", "ruby": "",
		"s": "", "span": "class translate", "strong": "", "sub": "", "sup": "", "u": "", "ul": "",
	}

	// keptClasses survive beside the microformats (h-, p-, u-, dt-, e-).
	keptClasses = set("mention hashtag ellipsis invisible quote-inline")

	// linkSchemes may be opened from a post. Anything else becomes the link's text.
	linkSchemes = set("http https dat dweb ipfs ipns ssb gopher xmpp magnet gemini")

	// dropped elements vanish with what is in them.
	dropped = set("iframe math noembed noframes noscript plaintext script style svg xmp")

	// spaced elements do not survive, but leave a space where they stood.
	spaced = set("address article aside dd div dl dt footer h6 header hgroup hr nav section")

	// endsParagraph elements cannot stand inside a paragraph, so they close it.
	endsParagraph = set("address article aside blockquote center dd details dialog dir div dl dt fieldset " +
		"figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav ol p " +
		"pre search section summary table ul")

	// blocks are the surviving elements that an inline end tag must not close.
	blocks = set("blockquote h1 h2 h3 h4 h5 li ol p pre ul")

	// formatting elements close even around a block, as browsers do.
	formatting = set("a b code em i s strong u")

	headings = set("h1 h2 h3 h4 h5")

	microformats = []string{"h-", "p-", "u-", "dt-", "e-"}
)

func set(words string) map[string]bool {
	members := map[string]bool{}
	for _, word := range strings.Fields(words) {
		members[word] = true
	}
	return members
}

// allowedScheme says whether an address begins with a scheme that links may have. Whatever
// stands before the colon must be the scheme exactly: a tab inside it is an attack.
func allowedScheme(address string) bool {
	scheme, _, found := strings.Cut(address, ":")
	return found && linkSchemes[strings.ToLower(scheme)]
}

// webAddress says whether something can be fetched from the web without surprise.
func webAddress(address string) bool {
	return hasPrefixFold(address, "https://") || hasPrefixFold(address, "http://")
}

func keepsAttribute(element, key string) bool {
	if key == "lang" {
		return true
	}
	for kept := range strings.FieldsSeq(keptAttributes[element]) {
		if kept == key {
			return true
		}
	}
	return false
}

func keepClasses(value string) string {
	var kept []string
	for class := range strings.FieldsSeq(value) {
		if keptClasses[class] || isMicroformat(class) {
			kept = append(kept, class)
		}
	}
	return strings.Join(kept, " ")
}

func isMicroformat(class string) bool {
	for _, prefix := range microformats {
		if strings.HasPrefix(class, prefix) {
			return true
		}
	}
	return false
}
