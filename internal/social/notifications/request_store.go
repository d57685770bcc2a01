package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// keepRequest notes that a sender's word was filtered.
func keepRequest(ctx context.Context, tx *db.Tx, n Notification) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO notification_requests (id, account_id, from_id, last_status_id, created_at, updated_at) VALUES ($1,$2,$3,$4,$5,$5)
		ON CONFLICT (account_id, from_id) DO UPDATE SET last_status_id = excluded.last_status_id, updated_at = excluded.updated_at
		WHERE notification_requests.last_status_id < excluded.last_status_id`,
		tx.NextID(), n.Account, n.From, n.Status, n.CreatedAt)
	return err
}

// held is the condition of what waits for the answer to a request.
const held = `n.account_id = $1 AND n.from_id = notification_requests.from_id AND n.filtered AND n.kind {in $3}`

// settleRequests fits a member's requests of some senders to what of theirs is still held back.
func settleRequests(ctx context.Context, tx *db.Tx, account id.Account, from []id.Account) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM notification_requests WHERE account_id = $1 AND from_id {in $2}
		AND NOT EXISTS (SELECT 1 FROM notifications n WHERE `+held+`)`, account, from, asking)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE notification_requests SET last_status_id = (SELECT MAX(n.status_id) FROM notifications n WHERE `+held+`)
		WHERE account_id = $1 AND from_id {in $2} AND EXISTS (SELECT 1 FROM notifications n WHERE `+held+`)`, account, from, asking)
	return err
}
