package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// ProfileOps shows what a running server spends its time and memory on.
type ProfileOps interface {
	Profile(ctx context.Context, in Profile) (Profiled, error)
}

func profileHandlers(ops ProfileOps) map[string]control.Handler {
	return map[string]control.Handler{"profile": control.Handle(ops.Profile)}
}

// Profile asks for one.
type Profile struct {
	Kind    string `json:"kind"`              // cpu, heap, allocs or goroutine
	Seconds int    `json:"seconds,omitempty"` // of cpu: how long, 1 to 120
}

// Profiled is a profile as Go's pprof reads it.
type Profiled struct {
	Kind string `json:"kind"`
	Data []byte `json:"data"`
}

// Profile takes one.
func (c Client) Profile(ctx context.Context, in Profile) (Profiled, error) {
	return ask[Profiled](ctx, c, "profile", in)
}
