package main

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/server/keeper"
)

// deliveryCmd is about what leaves for other servers.
type deliveryCmd struct {
	Status deliveryStatusCmd `cmd:"" help:"Print what waits for other servers, and which of them fail."`
	Retry  deliveryRetryCmd  `cmd:"" help:"Forget the failures of a server and send at once what waits for it."`
}

type deliveryStatusCmd struct {
	Domain string `arg:"" optional:"" help:"One server. Without it, all that something waits for or that fail, at most 1000."`
}

// Run prints them.
func (c deliveryStatusCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Delivery, error) {
		return ops.ListDeliveries(ctx, keeper.DeliveryHost{Host: c.Domain})
	})
	if err != nil {
		return err
	}
	if len(list) == 0 {
		p.tell(list, "Nothing waits, and no server fails.")
		return nil
	}
	lines := []string{fmt.Sprintf("%-32s %-12s %8s %9s  %-20s  %s", "server", "state", "waiting", "failures", "next", "last error")}
	for _, one := range list {
		lines = append(lines, deliveryLine(one))
	}
	p.tell(list, lines...)
	return nil
}

func deliveryLine(d keeper.Delivery) string {
	next := "-"
	if d.NextAt != nil {
		next = d.NextAt.UTC().Format(time.RFC3339)
	}
	return fmt.Sprintf("%-32s %-12s %8d %9d  %-20s  %s", d.Host, d.State, d.Waiting, d.Failures, next, d.LastError)
}

type deliveryRetryCmd struct {
	Domain string `arg:"" help:"The server."`
}

// Run makes everything due.
func (c deliveryRetryCmd) Run(p *program) error {
	state, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Delivery, error) {
		return ops.RetryDeliveries(ctx, keeper.DeliveryHost{Host: c.Domain})
	})
	if err != nil {
		return err
	}
	p.tell(state, fmt.Sprintf("%s: %d deliveries are tried now.", state.Host, state.Waiting))
	return nil
}
