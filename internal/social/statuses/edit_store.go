package statuses

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// takeStatus reads a status that is not deleted and keeps its row from others until the transaction ends.
func takeStatus(ctx context.Context, tx *db.Tx, status id.Status) (*Status, error) {
	return db.One(ctx, tx, scan, `UPDATE statuses SET id = id WHERE id = $1 AND deleted_at IS NULL RETURNING `+columns, status)
}

// updateText writes what an edit may change of a status.
func updateText(ctx context.Context, tx *db.Tx, s *Status) error {
	_, err := db.Exec(ctx, tx, `UPDATE statuses SET text = $2, content = $3, content_warning = $4, sensitive = $5, language = $6, edited_at = $7 WHERE id = $1`,
		s.ID, s.Text, s.Content, s.ContentWarning, s.Sensitive, s.Language, timeOrNil(s.EditedAt))
	return err
}

func insertRevision(ctx context.Context, tx *db.Tx, r *revision) error {
	options := ""
	if r.pollOptions != nil {
		var err error
		if options, err = titles(r.pollOptions); err != nil {
			return err
		}
	}
	shown, err := json.Marshal(r.media)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO status_edits (id, status_id, content, content_warning, sensitive, poll_options, created_at, media) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		tx.NextID(), r.status, r.content, r.contentWarning, r.sensitive, options, clock.Milli(r.createdAt), string(shown))
	return err
}

// revisionsOf gives what a status said, the oldest first.
func revisionsOf(ctx context.Context, q db.Q, status id.Status) ([]*revision, error) {
	return db.All(ctx, q, func(r db.Row) (*revision, error) {
		one := &revision{status: status}
		var options, shown string
		var created int64
		if err := r.Scan(&one.content, &one.contentWarning, &one.sensitive, &options, &created, &shown); err != nil {
			return nil, err
		}
		one.createdAt = clock.FromMilli(created)
		if options != "" {
			if err := json.Unmarshal([]byte(options), &one.pollOptions); err != nil {
				return nil, fmt.Errorf("edits of status %d: %w", status, err)
			}
		}
		if err := json.Unmarshal([]byte(shown), &one.media); err != nil {
			return nil, fmt.Errorf("edits of status %d: %w", status, err)
		}
		return one, nil
	}, `SELECT content, content_warning, sensitive, poll_options, created_at, media FROM status_edits WHERE status_id = $1 ORDER BY id`, status)
}

func latestRevision(ctx context.Context, q db.Q, status id.Status) (int64, error) {
	return db.One(ctx, q, db.Value[int64], `SELECT COALESCE(MAX(id), 0) FROM status_edits WHERE status_id = $1`, status)
}

// muffle makes mentions silent, or loud again.
func muffle(ctx context.Context, tx *db.Tx, status id.Status, who []id.Account, silent bool) error {
	if len(who) == 0 {
		return nil
	}
	_, err := db.Exec(ctx, tx, `UPDATE mentions SET silent = $3 WHERE status_id = $1 AND account_id {in $2}`, status, who, silent)
	return err
}

func deleteTag(ctx context.Context, tx *db.Tx, status id.Status, name string) ([]id.Tag, error) {
	return db.All(ctx, tx, db.Value[id.Tag], `DELETE FROM status_tags WHERE status_id = $1 AND tag_id = (SELECT id FROM tags WHERE name = $2) RETURNING tag_id`, status, name)
}

const boostersSQL = `SELECT s.id, s.author_id FROM statuses s
	WHERE s.boost_of_id = $1 AND s.id > $2 AND s.local AND s.deleted_at IS NULL AND s.author_id <> $3 ORDER BY s.id LIMIT $4`

func boostersHere(ctx context.Context, q db.Q, status *Status, after id.Status, limit int) (boosters []id.Account, last id.Status, err error) {
	boosters, err = db.All(ctx, q, func(r db.Row) (id.Account, error) {
		var who id.Account
		err := r.Scan(&last, &who)
		return who, err
	}, boostersSQL, status.ID, after, status.Author, limit)
	return boosters, last, err
}

const searchableSQL = `SELECT s.id, s.local, s.text, s.content, s.content_warning, COALESCE(p.options, '[]')
	FROM statuses s LEFT JOIN polls p ON p.status_id = s.id WHERE s.id {in $1} AND s.deleted_at IS NULL AND s.boost_of_id IS NULL`

func searchableOf(ctx context.Context, q db.Q, ids []id.Status) (map[id.Status]Searchable, error) {
	all := make(map[id.Status]Searchable, len(ids))
	if len(ids) == 0 {
		return all, nil
	}
	_, err := db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var s Status
		var options string
		err := r.Scan(&s.ID, &s.Local, &s.Text, &s.Content, &s.ContentWarning, &options)
		if err != nil {
			return struct{}{}, err
		}
		t := Searchable{ContentWarning: s.ContentWarning, Text: plainOf(&s)}
		if err := json.Unmarshal([]byte(options), &t.PollOptions); err != nil {
			return struct{}{}, fmt.Errorf("poll of status %d: %w", s.ID, err)
		}
		all[s.ID] = t
		return struct{}{}, nil
	}, searchableSQL, ids)
	return all, err
}
