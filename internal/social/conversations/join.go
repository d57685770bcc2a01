package conversations

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// Joins tells, inside the transaction that ties threads together, whether members have conversations in those that end.
func Joins(ctx context.Context, tx *db.Tx, e statuses.Adopted) (bool, error) {
	found, err := db.All(ctx, tx, db.Value[id.Conversation], `SELECT id FROM conversations WHERE thread_id {in $1} LIMIT 1`, e.Merged)
	return len(found) > 0, err
}

// joining is a conversation in a thread that turned out to be a part of another.
type joining struct {
	id      id.Conversation
	member  id.Account
	others  string
	unread  bool
	cleared int64
}

// Join makes conversations in threads that became parts of another conversations of that, one for the same people.
func (s *Service) Join(ctx context.Context, e statuses.Adopted) error {
	const atOnce = 100
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			more = false
			threads, err := db.All(ctx, tx, db.Value[id.Status], `SELECT thread_id FROM statuses WHERE id = $1`, e.Parent)
			if err != nil || len(threads) == 0 {
				return err
			}
			list, err := db.All(ctx, tx, func(r db.Row) (j joining, err error) {
				err = r.Scan(&j.id, &j.member, &j.others, &j.unread, &j.cleared)
				return j, err
			}, `SELECT id, account_id, participants, unread, cleared_to FROM conversations WHERE thread_id {in $1} AND thread_id <> $2 LIMIT $3`, e.Merged, threads[0], atOnce)
			if err != nil {
				return err
			}
			for _, one := range list { // one for each member who takes part
				if err := join(ctx, tx, one, threads[0]); err != nil {
					return err
				}
			}
			more = len(list) == atOnce
			return nil
		})
		if err != nil {
			return fmt.Errorf("join conversations: %w", err)
		}
	}
	return nil
}

func join(ctx context.Context, tx *db.Tx, from joining, thread id.Status) error {
	same, err := db.All(ctx, tx, db.Value[id.Conversation], `SELECT id FROM conversations WHERE account_id = $1 AND thread_id = $2 AND participants = $3`, from.member, thread, from.others)
	if err != nil {
		return err
	}
	if len(same) == 0 {
		_, err := db.Exec(ctx, tx, `UPDATE conversations SET thread_id = $2 WHERE id = $1`, from.id, thread)
		return err
	}
	to := same[0]
	for _, step := range []string{
		`DELETE FROM conversation_statuses WHERE conversation_id = $1 AND (id <= $3 OR status_id IN (SELECT status_id FROM conversation_statuses WHERE conversation_id = $2))`,
		`UPDATE conversation_statuses SET conversation_id = $2 WHERE conversation_id = $1 AND id > $3`,
	} {
		if _, err := db.Exec(ctx, tx, step, from.id, to, from.cleared); err != nil {
			return err
		}
	}
	if _, err := db.Exec(ctx, tx, `DELETE FROM conversations WHERE id = $1`, from.id); err != nil {
		return err
	}
	if from.unread {
		if err := mark(ctx, tx, to, true); err != nil {
			return err
		}
	}
	if err := settle(ctx, tx, to); err != nil {
		return err
	}
	return tx.Emit(Changed{to, from.member})
}
