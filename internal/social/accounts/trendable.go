package accounts

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// SetTrendable keeps whether a keeper lets the statuses of an account trend.
func SetTrendable(ctx context.Context, tx *db.Tx, account id.Account, trendable bool) error {
	_, err := db.Exec(ctx, tx, `UPDATE accounts SET trendable = $2 WHERE id = $1`, account, trendable)
	return err
}
