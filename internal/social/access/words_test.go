package access

import (
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/pages"
)

func TestEveryTextIsThereInEveryLanguage(t *testing.T) {
	words := pages.MustWords(wordFiles, "words")
	english := slices.Sorted(maps.Keys(words["en"]))
	for _, lang := range pages.Languages {
		if got := slices.Sorted(maps.Keys(words[lang])); !slices.Equal(got, english) {
			t.Errorf("%s has other texts than English", lang)
		}
		for key, text := range words[lang] {
			if strings.Count(text, "%") != strings.Count(words["en"][key], "%") {
				t.Errorf("%s: %s takes other arguments than in English", lang, key)
			}
		}
	}
	for _, scope := range AllScopes {
		if !words.Has("scope." + scope) {
			t.Errorf("the scope %s has no text", scope)
		}
	}
}

func TestEveryTextThatIsUsedIsThere(t *testing.T) {
	words := pages.MustWords(wordFiles, "words")
	inPage := regexp.MustCompile(`\.T "([^"]+)"`)
	inCode := regexp.MustCompile(`(?:text\(c, |page\(c, "[a-z_.]+", |Problem = )"([^"]+)"(?:[,)\n])`)
	files, err := fs.Glob(templates, "pages/*.html")
	if err != nil {
		t.Fatal(err)
	}
	code, err := fs.Glob(os.DirFS("."), "*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(files, code...) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, pattern := range []*regexp.Regexp{inPage, inCode} {
			for _, m := range pattern.FindAllSubmatch(text, -1) {
				if !words.Has(string(m[1])) {
					t.Errorf("%s: there is no text %s", name, m[1])
				}
			}
		}
	}
}

func TestPagesSpeakTheLanguageThatIsAskedFor(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	b := r.browser()
	wantText(t, b.get("/auth/sign_in?lang=ja"), `<html lang="ja">`)
	wantText(t, b.get("/auth/sign_in?lang=ja"), `action="/auth/sign_in?lang=ja"`)
	b.headers.Set("Accept-Language", "ja-JP,en;q=0.5")
	wantText(t, b.get("/auth/sign_in"), "サインイン")
	wantText(t, b.get("/auth/sign_in?lang=en"), "Sign in")
}
