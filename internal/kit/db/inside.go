package db

import (
	"runtime"
	"slices"
	"sync"
)

// The closure of a Tx has no context of its own, so what tells a nested Tx
// from one beside it is the stack: below it stands the call of a closure. Its
// return address is the same in every stack, and finding it costs a
// microsecond where asking for the goroutine's number costs thirty.

// callClosure is the only place that calls a transaction's closure.
//
//go:noinline
func callClosure(do func(tx *Tx) error, tx *Tx) error {
	err := do(tx)
	runtime.KeepAlive(tx) // so that this is a call with something after it
	return err
}

// callCommitted is the only place that calls live effects.
//
//go:noinline
func callCommitted(committed func()) {
	committed()
	runtime.KeepAlive(&committed)
}

// reach is how far up the stack is looked: rooms are not that deep.
const reach = 64

// callSites are the addresses to look for.
var callSites = sync.OnceValue(func() (sites struct{ closure, committed uintptr }) {
	_ = callClosure(func(*Tx) error { sites.closure = returnAddress(); return nil }, nil)
	callCommitted(func() { sites.committed = returnAddress() })
	return sites
})

// returnAddress tells where the function that asks will return to.
//
//go:noinline
func returnAddress() uintptr {
	var pcs [1]uintptr
	runtime.Callers(3, pcs[:]) // past Callers, this, and the one who asks
	return pcs[0]
}

// insideClosure tells whether a transaction's closure is running below us.
func insideClosure() bool {
	var pcs [reach]uintptr
	return runsBelow(pcs[:runtime.Callers(2, pcs[:])], callSites().closure)
}

// insideEither tells whether a closure or a live effect is running below us.
func insideEither() bool {
	var pcs [reach]uintptr
	stack, sites := pcs[:runtime.Callers(2, pcs[:])], callSites()
	return runsBelow(stack, sites.closure) || runsBelow(stack, sites.committed)
}

// runsBelow tells whether a call is on the stack that has not been left. One
// that panicked is still there while deferred functions run, those of callers
// who recovered among them.
func runsBelow(stack []uintptr, site uintptr) bool {
	at := slices.Index(stack, site)
	if at < 0 {
		return false
	}
	frames := runtime.CallersFrames(stack[:at])
	for {
		frame, more := frames.Next()
		if frame.Function == "runtime.gopanic" || frame.Function == "runtime.Goexit" {
			return false
		}
		if !more {
			return true
		}
	}
}
