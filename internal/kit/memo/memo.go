// Package memo keeps in memory what was read from the database and encoded,
// bounded in bytes, and never keeps a value that was read before it was forgotten.
package memo

import (
	"slices"
	"sync/atomic"

	"github.com/maypok86/otter/v2"
)

// Memo remembers values by id.
type Memo[K ~int64, V any] struct {
	cache  *otter.Cache[K, V]
	epochs [shards]atomic.Uint64
}

const shards = 256

// New makes a memo that holds at most maxBytes, as weigh counts them.
func New[K ~int64, V any](maxBytes uint64, weigh func(V) uint32) *Memo[K, V] {
	return &Memo[K, V]{cache: otter.Must(&otter.Options[K, V]{
		MaximumWeight: maxBytes,
		Weigher:       func(_ K, v V) uint32 { return weigh(v) + overhead },
	})}
}

// overhead is what an entry costs beside its value, in bytes.
const overhead = 128

func (m *Memo[K, V]) epoch(k K) *atomic.Uint64 { return &m.epochs[uint64(k)*0x9e3779b97f4a7c15>>56] }

// Peek gives a remembered value.
func (m *Memo[K, V]) Peek(k K) (V, bool) { return m.cache.GetIfPresent(k) }

// Forget drops a value, also one that is being read just now.
func (m *Memo[K, V]) Forget(keys ...K) {
	for _, k := range keys {
		m.epoch(k).Add(1)
		m.cache.Invalidate(k)
	}
}

// Epoch is to be taken before a value is made that Offer is given.
func (m *Memo[K, V]) Epoch(k K) uint64 { return m.epoch(k).Load() }

// Offer keeps a value that was made from elsewhere than the database, unless it was forgotten since the epoch.
func (m *Memo[K, V]) Offer(k K, v V, epoch uint64) {
	if m.epoch(k).Load() != epoch {
		return
	}
	m.cache.Set(k, v) // set first and look afterwards: a Forget between the two is then seen
	if m.epoch(k).Load() != epoch {
		m.cache.Invalidate(k)
	}
}

// Update puts another value in the place of one that is remembered, and keeps none that is being read just now. Only one goroutine may
// update or forget a key at a time.
func (m *Memo[K, V]) Update(k K, change func(V) (V, bool)) {
	m.epoch(k).Add(1)
	v, ok := m.cache.GetIfPresent(k)
	if !ok {
		return
	}
	if v, ok = change(v); ok {
		m.cache.Set(k, v)
	} else {
		m.cache.Invalidate(k)
	}
}

// ForgetWhere drops the values that which picks. None that is being read just now is kept either: nobody knows yet what it will be.
func (m *Memo[K, V]) ForgetWhere(which func(V) bool) {
	for i := range m.epochs {
		m.epochs[i].Add(1)
	}
	for k, v := range m.cache.All() {
		if which(v) {
			m.cache.Invalidate(k)
		}
	}
}

// Clear drops everything.
func (m *Memo[K, V]) Clear() {
	for i := range m.epochs {
		m.epochs[i].Add(1)
	}
	m.cache.InvalidateAll()
}

// All gives the values of keys, reading those that are missing with one call of
// load. Keys that load does not give are absent from the answer.
func (m *Memo[K, V]) All(keys []K, load func(missing []K) (map[K]V, error)) (map[K]V, error) {
	found := make(map[K]V, len(keys))
	err := m.Each(keys, load, func(k K, v V) { found[k] = v })
	if err != nil {
		return nil, err
	}
	return found, nil
}

// Each is All for whoever keeps values elsewhere than in a map of their own: do is given each of them, that of a key which is named
// twice perhaps twice.
func (m *Memo[K, V]) Each(keys []K, load func(missing []K) (map[K]V, error), do func(K, V)) error {
	var missing []K
	for _, k := range keys {
		if v, ok := m.cache.GetIfPresent(k); ok {
			do(k, v)
		} else {
			missing = append(missing, k)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	before := make([]uint64, len(missing))
	for i, k := range missing {
		before[i] = m.epoch(k).Load()
	}
	loaded, err := load(missing)
	if err != nil {
		return err
	}
	for i, k := range missing {
		v, ok := loaded[k]
		if !ok {
			continue
		}
		do(k, v)
		// Set first and look afterwards: a Forget between the two is then seen.
		m.cache.Set(k, v)
		if m.epoch(k).Load() != before[i] {
			m.cache.Invalidate(k)
		}
	}
	return nil
}
