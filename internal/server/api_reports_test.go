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

// staff makes a member with a role.
func staff(t *testing.T, s *servertest.Server, name, role string) *servertest.Person {
	t.Helper()
	p := s.Join(name)
	write(t, s, `UPDATE members SET role = $2 WHERE account_id = $1`, number(t, p.ID), role)
	p.Token = s.TokenFor(name, "read write follow push")
	return p
}

func TestStaffIsToldOfReports(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		eve, mo, ada, bo, cy := staff(t, s, "eve", "owner"), staff(t, s, "mo", "moderator"), s.Join("ada"), s.Join("bo"), s.Join("cy")
		servertest.Settle(t, s)
		post := bo.Publish("buy this")
		file := func(p *servertest.Person, of string, pairs ...string) (report map[string]any) {
			t.Helper()
			form := formOf(pairs...)
			form.Set("account_id", of)
			p.Post("/api/v1/reports", form, &report)
			servertest.Settle(t, s)
			return report
		}
		first := file(ada, bo.ID, "status_ids[]", post.ID, "category", "spam", "comment", "look")
		file(cy, bo.ID) // as Mastodon: whoever reads the first meets the second
		var list []map[string]any
		for _, p := range []*servertest.Person{eve, mo} {
			p.Get("/api/v1/notifications?types[]=admin.report", &list)
			if len(list) != 1 {
				t.Fatalf("%s is told %v", p.Name, list)
			}
			report, _ := list[0]["report"].(map[string]any)
			target, _ := report["target_account"].(map[string]any)
			if account, _ := list[0]["account"].(map[string]any); account["id"] != ada.ID || report["id"] != first["id"] || report["comment"] != "look" || report["category"] != "spam" ||
				fmt.Sprint(report["status_ids"]) != fmt.Sprint([]any{post.ID}) || target["id"] != bo.ID || list[0]["status"] != nil || list[0]["fallback"] != nil {
				t.Errorf("%s is told %v", p.Name, list[0])
			}
		}
		mo.Get("/api/v1/notifications?supported_types[]=mention", &list)
		if list[0]["type"] != "admin.report" || list[0]["fallback"] == nil {
			t.Errorf("an app that does not know reports is given %v", list[0])
		}
		var grouped struct {
			Groups []struct {
				Type, GroupKey string
				Report         map[string]any
				Samples        []string `json:"sample_account_ids"`
			} `json:"notification_groups"`
			Accounts []servertest.Account
		}
		mo.Get("/api/v2/notifications?types[]=admin.report", &grouped)
		if len(grouped.Groups) != 1 || grouped.Groups[0].Report["id"] != first["id"] || grouped.Groups[0].Samples[0] != ada.ID || grouped.Accounts[0].ID != ada.ID {
			t.Errorf("in groups mo is told %+v", grouped)
		}
		for _, p := range []*servertest.Person{ada, bo, cy} {
			if told := notices(p, "types[]=admin.report"); len(told) != 0 {
				t.Errorf("%s, who is no moderator, is told %+v", p.Name, told)
			}
		}

		// Closed, the next one is news; of a moderator's own report the others hear; what is gone is still told of.
		if _, err := s.Keeper().ResolveReport(t.Context(), keeper.ReportID{ID: fmt.Sprint(first["id"])}); err != nil {
			t.Fatal(err)
		}
		for _, open := range mustReports(t, s) {
			if _, err := s.Keeper().ResolveReport(t.Context(), keeper.ReportID{ID: open}); err != nil {
				t.Fatal(err)
			}
		}
		file(mo, bo.ID)
		suspend(t, s, bo)
		if told := notices(eve, "types[]=admin.report"); len(told) != 2 || told[0].Account.ID != mo.ID {
			t.Errorf("after another report eve is told %+v", told)
		}
		if told := notices(mo, "types[]=admin.report"); len(told) != 1 {
			t.Errorf("of their own report mo is told %+v", told)
		}
	})
}

func mustReports(t *testing.T, s *servertest.Server) (ids []string) {
	t.Helper()
	list, err := s.Keeper().ListReports(t.Context(), keeper.ReportList{})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range list {
		ids = append(ids, one.ID)
	}
	return ids
}

func TestStaffIsToldOfWhoJoins(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		mo, gone := staff(t, s, "mo", "moderator"), staff(t, s, "gone", "admin")
		write(t, s, `UPDATE members SET disabled_at = 1 WHERE account_id = $1`, number(t, gone.ID))
		servertest.Settle(t, s)
		before := countOf(mo, "/api/v1/notifications/unread_count")
		ada, bo := s.Join("ada"), s.Join("bo")
		set(t, s, "registrations", "approval")
		if _, err := s.Keeper().CreateAccount(t.Context(), keeper.CreateAccount{Name: "cy", Email: "cy@mail.example", Password: servertest.Password, Confirmed: true}); err != nil {
			t.Fatal(err)
		}
		servertest.Settle(t, s)
		list := notices(mo, "types[]=admin.sign_up")
		if len(list) != before+2 || list[0].Account.ID != bo.ID || list[1].Account.ID != ada.ID || !strings.HasPrefix(list[0].GroupKey, "admin.sign_up-") || list[0].GroupKey != list[1].GroupKey {
			t.Errorf("mo is told %+v", list)
		}
		together := groups(mo, "types[]=admin.sign_up")
		if len(together.Groups) != 1 || together.Groups[0].Count != before+2 || together.Groups[0].Samples[0] != bo.ID || together.Groups[0].StatusID != nil {
			t.Errorf("in groups mo is told %+v", together)
		}
		if told := notices(ada, ""); len(told) != 0 {
			t.Errorf("ada is told %+v", told)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM notifications WHERE account_id = $1 AND kind = 'admin.sign_up' AND from_id = $2`, number(t, gone.ID), number(t, ada.ID)); n != 0 {
			t.Error("who may not sign in is told")
		}
	})
}

func TestNumbersOfNotificationsAreThoseThatJavaScriptCounts(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	ada, bo := s.Join("ada"), s.Join("bo")
	for range 40 {
		bo.Publish("@ada hello")
	}
	servertest.Settle(t, s)
	var answer struct {
		Groups []struct {
			MaxID  string  `json:"page_max_id"`
			Newest float64 `json:"most_recent_notification_id"`
		} `json:"notification_groups"`
	}
	ada.Get("/api/v2/notifications", &answer)
	if len(answer.Groups) != 40 {
		t.Fatalf("there are %d groups", len(answer.Groups))
	}
	for _, g := range answer.Groups {
		if fmt.Sprintf("%.0f", g.Newest) != g.MaxID {
			t.Errorf("notification %s is counted as %.0f", g.MaxID, g.Newest)
		}
	}
}
