package moderation

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Measure is something that keepers do about an account, in the words of the command line.
type Measure string

// The measures, and what ends each.
const (
	Limit           Measure = "limit"
	Unlimit         Measure = "unlimit"
	Suspend         Measure = "suspend"
	Unsuspend       Measure = "unsuspend"
	Freeze          Measure = "freeze"
	Thaw            Measure = "thaw"
	MarkSensitive   Measure = "mark-sensitive"
	UnmarkSensitive Measure = "unmark-sensitive"
)

// strikes are the measures that a member is told of, in the API's words.
var strikes = map[Measure]string{Limit: "silence", Suspend: "suspend", Freeze: "disable", MarkSensitive: "sensitive"}

// MaxReason bounds what a member is told of a measure.
const MaxReason = 5000

// Decision is a measure that a keeper takes.
type Decision struct {
	Keeper  id.Account // 0: at the command line
	Account id.Account
	Measure Measure
	Reason  string
	Report  id.Report // the report that it answers; 0: none
}

// Take does something about an account, in one transaction with what is remembered of it: an entry in the log of keepers and, where a member is
// concerned, a strike. It tells whether that was new; what holds already is left as it is.
func (s *Service) Take(ctx context.Context, d Decision) (bool, error) {
	d.Reason = strings.TrimSpace(d.Reason)
	if utf8.RuneCountInString(d.Reason) > MaxReason {
		return false, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Reason is too long (maximum is %d characters)", MaxReason))
	}
	taken := false
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		taken = false
		a, err := accounts.ByIDIn(ctx, tx, d.Account)
		if err != nil {
			return err
		}
		switch {
		case a.Local() && a.Kind == "Application":
			return fault.New(fault.Invalid, "This account speaks for the server itself")
		case !a.DeletedAt.IsZero():
			return fault.New(fault.NotFound, "This account was deleted")
		case !a.Local() && (d.Measure == Freeze || d.Measure == Thaw):
			return fault.New(fault.Invalid, "Only members of this server sign in here: an account elsewhere can be limited or suspended")
		}
		if taken, err = apply(ctx, tx, a.ID, d.Measure); err != nil {
			return err
		}
		if !taken {
			return notOurs(a, d.Measure)
		}
		if err := s.log(ctx, tx, entry{keeper: d.Keeper, action: "account." + string(d.Measure), kind: targetAccount, target: int64(a.ID), name: a.Acct(), details: map[string]any{"reason": d.Reason}}); err != nil {
			return err
		}
		action, told := strikes[d.Measure]
		if !told || !a.Local() {
			return nil
		}
		return strike(ctx, tx, &Strike{Account: a.ID, Action: action, Text: d.Reason, Report: d.Report, Keeper: d.Keeper})
	})
	if err != nil {
		return false, fmt.Errorf("%s account: %w", d.Measure, err)
	}
	return taken, nil
}

// apply changes how an account stands; false when it stood so before.
func apply(ctx context.Context, tx *db.Tx, account id.Account, m Measure) (bool, error) {
	var changed []id.Account
	var err error
	switch m {
	case Limit:
		changed, err = accounts.Limit(ctx, tx, accounts.ByKeepers, account)
	case Unlimit:
		changed, err = accounts.Unlimit(ctx, tx, accounts.ByKeepers, account)
	case Suspend:
		changed, err = accounts.Suspend(ctx, tx, accounts.ByKeepers, account)
	case Unsuspend:
		changed, err = accounts.Unsuspend(ctx, tx, accounts.ByKeepers, account)
	case MarkSensitive, UnmarkSensitive:
		return accounts.MarkSensitive(ctx, tx, account, m == MarkSensitive)
	case Freeze:
		frozen, err := accounts.Freeze(ctx, tx, account, true)
		if err != nil || !frozen {
			return false, err
		}
		return true, access.EndAll(ctx, tx, account)
	case Thaw:
		return accounts.Freeze(ctx, tx, account, false)
	default:
		return false, fault.New(fault.Invalid, fmt.Sprintf("There is no measure %q", m))
	}
	return len(changed) > 0, err
}

// notOurs says who alone can lift a measure that keepers did not take.
func notOurs(a *accounts.Account, m Measure) error {
	by := a.SuspendedBy
	if m == Unlimit {
		by = a.LimitedBy
	}
	switch {
	case m != Unsuspend && m != Unlimit:
		return nil
	case by&accounts.ByDomain != 0:
		return fault.New(fault.Conflict, "Not this account, its whole server is kept apart: anancus domain show "+a.Domain)
	case by&accounts.ByOrigin != 0:
		return fault.New(fault.Conflict, "Its own server suspended this account, and only that can take it back")
	}
	return nil
}
