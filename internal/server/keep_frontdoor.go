package server

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/frontdoor"
	"anancus/internal/social/id"
)

// AddRule puts a rule after the others.
func (k *Keeper) AddRule(ctx context.Context, in keeper.Rule) (keeper.Rule, error) {
	made, err := k.server.frontdoor.AddRule(ctx, in.Text, in.Hint)
	return shownRule(made), err
}

// ChangeRule changes a rule's words.
func (k *Keeper) ChangeRule(ctx context.Context, in keeper.Rule) (keeper.Rule, error) {
	changed, err := k.server.frontdoor.ChangeRule(ctx, in.ID, in.Language, in.Text, in.Hint)
	return shownRule(changed), err
}

// MoveRule puts a rule at a place.
func (k *Keeper) MoveRule(ctx context.Context, in keeper.RulePlace) (keeper.Rule, error) {
	moved, err := k.server.frontdoor.MoveRule(ctx, in.ID, in.Place)
	return shownRule(moved), err
}

// RemoveRule takes a rule away.
func (k *Keeper) RemoveRule(ctx context.Context, in keeper.RulePlace) (keeper.Rule, error) {
	gone, err := k.server.frontdoor.RemoveRule(ctx, in.ID)
	return shownRule(gone), err
}

// ListRules gives the rules in their order.
func (k *Keeper) ListRules(ctx context.Context) ([]keeper.Rule, error) {
	list, err := k.server.frontdoor.Rules(ctx)
	out := make([]keeper.Rule, len(list))
	for i, one := range list {
		out[i] = shownRule(one)
	}
	return out, err
}

func shownRule(r frontdoor.Rule) keeper.Rule {
	out := keeper.Rule{ID: r.ID, Text: r.Text, Hint: r.Hint}
	for language, words := range r.Translations {
		if out.Translations == nil {
			out.Translations = map[string]string{}
		}
		out.Translations[language] = words.Text
	}
	return out
}

// PublishTerms publishes a version of the terms of service.
func (k *Keeper) PublishTerms(ctx context.Context, in keeper.Terms) (keeper.Terms, error) {
	made, err := k.server.frontdoor.PublishTerms(ctx, in.EffectiveOn, in.Text, in.Changelog)
	return shownTerms(made), err
}

// ListTerms gives every version, newest first.
func (k *Keeper) ListTerms(ctx context.Context) ([]keeper.Terms, error) {
	list, err := k.server.frontdoor.AllTerms(ctx)
	out := make([]keeper.Terms, len(list))
	for i, one := range list {
		out[i] = shownTerms(one)
	}
	return out, err
}

func shownTerms(t frontdoor.Terms) keeper.Terms {
	return keeper.Terms{EffectiveOn: t.EffectiveOn, Text: t.Text, Changelog: t.Changelog, PublishedAt: stamp(t.PublishedAt)}
}

// Announce makes an announcement.
func (k *Keeper) Announce(ctx context.Context, in keeper.Announcement) (keeper.Announcement, error) {
	draft := frontdoor.AnnouncementDraft{Text: in.Text, AllDay: in.AllDay, KeepBack: in.Draft}
	for _, one := range []struct {
		name, text string
		into       *time.Time
	}{{"starts", in.StartsAt, &draft.StartsAt}, {"ends", in.EndsAt, &draft.EndsAt}, {"publish-at", in.PublishAt, &draft.PublishAt}} {
		if one.text == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339, one.text)
		if err != nil {
			return keeper.Announcement{}, fault.New(fault.Invalid, fmt.Sprintf("%s: %q is no time: write it as 2026-12-31T18:00:00Z", one.name, one.text))
		}
		*one.into = at.UTC()
	}
	made, err := k.server.frontdoor.Announce(ctx, draft)
	if err != nil {
		return keeper.Announcement{}, err
	}
	return shownAnnouncement(made), nil
}

// ChangeAnnouncement edits, publishes, unpublishes or removes an announcement.
func (k *Keeper) ChangeAnnouncement(ctx context.Context, in keeper.AnnouncementChange) (keeper.Announcement, error) {
	which, err := id.Parse[id.Announcement](in.ID)
	if err != nil {
		return keeper.Announcement{}, fault.New(fault.NotFound, fmt.Sprintf("There is no announcement %s", in.ID))
	}
	var changed *frontdoor.Announcement
	switch in.Do {
	case "edit":
		changed, err = k.server.frontdoor.EditAnnouncement(ctx, which, in.Text)
	case "publish":
		changed, err = k.server.frontdoor.PublishAnnouncement(ctx, which)
	case "unpublish":
		changed, err = k.server.frontdoor.WithdrawAnnouncement(ctx, which)
	case "remove":
		return keeper.Announcement{ID: in.ID}, k.server.frontdoor.RemoveAnnouncement(ctx, which)
	default:
		err = fault.New(fault.Invalid, "An announcement can be edited, published, unpublished or removed")
	}
	if err != nil {
		return keeper.Announcement{}, err
	}
	return shownAnnouncement(changed), nil
}

// ListAnnouncements gives all announcements, newest first.
func (k *Keeper) ListAnnouncements(ctx context.Context) ([]keeper.Announcement, error) {
	list, err := k.server.frontdoor.Announcements(ctx)
	out := make([]keeper.Announcement, len(list))
	for i, one := range list {
		out[i] = shownAnnouncement(one)
	}
	return out, err
}

func shownAnnouncement(a *frontdoor.Announcement) keeper.Announcement {
	return keeper.Announcement{ID: id.String(a.ID), Text: a.Text, StartsAt: stamp(a.StartsAt), EndsAt: stamp(a.EndsAt), AllDay: a.AllDay,
		PublishAt: stamp(a.Scheduled), PublishedAt: stamp(a.Published), Draft: a.Published.IsZero() && a.Scheduled.IsZero()}
}

func stamp(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
