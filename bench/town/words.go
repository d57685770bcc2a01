package town

import (
	"math/rand/v2"
	"strings"
)

// languages are what people write in; the first ones most.
var languages = []string{"en", "ja", "de", "es", "fr", "pt"}

// vocabulary is what they have to say it with.
type vocabulary struct{ words [2][]string } // of Japanese, of others; what is said most first

const wordsEach = 20_000

func newVocabulary() vocabulary {
	r := rand.New(rand.NewPCG(7, 7))
	kanji := []rune("日本人大年一国会中東京都市新時間行見月分後前生五上金十入出手書力話女学高小川山田花水木空雨雪風海朝昼夜春夏秋冬駅車道店食飲茶酒肉魚米犬猫鳥")
	for c := rune(0x4E00); len(kanji) < 1500; c += 7 {
		kanji = append(kanji, c)
	}
	consonants, vowels := "tnsrhldcmfpgwybvk", "eaoiu"
	var v vocabulary
	for range wordsEach {
		var word strings.Builder
		for range 1 + r.IntN(3) {
			word.WriteRune(kanji[rank(r, len(kanji))])
		}
		v.words[0] = append(v.words[0], word.String())
		word.Reset()
		for range 2 + r.IntN(4) {
			word.WriteByte(consonants[rank(r, len(consonants))])
			word.WriteByte(vowels[rank(r, len(vowels))])
		}
		v.words[1] = append(v.words[1], word.String())
	}
	return v
}

// word draws one: of Japanese, kind 0, or another language.
func (v vocabulary) word(r *rand.Rand, kind int) string { return v.words[kind][rank(r, wordsEach)] }

// text is what somebody says.
func (v vocabulary) text(r *rand.Rand, language string) string {
	var said strings.Builder
	if language == "ja" {
		for range 4 + rank(r, 60) {
			said.WriteString(v.word(r, 0))
			said.WriteRune([]rune("のはがをにでとも、。")[r.IntN(10)])
		}
		return said.String()
	}
	for i := range 4 + rank(r, 70) {
		if i > 0 {
			said.WriteByte(' ')
		}
		said.WriteString(v.word(r, 1))
	}
	return said.String()
}

// Words gives the words that people of any town say most, half of them Japanese: a town of every size has a page of each.
func Words(n int) []string {
	v := newVocabulary()
	list := make([]string, n)
	for i := range list {
		list[i] = v.words[i%2][i/2]
	}
	return list
}
