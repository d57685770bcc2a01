package filters

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

func setOf(t testing.TB, list ...*Filter) *Set {
	t.Helper()
	for i, f := range list {
		f.ID = id.Filter(i + 1)
	}
	s, err := prepare(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

type result struct {
	Filter struct{ ID string }
	Words  []string `json:"keyword_matches"`
	Named  []string `json:"status_matches"`
}

func (s *Set) results(t testing.TB, now time.Time, said string, ids ...id.Status) (list []result) {
	t.Helper()
	raw, err := s.Results(now, NewText(said), ids...)
	if err == nil {
		err = json.Unmarshal(raw, &list)
	}
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestAKeywordMatchesByMastodonsRules(t *testing.T) {
	for _, c := range []struct {
		keyword string
		whole   bool
		said    string
		match   string // "" for none
	}{
		{"cat", true, "My Cat sleeps", "Cat"},
		{"cat", true, "concatenate", ""},
		{"cat", true, "cats", ""},
		{"cat", true, "a cat_ or cat2", ""},
		{"cat", true, "cat", "cat"},
		{"cat", true, "«cat»", "cat"},
		{"cat", true, "concatenate, cat", "cat"},
		{"cat", false, "concatenate", "cat"},
		{"CAT", false, "conCATenate", "CAT"},
		{"#cat", true, "see#cat", "#cat"}, // an edge that is no letter asks for no boundary
		{"#cat", true, "#cats", ""},
		{"C++", true, "C++11", "C++"},
		{"C++", true, "ABC++", ""},
		{"...", true, "wait....", "..."},
		{"two words", true, "Two words!", "Two words"},
		{"two words", true, "two  words", ""},
		{"straße", true, "Die STRAßE", "STRAßE"},
		{"ÉTÉ", true, "un été", "été"},
		{"ΣΊΣΥΦΟΣ", true, "ο Σίσυφος", "Σίσυφος"},
		{"K", true, "300 \u212A", "\u212A"}, // the sign for Kelvin is a k in another case
		{"кот", true, "Кот!", "Кот"},
		{"кот", true, "который", ""},
		{"猫", true, "猫", "猫"},
		{"猫", true, "私の猫です", ""}, // no boundary between letters: why apps offer to match parts of words
		{"猫", false, "私の猫です", "猫"},
		{"ネコ", true, "「ネコ」", "ネコ"},
		{"😀", true, "a😀b", "😀"},
		{".*", true, "any text", ""},
		{"a.c", true, "abc", ""},
		{"e", true, "e\u0301", ""}, // a mark belongs to its letter
		{" ", false, "a b", " "},
		{"x", true, "", ""},
	} {
		s := setOf(t, &Filter{Keywords: []Keyword{{Text: c.keyword, WholeWord: c.whole}}})
		got := ""
		if list := s.results(t, time.Now(), c.said); len(list) == 1 && len(list[0].Words) == 1 {
			got = list[0].Words[0]
		}
		if got != c.match {
			t.Errorf("%q (whole %v) matches %q of %q, want %q", c.keyword, c.whole, got, c.said, c.match)
		}
	}
}

func TestEachFilterGivesItsFirstMatch(t *testing.T) {
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	s := setOf(t,
		&Filter{Keywords: []Keyword{{Text: "later"}, {Text: "gone"}, {Text: "go", WholeWord: true}}},
		&Filter{Keywords: []Keyword{{Text: "go"}, {Text: "gone"}}, ExpiresAt: now.Add(time.Second)},
		&Filter{Keywords: []Keyword{{Text: "gone"}}, ExpiresAt: now},
		&Filter{Statuses: []Status{{Status: 7}, {Status: 8}}, Keywords: []Keyword{{Text: "nothing"}}},
		&Filter{})
	show := func(list []result) string {
		var b strings.Builder
		for _, r := range list {
			fmt.Fprint(&b, r.Filter.ID, r.Words, r.Named, " ")
		}
		return b.String()
	}
	if got, want := show(s.results(t, now, "All Gone, later", 7, 9, 8)), "1[Gone] [] 2[Go] [] 4[] [7 8] "; got != want {
		t.Errorf("results are %q, want %q", got, want)
	}
	if got := show(s.results(t, now, "quiet", 9)); got != "" {
		t.Errorf("results are %q", got)
	}
	raw, err := s.Results(now, NewText("<b>\"Gone\"</b>"), 1)
	want := `[{"filter":{"id":"1","title":"","context":null,"expires_at":null,"filter_action":""},"keyword_matches":["Gone"],"status_matches":null},` +
		`{"filter":{"id":"2","title":"","context":null,"expires_at":"2026-11-22T00:00:01.000Z","filter_action":""},"keyword_matches":["Go"],"status_matches":null}]`
	if err != nil || string(raw) != want {
		t.Errorf("encoded they are %s (%v)", raw, err)
	}
	var nothing *Set
	if raw, err := nothing.Results(now, NewText("gone")); err != nil || string(raw) != "[]" {
		t.Errorf("without filters they are %s (%v)", raw, err)
	}
}

// naive finds the first match of any of the keywords with a regular expression each.
func naive(keywords []Keyword, said string) (string, bool) {
	first, found := len(said)+1, ""
	for _, k := range keywords {
		head, _ := utf8.DecodeRuneInString(k.Text)
		tail, _ := utf8.DecodeLastRuneInString(k.Text)
		expression := regexp.MustCompile(`^(?i:` + regexp.QuoteMeta(k.Text) + `)`)
		for at := range said {
			if at >= first {
				break
			}
			match := expression.FindString(said[at:])
			if match == "" {
				continue
			}
			before, _ := utf8.DecodeLastRuneInString(said[:at])
			after, _ := utf8.DecodeRuneInString(said[at+len(match):])
			if k.WholeWord && (at > 0 && text.IsWord(head) && text.IsWord(before) || at+len(match) < len(said) && text.IsWord(tail) && text.IsWord(after)) {
				continue
			}
			first, found = at, match
		}
	}
	return found, first <= len(said)
}

func FuzzKeywordsMatchAsANaiveSearchDoes(f *testing.F) {
	f.Add("cat", "go", "Cats go, concatenate", uint8(3))
	f.Add("ſ", "K", "Kelvin \u212A, sſS", uint8(0))
	f.Add("猫", "#猫", "私の#猫です 猫", uint8(1))
	f.Add("a", "aa", "aaaa aa a", uint8(2))
	f.Add("İ", "ı", "iIİı", uint8(0))
	f.Fuzz(func(t *testing.T, a, b, said string, whole uint8) {
		set := setOf(t) // whatever comes, nothing panics
		set.add(Keyword{Text: a + "x"}, use{})
		NewText(said).Size()
		set.find(fold(said))
		if !utf8.ValidString(a) || !utf8.ValidString(b) || !utf8.ValidString(said) || len(said) > 1000 || len(a)+len(b) > 200 {
			return // forms and the database let nothing else through
		}
		var keywords []Keyword
		for i, one := range []string{a, b} {
			if strings.TrimSpace(one) != "" {
				keywords = append(keywords, Keyword{Text: one, WholeWord: whole>>i&1 == 1})
			}
		}
		want, matches := naive(keywords, said)
		got := setOf(t, &Filter{Keywords: keywords}).results(t, time.Time{}, said)
		if matches != (len(got) == 1) || matches && got[0].Words[0] != want {
			t.Errorf("%+v in %q: found %+v, want %q (%v)", keywords, said, got, want, matches)
		}
	})
}

// BenchmarkPageOf20 is what the filters of a member cost a page of 20 statuses.
func BenchmarkPageOf20(b *testing.B) {
	latin := strings.Repeat("The quick brown fox jumps over the lazy dog while nobody looks. ", 8)
	japanese := strings.Repeat("吾輩は猫である。名前はまだ無い。どこで生れたかとんと見当がつかぬ。", 10)
	for name, said := range map[string]string{"latin": latin, "japanese": japanese} {
		for _, n := range []int{0, 10, 1000} {
			b.Run(fmt.Sprint(name, " ", n, " keywords"), func(b *testing.B) {
				var list []*Filter
				for i := range n {
					list = append(list, &Filter{Keywords: []Keyword{{Text: fmt.Sprintf("%c%c word %d", 'a'+i%26, 'a'+i/26%26, i), WholeWord: i%3 > 0}, {Text: fmt.Sprintf("名前%d", i)}}})
				}
				s := setOf(b, list...)
				now := time.Now()
				t := NewText(said)
				b.ReportAllocs()
				for b.Loop() {
					for range 20 {
						if raw, err := s.Results(now, t, 1); err != nil || len(raw) != 2 {
							b.Fatal(string(raw), err)
						}
					}
				}
			})
		}
	}
}
