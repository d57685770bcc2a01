package main

import (
	"context"
	"fmt"
	"os"

	"anancus/internal/server/keeper"
)

// profileCmd shows what the running server is busy with.
type profileCmd struct {
	Kind    string `arg:"" enum:"cpu,heap,allocs,goroutine" help:"cpu, heap, allocs or goroutine."`
	Seconds int    `default:"10" placeholder:"N" help:"Of cpu: how long, 1 to 120."`
	Output  string `short:"o" placeholder:"FILE" help:"Where to write it; the default is KIND.pprof. It is read by 'go tool pprof', and may hold what people wrote."`
}

// Run takes a profile and writes it to a file that nobody else can read.
func (c profileCmd) Run(p *program) error {
	taken, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Profiled, error) {
		return ops.Profile(ctx, keeper.Profile{Kind: c.Kind, Seconds: c.Seconds})
	})
	if err != nil {
		return err
	}
	file := c.Output
	if file == "" {
		file = c.Kind + ".pprof"
	}
	if err := os.WriteFile(file, taken.Data, 0o600); err != nil {
		return fmt.Errorf("the profile cannot be written: %w", err)
	}
	p.tell(struct {
		Kind  string `json:"kind"`
		File  string `json:"file"`
		Bytes int    `json:"bytes"`
	}{c.Kind, file, len(taken.Data)}, fmt.Sprintf("Written to %s; read it with: go tool pprof -top %s", file, file))
	return nil
}
