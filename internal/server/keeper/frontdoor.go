package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// FrontdoorOps is what keepers tell everybody: rules, terms of service, announcements.
type FrontdoorOps interface {
	AddRule(ctx context.Context, in Rule) (Rule, error)
	ChangeRule(ctx context.Context, in Rule) (Rule, error)
	MoveRule(ctx context.Context, in RulePlace) (Rule, error)
	RemoveRule(ctx context.Context, in RulePlace) (Rule, error)
	ListRules(ctx context.Context) ([]Rule, error)
	PublishTerms(ctx context.Context, in Terms) (Terms, error)
	ListTerms(ctx context.Context) ([]Terms, error)
	Announce(ctx context.Context, in Announcement) (Announcement, error)
	ChangeAnnouncement(ctx context.Context, in AnnouncementChange) (Announcement, error)
	ListAnnouncements(ctx context.Context) ([]Announcement, error)
}

// Rule is one of the server's rules. Language names the one that a change is for; "" is the keepers' own.
type Rule struct {
	ID           string            `json:"id"`
	Text         string            `json:"text"`
	Hint         string            `json:"hint,omitempty"`
	Language     string            `json:"language,omitempty"`
	Translations map[string]string `json:"translations,omitempty"`
}

// RulePlace names a rule, and where it goes, counted from 1.
type RulePlace struct {
	ID    string `json:"id"`
	Place int    `json:"place,omitempty"`
}

// Terms is a version of the terms of service, in Markdown.
type Terms struct {
	EffectiveOn string `json:"effective_on"` // YYYY-MM-DD
	Text        string `json:"text"`
	Changelog   string `json:"changelog,omitempty"`
	PublishedAt string `json:"published_at,omitempty"`
}

// Announcement is what all members are told. Times are RFC 3339.
type Announcement struct {
	ID          string `json:"id"`
	Text        string `json:"text"`
	StartsAt    string `json:"starts_at,omitempty"`
	EndsAt      string `json:"ends_at,omitempty"`
	AllDay      bool   `json:"all_day,omitempty"`
	PublishAt   string `json:"publish_at,omitempty"`
	Draft       bool   `json:"draft,omitempty"`
	PublishedAt string `json:"published_at,omitempty"`
}

// AnnouncementChange does something to an announcement: edit, publish, unpublish or remove.
type AnnouncementChange struct {
	ID   string `json:"id"`
	Do   string `json:"do"`
	Text string `json:"text,omitempty"`
}

func frontdoorHandlers(ops FrontdoorOps) map[string]control.Handler {
	return map[string]control.Handler{
		"rule.add":            control.Handle(ops.AddRule),
		"rule.change":         control.Handle(ops.ChangeRule),
		"rule.move":           control.Handle(ops.MoveRule),
		"rule.remove":         control.Handle(ops.RemoveRule),
		"rule.list":           control.Handle(func(ctx context.Context, _ nothing) ([]Rule, error) { return ops.ListRules(ctx) }),
		"terms.publish":       control.Handle(ops.PublishTerms),
		"terms.list":          control.Handle(func(ctx context.Context, _ nothing) ([]Terms, error) { return ops.ListTerms(ctx) }),
		"announcement.add":    control.Handle(ops.Announce),
		"announcement.change": control.Handle(ops.ChangeAnnouncement),
		"announcement.list":   control.Handle(func(ctx context.Context, _ nothing) ([]Announcement, error) { return ops.ListAnnouncements(ctx) }),
	}
}

// AddRule puts a rule after the others.
func (c Client) AddRule(ctx context.Context, in Rule) (Rule, error) {
	return ask[Rule](ctx, c, "rule.add", in)
}

// ChangeRule changes a rule's words.
func (c Client) ChangeRule(ctx context.Context, in Rule) (Rule, error) {
	return ask[Rule](ctx, c, "rule.change", in)
}

// MoveRule puts a rule at a place.
func (c Client) MoveRule(ctx context.Context, in RulePlace) (Rule, error) {
	return ask[Rule](ctx, c, "rule.move", in)
}

// RemoveRule takes a rule away.
func (c Client) RemoveRule(ctx context.Context, in RulePlace) (Rule, error) {
	return ask[Rule](ctx, c, "rule.remove", in)
}

// ListRules gives the rules in their order.
func (c Client) ListRules(ctx context.Context) ([]Rule, error) {
	return ask[[]Rule](ctx, c, "rule.list", nothing{})
}

// PublishTerms publishes a version of the terms of service.
func (c Client) PublishTerms(ctx context.Context, in Terms) (Terms, error) {
	return ask[Terms](ctx, c, "terms.publish", in)
}

// ListTerms gives every version, newest first.
func (c Client) ListTerms(ctx context.Context) ([]Terms, error) {
	return ask[[]Terms](ctx, c, "terms.list", nothing{})
}

// Announce makes an announcement.
func (c Client) Announce(ctx context.Context, in Announcement) (Announcement, error) {
	return ask[Announcement](ctx, c, "announcement.add", in)
}

// ChangeAnnouncement edits, publishes, unpublishes or removes an announcement.
func (c Client) ChangeAnnouncement(ctx context.Context, in AnnouncementChange) (Announcement, error) {
	return ask[Announcement](ctx, c, "announcement.change", in)
}

// ListAnnouncements gives all announcements, newest first.
func (c Client) ListAnnouncements(ctx context.Context) ([]Announcement, error) {
	return ask[[]Announcement](ctx, c, "announcement.list", nothing{})
}
