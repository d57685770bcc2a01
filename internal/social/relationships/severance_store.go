package relationships

import (
	"context"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// severSQL gives the next rows between a member ($1) and the people of a server ($2) after a row ($3).
func severSQL(way severWay) string {
	own, other := "account_id", "target_id"
	if !way.outgoing {
		own, other = other, own
	}
	return `SELECT f.` + strings.ReplaceAll(followColumns, ", ", ", f.") + ` FROM ` + way.table + ` f JOIN accounts a ON a.id = f.` + other + `
		WHERE f.` + own + ` = $1 AND a.domain = $2 AND f.id > $3 ORDER BY f.id LIMIT $4`
}

func insertSeverance(ctx context.Context, tx *db.Tx, severance id.Severance, account id.Account, kind, target string, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO severances (id, account_id, kind, target_name, created_at) VALUES ($1,$2,$3,$4,$5)`, severance, account, kind, target, now)
	return err
}

func insertSevered(ctx context.Context, tx *db.Tx, severance id.Severance, outgoing bool, f *follow) error {
	n, err := db.Exec(ctx, tx, `INSERT INTO severed_follows (severance_id, target_id, outgoing, show_boosts, notify, languages) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (severance_id, outgoing, target_id) DO NOTHING`, severance, f.far(outgoing), outgoing, f.showBoosts, f.notify, f.languages)
	if err != nil || n == 0 {
		return err
	}
	counted := "followers"
	if outgoing {
		counted = "following"
	}
	_, err = db.Exec(ctx, tx, `UPDATE severances SET `+counted+` = `+counted+` + 1 WHERE id = $1`, severance)
	return err
}

// finishSeverance completes a severance and tells how many follows it ended: 0 when it was complete before. One that ended none is forgotten.
func finishSeverance(ctx context.Context, tx *db.Tx, severance id.Severance, now int64) (int64, error) {
	ended, err := db.One(ctx, tx, db.Value[int64], `UPDATE severances SET finished_at = $2 WHERE id = $1 AND finished_at IS NULL RETURNING followers + following`, severance, now)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil || ended > 0 {
		return ended, err
	}
	_, err = db.Exec(ctx, tx, `DELETE FROM severances WHERE id = $1`, severance)
	return 0, err
}

type severance struct {
	id                   id.Severance
	kind, target         string
	followers, following int64
	purged               bool
	createdAt            int64
}

func severancesOf(ctx context.Context, q db.Q, account id.Account, ids []id.Severance) ([]severance, error) {
	return db.All(ctx, q, func(r db.Row) (severance, error) {
		var s severance
		err := r.Scan(&s.id, &s.kind, &s.target, &s.followers, &s.following, &s.purged, &s.createdAt)
		return s, err
	}, `SELECT id, kind, target_name, followers, following, purged, created_at FROM severances
		WHERE id {in $2} AND account_id = $1 AND finished_at IS NOT NULL`, account, ids)
}
