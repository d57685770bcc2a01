package keeper

import (
	"context"
	"time"

	"anancus/internal/kit/control"
)

// DeliveryOps is what leaves for other servers.
type DeliveryOps interface {
	ListDeliveries(ctx context.Context, in DeliveryHost) ([]Delivery, error)
	RetryDeliveries(ctx context.Context, in DeliveryHost) (Delivery, error)
}

// DeliveryHost names another server, with its port if it has one; "" stands for all that something waits for, or that fail.
type DeliveryHost struct {
	Host string `json:"host,omitempty"`
}

// Delivery tells how deliveries to another server fare.
type Delivery struct {
	Host          string     `json:"host"`
	State         string     `json:"state"` // idle, waiting, failing, paused or unavailable
	Waiting       int64      `json:"waiting"`
	Oldest        *time.Time `json:"oldest,omitempty"`       // of those that wait
	NextAt        *time.Time `json:"next_at,omitempty"`      // when something is sent next
	Failures      int        `json:"failures"`               // in a row
	FailureDays   []string   `json:"failure_days,omitempty"` // UTC days with a failure and no success since; after seven the server is unavailable
	PausedUntil   *time.Time `json:"paused_until,omitempty"`
	UnavailableAt *time.Time `json:"unavailable_at,omitempty"`
	LastError     string     `json:"last_error,omitempty"`
}

func deliveryHandlers(ops DeliveryOps) map[string]control.Handler {
	return map[string]control.Handler{
		"delivery.list":  control.Handle(ops.ListDeliveries),
		"delivery.retry": control.Handle(ops.RetryDeliveries),
	}
}

// ListDeliveries tells how deliveries fare.
func (c Client) ListDeliveries(ctx context.Context, in DeliveryHost) ([]Delivery, error) {
	return ask[[]Delivery](ctx, c, "delivery.list", in)
}

// RetryDeliveries forgets the failures of a server and sends at once what waits for it.
func (c Client) RetryDeliveries(ctx context.Context, in DeliveryHost) (Delivery, error) {
	return ask[Delivery](ctx, c, "delivery.retry", in)
}
