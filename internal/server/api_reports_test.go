package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestAReportReachesKeepers(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		one, two := bo.Publish("buy <b>this</b>"), bo.Publish("secretly @ada", "visibility", "direct")
		var report map[string]any
		ada.Post("/api/v1/reports", url.Values{"account_id": {bo.ID}, "status_ids[]": {two.ID, one.ID, one.ID}, "comment": {"he sells things\x1b[2J"}, "category": {"spam"},
			"rule_ids[]": {"1"}, "collection_ids[]": {"7"}, "forward": {"true"}, "forward_to_domains[]": {"There.example"}}, &report)
		for key, want := range map[string]any{"action_taken": false, "action_taken_at": nil, "category": "spam", "comment": "he sells things\x1b[2J", "forwarded": false,
			"status_ids": []any{one.ID, two.ID}, "collection_ids": []any{"7"}, "rule_ids": nil} {
			if fmt.Sprint(report[key]) != fmt.Sprint(want) {
				t.Errorf("%s is %v, want %v", key, report[key], want)
			}
		}
		target, _ := report["target_account"].(map[string]any)
		if len(report) != 11 || target["id"] != bo.ID || report["created_at"] == nil {
			t.Errorf("the report is %v", report)
		}
		var plain map[string]any
		ada.Post("/api/v1/reports", url.Values{"account_id": {bo.ID}}, &plain)
		if plain["category"] != "other" || plain["comment"] != "" || fmt.Sprint(plain["status_ids"]) != "[]" {
			t.Errorf("a report without words is %v", plain)
		}
		ada.Post("/api/v1/reports", url.Values{"account_id": {bo.ID}, "category": {"violation"}}, &plain)
		if plain["rule_ids"] == nil {
			t.Error("a violation has a list of rules")
		}

		ops, ctx := s.Keeper(), t.Context()
		list, err := ops.ListReports(ctx, keeper.ReportList{})
		if err != nil || len(list) != 3 || list[2].ID != report["id"] || list[2].Reporter != ada.Handle() || list[2].Target != bo.Handle() || len(list[2].Statuses) != 2 {
			t.Fatalf("keepers are shown %+v (%v)", list, err)
		}
		if older, err := ops.ListReports(ctx, keeper.ReportList{Before: list[1].ID}); err != nil || len(older) != 1 {
			t.Errorf("older than the second: %+v (%v)", older, err)
		}
		bo.Delete(one.ID)
		shown, err := ops.ShowReport(ctx, keeper.ReportID{ID: list[2].ID})
		if err != nil || shown.Statuses[0].Text != "buy <b>this</b>" || shown.Statuses[0].URI != one.URI || strings.Contains(shown.Comment, "\x1b") ||
			!shown.Forward || shown.Forwarded || len(shown.ForwardDomains) != 1 || shown.ForwardDomains[0] != "there.example" {
			t.Errorf("the report: %+v (%v)", shown, err)
		}
		for range 2 {
			if closed, err := ops.ResolveReport(ctx, keeper.ReportID{ID: list[2].ID}); err != nil || closed.ResolvedAt == "" {
				t.Errorf("closed: %+v (%v)", closed, err)
			}
		}
		if open, err := ops.ListReports(ctx, keeper.ReportList{}); err != nil || len(open) != 2 {
			t.Errorf("%d are open (%v)", len(open), err)
		}
		if all, err := ops.ListReports(ctx, keeper.ReportList{All: true}); err != nil || len(all) != 3 {
			t.Errorf("there are %d in all (%v)", len(all), err)
		}
		for _, bad := range []string{"1", "x"} {
			if _, err := ops.ShowReport(ctx, keeper.ReportID{ID: bad}); !fault.Is(err, fault.NotFound) {
				t.Errorf("report %s: %v", bad, err)
			}
			if _, err := ops.ResolveReport(ctx, keeper.ReportID{ID: bad}); !fault.Is(err, fault.NotFound) {
				t.Errorf("closing report %s: %v", bad, err)
			}
		}
	})
}

func TestWhatAReportRefuses(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine, func(c *config.Config) { c.RateLimits = true })
		ada, bo, cy, gus := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("gus")
		others, private, gone := cy.Publish("mine"), bo.Publish("for followers", "visibility", "private"), bo.Publish("soon gone")
		bo.Delete(gone.ID)
		suspend(t, s, gus)
		for name, test := range map[string]struct {
			form url.Values
			code int
		}{
			"of nobody":                     {url.Values{}, 404},
			"of who is not there":           {url.Values{"account_id": {"1"}}, 404},
			"of the suspended":              {url.Values{"account_id": {gus.ID}}, 404},
			"a status of somebody else":     {url.Values{"account_id": {bo.ID}, "status_ids[]": {others.ID}}, 404},
			"a status one may not read":     {url.Values{"account_id": {bo.ID}, "status_ids[]": {private.ID}}, 404},
			"a status that is gone":         {url.Values{"account_id": {bo.ID}, "status_ids[]": {gone.ID}}, 404},
			"a status that is none":         {url.Values{"account_id": {bo.ID}, "status_ids[]": {"x"}}, 404},
			"a category that is none":       {url.Values{"account_id": {bo.ID}, "category": {"boring"}}, 422},
			"a rule that is none":           {url.Values{"account_id": {bo.ID}, "category": {"violation"}, "rule_ids[]": {"1"}}, 422},
			"a thousand and one characters": {url.Values{"account_id": {bo.ID}, "comment": {strings.Repeat("é", 1001)}}, 422},
		} {
			var body struct{ Error string }
			answer := ada.Do(http.MethodPost, "/api/v1/reports", test.form, &body)
			if answer.StatusCode != test.code || body.Error == "" {
				t.Errorf("%s answered %d %q, want %d", name, answer.StatusCode, body.Error, test.code)
			}
			if answer.Header.Get("X-RateLimit-Remaining") == "" {
				t.Errorf("%s tells no limits", name)
			}
		}
		if n := count(t, s, `SELECT COUNT(*) FROM reports`); n != 0 {
			t.Errorf("%d reports were stored", n)
		}
	})
}
