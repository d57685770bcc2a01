package timelines

import (
	"context"
	"maps"
	"slices"

	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// The live effects of statuses. They run one after another in the order of
// commits, and ask the database only when an open feed takes the author's statuses.

// AddStatus brings a new status into the open timelines; the answers that waited for it come by AddAnswers.
func (s *Service) AddStatus(ctx context.Context, e statuses.Published) {
	s.all.add(e.Status)
	s.local.add(e.Status)
	s.profiles.with(e.Author, func(p *profile) { p.add(e.Status) })
	s.insert(ctx, e.Status, e.Author, e.Tags)
}

// AddAnswers brings answers whose parent came at last into the open feeds: they may go to others than the parent itself, which perhaps nobody
// hears.
func (s *Service) AddAnswers(ctx context.Context, e statuses.Adopted) {
	for _, answer := range e.Answers { // it may answer its own author, which shows it where answers are not shown
		s.all.add(answer)
		s.profiles.each(func(p *profile) { p.again(answer) })
	}
	s.mu.Lock()
	open := len(s.feeds) > 0
	s.mu.Unlock()
	if !open {
		return
	}
	list, err := candidates(ctx, s.db, e.Answers)
	if err == nil {
		err = addMentions(ctx, s.db, list, nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.log.ErrorContext(ctx, "open feeds could not be brought up to date and will be built again", "parent", e.Parent, "error", err)
		for _, f := range maps.Clone(s.feeds) {
			s.close(f)
		}
		return
	}
	for i := range list {
		c := &list[i]
		for _, f := range s.hearing(c.author, nil) {
			if wants(f.facts, c) {
				f.put(entryOf(c))
				s.weigh(f)
			}
		}
	}
	s.makeWay()
}

// AddBoost brings a new boost into the open home feeds.
func (s *Service) AddBoost(ctx context.Context, e statuses.Boosted) {
	s.profiles.with(e.Author, func(p *profile) { p.add(e.Boost) })
	s.insert(ctx, e.Boost, e.Author, nil)
}

// DropStatus takes a deleted status, and the boosts of it, out of the open timelines.
func (s *Service) DropStatus(_ context.Context, e statuses.Deleted) {
	s.all.drop(e.Status)
	s.local.drop(e.Status)
	s.profiles.each(func(p *profile) { p.drop(e.Status) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteAll(change{status: e.Status, author: e.Author, removed: true})
	for _, f := range s.byAuthor[e.Author] {
		f.dropStatus(e.Status)
	}
	if len(s.byTag) > 0 { // it may have come by a hashtag
		for _, f := range s.feeds {
			if len(f.facts.heardTags()) > 0 {
				f.dropStatus(e.Status)
			}
		}
	}
	for _, boost := range s.pool.boostsOf(e.Status) { // a boost comes by who made it alone
		for _, f := range s.byAuthor[boost.author] {
			f.dropStatus(boost.status)
		}
	}
}

// DropBoost takes an undone boost out of the open home feeds.
func (s *Service) DropBoost(_ context.Context, e statuses.Unboosted) {
	s.profiles.with(e.Author, func(p *profile) { p.drop(e.Boost) })
	s.mu.Lock()
	defer s.mu.Unlock()
	s.noteAll(change{status: e.Boost, author: e.Author, removed: true})
	for _, f := range s.byAuthor[e.Author] {
		f.dropStatus(e.Boost)
	}
}

// OnAccountGone takes everything of an account that was deleted, suspended or limited out of the open timelines.
func (s *Service) OnAccountGone(_ context.Context, e accounts.Gone) {
	s.all.forget()
	s.local.forget()
	s.profiles.forget()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.building {
		b.generation++
	}
	s.closeFor(e.Account)
	for _, f := range s.feeds {
		f.drop(func(one entry) bool { return one.author == e.Account || (one.boostOf != 0 && one.other == e.Account) })
		s.closeThin(f)
	}
}

// OnStandingChanged lets everything be read again that may show accounts, or hide them, which stand otherwise now: their own feeds, those that
// hear them, and what everybody shares.
func (s *Service) OnStandingChanged(_ context.Context, e accounts.StandingChanged) {
	s.all.forget()
	s.local.forget()
	s.profiles.forget()
	changed := make(map[id.Account]bool, len(e.Accounts))
	for _, one := range e.Accounts {
		changed[one] = true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.building {
		b.generation++
	}
	for _, one := range e.Accounts {
		s.closeFor(one)
		for _, f := range slices.Clone(s.byAuthor[one]) {
			s.close(f)
		}
	}
	for _, f := range maps.Clone(s.feeds) { // boosted, or there by a hashtag
		for one := range f.all() {
			if changed[one.author] || one.boostOf != 0 && changed[one.other] {
				s.close(f)
				break
			}
		}
	}
}

// noteAll tells the feeds that are being built.
func (s *Service) noteAll(c change) {
	for _, b := range s.building {
		b.note(c)
	}
}

func (s *Service) insert(ctx context.Context, status id.Status, author id.Account, tags []id.Tag) {
	s.mu.Lock()
	s.noteAll(change{status: status, author: author, tags: tags})
	feeds := s.hearing(author, tags)
	hiding := slices.ContainsFunc(feeds, func(f *feed) bool { return f.facts.hidesAnybody() })
	s.mu.Unlock()
	if len(feeds) == 0 {
		return
	}
	list, err := candidates(ctx, s.db, []id.Status{status})
	if err == nil && hiding {
		err = addMentions(ctx, s.db, list, nil)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.distrust(ctx, author, tags, err)
		return
	}
	for i := range list {
		list[i].tags = tags
		s.offer(&list[i], slices.Clone(s.hearing(author, tags)))
	}
}

// offer puts a new status into the feeds that want it. Where they are thousands, readers have their turn in between: the caller holds mu,
// but not all the time. A feed that is opened meanwhile has the status already.
func (s *Service) offer(c *candidate, feeds []*feed) {
	one := s.pool.take(entryOf(c))
	for n, f := range feeds {
		if n > 0 && n%s.bounds.turn == 0 {
			s.mu.Unlock()
			s.mu.Lock()
		}
		if f.place != nil && wants(f.facts, c) {
			f.add(one)
			s.weigh(f)
		}
	}
	s.pool.release(one)
	s.makeWay()
}

// hearing gives the open feeds that may take a status of an author with some hashtags.
func (s *Service) hearing(author id.Account, tags []id.Tag) []*feed {
	feeds := s.byAuthor[author]
	for _, tag := range tags {
		if more := s.byTag[tag]; len(more) > 0 {
			feeds = slices.Concat(feeds, more)
		}
	}
	return feeds
}

// distrust closes the feeds that may have missed something of an author.
func (s *Service) distrust(ctx context.Context, author id.Account, tags []id.Tag, err error) {
	s.log.ErrorContext(ctx, "open feeds could not be brought up to date and will be built again", "author", author, "error", err)
	for _, f := range slices.Clone(s.hearing(author, tags)) {
		s.close(f)
	}
}

func (s *Service) closeThin(f *feed) {
	if f.thin() {
		s.close(f)
	}
}
