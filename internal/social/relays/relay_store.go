package relays

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const columns = `id, inbox_url, state, follow_uri, COALESCE(account_id, 0), created_at, updated_at`

func scan(row db.Row) (*Relay, error) {
	r := &Relay{}
	var created, updated int64
	err := row.Scan(&r.ID, &r.Inbox, &r.State, &r.Follow, &r.Account, &created, &updated)
	r.CreatedAt, r.UpdatedAt = clock.FromMilli(created), clock.FromMilli(updated)
	return r, err
}

func all(ctx context.Context, q db.Q) ([]*Relay, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM relays ORDER BY id`)
}

func byInbox(ctx context.Context, q db.Q, inbox string) (*Relay, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM relays WHERE inbox_url = $1`, inbox)
}

func byFollow(ctx context.Context, q db.Q, uri string) (*Relay, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM relays WHERE follow_uri = $1`, uri)
}

// insert stores a relay; false when one with its inbox is there.
func insert(ctx context.Context, tx *db.Tx, r *Relay) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO relays (id, inbox_url, state, follow_uri, account_id, created_at, updated_at) VALUES ($1,$2,$3,$4,NULL,$5,$6)
		ON CONFLICT (inbox_url) DO NOTHING`, r.ID, r.Inbox, string(r.State), r.Follow, clock.Milli(r.CreatedAt), clock.Milli(r.UpdatedAt))
	return n > 0, err
}

func update(ctx context.Context, tx *db.Tx, r *Relay) error {
	var account *id.Account
	if r.Account != 0 {
		account = &r.Account
	}
	_, err := db.Exec(ctx, tx, `UPDATE relays SET state = $2, follow_uri = $3, account_id = $4, updated_at = $5 WHERE id = $1`,
		r.ID, string(r.State), r.Follow, account, clock.Milli(r.UpdatedAt))
	return err
}

func remove(ctx context.Context, tx *db.Tx, relay id.Relay) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM relays WHERE id = $1`, relay)
	return err
}
