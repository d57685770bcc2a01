package suggestions

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/settings"
)

// standing is what an account must be to be suggested to anybody.
const standing = `a.discoverable AND a.kind <> 'Application' AND NOT a.memorial AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND a.limited_at IS NULL AND a.moved_to_id IS NULL`

// fittingSQL tells which of the accounts $3 may be suggested to the member $1 at the time $2.
const fittingSQL = `SELECT a.id FROM accounts a LEFT JOIN members m ON m.account_id = a.id
	WHERE a.id {in $3} AND a.id <> $1 AND ` + standing + `
	AND (a.domain <> '' OR (m.approved_at IS NOT NULL AND m.confirmed_at IS NOT NULL))
	AND NOT EXISTS (SELECT 1 FROM follows x WHERE x.account_id = $1 AND x.target_id = a.id)
	AND NOT EXISTS (SELECT 1 FROM follow_requests x WHERE x.account_id = $1 AND x.target_id = a.id)
	AND NOT EXISTS (SELECT 1 FROM suggestion_dismissals x WHERE x.account_id = $1 AND x.target_id = a.id)
	AND ` + relationships.NotHidden

// pairSQL lists whom those follow whom the member follows and who do not hide it. Their number is bounded: of who
// follows thousands that each follow thousands, some tell enough.
const pairSQL = `SELECT f.target_id FROM follows mine
		JOIN accounts via ON via.id = mine.target_id AND NOT via.hide_collections AND via.suspended_at IS NULL AND via.deleted_at IS NULL
		JOIN follows f ON f.account_id = mine.target_id
		WHERE mine.account_id = $1 LIMIT $2`

// friendsSQL chooses those whom most of them follow.
const friendsSQL = `WITH pair AS (` + pairSQL + `)
	SELECT p.target_id FROM pair p JOIN accounts a ON a.id = p.target_id
	WHERE a.id <> $1 AND ` + standing + ` AND NOT EXISTS (SELECT 1 FROM follows x WHERE x.account_id = $1 AND x.target_id = p.target_id)
	GROUP BY p.target_id ORDER BY COUNT(*) DESC, p.target_id DESC LIMIT $3`

func friendsOf(ctx context.Context, q db.Q, member id.Account) ([]id.Account, error) {
	return db.All(ctx, q, db.Value[id.Account], friendsSQL, member, maxPairs, maxFriends)
}

// known is an account that is suggested to everybody.
type known struct {
	account id.Account
	source  string
	score   int64
}

func scanKnown(r db.Row) (k known, err error) { return k, r.Scan(&k.account, &k.source, &k.score) }

// global gives the accounts suggested to everybody, the best of each source first.
func global(ctx context.Context, q db.Q) ([]known, error) {
	return db.All(ctx, q, scanKnown, `SELECT account_id, CAST('featured' AS TEXT) AS source, -created_at AS score FROM suggestion_picks
		UNION ALL SELECT account_id, source, score FROM suggestion_popular ORDER BY source, score DESC, account_id`)
}

const mostFollowedSQL = `SELECT f.target_id, CAST('most_followed' AS TEXT), COUNT(*) FROM members m
	JOIN follows f ON f.account_id = m.account_id JOIN accounts a ON a.id = f.target_id
	WHERE COALESCE(m.last_active_at, m.created_at) >= $1 AND ` + standing + `
	GROUP BY f.target_id HAVING COUNT(*) >= $2 ORDER BY COUNT(*) DESC, f.target_id LIMIT $3`

// mostInteractionsSQL goes by each member's own likes and boosts since an id, which tells the time.
const mostInteractionsSQL = `SELECT a.id, CAST('most_interactions' AS TEXT), COUNT(*) FROM (
		SELECT s.author_id AS author FROM members m JOIN favourites f ON f.account_id = m.account_id AND f.id >= $1
			JOIN statuses s ON s.id = f.status_id AND s.visibility IN ('public', 'unlisted') AND s.author_id <> m.account_id
		UNION ALL SELECT b.boosted_author_id FROM members m JOIN statuses b ON b.author_id = m.account_id AND b.id >= $1
			AND b.boost_of_id IS NOT NULL AND b.deleted_at IS NULL AND b.boosted_author_id <> m.account_id) told
	JOIN accounts a ON a.id = told.author WHERE ` + standing + `
	GROUP BY a.id HAVING COUNT(*) >= $2 ORDER BY COUNT(*) DESC, a.id LIMIT $3`

// countedFact remembers when the popular accounts were counted last.
const countedFact = "suggestions_counted"

// CountPopular counts, once a day, whom members follow, like and boost.
func (s *Service) CountPopular(ctx context.Context) error {
	now := s.clock.Now()
	last, err := settings.Fact(ctx, s.db, countedFact)
	if err != nil {
		return fmt.Errorf("count popular accounts: %w", err)
	}
	if at, err := time.Parse(time.RFC3339, last); err == nil && now.Sub(at) < countEvery {
		return nil
	}
	since := clock.Milli(now.Add(-period))
	followed, err := db.All(ctx, s.db, scanKnown, mostFollowedSQL, since, enough, popular)
	if err != nil {
		return fmt.Errorf("count whom members follow: %w", err)
	}
	liked, err := db.All(ctx, s.db, scanKnown, mostInteractionsSQL, since<<16, enough, popular)
	if err != nil {
		return fmt.Errorf("count whom members like and boost: %w", err)
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, `DELETE FROM suggestion_popular`); err != nil {
			return err
		}
		for _, one := range append(followed, liked...) {
			if _, err := db.Exec(ctx, tx, `INSERT INTO suggestion_popular (source, account_id, score) VALUES ($1,$2,$3) ON CONFLICT DO NOTHING`,
				one.source, one.account, one.score); err != nil {
				return err
			}
		}
		return settings.PutFact(ctx, tx, countedFact, now.UTC().Format(time.RFC3339))
	})
	if err != nil {
		return fmt.Errorf("keep popular accounts: %w", err)
	}
	s.ForgetAll()
	return nil
}
