//go:build !linux

package courtesy

// canYield is untrue elsewhere: there is no way to rank one thread, or none that Go's standard packages know.
const canYield = false

func yield(int) {}
