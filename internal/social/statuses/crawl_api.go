package statuses

import (
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// crawlRetry is how many seconds apps wait until they ask how far a search is, as Mastodon tells them.
const crawlRetry = 3

// CrawlPrefix begins the names of searches among all that goes on in the background.
const CrawlPrefix = "context:"

// lookAround lets what is missing of a thread be fetched when a member looks at it, and tells them that it is under way.
func (s *Service) lookAround(c *viewer.Call, status *Status, up []id.Status) error {
	if !c.Viewer.IsMember() {
		return nil
	}
	top := status.ID
	if len(up) > 0 {
		top = up[0]
	}
	if err := s.lookUp(c.Context(), top); err != nil {
		return fmt.Errorf("what a thread answers: %w", err)
	}
	search, err := s.lookDown(c.Context(), status)
	if err == nil && search != nil {
		c.SetHeader("Mastodon-Async-Refresh", fmt.Sprintf(`id="%s%d", retry=%d, result_count=%d`, CrawlPrefix, status.ID, crawlRetry, search.found))
	}
	return err
}

// CrawlRefresh tells a member how far the search for answers to a status is; number is the status's id.
func (s *Service) CrawlRefresh(c *viewer.Call, number string) (*mastodon.AsyncRefresh, error) {
	wanted, err := id.Parse[id.Status](number)
	if err != nil {
		return nil, fault.RecordNotFound()
	}
	status, err := s.See(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	search, err := crawlOf(c.Context(), s.db, status)
	if err != nil {
		return nil, err
	}
	told := &mastodon.AsyncRefresh{ID: CrawlPrefix + status.ID.String(), Status: "finished", ResultCount: &search.found}
	if search.running(s.clock.Now()) {
		told.Status = "running"
	}
	return told, nil
}
