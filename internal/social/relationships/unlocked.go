package relationships

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// acceptAtOnce bounds the requests that one transaction accepts.
const acceptAtOnce = 50

// waitingSQL lists who asks to follow a member, the first to ask first. Requests of limited accounts still need an answer, as
// those of Mastodon do.
const waitingSQL = `SELECT r.id, r.account_id FROM follow_requests r JOIN accounts a ON a.id = r.account_id
	WHERE r.target_id = $1 AND r.id > $2 AND a.limited_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY r.id LIMIT $3`

// Waiting tells, inside the transaction of a change of a profile, whether it lets somebody in who had been waiting.
func Waiting(ctx context.Context, tx *db.Tx, e accounts.ProfileChanged) (bool, error) {
	if !e.Unlocked {
		return false, nil
	}
	rows, err := db.All(ctx, tx, scanListed, waitingSQL, e.Account, 0, 1)
	return len(rows) > 0, err
}

// AcceptWaiting lets everybody follow who asked a member that needs no asking any more, a bounded number in each transaction.
func (s *Service) AcceptWaiting(ctx context.Context, e accounts.ProfileChanged) error {
	for after, more := int64(0), true; more; {
		rows, err := db.All(ctx, s.db, scanListed, waitingSQL, e.Account, after, acceptAtOnce)
		if err != nil {
			return fmt.Errorf("accept waiting follow requests: %w", err)
		}
		more = len(rows) == acceptAtOnce
		wanted := []id.Account{e.Account}
		for _, one := range rows {
			wanted, after = append(wanted, one.account), one.row
		}
		people, err := s.accounts.ByIDs(ctx, wanted)
		if err != nil {
			return err
		}
		if len(people) < 2 || people[0].ID != e.Account || people[0].Locked { // locked again meanwhile: the others wait on
			return nil
		}
		err = s.db.Tx(ctx, func(tx *db.Tx) error { return s.accept(ctx, tx, people[0], people[1:]) })
		if err != nil {
			return fmt.Errorf("accept waiting follow requests: %w", err)
		}
		s.courier.Wake()
	}
	return nil
}

// accept turns requests into follows, without a word to the member, who did not answer each. Whose request is gone is left out.
func (s *Service) accept(ctx context.Context, tx *db.Tx, us *accounts.Account, who []*accounts.Account) error {
	for _, them := range who {
		row, err := remove(ctx, tx, requests, them.ID, us.ID)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if err := s.start(ctx, tx, row, true); err != nil {
			return err
		}
		if them.Local() {
			continue
		}
		if err := s.sendAccept(ctx, tx, us, them, row); err != nil {
			return err
		}
	}
	return nil
}
