package statuses

import (
	"context"
	"sync"
	"sync/atomic"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"

	"github.com/maypok86/otter/v2"
)

// Bounds of what is remembered of readers. Most of them look at a page or two: there is room for fifteen thousand such.
const (
	readersMemory = 24 << 20 // bytes of their flags, and as many of their ties; the least used go first
	maxRemembered = 1000     // statuses, or authors, of one reader; past it their memory begins anew
	readerBytes   = 256      // of a reader of whom nothing is known yet
	knownBytes    = 40       // of each thing that is
)

// readers remembers something of active readers, so that a page seen again costs no query: their flags of the statuses that they saw lately, or
// their ties to authors. Every change passes through forget or forgetAll.
type readers[K comparable, V any] struct {
	cache *otter.Cache[id.Account, *reader[K, V]]
	read  func(ctx context.Context, q db.Q, reader id.Account, of []K) (map[K]V, error) // one query
}

type reader[K comparable, V any] struct {
	mu    sync.Mutex
	epoch uint64 // moves with every change, so that what was read before it is not kept
	known map[K]V
	most  atomic.Uint32 // things known at once: a map that is emptied stays as large as it was
}

func newReaders[K comparable, V any](read func(context.Context, db.Q, id.Account, []K) (map[K]V, error)) *readers[K, V] {
	return &readers[K, V]{otter.Must(&otter.Options[id.Account, *reader[K, V]]{
		MaximumWeight: readersMemory,
		Weigher:       func(_ id.Account, one *reader[K, V]) uint32 { return readerBytes + knownBytes*one.most.Load() },
	}), read}
}

// weigh counts anew what is known of a reader, where there is more of it. One who was let go of meanwhile stays so: of what changed since, they
// were not told.
func (r *readers[K, V]) weigh(account id.Account, one *reader[K, V], known int) {
	if uint32(known) <= one.most.Load() {
		return
	}
	one.most.Store(uint32(known))
	r.cache.ComputeIfPresent(account, func(now *reader[K, V]) (*reader[K, V], otter.ComputeOp) {
		if now != one {
			return now, otter.CancelOp
		}
		return one, otter.WriteOp
	})
}

// of adds to found what a reader has of each key: what is remembered, and the rest from one query.
func (r *readers[K, V]) of(ctx context.Context, q db.Q, account id.Account, keys []K, found map[K]V) error {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		one, _ = r.cache.SetIfAbsent(account, &reader[K, V]{known: map[K]V{}})
	}
	var missing []K
	one.mu.Lock()
	epoch := one.epoch
	for _, key := range keys {
		if v, known := one.known[key]; known {
			found[key] = v
		} else {
			missing = append(missing, key)
		}
	}
	one.mu.Unlock()
	if len(missing) == 0 {
		return nil
	}
	read, err := r.read(ctx, q, account, missing)
	if err != nil {
		return err
	}
	one.mu.Lock()
	keep := one.epoch == epoch
	if keep && len(one.known)+len(missing) > maxRemembered {
		one.known = map[K]V{}
	}
	for _, key := range missing {
		found[key] = read[key]
		if keep {
			one.known[key] = read[key]
		}
	}
	known := len(one.known)
	one.mu.Unlock()
	r.weigh(account, one, known)
	return nil
}

// readerEpoch is a reader before something happened.
type readerEpoch[K comparable, V any] struct {
	of      *readers[K, V]
	account id.Account
	one     *reader[K, V]
	epoch   uint64
}

// epoch gives a reader that is remembered; nil for another.
func (r *readers[K, V]) epoch(account id.Account) *readerEpoch[K, V] {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return nil
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	return &readerEpoch[K, V]{r, account, one, one.epoch}
}

// nothing remembers that the reader had nothing of a key, unless anything changed since.
func (e *readerEpoch[K, V]) nothing(key K) {
	if known := e.remember(key); known > 0 {
		e.of.weigh(e.account, e.one, known)
	}
}

func (e *readerEpoch[K, V]) remember(key K) (known int) {
	e.one.mu.Lock()
	defer e.one.mu.Unlock()
	if e.one.epoch != e.epoch {
		return 0
	}
	if len(e.one.known) >= maxRemembered {
		e.one.known = map[K]V{}
	}
	var none V
	e.one.known[key] = none
	return len(e.one.known)
}

// forget drops what is remembered of one key.
func (r *readers[K, V]) forget(account id.Account, key K) {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.epoch++
	delete(one.known, key)
}

func (r *readers[K, V]) forgetAll(account id.Account) {
	one, ok := r.cache.GetIfPresent(account)
	if !ok {
		return
	}
	one.mu.Lock()
	defer one.mu.Unlock()
	one.epoch++
	one.known = map[K]V{}
}

// everybody drops what is remembered of one key for every reader.
func (r *readers[K, V]) everybody(key K) {
	for _, one := range r.cache.All() {
		one.mu.Lock()
		one.epoch++
		delete(one.known, key)
		one.mu.Unlock()
	}
}

// ForgetReader drops all that is remembered of readers whom a change may concern in many statuses.
func (s *Service) ForgetReader(accounts ...id.Account) {
	for _, account := range accounts {
		s.untouched.doubt(account)
		s.flags.forgetAll(account)
	}
	s.ForgetTies(accounts...)
}

// ForgetTies drops what is remembered of what readers and authors are to each other.
func (s *Service) ForgetTies(readers ...id.Account) {
	for _, reader := range readers {
		s.ties.forgetAll(reader)
	}
}
