package server

import (
	"context"
	"errors"
	"time"
)

// chore is one line of the schedule.
type chore struct {
	name  string
	every time.Duration
	do    func(ctx context.Context) error
}

// schedule says what happens by itself.
func (s *Server) schedule() []chore {
	return []chore{
		{"note who was here", 5 * time.Minute, s.access.NoteUses},
		{"remove expired sessions and codes", time.Hour, s.access.Sweep},
		{"end expired mutes", time.Minute, s.relationships.EndExpiredMutes},
		{"close feeds nobody reads", 5 * time.Minute, s.timelines.Sweep},
		{"remove files nobody shows", 10 * time.Minute, s.media.SweepFiles},
		{"remove uploads nobody attached", time.Hour, s.media.SweepLoose},
		{"note which files were seen", 5 * time.Minute, s.media.NoteSeen},
		{"remove copies of media nobody looks at", 10 * time.Minute, s.media.PruneBySettings},
		{"purge deleted statuses", time.Hour, s.statuses.PurgeDeleted},
		{"check leave to quote", 10 * time.Minute, s.statuses.CheckApprovals},
		{"forget translations", time.Hour, s.statuses.PurgeTranslations},
		{"forget early deletions", time.Hour, s.statuses.PurgeEarly},
		{"forget missing ancestors", time.Hour, s.statuses.ForgetMissing},
		{"forget idempotency keys", 10 * time.Minute, s.statuses.PurgeKeys},
		{"purge history of hashtags", time.Hour, s.tags.PurgeHistory},
		{"compute trends", 5 * time.Minute, s.trends.Refresh},
		{"purge history of links", time.Hour, s.trends.PurgeLinks},
		{"remove links nothing has", time.Hour, s.media.PurgeLinks},
		{"fill the index of search", 10 * time.Second, s.search.Fill},
		{"ask again who may be in collections", time.Hour, s.collections.KeepItems},
		{"read collections elsewhere again", time.Hour, s.collections.RereadStale},
		{"count popular accounts", time.Hour, s.suggestions.CountPopular},
		{"forget what was sent to many", time.Hour, s.courier.SweepBodies},
		{"forget push services nobody uses", 24 * time.Hour, s.pusher.Purge},
		{"forget failed effects", 24 * time.Hour, s.bus.Purge},
		{"forget failed activities", 24 * time.Hour, s.inbox.purgeFailed},
		{"publish and end announcements", time.Minute, s.frontdoor.KeepAnnouncements},
		{"count how lively the server is", time.Hour, s.frontdoor.CountActivity},
		{"read settings again", time.Minute, s.loadSettings},
	}
}

// loadSettings reads what keepers decided.
func (s *Server) loadSettings(ctx context.Context) error {
	return errors.Join(s.settings.Load(ctx), s.domains.Load(ctx), s.media.LoadModes(ctx))
}

// punctual are the chores that must not wait for the others.
func (s *Server) punctual() []chore {
	return []chore{
		{"publish scheduled statuses", time.Second, s.statuses.PublishDue},
		{"end polls", 15 * time.Second, s.statuses.EndPolls},
		{"tell votes", 15 * time.Second, s.statuses.TellVotes},
	}
}

// keepHouse does the chores until ctx ends; each waits its first interval, so that a start is quick.
func (s *Server) keepHouse(ctx context.Context, chores []chore) error {
	type due struct {
		chore
		at time.Time
	}
	var list []due
	for _, c := range chores {
		list = append(list, due{c, time.Now().Add(c.every)})
	}
	for {
		next := &list[0]
		for i := range list {
			if list[i].at.Before(next.at) {
				next = &list[i]
			}
		}
		timer := time.NewTimer(time.Until(next.at))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
		if err := next.do(ctx); err != nil && ctx.Err() == nil {
			s.log.ErrorContext(ctx, "a chore failed", "chore", next.name, "error", err)
		}
		next.at = time.Now().Add(next.every)
	}
}
