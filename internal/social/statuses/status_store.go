package statuses

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/tags"
)

const columns = `id, uri, url, author_id, local, text, content, content_warning, visibility, local_only, sensitive, language,
	in_reply_to_id, in_reply_to_account_id, in_reply_to_uri, thread_id, boost_of_id, boosted_author_id, app_id,
	created_at, edited_at, deleted_at, quote_policy, with_media, quiet, context`

func scan(r db.Row) (*Status, error) {
	s := &Status{}
	var parent, boost *id.Status
	var parentAuthor, boostedAuthor *id.Account
	var app *id.App
	var created int64
	var edited, deleted *int64
	err := r.Scan(&s.ID, &s.URI, &s.URL, &s.Author, &s.Local, &s.Text, &s.Content, &s.ContentWarning, &s.Visibility, &s.LocalOnly,
		&s.Sensitive, &s.Language, &parent, &parentAuthor, &s.InReplyToURI, &s.Thread, &boost, &boostedAuthor, &app,
		&created, &edited, &deleted, &s.QuotePolicy, &s.WithMedia, &s.Quiet, &s.Context)
	if err != nil {
		return nil, err
	}
	s.InReplyTo, s.InReplyToAccount = orZero(parent), orZero(parentAuthor)
	s.BoostOf, s.BoostedAuthor, s.App = orZero(boost), orZero(boostedAuthor), orZero(app)
	s.CreatedAt, s.EditedAt, s.DeletedAt = clock.FromMilli(created), timeOrZero(edited), timeOrZero(deleted)
	return s, nil
}

func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

func orNil[T ~int64](v T) *int64 {
	if v == 0 {
		return nil
	}
	n := int64(v)
	return &n
}

func timeOrZero(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return clock.FromMilli(*ms)
}

func timeOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := clock.Milli(t)
	return &ms
}

// insert stores a status; false when its uri (or, for a boost, its pair) is there already.
func insert(ctx context.Context, tx *db.Tx, s *Status) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO statuses (`+columns+`)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26) ON CONFLICT DO NOTHING`,
		s.ID, s.URI, s.URL, s.Author, s.Local, s.Text, s.Content, s.ContentWarning, string(s.Visibility), s.LocalOnly, s.Sensitive, s.Language,
		orNil(s.InReplyTo), orNil(s.InReplyToAccount), s.InReplyToURI, s.Thread, orNil(s.BoostOf), orNil(s.BoostedAuthor), orNil(s.App),
		clock.Milli(s.CreatedAt), timeOrNil(s.EditedAt), timeOrNil(s.DeletedAt), int64(s.QuotePolicy), s.WithMedia, s.Quiet, s.Context)
	if err != nil || n == 0 {
		return false, err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO status_counts (status_id) VALUES ($1)`, s.ID)
	return true, err
}

func one(ctx context.Context, q db.Q, status id.Status) (*Status, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE id = $1 AND deleted_at IS NULL`, status)
}

func oneByURI(ctx context.Context, q db.Q, uri string) (*Status, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE uri = $1 AND deleted_at IS NULL`, uri)
}

func many(ctx context.Context, q db.Q, ids []id.Status) ([]*Status, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE id {in $1} AND deleted_at IS NULL`, ids)
}

func boostBy(ctx context.Context, q db.Q, author id.Account, original id.Status) (*Status, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE author_id = $1 AND boost_of_id = $2 AND deleted_at IS NULL`, author, original)
}

// markDeleted hides a status; false when it was hidden already.
func markDeleted(ctx context.Context, tx *db.Tx, status id.Status) (bool, error) {
	n, err := db.Exec(ctx, tx, `UPDATE statuses SET deleted_at = $2 WHERE id = $1 AND deleted_at IS NULL`, status, clock.Milli(tx.Now()))
	return n > 0, err
}

// count adds to the numbers of a status. field is one of this room's own words.
func count(ctx context.Context, tx *db.Tx, status id.Status, field string, by int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE status_counts SET `+field+` = CASE WHEN `+field+` + $2 < 0 THEN 0 ELSE `+field+` + $2 END WHERE status_id = $1`, status, by)
	return err
}

type mention struct {
	status  id.Status
	account id.Account
	silent  bool
}

func insertMention(ctx context.Context, tx *db.Tx, m mention) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO mentions (id, status_id, account_id, silent) VALUES ($1,$2,$3,$4) ON CONFLICT (status_id, account_id) DO NOTHING`,
		tx.NextID(), m.status, m.account, m.silent)
	return err
}

