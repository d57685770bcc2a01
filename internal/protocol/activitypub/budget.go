package activitypub

import (
	"context"
	"sync/atomic"

	"anancus/internal/kit/fault"
)

// What one request may make us discover, as in Mastodon: a reply that mentions
// people who pinned posts that mention people must come to an end.
const (
	DefaultAccounts = 400
	DefaultStatuses = 1000
)

type budgetKey struct{}

type budget struct{ accounts, statuses atomic.Int64 }

// WithBudget starts a count of what is fetched on behalf of one request. A
// budget that is already there stays: nested work draws on its originator's.
func WithBudget(ctx context.Context, accounts, statuses int) context.Context {
	if ctx.Value(budgetKey{}) != nil {
		return ctx
	}
	b := &budget{}
	b.accounts.Store(int64(accounts))
	b.statuses.Store(int64(statuses))
	return context.WithValue(ctx, budgetKey{}, b)
}

// SpendAccount takes one account from the budget; TooMany when it is used up.
// Without a budget nothing is counted.
func SpendAccount(ctx context.Context) error {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b.spend(func() int64 { return b.accounts.Add(-1) })
}

// SpendStatus takes one status from the budget; TooMany when it is used up.
func SpendStatus(ctx context.Context) error {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	return b.spend(func() int64 { return b.statuses.Add(-1) })
}

func (b *budget) spend(one func() int64) error {
	if b != nil && one() < 0 {
		return fault.New(fault.TooMany, "Too many other servers would have to be asked")
	}
	return nil
}

// BudgetLeft tells how much of the budget is left, for work that goes on after its request; without a budget it is a whole one.
func BudgetLeft(ctx context.Context) (accounts, statuses int) {
	b, _ := ctx.Value(budgetKey{}).(*budget)
	if b == nil {
		return DefaultAccounts, DefaultStatuses
	}
	return max(int(b.accounts.Load()), 0), max(int(b.statuses.Load()), 0)
}
