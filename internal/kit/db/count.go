package db

import (
	"context"
	"sync/atomic"
)

type counterKey struct{}

// Queries tells how many statements were run so far.
func (d *DB) Queries() int64 { return d.queries.Load() }

// Trace tells of every statement before it is run, and of its arguments, until it is called with nil. Tests look at plans with it.
func (d *DB) Trace(told func(sql string, args []any)) {
	if told == nil {
		d.trace.Store(nil)
		return
	}
	d.trace.Store(&told)
}

// CountQueries gives a context, and a function telling how many statements were run under it.
func CountQueries(ctx context.Context) (context.Context, func() int) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, counterKey{}, n), func() int { return int(n.Load()) }
}

func counterOf(ctx context.Context) *atomic.Int64 {
	n, _ := ctx.Value(counterKey{}).(*atomic.Int64)
	return n
}