func mentionsOf(ctx context.Context, q db.Q, ids []id.Status) ([]mention, error) {
	return db.All(ctx, q, func(r db.Row) (mention, error) {
		var m mention
		err := r.Scan(&m.status, &m.account, &m.silent)
		return m, err
	}, `SELECT status_id, account_id, silent FROM mentions WHERE status_id {in $1} ORDER BY id`, ids)
}

// Mentioned gives the accounts that a status mentions; silent ones may read it but are not told.
func Mentioned(ctx context.Context, q db.Q, status id.Status) (loud, silent []id.Account, err error) {
	list, err := mentionsOf(ctx, q, []id.Status{status})
	for _, m := range list {
		if m.silent {
			silent = append(silent, m.account)
		} else {
			loud = append(loud, m.account)
		}
	}
	return loud, silent, err
}

type statusTag struct {
	status     id.Status
	name       string
	shown      string
	collection id.Collection // instead of a hashtag: a collection that it leads to
}

func tagsOf(ctx context.Context, q db.Q, ids []id.Status) ([]statusTag, error) {
	return db.All(ctx, q, func(r db.Row) (statusTag, error) {
		var t statusTag
		err := r.Scan(&t.status, &t.name, &t.shown)
		return t, err
	}, `SELECT st.status_id, t.name, t.shown FROM status_tags st JOIN tags t ON t.id = st.tag_id WHERE st.status_id {in $1} ORDER BY st.status_id, t.id`, ids)
}

// carriedBy gives the hashtags of statuses and the collections that they lead to, in one statement: the second is nearly always empty.
func carriedBy(ctx context.Context, q db.Q, ids []id.Status) ([]statusTag, error) {
	return db.All(ctx, q, func(r db.Row) (statusTag, error) {
		var t statusTag
		var tag id.Tag
		err := r.Scan(&t.status, &t.collection, &tag, &t.name, &t.shown)
		return t, err
	}, `SELECT st.status_id, CAST(0 AS BIGINT), t.id, t.name, t.shown FROM status_tags st JOIN tags t ON t.id = st.tag_id WHERE st.status_id {in $1}
		UNION ALL SELECT sc.status_id, sc.collection_id, CAST(0 AS BIGINT), '', '' FROM status_collections sc WHERE sc.status_id {in $1} ORDER BY 1, 2, 3`, ids)
}

// insertTags hangs hashtags on a status, and gives those that are new on it.
func insertTags(ctx context.Context, tx *db.Tx, s *Status, list []tags.Named) ([]id.Tag, error) {
	return tags.Attach(ctx, tx, tags.Use{Status: s.ID, Author: s.Author, At: s.CreatedAt,
		Own: s.Local && s.Visibility.Distributable(), Profile: !s.Local && s.Visibility.Distributable(), Public: s.Visibility == Public && !s.Quiet}, list)
}

type counts struct {
	status                              id.Status
	replies, boosts, favourites, quotes int64
	quote                               quoting // what the status quotes
	asks                                bool    // it has a poll
	link                                id.Link // 0: none
	written                             string  // its address as the status has it; "": as the link is
}

func countsOf(ctx context.Context, q db.Q, ids []id.Status) ([]counts, error) {
	return db.All(ctx, q, func(r db.Row) (counts, error) {
		var c counts
		var of *id.Status
		var state *QuoteState
		err := r.Scan(&c.status, &c.replies, &c.boosts, &c.favourites, &c.quotes, &of, &state, &c.asks, &c.link, &c.written)
		c.quote = quoting{orZero(of), orZero(state)}
		return c, err
	}, `SELECT c.status_id, c.replies, c.boosts, c.favourites, c.quotes, q.quoted_id, q.state, p.status_id IS NOT NULL, COALESCE(l.link_id, 0), COALESCE(l.url, '')
		FROM status_counts c
		LEFT JOIN link_statuses l ON l.status_id = c.status_id
		LEFT JOIN quotes q ON q.status_id = c.status_id
		LEFT JOIN polls p ON p.status_id = c.status_id WHERE c.status_id {in $1}`, ids)
}

type app struct {
	id      id.App
	name    string
	website string
}

// appsOf gives apps by which statuses were written.
func (s *Service) appsOf(ctx context.Context, ids []id.App) (map[id.App]app, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	return s.apps.All(ids, func(missing []id.App) (map[id.App]app, error) {
		list, err := db.All(ctx, s.db, func(r db.Row) (app, error) {
			var a app
			err := r.Scan(&a.id, &a.name, &a.website)
			return a, err
		}, `SELECT id, name, website FROM apps WHERE id {in $1}`, missing)
		found := make(map[id.App]app, len(list))
		for _, a := range list {
			found[a.id] = a
		}
		return found, err
	})
}

