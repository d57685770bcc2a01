package statuses

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// Limits of polls, Mastodon's. The instance documents tell them to clients.
const (
	MinPollOptions    = 2
	MaxPollOptions    = 4
	MaxPollOption     = 50 // characters as they are seen
	MinPollExpiration = 5 * time.Minute
	MaxPollExpiration = 2629746 * time.Second // a month
)

// maxChoices is how many options a poll of another server may have: a vote is a bit of a number, and flags need some too.
const maxChoices = 48

const (
	pollsAtOnce    = 100             // polls that one transaction ends
	votesToldEvery = 3 * time.Minute // as Mastodon: votes come in crowds
	remotePollLag  = 5 * time.Minute // the last votes of a remote poll take a while to arrive
)

// PollDraft is a poll before it is published.
type PollDraft struct {
	Options    []string      `json:"options"`
	ExpiresIn  time.Duration `json:"expires_in"` // 0: not said
	Multiple   bool          `json:"multiple"`
	HideTotals bool          `json:"hide_totals"`
}

// Poll is what a status asks its readers.
type Poll struct {
	Status       id.Status
	Round        int64 // of votes; those of earlier ones do not count
	Options      []string
	Multiple     bool
	HideTotals   bool
	Voters       int64   // counted here
	Votes        []int64 // by option, counted here
	RemoteVotes  []int64 // by option, as the origin of a remote status tells; nil for a local one
	RemoteVoters *int64
	ExpiresAt    time.Time // zero: open for ever
}

// The events of polls.
type (
	// Voted tells of a vote that counts.
	Voted struct {
		Status  id.Status
		Account id.Account
	}
	// VotesCounted tells that a poll of ours has votes that other servers were not told of.
	VotesCounted struct {
		Status id.Status
		At     int64 // milliseconds
	}
	// PollEnded tells that a poll takes no more votes.
	PollEnded struct {
		Status id.Status
		Round  int64
	}
)

// check refuses what Mastodon refuses, in its words. Blank options are left out, as there. The poll
// that an edit finds may keep its time.
func (p *PollDraft) check(found bool) error {
	kept := make([]string, 0, len(p.Options))
	seen := map[string]bool{}
	var wrong []string
	long, twice := false, false
	for _, option := range p.Options {
		if option = strings.TrimSpace(text.StripControl(option)); option == "" {
			continue
		}
		long, twice = long || text.Graphemes(option) > MaxPollOption, twice || seen[option]
		seen[option] = true
		kept = append(kept, option)
	}
	p.Options = kept
	refuse := func(bad bool, text string) {
		if bad {
			wrong = append(wrong, text)
		}
	}
	refuse(len(kept) == 0, "Choices can't be blank")
	refuse(len(kept) < MinPollOptions, "Choices must have more than one item")
	refuse(len(kept) > MaxPollOptions, fmt.Sprintf("Choices can't contain more than %d items", MaxPollOptions))
	refuse(long, fmt.Sprintf("Choices cannot be longer than %d characters each", MaxPollOption))
	refuse(twice, "Choices contain duplicate items")
	if len(wrong) > 0 {
		return fault.New(fault.Invalid, "Validation failed: "+strings.Join(wrong, ", "))
	}
	switch {
	case p.ExpiresIn == 0 && found:
	case p.ExpiresIn == 0:
		return fault.New(fault.Invalid, "Validation failed: Deadline can't be blank")
	case p.ExpiresIn > MaxPollExpiration:
		return fault.New(fault.Invalid, "Validation failed: Deadline is too far into the future")
	case p.ExpiresIn < MinPollExpiration:
		return fault.New(fault.Invalid, "Validation failed: Deadline is too soon")
	}
	return nil
}

// Expired tells whether a poll takes no more votes.
func (p *Poll) Expired(now time.Time) bool { return !p.ExpiresAt.IsZero() && !now.Before(p.ExpiresAt) }

// tallies gives the votes that count for readers, by option: of a remote poll those its origin tells.
func (p *Poll) tallies() []int64 {
	if p.RemoteVotes != nil {
		return p.RemoteVotes
	}
	return p.Votes
}

// same tells whether an edit leaves the question as it is, so that the votes still mean what they meant.
func (p *Poll) same(d *PollDraft) bool {
	if p.Multiple != d.Multiple || len(p.Options) != len(d.Options) {
		return false
	}
	for i, option := range p.Options {
		if option != d.Options[i] {
			return false
		}
	}
	return true
}

// choicesOf makes the bits of chosen positions. The same twice is a second vote for it.
func (p *Poll) choicesOf(positions []int) (int64, error) {
	var bits int64
	for i, n := range positions {
		if n < 0 || n >= len(p.Options) || n >= maxChoices {
			return 0, voteFault("The chosen vote option does not exist")
		}
		if bits&(1<<n) != 0 || (i > 0 && !p.Multiple) {
			return 0, alreadyVoted()
		}
		bits |= 1 << n
	}
	return bits, nil
}

func voteFault(why string) error { return fault.New(fault.Invalid, "Validation failed: "+why) }

func alreadyVoted() error { return voteFault("You have already voted on this poll") }

