package server

import (
	"context"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/db"
	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/conversations"
	"anancus/internal/social/domains"
	"anancus/internal/social/emoji"
	"anancus/internal/social/filters"
	"anancus/internal/social/frontdoor"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/moderation"
	"anancus/internal/social/notifications"
	"anancus/internal/social/relationships"
	"anancus/internal/social/search"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/suggestions"
	"anancus/internal/social/tags"
	"anancus/internal/social/trends"
)

// effects says what follows from what. Live ones run in memory before the caller is
// answered; durable ones are stored with the event and retried until done.
func (s *Server) effects() {
	b := s.bus
	s.tags.DeliverBy(s.courier)
	s.relationships.CarryLists(s.lists.Carry)
	bus.On(b, "settings.changed",
		bus.Live(func(ctx context.Context, e settings.Changed) {
			switch e.Name {
			case "remote-media":
				s.mediaModes(ctx)
			case "embed-hosts":
				s.statuses.ForgetAllCards()
			}
		}),
		bus.Durable("media.drop_unwanted", bus.Index, func(_ context.Context, _ *db.Tx, e settings.Changed) (bool, error) {
			return e.Name == "remote-media", nil
		},
			func(ctx context.Context, _ settings.Changed) error { return s.media.DropUnwanted(ctx) }))
	bus.On(b, "media.mode_changed",
		bus.Live(func(ctx context.Context, _ media.ModeChanged) { s.mediaModes(ctx) }),
		bus.Durable("media.drop_unwanted_of_domain", bus.Index, nil, func(ctx context.Context, _ media.ModeChanged) error { return s.media.DropUnwanted(ctx) }))
	bus.On(b, "media.copies_dropped", bus.Live(func(_ context.Context, e media.CopiesDropped) {
		s.statuses.Forget(e.Statuses...)
		s.accounts.Forget(e.Accounts...)
		s.statuses.ForgetCards(e.Links...)
		for _, name := range e.Emoji {
			s.forgetEmoji(name.Domain, name.Shortcode)
		}
	}))
	bus.On(b, "emoji.changed", bus.Live(func(_ context.Context, e emoji.Changed) { s.forgetEmoji(e.Domain, e.Shortcodes...) }))
	bus.On(b, "emoji.removed", bus.Durable("frontdoor.forget_reactions", bus.Index, nil, s.frontdoor.ForgetReactions))
	bus.On(b, "media.portrait_kept", bus.Live(func(_ context.Context, e media.PortraitKept) { s.accounts.Forget(e.Account) }))
	bus.On(b, "collection.created",
		bus.Durable("collections.deliver_created", bus.Push, collections.OfMember(func(e collections.Created) id.Collection { return e.Collection }), s.collections.DeliverCreated))
	bus.On(b, "collection.granted",
		bus.Durable("collections.deliver_granted", bus.Push, collections.OfMember(func(e collections.Granted) id.Collection { return e.Collection }), s.collections.DeliverGranted))
	bus.On(b, "collection.due", bus.Durable("collections.read", bus.Pull, nil, s.collections.Read))
	bus.On(b, "collection.ask_due", bus.Durable("collections.ask_again", bus.Push, nil, s.collections.AskAgain))
	bus.On(b, "status.collections_seen", bus.Durable("collections.resolve_leads", bus.Pull, nil, s.collections.ResolveLeads))
	bus.On(b, "collection.stale", bus.Durable("collections.reread", bus.Pull, nil, s.collections.Reread))
	bus.On(b, "collection.items_seen", bus.Durable("collections.resolve_items", bus.Pull, nil, s.collections.ResolveItems))
	bus.On(b, "collection.added",
		bus.Durable("collections.deliver_added", bus.Push, collections.OfMember(func(e collections.Added) id.Collection { return e.Collection }), s.collections.DeliverAdded),
		bus.Durable("notifications.tell_added_to_collection", bus.Push, onlyMember(func(e collections.Added) id.Account { return e.Account }), s.notifications.TellAddedToCollection))
	bus.On(b, "collection.changed",
		bus.Durable("collections.deliver_changed", bus.Push, collections.OfMember(func(e collections.Changed) id.Collection { return e.Collection }), s.collections.DeliverChanged),
		bus.Durable("notifications.tell_collection_changed", bus.Push, nil, s.notifications.TellCollectionChanged))
	bus.On(b, "collection.left", bus.Durable("collections.deliver_left", bus.Push, nil, s.collections.DeliverLeft),
		bus.Durable("notifications.forget_left_collection", bus.Push, nil, s.notifications.ForgetLeft))
	bus.On(b, "collection.deleted",
		bus.Durable("collections.deliver_deleted", bus.Push, onlyMember(func(e collections.Deleted) id.Account { return e.Owner }), s.collections.DeliverDeleted),
		bus.Durable("notifications.forget_collection", bus.Push, nil, s.notifications.ForgetCollection))
	bus.On(b, "rules.changed", bus.Live(func(context.Context, frontdoor.RulesChanged) {}))
	bus.On(b, "announcement.changed", bus.Live(s.streaming.OnAnnouncement))
	bus.On(b, "announcement.gone", bus.Live(s.streaming.OnAnnouncementGone))
	bus.On(b, "announcement.reacted", bus.Live(s.streaming.OnAnnouncementReacted))
	bus.On(b, "account.joined", bus.Durable("notifications.tell_signed_up", bus.Push, nil, s.notifications.TellSignedUp))
	bus.On(b, "account.updated",
		bus.Live(func(_ context.Context, e accounts.Updated) {
			s.accounts.Forget(e.Account)
			s.statuses.ForgetCreator(e.Account)
		}),
		bus.Durable("media.fetch_portraits", bus.Pull, func(ctx context.Context, tx *db.Tx, e accounts.Updated) (bool, error) {
			return s.media.PortraitsWanted(ctx, tx, e.Account)
		},
			func(ctx context.Context, e accounts.Updated) error { return s.media.FetchPortraits(ctx, e.Account) }),
		bus.Durable("accounts.settle_move", bus.Pull, func(_ context.Context, _ *db.Tx, e accounts.Updated) (bool, error) { return e.Moved, nil }, s.accounts.SettleMove),
		bus.Durable("accounts.read_numbers", bus.Pull, accounts.Beside(func(a *accounts.Account) string { return a.OutboxURL + a.FollowersURL + a.FollowingURL }), s.accounts.ReadNumbers),
		bus.Durable("statuses.read_pins", bus.Pull, accounts.Beside(func(a *accounts.Account) string { return a.FeaturedURL }), s.statuses.ReadPins),
		bus.Durable("tags.read_featured", bus.Pull, accounts.Beside(func(a *accounts.Account) string { return a.FeaturedTagsURL }), s.tags.ReadFeatured),
		bus.Durable("collections.follow", bus.Pull, accounts.Beside(func(a *accounts.Account) string { return a.FeaturedCollectionsURL }), s.collections.Follow),
		bus.Durable("search.follow_updated", bus.Index, search.AuthorUpdated, s.search.FollowUpdated))
	bus.On(b, "account.links_claimed", bus.Durable("accounts.verify_links", bus.Pull, nil, s.accounts.VerifyLinks).
		After(func(e accounts.LinksClaimed) time.Duration { return e.Wait }))
	bus.On(b, "account.refresh_due", bus.Durable("accounts.refresh", bus.Pull, nil, s.accounts.Refresh).
		After(func(e accounts.RefreshDue) time.Duration { return e.Wait }))
	bus.On(b, "account.profile_seen", bus.Live(func(_ context.Context, e statuses.ProfileSeen) { s.accounts.Forget(e.Account) }), bus.Durable("statuses.backfill", bus.Pull, nil, s.statuses.Backfill))
	bus.On(b, "account.profile_changed",
		bus.Live(func(_ context.Context, e accounts.ProfileChanged) {
			s.accounts.Forget(e.Account)
			s.statuses.ForgetCreator(e.Account)
		}),
		bus.Live(s.streaming.OnProfileChanged),
		bus.Durable("accounts.deliver_profile", bus.Push, nil, s.accounts.DeliverProfile),
		bus.Durable("relationships.accept_waiting", bus.Push, relationships.Waiting, s.relationships.AcceptWaiting),
		bus.Durable("search.follow_changed", bus.Index, search.AuthorChanged, s.search.FollowChanged))
	bus.On(b, "account.gone",
		bus.Live(func(_ context.Context, e accounts.Gone) {
			s.relationships.ForgetAllFollowers()
			s.accounts.Forget(e.Account)
			s.access.ForgetMember(e.Account)
			s.statuses.ForgetCreator(e.Account)
		}),
		bus.Live(s.timelines.OnAccountGone),
		bus.Live(s.streaming.OnAccountGone))
	bus.On(b, "account.standing_changed",
		bus.Live(func(_ context.Context, e accounts.StandingChanged) {
			s.accounts.Forget(e.Accounts...)
			s.access.ForgetMember(e.Accounts...)
			for _, one := range e.Accounts {
				s.statuses.ForgetCreator(one)
			}
			s.suggestions.ForgetAll()
		}),
		bus.Live(s.timelines.OnStandingChanged),
		bus.Live(s.streaming.OnStandingChanged),
		bus.Durable("accounts.deliver_standing", bus.Push, accounts.HidesMembers, s.accounts.DeliverStanding),
		bus.Durable("relationships.sever_suspended", bus.Push, relationships.HidesOthers, s.relationships.SeverSuspended))
	bus.On(b, "moderation.struck", bus.Durable("moderation.tell_struck", bus.Push, nil, s.moderation.TellStruck))
	bus.On(b, "domain.changed",
		bus.Live(func(ctx context.Context, _ domains.Changed) { s.mediaModes(ctx) }),
		bus.Durable("moderation.settle_domains", bus.Index, nil, s.moderation.SettleDomains))
	bus.On(b, "domain.allows_changed", bus.Live(func(ctx context.Context, _ domains.AllowsChanged) { s.readAgain(ctx) })) // nothing that is shown depends on it
	bus.On(b, "account.password_changed", bus.Live(func(_ context.Context, e accounts.PasswordChanged) { s.access.ForgetMember(e.Account) }))
	bus.On(b, "access.token_revoked",
		bus.Live(func(_ context.Context, e access.TokenRevoked) { s.access.ForgetTokens(e.Token) }),
		bus.Live(s.streaming.OnTokenRevoked),
		bus.Durable("notifications.forget_subscription", bus.Push, notifications.Subscribed, s.notifications.ForgetSubscription))

	bus.On(b, "relationship.followers_told", bus.Durable("relationships.mend_followers", bus.Pull, nil, s.relationships.MendFollowers))
	bus.On(b, "relationship.followed",
		bus.Live(func(_ context.Context, e relationships.Followed) {
			s.relationships.ForgetFollowers(e.Target)
			s.accounts.Forget(e.Follower, e.Target)
			s.statuses.ForgetReader(e.Follower, e.Target)
			s.suggestions.Forget(e.Follower)
		}),
		bus.Live(s.timelines.OnFollowed),
		bus.Live(s.streaming.OnFollowed),
		bus.Durable("collections.read_followed", bus.Pull, collections.Elsewhere, func(ctx context.Context, e relationships.Followed) error {
			return s.collections.Follow(ctx, accounts.Updated{Account: e.Target})
		}),
		bus.Durable("statuses.see_followed", bus.Pull, statuses.NotSeenYet, s.statuses.SeeFollowed),
		bus.Durable("media.fetch_followed_portraits", bus.Pull, func(ctx context.Context, tx *db.Tx, e relationships.Followed) (bool, error) {
			return s.media.PortraitsWanted(ctx, tx, e.Target)
		}, func(ctx context.Context, e relationships.Followed) error {
			return s.media.FetchPortraits(ctx, e.Target)
		}),
		bus.Durable("notifications.tell_followed", bus.Push, onlyMember(func(e relationships.Followed) id.Account { return e.Target }), s.notifications.TellFollowed))
	bus.On(b, "relationship.follow_requested",
		bus.Durable("notifications.tell_follow_requested", bus.Push, onlyMember(func(e relationships.FollowRequested) id.Account { return e.Target }), s.notifications.TellFollowRequested))
	bus.On(b, "relationship.follow_changed", bus.Live(s.timelines.OnFollowChanged), bus.Live(s.streaming.OnFollowChanged))
	bus.On(b, "relationship.unfollowed",
		bus.Live(func(_ context.Context, e relationships.Unfollowed) {
			s.relationships.ForgetFollowers(e.Target)
			s.accounts.Forget(e.Follower, e.Target)
			s.statuses.ForgetReader(e.Follower, e.Target)
		}),
		bus.Live(s.timelines.OnUnfollowed),
		bus.Live(s.streaming.OnUnfollowed),
		bus.Durable("lists.forget_unfollowed", bus.Push, s.lists.OnLists, s.lists.ForgetUnfollowed),
		bus.Durable("notifications.forget_unfollowed", bus.Push, onlyMember(func(e relationships.Unfollowed) id.Account { return e.Target }), s.notifications.ForgetUnfollowed))
	bus.On(b, "relationship.blocked",
		bus.Live(func(_ context.Context, e relationships.Blocked) { s.statuses.ForgetTies(e.Blocker, e.Target) }),
		bus.Live(s.timelines.OnBlocked),
		bus.Live(s.streaming.OnBlocked),
		bus.Durable("collections.part", bus.Push, nil, s.collections.Part),
		bus.Durable("notifications.forget_blocked", bus.Push, onlyMember(func(e relationships.Blocked) id.Account { return e.Blocker }), s.notifications.ForgetBlocked))
	bus.On(b, "relationship.unblocked",
		bus.Live(func(_ context.Context, e relationships.Unblocked) { s.statuses.ForgetTies(e.Blocker, e.Target) }),
		bus.Live(s.timelines.OnUnblocked), bus.Live(s.streaming.OnUnblocked))
	bus.On(b, "relationship.muted",
		bus.Live(func(_ context.Context, e relationships.Muted) { s.statuses.ForgetTies(e.Muter) }),
		bus.Live(s.timelines.OnMuted),
		bus.Live(s.streaming.OnMuted),
		bus.Durable("notifications.forget_muted", bus.Push, nil, s.notifications.ForgetMuted))
	bus.On(b, "relationship.unmuted",
		bus.Live(func(_ context.Context, e relationships.Unmuted) { s.statuses.ForgetTies(e.Muter) }),
		bus.Live(s.timelines.OnUnmuted), bus.Live(s.streaming.OnUnmuted))
	bus.On(b, "relationship.domain_blocked",
		bus.Live(func(_ context.Context, e relationships.DomainBlocked) { s.statuses.ForgetTies(e.Account) }),
		bus.Live(s.timelines.OnDomainBlocked),
		bus.Live(s.streaming.OnDomainBlocked),
		bus.Durable("collections.part_domain", bus.Index, nil, s.collections.PartDomain),
		bus.Durable("relationships.sever_domain", bus.Index, nil, s.relationships.SeverDomain),
		bus.Durable("notifications.forget_domain_blocked", bus.Index, nil, s.notifications.ForgetDomainBlocked))
	bus.On(b, "relationship.domain_unblocked",
		bus.Live(func(_ context.Context, e relationships.DomainUnblocked) { s.statuses.ForgetTies(e.Account) }),
		bus.Live(s.timelines.OnDomainUnblocked), bus.Live(s.streaming.OnDomainUnblocked))
	bus.On(b, "moderation.reported", bus.Durable("moderation.tell_staff", bus.Push, nil, s.moderation.TellStaff),
		bus.Durable("moderation.deliver_flag", bus.Push, moderation.Forwarded, s.moderation.DeliverFlag))
	bus.On(b, "relationship.moved",
		bus.Durable("relationships.deliver_move", bus.Push, relationships.FromHere, s.relationships.DeliverMove),
		bus.Durable("relationships.carry_on", bus.Index, nil, s.relationships.CarryOn))
	bus.On(b, "relationship.severed", bus.Durable("notifications.tell_severed", bus.Push, nil, s.notifications.TellSevered))

	bus.On(b, "list.changed", bus.Live(s.timelines.OnListChanged), bus.Live(s.streaming.OnListChanged))
	bus.On(b, "list.deleted", bus.Live(s.timelines.OnListDeleted), bus.Live(s.streaming.OnListDeleted))
	bus.On(b, "list.members_changed", bus.Live(s.timelines.OnListMembersChanged), bus.Live(s.streaming.OnListMembersChanged))
	bus.On(b, "tag.followed", bus.Live(s.timelines.OnTagFollowed), bus.Live(s.streaming.OnTagFollowed))
	bus.On(b, "tag.unfollowed", bus.Live(s.timelines.OnTagUnfollowed), bus.Live(s.streaming.OnTagUnfollowed))
	bus.On(b, "tag.featured_changed", bus.Durable("tags.deliver_featured", bus.Push, tags.OfMember, s.tags.DeliverFeatured))
	bus.On(b, "suggestion.picks_changed", bus.Live(func(context.Context, suggestions.PicksChanged) { s.suggestions.ForgetAll() }))
	bus.On(b, "suggestion.dismissed", bus.Live(func(context.Context, suggestions.Dismissed) {}))
	bus.On(b, "filters.changed", bus.Live(func(_ context.Context, e filters.Changed) { s.filters.Forget(e.Account) }), bus.Live(s.streaming.OnFilters))

	bus.On(b, "media.processed", bus.Live(func(_ context.Context, e media.Processed) {
		s.statuses.Forget(e.Status)
		s.media.Tell(e)
	}))
	bus.On(b, "media.sent",
		bus.Durable("media.process", bus.Films, func(_ context.Context, _ *db.Tx, e media.Sent) (bool, error) { return !e.Remote, nil }, s.media.Process),
		bus.Durable("media.process_remote", bus.Reels, func(_ context.Context, _ *db.Tx, e media.Sent) (bool, error) { return e.Remote, nil }, s.media.Process))
	bus.On(b, "media.files_changed", bus.Live(func(_ context.Context, e media.FilesChanged) { s.media.Forget(e.Files...) }))
	bus.On(b, "media.received", bus.Durable("media.fetch", bus.Pull, s.media.ToFetch, s.media.FetchReceived))
	bus.On(b, "link.used",
		bus.Durable("media.fetch_preview", bus.Pull, s.media.WantsPreview, s.media.FetchPreview).After(func(e media.Linked) time.Duration { return e.Wait }),
		bus.Durable("trends.keep_link", bus.Index, s.trends.Counts, s.trends.KeepLink))
	bus.On(b, "link.preview_changed",
		bus.Live(func(_ context.Context, e media.PreviewChanged) {
			s.statuses.ForgetCards(e.Link, e.Was)
			s.statuses.Forget(e.Statuses...)
		}),
		bus.Durable("trends.fold_link", bus.Index, trends.Folds, s.trends.FoldLink))
	bus.On(b, "media.described", bus.Live(func(context.Context, media.Described) {}))
	bus.On(b, "status.published",
		bus.Live(func(_ context.Context, e statuses.Published) {
			s.accounts.Posted(e.Author, e.Written.Posts)
			s.statuses.Forget(e.InReplyTo)
		}),
		bus.Live(s.statuses.Begun),
		bus.Live(s.timelines.AddStatus),
		bus.Live(s.streaming.OnPublished),
		bus.Durable("notifications.tell_mentioned", bus.Push, notifications.Concerns, s.notifications.TellMentioned),
		bus.Durable("notifications.tell_followers_with_bell", bus.Push, notifications.Rings, s.notifications.TellFollowersWithBell),
		bus.Durable("conversations.keep_sent", bus.Push, conversations.Sent, s.conversations.KeepSent),
		bus.Durable("statuses.deliver", bus.Push, statuses.NewLeaves, s.statuses.Deliver),
		bus.Together("search.index_published", bus.Index, search.Findable, index(s, func(e statuses.Published) id.Status { return e.Status })))
	bus.On(b, "status.adopted", bus.Live(func(_ context.Context, e statuses.Adopted) { s.statuses.Forget(append(e.Answers, e.Parent)...) }),
		bus.Live(s.timelines.AddAnswers),
		bus.Durable("statuses.join_threads", bus.Index, nil, s.statuses.JoinThreads),
		bus.Durable("conversations.join", bus.Push, conversations.Joins, s.conversations.Join))
	bus.On(b, "status.ancestor_missing", bus.Durable("statuses.fetch_ancestor", bus.Climb, nil, s.statuses.FetchAncestor).
		After(func(e statuses.AncestorMissing) time.Duration { return e.Wait }))
	bus.On(b, "status.answers_seen", bus.Durable("statuses.fetch_answers", bus.Climb, nil, s.statuses.FetchAnswers))
	bus.On(b, "status.crawl_due", bus.Durable("statuses.crawl", bus.Climb, nil, s.statuses.Crawl))
	bus.On(b, "status.deleted",
		bus.Live(func(_ context.Context, e statuses.Deleted) {
			s.statuses.Forget(e.Status, e.InReplyTo)
			s.accounts.Forget(e.Author)
		}),
		bus.Live(s.timelines.DropStatus),
		bus.Live(s.streaming.OnDeleted),
		bus.Durable("notifications.forget_deleted", bus.Push, nil, s.notifications.ForgetDeleted),
		bus.Durable("conversations.forget_deleted", bus.Push, nil, s.conversations.ForgetDeleted),
		bus.Durable("statuses.deliver_delete", bus.Push, leaves(func(e statuses.Deleted) id.Status { return e.Status }), s.statuses.DeliverDelete),
		bus.Together("search.index_deleted", bus.Index, nil, index(s, func(e statuses.Deleted) id.Status { return e.Status })))
	bus.On(b, "status.edited",
		bus.Live(s.statuses.ForgetEdited),
		bus.Live(s.timelines.EditStatus),
		bus.Live(s.streaming.OnEdited),
		bus.Durable("notifications.tell_mentioned_by_edit", bus.Push, notifications.ConcernsByEdit, s.notifications.TellMentionedByEdit),
		bus.Durable("notifications.tell_edited", bus.Push, statuses.PassedOnHere, s.notifications.TellEdited),
		bus.Durable("statuses.forget_old_votes", bus.Index, pollChanged, s.statuses.ForgetOldVotes),
		bus.Durable("statuses.deliver_edit", bus.Push, leaves(func(e statuses.Edited) id.Status { return e.Status }), s.statuses.DeliverEdit),
		bus.Together("search.index_edited", bus.Index, nil, index(s, func(e statuses.Edited) id.Status { return e.Status })))
	bus.On(b, "poll.voted", bus.Live(func(_ context.Context, e statuses.Voted) {
		s.statuses.Forget(e.Status)
		s.statuses.ForgetFlags(e.Account, e.Status)
	}),
		bus.Together("search.index_voted", bus.Index, onlyMember(func(e statuses.Voted) id.Account { return e.Account }), index(s, func(e statuses.Voted) id.Status { return e.Status })))
	bus.On(b, "poll.votes_counted", bus.Durable("statuses.deliver_votes", bus.Push, leaves(func(e statuses.VotesCounted) id.Status { return e.Status }), s.statuses.DeliverVotes))
	bus.On(b, "poll.asked", bus.Durable("statuses.refresh_poll", bus.Pull, nil, s.statuses.RefreshPoll))
	bus.On(b, "status.refreshed", bus.Live(func(_ context.Context, e statuses.Refreshed) { s.statuses.Forget(e.Status) }), bus.Live(s.streaming.OnRefreshed))
	bus.On(b, "poll.ended",
		bus.Durable("notifications.tell_poll_ended", bus.Push, nil, s.notifications.TellPollEnded),
		bus.Durable("statuses.deliver_poll_end", bus.Push, leaves(func(e statuses.PollEnded) id.Status { return e.Status }), s.statuses.DeliverPollEnd))
	bus.On(b, "status.boosted",
		bus.Live(func(_ context.Context, e statuses.Boosted) {
			s.statuses.Forget(e.Original)
			s.statuses.ForgetFlags(e.Author, e.Original)
			s.accounts.Forget(e.Author)
		}),
		bus.Live(s.timelines.AddBoost),
		bus.Live(s.streaming.OnBoosted),
		bus.Durable("notifications.tell_boosted", bus.Push, nil, s.notifications.TellBoosted),
		bus.Durable("statuses.deliver_boost", bus.Push, leaves(func(e statuses.Boosted) id.Status { return e.Boost }), s.statuses.DeliverBoost),
		bus.Together("search.index_boosted", bus.Index, onlyMember(func(e statuses.Boosted) id.Account { return e.Author }), index(s, func(e statuses.Boosted) id.Status { return e.Original })))
	bus.On(b, "status.unboosted",
		bus.Live(func(_ context.Context, e statuses.Unboosted) {
			s.statuses.Forget(e.Boost, e.Original)
			s.statuses.ForgetFlags(e.Author, e.Original)
			s.accounts.Forget(e.Author)
		}),
		bus.Live(s.timelines.DropBoost),
		bus.Live(s.streaming.OnUnboosted),
		bus.Durable("notifications.forget_unboosted", bus.Push, nil, s.notifications.ForgetUnboosted),
		bus.Durable("statuses.deliver_unboost", bus.Push, leaves(func(e statuses.Unboosted) id.Status { return e.Boost }), s.statuses.DeliverUnboost),
		bus.Together("search.index_unboosted", bus.Index, onlyMember(func(e statuses.Unboosted) id.Account { return e.Author }), index(s, func(e statuses.Unboosted) id.Status { return e.Original })))
	bus.On(b, "status.favourited",
		bus.Live(func(_ context.Context, e statuses.Favourited) {
			s.statuses.Forget(e.Status)
			s.statuses.ForgetFlags(e.Account, e.Status)
		}),
		bus.Durable("notifications.tell_favourited", bus.Push, nil, s.notifications.TellFavourited),
		bus.Together("search.index_favourited", bus.Index, onlyMember(func(e statuses.Favourited) id.Account { return e.Account }), index(s, func(e statuses.Favourited) id.Status { return e.Status })))
	bus.On(b, "status.unfavourited",
		bus.Live(func(_ context.Context, e statuses.Unfavourited) {
			s.statuses.Forget(e.Status)
			s.statuses.ForgetFlags(e.Account, e.Status)
		}),
		bus.Durable("notifications.forget_unfavourited", bus.Push, nil, s.notifications.ForgetUnfavourited),
		bus.Together("search.index_unfavourited", bus.Index, onlyMember(func(e statuses.Unfavourited) id.Account { return e.Account }), index(s, func(e statuses.Unfavourited) id.Status { return e.Status })))
	bus.On(b, "status.bookmarked",
		bus.Live(func(_ context.Context, e statuses.Bookmarked) { s.statuses.ForgetFlags(e.Account, e.Status) }),
		bus.Together("search.index_bookmarked", bus.Index, nil, index(s, func(e statuses.Bookmarked) id.Status { return e.Status })))
	bus.On(b, "status.quoted",
		bus.Live(func(_ context.Context, e statuses.Quoted) { s.statuses.Forget(e.Original) }),
		bus.Durable("notifications.tell_quoted", bus.Push, nil, s.notifications.TellQuoted))
	bus.On(b, "status.quote_ended",
		bus.Live(func(_ context.Context, e statuses.QuoteEnded) { s.statuses.Forget(e.Status, e.Original) }),
		bus.Live(s.streaming.OnQuoteEnded),
		bus.Durable("statuses.deliver_quote_ended", bus.Push, statuses.QuoteLeavesHere, s.statuses.DeliverQuoteEnded))
	bus.On(b, "status.quote_asked", bus.Durable("statuses.ask_quote", bus.Push, leaves(func(e statuses.QuoteAsked) id.Status { return e.Status }), s.statuses.AskQuote))
	bus.On(b, "status.quote_seen", bus.Durable("statuses.resolve_quote", bus.Pull, nil, s.statuses.ResolveQuote))
	bus.On(b, "status.quote_granted",
		bus.Live(func(_ context.Context, e statuses.QuoteGranted) { s.statuses.Forget(e.Status, e.Original) }),
		bus.Live(s.streaming.OnQuoteGranted),
		bus.Durable("statuses.deliver_quote_granted", bus.Push, nil, s.statuses.DeliverQuoteGranted))
	bus.On(b, "status.quote_policy_changed",
		bus.Live(func(_ context.Context, e statuses.QuotePolicyChanged) { s.statuses.Forget(e.Status) }),
		bus.Durable("statuses.deliver_quote_policy", bus.Push, leaves(func(e statuses.QuotePolicyChanged) id.Status { return e.Status }), s.statuses.DeliverQuotePolicy))
	bus.On(b, "status.thread_muted", bus.Live(func(_ context.Context, e statuses.ThreadMuted) { s.statuses.ForgetReader(e.Account) }))
	bus.On(b, "status.pin_changed", bus.Live(func(_ context.Context, e statuses.PinChanged) { s.statuses.ForgetFlags(e.Account, e.Status) }),
		bus.Durable("statuses.deliver_pin", bus.Push, leaves(func(e statuses.PinChanged) id.Status { return e.Status }), s.statuses.DeliverPin))
	bus.On(b, "notification.request_accepted", bus.Durable("notifications.unfilter", bus.Push, nil, s.notifications.Unfilter))
	bus.On(b, "notification.request_dismissed", bus.Durable("notifications.forget_dismissed", bus.Push, nil, s.notifications.ForgetDismissed))
	bus.On(b, "notification.unfiltered", bus.Durable("conversations.keep_received_late", bus.Push, conversations.ReceivedLate, s.conversations.KeepReceivedLate))
	bus.On(b, "notification.merged", bus.Live(s.streaming.OnMerged))
	bus.On(b, "notification.told", bus.Live(s.streaming.OnTold), bus.Durable("conversations.keep_received", bus.Push, conversations.Received, s.conversations.KeepReceived),
		bus.Durable("notifications.push", bus.Push, notifications.Pushed, s.pusher.Push))
	bus.On(b, "conversation.changed", bus.Live(s.streaming.OnConversation))
}

