package db

import (
	"cmp"
	"strconv"
	"strings"
)

// olderVersion tells whether program a is older than b. A version that is not
// numbers, such as "dev", counts as newer than every other.
func olderVersion(a, b string) bool {
	x, xOK := parseVersion(a)
	y, yOK := parseVersion(b)
	if !xOK || !yOK {
		return false
	}
	for i := range x.numbers {
		if c := cmp.Compare(x.numbers[i], y.numbers[i]); c != 0 {
			return c < 0
		}
	}
	// A pre-release comes before its release.
	return x.pre != "" && (y.pre == "" || x.pre < y.pre)
}

type version struct {
	numbers [3]int
	pre     string
}

func parseVersion(s string) (version, bool) {
	var v version
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	s, _, _ = strings.Cut(s, "+")
	s, v.pre, _ = strings.Cut(s, "-")
	parts := strings.Split(s, ".")
	if len(parts) > len(v.numbers) {
		return v, false
	}
	for i, part := range parts {
		n, err := strconv.Atoi(part)
		if err != nil || n < 0 {
			return v, false
		}
		v.numbers[i] = n
	}
	return v, true
}
