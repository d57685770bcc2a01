package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
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

func scanRequest(r db.Row) (*Request, error) {
	one := &Request{}
	err := r.Scan(&one.ID, &one.From, &one.LastStatus, &one.CreatedAt, &one.UpdatedAt, &one.Count)
	return one, err
}

// requestsSQL is followed by what narrows a member's requests r.
const requestsSQL = `SELECT r.id, r.from_id, r.last_status_id, r.created_at, r.updated_at, ` + heldCount + ` FROM notification_requests r WHERE r.account_id = $1
	AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = r.from_id AND a.suspended_at IS NULL AND a.deleted_at IS NULL)`

// pageOfRequests is a page of requests, by the newest status of each.
func pageOfRequests(order string) string {
	return requestsSQL + ` AND r.last_status_id < $3 AND r.last_status_id > $4 ORDER BY r.last_status_id ` + order + ` LIMIT $5`
}

// requests lists a member's requests, those with the newest status first.
func requests(ctx context.Context, q db.Q, account id.Account, p keyset.Page) ([]*Request, error) {
	rows, err := db.All(ctx, q, scanRequest, pageOfRequests(p.Order()), account, asking, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

func request(ctx context.Context, q db.Q, account id.Account, wanted id.NotificationRequest) (*Request, error) {
	return db.One(ctx, q, scanRequest, requestsSQL+` AND r.id = $3`, account, asking, wanted)
}

// takeRequests removes a member's requests and gives their senders.
func takeRequests(ctx context.Context, tx *db.Tx, account id.Account, wanted []id.NotificationRequest) ([]id.Account, error) {
	return db.All(ctx, tx, db.Value[id.Account], `DELETE FROM notification_requests WHERE account_id = $1 AND id {in $2} RETURNING from_id`, account, wanted)
}

// permit lets a sender pass the member's policy, and notes that what was held is to be shown.
func permit(ctx context.Context, tx *db.Tx, account, from id.Account, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO notification_permissions (account_id, from_id, created_at) VALUES ($1,$2,$3)
		ON CONFLICT (account_id, from_id) DO NOTHING`, account, from, now)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO notification_merges (account_id, from_id) VALUES ($1,$2) ON CONFLICT (account_id, from_id) DO NOTHING`, account, from)
	return err
}

// unfilter shows a bounded number of what was held of a sender.
func unfilter(ctx context.Context, tx *db.Tx, account, from id.Account) ([]id.Notification, error) {
	return db.All(ctx, tx, db.Value[id.Notification], `UPDATE notifications SET filtered = FALSE WHERE id IN
		(SELECT id FROM notifications WHERE account_id = $1 AND from_id = $2 AND filtered ORDER BY id LIMIT $3) RETURNING id`, account, from, removeAtOnce)
}

// endMerge notes that everything of a sender is shown, and tells whether that was the last that the member waited for.
func endMerge(ctx context.Context, tx *db.Tx, account, from id.Account) (last bool, err error) {
	n, err := db.Exec(ctx, tx, `DELETE FROM notification_merges WHERE account_id = $1 AND from_id = $2`, account, from)
	if err != nil || n == 0 {
		return false, err
	}
	return merged(ctx, tx, account)
}

// merged tells whether nothing that a member accepted is still to be shown.
func merged(ctx context.Context, q db.Q, account id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM notification_merges WHERE account_id = $1`, account)
	return n == 0, err
}
