package db

import (
	"cmp"
	"regexp"
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

// described is what git describe adds to the last release.
var described = regexp.MustCompile(`^(\d+-g[0-9a-f]+)?(-?dirty)?$`)

type version struct {
	numbers [3]int
	pre     string
}

func parseVersion(s string) (version, bool) {
	var v version
	s = strings.TrimPrefix(strings.TrimSpace(s), "v")
	s, _, _ = strings.Cut(s, "+")
	s, v.pre, _ = strings.Cut(s, "-")
	if described.MatchString(v.pre) {
		v.pre = "" // a build from after the release, not from before it
	}
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
