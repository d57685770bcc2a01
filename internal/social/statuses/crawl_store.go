package statuses

import (
	"context"
	"slices"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

const crawlSQL = `SELECT began_at, news_at, finished_at IS NOT NULL, found, statuses, pages, accounts, silent,
	COALESCE((SELECT MAX(id) FROM statuses WHERE in_reply_to_id = $1), 0) FROM crawls WHERE status_id = $1`

// crawlOf gives the search for answers to a status, NotFound when there never was one.
func crawlOf(ctx context.Context, q db.Q, status *Status) (*crawl, error) {
	return db.One(ctx, q, func(r db.Row) (*crawl, error) {
		w := &crawl{status: status.ID}
		var began, news int64
		var silent string
		err := r.Scan(&began, &news, &w.finished, &w.found, &w.statuses, &w.pages, &w.accounts, &silent, &w.newest)
		w.began, w.news, w.silent = clock.FromMilli(began), clock.FromMilli(news), strings.Fields(silent)
		w.newest = max(w.newest, status.ID)
		return w, err
	}, crawlSQL, status.ID)
}

// beginCrawl begins a search with the status itself; false when another began meanwhile.
func beginCrawl(ctx context.Context, tx *db.Tx, status *Status) (bool, error) {
	now := tx.Now()
	n, err := db.Exec(ctx, tx, `INSERT INTO crawls (status_id, began_at, news_at, accounts) VALUES ($1,$2,$2,$3)
		ON CONFLICT (status_id) DO UPDATE SET began_at = excluded.began_at, finished_at = NULL, found = 0, statuses = 0, pages = 0, accounts = excluded.accounts, silent = ''
		WHERE crawls.began_at <= $4 AND (crawls.finished_at IS NOT NULL OR crawls.began_at <= $5)`,
		status.ID, clock.Milli(now), activitypub.DefaultAccounts, clock.Milli(now.Add(-crawlRest)), clock.Milli(now.Add(-crawlLost)))
	if err != nil || n == 0 {
		return false, err
	}
	if err := dropItems(ctx, tx, status.ID); err != nil {
		return false, err
	}
	return true, insertItem(ctx, tx, status.ID, item{uri: status.URI})
}

// endCrawl ends a search.
func endCrawl(ctx context.Context, tx *db.Tx, status id.Status) error {
	if err := dropItems(ctx, tx, status); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `UPDATE crawls SET finished_at = $2 WHERE status_id = $1 AND finished_at IS NULL`, status, clock.Milli(tx.Now()))
	return err
}

func dropItems(ctx context.Context, tx *db.Tx, status id.Status) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM crawl_items WHERE status_id = $1`, status)
	return err
}

func insertItem(ctx context.Context, tx *db.Tx, status id.Status, it item) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO crawl_items (status_id, uri, place, page, listed_by, taken, idle) VALUES ($1,$2,$3,$4,$5,$6,$7)`,
		status, it.uri, it.place, it.page, it.listedBy, it.taken, it.idle)
	return err
}

// dueItems gives what a search looks at next.
func dueItems(ctx context.Context, q db.Q, status id.Status, most int) ([]item, error) {
	return db.All(ctx, q, func(r db.Row) (it item, err error) {
		err = r.Scan(&it.uri, &it.place, &it.page, &it.listedBy, &it.taken, &it.idle)
		return it, err
	}, `SELECT uri, place, page, listed_by, taken, idle FROM crawl_items WHERE status_id = $1 AND NOT done ORDER BY place LIMIT $2`, status, most)
}

// noteStep writes down what a step brought, and lets the next one follow. A step that is taken twice, because the program died between its end
// and the note that it was done, counts once: what is done already brings nothing more.
func (s *Service) noteStep(ctx context.Context, tx *db.Tx, w *crawl, visits []visit, e CrawlDue) error {
	begun := []int64{}
	for _, v := range visits {
		if v.begun {
			begun = append(begun, v.place)
		}
	}
	done, err := db.All(ctx, tx, db.Value[int64], `UPDATE crawl_items SET done = TRUE WHERE status_id = $1 AND place {in $2} AND NOT done RETURNING place`, w.status, begun)
	if err != nil {
		return err
	}
	if len(begun) > 0 && len(done) == 0 {
		return nil // whoever did it goes on
	}
	uris, err := db.All(ctx, tx, db.Text, `SELECT uri FROM crawl_items WHERE status_id = $1`, w.status)
	if err != nil {
		return err
	}
	w.seen, w.place = make(map[string]bool, len(uris)), int64(len(uris))
	for _, uri := range uris {
		w.seen[uri] = true
	}
	fresh := int64(0)
	for _, v := range visits {
		if !slices.Contains(done, v.place) {
			continue
		}
		if v.fresh {
			fresh++
		}
		for _, l := range v.lists {
			if err := s.take(ctx, tx, w, v.item, l); err != nil {
				return err
			}
		}
	}
	if fresh > 0 {
		w.news = tx.Now()
	}
	_, err = db.Exec(ctx, tx, `UPDATE crawls SET found = found + $2, statuses = $3, pages = $4, accounts = $5, silent = $6, news_at = $7 WHERE status_id = $1`,
		w.status, fresh, w.statuses, w.pages, w.accounts, strings.Join(w.silent, " "), clock.Milli(w.news))
	if err != nil {
		return err
	}
	left, err := dueItems(ctx, tx, w.status, 1)
	if err != nil {
		return err
	}
	if len(left) == 0 {
		return endCrawl(ctx, tx, w.status)
	}
	return tx.Emit(e)
}

// take lets what a collection lists be looked at, and its next page, within the bounds.
func (s *Service) take(ctx context.Context, tx *db.Tx, w *crawl, from item, l listing) error {
	taken, before := from.taken, w.statuses
	if !from.page {
		taken = 0
	}
	for _, link := range l.links {
		if w.statuses >= crawlStatuses || taken >= crawlPerStatus {
			break
		}
		if _, ours := s.site.Ours(link); ours || w.seen[link] || activitypub.CheckID(link) != nil {
			continue
		}
		if err := s.putItem(ctx, tx, w, item{uri: link, listedBy: l.by}); err != nil {
			return err
		}
		w.statuses++
		taken++
	}
	idle := int64(0)
	if from.page && w.statuses == before {
		idle = from.idle + 1
	}
	if l.next == "" || w.seen[l.next] || activitypub.CheckID(l.next) != nil || w.pages >= crawlPages || w.statuses >= crawlStatuses || taken >= crawlPerStatus || idle >= crawlIdle {
		return nil
	}
	w.pages++
	return s.putItem(ctx, tx, w, item{uri: l.next, page: true, listedBy: l.by, taken: taken, idle: idle})
}

func (s *Service) putItem(ctx context.Context, tx *db.Tx, w *crawl, it item) error {
	it.place = w.place
	w.place++
	w.seen[it.uri] = true
	return insertItem(ctx, tx, w.status, it)
}
