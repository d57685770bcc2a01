package statuses

import (
	"context"
	"fmt"
	"sync"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"

	"github.com/maypok86/otter/v2"
)

// flags is what a viewer did with a status, a bit each. The bits from choiceBit on are the options of its poll that they voted for.
type flags uint64

const choiceBit = 16

func (f flags) choices() int64 { return int64(f >> choiceBit) }

const (
	favourited flags = 1 << iota
	boosted
	bookmarked
	pinned
	muted        // the thread
	follows      // the author
	followedBack // by the author
)

// Bounds of what is remembered of readers: about 25 MB when full.
const (
	maxReaders     = 512  // the least used go first
	maxReaderFlags = 1000 // statuses of one reader; past it their memory begins anew
)

// readers remembers what active readers did with the statuses they saw lately, so that
// a page seen again costs no query. Every change of a flag passes through forget.
type readers struct {
	cache *otter.Cache[id.Account, *reader]
}

type reader struct {
	mu    sync.Mutex
	epoch uint64 // moves with every change, so that what was read before it is not kept
	known map[id.Status]flags
}

func newReaders() *readers {
	return &readers{otter.Must(&otter.Options[id.Account, *reader]{MaximumSize: maxReaders})}
}

// of adds to found a reader's flags for statuses: those remembered, and the rest from one query.
func (r *readers) of(ctx context.Context, q db.Q, account id.Account, ids []id.Status, found map[id.Status]flags) error {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		one, _ = r.cache.SetIfAbsent(account, &reader{known: map[id.Status]flags{}})
	}
	var missing []id.Status
	one.mu.Lock()
	epoch := one.epoch
	for _, status := range ids {
		if f, known := one.known[status]; known {
			found[status] = f
		} else {
			missing = append(missing, status)
		}
	}
	one.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	read, err := flagsOf(ctx, q, account, missing)
	if err != nil {
		return err
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	keep := one.epoch == epoch
	if keep && len(one.known)+len(missing) > maxReaderFlags {
		one.known = map[id.Status]flags{}
	}
	for _, status := range missing {
		found[status] = read[status]
		if keep {
			one.known[status] = read[status]
		}
	}
	return nil
}

// readerEpoch is a reader before something happened.
type readerEpoch struct {
	one   *reader
	epoch uint64
}

// epoch gives a reader that is remembered; nil for another.
func (r *readers) epoch(account id.Account) *readerEpoch {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return nil
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return &readerEpoch{one, one.epoch}
}

// nothing remembers that the reader had done nothing with a status, unless anything changed since.
func (e *readerEpoch) nothing(status id.Status) {
	e.one.mu.Lock()
	defer e.one.mu.Unlock()
	if e.one.epoch != e.epoch {
		return
	}
	if len(e.one.known) >= maxReaderFlags {
		e.one.known = map[id.Status]flags{}
	}
	e.one.known[status] = 0
}

// forget drops what is remembered of one status.
func (r *readers) forget(account id.Account, status id.Status) {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.epoch++
	delete(one.known, status)
}

func (r *readers) forgetAll(account id.Account) {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.epoch++
	one.known = map[id.Status]flags{}
}

// ForgetReader drops all that is remembered of a reader, whom a change may concern in many statuses.
func (s *Service) ForgetReader(accounts ...id.Account) {
	for _, account := range accounts {
		s.readers.forgetAll(account)
	}
}

// forgetStatus drops what is remembered of one status for every reader.
func (r *readers) forgetStatus(status id.Status) {
	for _, one := range r.cache.All() {
		one.mu.Lock()
		one.epoch++
		delete(one.known, status)
		one.mu.Unlock()
	}
}

// ForgetFlags drops what is remembered of what an account did with a status; the live effect of every such change.
func (s *Service) ForgetFlags(account id.Account, status id.Status) {
	s.readers.forget(account, status)
}

func flagsOf(ctx context.Context, q db.Q, reader id.Account, ids []id.Status) (map[id.Status]flags, error) {
	type fact struct {
		kind    string
		status  id.Status
		choices int64
	}
	facts, err := db.All(ctx, q, func(r db.Row) (fact, error) {
		var x fact
		err := r.Scan(&x.kind, &x.status, &x.choices)
		return x, err
	}, `SELECT 'f', status_id, 0 FROM favourites WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 'b', boost_of_id, 0 FROM statuses WHERE author_id = $1 AND boost_of_id {in $2} AND deleted_at IS NULL
		UNION ALL SELECT 'm', status_id, 0 FROM bookmarks WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 'p', status_id, 0 FROM pins WHERE account_id = $1 AND status_id {in $2}
		UNION ALL SELECT 't', s.id, 0 FROM statuses s JOIN thread_mutes t ON t.thread_id = s.thread_id WHERE t.account_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'a', s.id, 0 FROM statuses s JOIN follows f ON f.target_id = s.author_id WHERE f.account_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'r', s.id, 0 FROM statuses s JOIN follows f ON f.account_id = s.author_id WHERE f.target_id = $1 AND s.id {in $2}
		UNION ALL SELECT 'v', v.status_id, v.choices FROM poll_votes v JOIN polls p ON p.status_id = v.status_id AND p.round = v.round
			WHERE v.account_id = $1 AND v.status_id {in $2}`, reader, ids)
	if err != nil {
		return nil, fmt.Errorf("flags of viewer: %w", err)
	}
	bits := map[string]flags{"f": favourited, "b": boosted, "m": bookmarked, "p": pinned, "t": muted, "a": follows, "r": followedBack}
	found := make(map[id.Status]flags, len(facts))
	for _, x := range facts {
		found[x.status] |= bits[x.kind] | flags(x.choices)<<choiceBit
	}
	return found, nil
}
