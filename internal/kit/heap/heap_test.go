package heap

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

func TestASmallHeapGetsRoomAndALargeOneIsCollectedAsUsual(t *testing.T) {
	const mb = 1 << 20
	for _, c := range []struct{ live, room, percent uint64 }{
		{16 * mb, 48 * mb, 300}, {48 * mb, 48 * mb, 100}, {200 * mb, 48 * mb, 100}, {0, 48 * mb, 4800}, {1, 48 * mb, 4800},
	} {
		if got := percent(c.live, c.room); got != c.percent {
			t.Errorf("%d MB with room for %d: %d %%, not %d", c.live/mb, c.room/mb, got, c.percent)
		}
	}
}

var held []byte

func TestTheRoomFollowsWhatTheHeapHolds(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	GiveRoom(64 << 20)
	wait := func(says string, right func(percent int) bool) {
		t.Helper()
		var now int
		for begin := time.Now(); time.Since(begin) < time.Minute; {
			runtime.GC()
			now = debug.SetGCPercent(100)
			debug.SetGCPercent(now)
			if right(now) {
				return
			}
		}
		t.Fatalf("%s: %d %%", says, now)
	}
	wait("a small heap", func(percent int) bool { return percent > 400 })
	held = make([]byte, 200<<20)
	wait("a large heap", func(percent int) bool { return percent == 100 })
	held = nil
	wait("a small heap again", func(percent int) bool { return percent > 400 })
}
