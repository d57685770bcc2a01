package notifications

import (
	"context"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// tellAtOnce is how many people one look at the database finds to tell.
const tellAtOnce = 200

// TellMentionedByEdit tells the members whom a status began to mention.
func (s *Service) TellMentionedByEdit(ctx context.Context, e statuses.Edited) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	loud, _, err := statuses.Mentioned(ctx, s.db, status.ID)
	if err != nil {
		return err
	}
	for _, who := range loud {
		if !slices.Contains(e.Mentioned, who) {
			continue
		}
		if err := s.tell(ctx, Notification{Account: who, Kind: Mention, From: status.Author, Status: status.ID, about: int64(status.ID)}); err != nil {
			return err
		}
	}
	return nil
}

// TellEdited tells the members who boosted or quote a status that it says something else now. Of several edits they are told the latest.
func (s *Service) TellEdited(ctx context.Context, e statuses.Edited) error {
	status, err := s.statuses.Get(ctx, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	revision, err := s.statuses.LatestRevision(ctx, status.ID)
	if err != nil {
		return err
	}
	if err := s.forgetEarlier(ctx, status.ID, revision); err != nil {
		return err
	}
	for after := id.Status(0); ; {
		boosters, last, err := s.statuses.BoostersHere(ctx, status, after, tellAtOnce)
		if err != nil {
			return err
		}
		if len(boosters) == 0 {
			return s.tellQuoters(ctx, status.ID, revision)
		}
		for _, who := range boosters {
			if err := s.tell(ctx, Notification{Account: who, Kind: Update, From: status.Author, Status: status.ID, about: revision}); err != nil {
				return err
			}
		}
		after = last
	}
}

// forgetEarlier takes back what was told of earlier edits, a bounded number at a time.
func (s *Service) forgetEarlier(ctx context.Context, status id.Status, revision int64) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := db.Exec(ctx, tx, `DELETE FROM notifications WHERE id IN (SELECT id FROM notifications
				WHERE status_id = $1 AND kind = $2 AND about_id < $3 LIMIT 500)`, status, string(Update), revision)
			more = n == 500
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// ConcernsByEdit tells, inside the transaction of an edit, whether it begins to mention a member.
func ConcernsByEdit(ctx context.Context, tx *db.Tx, e statuses.Edited) (bool, error) {
	if len(e.Mentioned) == 0 {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE id {in $1} AND domain = '' AND id <> $2`, e.Mentioned, e.Author)
	return n > 0, err
}
