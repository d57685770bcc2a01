package courtesy

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestNothingIsHeldBackWhileNobodyWaits(t *testing.T) {
	var none *Courtesy
	c := &Courtesy{}
	for range 10_000 { // at the pace of work that is held back: minutes
		if err := errors.Join(c.Wait(t.Context()), none.Wait(t.Context())); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWorkHasTurnsWhileSomebodyWaitsAndGoesOnWhenNobodyDoes(t *testing.T) {
	c := &Courtesy{}
	done := c.Answering()
	now := time.Now()
	first, second := c.take(now), c.take(now)
	if want := interval(0, 1); !first.Equal(now) || second.Sub(first) > want || second.Sub(first) <= 0 {
		t.Errorf("turns are %v and %v after now, want none and at most %v", first.Sub(now), second.Sub(now), want)
	}
	for range 100_000 { // hours of turns are given away
		c.take(now)
	}
	ended := make(chan error)
	go func() { ended <- c.Wait(t.Context()) }()
	select {
	case <-ended:
		t.Fatal("work went on while somebody waited")
	case <-time.After(20 * time.Millisecond):
	}
	done()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestWorkThatIsHeldBackStopsWhenItIsTold(t *testing.T) {
	c := &Courtesy{}
	defer c.Answering()()
	for range 100_000 {
		c.take(time.Now())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Wait(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Wait = %v", err)
	}
}

func TestWhatIsHeldBackPressesAfterAWhile(t *testing.T) {
	start, minute, later := interval(0, 2), interval(patience, 2), interval(patience+2*time.Minute, 2)
	if start != 20*time.Millisecond || minute != start || later > start/100 || interval(time.Hour, 2) > 2*time.Microsecond {
		t.Errorf("pauses are %v, after a minute %v, after three %v", start, minute, later)
	}
}
