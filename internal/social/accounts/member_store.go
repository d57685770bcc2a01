package accounts

import (
	"context"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const memberColumns = `account_id, email, password_hash, role, locale, reason, default_visibility, default_sensitive,
	default_language, created_at, confirmed_at, approved_at, disabled_at, default_quote_policy, time_zone, expand_media, expand_warnings, autoplay_gifs, COALESCE(app_id, 0)`

func scanMember(r db.Row) (*Member, error) {
	m := &Member{}
	var created int64
	var confirmed, approved, disabled *int64
	err := r.Scan(&m.Account, &m.Email, &m.PasswordHash, &m.Role, &m.Locale, &m.Reason, &m.DefaultVisibility, &m.DefaultSensitive,
		&m.DefaultLanguage, &created, &confirmed, &approved, &disabled, &m.DefaultQuotePolicy,
		&m.TimeZone, &m.ExpandMedia, &m.ExpandWarnings, &m.AutoplayGIFs, &m.App)
	m.CreatedAt = clock.FromMilli(created)
	m.ConfirmedAt, m.ApprovedAt, m.DisabledAt = milliOrZero(confirmed), milliOrZero(approved), milliOrZero(disabled)
	return m, err
}

// insertMember stores a member; false when the address is taken.
func insertMember(ctx context.Context, tx *db.Tx, m *Member, emailKey string) (bool, error) {
	var app *id.App
	if m.App != 0 {
		app = &m.App
	}
	n, err := db.Exec(ctx, tx, `INSERT INTO members (account_id, email, email_key, password_hash, role, locale, reason, default_visibility,
		default_sensitive, default_language, created_at, confirmed_at, approved_at, disabled_at, time_zone, app_id)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16) ON CONFLICT DO NOTHING`,
		m.Account, m.Email, emailKey, m.PasswordHash, m.Role, m.Locale, m.Reason, m.DefaultVisibility, m.DefaultSensitive, m.DefaultLanguage,
		clock.Milli(m.CreatedAt), milliOrNil(m.ConfirmedAt), milliOrNil(m.ApprovedAt), milliOrNil(m.DisabledAt), m.TimeZone, app)
	return n > 0, err
}

func memberByID(ctx context.Context, q db.Q, account id.Account) (*Member, error) {
	return db.One(ctx, q, scanMember, `SELECT `+memberColumns+` FROM members WHERE account_id = $1`, account)
}

func memberByEmail(ctx context.Context, q db.Q, emailKey string) (*Member, error) {
	return db.One(ctx, q, scanMember, `SELECT `+memberColumns+` FROM members WHERE email_key = $1`, emailKey)
}

func countMembers(ctx context.Context, q db.Q) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM members`)
}

// setPassword replaces a member's password hash.
func setPassword(ctx context.Context, tx *db.Tx, account id.Account, hash string) error {
	_, err := db.Exec(ctx, tx, `UPDATE members SET password_hash = $2 WHERE account_id = $1`, account, hash)
	return err
}

// touchMember notes that a member was here, at most once an hour.
func touchMember(ctx context.Context, tx *db.Tx, account id.Account, now int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE members SET last_active_at = $2
		WHERE account_id = $1 AND COALESCE(last_active_at, 0) < CAST($2 AS BIGINT) - 3600000`, account, now)
	return err
}

func insertKey(ctx context.Context, tx *db.Tx, key int64, account id.Account, uri, public string, private *string, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO account_keys (id, account_id, uri, public_pem, private_key, created_at)
		VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT (uri) DO UPDATE SET public_pem = excluded.public_pem
		WHERE account_keys.account_id = excluded.account_id`, key, account, uri, public, private, now)
	return err
}

// setReading stores how a member wants to be shown what others write.
func setReading(ctx context.Context, tx *db.Tx, m *Member) error {
	_, err := db.Exec(ctx, tx, `UPDATE members SET expand_media = $2, expand_warnings = $3, autoplay_gifs = $4 WHERE account_id = $1`,
		m.Account, m.ExpandMedia, m.ExpandWarnings, m.AutoplayGIFs)
	return err
}

// setDefaults stores the defaults of what a member writes.
func setDefaults(ctx context.Context, tx *db.Tx, m *Member) error {
	_, err := db.Exec(ctx, tx, `UPDATE members SET default_visibility = $2, default_sensitive = $3, default_language = $4, default_quote_policy = $5 WHERE account_id = $1`,
		m.Account, m.DefaultVisibility, m.DefaultSensitive, m.DefaultLanguage, m.DefaultQuotePolicy)
	return err
}
