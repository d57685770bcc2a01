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

// flagsSQL begins with the statuses wherever a reader has more: with those whom they follow, or who follow them, it would look at a
// million to find out about twenty. Of what hangs on a status itself each row tells all, since the status is read for it. The limits keep
// PostgreSQL from reading all that the reader has to look into it.
const flagsSQL = `SELECT 'f', status_id, 0 FROM favourites WHERE account_id = $1 AND status_id {in $2}
	UNION ALL SELECT 'b', boost_of_id, 0 FROM statuses WHERE author_id = $1 AND boost_of_id {in $2} AND deleted_at IS NULL
	UNION ALL SELECT 'm', status_id, 0 FROM bookmarks WHERE account_id = $1 AND status_id {in $2}
	UNION ALL SELECT 'p', status_id, 0 FROM pins WHERE account_id = $1 AND status_id {in $2}
	UNION ALL SELECT 's', s.id,
		CASE WHEN EXISTS (SELECT 1 FROM thread_mutes t WHERE t.account_id = $1 AND t.thread_id = s.thread_id LIMIT 1 OFFSET 0) THEN $3 ELSE 0 END
		+ CASE WHEN EXISTS (SELECT 1 FROM follows f WHERE f.account_id = $1 AND f.target_id = s.author_id LIMIT 1 OFFSET 0) THEN $4 ELSE 0 END
		+ CASE WHEN EXISTS (SELECT 1 FROM follows f WHERE f.account_id = s.author_id AND f.target_id = $1 LIMIT 1 OFFSET 0) THEN $5 ELSE 0 END
		FROM statuses s WHERE s.id {in $2}
	UNION ALL SELECT 'v', v.status_id, v.choices FROM poll_votes v JOIN polls p ON p.status_id = v.status_id AND p.round = v.round
		WHERE v.account_id = $1 AND v.status_id {in $2}`

func flagsOf(ctx context.Context, q db.Q, reader id.Account, ids []id.Status) (map[id.Status]flags, error) {
	type fact struct {
		kind   string
		status id.Status
		value  int64
	}
	facts, err := db.All(ctx, q, func(r db.Row) (fact, error) {
		var x fact
		err := r.Scan(&x.kind, &x.status, &x.value)
		return x, err
	}, flagsSQL, reader, ids, int64(muted), int64(follows), int64(followedBack))
	if err != nil {
		return nil, fmt.Errorf("flags of viewer: %w", err)
	}
	bits := map[string]flags{"f": favourited, "b": boosted, "m": bookmarked, "p": pinned}
	found := make(map[id.Status]flags, len(facts))
	for _, x := range facts {
		switch x.kind {
		case "s":
			found[x.status] |= flags(x.value)
		case "v":
			found[x.status] |= flags(x.value) << choiceBit
		default:
			found[x.status] |= bits[x.kind]
		}
	}
	return found, nil
}
