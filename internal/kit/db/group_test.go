package db_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// together holds the writer until all closures wait, so that they form one
// group, in their order, and gives what each Tx answered.
func together(t *testing.T, d *db.DB, closures ...func(tx *db.Tx) error) []error {
	t.Helper()
	return togetherAfter(t, d, func(*db.Tx) error { return nil }, closures...)
}

// togetherAfter is together, behind one that does something itself.
func togetherAfter(t *testing.T, d *db.DB, before func(tx *db.Tx) error, closures ...func(tx *db.Tx) error) []error {
	t.Helper()
	var waiting, all sync.WaitGroup
	waiting.Add(1)
	held := make(chan struct{})
	all.Go(func() {
		hold := sync.OnceFunc(func() { close(held) }) // it may be run again, as all
		_ = d.Tx(context.Background(), func(tx *db.Tx) error {
			hold()
			waiting.Wait()
			return before(tx)
		})
	})
	<-held
	answers := make([]error, len(closures))
	for i, do := range closures {
		all.Go(func() {
			defer func() {
				if p := recover(); p != nil {
					answers[i] = fmt.Errorf("panic: %v", p)
				}
			}()
			answers[i] = errors.New("left") // by Goexit
			answers[i] = d.Tx(context.Background(), do)
		})
		db.WaitQueued(d, i+1)
	}
	waiting.Done()
	all.Wait()
	return answers
}

func adds(name string) func(tx *db.Tx) error {
	return func(tx *db.Tx) error {
		_, err := addTag(context.Background(), tx, name)
		return err
	}
}

func wantTags(t *testing.T, d *db.DB, want ...string) {
	t.Helper()
	got, err := db.All(t.Context(), d, db.Text, `SELECT name FROM tags ORDER BY name`)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("tags = %q, %v, want %q", got, err, want)
	}
}

func openLite(t testing.TB, changes ...func(*db.Config)) *db.DB {
	t.Helper()
	return dbtest.Open(t, db.SQLite, changes...)
}

