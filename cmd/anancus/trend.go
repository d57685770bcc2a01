package main

import (
	"context"
	"fmt"

	"anancus/internal/server/keeper"
)

// trendCmd is about trends.
type trendCmd struct {
	List    trendListCmd    `cmd:"" help:"Print what trends, shown or not, the highest score first."`
	Approve trendApproveCmd `cmd:"" help:"Let something trend."`
	Reject  trendRejectCmd  `cmd:"" help:"Keep something from trending."`
	Refresh trendRefreshCmd `cmd:"" help:"Compute trends now, not within five minutes."`
}

type trendListCmd struct {
	Kind string `arg:"" enum:"tags,links,statuses" help:"tags, links or statuses."`
}

// Run prints the trends.
func (c trendListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Trend, error) {
		return ops.ListTrends(ctx, keeper.TrendKind{Kind: c.Kind})
	})
	if err != nil {
		return err
	}
	var lines []string
	for _, one := range list {
		lines = append(lines, trendLine(one))
	}
	p.tell(list, lines...)
	return nil
}

func trendLine(t keeper.Trend) string {
	state := "hidden"
	if t.Trendable {
		state = "shown"
	}
	if t.RequiresReview {
		state += ", to be reviewed"
	}
	line := fmt.Sprintf("%10.2f  %s  %s", t.Score, t.Name, state)
	if t.Author != "" {
		line += "  by " + t.Author + "  " + t.URL
	}
	return line
}

// trendReview are the arguments of a decision.
type trendReview struct {
	Kind   string   `arg:"" enum:"tags,links,statuses" help:"tags, links or statuses."`
	Names  []string `arg:"" help:"Hashtags, addresses, or ids of statuses, as trend list prints them."`
	Author bool     `help:"Decide about everything the authors of these statuses write."`
}

func (c trendReview) decide(p *program, trendable bool, word string) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.TrendDecision, error) {
		return ops.ReviewTrends(ctx, keeper.TrendReview{Kind: c.Kind, Names: c.Names, Trendable: trendable, Author: c.Author})
	})
	if err != nil {
		return err
	}
	lines := make([]string, len(made))
	for i, one := range made {
		lines[i] = word + ": " + one.Name
	}
	p.tell(made, lines...)
	return nil
}

type (
	trendApproveCmd struct {
		trendReview `embed:""`
	}
	trendRejectCmd struct {
		trendReview `embed:""`
	}
)

// Run approves.
func (c trendApproveCmd) Run(p *program) error { return c.decide(p, true, "Approved") }

// Run rejects.
func (c trendRejectCmd) Run(p *program) error { return c.decide(p, false, "Rejected") }

type trendRefreshCmd struct{}

// Run computes the trends.
func (trendRefreshCmd) Run(p *program) error {
	n, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.TrendCount, error) { return ops.RefreshTrends(ctx) })
	if err != nil {
		return err
	}
	p.tell(n, fmt.Sprintf("Trending, shown or not: hashtags %d, links %d, statuses %d", n.Tags, n.Links, n.Statuses))
	return nil
}
