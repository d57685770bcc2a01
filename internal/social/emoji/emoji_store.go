package emoji

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const columns = `id, shortcode, domain, uri, image_url, picture_key, static_key, type, category, featured, listed, disabled, told_at, created_at, updated_at`

func scan(r db.Row) (*Emoji, error) {
	e := &Emoji{}
	var told *int64
	var created, updated int64
	err := r.Scan(&e.ID, &e.Shortcode, &e.Domain, &e.URI, &e.Remote, &e.PictureKey, &e.StaticKey, &e.Type, &e.Category, &e.Featured, &e.Listed, &e.Disabled,
		&told, &created, &updated)
	if told != nil {
		e.ToldAt = clock.FromMilli(*told)
	}
	e.CreatedAt, e.UpdatedAt = clock.FromMilli(created), clock.FromMilli(updated)
	return e, err
}

// put stores an emoji under its id; false when another has its name.
func put(ctx context.Context, tx *db.Tx, e *Emoji) (bool, error) {
	var told *int64
	if !e.ToldAt.IsZero() {
		ms := clock.Milli(e.ToldAt)
		told = &ms
	}
	list, err := db.All(ctx, tx, db.Value[id.Emoji], `INSERT INTO emojis (`+columns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
		ON CONFLICT (domain, shortcode) DO UPDATE SET uri = excluded.uri, image_url = excluded.image_url, picture_key = excluded.picture_key, static_key = excluded.static_key,
		type = excluded.type, category = excluded.category, featured = excluded.featured, listed = excluded.listed, disabled = excluded.disabled,
		told_at = excluded.told_at, updated_at = excluded.updated_at WHERE emojis.id = excluded.id RETURNING id`,
		e.ID, e.Shortcode, e.Domain, e.URI, e.Remote, e.PictureKey, e.StaticKey, e.Type, e.Category, e.Featured, e.Listed, e.Disabled,
		told, clock.Milli(e.CreatedAt), clock.Milli(e.UpdatedAt))
	return len(list) > 0, err
}

// named gives those of the shortcodes that any of the servers has.
func named(ctx context.Context, q db.Q, domains, codes []string) ([]*Emoji, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE domain {in $1} AND shortcode {in $2}`, domains, codes)
}

func byName(ctx context.Context, q db.Q, n Name) (*Emoji, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE domain = $1 AND shortcode = $2`, n.Domain, n.Shortcode)
}

func byID(ctx context.Context, q db.Q, which id.Emoji) (*Emoji, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE id = $1`, which)
}

func allOf(ctx context.Context, q db.Q, domain string, limit int) ([]*Emoji, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE domain = $1 ORDER BY shortcode LIMIT $2`, domain, limit)
}

// ofDomain and elsewhere list a page of emoji after a name.
func ofDomain(ctx context.Context, q db.Q, after Name, category string, limit int) ([]*Emoji, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE domain = $1 AND shortcode > $2 AND (category = $3 OR CAST($3 AS TEXT) = '') ORDER BY shortcode LIMIT $4`,
		after.Domain, after.Shortcode, category, limit)
}

func elsewhere(ctx context.Context, q db.Q, after Name, limit int) ([]*Emoji, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM emojis WHERE (domain, shortcode) > ($1, $2) AND domain > '' ORDER BY domain, shortcode LIMIT $3`,
		after.Domain, after.Shortcode, limit)
}

func countOf(ctx context.Context, q db.Q, domain string) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM emojis WHERE domain = $1`, domain)
}

func remove(ctx context.Context, tx *db.Tx, which id.Emoji) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM emojis WHERE id = $1`, which)
	return err
}

// unfeature leaves one emoji to stand for a category of ours.
func unfeature(ctx context.Context, tx *db.Tx, category string, but id.Emoji) error {
	_, err := db.Exec(ctx, tx, `UPDATE emojis SET featured = FALSE WHERE domain = '' AND category = $1 AND featured AND id <> $2`, category, but)
	return err
}

// Kept writes down the copy of a file of another server, unless there is one or the file is another by now; for the room of media.
func Kept(ctx context.Context, tx *db.Tx, e *Emoji, p *Picture) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE emojis SET picture_key = $2, static_key = $3, type = $4 WHERE id = $1 AND image_url = $5 AND picture_key = '' AND domain <> ''`,
		e.ID, p.Key, p.Static, p.Type, e.Remote)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.Emit(Changed{e.Domain, []string{e.Shortcode}})
}

// ForgetCopies takes the keys of copies from emoji of other servers, which media removes.
func ForgetCopies(ctx context.Context, tx *db.Tx, which []id.Emoji) ([]Name, error) {
	return db.All(ctx, tx, func(r db.Row) (n Name, err error) {
		err = r.Scan(&n.Domain, &n.Shortcode)
		return n, err
	}, `UPDATE emojis SET picture_key = '', static_key = '' WHERE id {in $1} AND domain <> '' RETURNING domain, shortcode`, which)
}

// ByID gives an emoji; NotFound if there is none.
func ByID(ctx context.Context, q db.Q, which id.Emoji) (*Emoji, error) { return byID(ctx, q, which) }
