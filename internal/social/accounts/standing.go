package accounts

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// Cause says for whose sake a measure holds. Each is lifted only by whoever took it; the measure ends with the last of them.
type Cause int64

// The causes.
const (
	ByKeepers Cause = 1 << iota // of this server
	ByOrigin                    // the account's own server says so
	ByDomain                    // keepers decided about its whole server
)

// StandingChanged is the event of accounts that keepers, or their own server, limited, suspended, froze or marked as sensitive, or of the end
// of that. Whatever is remembered of them is let go, and what follows reads how they stand now.
type StandingChanged struct {
	Accounts []id.Account
	At       int64
	Hidden   bool // a suspension began or ended
}

// measure is one of the two measures that may have several causes.
type measure struct{ at, by string }

var (
	limited   = measure{"limited_at", "limited_by"}
	suspended = measure{"suspended_at", "suspended_by"}
)

// Suspend hides accounts and keeps them out, for a cause, in the caller's transaction. It gives those for which this cause is new.
func Suspend(ctx context.Context, tx *db.Tx, cause Cause, ids ...id.Account) ([]id.Account, error) {
	return suspended.take(ctx, tx, cause, ids)
}

// Unsuspend takes a cause of suspension away. An account that is suspended for another one too stays so.
func Unsuspend(ctx context.Context, tx *db.Tx, cause Cause, ids ...id.Account) ([]id.Account, error) {
	return suspended.lift(ctx, tx, cause, ids)
}

// Limit keeps accounts from whoever does not follow them.
func Limit(ctx context.Context, tx *db.Tx, cause Cause, ids ...id.Account) ([]id.Account, error) {
	return limited.take(ctx, tx, cause, ids)
}

// Unlimit takes a cause of that away.
func Unlimit(ctx context.Context, tx *db.Tx, cause Cause, ids ...id.Account) ([]id.Account, error) {
	return limited.lift(ctx, tx, cause, ids)
}

// take adds a cause in one statement: nobody who read the account before can undo it.
func (m measure) take(ctx context.Context, tx *db.Tx, cause Cause, ids []id.Account) ([]id.Account, error) {
	return m.change(ctx, tx, cause, cause, `UPDATE accounts SET `+m.by+` = `+m.by+` + $2, `+m.at+` = COALESCE(`+m.at+`, $3)
		WHERE id {in $1} AND (`+m.by+` & $2) = 0 RETURNING id, `+m.by, ids)
}

func (m measure) lift(ctx context.Context, tx *db.Tx, cause Cause, ids []id.Account) ([]id.Account, error) {
	return m.change(ctx, tx, cause, 0, `UPDATE accounts SET `+m.by+` = `+m.by+` - $2, `+m.at+` = CASE WHEN `+m.by+` = $2 THEN NULL ELSE COALESCE(`+m.at+`, $3) END
		WHERE id {in $1} AND (`+m.by+` & $2) <> 0 RETURNING id, `+m.by, ids)
}

// change gives the accounts whose causes changed, and tells of those for which the measure began or ended with it: only is what their causes
// are then.
func (m measure) change(ctx context.Context, tx *db.Tx, cause, only Cause, sql string, ids []id.Account) ([]id.Account, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	type row struct {
		id id.Account
		by Cause
	}
	rows, err := db.All(ctx, tx, func(r db.Row) (x row, err error) {
		err = r.Scan(&x.id, &x.by)
		return x, err
	}, sql, ids, cause, clock.Milli(tx.Now()))
	if err != nil {
		return nil, fmt.Errorf("change %s: %w", m.by, err)
	}
	var changed, turned []id.Account
	for _, x := range rows {
		changed = append(changed, x.id)
		if x.by == only {
			turned = append(turned, x.id)
		}
	}
	return changed, tellStanding(tx, m == suspended, turned...)
}

func tellStanding(tx *db.Tx, hidden bool, ids ...id.Account) error {
	if len(ids) == 0 {
		return nil
	}
	return tx.Emit(StandingChanged{ids, clock.Milli(tx.Now()), hidden})
}

