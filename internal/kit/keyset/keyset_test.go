package keyset

import (
	"math"
	"net/http/httptest"
	"reflect"
	"testing"

	"anancus/internal/kit/rest"
)

func call(query string) *rest.Call[int] {
	return &rest.Call[int]{R: httptest.NewRequest("GET", "/list?"+query, nil), Base: "https://here.example"}
}

func TestPagesAreReadAsMastodonDoes(t *testing.T) {
	for query, want := range map[string]Page{
		"":                                {math.MaxInt64, 0, false, 20},
		"max_id=5":                        {5, 0, false, 20},
		"since_id=5&limit=7":              {math.MaxInt64, 5, false, 7},
		"min_id=5":                        {math.MaxInt64, 5, true, 20},
		"min_id=5&max_id=9":               {9, 5, true, 20},
		"since_id=3&min_id=5":             {math.MaxInt64, 5, true, 20},
		"max_id=abc&min_id=-1&since_id=0": {math.MaxInt64, 0, false, 20},
		"max_id=99999999999999999999&limit=99999": {math.MaxInt64, 0, false, 40},
		"max_id=9223372036854775807":              {math.MaxInt64, 0, false, 20},
		"limit=-3":                                {math.MaxInt64, 0, false, 3},
	} {
		if got := Read(call(query), 20, 40); got != want {
			t.Errorf("?%s is %+v, want %+v", query, got, want)
		}
	}
}

func TestUpwardPagesAreStillNewestFirst(t *testing.T) {
	up := Page{After: 1, Upward: true, Limit: 3}
	if up.Order() != "ASC" || First(3).Order() != "DESC" {
		t.Error("the order is wrong")
	}
	if got := Arrange(up, []int{2, 3, 4}); !reflect.DeepEqual(got, []int{4, 3, 2}) {
		t.Errorf("upward: %v", got)
	}
	if got := Arrange(First(3), []int{4, 3, 2}); !reflect.DeepEqual(got, []int{4, 3, 2}) {
		t.Errorf("downward: %v", got)
	}
}

func TestLinksLeadToTheNeighboursAndKeepWhatWasAsked(t *testing.T) {
	p := Page{Before: math.MaxInt64, Limit: 2}
	for name, c := range map[string]struct {
		fetched    int
		prev       Previous
		whole      bool
		next, back string
	}{
		"a full page":                {2, ByMinID, false, "max_id=3", "min_id=9"},
		"a short page of a timeline": {1, ByMinID, false, "max_id=3", "min_id=9"},
		"a full page of a list":      {2, BySinceID, true, "max_id=3", "since_id=9"},
		"the last page of a list":    {1, BySinceID, true, "", "since_id=9"},
		"nothing":                    {0, ByMinID, false, "", ""},
	} {
		s := Answer(call("max_id=50&min_id=1&since_id=2&limit=2&types[]=a&types[]=b"), p, []int{}, c.fetched, 9, 3, c.prev, c.whole)
		want := func(part string) string {
			if part == "" {
				return ""
			}
			return "https://here.example/list?limit=2&" + part + "&types%5B%5D=a&types%5B%5D=b"
		}
		if s.Next != want(c.next) || s.Prev != want(c.back) {
			t.Errorf("%s: next %q, prev %q", name, s.Next, s.Prev)
		}
	}
}
