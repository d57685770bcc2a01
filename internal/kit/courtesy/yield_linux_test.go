package courtesy

import (
	"runtime"
	"testing"

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
	c.Stop()
	c.Behind(func() { got = thread(t) })
	if got != mine {
		t.Error("work was done elsewhere after Stop")
	}
}

// threadOf is one of the system's.
type threadOf struct{ id, nice int }

func thread(t *testing.T) threadOf {
	raw, err := unix.Getpriority(unix.PRIO_PROCESS, unix.Gettid())
	if err != nil {
		t.Error(err)
	}
	return threadOf{unix.Gettid(), 20 - raw} // the system adds 20 so that none is negative
}
