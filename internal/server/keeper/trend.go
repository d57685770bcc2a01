package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// TrendOps is what keepers decide about trends.
type TrendOps interface {
	ListTrends(ctx context.Context, in TrendKind) ([]Trend, error)
	ReviewTrends(ctx context.Context, in TrendReview) ([]TrendDecision, error)
	RefreshTrends(ctx context.Context) (TrendCount, error)
}

// TrendKind asks for trends of a kind: tags, links or statuses.
type TrendKind struct {
	Kind string `json:"kind"`
}

// Trend is something that trends, or would if keepers let it.
type Trend struct {
	Name           string  `json:"name"`             // a hashtag, an address, or the id of a status
	Author         string  `json:"author,omitempty"` // of a status
	URL            string  `json:"url,omitempty"`    // of a status
	Score          float64 `json:"score"`
	Trendable      bool    `json:"trendable"`       // whether it is shown
	RequiresReview bool    `json:"requires_review"` // no keeper decided yet
}

// TrendReview decides about trends.
type TrendReview struct {
	Kind      string   `json:"kind"`
	Names     []string `json:"names"`
	Trendable bool     `json:"trendable"`
	Author    bool     `json:"author,omitempty"` // of statuses: decide about all of their authors'
}

// TrendDecision is one of the decisions made.
type TrendDecision struct {
	Name      string `json:"name"`
	Trendable bool   `json:"trendable"`
}

// TrendCount tells how much of each kind trends, shown or not.
type TrendCount struct {
	Tags     int `json:"tags"`
	Links    int `json:"links"`
	Statuses int `json:"statuses"`
}

func trendHandlers(ops TrendOps) map[string]control.Handler {
	return map[string]control.Handler{
		"trend.list":    control.Handle(ops.ListTrends),
		"trend.review":  control.Handle(ops.ReviewTrends),
		"trend.refresh": control.Handle(func(ctx context.Context, _ nothing) (TrendCount, error) { return ops.RefreshTrends(ctx) }),
	}
}

// ListTrends gives what trends, the highest score first.
func (c Client) ListTrends(ctx context.Context, in TrendKind) ([]Trend, error) {
	return ask[[]Trend](ctx, c, "trend.list", in)
}

// ReviewTrends decides about trends.
func (c Client) ReviewTrends(ctx context.Context, in TrendReview) ([]TrendDecision, error) {
	return ask[[]TrendDecision](ctx, c, "trend.review", in)
}

// RefreshTrends computes the scores anew.
func (c Client) RefreshTrends(ctx context.Context) (TrendCount, error) {
	return ask[TrendCount](ctx, c, "trend.refresh", nothing{})
}
