package notifications

import (
	"context"

	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// TellQuoted tells the author of a status that another quotes it.
func (s *Service) TellQuoted(ctx context.Context, e statuses.Quoted) error {
	if _, err := s.statuses.Get(ctx, e.Status); err != nil {
		return ignoreNotFound(err)
	}
	q, err := s.statuses.AcceptedQuote(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	return s.tell(ctx, Notification{Account: q.QuotedAuthor, Kind: Quote, From: q.Author, Status: q.Status, about: int64(q.ID)})
}

// quotersAtOnce bounds one look at who quotes a status.
const quotersAtOnce = 200

// tellQuoters tells the members who quote a status that it says something else now.
func (s *Service) tellQuoters(ctx context.Context, edited id.Status, at int64) error {
	for after := id.Quote(0); ; {
		quotes, err := s.statuses.AcceptedQuotes(ctx, edited, after, quotersAtOnce)
		if err != nil {
			return err
		}
		for _, q := range quotes {
			if _, err := s.statuses.Get(ctx, q.Status); err != nil {
				if err := ignoreNotFound(err); err != nil {
					return err
				}
				continue
			}
			if err := s.tell(ctx, Notification{Account: q.Author, Kind: QuotedUpdate, From: q.QuotedAuthor, Status: q.Status, about: at}); err != nil {
				return err
			}
		}
		if len(quotes) < quotersAtOnce {
			return nil
		}
		after = quotes[len(quotes)-1].ID
	}
}
