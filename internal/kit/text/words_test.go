package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// written shows words as a line: grams in brackets, joined ones with a plus.
func written(words []Word) string {
	var b strings.Builder
	for i, w := range words {
		if i > 0 && !w.Joined {
			b.WriteByte(' ')
		}
		if w.Joined {
			b.WriteByte('+')
		}
		b.WriteString(w.Text)
	}
	return b.String()
}

func TestATextIsCutIntoWhatCanBeSearched(t *testing.T) {
	for _, one := range []struct{ source, want string }{
		{"", ""},
		{"Hello, World!", "hello world"},
		{"Ｈｅｌｌｏ　Ｗｏｒｌｄ１２", "hello world12"},
		{"Crème brûlée, naïve Ångström", "creme brulee naive angstrom"},
		{"Cre\u0300me", "creme"},
		{"Straße STRASSE", "strasse strasse"},
		{"Łódź Ørsted ﬁsh", "lodz orsted fish"},
		{"Ἀθῆναι ΑΘΗΝΑΙ", "αθηναι αθηναι"},
		{"Ёлка йод", "елка иод"},
		{"don't stop-now snake_case 3.14", "don t stop now snake case 3 14"},
		{"東京都", "東+京+都"},
		{"今日は東京タワーへ行った。楽しい!", "今+日+は+東+京+タ+ワ+ー+へ+行+っ+た 楽+し+い"},
		{"ﾊﾝｶｸ がぎ か\u3099", "ハ+ン+カ+ク が+ぎ が"},
		{"Go言語2024年", "go 言+語 2024 年"},
		{"서울특별시에서", "서+울+특+별+시+에+서"},
		{"สวัสดี", "ส+วั+ส+ดี"},
		{"我爱编程 hello", "我+爱+编+程 hello"},
		{"人々〇", "人+々+〇"},
		{"مَدِينَة", "مدينة"},
		{"हिन्दी भाषा", "हिन्दी भाषा"},
		{"می\u200cخواهم", "میخواهم"},
		{"so\u00adft z\u200bw", "soft zw"},
		{"sushi🍣寿司❤\ufe0f", "sushi 🍣 寿+司 ❤"},
		{"see https://www.example.com/a/b-c?utm_source=x#y now", "see example com a b c now"},
		{"https://例え.jp/東京", "例+え jp 東+京"},
		{"hi @ada@example.com and @bo.", "hi ada and bo"},
		{"#NarrowBoat #東京観光 x", "narrowboat 東+京+観+光 x"},
		{strings.Repeat("a", 100), strings.Repeat("a", 40)},
		{"\x00\xff\xfe", ""},
	} {
		if got := written(Words(one.source)); got != one.want {
			t.Errorf("Words(%q) = %q, want %q", one.source, got, one.want)
		}
	}
}

func TestAnIndexKeepsCharactersAndPairsAndAQuestionAsksForPairs(t *testing.T) {
	words := Words("東京都 cat 東京 木")
	if got, want := Terms(words, 100), []string{"東", "京", "東京", "都", "京都", "cat", "木"}; !slices.Equal(got, want) {
		t.Errorf("terms are %q, want %q", got, want)
	}
	if got, want := Wanted(words, 100), []string{"東京", "京都", "cat", "木"}; !slices.Equal(got, want) {
		t.Errorf("wanted are %q, want %q", got, want)
	}
	if got := Terms(words, 3); len(got) != 3 {
		t.Errorf("of at most three there are %q", got)
	}
}

func TestAPhraseIsFoundWhereItsWordsFollowEachOther(t *testing.T) {
	for _, one := range []struct {
		source, phrase string
		want           bool
	}{
		{"the quick brown fox", "quick brown", true},
		{"the quick brown fox", "brown quick", false},
		{"the quick, brown! fox", "QUICK BROWN FOX", true},
		{"quickly brown", "quick", false},
		{"今日は東京都へ", "東京都", true},
		{"東京と京都", "東京都", false},
		{"anything", "", true},
		{"", "a", false},
		{"a a a b", "a a b", true},
	} {
		if got := Follow(Words(one.source), Words(one.phrase)); got != one.want {
			t.Errorf("%q in %q: %v", one.phrase, one.source, got)
		}
	}
}

func TestHashtagsAreToldByTheirKeys(t *testing.T) {
	if got, want := Hashtags("#Cats #cats ＃Crème #東京 a#b"), []string{"cats", "creme", "東京"}; !slices.Equal(got, want) {
		t.Errorf("hashtags are %q, want %q", got, want)
	}
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"", "Hello 東京タワー", "é\u0301\u0301\u0301", "#a @b@c.d https://e.f/g?h", "\xff\x00", "가각갂", strings.Repeat("ﷺ", 50)} {
		f.Add(s, "東京")
	}
	f.Fuzz(func(t *testing.T, source, phrase string) {
		words := Words(source)
		if len(words) > 18*maxWordsText { // NFKC makes at most 18 characters of one
			t.Fatalf("%d words of %d bytes", len(words), len(source))
		}
		for _, term := range Terms(words, 1000) {
			if term == "" || len(term) > 4*2*(maxWordRunes+maxMarks) || !utf8.ValidString(term) || strings.ContainsAny(term, " \"'\\\t\n:#") {
				t.Fatalf("%q gives the term %q", source, term)
			}
			if again := Words(term); len(again) == 0 {
				t.Fatalf("%q gives %q, which nobody can ask for", source, term)
			}
		}
		if !Follow(words, words) {
			t.Fatal("a text does not contain itself")
		}
		Wanted(Words(phrase), 10)
	})
}
