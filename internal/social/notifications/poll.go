package notifications

import (
	"context"

	"anancus/internal/social/statuses"
)

// TellPollEnded tells the members who voted in a poll, and its author, that it is over.
func (s *Service) TellPollEnded(ctx context.Context, e statuses.PollEnded) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	poll, err := s.statuses.PollOf(ctx, e.Status)
	if err != nil || poll == nil || poll.Round != e.Round || !poll.Expired(s.clock.Now()) {
		return err // an edit took it away, asks something else or gives it more time
	}
	n := Notification{Account: status.Author, Kind: Poll, From: status.Author, Status: status.ID, about: e.Round}
	if err := s.tell(ctx, n); err != nil {
		return err
	}
	for after := int64(0); ; {
		voters, last, err := s.statuses.VotersHere(ctx, e, after, tellAtOnce)
		if err != nil || last == 0 {
			return err
		}
		for _, n.Account = range voters {
			if err := s.tell(ctx, n); err != nil {
				return err
			}
		}
		after = last
	}
}
