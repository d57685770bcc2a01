package relationships

import (
	"context"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
)

// The two tables of the same shape.
const (
	follows  = "follows"
	requests = "follow_requests"
)

const followColumns = `id, account_id, target_id, uri, show_boosts, notify, languages, created_at`

func scanFollow(r db.Row) (*follow, error) {
	f := &follow{}
	var created int64
	err := r.Scan(&f.id, &f.follower, &f.target, &f.uri, &f.showBoosts, &f.notify, &f.languages, &created)
	f.createdAt = clock.FromMilli(created)
	return f, err
}

func find(ctx context.Context, q db.Q, table string, follower, target id.Account) (*follow, error) {
	return db.One(ctx, q, scanFollow, `SELECT `+followColumns+` FROM `+table+` WHERE account_id = $1 AND target_id = $2`, follower, target)
}

func remove(ctx context.Context, tx *db.Tx, table string, follower, target id.Account) (*follow, error) {
	return db.One(ctx, tx, scanFollow, `DELETE FROM `+table+` WHERE account_id = $1 AND target_id = $2 RETURNING `+followColumns, follower, target)
}

func insert(ctx context.Context, tx *db.Tx, table string, f *follow) error {
	columns, values := followColumns, `$1,$2,$3,$4,$5,$6,$7,$8`
	if table == follows {
		columns, values = columns+`, remote`, values+`,(SELECT a.domain <> '' FROM accounts a WHERE a.id = $2)`
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO `+table+` (`+columns+`) VALUES (`+values+`)`,
		f.id, f.follower, f.target, f.uri, f.showBoosts, f.notify, f.languages, clock.Milli(f.createdAt))
	return err
}

func setOptions(ctx context.Context, tx *db.Tx, table string, f *follow) error {
	_, err := db.Exec(ctx, tx, `UPDATE `+table+` SET show_boosts = $3, notify = $4, languages = $5, uri = $6 WHERE account_id = $1 AND target_id = $2`,
		f.follower, f.target, f.showBoosts, f.notify, f.languages, f.uri)
	return err
}

func followCounts(ctx context.Context, q db.Q, account id.Account) (following, followers int64, err error) {
	_, err = db.One(ctx, q, func(r db.Row) (struct{}, error) { return struct{}{}, r.Scan(&following, &followers) },
		`SELECT following, followers FROM account_counts WHERE account_id = $1`, account)
	return following, followers, err
}

func eitherBlocks(ctx context.Context, q db.Q, a, b id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM blocks
		WHERE (account_id = $1 AND target_id = $2) OR (account_id = $2 AND target_id = $1)`, a, b)
	return n > 0, err
}

// Blocks tells whether blocker blocks target.
func Blocks(ctx context.Context, q db.Q, blocker, target id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM blocks WHERE account_id = $1 AND target_id = $2`, blocker, target)
	return n > 0, err
}

// Follows tells whether follower follows target.
func Follows(ctx context.Context, q db.Q, follower, target id.Account) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM follows WHERE account_id = $1 AND target_id = $2`, follower, target)
	return n > 0, err
}

// toward leaves of the accounts in $2, called a, those with a row in a table that leads from them to $1. They are looked up one by one:
// PostgreSQL would rather read all rows that lead to $1, who may have a million followers, since to most there lead few.
func toward(table string) string {
	return ` FROM accounts a WHERE a.id {in $2} AND EXISTS (SELECT 1 FROM ` + table + ` x WHERE x.account_id = a.id AND x.target_id = $1 LIMIT 1 OFFSET 0)`
}

var amongSQL = `SELECT target_id, FALSE FROM follows WHERE account_id = $1 AND target_id {in $2} UNION ALL SELECT a.id, TRUE` + toward("follows")

// Among tells whom of some accounts one follows, and who of them follow it.
func Among(ctx context.Context, q db.Q, one id.Account, others []id.Account) (followed, followers map[id.Account]bool, err error) {
	type side struct {
		other     id.Account
		followers bool
	}
	list, err := db.All(ctx, q, func(r db.Row) (side, error) {
		var s side
		err := r.Scan(&s.other, &s.followers)
		return s, err
	}, amongSQL, one, others)
	followed, followers = map[id.Account]bool{}, map[id.Account]bool{}
	for _, s := range list {
		if s.followers {
			followers[s.other] = true
		} else {
			followed[s.other] = true
		}
	}
	return followed, followers, err
}

// CountRequests tells how many wait for the member's answer.
func (s *Service) CountRequests(ctx context.Context, member id.Account) (int64, error) {
	return db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM (SELECT 1 FROM follow_requests WHERE target_id = $1 LIMIT 41) AS asked`, member)
}

// listed is a row of a paged list of accounts: the hidden id it is paged by, and the account.
type listed struct {
	row     int64
	account id.Account
}

func scanListed(r db.Row) (listed, error) {
	var l listed
	err := r.Scan(&l.row, &l.account)
	return l, err
}

// listAccounts pages through the accounts at the far end (column other) of a table's rows whose column own is account. Those whom
// except (0: nobody) blocks or mutes, or who block except, are left out.
func listAccounts(ctx context.Context, q db.Q, table, own, other string, account, except id.Account, now int64, p keyset.Page) ([]listed, error) {
	sql, args := listSQL(table, own, other, except != 0)+p.Order()+` LIMIT $4`, []any{account, p.Before, p.After, p.Limit}
	if except != 0 {
		args = append(args, except, now)
	}
	rows, err := db.All(ctx, q, scanListed, sql, args...)
	return keyset.Arrange(p, rows), err
}

func listSQL(table, own, other string, except bool) string {
	without := ``
	if except {
		without = `
		AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = $5 AND b.target_id = a.id)
		AND NOT EXISTS (SELECT 1 FROM blocks b WHERE b.account_id = a.id AND b.target_id = $5)
		AND NOT EXISTS (SELECT 1 FROM mutes m WHERE m.account_id = $5 AND m.target_id = a.id AND (m.expires_at IS NULL OR m.expires_at > $6))`
	}
	return `SELECT t.id, t.` + other + ` FROM ` + table + ` t JOIN accounts a ON a.id = t.` + other + `
		WHERE t.` + own + ` = $1 AND t.id < $2 AND t.id > $3 AND a.suspended_at IS NULL AND a.deleted_at IS NULL` + without + `
		ORDER BY t.id `
}

func joinLanguages(list []string) string { return strings.Join(list, ",") }

func splitLanguages(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
