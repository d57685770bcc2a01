// Package conversations gathers a member's direct statuses by thread and by who takes part.
package conversations

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/notifications"
	"anancus/internal/social/statuses"
)

// Conversation is what a member and the same others say to each other in one thread.
type Conversation struct {
	ID     id.Conversation
	Others []id.Account
	Last   id.Status // 0: nothing is left to show
	Unread bool
}

// Changed is the event of a conversation that got a status.
type Changed struct {
	Conversation id.Conversation
	Account      id.Account
}

// Service is the room of conversations.
type Service struct {
	db       *db.DB
	accounts *accounts.Service
	statuses *statuses.Service
}

// New opens the room.
func New(d *db.DB, people *accounts.Service, posts *statuses.Service) *Service {
	return &Service{db: d, accounts: people, statuses: posts}
}

// Sent tells, inside the transaction of a status, whether a member wrote it to some people only.
func Sent(_ context.Context, _ *db.Tx, e statuses.Published) (bool, error) {
	return e.Written.Local && e.Written.Visibility == statuses.Direct, nil
}

// KeepSent keeps what a member wrote. It may run twice: what is kept once stays as it is.
func (s *Service) KeepSent(ctx context.Context, e statuses.Published) error {
	return s.keep(ctx, e.Author, e.Status)
}

const toldSQL = `SELECT s.id FROM notifications n JOIN statuses s ON s.id = n.status_id
	WHERE n.id {in $1} AND n.kind = 'mention' AND NOT n.filtered AND s.visibility = 'direct' AND s.deleted_at IS NULL`

// Received tells, inside the transaction of a notification, whether it is of a direct status. Who is not told
// of it, because they block, mute or filter its author, has no conversation of it either, as in Mastodon.
func Received(ctx context.Context, tx *db.Tx, e notifications.Told) (bool, error) {
	return direct(ctx, tx, e.Notification)
}

// ReceivedLate tells the same of notifications that were held back until now.
func ReceivedLate(ctx context.Context, tx *db.Tx, e notifications.Unfiltered) (bool, error) {
	return direct(ctx, tx, e.Notifications...)
}

func direct(ctx context.Context, tx *db.Tx, told ...id.Notification) (bool, error) {
	found, err := db.All(ctx, tx, db.Value[id.Status], toldSQL+` LIMIT 1`, told)
	return len(found) > 0, err
}

// KeepReceived keeps what a member was told of.
func (s *Service) KeepReceived(ctx context.Context, e notifications.Told) error {
	return s.receive(ctx, e.Account, e.Notification)
}

// KeepReceivedLate keeps what a member was told of after it had been held back: whose request they accepted talks with them.
func (s *Service) KeepReceivedLate(ctx context.Context, e notifications.Unfiltered) error {
	return s.receive(ctx, e.Account, e.Notifications...)
}

func (s *Service) receive(ctx context.Context, member id.Account, told ...id.Notification) error {
	found, err := db.All(ctx, s.db, db.Value[id.Status], toldSQL+` ORDER BY s.id`, told)
	if err != nil {
		return fmt.Errorf("keep conversation: %w", err)
	}
	for _, status := range found {
		if err := s.keep(ctx, member, status); err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) keep(ctx context.Context, member id.Account, wanted id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		type post struct {
			author id.Account
			thread id.Status
		}
		status, err := db.One(ctx, tx, func(r db.Row) (p post, err error) {
			err = r.Scan(&p.author, &p.thread)
			return p, err
		}, `SELECT author_id, thread_id FROM statuses WHERE id = $1 AND deleted_at IS NULL`, wanted)
		if err != nil {
			return ignoreNotFound(err)
		}
		loud, _, err := statuses.Mentioned(ctx, tx, wanted)
		if err != nil {
			return err
		}
		others := slices.DeleteFunc(append(loud, status.author), func(one id.Account) bool { return one == member })
		slices.Sort(others)
		conversation, err := open(ctx, tx, member, status.thread, slices.Compact(others))
		if err != nil {
			return err
		}
		added, err := add(ctx, tx, conversation, wanted)
		if err != nil || !added {
			return err
		}
		if err := settle(ctx, tx, conversation); err != nil {
			return err
		}
		if err := mark(ctx, tx, conversation, status.author != member); err != nil {
			return err
		}
		return tx.Emit(Changed{conversation, member})
	})
	if err != nil {
		return fmt.Errorf("keep conversation: %w", err)
	}
	return nil
}

// ForgetDeleted takes a status that is gone out of every conversation; each goes back to the one before, or away.
func (s *Service) ForgetDeleted(ctx context.Context, e statuses.Deleted) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		touched, err := db.All(ctx, tx, db.Value[id.Conversation], `DELETE FROM conversation_statuses WHERE status_id = $1 RETURNING conversation_id`, e.Status)
		if err != nil {
			return err
		}
		for _, conversation := range touched { // one for each member who takes part
			if err := settle(ctx, tx, conversation); err != nil {
				return err
			}
		}
		return nil
	})
}

// Remove hides a conversation until something new is said in it.
func (s *Service) Remove(ctx context.Context, member id.Account, conversation id.Conversation) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE conversations SET last_status_id = NULL, unread = FALSE,
			cleared_to = COALESCE((SELECT MAX(id) FROM conversation_statuses WHERE conversation_id = $2), 0)
			WHERE account_id = $1 AND id = $2 AND last_status_id IS NOT NULL`, member, conversation)
		if err == nil && n == 0 {
			err = fault.RecordNotFound()
		}
		return err
	})
}

// Mark makes a conversation read or unread.
func (s *Service) Mark(ctx context.Context, member id.Account, conversation id.Conversation, unread bool) (*Conversation, error) {
	var found *Conversation
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if found, err = one(ctx, tx, member, conversation); err != nil {
			return err
		}
		found.Unread = unread
		return mark(ctx, tx, conversation, unread)
	})
	return found, err
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// set writes who takes part as the key by which a conversation is found again.
func set(others []id.Account) string {
	words := make([]string, len(others))
	for i, one := range others {
		words[i] = one.String()
	}
	return strings.Join(words, ",")
}