func (a app) entity() *mastodon.Application {
	if a.id == 0 {
		return nil
	}
	e := &mastodon.Application{Name: a.name}
	if a.website != "" {
		e.Website = &a.website
	}
	return e
}

// Listed is a row of a list of statuses that is paged by a hidden id.
type listed struct {
	row    int64
	status id.Status
}

func listStatuses(ctx context.Context, q db.Q, table string, account id.Account, p keyset.Page) ([]listed, error) {
	rows, err := db.All(ctx, q, func(r db.Row) (listed, error) {
		var l listed
		err := r.Scan(&l.row, &l.status)
		return l, err
	}, `SELECT id, status_id FROM `+table+` WHERE account_id = $1 AND id < $2 AND id > $3 ORDER BY id `+p.Order()+` LIMIT $4`,
		account, p.Before, p.After, p.Limit)
	return keyset.Arrange(p, rows), err
}

// isTombstone tells whether what an actor names was deleted: while we had it, or by the same actor before it came.
func isTombstone(ctx context.Context, q db.Q, actor, uri string) (bool, error) {
	n, err := db.One(ctx, q, db.Value[int64], `SELECT COUNT(*) FROM tombstones WHERE uri {in $1}`, []string{uri, unseen(actor, uri)})
	return n > 0, err
}

// insertTombstone keeps what is deleted from coming back.
func insertTombstone(ctx context.Context, tx *db.Tx, uri string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO tombstones (uri, created_at) VALUES ($1,$2) ON CONFLICT (uri) DO NOTHING`, uri, clock.Milli(tx.Now()))
	return err
}

// unseen is the tombstone of what an actor deletes or undoes before it came. Whose it would have been
// is not known yet, so it counts for that actor alone: nobody keeps away what another says.
func unseen(actor, uri string) string { return actor + " " + uri }

// insertEarly remembers what an actor deletes or undoes before it came.
func insertEarly(ctx context.Context, tx *db.Tx, actor, uri string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO tombstones (uri, early, created_at) VALUES ($1,TRUE,$2) ON CONFLICT (uri) DO NOTHING`, unseen(actor, uri), clock.Milli(tx.Now()))
	return err
}

// keepEarly is how long Mastodon too remembers a Delete or Undo that came before what it takes back.
const keepEarly = 6 * time.Hour

// PurgeEarly forgets those that are older, a bounded number at a time: anybody can send them about anything.
func (s *Service) PurgeEarly(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := db.Exec(ctx, tx, `DELETE FROM tombstones WHERE uri IN (SELECT uri FROM tombstones WHERE early AND created_at < $1 ORDER BY created_at LIMIT $2)`,
				clock.Milli(tx.Now().Add(-keepEarly)), purgeAtOnce)
			more = n == purgeAtOnce
			return err
		})
		if err != nil {
			return fmt.Errorf("forget early deletions: %w", err)
		}
	}
	return nil
}

// idempotent remembers under an author's key which status, published or scheduled, it made; taken gives the earlier one.
func idempotent(ctx context.Context, tx *db.Tx, author id.Account, key string, made int64) (taken int64, err error) {
	now := clock.Milli(tx.Now())
	kept, err := db.One(ctx, tx, db.Value[int64], `INSERT INTO idempotency_keys (account_id, key, status_id, created_at) VALUES ($1,$2,$3,$4)
		ON CONFLICT (account_id, key) DO UPDATE SET
			status_id = CASE WHEN idempotency_keys.created_at < $4 - $5 THEN excluded.status_id ELSE idempotency_keys.status_id END,
			created_at = CASE WHEN idempotency_keys.created_at < $4 - $5 THEN excluded.created_at ELSE idempotency_keys.created_at END
		RETURNING status_id`, author, key, made, now, idempotencyWindow.Milliseconds())
	if err != nil || kept == made {
		return 0, err
	}
	return kept, nil
}

// PurgeKeys forgets idempotency keys that no longer count, a bounded number at a time.
func (s *Service) PurgeKeys(ctx context.Context) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		keys, err := db.All(ctx, tx, db.Value[string], `SELECT key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT 500`,
			clock.Milli(tx.Now().Add(-idempotencyWindow)))
		if err != nil || len(keys) == 0 {
			return err
		}
		_, err = db.Exec(ctx, tx, `DELETE FROM idempotency_keys WHERE created_at < $1 AND key {in $2}`, clock.Milli(tx.Now().Add(-idempotencyWindow)), keys)
		return err
	})
}
