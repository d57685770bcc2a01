package courtesy

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestWorkYieldsOnAnotherThreadWhileSomebodyWaits(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	mine := thread(t)
	c := &Courtesy{}
	var got threadOf
	c.Behind(func() { got = thread(t) })
	if got != mine {
		t.Error("work was done elsewhere without threads")
	}
	c.start(1)
	c.Behind(func() { got = thread(t) })
	if got != mine {
		t.Error("work was done elsewhere though nobody waited")
	}
	defer c.Answering()()
	c.Behind(func() { got = thread(t) })
	if got.id == mine.id || got.nice != min(mine.nice+rank, 19) {
		t.Errorf("while somebody waited it was done by %+v, want another thread than %+v, of a rank lower by %d", got, mine, rank)
	}
	if got.turn != 0 && (got.turn > turn || mine.turn <= turn) { // Linux before 6.12 tells none
		t.Errorf("its turns are of %v, and ours of %v, want %v and more", got.turn, mine.turn, turn)
	}
	c.Stop()
	c.Behind(func() { got = thread(t) })
	if got != mine {
		t.Error("work was done elsewhere after Stop")
	}
}

// threadOf is one of the system's.
type threadOf struct {
	id, nice int
	turn     time.Duration
}

func thread(t *testing.T) threadOf {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		t.Error(err)
	}
	attr, err := unix.SchedGetAttr(0, 0)
	if err != nil {
		t.Error(err)
	}
	return threadOf{unix.Gettid(), 20 - raw, time.Duration(attr.Runtime)} // the system adds 20 so that none is negative
}
