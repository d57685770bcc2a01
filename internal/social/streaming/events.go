package streaming

import (
	"context"

	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/conversations"
	"anancus/internal/social/filters"
	"anancus/internal/social/frontdoor"
	"anancus/internal/social/id"
	"anancus/internal/social/lists"
	"anancus/internal/social/notifications"
	"anancus/internal/social/relationships"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
	"anancus/internal/social/viewer"
)

// The live effects. They cost the caller nothing but a place in a queue, and nothing at all while no stream is open.

// OnPublished tells of a new status.
func (h *Hub) OnPublished(_ context.Context, e statuses.Published) {
	if e.Quiet {
		return
	}
	carried := e.Tags
	if carried == nil {
		carried = []id.Tag{}
	}
	h.post(func(ctx context.Context) { h.status(ctx, update, e.Status, e.Author, carried) })
}

// OnBoosted tells of a new boost.
func (h *Hub) OnBoosted(_ context.Context, e statuses.Boosted) {
	h.post(func(ctx context.Context) { h.status(ctx, update, e.Boost, e.Author, []id.Tag{}) })
}

// OnEdited tells of an edit.
func (h *Hub) OnEdited(_ context.Context, e statuses.Edited) {
	h.post(func(ctx context.Context) { h.status(ctx, edit, e.Status, e.Author, nil) })
}

// OnQuoteEnded takes out of sight what may not be quoted any more.
func (h *Hub) OnQuoteEnded(_ context.Context, e statuses.QuoteEnded) {
	h.post(func(ctx context.Context) { h.status(ctx, edit, e.Status, 0, nil) })
}

// OnQuoteGranted shows a quote that waited for its author's leave.
func (h *Hub) OnQuoteGranted(_ context.Context, e statuses.QuoteGranted) {
	h.post(func(ctx context.Context) { h.status(ctx, edit, e.Status, 0, nil) })
}

// OnRefreshed tells what stands beside the words of a remote status: how its poll stands, that it may quote what it quotes.
func (h *Hub) OnRefreshed(_ context.Context, e statuses.Refreshed) {
	h.post(func(ctx context.Context) { h.status(ctx, edit, e.Status, 0, nil) })
}

// OnDeleted tells of the end of a status.
func (h *Hub) OnDeleted(_ context.Context, e statuses.Deleted) {
	h.post(func(ctx context.Context) { h.status(ctx, removal, e.Status, e.Author, nil) })
}

// OnUnboosted tells of the end of a boost.
func (h *Hub) OnUnboosted(_ context.Context, e statuses.Unboosted) {
	h.post(func(ctx context.Context) { h.status(ctx, removal, e.Boost, e.Author, nil) })
}

// OnTold tells of a notification that was not held back.
func (h *Hub) OnTold(_ context.Context, e notifications.Told) {
	if e.Filtered {
		return
	}
	h.post(func(ctx context.Context) {
		h.personal(ctx, e.Account, onNotifications, func(v viewer.Viewer) (*message, error) {
			n, err := h.Notifications.Stream(ctx, v, e.Notification)
			if err != nil || n == nil {
				return nil, err
			}
			return h.entity("notification", n)
		})
	})
}

// OnMerged tells that notifications which were held back are among the others now.
func (h *Hub) OnMerged(_ context.Context, e notifications.Merged) {
	h.post(func(ctx context.Context) {
		h.personal(ctx, e.Account, onNotifications, func(viewer.Viewer) (*message, error) { return h.message("notifications_merged", []byte("1")), nil })
	})
}

// OnConversation tells of a direct status in its conversation.
func (h *Hub) OnConversation(_ context.Context, e conversations.Changed) {
	h.post(func(ctx context.Context) {
		h.personal(ctx, e.Account, onDirect, func(v viewer.Viewer) (*message, error) {
			c, err := h.Conversations.Stream(ctx, v, e.Conversation)
			if err != nil || c == nil {
				return nil, err
			}
			return h.entity("conversation", c)
		})
	})
}

// OnFilters takes a member's new filters to heart, and tells apps to read them.
func (h *Hub) OnFilters(_ context.Context, e filters.Changed) {
	h.post(func(ctx context.Context) {
		h.reread(ctx, e.Account)
		h.personal(ctx, e.Account, onUser, func(viewer.Viewer) (*message, error) { return h.message("filters_changed", nil), nil })
	})
}

// OnAnnouncement tells of an announcement, new or changed.
func (h *Hub) OnAnnouncement(_ context.Context, e frontdoor.AnnouncementChanged) {
	h.post(func(ctx context.Context) {
		h.everybody(ctx, func() (*message, error) {
			a, err := h.Frontdoor.StreamAnnouncement(ctx, e.Announcement)
			if err != nil || a == nil {
				return nil, err
			}
			return h.entity("announcement", a)
		})
	})
}

