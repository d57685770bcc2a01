package frontdoor

import (
	"bytes"
	_ "embed"
	"time"

	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// markdowner leaves out HTML and addresses that run something: a keeper's page is text.
var markdowner = goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify))

// markdown renders what a keeper wrote.
func markdown(source string) string {
	var b bytes.Buffer
	if err := markdowner.Convert([]byte(source), &b); err != nil {
		panic(err) // a buffer takes everything
	}
	return b.String()
}

// ourPrivacyPolicy says what the program does with what people give it, until a keeper says more.
//
//go:embed privacy_policy.md
var ourPrivacyPolicy string

// privacyPolicySince is when our own policy last changed.
var privacyPolicySince = time.Date(2026, time.November, 22, 0, 0, 0, 0, time.UTC)

// ExtendedDescription serves GET /api/v1/instance/extended_description.
func (s *Service) ExtendedDescription(*viewer.Call) (any, error) {
	v := s.settings.Now()
	shown := mastodon.ExtendedDescription{Content: markdown(v.ExtendedDescription)}
	if at := v.ExtendedDescriptionAt; !at.IsZero() {
		words := mastodon.Time(at)
		shown.UpdatedAt = &words
	}
	return rest.Tagged{Body: shown, Cache: cacheInstance}, nil
}

// PrivacyPolicy serves GET /api/v1/instance/privacy_policy.
func (s *Service) PrivacyPolicy(*viewer.Call) (any, error) {
	words, since := s.privacyPolicy()
	return rest.Tagged{Body: mastodon.PrivacyPolicy{UpdatedAt: mastodon.Time(since), Content: markdown(words)}, Cache: cacheInstance}, nil
}

func (s *Service) privacyPolicy() (words string, since time.Time) {
	v := s.settings.Now()
	if v.PrivacyPolicy == "" {
		return ourPrivacyPolicy, privacyPolicySince
	}
	return v.PrivacyPolicy, v.PrivacyPolicyAt
}
