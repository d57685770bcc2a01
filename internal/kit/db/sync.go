package db

import "context"

type unsyncedKey struct{}

// Unsynced gives a context whose transactions are answered when everybody sees them, and not only when they are on the disk: on SQLite a
// commit whose sync nobody waits for, on PostgreSQL synchronous_commit = off. Killing the program loses none of them. When the machine loses its power
// the last ones may be gone, always the newest and never one from between others: what was synced after them is gone too.
//
// It is for work that is done again when it is not noted as done, where the note is written after it: effects, queues. Whoever answers
// somebody outside that something is kept must not use it.
func Unsynced(ctx context.Context) context.Context {
	return context.WithValue(ctx, unsyncedKey{}, true)
}

// Synced takes Unsynced back, for what must be on the disk before the next step outside the database.
func Synced(ctx context.Context) context.Context { return context.WithValue(ctx, unsyncedKey{}, false) }

func wantsSync(ctx context.Context) bool {
	unsynced, _ := ctx.Value(unsyncedKey{}).(bool)
	return !unsynced
}
