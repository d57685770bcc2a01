package statuses

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// Who looks at a status of another server sees the answers that reached this one. The others are looked for in the background: in what its
// server, and the server where the thread began, list as answers, and in what the servers of these list. Nothing is believed of such a list but
// where to look: each answer is read at its own server, and must itself say that it belongs there.

// The bounds of one search, as Mastodon has them, and when there is one.
const (
	crawlPerStatus = 500  // answers to one status
	crawlStatuses  = 1000 // in all
	crawlPages     = 500  // of collections
	crawlIdle      = 3    // pages in a row that bring nothing new: the first two repeat what was told before them
	crawlAge       = 5 * time.Minute
	crawlRest      = 15 * time.Minute
	crawlFor       = 7 * 24 * time.Hour // after the last answer that was news
	crawlLost      = 6 * time.Hour      // one that took longer will not come to its end
)

// A search goes on in steps, each a job, so that a slow one lets others through and a stop of the program loses little.
const (
	stepItems   = 32
	stepHosts   = 4 // asked at a time; each by itself is asked one thing after the other
	stepWithin  = time.Minute
	itemWithin  = 20 * time.Second
	silentAfter = 2 // failures in a row
)

// CrawlDue tells that answers to a status of another server are to be looked for, or further.
type CrawlDue struct {
	Status id.Status
	Began  int64 // of which search
}

// crawl is the search for answers to a status: the last one, or one that is under way.
type crawl struct {
	status          id.Status
	began, news     time.Time
	finished        bool
	found           int64
	statuses, pages int64
	accounts        int64
	silent          []string
	newest          id.Status // of its thread

	place int64           // of the next item
	seen  map[string]bool // the addresses of its items
}

func (w *crawl) running(now time.Time) bool { return !w.finished && now.Sub(w.began) < crawlLost }

// due tells whether a look at the status begins another search.
func (w *crawl) due(now time.Time) bool {
	last := clock.FromMilli(int64(w.newest) >> 16) // ids hold the time
	if w.news.After(last) {
		last = w.news
	}
	return !w.running(now) && now.Sub(w.began) >= crawlRest && now.Sub(last) <= crawlFor
}

// lookDown begins a search for answers to a status that a member looks at, unless it is too early or too late for one. It gives the search that
// is under way, nil for none.
func (s *Service) lookDown(ctx context.Context, status *Status) (*crawl, error) {
	now := s.clock.Now()
	if status.Local || !status.Visibility.Distributable() || now.Sub(status.CreatedAt) < crawlAge {
		return nil, nil
	}
	known, err := crawlOf(ctx, s.db, status)
	switch {
	case err != nil && !fault.Is(err, fault.NotFound):
		return nil, err
	case known != nil && known.running(now):
		return known, nil
	case known != nil && !known.due(now):
		return nil, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		began, err := beginCrawl(ctx, tx, status)
		if err != nil || !began {
			return err
		}
		return tx.Emit(CrawlDue{status.ID, clock.Milli(tx.Now())})
	})
	if err != nil {
		return nil, fmt.Errorf("look for answers to status %d: %w", status.ID, err)
	}
	return &crawl{status: status.ID, began: now}, nil
}

// Crawl takes one step of a search.
func (s *Service) Crawl(ctx context.Context, e CrawlDue) error {
	root, err := one(ctx, s.db, e.Status)
	if fault.Is(err, fault.NotFound) {
		return s.db.Tx(ctx, func(tx *db.Tx) error { return endCrawl(ctx, tx, e.Status) })
	}
	if err != nil {
		return err
	}
	w, err := crawlOf(ctx, s.db, root)
	if err != nil || w.finished || clock.Milli(w.began) != e.Began {
		return ignoreNotFound(err)
	}
	items, err := dueItems(ctx, s.db, e.Status, stepItems)
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(activitypub.WithBudget(ctx, int(w.accounts), crawlStatuses), stepWithin)
	defer cancel()
	visits, err := s.visitAll(within, w, root, items)
	if err != nil || ctx.Err() != nil {
		return firstError(err, ctx.Err())
	}
	left, _ := activitypub.BudgetLeft(within)
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		at, err := crawlOf(ctx, tx, root) // anew: the closure may run twice
		if err != nil || at.finished || clock.Milli(at.began) != e.Began {
			return ignoreNotFound(err)
		}
		at.accounts = int64(left)
		at.silent = w.silent
		return s.noteStep(ctx, tx, at, visits, e)
	})
	if err != nil {
		return fmt.Errorf("look for answers to status %d: %w", e.Status, err)
	}
	return nil
}

func firstError(list ...error) error {
	for _, err := range list {
		if err != nil {
			return err
		}
	}
	return nil
}

// item is one thing that a search looks at: a status, or a page of a collection.
type item struct {
	uri         string
	place       int64
	page        bool
	listedBy    string
	taken, idle int64
}

// visit is what came of looking at an item.
type visit struct {
	item
	begun  bool
	fresh  bool // a status that was not known
	silent bool // its server does not answer
	lists  []listing
}

// listing is a part of a collection: what it lists, and where it goes on.
type listing struct {
	by    string
	links []string
	next  string
}

