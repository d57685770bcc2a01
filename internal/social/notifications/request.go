package notifications

import "slices"

// asks tells whether a filtered notification of a kind makes a request of its sender: a word to the member does, applause does not.
func asks(kind Kind) bool { return slices.Contains(asking, string(kind)) }

var asking = []string{string(Mention), string(Quote)}
