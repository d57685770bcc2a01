package settings

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/fault"
)

// DefaultMaxCharacters is Mastodon's limit on the text of a status.
const DefaultMaxCharacters = 500

// DefaultTrendsThreshold is Mastodon's: fewer accounts make no trend.
const DefaultTrendsThreshold = 5

// Bounds of what a keeper may set.
const (
	minCharacters  = 100
	maxCharacters  = 100_000 // a status still fits the 1 MiB that peers take
	maxTitle       = 100
	maxDescription = 500
	maxAddress     = 2000
	maxDocument    = 100_000 // characters of a page's Markdown

	minTrendsThreshold = 2 // one alone is no trend
	maxTrendsThreshold = 1_000_000

	maxMediaDays   = 36_500
	maxMediaBudget = 1_000_000_000 // MB
)

type setting struct {
	read func(v *Values, text string) error
	show func(v Values) string
}

// maxEmbedHosts bounds how many sites may be shown in frames; their names stand in a header of the app's page.
const maxEmbedHosts = 50

// embedHost is a name as a Content-Security-Policy takes it.
var embedHost = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$`)

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
	"title":                        text("title", maxTitle, func(v *Values) *string { return &v.Title }),
	"description":                  text("description", maxDescription, func(v *Values) *string { return &v.Description }),
	"contact-email":                text("contact-email", 254, func(v *Values) *string { return &v.ContactEmail }),
	"extended-description":         text("extended-description", maxDocument, func(v *Values) *string { return &v.ExtendedDescription }),
	"privacy-policy":               text("privacy-policy", maxDocument, func(v *Values) *string { return &v.PrivacyPolicy }),
	"registrations-message":        text("registrations-message", maxDescription, func(v *Values) *string { return &v.RegistrationsMessage }),
	"status-page":                  address("status-page", func(v *Values) *string { return &v.StatusPage }),
	"activity-api":                 flag("activity-api", func(v *Values) *bool { return &v.ActivityAPI }),
	"peers-api":                    flag("peers-api", func(v *Values) *bool { return &v.PeersAPI }),
	"profile-directory":            flag("profile-directory", func(v *Values) *bool { return &v.ProfileDirectory }),
	"show-domain-blocks":           audience("show-domain-blocks", func(v *Values) *Audience { return &v.ShowDomainBlocks }),
	"show-domain-blocks-rationale": audience("show-domain-blocks-rationale", func(v *Values) *Audience { return &v.ShowDomainReasons }),
	"authorized-fetch":             flag("authorized-fetch", func(v *Values) *bool { return &v.AuthorizedFetch }),
	"limited-federation":           flag("limited-federation", func(v *Values) *bool { return &v.LimitedFederation }),
	"libretranslate-url":           address("libretranslate-url", func(v *Values) *string { return &v.LibreTranslateURL }),
	"libretranslate-key":           secret("libretranslate-key", func(v *Values) *string { return &v.LibreTranslateKey }),
	"deepl-key":                    secret("deepl-key", func(v *Values) *string { return &v.DeepLKey }),
	"deepl-plan": {
		read: func(v *Values, text string) error {
			if text != "free" && text != "pro" {
				return fault.New(fault.Invalid, "deepl-plan must be free or pro")
			}
			v.DeepLPlan = text
			return nil
		},
		show: func(v Values) string { return v.DeepLPlan },
	},
	"max-characters":       number("max-characters", minCharacters, maxCharacters, func(v *Values) *int { return &v.MaxCharacters }),
	"trends":               flag("trends", func(v *Values) *bool { return &v.Trends }),
	"trendable-by-default": flag("trendable-by-default", func(v *Values) *bool { return &v.TrendableByDefault }),
	"trends-threshold":     number("trends-threshold", minTrendsThreshold, maxTrendsThreshold, func(v *Values) *int { return &v.TrendsThreshold }),
	"remote-media": {
		read: func(v *Values, text string) error {
			mode, err := ReadMediaMode(text)
			if err == nil {
				v.RemoteMedia = mode
			}
			return err
		},
		show: func(v Values) string { return string(v.RemoteMedia) },
	},
	"media-fetch": {
		read: func(v *Values, text string) error {
			switch when := MediaFetch(text); when {
			case FetchFollowed, FetchSeen:
				v.MediaFetch = when
				return nil
			}
			return fault.New(fault.Invalid, "media-fetch must be followed or seen")
		},
		show: func(v Values) string { return string(v.MediaFetch) },
	},
	"remote-media-days":   number("remote-media-days", 0, maxMediaDays, func(v *Values) *int { return &v.RemoteMediaDays }),
	"remote-media-budget": number("remote-media-budget", 0, maxMediaBudget, func(v *Values) *int { return &v.RemoteMediaBudget }),
	"embed-hosts": {
		read: func(v *Values, text string) error {
			hosts := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' })
			if len(hosts) > maxEmbedHosts || slices.ContainsFunc(hosts, func(one string) bool { return !embedHost.MatchString(one) }) {
				return fault.New(fault.Invalid, "embed-hosts must be host names, such as player.vimeo.com, with commas between them")
			}
			slices.Sort(hosts)
			v.EmbedHosts = strings.Join(slices.Compact(hosts), ", ")
			return nil
		},
		show: func(v Values) string { return v.EmbedHosts },
	},
	"local-live-feed-access":   feed("local-live-feed-access", func(v *Values) *FeedAccess { return &v.LocalLiveFeed }, FeedForAll, FeedForMembers, FeedForKeepers),
	"remote-live-feed-access":  feed("remote-live-feed-access", func(v *Values) *FeedAccess { return &v.RemoteLiveFeed }, FeedForAll, FeedForMembers, FeedForKeepers),
	"local-topic-feed-access":  feed("local-topic-feed-access", func(v *Values) *FeedAccess { return &v.LocalTopicFeed }, FeedForAll, FeedForMembers),
	"remote-topic-feed-access": feed("remote-topic-feed-access", func(v *Values) *FeedAccess { return &v.RemoteTopicFeed }, FeedForAll, FeedForMembers, FeedForKeepers),
}

// ReadMediaMode reads what is to be done with media of other servers.
func ReadMediaMode(text string) (MediaMode, error) {
	switch mode := MediaMode(text); mode {
	case StoreMedia, ProxyMedia, RejectMedia:
		return mode, nil
	}
	return "", fault.New(fault.Invalid, "Media of other servers can be treated as store, proxy or reject")
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

// Hidden is shown in place of a secret.
const Hidden = "(set)"

// maxSecret is longer than any key we know.
const maxSecret = 500

// secret is a key for another service: it is never shown again.
func secret(name string, field func(*Values) *string) setting {
	return setting{
		read: func(v *Values, text string) error {
			text = strings.TrimSpace(text)
			if len(text) > maxSecret || strings.ContainsFunc(text, func(r rune) bool { return r <= ' ' || r > '~' }) {
				return fault.New(fault.Invalid, name+" must be a key: letters, numbers and signs without spaces")
			}
			*field(v) = text
			return nil
		},
		show: func(v Values) string {
			if *field(&v) == "" {
				return ""
			}
			return Hidden
		},
	}
}

func number(name string, least, most int, field func(*Values) *int) setting {
	return setting{
		read: func(v *Values, text string) error {
			n, err := strconv.Atoi(text)
			if err != nil || n < least || n > most {
				return fault.New(fault.Invalid, fmt.Sprintf("%s must be a number from %d to %d", name, least, most))
			}
			*field(v) = n
			return nil
		},
		show: func(v Values) string { return strconv.Itoa(*field(&v)) },
	}
}

func flag(name string, field func(*Values) *bool) setting {
	return setting{
		read: func(v *Values, text string) error {
			on, err := strconv.ParseBool(text)
			if err != nil {
				return fault.New(fault.Invalid, name+" must be true or false")
			}
			*field(v) = on
			return nil
		},
		show: func(v Values) string { return strconv.FormatBool(*field(&v)) },
	}
}

// audience is a setting that says who may read something about the server.
func audience(name string, field func(*Values) *Audience) setting {
	return setting{
		read: func(v *Values, text string) error {
			switch a := Audience(text); a {
			case Nobody, Members, Everyone:
				*field(v) = a
				return nil
			}
			return fault.New(fault.Invalid, name+" must be disabled, users or all")
		},
		show: func(v Values) string { return string(*field(&v)) },
	}
}

// feed is a setting that says who may read a timeline.
func feed(name string, field func(*Values) *FeedAccess, known ...FeedAccess) setting {
	words := make([]string, len(known))
	for i, one := range known {
		words[i] = string(one)
	}
	last := len(words) - 1
	return setting{
		read: func(v *Values, text string) error {
			if !slices.Contains(known, FeedAccess(text)) {
				return fault.New(fault.Invalid, fmt.Sprintf("%s must be %s or %s", name, strings.Join(words[:last], ", "), words[last]))
			}
			*field(v) = FeedAccess(text)
			return nil
		},
		show: func(v Values) string { return string(*field(&v)) },
	}
}

// address is a setting that leads to a page elsewhere; "" leads nowhere.
func address(name string, field func(*Values) *string) setting {
	plain := text(name, maxAddress, field)
	return setting{
		read: func(v *Values, text string) error {
			at, err := url.Parse(strings.TrimSpace(text))
			if text != "" && (err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http") {
				return fault.New(fault.Invalid, name+" must be the address of a page, such as https://status.example")
			}
			return plain.read(v, text)
		},
		show: plain.show,
	}
}
