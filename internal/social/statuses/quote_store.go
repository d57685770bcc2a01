package statuses

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

const quoteColumns = `id, status_id, account_id, quoted_id, quoted_account_id, state, approval_uri`

func scanQuote(r db.Row) (*Quote, error) {
	q := &Quote{}
	var quoted *id.Status
	err := r.Scan(&q.ID, &q.Status, &q.Author, &quoted, &q.QuotedAuthor, &q.State, &q.Approval)
	q.Quoted = orZero(quoted)
	return q, err
}

func insertQuote(ctx context.Context, tx *db.Tx, q *Quote) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO quotes (id, status_id, account_id, quoted_id, quoted_account_id, state, created_at, approval_uri) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		q.ID, q.Status, q.Author, q.Quoted, q.QuotedAuthor, string(q.State), clock.Milli(tx.Now()), q.Approval)
	return err
}

// quoteIn gives the quote that a status is; NotFound for one that quotes nothing.
func quoteIn(ctx context.Context, q db.Q, status id.Status) (*Quote, error) {
	return db.One(ctx, q, scanQuote, `SELECT `+quoteColumns+` FROM quotes WHERE status_id = $1`, status)
}

// quotesFrom lists the accepted quotes of a status, newest first.
func quotesFrom(ctx context.Context, q db.Q, status id.Status, p keyset.Page) ([]listed, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (listed, error) {
		var l listed
		err := r.Scan(&l.row, &l.status)
		return l, err
	}, quotesFromSQL+` ORDER BY id `+p.Order()+` LIMIT $4`, status, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

const quotesFromSQL = `SELECT id, status_id FROM quotes WHERE quoted_id = $1 AND id < $2 AND id > $3 AND state = 'accepted'`

// moveQuote changes the state of a quote that is in one of the given; false when it is not.
func moveQuote(ctx context.Context, tx *db.Tx, q id.Quote, to QuoteState, from ...QuoteState) (bool, error) {
	words := make([]string, len(from))
	for i, one := range from {
		words[i] = string(one)
	}
	n, err := db.Exec(ctx, tx, `UPDATE quotes SET state = $2 WHERE id = $1 AND state {in $3}`, q, string(to), words)
	return n > 0, err
}
