package timelines

import (
	"context"
	"errors"
	"fmt"

	"anancus/internal/social/id"
)

// build is a home feed on its way. It is registered before its query starts; what
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

// open makes sure that the reader's feed is open. Requests of one reader share one build.
func (s *Service) open(ctx context.Context, reader id.Account) error {
	for range buildTries {
		s.mu.Lock()
		if s.feeds[reader] != nil {
			s.mu.Unlock()
			return nil
		}
		b, mine := s.building[reader], false
		if b == nil {
			if len(s.building) >= s.maxBuilds {
				s.mu.Unlock()
				return errBusy
			}
			b, mine = &build{done: make(chan struct{})}, true
			s.building[reader] = b
		}
		s.mu.Unlock()

		if mine {
			s.run(ctx, reader, b)
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
func (s *Service) run(ctx context.Context, reader id.Account, b *build) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), buildTime)
	b.err = errors.New("the build was cut short")
	defer func() {
		cancel()
		s.mu.Lock()
		delete(s.building, reader)
		s.mu.Unlock()
		close(b.done)
	}()
	b.err = s.build(ctx, reader, b)
}

func (s *Service) build(ctx context.Context, reader id.Account, b *build) error {
	r, err := loadFacts(ctx, s.db, reader)
	if err != nil {
		return fmt.Errorf("what home feed depends on: %w", err)
	}
	list, err := byAuthors(ctx, s.db, r.sources(), newest, false, s.bounds.feed)
	if err != nil {
		return fmt.Errorf("build home feed: %w", err)
	}
	if err := s.addHidden(ctx, r, list); err != nil {
		return err
	}
	f := &feed{bounds: s.bounds, facts: r, memory: make([]entry, len(list)+spare)}
	f.entries = f.memory[:0]
	for i := len(list) - 1; i >= 0; i-- {
		if wants(r, &list[i]) {
			f.entries = append(f.entries, entryOf(&list[i]))
		}
	}
	if len(list) == s.bounds.feed {
		f.floor = list[len(list)-1].status - 1
	}
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
		if c.removed || (c.author != f.facts.reader && !f.facts.follows.has(c.author)) {
			continue
		}
		more, err := candidateAndAnswers(ctx, s.db, c.status)
		if err != nil {
			return fmt.Errorf("bring home feed up to date: %w", err)
		}
		added = append(added, more...)
	}
	if err := s.addHidden(ctx, f.facts, added); err != nil {
		return err
	}
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

// addHidden tells candidates which of the people that the reader blocks or mutes they mention.
func (s *Service) addHidden(ctx context.Context, r *facts, list []candidate) error {
	if !r.hidesAnybody() || len(list) == 0 {
		return nil
	}
	if err := addMentions(ctx, s.db, list, r.hidden()); err != nil {
		return fmt.Errorf("mentions of home feed: %w", err)
	}
	return nil
}
