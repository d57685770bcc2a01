package blob

import (
	"strings"

	"anancus/internal/kit/fault"
)

// Bounds of a key. A part must be a file's name everywhere; the whole, with a
// bucket's prefix before it, must fit into the 1024 bytes of S3.
const (
	maxKey  = 512
	maxPart = 200
)

// Check tells whether a text may be a key: parts of a-z, 0-9, dot, hyphen and
// underscore between slashes. No part begins with a dot, so neither .. nor a name of
// the store's own can be one.
func Check(key string) error {
	if len(key) > maxKey {
		return fault.New(fault.Invalid, "A key of a file is too long")
	}
	for part := range strings.SplitSeq(key, "/") {
		if !isPart(part) {
			return fault.New(fault.Invalid, "That cannot be a key of a file")
		}
	}
	return nil
}

func isPart(part string) bool {
	if part == "" || part[0] == '.' || len(part) > maxPart {
		return false
	}
	for _, c := range []byte(part) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '_' {
			return false
		}
	}
	return true
}

func notThere() error { return fault.New(fault.NotFound, "There is no such file") }
