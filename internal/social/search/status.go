package search

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Bounds of one search for statuses.
const (
	spareHits = 10                      // proposals of the index looked at first beyond a page: few are of people whom the viewer blocks, or have the words apart
	hitGrowth = 5                       // times as many are looked at next
	moreHits  = 300                     // at most at a time
	maxHits   = 3000                    // in all: what is so common and yet so seldom for this viewer is not searched to its end
	maxOffset = 1000                    // statuses passed over; further back leads max_id
	maxTime   = 1500 * time.Millisecond // after which what was found is the answer
)

// statusQuestion is a search for statuses with the parameters beside the text.
type statusQuestion struct {
	text         string
	author       id.Account // 0: anyone
	below, above id.Status  // max_id and min_id
	offset       int
	limit        int
}

// findStatuses gives the newest statuses that a member may find.
func (s *Service) findStatuses(c *viewer.Call, ask statusQuestion) ([]id.Status, error) {
	parts := parse(ask.text)
	if len(parts) == 0 || ask.offset > maxOffset {
		return nil, nil
	}
	zone, err := s.zone(c.Context(), c.Viewer.Account, parts)
	if err != nil {
		return nil, err
	}
	q, err := understand(parts, asker{account: c.Viewer.Account, zone: zone, find: func(handle string) (id.Account, error) { return s.known(c.Context(), handle) }})
	if err != nil || q.nothing {
		return nil, err
	}
	if len(q.all)+len(q.none)+len(q.phrases)+len(q.absent) == 0 && q.above == 0 && len(q.outside) == 0 && !narrowed(parts) {
		return nil, nil // nothing was asked for but signs
	}
	if ask.author != 0 {
		q.needs(false, accountTerm(authorTerm, ask.author))
	}
	q.above = max(q.above, ask.above)
	q.below = min(q.below, idOf(s.clock.Now().Add(time.Minute).UnixMilli())) // no id is of the future
	if ask.below > 0 {
		q.below = min(q.below, ask.below)
	}
	return s.gather(c, q, ask.offset, ask.limit)
}

// narrowed tells whether a question has an operator at all: by itself it asks for everything that fits.
func narrowed(parts []part) bool {
	for _, p := range parts {
		if p.prefix != "" {
			return true
		}
	}
	return false
}

// gather walks down what the index proposes until the page is full, within the bounds of one search.
func (s *Service) gather(c *viewer.Call, q *question, offset, limit int) ([]id.Status, error) {
	var found []id.Status
	begin := time.Now()
	below, most := q.below, min(offset+limit+spareHits, moreHits)
	for looked := 0; looked < maxHits && len(found) < offset+limit && time.Since(begin) < maxTime; {
		proposed, err := s.index.find(c.Context(), s.db, q.wish, below, q.above, most)
		if err != nil {
			return nil, err
		}
		if len(proposed) == 0 {
			break
		}
		below = proposed[len(proposed)-1]
		kept, err := s.judge(c, q, proposed)
		if err != nil {
			return nil, err
		}
		found = append(found, kept...)
		if len(proposed) < most {
			break
		}
		looked += most
		most = min(most*hitGrowth, moreHits)
	}
	found = found[min(offset, len(found)):]
	return found[:min(limit, len(found))], nil
}

// once ends a look-up by keys. Without it PostgreSQL would rather read everything that a member ever favourited, or was mentioned in, to
// look into that for a few statuses.
const once = ` LIMIT 1 OFFSET 0`

