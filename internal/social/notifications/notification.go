// Package notifications tells members what others did that concerns them.
package notifications

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/statuses"
)

// Kind is what happened, in the API's words.
type Kind string

// The kinds of notification.
const (
	Mention           Kind = "mention"
	Bell              Kind = "status" // somebody whom the member asked to hear of posted
	Boost             Kind = "reblog"
	Follow            Kind = "follow"
	FollowRequest     Kind = "follow_request"
	Favourite         Kind = "favourite"
	Poll              Kind = "poll"
	Update            Kind = "update"
	Quote             Kind = "quote"
	QuotedUpdate      Kind = "quoted_update"
	ModerationWarning Kind = "moderation_warning"
	AnnualReport      Kind = "annual_report"
	SignUp            Kind = "admin.sign_up"
	Report            Kind = "admin.report"
	AddedToCollection Kind = "added_to_collection"
	CollectionUpdate  Kind = "collection_update"
)

// kinds are all of them, in Mastodon's order.
var kinds = []Kind{Mention, Bell, Boost, Follow, FollowRequest, Favourite, Poll, Update, Quote, QuotedUpdate, SeveredRelationships, ModerationWarning,
	AnnualReport, SignUp, Report, AddedToCollection, CollectionUpdate}

// Notification tells a member of one thing.
type Notification struct {
	ID        id.Notification
	Account   id.Account // who is told
	Kind      Kind
	From      id.Account
	Status    id.Status // 0 when it is about no status
	about     int64     // the follow, favourite, boost or status it tells of: telling twice changes nothing
	GroupKey  string    // "" when it stands alone
	Filtered  bool      // held back by the member's policy
	CreatedAt int64     // UTC milliseconds
}

// Told is the event of a new notification.
type Told struct {
	Notification id.Notification
	Account      id.Account
	Filtered     bool // held back: not for live streams
}

// Service is the room of notifications.
type Service struct {
	db          *db.DB
	clock       clock.Clock
	accounts    *accounts.Service
	statuses    *statuses.Service
	ties        *relationships.Service
	collections *collections.Service
	pushKey     string // the public half, for apps
	reach       Reach
	showReports Reports

	showWarnings Warnings
}

// New opens the room. pushKey is by what push services know this server, and reach tells where they may be.
func New(d *db.DB, c clock.Clock, people *accounts.Service, ties *relationships.Service, posts *statuses.Service, groups *collections.Service, pushKey string, reach Reach) *Service {
	return &Service{db: d, clock: c, accounts: people, ties: ties, statuses: posts, collections: groups, pushKey: pushKey, reach: reach}
}

// The effects below run after their events, perhaps twice and late: they read the present
// state, and tell only of what is still so.

