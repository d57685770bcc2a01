// Package heap lets a small program collect garbage less often. Go collects when the heap has doubled, which a server that holds 15 MB
// does thirty times a second while it answers pages, at a quarter of its processor time.
package heap

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// usual is Go's own: collect when the heap has grown by what it held.
const usual = 100

// GiveRoom lets at least so many bytes be allocated between two collections, whatever the heap holds. A heap that holds more than that
// is collected as usual. It lasts as long as the process; GOGC is overruled, GOMEMLIMIT holds.
func GiveRoom(bytes uint64) {
	adjust(bytes)
	again(bytes)
}

// again adjusts after the next collection, and so on: what nobody holds is cleaned up by each.
func again(bytes uint64) {
	sentinel := new([16]byte) // larger than what shares a block with others
	runtime.AddCleanup(sentinel, func(bytes uint64) {
		adjust(bytes)
		again(bytes)
	}, bytes)
}

func adjust(bytes uint64) {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}, {Name: "/gc/gogc:percent"}}
	metrics.Read(live)
	if live[0].Value.Kind() != metrics.KindUint64 || live[1].Value.Kind() != metrics.KindUint64 {
		return
	}
	wanted := percent(live[0].Value.Uint64(), bytes)
	if now := live[1].Value.Uint64(); wanted > now+now/10 || wanted < now-now/10 { // setting it stops the world for a moment
		debug.SetGCPercent(int(wanted))
	}
}

// percent is by how much a heap may grow so that there is room.
func percent(live, room uint64) uint64 {
	const least = 1 << 20 // what a heap that was never collected holds is not known
	return max(usual, min(room*100/max(live, least), 100*room/least))
}