// foundSQL leaves of statuses those that are still to be found by the viewer: for everybody, or in their library; not of people
// or servers they block or mute, nor of limited ones they do not follow.
const foundSQL = `SELECT s.id, s.content_warning, s.content, COALESCE((SELECT p.options FROM polls p WHERE p.status_id = s.id), '[]') FROM statuses s
	WHERE s.id {in $1} AND s.deleted_at IS NULL AND s.boost_of_id IS NULL
	AND EXISTS (SELECT 1 FROM accounts a WHERE a.id = s.author_id
		AND (($3 AND s.visibility = 'public' AND a.indexable) OR ($4 AND (s.author_id = $2
			OR EXISTS (SELECT 1 FROM mentions x WHERE x.account_id = $2 AND x.status_id = s.id` + once + `)
			OR EXISTS (SELECT 1 FROM favourites x WHERE x.account_id = $2 AND x.status_id = s.id` + once + `)
			OR EXISTS (SELECT 1 FROM bookmarks x WHERE x.account_id = $2 AND x.status_id = s.id` + once + `)
			OR EXISTS (SELECT 1 FROM poll_votes x WHERE x.account_id = $2 AND x.status_id = s.id
				AND x.round = (SELECT p.round FROM polls p WHERE p.status_id = s.id)` + once + `)
			OR EXISTS (SELECT 1 FROM statuses x WHERE x.author_id = $2 AND x.boost_of_id = s.id AND x.deleted_at IS NULL` + once + `))))
		AND NOT EXISTS (SELECT 1 FROM account_domain_blocks x WHERE x.account_id = $2 AND x.domain = a.domain` + once + `)
		AND (a.limited_at IS NULL OR s.author_id = $2 OR EXISTS (SELECT 1 FROM follows x WHERE x.account_id = $2 AND x.target_id = s.author_id` + once + `))` + once + `)
	AND NOT EXISTS (SELECT 1 FROM blocks x WHERE x.account_id = $2 AND x.target_id = s.author_id` + once + `)
	AND NOT EXISTS (SELECT 1 FROM mutes x WHERE x.account_id = $2 AND x.target_id = s.author_id AND (x.expires_at IS NULL OR x.expires_at > $5)` + once + `)`

// judge decides by the rules of today which proposals a viewer finds, and looks for phrases in their texts.
func (s *Service) judge(c *viewer.Call, q *question, proposed []id.Status) ([]id.Status, error) {
	fits := map[id.Status]bool{}
	_, err := db.All(c.Context(), s.db, func(r db.Row) (none struct{}, err error) {
		var status id.Status
		var says said
		if err = r.Scan(&status, &says.warning, &says.content, &says.options); err == nil {
			fits[status], err = q.fits(status, says)
		}
		return none, err
	}, foundSQL, proposed, c.Viewer.Account, q.public, q.library, s.clock.Now().UnixMilli())
	if err != nil {
		return nil, fmt.Errorf("statuses found: %w", err)
	}
	kept := make([]id.Status, 0, len(fits))
	for _, one := range proposed {
		if fits[one] {
			kept = append(kept, one)
		}
	}
	return s.statuses.VisibleIDs(c, kept)
}

// fits looks into a status for what the index cannot tell.
func (q *question) fits(status id.Status, says said) (bool, error) {
	for _, o := range q.outside {
		if status >= o[0] && status < o[1] {
			return false, nil
		}
	}
	if len(q.phrases)+len(q.absent) == 0 {
		return true, nil
	}
	d := &document{status: status}
	if err := d.say(says); err != nil {
		return false, err
	}
	words := d.words()
	for _, phrase := range q.phrases {
		if !text.Follow(words, phrase) {
			return false, nil
		}
	}
	for _, phrase := range q.absent {
		if text.Follow(words, phrase) {
			return false, nil
		}
	}
	return true, nil
}

// zone is where a member's days begin; it is read only where a day is named.
func (s *Service) zone(ctx context.Context, member id.Account, parts []part) (*time.Location, error) {
	named := false
	for _, p := range parts {
		named = named || p.prefix == "before" || p.prefix == "after" || p.prefix == "during"
	}
	if !named {
		return time.UTC, nil
	}
	name, err := db.One(ctx, s.db, db.Text, `SELECT time_zone FROM members WHERE account_id = $1`, member)
	if err != nil {
		return nil, fmt.Errorf("time zone: %w", err)
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return time.UTC, nil //nolint:nilerr // a name this machine does not know counts as none
	}
	return zone, nil
}

// known gives the account behind a handle without asking its server.
func (s *Service) known(ctx context.Context, handle string) (id.Account, error) {
	username, domain, err := accounts.SplitHandle(handle)
	if err != nil {
		return 0, nil //nolint:nilerr // what is no handle is nobody's
	}
	a, err := s.accounts.ByHandle(ctx, username, domain)
	if fault.Is(err, fault.NotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return a.ID, nil
}
