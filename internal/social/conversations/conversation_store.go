package conversations

import (
	"context"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

func scan(r db.Row) (*Conversation, error) {
	c := &Conversation{}
	var others string
	if err := r.Scan(&c.ID, &others, &c.Last, &c.Unread); err != nil {
		return nil, err
	}
	for word := range strings.SplitSeq(others, ",") {
		if word == "" {
			continue
		}
		one, err := id.Parse[id.Account](word)
		if err != nil {
			return nil, err
		}
		c.Others = append(c.Others, one)
	}
	return c, nil
}

func pageSQL(p keyset.Page) string {
	return `SELECT id, participants, last_status_id, unread FROM conversations
		WHERE account_id = $1 AND last_status_id < $2 AND last_status_id > $3 ORDER BY last_status_id ` + p.Order() + ` LIMIT $4`
}

func page(ctx context.Context, q db.Q, member id.Account, p keyset.Page) ([]*Conversation, error) {
	rows, err := db.All(ctx, q, scan, pageSQL(p), member, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

func one(ctx context.Context, q db.Q, member id.Account, conversation id.Conversation) (*Conversation, error) {
	return db.One(ctx, q, scan, `SELECT id, participants, last_status_id, unread FROM conversations
		WHERE account_id = $1 AND id = $2 AND last_status_id IS NOT NULL`, member, conversation)
}

// open gives the conversation of a thread with some people, a new one if need be.
func open(ctx context.Context, tx *db.Tx, member id.Account, thread id.Status, others []id.Account) (id.Conversation, error) {
	_, err := db.Exec(ctx, tx, `INSERT INTO conversations (id, account_id, thread_id, participants) VALUES ($1,$2,$3,$4)
		ON CONFLICT (account_id, thread_id, participants) DO NOTHING`, tx.NextID(), member, thread, set(others))
	if err != nil {
		return 0, err
	}
	return db.One(ctx, tx, db.Value[id.Conversation], `SELECT id FROM conversations WHERE account_id = $1 AND thread_id = $2 AND participants = $3`, member, thread, set(others))
}

func add(ctx context.Context, tx *db.Tx, conversation id.Conversation, status id.Status) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO conversation_statuses (id, conversation_id, status_id) VALUES ($1,$2,$3)
		ON CONFLICT (conversation_id, status_id) DO NOTHING`, tx.NextID(), conversation, status)
	return n > 0, err
}

// settle finds the last status again; a conversation without any is removed.
func settle(ctx context.Context, tx *db.Tx, conversation id.Conversation) error {
	_, err := db.Exec(ctx, tx, `UPDATE conversations SET last_status_id = (SELECT MAX(c.status_id) FROM conversation_statuses c
		WHERE c.conversation_id = conversations.id AND c.id > conversations.cleared_to) WHERE id = $1`, conversation)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `DELETE FROM conversations WHERE id = $1 AND last_status_id IS NULL
		AND NOT EXISTS (SELECT 1 FROM conversation_statuses WHERE conversation_id = $1)`, conversation)
	return err
}

func mark(ctx context.Context, tx *db.Tx, conversation id.Conversation, unread bool) error {
	_, err := db.Exec(ctx, tx, `UPDATE conversations SET unread = $2 WHERE id = $1`, conversation, unread)
	return err
}
