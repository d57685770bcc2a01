// Package relationships keeps what accounts are to each other: follows, requests
// to follow, blocks and mutes, here and across servers.
package relationships

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/memo"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Service is the room of relationships.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	accounts *accounts.Service
	courier  Courier
	digests  *memo.Memo[id.Account, digested]

	carryLists ListCarrier
}

// Courier takes activities to other servers; a row of it commits with what it tells of.
type Courier interface {
	Enqueue(ctx context.Context, tx *db.Tx, d activitypub.Delivery) error
	EnqueueAll(ctx context.Context, d activitypub.Delivery) error
	Wake()
}

// New opens the room.
func New(d *db.DB, c clock.Clock, people *accounts.Service, courier Courier) *Service {
	return &Service{db: d, clock: c, site: people.Site(), accounts: people, courier: courier, digests: memo.New[id.Account](digestedMemory, digested.weight)}
}

// The events of this room.
type (
	// Followed tells that Follower follows Target now.
	Followed struct {
		Follow           id.Follow
		Follower, Target id.Account
		// Quietly tells that it began with many others and is no news to Target.
		Quietly bool
	}
	// FollowRequested tells that Follower asked to follow Target.
	FollowRequested struct {
		Request          id.Follow
		Follower, Target id.Account
	}
	// FollowChanged tells that the options of a follow changed.
	FollowChanged struct{ Follower, Target id.Account }
	// Unfollowed tells that Follower no longer follows Target, nor asks to.
	Unfollowed struct{ Follower, Target id.Account }
	// Blocked tells that Blocker blocks Target.
	Blocked struct{ Blocker, Target id.Account }
	// Unblocked tells that a block ended.
	Unblocked struct{ Blocker, Target id.Account }
	// Muted tells that Muter mutes Target, or changed how.
	Muted struct{ Muter, Target id.Account }
	// Unmuted tells that a mute ended.
	Unmuted struct{ Muter, Target id.Account }
)

// followLimit is how many accounts one may follow before having many followers (Mastodon's 7,500 or followers × 1.1).
const followLimit = 7500

// Options are the wishes that come with a follow; nil leaves what is.
type Options struct {
	ShowBoosts *bool
	Notify     *bool
	Languages  *[]string
}

// follow is a row of follows or follow_requests.
type follow struct {
	id         id.Follow
	follower   id.Account
	target     id.Account
	uri        string
	showBoosts bool
	notify     bool
	languages  string
	createdAt  time.Time
}

func (f *follow) apply(o Options) {
	if o.ShowBoosts != nil {
		f.showBoosts = *o.ShowBoosts
	}
	if o.Notify != nil {
		f.notify = *o.Notify
	}
	if o.Languages != nil {
		f.languages = joinLanguages(*o.Languages)
	}
}

// check gives every language its one code, each once. Nothing left means all languages.
func (o *Options) check() error {
	if o.Languages == nil {
		return nil
	}
	var known []string
	for _, word := range *o.Languages {
		code, ok := text.Language(word)
		switch {
		case word == "": // how a form says that there are none
			continue
		case !ok:
			return fault.New(fault.Invalid, "Validation failed: Languages is invalid")
		case !slices.Contains(known, code):
			known = append(known, code)
		}
	}
	o.Languages = &known
	return nil
}

func notAllowed() error { return fault.New(fault.Forbidden, "This action is not allowed") }

// Follow makes follower follow target, or ask to when target is locked or lives
// elsewhere. Repeating it changes the options.
func (s *Service) Follow(ctx context.Context, follower, target id.Account, o Options) error {
	if follower == target {
		return notAllowed()
	}
	if err := o.check(); err != nil {
		return err
	}
	from, to, err := s.pair(ctx, follower, target)
	if err != nil {
		return err
	}
	if !to.Available() {
		return fault.RecordNotFound()
	}
	if to.MovedTo != 0 || to.Kind == "Application" {
		return notAllowed()
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if blocked, err := eitherBlocks(ctx, tx, follower, target); err != nil || blocked {
			if err == nil {
				err = notAllowed()
			}
			return err
		}
		if blocked, err := BlocksDomain(ctx, tx, follower, to.Domain); err != nil || blocked {
			if err == nil {
				err = notAllowed()
			}
			return err
		}
		for _, table := range []string{follows, requests} {
			row, err := find(ctx, tx, table, follower, target)
			if fault.Is(err, fault.NotFound) {
				continue
			}
			if err != nil {
				return err
			}
			row.apply(o)
			if err := setOptions(ctx, tx, table, row); err != nil {
				return err
			}
			return tx.Emit(FollowChanged{follower, target})
		}
		if err := s.withinLimit(ctx, tx, follower); err != nil {
			return err
		}
		row := s.newFollow(tx, from, to)
		row.apply(o)
		if !to.Local() {
			if err := insert(ctx, tx, requests, row); err != nil {
				return err
			}
			if err := s.sendFollow(ctx, tx, from, to, row.uri); err != nil {
				return err
			}
			return tx.Emit(FollowRequested{row.id, follower, target})
		}
		return s.arrive(ctx, tx, row, to.Locked || from.Limited())
	})
	if err != nil {
		return fmt.Errorf("follow: %w", err)
	}
	s.courier.Wake()
	return nil
}

