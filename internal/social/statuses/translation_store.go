package statuses

import (
	"context"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// keptTranslation gives a translation that was made after since of what the status says still; nil for none.
func keptTranslation(ctx context.Context, q db.Q, status id.Status, language, key string, since time.Time) (raw, error) {
	kept, err := db.All(ctx, q, db.Text, `SELECT body FROM translations WHERE status_id = $1 AND language = $2 AND source_key = $3 AND created_at > $4`,
		status, language, key, clock.Milli(since))
	if err != nil || len(kept) == 0 {
		return nil, err
	}
	return raw(kept[0]), nil
}

func keepTranslated(ctx context.Context, tx *db.Tx, status id.Status, language, key string, body []byte) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO translations (status_id, language, source_key, body, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (status_id, language) DO UPDATE SET source_key = excluded.source_key, body = excluded.body, created_at = excluded.created_at`,
		status, language, key, string(body), clock.Milli(tx.Now()))
	return err
}

const oldTranslationsSQL = `SELECT status_id, language FROM translations WHERE created_at <= $1 ORDER BY created_at LIMIT $2`

func purgeTranslations(ctx context.Context, tx *db.Tx, before time.Time, most int64) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM translations WHERE (status_id, language) IN (`+oldTranslationsSQL+`)`, clock.Milli(before), most)
}

func countTranslations(ctx context.Context, q db.Q) (int64, error) {
	return db.One(ctx, q, db.Int64, `SELECT COUNT(*) FROM translations`)
}
