package server

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/server/keeper"
	"anancus/internal/social/id"
	"anancus/internal/social/moderation"
)

// ListReports lists reports, the newest first.
func (k *Keeper) ListReports(ctx context.Context, in keeper.ReportList) ([]keeper.Report, error) {
	var before id.Report
	if in.Before != "" {
		var err error
		if before, err = id.Parse[id.Report](in.Before); err != nil {
			return nil, noReport(err, in.Before)
		}
	}
	list, err := k.server.moderation.Reports(ctx, in.All, before)
	if err != nil {
		return nil, err
	}
	return k.shownReports(ctx, list)
}

// ShowReport gives one report, with what is left of the statuses it names.
func (k *Keeper) ShowReport(ctx context.Context, in keeper.ReportID) (keeper.Report, error) {
	return k.withReport(ctx, in.ID, k.server.moderation.Report)
}

// ResolveReport closes a report.
func (k *Keeper) ResolveReport(ctx context.Context, in keeper.ReportID) (keeper.Report, error) {
	return k.withReport(ctx, in.ID, k.server.moderation.Resolve)
}

func (k *Keeper) withReport(ctx context.Context, name string, do func(context.Context, id.Report) (*moderation.Report, error)) (keeper.Report, error) {
	report, err := id.Parse[id.Report](name)
	if err != nil {
		return keeper.Report{}, noReport(err, name)
	}
	found, err := do(ctx, report)
	if err != nil {
		return keeper.Report{}, noReport(err, name)
	}
	list, err := k.shownReports(ctx, []*moderation.Report{found})
	if err != nil {
		return keeper.Report{}, err
	}
	type row struct {
		id        id.Status
		uri, html string
	}
	rows, err := db.All(ctx, k.server.db, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.id, &x.uri, &x.html)
		return x, err
	}, `SELECT id, uri, content FROM statuses WHERE id {in $1}`, found.Statuses)
	if err != nil {
		return keeper.Report{}, err
	}
	for i := range list[0].Statuses {
		for _, x := range rows {
			if list[0].Statuses[i].ID == x.id.String() {
				list[0].Statuses[i].URI, list[0].Statuses[i].Text = x.uri, text.StripControl(text.PlainText(x.html))
			}
		}
	}
	return list[0], nil
}

// noReport says which report a keeper's command did not find.
func noReport(err error, name string) error {
	if fault.Is(err, fault.NotFound) {
		return fault.New(fault.NotFound, fmt.Sprintf("There is no report %q", name))
	}
	return err
}

func (k *Keeper) shownReports(ctx context.Context, list []*moderation.Report) ([]keeper.Report, error) {
	var ids []id.Account
	for _, r := range list {
		ids = append(ids, r.Reporter, r.Target)
	}
	people, err := k.server.accounts.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	handles := map[id.Account]string{}
	for _, a := range people {
		if handles[a.ID] = "@" + a.Acct(); a.Local() {
			handles[a.ID] += "@" + k.server.site.Domain
		}
	}
	shown := make([]keeper.Report, len(list))
	for i, r := range list {
		shown[i] = keeper.Report{ID: r.ID.String(), Reporter: handles[r.Reporter], Target: handles[r.Target], Category: r.Category, Comment: text.StripControl(r.Comment),
			Statuses: []keeper.ReportedStatus{}, Forward: r.Forward, ForwardDomains: r.ForwardDomains, Forwarded: r.Forwarded, CreatedAt: r.CreatedAt.Format(time.RFC3339)}
		if !r.ResolvedAt.IsZero() {
			shown[i].ResolvedAt = r.ResolvedAt.Format(time.RFC3339)
		}
		for _, one := range r.Statuses {
			shown[i].Statuses = append(shown[i].Statuses, keeper.ReportedStatus{ID: one.String()})
		}
	}
	return shown, nil
}
