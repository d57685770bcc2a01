package pages

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"

	"golang.org/x/text/language"
)

//go:embed words/*.json
var ownWordsFS embed.FS

var ownWords = MustWords(ownWordsFS, "words")

// Languages are those the pages speak; the first is used when none fits.
var Languages = []string{"en", "ja"}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Japanese})

// LangCookie holds the language that somebody chose.
const LangCookie = "anancus_lang"

// Lang is the language to answer in: the lang parameter, the chosen one, or
// the best of what the browser asks for.
func Lang(r *http.Request) string {
	asked := []string{r.URL.Query().Get("lang")}
	if c, err := r.Cookie(LangCookie); err == nil {
		asked = append(asked, c.Value)
	}
	for _, one := range asked {
		if tag, err := language.Parse(one); err == nil {
			if _, i, sure := matcher.Match(tag); sure >= language.High {
				return Languages[i]
			}
		}
	}
	_, i := language.MatchStrings(matcher, r.Header.Get("Accept-Language"))
	return Languages[i]
}

// LangOf is the language for a reader who chose a locale; the first where there is none of it.
func LangOf(locale string) string {
	if tag, err := language.Parse(locale); err == nil {
		if _, i, sure := matcher.Match(tag); sure >= language.High {
			return Languages[i]
		}
	}
	return Languages[0]
}

// Words are the texts of pages: language → key → text.
type Words map[string]map[string]string

// MustWords reads one NAME.json for each language from a folder compiled into the program.
func MustWords(files fs.FS, folder string) Words {
	words := Words{}
	for _, lang := range Languages {
		body, err := fs.ReadFile(files, folder+"/"+lang+".json")
		if err != nil {
			panic(err)
		}
		texts := map[string]string{}
		if err := json.Unmarshal(body, &texts); err != nil {
			panic(fmt.Errorf("%s/%s.json: %w", folder, lang, err))
		}
		words[lang] = texts
	}
	return words
}

// Has tells whether there is a text for key.
func (w Words) Has(key string) bool { _, ok := w[Languages[0]][key]; return ok }

// Text gives a text with its arguments filled in; the key itself when there is none.
func (w Words) Text(lang, key string, args ...any) string {
	text, ok := w[lang][key]
	if !ok {
		if text, ok = w[Languages[0]][key]; !ok {
			return key
		}
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