// TellMentioned tells the members whom a status mentions.
func (s *Service) TellMentioned(ctx context.Context, e statuses.Published) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	loud, _, err := statuses.Mentioned(ctx, s.db, status.ID)
	if err != nil {
		return err
	}
	for _, who := range loud {
		if err := s.tell(ctx, Notification{Account: who, Kind: Mention, From: status.Author, Status: status.ID, about: int64(status.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// TellBoosted tells the author of a status that it was boosted.
func (s *Service) TellBoosted(ctx context.Context, e statuses.Boosted) error {
	if _, err := s.statuses.Get(ctx, e.Boost); err != nil {
		return ignoreNotFound(err)
	}
	original, err := s.statuses.Get(ctx, e.Original)
	if err != nil {
		return ignoreNotFound(err)
	}
	return s.tell(ctx, Notification{Account: original.Author, Kind: Boost, From: e.Author, Status: original.ID, about: int64(e.Boost)})
}

// TellFavourited tells the author of a status that it is liked.
func (s *Service) TellFavourited(ctx context.Context, e statuses.Favourited) error {
	original, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	there, err := stillThere(ctx, s.db, "favourites", int64(e.Favourite))
	if err != nil || !there {
		return err
	}
	return s.tell(ctx, Notification{Account: original.Author, Kind: Favourite, From: e.Account, Status: original.ID, about: int64(e.Favourite)})
}

// TellFollowed tells a member of a new follower.
func (s *Service) TellFollowed(ctx context.Context, e relationships.Followed) error {
	there, err := stillThere(ctx, s.db, "follows", int64(e.Follow))
	if err != nil || !there {
		return err
	}
	// A request that was granted is no news any more: the follow is.
	if err := s.takeBack(ctx, FollowRequest, e.Follower, int64(e.Follow)); err != nil || e.Quietly {
		return err
	}
	return s.tell(ctx, Notification{Account: e.Target, Kind: Follow, From: e.Follower, about: int64(e.Follow)})
}

// TellFollowRequested tells a member that somebody asks to follow.
func (s *Service) TellFollowRequested(ctx context.Context, e relationships.FollowRequested) error {
	there, err := stillThere(ctx, s.db, "follow_requests", int64(e.Request))
	if err != nil || !there {
		return err
	}
	return s.tell(ctx, Notification{Account: e.Target, Kind: FollowRequest, From: e.Follower, about: int64(e.Request)})
}

// ForgetUnfollowed takes back what was told of a follow or request that ended.
func (s *Service) ForgetUnfollowed(ctx context.Context, e relationships.Unfollowed) error {
	return s.forget(ctx, `account_id = $1 AND from_id = $2 AND kind {in $3}
		AND NOT EXISTS (SELECT 1 FROM follows WHERE account_id = $2 AND target_id = $1)
		AND NOT EXISTS (SELECT 1 FROM follow_requests WHERE account_id = $2 AND target_id = $1)`,
		e.Target, e.Follower, []string{string(Follow), string(FollowRequest)})
}

// ForgetUnfavourited takes back what was told of a favourite.
func (s *Service) ForgetUnfavourited(ctx context.Context, e statuses.Unfavourited) error {
	return s.forget(ctx, `status_id = $1 AND from_id = $2 AND kind = $3
		AND NOT EXISTS (SELECT 1 FROM favourites WHERE account_id = $2 AND status_id = $1)`, e.Status, e.Account, string(Favourite))
}

// ForgetUnboosted takes back what was told of a boost.
func (s *Service) ForgetUnboosted(ctx context.Context, e statuses.Unboosted) error {
	return s.takeBack(ctx, Boost, e.Author, int64(e.Boost))
}

// ForgetDeleted takes back everything told of a status that is gone.
func (s *Service) ForgetDeleted(ctx context.Context, e statuses.Deleted) error {
	return s.forget(ctx, `status_id = $1`, e.Status)
}

// ForgetBlocked takes back what was told of somebody whom the member blocks now.
func (s *Service) ForgetBlocked(ctx context.Context, e relationships.Blocked) error {
	return s.forget(ctx, `account_id = $1 AND from_id = $2`, e.Blocker, e.Target)
}

// ForgetMuted takes back what was told of somebody whom the member mutes now, unless they still want to be told.
func (s *Service) ForgetMuted(ctx context.Context, e relationships.Muted) error {
	return s.forget(ctx, `account_id = $1 AND from_id = $2
		AND EXISTS (SELECT 1 FROM mutes WHERE account_id = $1 AND target_id = $2 AND hide_notifications)`, e.Muter, e.Target)
}

func (s *Service) takeBack(ctx context.Context, kind Kind, from id.Account, about int64) error {
	return s.forget(ctx, `from_id = $1 AND kind = $2 AND about_id = $3`, from, string(kind), about)
}

// forget removes all notifications of which a condition holds, in short transactions.
func (s *Service) forget(ctx context.Context, where string, args ...any) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := remove(ctx, tx, where, args...)
			more = n == removeAtOnce
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// Concerns tells, inside the transaction of a status, whether a member is mentioned: where none is, no row waits for the effect.
func Concerns(ctx context.Context, tx *db.Tx, e statuses.Published) (bool, error) {
	if e.Quiet || !e.Written.Names {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM mentions m JOIN accounts a ON a.id = m.account_id
		WHERE m.status_id = $1 AND NOT m.silent AND a.domain = '' AND a.id <> $2`, e.Status, e.Author)
	return n > 0, err
}
