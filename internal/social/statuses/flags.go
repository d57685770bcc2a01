package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// flags is what a viewer did with a status, a bit each. The bits from choiceBit on are the options of its poll that they voted for.
type flags uint64

const choiceBit = 16

func (f flags) choices() int64 { return int64(f >> choiceBit) }

const (
	favourited flags = 1 << iota
	boosted
	bookmarked
	pinned
	muted        // the thread
	follows      // the author
	followedBack // by the author
)

// ForgetFlags drops what is remembered of what an account did with a status; the live effect of every such change.
func (s *Service) ForgetFlags(account id.Account, status id.Status) {
	s.untouched.touch(account, status)
	s.flags.forget(account, status)
}

func flagsOf(ctx context.Context, q db.Q, reader id.Account, ids []id.Status) (map[id.Status]flags, error) {
	type fact struct {
		kind    string
		status  id.Status
		choices int64
	}
	facts, err := db.All(ctx, q, func(r db.Row) (fact, error) {
		var x fact
		err := r.Scan(&x.kind, &x.status, &x.choices)
		return x, err
	}, `SELECT 'f', status_id, 0 FROM favourites WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 'b', boost_of_id, 0 FROM statuses WHERE author_id = $1 AND boost_of_id {in $2} AND deleted_at IS NULL
		UNION ALL SELECT 'm', status_id, 0 FROM bookmarks WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 'p', status_id, 0 FROM pins WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 't', s.id, 0 FROM statuses s JOIN thread_mutes t ON t.thread_id = s.thread_id WHERE t.account_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'a', s.id, 0 FROM statuses s JOIN follows f ON f.target_id = s.author_id WHERE f.account_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'r', s.id, 0 FROM statuses s JOIN follows f ON f.account_id = s.author_id WHERE f.target_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'v', v.status_id, v.choices FROM poll_votes v JOIN polls p ON p.status_id = v.status_id AND p.round = v.round
			WHERE v.account_id = $1 AND v.status_id {in $2}`, reader, ids)
	if err != nil {
		return nil, fmt.Errorf("flags of viewer: %w", err)
	}
	bits := map[string]flags{"f": favourited, "b": boosted, "m": bookmarked, "p": pinned, "t": muted, "a": follows, "r": followedBack}
	found := make(map[id.Status]flags, len(facts))
	for _, x := range facts {
		found[x.status] |= bits[x.kind] | flags(x.choices)<<choiceBit
	}
	return found, nil
}
