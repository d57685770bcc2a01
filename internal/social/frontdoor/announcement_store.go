package frontdoor

import (
	"context"
	"encoding/json"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const announcementColumns = `id, text, content, mentions, statuses, tags, starts_at, ends_at, all_day, scheduled_at, published_at, created_at, updated_at`

func scanAnnouncement(r db.Row) (*Announcement, error) {
	a := &Announcement{}
	var mentions, statuses, tags string
	var starts, ends, scheduled, published *int64
	var created, updated int64
	err := r.Scan(&a.ID, &a.Text, &a.content, &mentions, &statuses, &tags, &starts, &ends, &a.AllDay, &scheduled, &published, &created, &updated)
	if err != nil {
		return nil, err
	}
	for _, list := range []struct {
		text string
		into any
	}{{mentions, &a.mentions}, {statuses, &a.statuses}, {tags, &a.tags}} {
		if err := json.Unmarshal([]byte(list.text), list.into); err != nil {
			return nil, err
		}
	}
	a.StartsAt, a.EndsAt, a.Scheduled, a.Published = atOrZero(starts), atOrZero(ends), atOrZero(scheduled), atOrZero(published)
	a.createdAt, a.updatedAt = atOrZero(&created), atOrZero(&updated)
	return a, nil
}

func atOrZero(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return time.UnixMilli(*ms).UTC()
}

func orNull(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := clock.Milli(t)
	return &ms
}

// lists encodes what an announcement names.
func (a *Announcement) lists() (mentions, statuses, tags string, err error) {
	encode := func(v any, empty bool) string {
		if empty || err != nil {
			return "[]"
		}
		var b []byte
		b, err = json.Marshal(v)
		return string(b)
	}
	mentions, statuses, tags = encode(a.mentions, len(a.mentions) == 0), encode(a.statuses, len(a.statuses) == 0), encode(a.tags, len(a.tags) == 0)
	return mentions, statuses, tags, err
}

func insertAnnouncement(ctx context.Context, tx *db.Tx, a *Announcement) error {
	mentions, statuses, tags, err := a.lists()
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO announcements (`+announcementColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13)`,
		a.ID, a.Text, a.content, mentions, statuses, tags, orNull(a.StartsAt), orNull(a.EndsAt), a.AllDay, orNull(a.Scheduled), orNull(a.Published),
		clock.Milli(a.createdAt), clock.Milli(a.updatedAt))
	return err
}

func updateAnnouncement(ctx context.Context, tx *db.Tx, a *Announcement) error {
	mentions, statuses, tags, err := a.lists()
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE announcements SET text = $2, content = $3, mentions = $4, statuses = $5, tags = $6, scheduled_at = $7, published_at = $8, updated_at = $9
		WHERE id = $1`, a.ID, a.Text, a.content, mentions, statuses, tags, orNull(a.Scheduled), orNull(a.Published), clock.Milli(a.updatedAt))
	return err
}

func announcement(ctx context.Context, q db.Q, which id.Announcement) (*Announcement, error) {
	return db.One(ctx, q, scanAnnouncement, `SELECT `+announcementColumns+` FROM announcements WHERE id = $1`, which)
}

func allAnnouncements(ctx context.Context, q db.Q) ([]*Announcement, error) {
	return db.All(ctx, q, scanAnnouncement, `SELECT `+announcementColumns+` FROM announcements ORDER BY id DESC LIMIT 1000`)
}

// announcementsShown lists what members see, in Mastodon's order: by what they tell about, else by when they were told.
func announcementsShown(ctx context.Context, q db.Q, now int64) ([]*Announcement, error) {
	return db.All(ctx, q, scanAnnouncement, `SELECT `+announcementColumns+` FROM announcements
		WHERE published_at IS NOT NULL AND (ends_at IS NULL OR ends_at > $1)
		ORDER BY COALESCE(starts_at, published_at), id LIMIT $2`, now, maxAnnounced)
}

// announcementsDue lists what is to be published, and what has ended.
func announcementsDue(ctx context.Context, q db.Q, now int64) ([]*Announcement, error) {
	return db.All(ctx, q, scanAnnouncement, `SELECT `+announcementColumns+` FROM announcements
		WHERE (published_at IS NULL AND scheduled_at <= $1) OR (published_at IS NOT NULL AND ends_at <= $1) ORDER BY id LIMIT 100`, now)
}

// purgeAtOnce bounds what one transaction removes.
const purgeAtOnce = 500

// purgeAnnouncement removes a bounded part of an announcement, itself last.
func purgeAnnouncement(ctx context.Context, tx *db.Tx, which id.Announcement) (more bool, err error) {
	const atOnce = purgeAtOnce
	n, err := db.Exec(ctx, tx, `DELETE FROM announcement_reactions WHERE id IN (SELECT id FROM announcement_reactions WHERE announcement_id = $1 LIMIT $2)`, which, atOnce)
	if err != nil || n == atOnce {
		return n == atOnce, err
	}
	n, err = db.Exec(ctx, tx, `DELETE FROM announcement_reads WHERE announcement_id = $1 AND account_id IN (SELECT account_id FROM announcement_reads WHERE announcement_id = $1 LIMIT $2)`, which, atOnce)
	if err != nil || n == atOnce {
		return n == atOnce, err
	}
	_, err = db.Exec(ctx, tx, `DELETE FROM announcements WHERE id = $1`, which)
	return false, err
}

func reactionNames(ctx context.Context, q db.Q, which id.Announcement) ([]string, error) {
	return db.All(ctx, q, db.Text, `SELECT DISTINCT name FROM announcement_reactions WHERE announcement_id = $1`, which)
}

func insertReaction(ctx context.Context, tx *db.Tx, who id.Account, which id.Announcement, name string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO announcement_reactions (id, announcement_id, account_id, name, created_at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (announcement_id, name, account_id) DO NOTHING`, tx.NextID(), which, who, name, clock.Milli(tx.Now()))
	return err
}

