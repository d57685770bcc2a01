package settings

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/fault"
)

// DefaultMaxCharacters is Mastodon's limit on the text of a status.
const DefaultMaxCharacters = 500

// Bounds of what a keeper may set.
const (
	minCharacters  = 100
	maxCharacters  = 100_000 // a status still fits the 1 MiB that peers take
	maxTitle       = 100
	maxDescription = 500
)

type setting struct {
	read func(v *Values, text string) error
	show func(v Values) string
}

var names = map[string]setting{
	"registrations": {
		read: func(v *Values, text string) error {
			switch r := Registrations(text); r {
			case Open, Approval, Closed:
				v.Registrations = r
				return nil
			}
			return fault.New(fault.Invalid, "registrations must be open, approval or closed")
		},
		show: func(v Values) string { return string(v.Registrations) },
	},
	"title":         text("title", maxTitle, func(v *Values) *string { return &v.Title }),
	"description":   text("description", maxDescription, func(v *Values) *string { return &v.Description }),
	"contact-email": text("contact-email", 254, func(v *Values) *string { return &v.ContactEmail }),
	"max-characters": {
		read: func(v *Values, text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < minCharacters || n > maxCharacters {
				return fault.New(fault.Invalid, fmt.Sprintf("max-characters must be a number from %d to %d", minCharacters, maxCharacters))
			}
			v.MaxCharacters = n
			return nil
		},
		show: func(v Values) string { return strconv.Itoa(v.MaxCharacters) },
	},
}

func text(name string, limit int, field func(*Values) *string) setting {
	return setting{
		read: func(v *Values, text string) error {
			text = strings.TrimSpace(text)
			if utf8.RuneCountInString(text) > limit {
				return fault.New(fault.Invalid, fmt.Sprintf("%s must be at most %d characters", name, limit))
			}
			*field(v) = text
			return nil
		},
		show: func(v Values) string { return *field(&v) },
	}
}
