package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

const columns = `n.id, n.account_id, n.kind, n.from_id, n.status_id, n.about_id, n.created_at`

func scan(r db.Row) (*Notification, error) {
	n := &Notification{}
	var status *id.Status
	err := r.Scan(&n.ID, &n.Account, &n.Kind, &n.From, &status, &n.about, &n.CreatedAt)
	if status != nil {
		n.Status = *status
	}
	return n, err
}

func insert(ctx context.Context, tx *db.Tx, n Notification) (bool, error) {
	var status *int64
	if n.Status != 0 {
		v := int64(n.Status)
		status = &v
	}
	rows, err := db.Exec(ctx, tx, `INSERT INTO notifications (id, account_id, kind, from_id, status_id, about_id, created_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (account_id, kind, from_id, about_id) DO NOTHING`,
		n.ID, n.Account, string(n.Kind), n.From, status, n.about, n.CreatedAt)
	return rows > 0, err
}

func stillThere(ctx context.Context, q db.Q, table string, row int64) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM `+table+` WHERE id = $1`, row)
	return n > 0, err
}

// filter narrows a list: by kinds, and by who did it (0: anybody).
type filter struct {
	kinds []string
	from  id.Account
}

// page lists a member's notifications, newest first, without those of people who are gone and statuses that are deleted.
func page(ctx context.Context, q db.Q, account id.Account, f filter, p keyset.Page) ([]*Notification, error) {
	rows, err := db.All(ctx, q, scan, `SELECT `+columns+` FROM notifications n JOIN accounts a ON a.id = n.from_id
		WHERE n.account_id = $1 AND n.id < $2 AND n.id > $3 AND n.kind {in $4} AND (CAST($5 AS BIGINT) = 0 OR n.from_id = $5)
		AND a.suspended_at IS NULL AND a.deleted_at IS NULL
		AND (n.status_id IS NULL OR EXISTS (SELECT 1 FROM statuses s WHERE s.id = n.status_id AND s.deleted_at IS NULL))
		ORDER BY n.id `+p.Order()+` LIMIT $6`, account, p.Before, p.After, f.kinds, f.from, p.Limit)
	return keyset.Arrange(p, rows), err
}

func one(ctx context.Context, q db.Q, account id.Account, n id.Notification) (*Notification, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM notifications n WHERE n.id = $1 AND n.account_id = $2`, n, account)
}

func dismiss(ctx context.Context, tx *db.Tx, account id.Account, n id.Notification) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM notifications WHERE id = $1 AND account_id = $2`, n, account)
}

// clear removes a bounded number of a member's notifications.
func clear(ctx context.Context, tx *db.Tx, account id.Account, upTo int64) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM notifications WHERE id IN (SELECT id FROM notifications WHERE account_id = $1 AND id <= $2 LIMIT 500)`, account, upTo)
}
