package streaming

import (
	"context"
	"maps"
	"slices"

	"anancus/internal/kit/fault"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/timelines"
)

// person is a member with open streams, and all that decides what they are told.
type person struct {
	account id.Account
	sockets int

	ready      bool
	generation int // moves with every change of what was read; what was read before is thrown away
	home       *timelines.Ear
	filters    *filters.Set
	lists      map[id.List]*timelines.Ear // nil for one that is gone
	subs       []*subscription            // of user, user:notification, direct and lists
}

// readTries bounds how often what a person depends on is read while it changes all the time.
const readTries = 5

// read makes sure that what a person depends on is known.
func (h *Hub) read(ctx context.Context, p *person, more ...id.List) error {
	for range readTries {
		h.mu.Lock()
		missing := slices.ContainsFunc(more, func(l id.List) bool { _, known := p.lists[l]; return !known })
		if p.ready && !missing {
			h.mu.Unlock()
			return nil
		}
		generation, before, lists := p.generation, p.home, maps.Clone(p.lists)
		h.mu.Unlock()
		for _, l := range more {
			if _, known := lists[l]; !known {
				lists[l] = nil
			}
		}
		home, err := h.Timelines.Listen(ctx, p.account, 0, before)
		if err != nil {
			return err
		}
		set, err := h.Filters.Of(ctx, p.account)
		if err != nil {
			return err
		}
		for l, ear := range lists {
			lists[l], err = h.Timelines.Listen(ctx, p.account, l, ear)
			if fault.Is(err, fault.NotFound) {
				lists[l], err = nil, nil
			}
			if err != nil {
				return err
			}
		}
		h.mu.Lock()
		fits := p.generation == generation
		if fits {
			p.home, p.filters, p.ready = home, set, true
			maps.Copy(p.lists, lists)
		}
		h.mu.Unlock()
		if fits && len(more) == 0 {
			return nil
		}
	}
	return errBusy
}

// reread reads anew what members depend on who have streams, in the worker: what comes next is told by it.
func (h *Hub) reread(ctx context.Context, accounts ...id.Account) {
	for _, account := range accounts {
		h.mu.Lock()
		p := h.persons[account]
		if p != nil {
			p.generation++
			p.ready = false
		}
		h.mu.Unlock()
		if p == nil {
			continue
		}
		if err := h.read(ctx, p); err != nil {
			h.lose(ctx, "what a member's streams depend on could not be read", err, func(k *socket) bool { return k.person == p })
		}
	}
}

// lose closes streams that cannot be told what they should: their clients come again and read what they missed.
func (h *Hub) lose(ctx context.Context, what string, err error, match func(k *socket) bool) {
	if ctx.Err() == nil || h.running.Err() == nil {
		h.Log.ErrorContext(ctx, what+"; the streams are closed, and clients come again", "error", err)
	}
	h.shutAll(match, failed)
}
