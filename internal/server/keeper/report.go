package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// ReportOps is what keepers do with what members report.
type ReportOps interface {
	ListReports(ctx context.Context, in ReportList) ([]Report, error)
	ShowReport(ctx context.Context, in ReportID) (Report, error)
	ResolveReport(ctx context.Context, in ReportID) (Report, error)
}

func reportHandlers(ops ReportOps) map[string]control.Handler {
	return map[string]control.Handler{
		"report.list":    control.Handle(ops.ListReports),
		"report.show":    control.Handle(ops.ShowReport),
		"report.resolve": control.Handle(ops.ResolveReport),
	}
}

// ReportList asks for a hundred reports, the newest first.
type ReportList struct {
	All    bool   `json:"all,omitempty"`    // closed ones too
	Before string `json:"before,omitempty"` // only those older than this one
}

// ReportID names a report.
type ReportID struct {
	ID string `json:"id"`
}

// Report is a report as keepers see it.
type Report struct {
	ID             string           `json:"id"`
	Reporter       string           `json:"reporter"` // handles
	Target         string           `json:"target"`
	Category       string           `json:"category"`
	Comment        string           `json:"comment"`
	Statuses       []ReportedStatus `json:"statuses"`
	Forward        bool             `json:"forward"`
	ForwardDomains []string         `json:"forward_domains,omitempty"`
	Forwarded      bool             `json:"forwarded"`
	CreatedAt      string           `json:"created_at"`
	ResolvedAt     string           `json:"resolved_at,omitempty"` // "" while it is open
}

// ReportedStatus is a status that a report names. Only its id is left of one that was removed; lists do not tell more either.
type ReportedStatus struct {
	ID   string `json:"id"`
	URI  string `json:"uri,omitempty"`
	Text string `json:"text,omitempty"`
}

// ListReports lists reports.
func (c Client) ListReports(ctx context.Context, in ReportList) ([]Report, error) {
	return ask[[]Report](ctx, c, "report.list", in)
}

// ShowReport gives one report.
func (c Client) ShowReport(ctx context.Context, in ReportID) (Report, error) {
	return ask[Report](ctx, c, "report.show", in)
}

// ResolveReport closes a report.
func (c Client) ResolveReport(ctx context.Context, in ReportID) (Report, error) {
	return ask[Report](ctx, c, "report.resolve", in)
}
