package notifications

import (
	"context"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// ringsFor is how old a status from elsewhere may be and still ring: what is fetched later is no news.
const ringsFor = 6 * time.Hour

// ringAtOnce bounds the followers read at a time.
const ringAtOnce = 500

// Rings tells, inside the transaction of a status, whether anybody here set the bell on its author.
func Rings(ctx context.Context, tx *db.Tx, e statuses.Published) (bool, error) {
	if e.Quiet || e.Written.Answers || !ringsAs(e.Written.Visibility) {
		return false, nil
	}
	waiting, err := db.All(ctx, tx, scanRinger, withBellSQL, e.Author, 0, 1)
	return len(waiting) > 0, err
}

func ringsAs(v statuses.Visibility) bool { return v != statuses.Direct && v != statuses.Limited }

// TellFollowersWithBell tells those who asked to hear of an author's posts; answers to others ring for
// nobody, and who is mentioned is told of that.
func (s *Service) TellFollowersWithBell(ctx context.Context, e statuses.Published) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	answersOther := (status.InReplyTo != 0 || status.InReplyToURI != "") && status.InReplyToAccount != status.Author
	if answersOther || status.IsBoost() || !ringsAs(status.Visibility) || s.clock.Now().Sub(status.CreatedAt) > ringsFor {
		return nil
	}
	mentioned, _, err := statuses.Mentioned(ctx, s.db, status.ID)
	if err != nil {
		return err
	}
	for last := id.Account(0); ; {
		page, err := db.All(ctx, s.db, scanRinger, withBellSQL, status.Author, last, ringAtOnce)
		if err != nil {
			return err
		}
		for _, f := range page {
			last = f.account
			if !f.reads(status.Language) || slices.Contains(mentioned, f.account) {
				continue
			}
			if err := s.tell(ctx, Notification{Account: f.account, Kind: Bell, From: status.Author, Status: status.ID, about: int64(status.ID)}); err != nil {
				return err
			}
		}
		if len(page) < ringAtOnce {
			return nil
		}
	}
}

// ringer is a follower who set the bell.
type ringer struct {
	account   id.Account
	languages string
}

// reads tells whether the follow is for statuses in a language; without one, or without a choice, it is.
func (f ringer) reads(language string) bool {
	return f.languages == "" || language == "" || slices.Contains(strings.Split(f.languages, ","), language)
}

func scanRinger(r db.Row) (ringer, error) {
	var f ringer
	err := r.Scan(&f.account, &f.languages)
	return f, err
}

const withBellSQL = `SELECT account_id, languages FROM follows WHERE target_id = $1 AND account_id > $2 AND notify ORDER BY account_id LIMIT $3`
