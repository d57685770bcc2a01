package timelines

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

// Profile serves GET /api/v1/accounts/{id}/statuses.
func (s *Service) Profile(c *viewer.Call) (any, error) {
	account, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	f := statuses.ProfileFilter{Account: account, Here: c.Viewer.IsMember(),
		ExcludeReplies: c.QueryFlag("exclude_replies"), ExcludeBoosts: c.QueryFlag("exclude_reblogs"), OnlyMedia: c.QueryFlag("only_media")}
	if f.Here {
		f.Reader = c.Viewer.Account
	}
	a, err := s.accounts.Glance(c.Context(), account)
	if err != nil {
		return nil, err
	}
	if f.Here {
		if err := s.accounts.LookedAt(c.Context(), a); err != nil {
			return nil, err
		}
	}
	if !a.Available {
		return []json.RawMessage{}, nil
	}
	if f.Here {
		if err := s.statuses.LookedAt(c.Context(), a); err != nil {
			return nil, err
		}
	}
	p := keyset.Read(c, pageLimit, pageMax)
	tag, pinned := c.Query("tagged"), c.QueryFlag("pinned")
	if tag != "" && !pinned {
		if f.Tagged = text.TagKey(tag); f.Tagged == "" {
			return []json.RawMessage{}, nil
		}
	}
	if !pinned && f.Tagged == "" {
		page, known, err := s.profilePage(c.Context(), f, p)
		if err != nil {
			return nil, fmt.Errorf("statuses of account: %w", err)
		}
		if known {
			return s.answerProfile(c, p, page)
		}
	}
	if f.Here {
		blocked, err := relationships.Blocks(c.Context(), s.db, account, f.Reader)
		if err != nil || blocked {
			return []json.RawMessage{}, err
		}
	}
	if pinned {
		return s.statuses.Pinned(c.Context(), c.Viewer, account)
	}
	page, err := s.statuses.OfAccount(c.Context(), f, p)
	if err != nil {
		return nil, err
	}
	return s.answerProfile(c, p, page)
}

func (s *Service) answerProfile(c *viewer.Call, p keyset.Page, page statuses.ProfilePage) (any, error) {
	if page.Read == 0 {
		return []json.RawMessage{}, nil
	}
	rows, done, err := s.statuses.PresentPage(c.Context(), c.Viewer, page.Statuses)
	if err != nil {
		return nil, err
	}
	answer := keyset.Answer(c, p, rows, page.Read, int64(page.First), int64(page.Last), keyset.ByMinID, true)
	answer.Done = done
	return answer, nil
}

// profilePage reads a page from memory, if that reaches so far.
func (s *Service) profilePage(ctx context.Context, f statuses.ProfileFilter, p keyset.Page) (page statuses.ProfilePage, known bool, err error) {
	all, floor, err := s.profiles.of(f.Account, s.bounds.profile).read(ctx, s.clock.Now(), func(ctx context.Context, open bool, noted []id.Status) ([]written, id.Status, error) {
		return s.readWritten(ctx, f.Account, open, noted)
	})
	if err != nil || p.Upward && p.After < int64(floor) {
		return page, false, err
	}
	rows := make([]*written, 0, len(all))
	for i := range all {
		if w := &all[i]; int64(w.status) < p.Before && int64(w.status) > p.After && w.matches(f) {
			rows = append(rows, w)
		}
	}
	if p.Upward {
		slices.Reverse(rows)
	}
	rows, err = s.readable(ctx, f, rows, p.Limit)
	if err != nil || !p.Upward && len(rows) < p.Limit && p.After < int64(floor) {
		return page, false, err
	}
	if len(rows) == 0 {
		return page, true, nil
	}
	if p.Upward {
		slices.Reverse(rows)
	}
	for _, w := range rows {
		page.Statuses = append(page.Statuses, w.status)
	}
	page.Read, page.First, page.Last = len(rows), rows[0].status, rows[len(rows)-1].status
	return page, true, nil
}

// matches tells whether a status is of the kind that is wanted.
func (w *written) matches(f statuses.ProfileFilter) bool {
	return !(f.ExcludeReplies && w.answers || f.ExcludeBoosts && w.boostOf != 0 || f.OnlyMedia && !w.media)
}

// readable leaves of an account's statuses the first that the reader may read, up to a limit: none when the account blocks the reader.
func (s *Service) readable(ctx context.Context, f statuses.ProfileFilter, rows []*written, limit int) ([]*written, error) {
	r, err := s.factsFor(ctx, f.Reader)
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		r = &facts{}
	case r.blockedBy.has(f.Account):
		return nil, nil
	}
	var ask []id.Status
	leaves := make([]statuses.Leave, 0, min(len(rows), 2*limit))
	for granted := 0; len(leaves) < len(rows) && granted < limit; {
		w := rows[len(leaves)]
		own, original := w.readings(f, r)
		leave := min(own, original)
		switch leave {
		case statuses.Granted:
			granted++
		case statuses.IfNamed:
			if own == statuses.IfNamed {
				ask = append(ask, w.status)
			}
			if original == statuses.IfNamed {
				ask = append(ask, w.boostOf)
			}
		}
		leaves = append(leaves, leave)
	}
	var named map[id.Status]bool
	if len(ask) > 0 {
		if named, err = namedIn(ctx, s.db, f.Reader, ask); err != nil {
			return nil, err
		}
	}
	kept := make([]*written, 0, min(len(leaves), limit))
	for i, leave := range leaves {
		w := rows[i]
		if leave == statuses.IfNamed {
			own, original := w.readings(f, r)
			if own == statuses.IfNamed && !named[w.status] || original == statuses.IfNamed && !named[w.boostOf] {
				continue
			}
		}
		if leave != statuses.Denied && len(kept) < limit {
			kept = append(kept, w)
		}
	}
	return kept, nil
}

// readings are the leave to read a status itself, and what it boosts.
func (w *written) readings(f statuses.ProfileFilter, r *facts) (own, original statuses.Leave) {
	of := func(author id.Account, v statuses.Visibility) statuses.Leave {
		return statuses.Reading{Reader: f.Reader, Here: f.Here, Author: author, Visibility: v, LocalOnly: w.localOnly,
			Blocked: r.blockedBy.has(author), Follows: r.follows.has(author)}.Leave()
	}
	own, original = of(f.Account, w.visibility), statuses.Granted
	if w.boostOf != 0 {
		original = of(w.boosted, w.original)
	}
	return own, original
}

const namedSQL = `SELECT s.id FROM statuses s WHERE s.id {in $2} AND EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = s.id AND m.account_id = $1 LIMIT 1 OFFSET 0)`

// namedIn tells which of some statuses mention an account, silently too: those it may read.
func namedIn(ctx context.Context, q db.Q, account id.Account, ids []id.Status) (map[id.Status]bool, error) {
	found, err := db.All(ctx, q, db.Value[id.Status], namedSQL, account, ids)
	in := make(map[id.Status]bool, len(found))
	for _, status := range found {
		in[status] = true
	}
	return in, err
}
