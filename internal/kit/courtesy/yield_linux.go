package courtesy

import "golang.org/x/sys/unix"

// canYield tells whether one thread can have another rank than the rest of the process.
const canYield = true

// yield lowers the rank of the thread that calls it.
func yield(by int) {
	_ = unix.Setpriority(unix.PRIO_PROCESS, unix.Gettid(), by) // it is a courtesy
}