// Vote counts a member's choices. What was chosen before may be added to where several may be chosen; nothing is taken back.
func (s *Service) Vote(ctx context.Context, voter id.Account, status *Status, positions []int) error {
	if len(positions) == 0 {
		return nil // Mastodon takes no vote for one too
	}
	blocks, err := relationships.Blocks(ctx, s.db, voter, status.Author)
	if err != nil {
		return err
	}
	if blocks {
		return notAllowed()
	}
	if status.Author == voter {
		return voteFault("You cannot vote in your own polls")
	}
	choose := func(p *Poll) ([]int, error) { return positions, nil }
	if status.Local {
		return s.vote(ctx, voter, status.ID, choose, nil)
	}
	member, err := s.accounts.ByID(ctx, voter)
	if err != nil {
		return err
	}
	err = s.vote(ctx, voter, status.ID, choose, func(tx *db.Tx, p *Poll, positions []int) error {
		return s.sendVote(ctx, tx, member, status, p, positions)
	})
	if err == nil {
		s.courier.Wake()
	}
	return err
}

// vote counts what choose picks of a poll, in one transaction. The poll's row is taken first, so
// that votes and edits of one poll come one after another. send tells the server that counts, where that is another.
func (s *Service) vote(ctx context.Context, voter id.Account, status id.Status, choose func(p *Poll) ([]int, error), send func(tx *db.Tx, p *Poll, positions []int) error) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		p, err := takePoll(ctx, tx, status)
		if err != nil {
			return err
		}
		if p.Expired(tx.Now()) {
			return voteFault("The poll has already ended")
		}
		positions, err := choose(p)
		if err != nil {
			return err
		}
		choices, err := p.choicesOf(positions)
		if err != nil {
			return err
		}
		counted, first, err := insertVote(ctx, tx, p, voter, choices)
		if err != nil {
			return err
		}
		if !counted {
			return alreadyVoted()
		}
		if err := countVotes(ctx, tx, p, positions, first); err != nil {
			return err
		}
		if send != nil {
			if err := voteElsewhere(ctx, tx, p, positions, first); err != nil {
				return err
			}
			if err := send(tx, p, positions); err != nil {
				return err
			}
		}
		return tx.Emit(Voted{status, voter})
	})
	if err != nil {
		return fmt.Errorf("vote: %w", err)
	}
	return nil
}

// storePoll hangs a poll on a status that has none.
func storePoll(ctx context.Context, tx *db.Tx, status id.Status, d *PollDraft) error {
	return insertPoll(ctx, tx, &Poll{Status: status, Round: tx.NextID(), Options: d.Options, Multiple: d.Multiple, HideTotals: d.HideTotals,
		ExpiresAt: tx.Now().Add(d.ExpiresIn)})
}

// editPoll makes the poll of a status what its author wants now (nil: none). Votes are kept while the
// question and its answers stay as they are. It tells whether anything changed.
func editPoll(ctx context.Context, tx *db.Tx, status id.Status, before *Poll, d *PollDraft) (changed bool, err error) {
	switch {
	case before == nil && d == nil:
		return false, nil
	case before == nil:
		return true, storePoll(ctx, tx, status, d)
	case d == nil:
		return true, deletePoll(ctx, tx, status)
	}
	next := *before
	next.Options, next.Multiple, next.HideTotals = d.Options, d.Multiple, d.HideTotals
	if d.ExpiresIn != 0 {
		next.ExpiresAt = clock.FromMilli(clock.Milli(tx.Now().Add(d.ExpiresIn)))
	}
	if before.same(d) {
		changed = next.HideTotals != before.HideTotals || !next.ExpiresAt.Equal(before.ExpiresAt)
		return changed, updatePoll(ctx, tx, &next)
	}
	next.Round, next.Voters = tx.NextID(), 0
	if err := updatePoll(ctx, tx, &next); err != nil {
		return false, err
	}
	return true, beginTallies(ctx, tx, &next)
}

// ForgetOldVotes removes the votes that no longer count after an edit, a bounded number at a time.
func (s *Service) ForgetOldVotes(ctx context.Context, e Edited) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := deleteOldVotes(ctx, tx, e.Status, purgeAtOnce)
			more = n == purgeAtOnce
			return err
		})
		if err != nil {
			return fmt.Errorf("forget votes: %w", err)
		}
	}
	return nil
}

// TellVotes lets other servers be told how polls of ours stand, each at most once in votesToldEvery.
func (s *Service) TellVotes(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			counted, err := takeCounted(ctx, tx, clock.Milli(tx.Now()), pollsAtOnce)
			more = len(counted) == pollsAtOnce
			for _, status := range counted {
				if err == nil {
					err = tx.Emit(VotesCounted{status, clock.Milli(tx.Now())})
				}
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("tell votes: %w", err)
		}
	}
	return nil
}

// EndPolls tells of the polls whose time is over, a bounded number in each transaction. What a
// stopped server missed is told when it runs again.
func (s *Service) EndPolls(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			ended, err := takeEnded(ctx, tx, clock.Milli(tx.Now()), pollsAtOnce)
			if err != nil {
				return err
			}
			more = len(ended) == pollsAtOnce
			for _, e := range ended {
				if err := tx.Emit(e); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("end polls: %w", err)
		}
	}
	return nil
}

// PollOf gives the poll of a status; nil when it has none.
func (s *Service) PollOf(ctx context.Context, status id.Status) (*Poll, error) {
	polls, err := pollsOf(ctx, s.db, []id.Status{status})
	return polls[status], err
}

// VotersHere gives the members who voted in a round of a poll, in pages by the row of their vote: after 0 is the first.
func (s *Service) VotersHere(ctx context.Context, e PollEnded, after int64, limit int) (voters []id.Account, last int64, err error) {
	return votersHere(ctx, s.db, e, after, limit)
}
