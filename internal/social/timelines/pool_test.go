package timelines

import (
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/heap/heaptest"
	"anancus/internal/social/id"

	"pgregory.net/rapid"
)

func TestAPoolHoldsEachEntryOnceForAsLongAsSomebodyDoes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p := newPool()
		holders, names := map[entry]int{}, map[entry]ref{}
		var held []entry // one for each holder
		check := func() {
			t.Helper()
			boosts := map[id.Status]int{}
			for e, n := range holders {
				if l := p.line(names[e]); l.entry != e || int(l.holders) != n {
					rt.Fatalf("%+v with %d holders is remembered as %+v", e, n, *l)
				}
				if e.boostOf != 0 {
					boosts[e.boostOf]++
				}
			}
			if p.used != len(holders) || len(p.boosts) != len(boosts) {
				rt.Fatalf("%d entries and %d boosted ones are held, and not %d and %d", p.used, len(p.boosts), len(holders), len(boosts))
			}
			for status := id.Status(1); status < 20; status++ {
				if n := len(p.boostsOf(status)); n != boosts[status] {
					rt.Fatalf("%d boosts of %d are held, and not %d", n, status, boosts[status])
				}
			}
		}
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			if len(held) > 0 && rapid.Bool().Draw(rt, "release") {
				at := rapid.IntRange(0, len(held)-1).Draw(rt, "which")
				e := held[at]
				held[at] = held[len(held)-1]
				held = held[:len(held)-1]
				p.release(names[e])
				if holders[e]--; holders[e] == 0 {
					delete(holders, e)
					delete(names, e)
				}
				check()
				continue
			}
			n := rapid.IntRange(1, 30).Draw(rt, "status")
			e := entry{status: id.Status(n), author: id.Account(n % 3), other: id.Account(rapid.IntRange(0, 1).Draw(rt, "other"))}
			if n > 20 {
				e.boostOf = id.Status(n - 20)
			}
			if r := p.take(e); holders[e] == 0 {
				names[e] = r
			} else if names[e] != r {
				rt.Fatalf("%+v is held twice", e)
			}
			holders[e]++
			held = append(held, e)
			check()
		}
	})
}

func TestAPoolGrowsAndIsUsedAgain(t *testing.T) {
	p := newPool()
	const many = 5*blockLines + 7
	var names []ref
	fill := func(from int) {
		names = names[:0]
		for i := range many {
			names = append(names, p.take(entry{status: id.Status(from+i) << 16, author: 7}))
		}
		for i, r := range names {
			if got := p.line(r).status; got != id.Status(from+i)<<16 {
				t.Fatalf("entry %d is %d", i, got)
			}
		}
	}
	fill(1)
	if again := p.take(entry{status: 3 << 16, author: 7}); again != names[2] {
		t.Errorf("an entry is found at %d, and not at %d", again, names[2])
	}
	p.release(names[2])
	blocks := len(p.blocks)
	for i, r := range names {
		p.release(r)
		names[i] = p.take(entry{status: id.Status(many+1+i) << 16})
	}
	if len(p.blocks) != blocks || p.used != many {
		t.Errorf("%d entries in the place of others take %d blocks, and not %d", p.used, len(p.blocks), blocks)
	}
	for _, r := range names {
		p.release(r)
	}
	if p.used != 0 || len(p.blocks) != 0 || p.size() != 0 {
		t.Errorf("an empty pool holds %d entries in %d blocks", p.used, len(p.blocks))
	}
	defer func() {
		if recover() == nil {
			t.Error("an entry can be let go of twice")
		}
	}()
	fill(1)
	p.release(names[0])
	p.release(names[0])
}

// opened is a room in which a number of feeds are open, each with some entries of those that everybody may have.
func opened(feeds, each, common int) *Service {
	s := New(Config{Clock: clock.System{}, Memory: 1 << 40})
	for n := range feeds {
		r := &facts{reader: id.Account(n + 1)}
		for i := range 100 {
			r.follows = append(r.follows, id.Account(1_000_000+n%50+i))
		}
		f := &feed{bounds: s.bounds, facts: r, pool: s.pool}
		for i := range each {
			status := id.Status(1 + (n*each/3+i)%common)
			e := entry{status: status << 16, author: id.Account(status % 1000)}
			if status%4 == 0 {
				e.boostOf, e.other = status<<16-1, 9
			}
			f.put(e)
		}
		s.register(f)
	}
	return s
}

func TestFeedsTakeWhatTheyAreCountedFor(t *testing.T) {
	for name, common := range map[string]int{"with much in common": 4000, "with little in common": 400_000} {
		t.Run(name, func(t *testing.T) {
			before := heaptest.InUse()
			s := opened(1000, 800, common)
			took, counted := float64(heaptest.InUse()-before), float64(s.held+s.pool.size())
			t.Logf("%d feeds and %d entries: %.1f MB, counted as %.1f MB", s.Open(), s.pool.used, took/(1<<20), counted/(1<<20))
			if took > 1.2*counted || took < 0.7*counted {
				t.Errorf("feeds take %.0f bytes and are counted for %.0f", took, counted)
			}
			s.Forget()
			if s.held != 0 || s.pool.size() != 0 {
				t.Errorf("no feed is open, and %d bytes are counted, %d of entries", s.held, s.pool.size())
			}
		})
	}
}

// The figures of the default: a quarter of 64 MB.
func TestTheMemoryOfFeedsHoldsThousandsThatHaveMuchInCommon(t *testing.T) {
	if s := opened(2000, 800, 4000); s.held+s.pool.size() > defaultMemory {
		t.Errorf("2,000 feeds take %d bytes", s.held+s.pool.size())
	}
}

func TestFeedsThatTakeMoreThanTheyMayMakeWay(t *testing.T) {
	s := opened(100, 800, 400_000)
	s.memory = (s.held + s.pool.size()) / 2
	s.mu.Lock()
	s.makeWay()
	s.mu.Unlock()
	if n := s.Open(); n < 40 || n > 50 || s.held+s.pool.size() > s.memory {
		t.Errorf("with half the memory %d feeds of 100 are open, and take %d bytes of %d", n, s.held+s.pool.size(), s.memory)
	}
	if s.feeds[homeOf(100)] == nil || s.feeds[homeOf(1)] != nil {
		t.Error("those that were read last were closed")
	}
}
