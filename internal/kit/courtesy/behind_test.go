package courtesy

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestFewThreadsShareTheWorkWhileSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Courtesy{}
		defer c.Answering()()
		c.start(2)
		begun, let := make(chan bool, 10), make(chan bool)
		for range 3 {
			go c.Behind(func() { begun <- true; <-let })
		}
		time.Sleep(standIn - 1)
		if len(begun) != 2 {
			t.Errorf("%d pieces of work are done at a time, want 2", len(begun))
		}
		time.Sleep(2)
		synctest.Wait()
		if len(begun) != 3 {
			t.Error("work for which no thread had time was not done at last")
		}
		close(let)
		c.Stop() // a thread that did not end would be seen at the end
		c.Stop()
	})
}

func TestWorkBegunIsDoneThoughTheThreadsEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Courtesy{}
		defer c.Answering()()
		c.start(1)
		begun, done, let := make(chan bool, 10), make(chan bool, 10), make(chan bool)
		for range 3 {
			go func() { c.Behind(func() { begun <- true; <-let }); done <- true }()
		}
		synctest.Wait()
		stopped := make(chan bool)
		go func() { c.Stop(); close(stopped) }()
		synctest.Wait()
		select {
		case <-stopped:
			t.Error("Stop does not wait for what a thread began")
		default:
		}
		if len(begun) != 3 {
			t.Errorf("%d of 3 were begun after Stop: those who waited for the thread do it themselves", len(begun))
		}
		close(let)
		<-stopped
		synctest.Wait()
		if len(done) != 3 {
			t.Errorf("%d of 3 are done", len(done))
		}
	})
}

func TestAPanicIsThatOfWhoBroughtTheWork(t *testing.T) {
	c := &Courtesy{}
	defer c.Answering()()
	c.start(1)
	defer c.Stop()
	func() {
		defer func() {
			if got := recover(); got != "of the work" {
				t.Errorf("recovered %v", got)
			}
		}()
		c.Behind(func() { panic("of the work") })
	}()
	done := false
	c.Behind(func() { done = true })
	if !done {
		t.Error("the thread does nothing more")
	}
}

func TestRoomIsMadeForFewThreadsAndNotAgainstTheWordOfAKeeper(t *testing.T) {
	for _, c := range []struct {
		processors int
		wanted     string
		threads    int
	}{{1, "", 1}, {2, "", 1}, {4, "", 2}, {64, "", 4}, {4, "4", 0}} {
		if !canYield {
			c.threads = 0
		}
		if got := roomFor(c.processors, c.wanted); got != c.threads {
			t.Errorf("on %d processors with GOMAXPROCS=%q: %d threads, want %d", c.processors, c.wanted, got, c.threads)
		}
	}
}
