package courtesy

import (
	"time"

	"golang.org/x/sys/unix"
)

// canYield tells whether one thread can have another rank than the rest of the process.
const canYield = true

// turn is how long a thread that yields runs before another may, the shortest there is: Linux (6.12 and newer) lets each
// finish its turn even where those who come outrank it, and an ordinary turn is as long as a signature. It matters most to
// other processes such as a database, since ranks count within a session or a service alone.
const turn = 100 * time.Microsecond

// yield lowers the rank of the thread that calls it.
func yield(by int) {
	attr, err := unix.SchedGetAttr(0, 0)
	if err == nil {
		attr.Nice, attr.Runtime = int32(by), uint64(turn.Nanoseconds())
		err = unix.SchedSetAttr(0, attr, 0)
	}
	if err != nil { // an old system, or a container that refuses it; the rest is a courtesy too, so that no error is one for the caller
		_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), by)
	}
}
