package accounts

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// lastRune ends the range of everything that begins with a text.
const lastRune = "\U0010FFFF"

// namedSQL finds accounts that have a name beginning with each word; of the people whom somebody follows where followed says so.
func namedSQL(words int, followed bool) string {
	var b strings.Builder
	if followed {
		b.WriteString(`SELECT n.account_id FROM follows f JOIN account_names n ON n.account_id = f.target_id
			WHERE f.account_id = $2 AND n.name COLLATE "C" >= $3 AND n.name COLLATE "C" < $4`)
	} else {
		b.WriteString(`SELECT n.account_id FROM account_names n WHERE CAST($2 AS BIGINT) = 0 AND n.name COLLATE "C" >= $3 AND n.name COLLATE "C" < $4`)
	}
	for i := 1; i < words; i++ {
		fmt.Fprintf(&b, ` AND EXISTS (SELECT 1 FROM account_names m WHERE m.account_id = n.account_id AND m.name COLLATE "C" >= $%d AND m.name COLLATE "C" < $%d)`, 3+2*i, 4+2*i)
	}
	if !followed {
		b.WriteString(` ORDER BY n.name COLLATE "C", n.account_id`)
	}
	b.WriteString(` LIMIT $1`)
	return b.String()
}

func named(ctx context.Context, q db.Q, words []string, follower id.Account) ([]id.Account, error) {
	args := []any{nameHits, follower}
	for _, w := range words {
		args = append(args, w, w+lastRune)
	}
	return db.All(ctx, q, db.Value[id.Account], namedSQL(len(words), follower != 0), args...)
}

const bestNamedSQL = `SELECT a.id FROM accounts a JOIN account_counts c ON c.account_id = a.id
	LEFT JOIN follows f ON f.account_id = $2 AND f.target_id = a.id LEFT JOIN members m ON m.account_id = a.id
	WHERE a.id {in $1} AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND a.moved_to_id IS NULL AND a.kind <> 'Application'
		AND (a.limited_at IS NULL OR f.id IS NOT NULL OR a.id = $2)
		AND (a.domain <> '' OR (m.approved_at IS NOT NULL AND m.confirmed_at IS NOT NULL))
		AND a.domain COLLATE "C" >= $3 AND a.domain COLLATE "C" < $4
	ORDER BY CASE WHEN a.username_key = $5 THEN 0 ELSE 1 END, CASE WHEN f.id IS NOT NULL THEN 0 ELSE 1 END,
		CASE WHEN EXISTS (SELECT 1 FROM account_names n WHERE n.account_id = a.id AND n.name = $6) THEN 0 ELSE 1 END,
		c.followers DESC, a.username_key, a.id LIMIT $7`

// bestNamed puts a bounded number of accounts in order and leaves out who is not to be found.
func bestNamed(ctx context.Context, q db.Q, ask NameQuestion, word string, hits []id.Account) ([]id.Account, error) {
	found, err := db.All(ctx, q, db.Value[id.Account], bestNamedSQL, hits, ask.Viewer, ask.Domain, ask.Domain+lastRune,
		text.UsernameKey(ask.Text), word, ask.Offset+ask.Limit)
	return found[min(ask.Offset, len(found)):], err
}
