package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// openGroup gives the hour of the newest group about a subject that began after an hour; 0 for none.
func openGroup(ctx context.Context, q db.Q, account id.Account, subject string, after int64) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT COALESCE(MAX(hour), 0) FROM notification_groups WHERE account_id = $1 AND subject = $2 AND hour > $3`,
		account, subject, after)
}

// keepGroup notes that a notification is the newest of its group.
func keepGroup(ctx context.Context, tx *db.Tx, n Notification, g group) error {
	var status *int64
	if n.Status != 0 {
		v := int64(n.Status)
		status = &v
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO notification_groups (account_id, group_key, kind, subject, hour, status_id, latest_id)
		VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (account_id, group_key) DO UPDATE SET latest_id = excluded.latest_id
		WHERE notification_groups.latest_id < excluded.latest_id`,
		n.Account, g.key, string(n.Kind), g.subject, g.hour, status, n.ID)
	return err
}

// endGroups removes those of a member's groups that have no notifications any more. The second look at
// latest_id matters on PostgreSQL: somebody who joined the group meanwhile has moved it, and it stays.
func endGroups(ctx context.Context, tx *db.Tx, account id.Account, keys []string) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM notification_groups WHERE account_id = $1 AND group_key {in $2}
		AND NOT EXISTS (SELECT 1 FROM notifications n WHERE n.account_id = $1 AND n.group_key = notification_groups.group_key AND n.group_key <> '')
		AND latest_id = (SELECT g.latest_id FROM notification_groups g WHERE g.account_id = $1 AND g.group_key = notification_groups.group_key)`, account, keys)
	return err
}
