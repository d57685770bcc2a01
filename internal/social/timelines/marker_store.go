package timelines

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

func markers(ctx context.Context, q db.Q, member id.Account, timelines []string) ([]Marker, error) {
	return db.All(ctx, q, func(r db.Row) (Marker, error) {
		var m Marker
		err := r.Scan(&m.Timeline, &m.LastRead, &m.Version, &m.UpdatedAt)
		return m, err
	}, `SELECT timeline, last_read_id, version, updated_at FROM markers WHERE account_id = $1 AND timeline {in $2}`, member, timelines)
}

// ReadUpTo gives how far a member has read a timeline; 0 when they never said.
func ReadUpTo(ctx context.Context, q db.Q, member id.Account, timeline string) (int64, error) {
	have, err := markers(ctx, q, member, []string{timeline})
	if err != nil || len(have) == 0 {
		return 0, err
	}
	return have[0].LastRead, nil
}

func insertMarker(ctx context.Context, tx *db.Tx, member id.Account, m Marker) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO markers (account_id, timeline, last_read_id, version, updated_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (account_id, timeline) DO NOTHING`, member, m.Timeline, m.LastRead, m.Version, m.UpdatedAt)
	return n > 0, err
}

// updateMarker moves a marker from the version before.
func updateMarker(ctx context.Context, tx *db.Tx, member id.Account, m Marker) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE markers SET last_read_id = $3, version = $4, updated_at = $5
		WHERE account_id = $1 AND timeline = $2 AND version = $4 - 1`, member, m.Timeline, m.LastRead, m.Version, m.UpdatedAt)
	return n > 0, err
}
