package moderation

import (
	"context"
	"strconv"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type reportForm struct {
	Account     string   `form:"account_id"`
	Statuses    []string `form:"status_ids"`
	Collections []string `form:"collection_ids"`
	Comment     string   `form:"comment"`
	Category    string   `form:"category"`
	Rules       []string `form:"rule_ids"`
	Forward     bool     `form:"forward"`
	Domains     []string `form:"forward_to_domains"`
}

// CreateReport serves POST /api/v1/reports.
func (s *Service) CreateReport(c *viewer.Call) (any, error) {
	form, err := rest.Decode[reportForm](c)
	if err != nil {
		return nil, err
	}
	r := &Report{Reporter: c.Viewer.Account, Category: form.Category, Comment: form.Comment, Forward: form.Forward, ForwardDomains: form.Domains}
	if r.Target, err = id.Parse[id.Account](form.Account); err != nil {
		return nil, err
	}
	if r.Statuses, err = numbers[id.Status](form.Statuses); err != nil {
		return nil, err
	}
	if r.Collections, err = numbers[int64](form.Collections); err != nil {
		return nil, err
	}
	if r.Rules, err = numbers[int64](form.Rules); err != nil {
		return nil, fault.New(fault.Invalid, "Validation failed: Rule ids does not reference valid rules")
	}
	if err := s.File(c.Context(), r, func(ids []id.Status) ([]id.Status, error) { return s.statuses.VisibleIDs(c, ids) }); err != nil {
		return nil, err
	}
	rows, err := s.accounts.Rows(c.Context(), []id.Account{r.Target})
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.RecordNotFound()
	}
	return present(r, rows[0]), nil
}

// Shown gives reports as clients see them, in two queries. One of an account that is gone without a trace is left out.
func (s *Service) Shown(ctx context.Context, reports []id.Report) (map[id.Report]*mastodon.Report, error) {
	list, err := byIDs(ctx, s.db, reports)
	if err != nil {
		return nil, err
	}
	targets := make([]id.Account, len(list))
	for i, r := range list {
		targets[i] = r.Target
	}
	people, err := s.accounts.Shown(ctx, targets)
	if err != nil {
		return nil, err
	}
	shown := make(map[id.Report]*mastodon.Report, len(list))
	for _, r := range list {
		if target := people[r.Target]; target != nil {
			m := present(r, target)
			shown[r.ID] = &m
		}
	}
	return shown, nil
}

// numbers reads ids; blank ones, by which forms send empty lists, are left out.
func numbers[T ~int64](texts []string) ([]T, error) {
	var list []T
	for _, text := range texts {
		if text == "" {
			continue
		}
		one, err := id.Parse[T](text)
		if err != nil {
			return nil, err
		}
		list = append(list, one)
	}
	return list, nil
}

func present(r *Report, target []byte) mastodon.Report {
	m := mastodon.Report{ID: r.ID.String(), ActionTaken: !r.ResolvedAt.IsZero(), Category: r.Category, Comment: r.Comment, Forwarded: r.Forwarded,
		CreatedAt: mastodon.Time(r.CreatedAt), StatusIDs: words(r.Statuses), CollectionIDs: words(r.Collections), TargetAccount: target}
	if r.Category == "violation" {
		m.RuleIDs = words(r.Rules)
	}
	if m.ActionTaken {
		at := mastodon.Time(r.ResolvedAt)
		m.ActionTakenAt = &at
	}
	return m
}

func words[T ~int64](ids []T) []string {
	list := make([]string, len(ids))
	for i, one := range ids {
		list[i] = strconv.FormatInt(int64(one), 10)
	}
	return list
}
