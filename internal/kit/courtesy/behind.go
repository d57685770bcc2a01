package courtesy

import (
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	rank       = 19                     // how much the threads yield, as nice(1) counts: as much as there is; 10 was measured too, and home pages waited longer
	mostBehind = 4                      // threads at most: that many thousand signatures a second, while somebody waits
	standIn    = 500 * time.Millisecond // so long work waits for one of the threads, then whoever brings it does it
)

// processors is how many of them Go had before room was made.
var processors = sync.OnceValue(func() int { return runtime.GOMAXPROCS(0) })

// room lets Go run as many threads more as there are those that yield, and tells how many. Each of them holds one of the places that
// GOMAXPROCS counts, also while the system lets others run before it: without a place more there would be one less for the others.
var room = sync.OnceValue(func() int {
	more := roomFor(processors(), os.Getenv("GOMAXPROCS"))
	if more > 0 {
		runtime.GOMAXPROCS(processors() + more)
	}
	return more
})

// roomFor is how many threads yield on so many processors; wanted is how many threads a keeper wants to run at a time, if they said.
func roomFor(processors int, wanted string) int {
	if !canYield || wanted != "" {
		return 0
	}
	return min(max(processors/2, 1), mostBehind)
}

// threads do what is brought to them.
type threads struct {
	pieces chan *piece
	quit   chan struct{}
	all    sync.WaitGroup
}

// piece is some work, and what became of it.
type piece struct {
	work     func()
	done     chan struct{}
	panicked any
}

// Start makes the threads for Behind, which Stop ends.
func (c *Courtesy) Start() { c.start(room()) }

func (c *Courtesy) start(n int) {
	if n == 0 || c.threads.Load() != nil {
		return
	}
	t := &threads{pieces: make(chan *piece), quit: make(chan struct{})}
	var begun sync.WaitGroup
	begun.Add(n)
	for range n {
		t.all.Go(func() { t.run(begun.Done) })
	}
	begun.Wait()
	c.threads.Store(t)
}

// Stop ends the threads when they have done what they began. Behind goes on without them.
func (c *Courtesy) Stop() {
	if t := c.threads.Swap(nil); t != nil {
		close(t.quit)
		t.all.Wait()
	}
}

func (t *threads) run(begun func()) {
	runtime.LockOSThread() // for good: a thread that yields must not run anything else, and ends with this
	yield(rank)
	begun()
	for {
		select {
		case p := <-t.pieces:
			p.run()
		case <-t.quit:
			return
		}
	}
}

func (p *piece) run() {
	defer close(p.done)
	defer func() { p.panicked = recover() }()
	p.work()
}

// Behind does work that holds a processor for a millisecond without a break, such as a signature, and returns when it is done. While
// somebody waits for an answer it is done by threads that the system interrupts for all others: Go's scheduler knows no ranks, and
// would let whoever asks wait until the work is done. A few of them share what comes; the rest of the processors stays free.
func (c *Courtesy) Behind(work func()) {
	t := c.threads.Load()
	if t == nil || !c.busy(time.Now()) {
		work()
		return
	}
	patience := time.NewTimer(standIn)
	defer patience.Stop()
	p := &piece{work: work, done: make(chan struct{})}
	select {
	case t.pieces <- p:
		<-p.done
		if p.panicked != nil {
			panic(p.panicked)
		}
	case <-patience.C: // the machine has no rest, and the work must be done in the end
		work()
	case <-t.quit:
		work()
	}
}