func deleteReaction(ctx context.Context, tx *db.Tx, who id.Account, which id.Announcement, name string) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM announcement_reactions WHERE announcement_id = $1 AND account_id = $2 AND name = $3`, which, who, name)
}

// deleteReactionsBy removes some of the reactions of one name, of every announcement.
func deleteReactionsBy(ctx context.Context, tx *db.Tx, name string, limit int) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM announcement_reactions WHERE id IN (SELECT r.id FROM announcements a
		JOIN announcement_reactions r ON r.announcement_id = a.id AND r.name = $1 LIMIT $2)`, name, limit)
}

func insertRead(ctx context.Context, tx *db.Tx, who id.Account, which id.Announcement) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO announcement_reads (announcement_id, account_id) VALUES ($1, $2) ON CONFLICT (account_id, announcement_id) DO NOTHING`, which, who)
	return err
}

// reaction is how often one emoji was chosen.
type reaction struct {
	announcement id.Announcement
	name         string
	count        int64
	mine         bool
}

// reactionsTo counts the reactions to some announcements, in the order in which each emoji came first.
func reactionsTo(ctx context.Context, q db.Q, who id.Account, which []id.Announcement) ([]reaction, error) {
	return db.All(ctx, q, func(r db.Row) (reaction, error) {
		var x reaction
		var mine int64
		err := r.Scan(&x.announcement, &x.name, &x.count, &mine)
		x.mine = mine > 0
		return x, err
	}, `SELECT announcement_id, name, COUNT(*), SUM(CASE WHEN account_id = $2 THEN 1 ELSE 0 END) FROM announcement_reactions
		WHERE announcement_id {in $1} GROUP BY announcement_id, name ORDER BY MIN(id)`, which, who)
}

func readsOf(ctx context.Context, q db.Q, who id.Account, which []id.Announcement) ([]id.Announcement, error) {
	return db.All(ctx, q, db.Value[id.Announcement], `SELECT announcement_id FROM announcement_reads WHERE account_id = $1 AND announcement_id {in $2}`, who, which)
}