func TestThoseWhoWaitShareASync(t *testing.T) {
	const delay = 100 * time.Millisecond
	d := openLite(t, func(c *db.Config) { c.SyncDelay = delay })
	start := time.Now()
	var all sync.WaitGroup
	for i := range 30 {
		all.Go(func() {
			if err := d.Tx(t.Context(), adds(fmt.Sprint("tag", i))); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if took := time.Since(start); took > 15*delay {
		t.Errorf("30 transactions took %v", took)
	}
	if n := countTags(t, d); n != 30 {
		t.Errorf("%d tags", n)
	}
}

// The first of a group has no savepoint.
func TestTheFirstOfAGroupMayFail(t *testing.T) {
	failed := errors.New("failed")
	for name, one := range map[string]struct {
		do   func(tx *db.Tx) error
		says string
	}{
		"an error":    {func(tx *db.Tx) error { return errors.Join(adds("x")(tx), failed) }, "failed"},
		"a statement": {func(tx *db.Tx) error { return errors.Join(adds("x")(tx), adds("x")(tx)) }, "UNIQUE"},
		"a panic":     {func(tx *db.Tx) error { _ = adds("x")(tx); panic("oh") }, "panic: oh"},
		"leaving":     {func(tx *db.Tx) error { _ = adds("x")(tx); runtime.Goexit(); return nil }, "left"},
	} {
		t.Run(name, func(t *testing.T) {
			// That which holds the writer is of the group: two others fail before anybody has written, and one after it.
			d := openLite(t)
			answers := togetherAfter(t, d, func(tx *db.Tx) error { return errors.Join(adds("x")(tx), failed) }, one.do, adds("a"), one.do, adds("b"))
			for i, want := range []string{one.says, "", one.says, ""} {
				if got := answers[i]; (got == nil) != (want == "") || got != nil && !strings.Contains(got.Error(), want) {
					t.Errorf("answer %d: %v, want %q", i, got, want)
				}
			}
			wantTags(t, d, "a", "b")
		})
	}
}

func TestAMemberThatFailsTakesNobodyWithIt(t *testing.T) {
	d := openLite(t)
	failed := errors.New("failed")
	answers := together(t, d, adds("a"),
		func(tx *db.Tx) error { return errors.Join(adds("b")(tx), failed) },
		adds("a"), // breaks the unique key
		func(tx *db.Tx) error { _ = adds("c")(tx); panic("oh") },
		func(tx *db.Tx) error { _ = adds("d")(tx); runtime.Goexit(); return nil },
		adds("e"))
	if answers[0] != nil || !errors.Is(answers[1], failed) || answers[2] == nil || answers[3].Error() != "panic: oh" || answers[4].Error() != "left" || answers[5] != nil {
		t.Errorf("answers = %v", answers)
	}
	wantTags(t, d, "a", "e")
}

func TestACallerThatGoesAwayDoesNotHarmTheGroup(t *testing.T) {
	d := openLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	answers := together(t, d, adds("a"),
		func(tx *db.Tx) error {
			cancel()
			_, err := addTag(ctx, tx, "b") // a statement of a cancelled caller
			return err
		},
		adds("c"))
	if slices.ContainsFunc(answers, func(err error) bool { return err != nil }) {
		t.Errorf("answers = %v", answers)
	}
	wantTags(t, d, "a", "b", "c")
	err := d.Tx(ctx, func(*db.Tx) error { t.Error("ran for a caller that was gone"); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("err = %v", err)
	}
}

func TestACallerMayGiveUpWhileItWaits(t *testing.T) {
	d := openLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	answers := together(t, d, adds("a"), func(*db.Tx) error {
		cancel()
		err := d.Tx(ctx, nil) //nolint:staticcheck // panics: this is inside a Tx
		return err
	})
	if answers[0] != nil || !strings.Contains(fmt.Sprint(answers[1]), "a Tx inside") {
		t.Errorf("answers = %v", answers)
	}
	held, release := make(chan struct{}), make(chan struct{})
	go func() {
		_ = d.Tx(context.Background(), func(*db.Tx) error { close(held); <-release; return nil })
	}()
	<-held
	ctx, cancel = context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	err := d.Tx(ctx, func(*db.Tx) error { t.Error("ran after its caller gave up"); return nil })
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("err = %v", err)
	}
	close(release)
	mustTx(t, d, adds("b"))
	wantTags(t, d, "a", "b")
}

// TestAGraveErrorRunsEveryMemberAgainAlone breaks the transaction in the ways
// that SQLite can, in the middle of a group.
func TestAGraveErrorRunsEveryMemberAgainAlone(t *testing.T) {
	exec := func(tx *db.Tx, sql string) error {
		_, err := db.Exec(context.Background(), tx, sql)
		return err
	}
	const tooMuch = `INSERT INTO tombstones (uri, created_at) VALUES (hex(zeroblob(4000000)), 1)`
	for name, spoil := range map[string]func(tx *db.Tx) error{
		"full":             func(tx *db.Tx) error { return exec(tx, tooMuch) },
		"full, swallowed":  func(tx *db.Tx) error { _ = exec(tx, tooMuch); return nil },
		"interrupt":        db.Interrupt,
		"lost savepoint":   func(tx *db.Tx) error { return exec(tx, `ROLLBACK`) },
		"released":         func(tx *db.Tx) error { return exec(tx, `RELEASE member`) },
		"out of memory":    func(tx *db.Tx) error { return db.Spoil(tx, 7) },
		"input and output": func(tx *db.Tx) error { return db.Spoil(tx, 10|4<<8) },
		"busy":             func(tx *db.Tx) error { return db.Spoil(tx, 5) },
	} {
		t.Run(name, func(t *testing.T) {
			d := openLite(t)
			mustTx(t, d, func(tx *db.Tx) error { return exec(tx, `PRAGMA max_page_count = 1200`) })
			var told []any
			d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) { told = append(told, events...) }})
			runs := 0
			answers := together(t, d,
				func(tx *db.Tx) error { return errors.Join(adds("a")(tx), tx.Emit("a")) },
				func(tx *db.Tx) error {
					runs++
					return errors.Join(adds("b")(tx), tx.Emit("b"), spoil(tx))
				},
				func(tx *db.Tx) error { return errors.Join(adds("c")(tx), tx.Emit("c")) })
			if answers[0] != nil || answers[1] == nil || answers[2] != nil {
				t.Errorf("answers = %v", answers)
			}
			if runs < 2 {
				t.Errorf("ran %d times", runs)
			}
			wantTags(t, d, "a", "c")
			if !slices.Equal(told, []any{"a", "c"}) {
				t.Errorf("told %v", told)
			}
			mustTx(t, d, adds("z")) // the writer goes on
		})
	}
}

