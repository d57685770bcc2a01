// Package heaptest tells tests what is in use of the heap, so that they can see whether what is counted is what is taken.
package heaptest

import "runtime"

// InUse gives the bytes that are reachable: it collects until nothing more becomes free, since finalizers, pools and the tests before hold
// some for a while.
func InUse() int64 {
	var m runtime.MemStats
	for last := ^uint64(0); ; last = m.HeapAlloc {
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		if m.HeapAlloc >= last {
			return int64(last) //nolint:gosec // no heap is so large
		}
	}
}
