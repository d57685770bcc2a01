package timelines

import (
	"context"
	"errors"
	"fmt"

	"anancus/internal/social/id"
)

// build is a feed on its way. It is registered before its query starts; what
// happens meanwhile waits in pending. A change of what the reader follows or hides
// moves the generation, and a build that was begun before is thrown away.
type build struct {
	done       chan struct{} // closed when the build is over
	err        error
	generation int
	pending    []change
}

// change is something that happened to a status while a feed was built.
type change struct {
	status  id.Status
	author  id.Account
	tags    []id.Tag
	removed bool
}

// maxPending bounds a buffer; a build that is overtaken by more is begun again.
const maxPending = 2000

func (b *build) note(c change) {
	if len(b.pending) >= maxPending {
		b.generation++
		b.pending = nil
	}
	b.pending = append(b.pending, c)
}

var (
	errBusy      = errors.New("as many feeds are built as may be at once")
	errOvertaken = errors.New("what the reader follows changed while the feed was built")
)

// open makes sure that a feed is open. Requests for one feed share one build.
func (s *Service) open(ctx context.Context, k key) error {
	for range buildTries {
		s.mu.Lock()
		if s.feeds[k] != nil {
			s.mu.Unlock()
			return nil
		}
		b, mine := s.building[k], false
		if b == nil {
			if len(s.building) >= s.maxBuilds {
				s.mu.Unlock()
				return errBusy
			}
			b, mine = &build{done: make(chan struct{})}, true
			s.building[k] = b
		}
		s.mu.Unlock()

		if mine {
			s.run(ctx, k, b)
		} else {
			select {
			case <-b.done:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		if b.err == nil || !errors.Is(b.err, errOvertaken) {
			return b.err
		}
	}
	return errOvertaken
}

// run builds a feed and tells those who wait. It goes on when the client who asked has left.
func (s *Service) run(ctx context.Context, k key, b *build) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), buildTime)
	b.err = errors.New("the build was cut short")
	defer func() {
		cancel()
		s.mu.Lock()
		delete(s.building, k)
		s.mu.Unlock()
		close(b.done)
	}()
	b.err = s.build(ctx, k, b)
}

func (s *Service) build(ctx context.Context, k key, b *build) error {
	r, err := loadFacts(ctx, s.db, k)
	if err != nil {
		return fmt.Errorf("what a feed depends on: %w", err)
	}
	list, over, err := s.sourcesOf(r)(ctx, newest, false, s.bounds.feed)
	if err != nil {
		return fmt.Errorf("build feed: %w", err)
	}
	if err := s.complete(ctx, r, list); err != nil {
		return err
	}
	f := &feed{bounds: s.bounds, facts: r, pool: s.pool}
	if !over {
		f.floor = list[len(list)-1].status - 1
	}
	wanted := keepIf(list, func(c *candidate) bool { return wants(r, c) })
	f.memory = make([]ref, len(wanted)+spare)
	f.entries = f.memory[:len(wanted)]
	s.mu.Lock()
	for i := range wanted {
		f.entries[i] = s.pool.take(wanted[len(wanted)-1-i])
	}
	s.mu.Unlock()
	if err := s.settle(ctx, f, b); err != nil {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.shut()
		return err
	}
	return nil
}

// settle brings a feed up to what happened since its query, and opens it.
func (s *Service) settle(ctx context.Context, f *feed, b *build) error {
	for {
		s.mu.Lock()
		pending := b.pending
		b.pending = nil
		switch {
		case b.generation > 0:
			s.mu.Unlock()
			return errOvertaken
		case len(pending) == 0:
			s.register(f)
			s.mu.Unlock()
			return nil
		}
		s.mu.Unlock()
		if err := s.catchUp(ctx, f, pending); err != nil {
			return err
		}
	}
}

// catchUp brings a feed that is not open yet up to what happened since its query.
func (s *Service) catchUp(ctx context.Context, f *feed, pending []change) error {
	var added []candidate
	for _, c := range pending {
		if c.removed || !f.facts.hears(c.author, c.tags) {
			continue
		}
		more, err := candidateAndAnswers(ctx, s.db, c.status)
		if err != nil {
			return fmt.Errorf("bring feed up to date: %w", err)
		}
		added = append(added, more...)
	}
	if err := s.complete(ctx, f.facts, added); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range added {
		if wants(f.facts, &added[i]) {
			f.put(entryOf(&added[i]))
		}
	}
	for _, c := range pending {
		if c.removed {
			f.drop(func(e entry) bool { return e.status == c.status || e.boostOf == c.status })
		}
	}
	return nil
}

// complete tells candidates what the reader's rule asks besides: which hashtags that the reader follows they carry, and whom they mention.
func (s *Service) complete(ctx context.Context, r *facts, list []candidate) error {
	if tags := r.heardTags(); len(tags) > 0 && len(list) > 0 {
		has, err := carried(ctx, s.db, list, tags)
		if err != nil {
			return fmt.Errorf("hashtags of a feed: %w", err)
		}
		for i := range list {
			list[i].tags = has[list[i].status]
		}
	}
	return s.addHidden(ctx, r, list)
}

// addHidden tells candidates which of the people that the reader blocks or mutes they mention.
func (s *Service) addHidden(ctx context.Context, r *facts, list []candidate) error {
	if !r.hidesAnybody() || len(list) == 0 {
		return nil
	}
	if err := addMentions(ctx, s.db, list, r.hidden()); err != nil {
		return fmt.Errorf("mentions of a feed: %w", err)
	}
	return nil
}