func (s *Service) newFollow(tx *db.Tx, from, to *accounts.Account) *follow {
	row := &follow{id: id.Follow(tx.NextID()), follower: from.ID, target: to.ID, showBoosts: true, createdAt: tx.Now()}
	row.uri = fmt.Sprintf("%s#follows/%d", from.URI, row.id)
	return row
}

// arrive stores a follow of one of our members: as a request when it needs an answer.
func (s *Service) arrive(ctx context.Context, tx *db.Tx, row *follow, ask bool) error {
	if ask {
		if err := insert(ctx, tx, requests, row); err != nil {
			return err
		}
		return tx.Emit(FollowRequested{row.id, row.follower, row.target})
	}
	return s.begin(ctx, tx, row)
}

// begin stores a follow that holds from now on.
func (s *Service) begin(ctx context.Context, tx *db.Tx, row *follow) error {
	return s.start(ctx, tx, row, false)
}

func (s *Service) start(ctx context.Context, tx *db.Tx, row *follow, quietly bool) error {
	if err := insert(ctx, tx, follows, row); err != nil {
		return err
	}
	if err := accounts.CountFollow(ctx, tx, row.follower, row.target, +1); err != nil {
		return err
	}
	return tx.Emit(Followed{row.id, row.follower, row.target, quietly})
}

func (s *Service) withinLimit(ctx context.Context, tx *db.Tx, follower id.Account) error {
	following, followers, err := followCounts(ctx, tx, follower)
	if err != nil {
		return err
	}
	if following >= max(followLimit, followers*11/10) {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: You cannot follow more than %d people", max(followLimit, followers*11/10)))
	}
	return nil
}

// Unfollow ends a follow or takes back a request. Nothing to end is no error.
func (s *Service) Unfollow(ctx context.Context, follower, target id.Account) error {
	from, to, err := s.pair(ctx, follower, target)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		row, err := s.end(ctx, tx, follower, target)
		if err != nil || row == nil {
			return err
		}
		if from.Local() && !to.Local() {
			return s.sendUndoFollow(ctx, tx, from, to, row)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("unfollow: %w", err)
	}
	s.courier.Wake()
	return nil
}

// end removes a follow or a request and emits Unfollowed; nil when there was neither.
func (s *Service) end(ctx context.Context, tx *db.Tx, follower, target id.Account) (*follow, error) {
	for _, table := range []string{follows, requests} {
		row, err := remove(ctx, tx, table, follower, target)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if table == follows {
			if err := accounts.CountFollow(ctx, tx, follower, target, -1); err != nil {
				return nil, err
			}
			if _, err := deleteEndorsement(ctx, tx, follower, target); err != nil { // only whom one follows is endorsed
				return nil, err
			}
		}
		return row, tx.Emit(Unfollowed{follower, target})
	}
	return nil, nil
}

// RemoveFollower makes follower no longer follow the member.
func (s *Service) RemoveFollower(ctx context.Context, member, follower id.Account) error {
	return s.turnAway(ctx, member, follower, "remove follower")
}

// RejectRequest refuses a request to follow. NotFound when there is none.
func (s *Service) RejectRequest(ctx context.Context, member, follower id.Account) error {
	if _, err := find(ctx, s.db, requests, follower, member); err != nil {
		return err
	}
	return s.turnAway(ctx, member, follower, "reject follow request")
}

func (s *Service) turnAway(ctx context.Context, member, follower id.Account, what string) error {
	us, them, err := s.pair(ctx, member, follower)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		row, err := s.end(ctx, tx, follower, member)
		if err != nil || row == nil || them.Local() {
			return err
		}
		return s.sendReject(ctx, tx, us, them, row)
	})
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	s.courier.Wake()
	return nil
}

// AuthorizeRequest lets follower follow the member. NotFound when there is no request.
func (s *Service) AuthorizeRequest(ctx context.Context, member, follower id.Account) error {
	us, them, err := s.pair(ctx, member, follower)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		row, err := remove(ctx, tx, requests, follower, member)
		if err != nil {
			return err
		}
		if err := s.begin(ctx, tx, row); err != nil || them.Local() {
			return err
		}
		return s.sendAccept(ctx, tx, us, them, row)
	})
	if err != nil {
		return fmt.Errorf("authorize follow request: %w", err)
	}
	s.courier.Wake()
	return nil
}

func (s *Service) pair(ctx context.Context, a, b id.Account) (*accounts.Account, *accounts.Account, error) {
	found, err := s.accounts.ByIDs(ctx, []id.Account{a, b})
	if err != nil {
		return nil, nil, err
	}
	if len(found) != 2 {
		return nil, nil, fault.RecordNotFound()
	}
	return found[0], found[1], nil
}
