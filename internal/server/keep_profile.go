package server

import (
	"bytes"
	"context"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

// maxProfile is how long a profile of processor time may be, in seconds.
const maxProfile = 120

// Profile shows what this process spends its time or memory on. It may hold what people wrote, so it goes to keepers alone.
func (k *Keeper) Profile(ctx context.Context, in keeper.Profile) (keeper.Profiled, error) {
	var out bytes.Buffer
	if in.Kind == "cpu" {
		if in.Seconds < 1 || in.Seconds > maxProfile {
			return keeper.Profiled{}, fault.New(fault.Invalid, "A profile of processor time takes 1 to 120 seconds")
		}
		if err := pprof.StartCPUProfile(&out); err != nil {
			return keeper.Profiled{}, fault.Wrap(err, fault.Conflict, "Another profile of processor time is being taken")
		}
		enough := time.NewTimer(time.Duration(in.Seconds) * time.Second)
		defer enough.Stop()
		select {
		case <-ctx.Done():
		case <-enough.C:
		}
		pprof.StopCPUProfile()
		return keeper.Profiled{Kind: in.Kind, Data: out.Bytes()}, ctx.Err()
	}
	if !slices.Contains([]string{"heap", "allocs", "goroutine"}, in.Kind) {
		return keeper.Profiled{}, fault.New(fault.Invalid, "A profile is of cpu, heap, allocs or goroutine")
	}
	if in.Kind == "heap" {
		runtime.GC() // what is garbage is not held
	}
	err := pprof.Lookup(in.Kind).WriteTo(&out, 0)
	return keeper.Profiled{Kind: in.Kind, Data: out.Bytes()}, err
}
