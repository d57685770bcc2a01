package trends

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/statuses"
)

// Entry is something that trends, as keepers see it.
type Entry struct {
	Name      string // a hashtag, an address, or the id of a status
	Author    string // of a status: name@domain
	URL       string // of a status: its page
	Score     float64
	Trendable bool // whether it is shown
	Reviewed  bool // whether a keeper decided that
}

const (
	reviewTagsSQL = `SELECT t.shown, '', '', '', r.score, t.trendable FROM trends r JOIN tags t ON t.id = r.subject_id
		WHERE r.kind = 'tag' AND r.score > 0 AND t.usable ORDER BY r.score DESC, r.subject_id DESC LIMIT $1`
	reviewLinksSQL = `SELECT l.url, '', '', '', r.score, l.trendable FROM trends r JOIN links l ON l.id = r.subject_id
		WHERE r.kind = 'link' AND r.score > 0 ORDER BY r.score DESC, r.subject_id DESC LIMIT $1`
	reviewStatusesSQL = `SELECT CAST(r.status_id AS TEXT), a.username, a.domain, CASE WHEN s.url = '' THEN s.uri ELSE s.url END, r.score, COALESCE(r.trendable, a.trendable)
		FROM trending_statuses r JOIN statuses s ON s.id = r.status_id JOIN accounts a ON a.id = r.account_id
		WHERE r.score > 0 AND s.deleted_at IS NULL ORDER BY r.score DESC, r.status_id DESC LIMIT $1`
)

// reviews are the queries by kind, as keepers name the kinds.
var reviews = map[string]string{"tags": reviewTagsSQL, "links": reviewLinksSQL, "statuses": reviewStatusesSQL}

var errKind = fault.New(fault.Invalid, "Trends are of tags, links or statuses")

// Entries lists what trends, shown or not, the highest first.
func (s *Service) Entries(ctx context.Context, kind string) ([]Entry, error) {
	sql := reviews[kind]
	if sql == "" {
		return nil, errKind
	}
	v := s.settings.Now()
	list, err := db.All(ctx, s.db, func(r db.Row) (Entry, error) {
		var e Entry
		var name, domain string
		var points score
		var trendable *bool
		err := r.Scan(&e.Name, &name, &domain, &e.URL, &points, &trendable)
		e.Score, e.Trendable, e.Reviewed = float64(points)/million, v.TrendableByDefault, trendable != nil
		if trendable != nil {
			e.Trendable = *trendable
		}
		if e.Author = name; domain != "" {
			e.Author += "@" + domain
		}
		return e, err
	}, sql, mostShown)
	if err != nil {
		return nil, fmt.Errorf("trends for keepers: %w", err)
	}
	return list, nil
}

// Review keeps whether a keeper lets something trend: a hashtag, the address of a link, or the id or address of a status. NotFound for
// what is not known; of statuses, for what does not trend.
func (s *Service) Review(ctx context.Context, kind, name string, trendable bool) error {
	switch kind {
	case "tags":
		_, err := s.tags.Review(ctx, strings.TrimPrefix(name, "#"), trendable)
		return err
	case "links":
		return s.reviewLink(ctx, name, trendable)
	case "statuses":
		status, err := s.status(ctx, name)
		if err != nil {
			return err
		}
		return s.reviewStatus(ctx, status, trendable)
	}
	return errKind
}

func (s *Service) reviewLink(ctx context.Context, address string, trendable bool) error {
	plain, _ := media.LinkAddress(address)
	return s.decide(ctx, "There is no link "+address, `UPDATE links SET trendable = $2, reviewed_at = $3 WHERE url = $1`,
		plain, trendable, clock.Milli(s.clock.Now()))
}

func (s *Service) reviewStatus(ctx context.Context, status *statuses.Status, trendable bool) error {
	return s.decide(ctx, fmt.Sprintf("The status %d does not trend", status.ID), `UPDATE trending_statuses SET trendable = $2 WHERE status_id = $1`, status.ID, trendable)
}

// decide writes a decision on one row; where there is none it is NotFound, with these words.
func (s *Service) decide(ctx context.Context, none, sql string, args ...any) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, sql, args...)
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, none)
		}
		return err
	})
}

// ReviewAuthor keeps whether a keeper lets the statuses of the author of one trend.
func (s *Service) ReviewAuthor(ctx context.Context, name string, trendable bool) error {
	status, err := s.status(ctx, name)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return accounts.SetTrendable(ctx, tx, status.Author, trendable) })
	if err != nil {
		return fmt.Errorf("review author: %w", err)
	}
	return nil
}

// status finds a status by what a keeper wrote.
func (s *Service) status(ctx context.Context, name string) (*statuses.Status, error) {
	number, err := id.Parse[id.Status](name)
	var found *statuses.Status
	if err == nil {
		found, err = s.statuses.Get(ctx, number)
	} else {
		found, err = s.statuses.ByAddress(ctx, name)
	}
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, "There is no status "+name)
	}
	return found, err
}
