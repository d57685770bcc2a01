package timelines

import (
	"container/list"
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// written is a status or boost of an account, with what decides who may read it and which pages show it.
type written struct {
	status     id.Status
	boostOf    id.Status // 0 unless it is a boost
	boosted    id.Account
	visibility statuses.Visibility
	original   statuses.Visibility // of what it boosts
	localOnly  bool                // it, or what it boosts
	answers    bool                // somebody else
	media      bool
	gone       bool // it, or what it boosts
}

const writtenSQL = `SELECT s.id, COALESCE(s.boost_of_id, 0), COALESCE(s.boosted_author_id, 0), s.visibility, COALESCE(o.visibility, ''), s.local_only OR COALESCE(o.local_only, FALSE),
		(s.in_reply_to_id IS NOT NULL OR s.in_reply_to_uri <> '') AND COALESCE(s.in_reply_to_account_id, 0) <> s.author_id, s.with_media,
		s.deleted_at IS NOT NULL OR (s.boost_of_id IS NOT NULL AND (o.id IS NULL OR o.deleted_at IS NOT NULL OR b.suspended_at IS NOT NULL OR b.deleted_at IS NOT NULL))
	FROM ({line}) AS line JOIN statuses s ON s.id = line.id
	LEFT JOIN statuses o ON o.id = s.boost_of_id
	LEFT JOIN accounts b ON b.id = o.author_id
	ORDER BY s.id DESC`

// What is read of an account: its newest statuses, or those of some that are its own.
var (
	writtenLately = strings.Replace(writtenSQL, "{line}", `SELECT f.id FROM statuses f WHERE f.author_id = $1 AND f.deleted_at IS NULL ORDER BY f.id DESC LIMIT $2`, 1)
	writtenAmong  = strings.Replace(writtenSQL, "{line}", `SELECT f.id FROM statuses f WHERE f.id {in $2} AND f.author_id = $1`, 1)
)

func scanWritten(r db.Row) (written, error) {
	var w written
	err := r.Scan(&w.status, &w.boostOf, &w.boosted, &w.visibility, &w.original, &w.localOnly, &w.answers, &w.media, &w.gone)
	return w, err
}

// readWritten reads the newest rows of a profile, or, where it is open, the new ones.
func (s *Service) readWritten(ctx context.Context, account id.Account, open bool, noted []id.Status) (rows []written, floor id.Status, err error) {
	if open {
		rows, err = db.All(ctx, s.db, scanWritten, writtenAmong, account, noted)
	} else if rows, err = db.All(ctx, s.db, scanWritten, writtenLately, account, s.bounds.profile); len(rows) == s.bounds.profile {
		floor = rows[len(rows)-1].status - 1
	}
	return slices.DeleteFunc(rows, func(w written) bool { return w.gone }), floor, err
}

// profile keeps the newest statuses of an account.
type profile struct {
	latest[written]
	account id.Account
	place   *list.Element
}

// profiles are those in memory.
type profiles struct {
	most int

	mu     sync.Mutex
	open   map[id.Account]*profile
	recent *list.List // of *profile, the latest read first
}

func newProfiles(most int) *profiles {
	return &profiles{most: most, open: map[id.Account]*profile{}, recent: list.New()}
}

// of gives an account's, which perhaps nobody read yet; that which was read longest ago makes room for it.
func (b *profiles) of(account id.Account, limit int) *profile {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.open[account]
	if p != nil {
		b.recent.MoveToFront(p.place)
		return p
	}
	p = &profile{account: account, latest: latest[written]{limit: limit,
		id:    func(w *written) id.Status { return w.status },
		shows: func(w *written, status id.Status) bool { return w.status == status || w.boostOf == status }}}
	b.open[account], p.place = p, b.recent.PushFront(p)
	if len(b.open) > b.most {
		oldest := b.recent.Remove(b.recent.Back()).(*profile)
		delete(b.open, oldest.account)
	}
	return p
}

// with does something to the one of an account, if it is in memory.
func (b *profiles) with(account id.Account, do func(*profile)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.open[account]; p != nil {
		do(p)
	}
}

// each does something to all of them.
func (b *profiles) each(do func(*profile)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, p := range b.open {
		do(p)
	}
}

func (b *profiles) forget() { b.each(func(p *profile) { p.forget() }) }

// sweep lets go of those that nobody read since.
func (b *profiles) sweep(before time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for oldest := b.recent.Back(); oldest != nil && oldest.Value.(*profile).unused(before); oldest = b.recent.Back() {
		delete(b.open, b.recent.Remove(oldest).(*profile).account)
	}
}
