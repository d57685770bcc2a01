package activitypub

import (
	"maps"
	"slices"
)

// Text is the text under a key together with its language, from the key itself
// or its map (content and contentMap). The language is known only from the map.
//
// Mastodon takes the first entry of a map; the order of keys is not kept here,
// so it is the entry that equals the plain text, else the first by language.
func (o Object) Text(key string) (text, language string) {
	text = o.String(key)
	byLanguage, _ := o[key+"Map"].(map[string]any)
	for _, tag := range slices.Sorted(maps.Keys(byLanguage)) {
		value, ok := byLanguage[tag].(string)
		if !ok {
			continue
		}
		if text == "" || value == text {
			return value, languageTag(tag)
		}
	}
	if len(byLanguage) > 0 && text != "" { // the map says it differently, say with other white space
		return text, languageTag(slices.Min(slices.Collect(maps.Keys(byLanguage))))
	}
	return text, ""
}

// Languages lists the texts of a map by their language, those that are strings.
func (o Object) Languages(key string) map[string]string {
	byLanguage, _ := o[key].(map[string]any)
	out := make(map[string]string, len(byLanguage))
	for tag, v := range byLanguage {
		if s, ok := v.(string); ok && languageTag(tag) != "" {
			out[tag] = s
		}
	}
	return out
}

// languageTag keeps what may be a BCP 47 tag.
func languageTag(tag string) string {
	if len(tag) < 2 || len(tag) > 35 || tag == "und" {
		return ""
	}
	for _, c := range tag {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return ""
		}
	}
	return tag
}