// mediaModes lets everything be shown as keepers decided about the media of other servers just now.
func (s *Server) mediaModes(ctx context.Context) {
	s.readAgain(ctx)
	s.emoji.ForgetAll()
	s.accounts.ForgetAll()
	s.statuses.ForgetAll()
	s.statuses.ForgetAllCards()
}

// readAgain reads what keepers decided, which may have been told to another node.
func (s *Server) readAgain(ctx context.Context) {
	if err := s.loadSettings(ctx); err != nil {
		s.log.ErrorContext(ctx, "settings cannot be read", "error", err)
	}
}

// forgetEmoji lets go of emoji that changed, and of the accounts that show them. Statuses look theirs up whenever they are shown.
func (s *Server) forgetEmoji(domain string, codes ...string) {
	s.emoji.Forget(domain, codes...)
	s.accounts.ForgetEmoji(domain, codes...)
}

// onlyMember keeps an effect for accounts of this server.
func onlyMember[E any](of func(E) id.Account) func(context.Context, *db.Tx, E) (bool, error) {
	return func(ctx context.Context, tx *db.Tx, e E) (bool, error) {
		n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE id = $1 AND domain = ''`, of(e))
		return n > 0, err
	}
}

// pollChanged keeps an effect for edits after which earlier votes do not count.
func pollChanged(_ context.Context, _ *db.Tx, e statuses.Edited) (bool, error) {
	return e.PollChanged, nil
}

// leaves keeps an effect for statuses that other servers are told of.
func leaves[E any](of func(E) id.Status) func(context.Context, *db.Tx, E) (bool, error) {
	return func(ctx context.Context, tx *db.Tx, e E) (bool, error) { return statuses.Leaves(ctx, tx, of(e)) }
}

// index keeps what statuses can be found by after something happened to them.
func index[E any](s *Server, of func(E) id.Status) func(context.Context, []E) error {
	return func(ctx context.Context, events []E) error {
		list := make([]id.Status, len(events))
		for i, e := range events {
			list[i] = of(e)
		}
		return s.search.Index(ctx, list...)
	}
}
