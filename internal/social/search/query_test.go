package search

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

func TestAQuestionIsCutIntoParts(t *testing.T) {
	for q, want := range map[string]string{
		"":                      "[]",
		"  a  b ":               "[{false  a false} {false  b false}]",
		`"a b" -c +d`:           "[{false  a b true} {true  c false} {false  d false}]",
		`-"a b"c`:               "[{true  a b true} {false  c false}]",
		"has:media from:@a@b.c": "[{false has media false} {false from @a@b.c false}]",
		`FROM:"a b"`:            "[{false from a b true}]",
		"has: media":            "[{false  has: false} {false  media false}]",
		"foo:bar http://x":      "[{false  foo:bar false} {false  http://x false}]",
		`"open`:                 "[{false  open false}]",
		"- + -":                 "[{false  - false} {false  + false} {false  - false}]",
		"「引用」 “a b” c":          "[{false  「引用」 false} {false  a b true} {false  c false}]",
	} {
		got := parse(q)
		if got == nil {
			got = []part{}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%q: %v, want %s", q, got, want)
		}
	}
}

func TestADayIsOneOfItsZone(t *testing.T) {
	tokyo, err := time.LoadLocation("Asia/Tokyo")
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) id.Status {
		when, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return idOf(when.UnixMilli())
	}
	for _, one := range []struct {
		q            string
		zone         *time.Location
		above, below id.Status
	}{
		{"during:2024-03-10", time.UTC, at("2024-03-10T00:00:00Z") - 1, at("2024-03-11T00:00:00Z")},
		{"during:2024-03-10", tokyo, at("2024-03-09T15:00:00Z") - 1, at("2024-03-10T15:00:00Z")},
		{"before:2024-03-10", tokyo, 0, at("2024-03-09T15:00:00Z")},
		{"after:2024-03-10 before:2024-03-20", time.UTC, at("2024-03-11T00:00:00Z") - 1, at("2024-03-20T00:00:00Z")},
		{"-before:2024-03-10 -after:2024-03-10", time.UTC, at("2024-03-10T00:00:00Z") - 1, at("2024-03-11T00:00:00Z")},
		{"after:1710028800000", time.UTC, idOf(1710028800001) - 1, 1<<63 - 1},
	} {
		q, err := understand(parse(one.q), asker{account: 1, zone: one.zone})
		if err != nil || q.above != one.above || q.below != one.below {
			t.Errorf("%s in %s: above %d, below %d, %v, want %d and %d", one.q, one.zone, q.above, q.below, err, one.above, one.below)
		}
	}
	for _, q := range []string{"before:x", "during:2024-02-30", "after:2024-1-1", "-before:soon"} {
		if _, err := understand(parse(q), asker{zone: time.UTC}); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", q, err)
		}
	}
}

// TestStretchesCoverEveryIDOnce walks down from random and odd places, while more and less is found.
func TestStretchesCoverEveryIDOnce(t *testing.T) {
	now := idOf(time.Date(2026, 5, 17, 12, 34, 56, 0, time.UTC).UnixMilli())
	const wanted = 60
	for _, bounds := range [][2]id.Status{{now, 0}, {now, now - 1<<50}, {now, now - 2}, {now, now - 1}, {now, now}, {1 << 40, 0}, {idOf(1 << 39), 0}, {idOf(1<<39) + 1, 5}} {
		for name, find := range map[string]func(steps int) int{
			"nothing":      func(int) int { return 0 },
			"little":       func(steps int) int { return min(steps, wanted-1) },
			"nearly all":   func(steps int) int { return min(steps, 1) * (wanted - 1) },
			"half, always": func(steps int) int { return min(steps, 1) * (wanted/2 + min(steps, 20)) },
		} {
			var steps [][]string
			for d := newDescent(bounds[0], bounds[1]); !d.done(); {
				steps = append(steps, d.step(find(len(steps)), wanted))
			}
			if len(steps) > 80 || len(steps) > 10 && (name == "nothing" || name == "nearly all") {
				t.Errorf("%v, %s found: %d steps", bounds, name, len(steps))
			}
			in := func(one id.Status) (times int) {
				terms := stretches(one)
				for _, step := range steps {
					if slices.ContainsFunc(step, func(t string) bool { return slices.Contains(terms, t) }) {
						times++
					}
				}
				return times
			}
			for back := id.Status(1); bounds[0]-back > bounds[1]; back = back*3 + 1 {
				if n := in(bounds[0] - back); n != 1 {
					t.Errorf("%v, %s found: %d is in %d steps", bounds, name, bounds[0]-back, n)
				}
			}
			if bounds[0] > bounds[1]+1 && in(bounds[1]+1) != 1 {
				t.Errorf("%v, %s found: the oldest is left out", bounds, name)
			}
			for _, step := range steps {
				if len(step) > 40 {
					t.Errorf("%v, %s found: a step of %d stretches", bounds, name, len(step))
				}
			}
		}
	}
}

