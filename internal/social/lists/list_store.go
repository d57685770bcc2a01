package lists

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const columns = `l.id, l.account_id, l.title, l.replies_policy, l.exclusive`

func scan(r db.Row) (*List, error) {
	l := &List{}
	err := r.Scan(&l.ID, &l.Owner, &l.Title, &l.Replies, &l.Exclusive)
	return l, err
}

// one gives a list of its owner's; others' are not there.
func one(ctx context.Context, q db.Q, owner id.Account, list id.List) (*List, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM lists l WHERE l.id = $1 AND l.account_id = $2`, list, owner)
}

const ofOwnerSQL = `SELECT ` + columns + ` FROM lists l WHERE l.account_id = $1 ORDER BY l.id`

func ofOwner(ctx context.Context, q db.Q, owner id.Account) ([]*List, error) {
	return db.All(ctx, q, scan, ofOwnerSQL, owner)
}

const containingSQL = `SELECT ` + columns + ` FROM lists l JOIN list_members m ON m.list_id = l.id AND m.account_id = $2
	WHERE l.account_id = $1 AND ` + standing + ` ORDER BY l.id`

// containing gives the owner's lists that an account is on.
func containing(ctx context.Context, q db.Q, owner, account id.Account) ([]*List, error) {
	return db.All(ctx, q, scan, containingSQL, owner, account)
}

func countLists(ctx context.Context, q db.Q, owner id.Account) (int64, error) {
	return db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM lists WHERE account_id = $1`, owner)
}

func insertList(ctx context.Context, tx *db.Tx, l *List) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO lists (id, account_id, title, replies_policy, exclusive, created_at) VALUES ($1,$2,$3,$4,$5,$6)`,
		l.ID, l.Owner, l.Title, string(l.Replies), l.Exclusive, clock.Milli(tx.Now()))
	return err
}

func updateList(ctx context.Context, tx *db.Tx, l *List) error {
	_, err := db.Exec(ctx, tx, `UPDATE lists SET title = $2, replies_policy = $3, exclusive = $4 WHERE id = $1`, l.ID, l.Title, string(l.Replies), l.Exclusive)
	return err
}

// deleteList removes a list with its members, of whom there are no more than one may follow.
func deleteList(ctx context.Context, tx *db.Tx, list id.List) error {
	for _, sql := range []string{`DELETE FROM list_members WHERE list_id = $1`, `DELETE FROM lists WHERE id = $1`} {
		if _, err := db.Exec(ctx, tx, sql, list); err != nil {
			return err
		}
	}
	return nil
}