// OnAnnouncementGone tells of an announcement's end.
func (h *Hub) OnAnnouncementGone(_ context.Context, e frontdoor.AnnouncementGone) {
	h.post(func(ctx context.Context) {
		h.everybody(ctx, func() (*message, error) {
			return h.message("announcement.delete", []byte(id.String(e.Announcement))), nil
		})
	})
}

// OnAnnouncementReacted tells how many reacted.
func (h *Hub) OnAnnouncementReacted(_ context.Context, e frontdoor.AnnouncementReacted) {
	h.post(func(ctx context.Context) {
		h.everybody(ctx, func() (*message, error) {
			r, err := h.Frontdoor.StreamReaction(ctx, e)
			if err != nil {
				return nil, err
			}
			return h.entity("announcement.reaction", r)
		})
	})
}

// OnTokenRevoked closes what was opened with a token, at once: of what happens from here on it tells nothing.
func (h *Hub) OnTokenRevoked(_ context.Context, e access.TokenRevoked) {
	if h.open.Load() > 0 {
		h.shutAll(func(k *socket) bool { return k.viewer.Token == e.Token }, revoked)
	}
}

// OnAccountGone closes the streams of a member who was suspended or deleted.
func (h *Hub) OnAccountGone(_ context.Context, e accounts.Gone) {
	if h.open.Load() > 0 {
		h.shutAll(func(k *socket) bool { return k.viewer.Account == e.Account }, revoked)
	}
}

// OnStandingChanged closes the streams of members who were suspended.
func (h *Hub) OnStandingChanged(_ context.Context, e accounts.StandingChanged) {
	if !e.Hidden || h.open.Load() == 0 {
		return
	}
	changed := make(map[id.Account]bool, len(e.Accounts))
	for _, one := range e.Accounts {
		changed[one] = true
	}
	h.shutAll(func(k *socket) bool { return changed[k.viewer.Account] }, revoked)
}

func (h *Hub) changed(accounts ...id.Account) {
	h.post(func(ctx context.Context) { h.reread(ctx, accounts...) })
}

// OnFollowed follows.
func (h *Hub) OnFollowed(_ context.Context, e relationships.Followed) { h.changed(e.Follower) }

// OnFollowChanged follows.
func (h *Hub) OnFollowChanged(_ context.Context, e relationships.FollowChanged) {
	h.changed(e.Follower)
}

// OnUnfollowed follows no more.
func (h *Hub) OnUnfollowed(_ context.Context, e relationships.Unfollowed) { h.changed(e.Follower) }

// OnBlocked keeps two apart.
func (h *Hub) OnBlocked(_ context.Context, e relationships.Blocked) { h.changed(e.Blocker, e.Target) }

// OnUnblocked does so no more.
func (h *Hub) OnUnblocked(_ context.Context, e relationships.Unblocked) {
	h.changed(e.Blocker, e.Target)
}

// OnMuted keeps somebody quiet.
func (h *Hub) OnMuted(_ context.Context, e relationships.Muted) { h.changed(e.Muter) }

// OnUnmuted does so no more.
func (h *Hub) OnUnmuted(_ context.Context, e relationships.Unmuted) { h.changed(e.Muter) }

// OnDomainBlocked keeps a server away.
func (h *Hub) OnDomainBlocked(_ context.Context, e relationships.DomainBlocked) { h.changed(e.Account) }

// OnDomainUnblocked does so no more.
func (h *Hub) OnDomainUnblocked(_ context.Context, e relationships.DomainUnblocked) {
	h.changed(e.Account)
}

// OnListChanged follows a list's policy.
func (h *Hub) OnListChanged(_ context.Context, e lists.Changed) { h.changed(e.Owner) }

// OnListDeleted tells nothing of a list any more.
func (h *Hub) OnListDeleted(_ context.Context, e lists.Deleted) { h.changed(e.Owner) }

// OnListMembersChanged follows who is on a list.
func (h *Hub) OnListMembersChanged(_ context.Context, e lists.MembersChanged) { h.changed(e.Owner) }

// OnTagFollowed follows a hashtag.
func (h *Hub) OnTagFollowed(_ context.Context, e tags.Followed) { h.changed(e.Account) }

// OnTagUnfollowed follows it no more.
func (h *Hub) OnTagUnfollowed(_ context.Context, e tags.Unfollowed) { h.changed(e.Account) }

// OnProfileChanged follows the languages that a member chose.
func (h *Hub) OnProfileChanged(_ context.Context, e accounts.ProfileChanged) { h.changed(e.Account) }