// MarkSensitive decides whether what an account attaches from now on is shown as sensitive; false when it was so before.
func MarkSensitive(ctx context.Context, tx *db.Tx, account id.Account, on bool) (bool, error) {
	return turn(ctx, tx, account, on, `UPDATE accounts SET sensitive_at = $2 WHERE id = $1 AND sensitive_at IS NULL`, `UPDATE accounts SET sensitive_at = NULL WHERE id = $1 AND sensitive_at IS NOT NULL`)
}

// Freeze decides whether a member may sign in and act; false when it was so before. The caller ends their sessions.
func Freeze(ctx context.Context, tx *db.Tx, account id.Account, on bool) (bool, error) {
	return turn(ctx, tx, account, on, `UPDATE members SET disabled_at = $2 WHERE account_id = $1 AND disabled_at IS NULL`, `UPDATE members SET disabled_at = NULL WHERE account_id = $1 AND disabled_at IS NOT NULL`)
}

func turn(ctx context.Context, tx *db.Tx, account id.Account, on bool, begin, end string) (bool, error) {
	sql, args := end, []any{account}
	if on {
		sql, args = begin, []any{account, clock.Milli(tx.Now())}
	}
	n, err := db.Exec(ctx, tx, sql, args...)
	if err != nil || n == 0 {
		return false, err
	}
	return true, tellStanding(tx, false, account)
}

// settleStanding lays over a remote account what its own server says of its standing, and what keepers decided about that server. What they
// decided about the account itself stays.
func (s *Service) settleStanding(ctx context.Context, tx *db.Tx, a *Account, saidSuspended bool) error {
	changed := false
	for _, one := range []struct {
		measure measure
		cause   Cause
		is      Cause
		wanted  bool
	}{
		{suspended, ByOrigin, a.SuspendedBy, saidSuspended},
		{limited, ByDomain, a.LimitedBy, s.domains.Limits(a.Domain)},
		{suspended, ByDomain, a.SuspendedBy, s.domains.Suspends(a.Domain)},
	} {
		if one.wanted == (one.is&one.cause != 0) {
			continue
		}
		do := one.measure.lift
		if one.wanted {
			do = one.measure.take
		}
		if _, err := do(ctx, tx, one.cause, []id.Account{a.ID}); err != nil {
			return err
		}
		changed = true
	}
	if !changed {
		return nil
	}
	now, err := byID(ctx, tx, a.ID)
	if err == nil {
		*a = *now
	}
	return err
}

// inherit lays what keepers decided about an account over the one that holds its handle now: another id makes nobody another person.
func inherit(ctx context.Context, tx *db.Tx, old, heir *Account) error {
	if old.SuspendedBy&ByKeepers != 0 {
		if _, err := Suspend(ctx, tx, ByKeepers, heir.ID); err != nil {
			return err
		}
	}
	if old.LimitedBy&ByKeepers != 0 {
		if _, err := Limit(ctx, tx, ByKeepers, heir.ID); err != nil {
			return err
		}
	}
	if !old.SensitiveAt.IsZero() {
		if _, err := MarkSensitive(ctx, tx, heir.ID, true); err != nil {
			return err
		}
	}
	return nil
}

// DeliverStanding tells other servers of members who were suspended, or are so no more.
func (s *Service) DeliverStanding(ctx context.Context, e StandingChanged) error {
	list, err := s.ByIDs(ctx, e.Accounts)
	if err != nil {
		return err
	}
	for _, a := range list {
		if !a.Local() {
			continue
		}
		if err := s.DeliverProfile(ctx, ProfileChanged{Account: a.ID, At: e.At}); err != nil {
			return err
		}
	}
	return nil
}

// HidesMembers keeps an effect for suspensions of members that began or ended.
func HidesMembers(ctx context.Context, tx *db.Tx, e StandingChanged) (bool, error) {
	if !e.Hidden {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts WHERE id {in $1} AND domain = ''`, e.Accounts)
	return n > 0, err
}
