package access

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const sessionColumns = `id, account_id, token_id, user_agent, ip, created_at, last_used_at`

func scanSession(r db.Row) (*Session, error) {
	one := &Session{}
	var created, used int64
	err := r.Scan(&one.ID, &one.Account, &one.Token, &one.UserAgent, &one.IP, &created, &used)
	one.CreatedAt, one.LastUsed = clock.FromMilli(created), clock.FromMilli(used)
	return one, err
}

func insertSession(ctx context.Context, tx *db.Tx, secretHash string, one *Session) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO sessions (id, secret_hash, account_id, token_id, user_agent, ip, created_at, last_used_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$7)`, one.ID, secretHash, one.Account, one.Token, one.UserAgent, one.IP, clock.Milli(tx.Now()))
	return err
}

func sessionByHash(ctx context.Context, q db.Q, secretHash string) (*Session, error) {
	return db.One(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE secret_hash = $1`, secretHash)
}

func sessionsOf(ctx context.Context, q db.Q, account id.Account) ([]*Session, error) {
	return db.All(ctx, q, scanSession, `SELECT `+sessionColumns+` FROM sessions WHERE account_id = $1 ORDER BY last_used_at DESC, id DESC`, account)
}

// deleteSessions deletes the sessions that where picks, with their tokens, which it gives.
func deleteSessions(ctx context.Context, tx *db.Tx, where string, args ...any) ([]id.Token, error) {
	tokens, err := db.All(ctx, tx, db.Value[id.Token], `DELETE FROM sessions WHERE `+where+` RETURNING token_id`, args...)
	if err != nil || len(tokens) == 0 {
		return nil, err
	}
	_, err = db.Exec(ctx, tx, `DELETE FROM tokens WHERE id {in $1}`, tokens)
	return tokens, err
}

// deleteSessionsOf deletes a member's sessions and leaves their tokens to be deleted.
func deleteSessionsOf(ctx context.Context, tx *db.Tx, account id.Account) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM sessions WHERE account_id = $1`, account)
	return err
}

func noteSessionsUsed(ctx context.Context, tx *db.Tx, sessions []id.Session, now time.Time) error {
	_, err := db.Exec(ctx, tx, `UPDATE sessions SET last_used_at = $2 WHERE id {in $1}`, sessions, clock.Milli(now))
	return err
}