// visitAll looks at items, those of different hosts at once, and notes in w which hosts do not answer.
func (s *Service) visitAll(ctx context.Context, w *crawl, root *Status, items []item) ([]visit, error) {
	visits := make([]visit, len(items))
	byHost := map[string][]*visit{}
	var hosts []string
	for i, it := range items {
		visits[i].item = it
		host, err := activitypub.HostOf(it.uri)
		if err != nil || slices.Contains(w.silent, host) {
			visits[i].begun = true // and over
			continue
		}
		if byHost[host] == nil {
			hosts = append(hosts, host)
		}
		byHost[host] = append(byHost[host], &visits[i])
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	var failure error
	turn := make(chan struct{}, stepHosts)
	for _, host := range hosts {
		all.Go(func() {
			turn <- struct{}{}
			defer func() { <-turn }()
			var silent bool
			err := bus.Safely(func() (err error) {
				silent, err = s.visitHost(ctx, root, byHost[host])
				return err
			})
			mu.Lock()
			defer mu.Unlock()
			if silent {
				w.silent = append(w.silent, host)
			}
			failure = firstError(failure, err)
		})
	}
	all.Wait()
	slices.Sort(w.silent)
	return visits, failure
}

// visitHost looks at the items of one host, one after the other, until it does not answer.
func (s *Service) visitHost(ctx context.Context, root *Status, list []*visit) (silent bool, err error) {
	failed := 0
	for _, v := range list {
		if ctx.Err() != nil && !silent {
			return false, nil // the next step goes on
		}
		v.begun = true
		if silent {
			continue
		}
		if err := s.visit(ctx, root, v); err != nil {
			return false, err
		}
		if failed++; !v.silent {
			failed = 0
		}
		silent = failed >= silentAfter
	}
	return silent, nil
}

// visit looks at one item. An error is ours; what goes wrong elsewhere is a visit that brings nothing.
func (s *Service) visit(ctx context.Context, root *Status, v *visit) error {
	within, cancel := context.WithTimeout(ctx, itemWithin)
	defer cancel()
	var err error
	if v.page {
		err = s.visitPage(within, v)
	} else {
		err = s.visitStatus(within, root, v)
	}
	switch {
	case err == nil:
	case ctx.Err() != nil:
		v.begun = false // the step is over: the next one tries it again, first
	case within.Err() != nil || fault.Is(err, fault.Unavailable):
		v.silent = true
	case fault.Is(err, fault.Internal):
		return err
	}
	return nil
}

func (s *Service) visitPage(ctx context.Context, v *visit) error {
	page, err := s.remote.FetchPage(ctx, v.uri)
	if err != nil {
		return err
	}
	v.list(page, v.listedBy, v.uri)
	return nil
}

func (s *Service) visitStatus(ctx context.Context, root *Status, v *visit) error {
	document, fresh, err := s.fetchAnswer(ctx, v.uri, root, v.listedBy)
	if err != nil || document == nil {
		return err
	}
	v.fresh = fresh
	self := document.ID()
	v.collection(document, "replies", self, self)
	if v.uri == root.URI {
		if whole := document.Link("context"); whole != "" {
			if _, ours := s.site.Ours(whole); !ours { // it may be at the server where the thread began
				v.collection(document, "context", whole, whole)
			}
		}
	}
	return nil
}

// collection reads a collection that a document has inside or leads to, of the host of an address.
func (v *visit) collection(document activitypub.Object, key, by, host string) {
	inside := document.Object(key)
	if len(inside) > 2 || inside != nil && inside.ID() == "" {
		v.list(inside, by, host)
		return
	}
	if link := document.Link(key); activitypub.SameHost(link, host) {
		v.lists = append(v.lists, listing{by: by, next: link})
	}
}

func (v *visit) list(o activitypub.Object, by, host string) {
	links, next := activitypub.Listing(o)
	if !activitypub.SameHost(next, host) {
		next = ""
	}
	v.lists = append(v.lists, listing{by, links, next})
}

// fetchAnswer reads a status that somebody lists in the thread of another, at its own server, and keeps it when it is not known and belongs there.
// The document is nil when there is nothing to be looked for below it.
func (s *Service) fetchAnswer(ctx context.Context, uri string, root *Status, listedBy string) (document activitypub.Object, fresh bool, err error) {
	if _, ours := s.site.Ours(uri); ours {
		return nil, false, nil
	}
	known, err := ofURI(ctx, s.db, uri)
	if err != nil || known != nil && (known.Thread != root.Thread || !known.Visibility.Distributable()) {
		return nil, false, err
	}
	if err := activitypub.SpendStatus(ctx); err != nil {
		return nil, false, err
	}
	if document, err = s.remote.Fetch(ctx, uri); err != nil {
		return nil, false, err
	}
	note, err := activitypub.ParseNote(document)
	if err != nil {
		return nil, false, err
	}
	if known, err = ofURI(ctx, s.db, note.ID); err != nil || known != nil {
		return document, false, err
	}
	if v := note.Visibility(""); v != activitypub.VisibilityPublic && v != activitypub.VisibilityUnlisted {
		return nil, false, nil
	}
	if yes, err := s.belongs(ctx, note, root, listedBy); err != nil || !yes {
		return nil, false, err
	}
	if _, err := s.keepFetched(ctx, note, further{climb: true, quotes: quotesDeep}); err != nil {
		return nil, false, err
	}
	return document, true, nil
}

// belongs tells whether a status itself says that it belongs where it is listed: it answers who lists it, or something of the thread, or names
// the context that lists it and answers something.
func (s *Service) belongs(ctx context.Context, note *activitypub.RemoteNote, root *Status, listedBy string) (bool, error) {
	if note.InReplyTo == "" {
		return false, nil
	}
	if note.InReplyTo == listedBy || note.Context == listedBy {
		return true, nil
	}
	parent, err := s.parentOf(ctx, s.db, note)
	return parent != nil && parent.Thread == root.Thread, err
}
