package statuses

import (
	"context"
	"slices"
	"strconv"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// ask makes a note the question that its status asks.
func (s *Service) ask(ctx context.Context, note *activitypub.Note, status id.Status) error {
	p, err := s.PollOf(ctx, status)
	if err != nil || p == nil {
		return err
	}
	now := s.clock.Now()
	options := make([]activitypub.Option, len(p.Options))
	for i, title := range p.Options {
		options[i] = activitypub.NewOption(title, p.Votes[i])
		if p.HideTotals && !p.Expired(now) {
			options[i].Replies.TotalItems = nil
		}
	}
	note.Type, note.VotersCount, note.EndTime = "Question", &p.Voters, activitypub.Timestamp(p.ExpiresAt)
	if p.Expired(now) {
		note.Closed = note.EndTime
	}
	if p.Multiple {
		note.AnyOf = options
	} else {
		note.OneOf = options
	}
	return nil
}

// DeliverPollEnd tells other servers the result of a poll of ours.
func (s *Service) DeliverPollEnd(ctx context.Context, e PollEnded) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	p, err := s.PollOf(ctx, e.Status)
	if err != nil || p == nil || p.Round != e.Round || status.LocalOnly || !status.Local {
		return err
	}
	return s.deliverUpdate(ctx, status, strconv.FormatInt(e.Round, 10)+"-"+strconv.FormatInt(p.ExpiresAt.Unix(), 10))
}

// DeliverVotes tells other servers how a poll of ours stands. Its end is told apart.
func (s *Service) DeliverVotes(ctx context.Context, e VotesCounted) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	p, err := s.PollOf(ctx, e.Status)
	if err != nil || p == nil || p.HideTotals || p.Expired(s.clock.Now()) || status.LocalOnly || !status.Local {
		return err
	}
	return s.deliverUpdate(ctx, status, "votes-"+strconv.FormatInt(e.At, 10))
}

// receiveVote takes a note that answers a poll of ours with one of its options. done tells that it was a
// vote, counted or not: one that comes too late, twice, or from somebody who may not read the poll is no answer either.
func (s *Service) receiveVote(ctx context.Context, in accounts.Received, note *activitypub.RemoteNote) (done bool, err error) {
	if !note.IsVote() {
		return false, nil
	}
	asking, err := s.known(ctx, note.InReplyTo)
	if err != nil || !asking.Local {
		return false, ignoreNotFound(err)
	}
	p, err := s.PollOf(ctx, asking.ID)
	if err != nil || p == nil || !slices.Contains(p.Options, note.Name) {
		return false, err
	}
	seen, err := s.VisibleElsewhere(ctx, in.Actor.ID, []*Status{asking})
	if err != nil || len(seen) == 0 {
		return true, err
	}
	err = s.vote(ctx, in.Actor.ID, asking.ID, func(p *Poll) ([]int, error) {
		return []int{slices.Index(p.Options, note.Name)}, nil // -1 when an edit took the option away just now
	}, nil)
	switch fault.KindOf(err) {
	case fault.Invalid, fault.NotFound:
		return true, nil
	}
	return true, err
}
