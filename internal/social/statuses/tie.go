package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// tie is what a reader and an author are to each other, and how the author stands, as far as it decides what the reader is shown: a bit each.
type tie uint8

const (
	authorGone    tie = 1 << iota // suspended or deleted
	authorLimited                 // by a moderator
	shutsReader                   // the author blocks the reader, or the reader's whole server
	followsAuthor
	blocksAuthor
	blocksServer
	mutesAuthor
)

// hidesAuthor is of readers to whom an author is readable, but not shown among others.
const hidesAuthor = blocksAuthor | blocksServer | mutesAuthor

// why gives the API's word for how the reader hides the author: a block counts before a mute.
func (t tie) why() string {
	switch {
	case t&blocksAuthor != 0:
		return "blocked_account"
	case t&blocksServer != 0:
		return "blocked_domain"
	}
	return "muted_account"
}

// unchosen tells of a limited author whom the reader did not choose to see.
func (t tie) unchosen() bool { return t&authorLimited != 0 && t&followsAuthor == 0 }

// allows tells whether a reader with this tie to its author may read a status, which names them or not.
func (t tie) allows(reader id.Account, here bool, status *Status, named bool) bool {
	if t&authorGone != 0 {
		return false
	}
	leave := Reading{reader, here, status.Author, status.Visibility, status.LocalOnly, t&shutsReader != 0, t&followsAuthor != 0}.Leave()
	return leave == Granted || leave == IfNamed && named
}

// What is asked of the database about a reader $1, some authors $2 and statuses $3. A million statuses may name a reader, and as
// many accounts block them, so each is looked up by both ends (once): PostgreSQL would rather read all of the reader's, since most have few.
const (
	once = ` LIMIT 1 OFFSET 0`

	tiesSQL = `SELECT 'shuts', a.id FROM accounts a WHERE a.id {in $2} AND EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = a.id AND x.target_id = $1` + once + `)
		UNION ALL SELECT 'shuts', b.account_id FROM accounts v JOIN account_domain_blocks b ON b.domain = v.domain WHERE v.id = $1 AND b.account_id {in $2}
		UNION ALL SELECT 'follows', target_id FROM follows WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT 'blocks', target_id FROM blocks WHERE account_id = $1 AND target_id {in $2}
		UNION ALL SELECT 'blocks_server', a.id FROM accounts a JOIN account_domain_blocks b ON b.account_id = $1 AND b.domain = a.domain WHERE a.id {in $2}
		UNION ALL SELECT 'mutes', target_id FROM mutes WHERE account_id = $1 AND target_id {in $2}`
	standingSQL = `SELECT 'gone', id FROM accounts WHERE id {in $2} AND (suspended_at IS NOT NULL OR deleted_at IS NOT NULL)
		UNION ALL SELECT 'limited', id FROM accounts WHERE id {in $2} AND limited_at IS NOT NULL`
	namesSQL = `SELECT 'named', s.id FROM statuses s WHERE s.id {in $3} AND EXISTS (SELECT 1 FROM mentions x WHERE x.status_id = s.id AND x.account_id = $1` + once + `)`
)

var tieBits = map[string]tie{"gone": authorGone, "limited": authorLimited, "shuts": shutsReader, "follows": followsAuthor, "blocks": blocksAuthor,
	"blocks_server": blocksServer, "mutes": mutesAuthor}

// answer is what the database says of an author, or of a status that names the reader.
type answer struct {
	what string
	of   int64
}

func scanAnswer(r db.Row) (answer, error) {
	var a answer
	err := r.Scan(&a.what, &a.of)
	return a, err
}

// tiesTo gives what a reader and some authors are to each other. How these stand is remembered with the accounts.
func tiesTo(ctx context.Context, q db.Q, reader id.Account, authors []id.Account) (map[id.Account]tie, error) {
	list, err := db.All(ctx, q, scanAnswer, tiesSQL, reader, authors)
	if err != nil {
		return nil, fmt.Errorf("ties to authors: %w", err)
	}
	found := make(map[id.Account]tie, len(list))
	for _, a := range list {
		found[id.Account(a.of)] |= tieBits[a.what]
	}
	return found, nil
}
