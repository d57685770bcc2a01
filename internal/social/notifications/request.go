package notifications

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// asks tells whether a filtered notification of a kind makes a request of its sender: a word to the member does, applause does not.
func asks(kind Kind) bool { return slices.Contains(asking, string(kind)) }

var asking = []string{string(Mention), string(Quote)}

// Request stands for what a sender wrote to a member and a policy held back.
type Request struct {
	ID         id.NotificationRequest
	From       id.Account
	LastStatus id.Status
	Count      int64 // of held notifications, to a bound
	CreatedAt  int64
	UpdatedAt  int64
}

// The events of requests.
type (
	// RequestAccepted tells that a member wants to hear of a sender from now on; what was held of theirs is still to be shown.
	RequestAccepted struct{ Account, From id.Account }
	// RequestDismissed tells that a member does not want what was held of a sender.
	RequestDismissed struct {
		Account, From id.Account
		UpTo          id.Notification
	}
	// Unfiltered tells that notifications which were held back are shown now.
	Unfiltered struct {
		Account       id.Account
		Notifications []id.Notification
	}
	// Merged tells that everything a member accepted is among their notifications now.
	Merged struct{ Account id.Account }
)

// answerAtOnce bounds the requests that one transaction answers.
const answerAtOnce = 100

// AcceptRequests lets the senders of requests pass the member's policy for good, and tells how many requests there were.
func (s *Service) AcceptRequests(ctx context.Context, member id.Account, requests []id.NotificationRequest) (int, error) {
	return s.answer(ctx, member, requests, func(tx *db.Tx, from id.Account) error {
		if err := permit(ctx, tx, member, from, clock.Milli(tx.Now())); err != nil {
			return err
		}
		return tx.Emit(RequestAccepted{member, from})
	})
}

// DismissRequests removes requests and what they hold, and tells how many there were. A later word of the sender asks anew.
func (s *Service) DismissRequests(ctx context.Context, member id.Account, requests []id.NotificationRequest) (int, error) {
	return s.answer(ctx, member, requests, func(tx *db.Tx, from id.Account) error {
		return tx.Emit(RequestDismissed{member, from, id.Notification(tx.NextID())})
	})
}

func (s *Service) answer(ctx context.Context, member id.Account, requests []id.NotificationRequest, each func(tx *db.Tx, from id.Account) error) (answered int, err error) {
	for part := range slices.Chunk(requests, answerAtOnce) {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			senders, err := takeRequests(ctx, tx, member, part)
			if err != nil {
				return err
			}
			answered += len(senders)
			for _, from := range senders {
				if err := each(tx, from); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return 0, fmt.Errorf("answer notification requests: %w", err)
		}
	}
	return answered, nil
}

// Unfilter shows what was held of a sender whose request was accepted, a bounded number in each transaction.
func (s *Service) Unfilter(ctx context.Context, e RequestAccepted) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			shown, err := unfilter(ctx, tx, e.Account, e.From)
			if err != nil {
				return err
			}
			if len(shown) > 0 {
				if err := tx.Emit(Unfiltered{e.Account, shown}); err != nil {
					return err
				}
			}
			if more = len(shown) == removeAtOnce; more {
				return nil
			}
			if ended, err := endMerge(ctx, tx, e.Account, e.From); err != nil || !ended {
				return err
			}
			return tx.Emit(Merged{e.Account})
		})
		if err != nil {
			return fmt.Errorf("show what was held: %w", err)
		}
	}
	return nil
}

// ForgetDismissed removes what was held of a sender until their request was dismissed.
func (s *Service) ForgetDismissed(ctx context.Context, e RequestDismissed) error {
	return s.forget(ctx, `account_id = $1 AND from_id = $2 AND filtered AND id <= $3`, e.Account, e.From, e.UpTo)
}
