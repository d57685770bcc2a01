package filters

import (
	"context"
	"encoding/json"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// all is everything that a member has; its limits make it small enough to be read whole.
type all struct{ filters []*Filter }

const (
	filtersSQL  = `SELECT id, title, contexts, action, expires_at FROM filters WHERE account_id = $1 ORDER BY id`
	keywordsSQL = `SELECT k.id, k.filter_id, k.keyword, k.whole_word FROM filters f JOIN filter_keywords k ON k.filter_id = f.id WHERE f.account_id = $1 ORDER BY k.id`
	statusesSQL = `SELECT s.id, s.filter_id, s.status_id FROM filters f JOIN filter_statuses s ON s.filter_id = f.id WHERE f.account_id = $1 ORDER BY s.id`
)

// read gives a member's filters, oldest first, in three queries.
func read(ctx context.Context, q db.Q, member id.Account) (*all, error) {
	filters, err := db.All(ctx, q, scanFilter, filtersSQL, member)
	if err != nil || len(filters) == 0 {
		return &all{}, err
	}
	keywords, err := db.All(ctx, q, func(r db.Row) (k Keyword, err error) {
		err = r.Scan(&k.ID, &k.Filter, &k.Text, &k.WholeWord)
		return k, err
	}, keywordsSQL, member)
	if err != nil {
		return nil, err
	}
	statuses, err := db.All(ctx, q, func(r db.Row) (s Status, err error) {
		err = r.Scan(&s.ID, &s.Filter, &s.Status)
		return s, err
	}, statusesSQL, member)
	if err != nil {
		return nil, err
	}
	at := make(map[id.Filter]*Filter, len(filters))
	for _, f := range filters {
		at[f.ID] = f
	}
	for _, k := range keywords {
		if f := at[k.Filter]; f != nil { // one made between two of the queries is not there yet
			f.Keywords = append(f.Keywords, k)
		}
	}
	for _, s := range statuses {
		if f := at[s.Filter]; f != nil {
			f.Statuses = append(f.Statuses, s)
		}
	}
	return &all{filters}, nil
}

func scanFilter(r db.Row) (*Filter, error) {
	f := &Filter{}
	var contexts string
	var expires *int64
	if err := r.Scan(&f.ID, &f.Title, &contexts, &f.Action, &expires); err != nil {
		return nil, err
	}
	if expires != nil {
		f.ExpiresAt = clock.FromMilli(*expires)
	}
	return f, json.Unmarshal([]byte(contexts), &f.Contexts)
}

func (a *all) filter(wanted id.Filter) (*Filter, error) {
	for _, f := range a.filters {
		if f.ID == wanted {
			return f, nil
		}
	}
	return nil, fault.RecordNotFound()
}

func (a *all) keyword(wanted id.Keyword) (*Keyword, error) {
	for _, f := range a.filters {
		for i := range f.Keywords {
			if f.Keywords[i].ID == wanted {
				return &f.Keywords[i], nil
			}
		}
	}
	return nil, fault.RecordNotFound()
}

func (a *all) status(wanted id.FilteredStatus) (*Status, error) {
	for _, f := range a.filters {
		for i := range f.Statuses {
			if f.Statuses[i].ID == wanted {
				return &f.Statuses[i], nil
			}
		}
	}
	return nil, fault.RecordNotFound()
}

func (a *all) count(of func(*Filter) int) (n int) {
	for _, f := range a.filters {
		n += of(f)
	}
	return n
}

func insertFilter(ctx context.Context, tx *db.Tx, member id.Account, f *Filter) error {
	contexts, err := json.Marshal(f.Contexts)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO filters (id, account_id, title, contexts, action, expires_at, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		f.ID, member, f.Title, string(contexts), f.Action, milliOrNil(f.ExpiresAt), clock.Milli(tx.Now()))
	return err
}

func updateFilter(ctx context.Context, tx *db.Tx, f *Filter) error {
	contexts, err := json.Marshal(f.Contexts)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE filters SET title = $2, contexts = $3, action = $4, expires_at = $5 WHERE id = $1`,
		f.ID, f.Title, string(contexts), f.Action, milliOrNil(f.ExpiresAt))
	return err
}

func milliOrNil(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := clock.Milli(t)
	return &ms
}

func deleteFilter(ctx context.Context, tx *db.Tx, f id.Filter) error {
	for _, sql := range []string{`DELETE FROM filter_keywords WHERE filter_id = $1`, `DELETE FROM filter_statuses WHERE filter_id = $1`, `DELETE FROM filters WHERE id = $1`} {
		if _, err := db.Exec(ctx, tx, sql, f); err != nil {
			return err
		}
	}
	return nil
}

func insertKeyword(ctx context.Context, tx *db.Tx, k *Keyword) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO filter_keywords (id, filter_id, keyword, whole_word, created_at) VALUES ($1,$2,$3,$4,$5)`,
		k.ID, k.Filter, k.Text, k.WholeWord, clock.Milli(tx.Now()))
	return err
}

func updateKeyword(ctx context.Context, tx *db.Tx, k *Keyword) error {
	_, err := db.Exec(ctx, tx, `UPDATE filter_keywords SET keyword = $2, whole_word = $3 WHERE id = $1`, k.ID, k.Text, k.WholeWord)
	return err
}

func deleteKeyword(ctx context.Context, tx *db.Tx, k id.Keyword) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM filter_keywords WHERE id = $1`, k)
	return err
}

func insertStatus(ctx context.Context, tx *db.Tx, s *Status) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO filter_statuses (id, filter_id, status_id, created_at) VALUES ($1,$2,$3,$4) ON CONFLICT (filter_id, status_id) DO NOTHING`,
		s.ID, s.Filter, s.Status, clock.Milli(tx.Now()))
	return err
}

func deleteStatus(ctx context.Context, tx *db.Tx, s id.FilteredStatus) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM filter_statuses WHERE id = $1`, s)
	return err
}
