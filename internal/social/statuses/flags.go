package statuses

import (
	"context"
	"fmt"
	"strings"

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

// flagsSQL begins with the statuses, and looks for each of them at what the reader did with it: a reader may have a million favourites, and as
// many followers, and a status may have a million favourites. A list of statuses beside the reader would not do: PostgreSQL believes that
// reading all that the reader has is cheaper than twenty look-ups, and so it does without the limits. Where a status is named twice, as both
// ends of what is looked for, it would otherwise read all that hangs on the status, since on most there hangs little.
var flagsSQL = `SELECT s.id, ` + strings.Join([]string{
	flag(favourited, `favourites x WHERE x.account_id = $1 AND x.status_id >= s.id AND x.status_id <= s.id`),
	flag(boosted, `statuses x WHERE x.author_id = $1 AND x.boost_of_id >= s.id AND x.boost_of_id <= s.id AND x.deleted_at IS NULL`),
	flag(bookmarked, `bookmarks x WHERE x.account_id = $1 AND x.status_id >= s.id AND x.status_id <= s.id`),
	flag(pinned, `pins x WHERE x.account_id = $1 AND x.status_id >= s.id AND x.status_id <= s.id`),
	flag(muted, `thread_mutes x WHERE x.account_id = $1 AND x.thread_id >= s.thread_id AND x.thread_id <= s.thread_id`),
	flag(follows, `follows x WHERE x.account_id = $1 AND x.target_id = s.author_id`),
	flag(followedBack, `follows x WHERE x.account_id = s.author_id AND x.target_id = $1`),
}, ` + `) + `,
	COALESCE((SELECT x.choices FROM poll_votes x JOIN polls p ON p.status_id = x.status_id AND p.round = x.round
		WHERE x.account_id = $1 AND x.status_id = s.id LIMIT 1 OFFSET 0), 0)
	FROM statuses s WHERE s.id {in $2}`

// flag is a bit where there is a row, and else 0.
func flag(bit flags, row string) string {
	return fmt.Sprintf("CASE WHEN EXISTS (SELECT 1 FROM %s) THEN %d ELSE 0 END", row+once, bit)
}

func flagsOf(ctx context.Context, q db.Q, reader id.Account, ids []id.Status) (map[id.Status]flags, error) {
	found := make(map[id.Status]flags, len(ids))
	_, err := db.All(ctx, q, func(r db.Row) (none struct{}, err error) {
		var status id.Status
		var did, choices int64
		err = r.Scan(&status, &did, &choices)
		found[status] = flags(did) | flags(choices)<<choiceBit
		return none, err
	}, flagsSQL, reader, ids)
	if err != nil {
		return nil, fmt.Errorf("flags of viewer: %w", err)
	}
	return found, nil
}
