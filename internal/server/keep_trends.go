package server

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

// ListTrends gives what trends, the highest score first.
func (k *Keeper) ListTrends(ctx context.Context, in keeper.TrendKind) ([]keeper.Trend, error) {
	list, err := k.server.trends.Entries(ctx, in.Kind)
	out := make([]keeper.Trend, len(list))
	for i, one := range list {
		out[i] = keeper.Trend{Name: one.Name, Author: one.Author, URL: one.URL, Score: one.Score, Trendable: one.Trendable, RequiresReview: !one.Reviewed}
	}
	return out, err
}

// ReviewTrends decides about trends, one after the other: it ends at the first that is not known.
func (k *Keeper) ReviewTrends(ctx context.Context, in keeper.TrendReview) ([]keeper.TrendDecision, error) {
	if in.Author && in.Kind != "statuses" {
		return nil, fault.New(fault.Invalid, "Only statuses have authors to decide about")
	}
	out := []keeper.TrendDecision{}
	for _, name := range in.Names {
		var err error
		if in.Author {
			err = k.server.trends.ReviewAuthor(ctx, name, in.Trendable)
		} else {
			err = k.server.trends.Review(ctx, in.Kind, name, in.Trendable)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, keeper.TrendDecision{Name: name, Trendable: in.Trendable})
	}
	return out, nil
}

// RefreshTrends computes the scores now, as the schedule does every few minutes.
func (k *Keeper) RefreshTrends(ctx context.Context) (keeper.TrendCount, error) {
	var n keeper.TrendCount
	if err := k.server.trends.Refresh(ctx); err != nil {
		return n, err
	}
	for kind, count := range map[string]*int{"tags": &n.Tags, "links": &n.Links, "statuses": &n.Statuses} {
		list, err := k.server.trends.Entries(ctx, kind)
		if err != nil {
			return n, err
		}
		*count = len(list)
	}
	return n, nil
}