// TestAStepIsAsLongAsAPageNeeds walks over statuses that a word is in at an even rate.
func TestAStepIsAsLongAsAPageNeeds(t *testing.T) {
	now := idOf(time.Date(2026, 5, 17, 12, 34, 56, 0, time.UTC).UnixMilli())
	const wanted = 60
	for _, between := range []id.Status{1 << 28, 1 << 33, 1 << 38, 1 << 44} { // ids from one to the next
		found, steps := 0, 0
		for d := newDescent(now, 0); found < wanted && !d.done(); steps++ {
			d.step(found, wanted)
			found = int((d.first - d.next) / between)
		}
		if most := max(3*wanted, int(2*firstStep/between)); steps > 9 || found > most {
			t.Errorf("one in %d ids: %d found in %d steps, want %d and at most %d in 9", between, found, steps, wanted, most)
		}
	}
}

func FuzzUnderstand(f *testing.F) {
	for _, q := range []string{"", `"a b" -c`, "from:me has:x in:library", "during:2024-01-01", "東京 -京都", `'"\\`, "#tag -#other", strings.Repeat("a ", 200)} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := understand(parse(text), asker{account: 7, zone: time.UTC, find: func(string) (id.Account, error) { return 3, nil }})
		if err != nil {
			var refused *fault.Fault
			if !errors.As(err, &refused) {
				t.Fatal(err)
			}
			return
		}
		if len(q.all) > maxWishTerms+maxParts || len(q.none) > maxParts {
			t.Fatalf("%d and %d terms", len(q.all), len(q.none))
		}
		for _, term := range slices.Concat(q.all, q.none, q.one) {
			if term == "" || strings.ContainsAny(term, " \"'\\\x00") {
				t.Fatalf("%q asks for the term %q", text, term)
			}
		}
		if len(q.one) > 0 {
			q.match()
			q.conditions([]string{":w0a"})
		}
	})
}

func TestPostgresIsAskedForEachWordByItself(t *testing.T) {
	many := strings.Split("a b c d e f g h i j", " ")
	for _, one := range []struct {
		w    wish
		want []string
	}{
		{wish{all: []string{"東京"}, one: []string{":p", ":r7"}}, []string{"(':w0a'|':w0b')", "'東京'", "':p'|':r7'"}},
		{wish{one: []string{":p"}}, []string{"(':w0a'|':w0b')", "':p'"}},
		{wish{all: []string{"fox", "dog"}, none: []string{"cat", "cow"}}, []string{"(':w0a'|':w0b')&!('cat'|'cow')", "'fox'", "'dog'"}},
		{wish{all: many}, []string{"(':w0a'|':w0b')", "'a'", "'b'", "'c'", "'d'", "'e'", "'f'", "'g'", "'h'&'i'&'j'"}},
	} {
		if got := one.w.conditions([]string{":w0a", ":w0b"}); !slices.Equal(got, one.want) {
			t.Errorf("%+v asks for %q, want %q", one.w, got, one.want)
		}
	}
}
