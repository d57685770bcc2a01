package timelines

import (
	"anancus/internal/social/id"
)

// ref names an entry in a pool; 0 names none.
type ref uint32

// pool holds the entries of all feeds, each once, with how many feeds hold it: they have much in common, and where an entry takes 40 bytes a
// feed holds four. What no feed holds any more makes room for the next. Service.mu guards it.
type pool struct {
	blocks [][]line          // of blockLines each, so that nothing is moved when there are more
	heads  []ref             // by the hash of a status: where the chain of such lines begins
	free   ref               // the first of those that hold nothing
	used   int               // lines that hold something
	boosts map[id.Status]int // how many entries boost a status
}

// line is an entry in a pool.
type line struct {
	entry
	holders uint32
	next    ref // in its chain, or of the free
}

const (
	blockBits  = 10
	blockLines = 1 << blockBits
	leastHeads = 1 << 10
)

// What a pool takes for an entry, in bytes: its line and two heads at most; and for one that is boosted.
const (
	lineBytes    = 40 + 2*4
	boostedBytes = 40
)

func newPool() *pool {
	return &pool{heads: make([]ref, leastHeads), boosts: map[id.Status]int{}}
}

func (p *pool) line(r ref) *line { return &p.blocks[r>>blockBits][r&(blockLines-1)] }

func (p *pool) head(status id.Status) *ref {
	return &p.heads[uint64(status)*0x9e3779b97f4a7c15>>32&uint64(len(p.heads)-1)]
}

// take gives the name of an entry, for one holder more.
func (p *pool) take(e entry) ref {
	for r := *p.head(e.status); r != 0; r = p.line(r).next {
		if l := p.line(r); l.entry == e {
			l.holders++
			return r
		}
	}
	if p.used == len(p.heads) {
		p.spread()
	}
	if p.free == 0 {
		p.grow()
	}
	r, head := p.free, p.head(e.status)
	l := p.line(r)
	p.free = l.next
	*l = line{entry: e, holders: 1, next: *head}
	*head = r
	p.used++
	if e.boostOf != 0 {
		p.boosts[e.boostOf]++
	}
	return r
}

// share counts one holder more.
func (p *pool) share(r ref) { p.line(r).holders++ }

// release counts one holder less; what nobody holds is forgotten.
func (p *pool) release(r ref) {
	l := p.line(r)
	switch l.holders {
	case 0:
		panic("timelines: an entry that no feed holds was let go of")
	default:
		l.holders--
		return
	case 1:
	}
	at := p.head(l.status)
	for *at != r {
		at = &p.line(*at).next
	}
	*at = l.next
	if l.boostOf != 0 {
		if p.boosts[l.boostOf]--; p.boosts[l.boostOf] == 0 {
			delete(p.boosts, l.boostOf)
		}
	}
	*l = line{next: p.free}
	p.free = r
	if p.used--; p.used == 0 { // the feeds that come next may be fewer
		*p = *newPool()
	}
}

// grow adds a block of free lines. The first line of all is never used: 0 names none.
func (p *pool) grow() {
	first := ref(len(p.blocks)) << blockBits
	p.blocks = append(p.blocks, make([]line, blockLines))
	for r := first + blockLines - 1; r > first; r-- {
		p.line(r).next, p.free = p.free, r
	}
	if first > 0 {
		p.line(first).next, p.free = p.free, first
	}
}

// spread doubles the heads.
func (p *pool) spread() {
	p.heads = make([]ref, 2*len(p.heads))
	for r := range ref(len(p.blocks) << blockBits) {
		if l := p.line(r); l.holders > 0 {
			head := p.head(l.status)
			l.next, *head = *head, r
		}
	}
}

// boostsOf lists the boosts of a status that feeds hold.
func (p *pool) boostsOf(status id.Status) (list []entry) {
	if p.boosts[status] == 0 {
		return nil
	}
	for _, block := range p.blocks {
		for i := range block {
			if block[i].holders > 0 && block[i].boostOf == status {
				list = append(list, block[i].entry)
			}
		}
	}
	return list
}

// size is about how many bytes the entries take.
func (p *pool) size() uint64 {
	return uint64(lineBytes*p.used + boostedBytes*len(p.boosts))
}
