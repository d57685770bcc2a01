package relationships

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// SeverSuspended ends the follows of members by accounts elsewhere that keepers suspended: their server goes on showing them what it is sent. What
// members follow themselves is kept, so that it is there when the suspension ends; as on Mastodon the other way cannot be taken back.
func (s *Service) SeverSuspended(ctx context.Context, e accounts.StandingChanged) error {
	list, err := s.accounts.ByIDs(ctx, e.Accounts)
	if err != nil {
		return fmt.Errorf("sever the suspended: %w", err)
	}
	for _, them := range list {
		if them.Local() || them.SuspendedBy&accounts.ByKeepers == 0 {
			continue
		}
		still := func(ctx context.Context, tx *db.Tx) (bool, error) {
			now, err := accounts.ByIDIn(ctx, tx, them.ID)
			return err == nil && now.SuspendedBy&accounts.ByKeepers != 0, err
		}
		if err := s.SeverAccount(ctx, them, AccountSuspension, them.Acct(), false, still); err != nil {
			return err
		}
		if err := s.FinishSeverances(ctx, AccountSuspension, them.Acct()); err != nil {
			return err
		}
	}
	return nil
}

// HidesOthers keeps an effect for suspensions by keepers of accounts elsewhere.
func HidesOthers(ctx context.Context, tx *db.Tx, e accounts.StandingChanged) (bool, error) {
	if !e.Hidden {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE id {in $1} AND domain <> '' AND (suspended_by & 1) <> 0`, e.Accounts)
	return n > 0, err
}

// SeverAccount ends what members and an account elsewhere are to each other, in short transactions: the follows and requests of the account, and, where
// both is said, those of members too. Each member's are gathered under one severance of a kind and a target, which stays open until
// FinishSeverances. Before each step still is asked whether the reason holds.
func (s *Service) SeverAccount(ctx context.Context, them *accounts.Account, kind, target string, both bool, still func(context.Context, *db.Tx) (bool, error)) error {
	for _, way := range severWays {
		if way.outgoing && !both {
			continue
		}
		if err := s.severFrom(ctx, them, kind, target, way, still); err != nil {
			return fmt.Errorf("sever from %s: %w", target, err)
		}
	}
	return nil
}

func (s *Service) severFrom(ctx context.Context, them *accounts.Account, kind, target string, way severWay, still func(context.Context, *db.Tx) (bool, error)) error {
	for after := id.Follow(0); ; {
		rows, err := db.All(ctx, s.db, scanFollow, severFromSQL(way), them.ID, after, severAtOnce)
		if err != nil || len(rows) == 0 {
			return err
		}
		after = rows[len(rows)-1].id
		members := make([]id.Account, len(rows))
		for i, row := range rows {
			members[i] = row.far(!way.outgoing)
		}
		known, err := s.accounts.ByIDs(ctx, members)
		if err != nil {
			return err
		}
		us := make(map[id.Account]*accounts.Account, len(known))
		for _, a := range known {
			us[a.ID] = a
		}
		spared := false
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			holds, err := still(ctx, tx)
			if err != nil || !holds {
				spared = !holds
				return err
			}
			for _, row := range rows {
				member := us[row.far(!way.outgoing)]
				severance, err := openSeverance(ctx, tx, member.ID, kind, target)
				if err != nil {
					return err
				}
				if err := s.sever(ctx, tx, member, them, severance, way, row); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || spared {
			return err
		}
		s.courier.Wake()
	}
}

// severFromSQL gives the next rows between an account elsewhere ($1) and members after a row ($2). Outgoing is as members see it.
func severFromSQL(way severWay) string {
	theirs, ours := "account_id", "target_id"
	if way.outgoing {
		theirs, ours = ours, theirs
	}
	return `SELECT f.` + strings.ReplaceAll(followColumns, ", ", ", f.") + ` FROM ` + way.table + ` f JOIN accounts a ON a.id = f.` + ours + `
		WHERE f.` + theirs + ` = $1 AND a.domain = '' AND f.id > $2 ORDER BY f.id LIMIT $3`
}

// openSeverance gives a member's severance of a kind and a target that is not finished, and begins one where there is none.
func openSeverance(ctx context.Context, tx *db.Tx, member id.Account, kind, target string) (id.Severance, error) {
	open, err := db.One(ctx, tx, db.Value[id.Severance], `SELECT id FROM severances WHERE kind = $1 AND target_name = $2 AND finished_at IS NULL AND account_id = $3 ORDER BY id LIMIT 1`,
		kind, target, member)
	if !fault.Is(err, fault.NotFound) {
		return open, err
	}
	open = id.Severance(tx.NextID())
	return open, insertSeverance(ctx, tx, open, member, kind, target, clock.Milli(tx.Now()))
}

const openSeverancesSQL = `SELECT id, account_id FROM severances WHERE kind = $1 AND target_name = $2 AND finished_at IS NULL LIMIT $3`

// FinishSeverances completes the severances of a kind and a target, some at a time, and lets the members know.
func (s *Service) FinishSeverances(ctx context.Context, kind, target string) error {
	type open struct {
		id     id.Severance
		member id.Account
	}
	for {
		left := 0
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			list, err := db.All(ctx, tx, func(r db.Row) (o open, err error) {
				err = r.Scan(&o.id, &o.member)
				return o, err
			}, openSeverancesSQL, kind, target, severAtOnce)
			if err != nil {
				return err
			}
			left = len(list)
			for _, o := range list {
				ended, err := finishSeverance(ctx, tx, o.id, clock.Milli(tx.Now()))
				if err != nil {
					return err
				}
				if ended > 0 {
					if err := tx.Emit(Severed{o.id, o.member}); err != nil {
						return err
					}
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("finish severances from %s: %w", target, err)
		}
		if left < severAtOnce {
			return nil
		}
	}
}

const tiedSQL = `SELECT account_id FROM follows WHERE account_id {in $1} UNION SELECT target_id FROM follows WHERE target_id {in $1}
	UNION SELECT account_id FROM follow_requests WHERE account_id {in $1} UNION SELECT target_id FROM follow_requests WHERE target_id {in $1}`

// Tied gives those of some accounts that follow anybody, are followed, or asked or are asked for it.
func (s *Service) Tied(ctx context.Context, ids []id.Account) ([]id.Account, error) {
	list, err := db.All(ctx, s.db, db.Value[id.Account], tiedSQL, ids)
	if err != nil {
		return nil, fmt.Errorf("follows of some accounts: %w", err)
	}
	return list, nil
}
