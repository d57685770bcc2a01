package activitypub

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
)

func TestABreakerLeavesAHostAlone(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.world.answer("a.example", 503)
		for author := range int64(12) {
			p.enqueue(author+1, fmt.Sprint("create ", author), "a.example", "b.example")
		}
		if err := p.DeliverDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		count := func() (a, b int) {
			for _, line := range p.world.took() {
				if strings.HasPrefix(line, "a.example") {
					a++
				} else {
					b++
				}
			}
			return a, b
		}
		if a, b := count(); a < breakerFailures || a > breakerFailures+lanesAtOnce-1 || b != 12 {
			t.Errorf("a.example was tried %d times and b.example %d, want 10 and 12", a, b)
		}
		p.enqueue(50, "another", "a.example")
		p.clock.Advance(59 * time.Second)
		p.delivers()
		p.clock.Advance(time.Second)
		p.deliverDue()
		if a, _ := count(); a != 1 {
			t.Errorf("after the pause %d probes went out, want 1", a)
		}
		p.world.answer("a.example", 202)
		p.clock.Advance(2 * time.Minute)
		p.deliverDue()
		if a, _ := count(); a != 13 {
			t.Errorf("after the recovery %d arrived, want 13", a)
		}
		if s := p.state("a.example"); s.Failures != 0 || len(s.FailureDays) != 0 || !s.PausedUntil.IsZero() {
			t.Errorf("a.example: %+v", s)
		}
	})
}

// failDays lets a.example fail on so many days, once a day.
func (p *post) failDays(days int) {
	p.t.Helper()
	p.world.answer("a.example", 500)
	for day := range days {
		p.enqueue(int64(100+day), fmt.Sprint("day ", day), "a.example")
		if err := p.DeliverDue(p.t.Context()); err != nil {
			p.t.Fatal(err)
		}
		p.clock.Advance(24 * time.Hour)
	}
	p.world.took()
}

func TestSevenDaysOfFailureMakeAHostUnavailableUntilAProbeIsAnswered(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.failDays(6)
		if s := p.state("a.example"); !s.UnavailableAt.IsZero() || len(s.FailureDays) != 6 {
			t.Errorf("after six days: %+v", s)
		}
		p.failDays(1)
		p.clock.Advance(-24 * time.Hour) // the same day
		if s := p.state("a.example"); s.UnavailableAt.IsZero() {
			t.Errorf("after seven days: %+v", s)
		}
		_, _, before := p.Counts()
		p.enqueue(1, "not stored", "a.example", "b.example")
		p.delivers("b.example not stored")

		p.clock.Advance(26 * time.Hour) // a probe
		p.deliverDue()
		if _, _, after := p.Counts(); after != before+1 {
			t.Errorf("%d probes went out, want 1", after-before)
		}
		p.world.took()

		p.clock.Advance(26 * time.Hour)
		p.world.answer("a.example", 202)
		p.enqueue(1, "stored", "a.example")
		p.deliverDue()
		if got := p.world.took(); !slices.Contains(got, "a.example stored") {
			t.Errorf("arrived %q", got)
		}
		if s := p.state("a.example"); !s.UnavailableAt.IsZero() || len(s.FailureDays) != 0 {
			t.Errorf("after the answer: %+v", s)
		}
	})
}

func TestAFollowIsTriedEvenAtAnUnavailableHost(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.failDays(7)
		p.clock.Advance(-24 * time.Hour)
		for p.state("a.example").Waiting > 0 { // nothing is left that could be a probe
			p.clock.Advance(26 * time.Hour)
			p.deliverDue()
		}
		p.world.took()
		p.enqueue(1, "create", "a.example")
		p.enqueue(1, "follow/5", "a.example")
		p.world.answer("a.example", 202)
		if err := p.DeliverDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := p.world.took(); !slices.Contains(got, "a.example follow/5") {
			t.Errorf("arrived %q", got)
		}
		p.enqueue(1, "next", "a.example")
		p.delivers("a.example next")
	})
}

func TestAnUnavailableHostWithNothingStoredIsProbedByTheNextActivity(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.failDays(7)
		err := p.db.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := db.Exec(t.Context(), tx, `DELETE FROM deliveries`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		p.clock.Advance(2 * time.Hour)
		p.delivers()
		p.world.answer("a.example", 202)
		p.enqueue(1, "probe", "a.example")
		p.delivers("a.example probe")
	})
}

func TestAKeeperCanHaveAHostTriedAgain(t *testing.T) {
	eachPost(t, func(t *testing.T, p *post) {
		p.failDays(7)
		p.world.answer("a.example", 202)
		if err := p.Retry(t.Context(), "a.example"); err != nil {
			t.Fatal(err)
		}
		if err := p.DeliverDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.waiting(0)
		all, err := p.Status(t.Context(), "")
		if err != nil || len(all) != 0 {
			t.Errorf("Status of all = %+v, %v; nobody waits or fails", all, err)
		}
	})
}