func TestALostConnectionIsReplaced(t *testing.T) {
	d := openLite(t)
	answers := together(t, d, adds("a"), func(tx *db.Tx) error { db.Break(tx); return nil }, adds("b"))
	if answers[0] != nil || answers[2] != nil {
		t.Errorf("answers = %v", answers)
	}
	wantTags(t, d, "a", "b")
}

func TestAStatementThatFailedEndsItsTransaction(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		ctx := t.Context()
		mustTx(t, d, adds("a"))
		err := d.Tx(ctx, func(tx *db.Tx) error {
			_ = adds("a")(tx) // breaks the unique key, and nobody cares
			if _, err := db.All(ctx, tx, db.Text, `SELECT name FROM tags`); err == nil {
				t.Error("the transaction went on")
			}
			return nil
		})
		if err == nil {
			t.Error("the transaction was committed")
		}
		wantTags(t, d, "a")
	})
}

func TestAnotherProgramMayHoldTheFileForAWhile(t *testing.T) {
	d := openLite(t)
	release := db.HoldFile(t, d)
	time.AfterFunc(200*time.Millisecond, release)
	mustTx(t, d, adds("a"))
	wantTags(t, d, "a")
}

func TestIDsFollowTheOrderOfCommits(t *testing.T) {
	d := openLite(t)
	var told []any
	d.SetHooks(db.Hooks{Committed: func(_ context.Context, events []any) { told = append(told, events...) }})
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for j := range 40 {
				err := d.Tx(t.Context(), func(tx *db.Tx) error {
					id, err := addTag(t.Context(), tx, fmt.Sprint(i, " ", j))
					if j%7 == 0 {
						return errors.New("left out")
					}
					return errors.Join(err, tx.Emit(id))
				})
				if (err != nil) != (j%7 == 0) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n := countTags(t, d); len(told) != int(n) {
		t.Errorf("%d events of %d commits", len(told), n)
	}
	if !slices.IsSortedFunc(told, func(a, b any) int { return int(a.(tagID) - b.(tagID)) }) {
		t.Error("ids were not told in their order")
	}
}

func TestIDsNeverGoBack(t *testing.T) {
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		c := dbtest.Config(t, engine, true)
		var first tagID
		for _, at := range []time.Time{now, now.Add(-time.Hour)} { // the clock goes back
			c.Clock = clock.NewManual(at)
			d, err := db.Open(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			mustTx(t, d, func(tx *db.Tx) error {
				id, err := addTag(t.Context(), tx, at.String())
				if id <= first {
					t.Errorf("id %d after %d", id, first)
				}
				first = id
				return err
			})
			if past := d.IDAt(at.Add(-time.Minute)); past>>16 != at.Add(-time.Minute).UnixMilli() {
				t.Errorf("the id of the past is of %d", past>>16)
			}
			if future := d.IDAt(at.Add(time.Hour)); future>>16 > at.UnixMilli() {
				t.Error("an id is of the future")
			}
			_ = d.Close()
		}
	})
}

func TestAnAddressWithOddSignsIsAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a ?b&c#d%20.db")
	d, err := db.Open(t.Context(), db.Config{URL: "sqlite:" + path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = d.Close() }()
	mustTx(t, d, func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, `CREATE TABLE a (b TEXT) STRICT`)
		return err
	})
	if found, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "a *d%20.db")); len(found) != 1 {
		t.Errorf("found %q", found)
	}
}

// Where nobody pauses, a group would grow while the disk has nothing to do, and all of it would wait for its last.
func TestAGroupEndsWhenItsTimeIsOverAndTheDiskIsFree(t *testing.T) {
	d := openLite(t, lasting)
	var syncs atomic.Int64
	db.OnSync(d, func(sync func() error) error { syncs.Add(1); return sync() })
	slow := func(name string) func(tx *db.Tx) error {
		return func(tx *db.Tx) error {
			for start := time.Now(); time.Since(start) < 2*db.GroupTime; {
				runtime.Gosched()
			}
			return adds(name)(tx)
		}
	}
	if err := errors.Join(together(t, d, slow("a"), slow("b"))...); err != nil {
		t.Error(err)
	}
	if n := syncs.Load(); n < 2 {
		t.Errorf("the slow ones shared a group: %d syncs", n)
	}
	wantTags(t, d, "a", "b")
}
