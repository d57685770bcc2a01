package frontdoor

import (
	"strconv"

	"anancus/internal/kit/fault"
	"anancus/internal/social/viewer"
)

// Annual reports are not made by this server. It says so as Mastodon does outside of its campaign: there are
// none to list, nobody is eligible for any, and none can be shown, made or marked as read.

// AnnualReports serves GET /api/v1/annual_reports.
func (s *Service) AnnualReports(*viewer.Call) (any, error) {
	return map[string]any{"annual_reports": []any{}, "accounts": []any{}, "statuses": []any{}}, nil
}

// AnnualReportState serves GET /api/v1/annual_reports/{year}/state.
func (s *Service) AnnualReportState(c *viewer.Call) (any, error) {
	if year, err := strconv.Atoi(c.Path("year")); err != nil || year < 1 {
		return nil, fault.RecordNotFound()
	}
	return map[string]string{"state": "ineligible"}, nil
}

// NoAnnualReport serves GET /api/v1/annual_reports/{year} and the POSTs below it.
func (s *Service) NoAnnualReport(*viewer.Call) (any, error) { return nil, fault.RecordNotFound() }
