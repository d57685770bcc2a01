// Package suggestions proposes accounts to members who look for somebody to follow: those that keepers picked,
// those whom the people they follow follow, and those that many members follow, like and boost.
package suggestions

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/maypok86/otter/v2"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Where suggestions come from, in Mastodon's words and order. Its "similar to recently followed" is left out: it
// needs an index of accounts by what they are about.
const (
	featured         = "featured"
	friendsOfFriends = "friends_of_friends"
	mostFollowed     = "most_followed"
	mostInteractions = "most_interactions"
)

// Bounds, Mastodon's where it has them.
const (
	perSource  = 40
	maxPicks   = 100
	popular    = 100 // kept of each of the two that are counted
	enough     = 5   // members who follow, or likes and boosts, until an account counts as popular
	period     = 30 * 24 * time.Hour
	remembered = 15 * time.Minute // a member is shown the same ones for so long
	readers    = 2000             // members whose suggestions are remembered
	countEvery = 23 * time.Hour
	maxPairs   = 20_000 // follows of friends that are looked at
	maxFriends = 200    // of which so many are looked at closer
)

// Service is the room of suggestions.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	accounts *accounts.Service
	known    *otter.Cache[id.Account, []candidate]
}

// New opens the room.
func New(d *db.DB, c clock.Clock, people *accounts.Service) *Service {
	return &Service{db: d, clock: c, accounts: people, known: otter.Must(&otter.Options[id.Account, []candidate]{
		MaximumSize: readers, ExpiryCalculator: otter.ExpiryWriting[id.Account, []candidate](remembered)})}
}

// candidate is an account that may be suggested, and why.
type candidate struct {
	account id.Account
	sources []string
}

// PicksChanged is the event of keepers picking other accounts to suggest.
type PicksChanged struct{ Account id.Account }

// Dismissed is the event of a member not wanting an account to be suggested again.
type Dismissed struct{ Account, Target id.Account }

// Forget drops what is remembered of a member, who followed somebody.
func (s *Service) Forget(member id.Account) { s.known.Invalidate(member) }

// ForgetAll drops what is remembered of everybody.
func (s *Service) ForgetAll() { s.known.InvalidateAll() }

// For gives the accounts suggested to a member, in an order that stays for a while. What was remembered is held
// against the rules of now, so that nobody is suggested who was followed, blocked or suspended since.
func (s *Service) For(ctx context.Context, member id.Account) ([]candidate, error) {
	list, remembered := s.known.GetIfPresent(member)
	if !remembered {
		var err error
		if list, err = s.gather(ctx, member); err != nil {
			return nil, fmt.Errorf("gather suggestions: %w", err)
		}
	}
	fitting, err := s.fitting(ctx, member, list)
	if err != nil {
		return nil, fmt.Errorf("suggestions: %w", err)
	}
	if !remembered {
		fitting = bounded(fitting)
		rand.Shuffle(len(fitting), func(i, j int) { fitting[i], fitting[j] = fitting[j], fitting[i] })
		s.known.Set(member, fitting)
	}
	return fitting, nil
}

// gather reads every source, the best of each first.
func (s *Service) gather(ctx context.Context, member id.Account) ([]candidate, error) {
	friends, err := friendsOf(ctx, s.db, member)
	if err != nil {
		return nil, err
	}
	others, err := global(ctx, s.db)
	if err != nil {
		return nil, err
	}
	at := map[id.Account]int{}
	var list []candidate
	add := func(account id.Account, source string) {
		i, there := at[account]
		if !there {
			i = len(list)
			at[account], list = i, append(list, candidate{account: account})
		}
		list[i].sources = append(list[i].sources, source)
	}
	for _, one := range others {
		if one.source == featured {
			add(one.account, one.source)
		}
	}
	for _, account := range friends {
		add(account, friendsOfFriends)
	}
	for _, one := range others {
		if one.source != featured {
			add(one.account, one.source)
		}
	}
	return list, nil
}

// fitting keeps those that may be suggested to the member now.
func (s *Service) fitting(ctx context.Context, member id.Account, list []candidate) ([]candidate, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]id.Account, len(list))
	for i, one := range list {
		ids[i] = one.account
	}
	found, err := db.All(ctx, s.db, db.Value[id.Account], fittingSQL, member, clock.Milli(s.clock.Now()), ids)
	if err != nil {
		return nil, err
	}
	fits := map[id.Account]bool{}
	for _, one := range found {
		fits[one] = true
	}
	var kept []candidate
	for _, one := range list {
		if fits[one.account] {
			kept = append(kept, one)
		}
	}
	return kept, nil
}

// bounded keeps the best forty of every source.
func bounded(list []candidate) []candidate {
	taken := map[string]int{}
	var kept []candidate
	for _, one := range list {
		var sources []string
		for _, source := range one.sources {
			if taken[source] < perSource {
				taken[source]++
				sources = append(sources, source)
			}
		}
		if len(sources) > 0 {
			kept = append(kept, candidate{one.account, sources})
		}
	}
	return kept
}

// Dismiss keeps an account from being suggested to the member ever again.
func (s *Service) Dismiss(ctx context.Context, member, target id.Account) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := accounts.ByIDIn(ctx, tx, target); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `INSERT INTO suggestion_dismissals (account_id, target_id, created_at) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`,
			member, target, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(Dismissed{member, target})
	})
	if err != nil {
		return fmt.Errorf("dismiss suggestion: %w", err)
	}
	return nil
}

// Pick puts an account among those that keepers suggest to everybody.
func (s *Service) Pick(ctx context.Context, account id.Account) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `INSERT INTO suggestion_picks (account_id, created_at) VALUES ($1,$2) ON CONFLICT DO NOTHING`, account, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		have, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM suggestion_picks`)
		if err != nil {
			return err
		}
		if have > maxPicks {
			return fault.New(fault.Invalid, fmt.Sprintf("At most %d accounts can be suggested; remove one first", maxPicks))
		}
		return tx.Emit(PicksChanged{account})
	})
}

// Unpick takes an account from among them. NotFound when it is not there.
func (s *Service) Unpick(ctx context.Context, account id.Account) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `DELETE FROM suggestion_picks WHERE account_id = $1`, account)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.NotFound, "This account is not among those that are suggested")
		}
		return tx.Emit(PicksChanged{account})
	})
}

// Picks are the accounts that keepers suggest, the first picked first.
func (s *Service) Picks(ctx context.Context) ([]*accounts.Account, error) {
	ids, err := db.All(ctx, s.db, db.Value[id.Account], `SELECT account_id FROM suggestion_picks ORDER BY created_at, account_id`)
	if err != nil {
		return nil, fmt.Errorf("picked suggestions: %w", err)
	}
	return s.accounts.ByIDs(ctx, ids)
}
