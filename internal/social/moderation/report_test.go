package moderation

import (
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

func TestWhatAReportMayBe(t *testing.T) {
	for name, test := range map[string]struct {
		report Report
		ok     bool
	}{
		"nothing but somebody":   {Report{}, true},
		"spam":                   {Report{Category: "spam"}, true},
		"a violation of no rule": {Report{Category: "violation"}, true},
		"rules of another kind":  {Report{Category: "legal", Rules: []int64{1}}, true},
		"an unknown category":    {Report{Category: "boring"}, false},
		"a thousand characters":  {Report{Comment: strings.Repeat("é", 1000)}, true},
		"one more":               {Report{Comment: strings.Repeat("é", 1001)}, false},
	} {
		if err := test.report.check(); (err == nil) != test.ok || (err != nil && !fault.Is(err, fault.Invalid)) {
			t.Errorf("check(%s) = %v", name, err)
		}
	}
	r := Report{Statuses: []id.Status{2, 1, 2}, ForwardDomains: []string{"A.example", "a.example.", "no domain"}, Rules: []int64{1}}
	if err := r.check(); err != nil || len(r.Statuses) != 2 || len(r.ForwardDomains) != 1 || r.ForwardDomains[0] != "a.example" || r.Rules != nil || r.Category != "other" {
		t.Errorf("tidied: %+v (%v)", r, err)
	}
}

func TestReportsAreServedByAnIndex(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, listSQL, 100, listAtOnce)
		dbtest.NoScan(t, d, listOpenSQL, 100, listAtOnce)
		dbtest.NoScan(t, d, openBeforeSQL, 1, 100)
		dbtest.NoScan(t, d, byIDsSQL, []id.Report{1, 2})
	})
}
