package main

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/server/keeper"
)

// reportCmd is about reports.
type reportCmd struct {
	List    reportListCmd    `cmd:"" help:"Print the open reports, the newest first."`
	Show    reportShowCmd    `cmd:"" help:"Print one report with the statuses it names."`
	Resolve reportResolveCmd `cmd:"" help:"Close a report."`
}

type reportListCmd struct {
	All    bool   `help:"Closed reports too."`
	Before string `placeholder:"ID" help:"Only reports older than this one: the next hundred of a long list."`
}

// Run prints them.
func (r reportListCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Report, error) {
		return ops.ListReports(ctx, keeper.ReportList{All: r.All, Before: r.Before})
	})
	if err != nil {
		return err
	}
	lines := []string{"No reports."}
	if len(list) > 0 {
		lines = nil
	}
	for _, one := range list {
		lines = append(lines, oneLine(one))
	}
	p.tell(list, lines...)
	return nil
}

func oneLine(r keeper.Report) string {
	state := "open"
	if r.ResolvedAt != "" {
		state = "closed"
	}
	comment, _, more := strings.Cut(r.Comment, "\n")
	if more {
		comment += " …"
	}
	return fmt.Sprintf("%s  %s  %s  %s  %s about %s  %d statuses  %s", r.ID, r.CreatedAt, state, r.Category, r.Reporter, r.Target, len(r.Statuses), comment)
}

type reportShowCmd struct {
	ID string `arg:"" help:"The report's id."`
}

// Run prints the report.
func (r reportShowCmd) Run(p *program) error {
	report, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Report, error) {
		return ops.ShowReport(ctx, keeper.ReportID{ID: r.ID})
	})
	if err != nil {
		return err
	}
	lines := []string{oneLine(report), "Comment: " + report.Comment}
	for _, s := range report.Statuses {
		lines = append(lines, "Status: "+s.ID+" "+s.URI, "  "+strings.ReplaceAll(s.Text, "\n", "\n  "))
	}
	if report.Forward || len(report.ForwardDomains) > 0 {
		lines = append(lines, "To be forwarded: "+strings.Join(report.ForwardDomains, " "))
	}
	p.tell(report, lines...)
	return nil
}

type reportResolveCmd struct {
	ID string `arg:"" help:"The report's id."`
}

// Run closes the report.
func (r reportResolveCmd) Run(p *program) error {
	report, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Report, error) {
		return ops.ResolveReport(ctx, keeper.ReportID{ID: r.ID})
	})
	if err != nil {
		return err
	}
	p.tell(report, oneLine(report))
	return nil
}
