package bus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

const (
	lease      = 2 * time.Minute  // how long the work of a dead process stays untouched
	renewEvery = 30 * time.Second // several chances before a lease ends
	patience   = 10 * time.Minute // few effects need longer (patiences); one that hangs must not keep its worker
	finishing  = 5 * time.Second  // for writing down how a job ended

	endedAtOnce = 100 // jobs that are removed in one statement, at most
)

// job is an outbox row: the effects of one class that an event still has to have.
type job struct {
	id       int64
	event    string
	payload  string
	todo     []string
	class    Class
	attempts int
	wait     time.Duration // before it is due for the first time
	handed   bool          // it goes to the workers of this process with the commit, and is stored as leased to it
}

// store is called for each event inside its transaction. It writes one row for
// each class in which some durable effect applies; effects that wait have rows of their own.
func (b *Bus) store(ctx context.Context, tx *db.Tx, event any) error {
	s := b.byType[reflect.TypeOf(event)]
	if s == nil {
		return fmt.Errorf("emit %T: no such event is registered", event)
	}
	todo := map[Class][]string{}
	var later []job
	for _, f := range s.durable {
		yes, err := f.applies(ctx, tx, event)
		if err != nil {
			return fmt.Errorf("ask whether %s applies to %s: %w", f.name, s.event, err)
		}
		switch wait := f.wait(event); {
		case !yes:
		case wait > 0:
			later = append(later, job{todo: []string{f.name}, class: f.class, wait: wait})
		default:
			todo[f.class] = append(todo[f.class], f.name)
		}
	}
	if len(todo)+len(later) == 0 {
		return nil
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("write event %s: %w", s.event, err)
	}
	for _, class := range classes {
		if names := todo[class]; names != nil {
			later = append(later, job{todo: names, class: class})
		}
	}
	var rows laid
	for _, j := range later {
		j.id, j.event, j.payload = tx.NextID(), s.event, string(payload)
		// Workers that wait for more to come together had better find the row themselves.
		j.handed = j.wait == 0 && lingers[j.class] == 0 && b.crews[j.class].HasRoom()
		if err := insertJob(ctx, tx, j); err != nil {
			return err
		}
		if j.handed {
			rows.handed = append(rows.handed, j)
		} else {
			rows.classes = append(rows.classes, j.class)
		}
	}
	tx.Tell(rows)
	return nil
}

// laid is told after a commit.
type laid struct {
	classes []Class // of which there are new rows
	handed  []job
}

// crew makes the workers of a class.
func (b *Bus) crew(class Class) *Crew[job] {
	return &Crew[job]{
		Name: string(class), Workers: workers[class], Ahead: max(3*workers[class], 2*together[class]), Log: b.log,
		Claim: func(ctx context.Context, most int) ([]job, time.Duration, error) {
			return b.claim(ctx, class, most)
		},
		Run:      func(ctx context.Context, j job) { _ = b.run(ctx, j) }, // logged and stored by run
		RunAll:   func(ctx context.Context, many []job) { _ = b.runAll(ctx, many) },
		Together: together[class], Linger: lingers[class],
		Renew: func(ctx context.Context, held []job) error {
			return renewLeases(ctx, b.db, idsOf(held), b.clock.Now().Add(lease))
		},
		RenewEvery: renewEvery,
		Return: func(ctx context.Context, unbegun []job) error {
			return returnJobs(ctx, b.db, idsOf(unbegun), b.clock.Now())
		},
	}
}

func idsOf(jobs []job) []int64 {
	ids := make([]int64, len(jobs))
	for i, j := range jobs {
		ids[i] = j.id
	}
	return ids
}

// claim leases due jobs of a class, or tells when the next one is due.
func (b *Bus) claim(ctx context.Context, class Class, most int) ([]job, time.Duration, error) {
	now := b.clock.Now()
	due, err := nextDue(ctx, b.db, class) // a read first: most wake-ups of a class find nothing
	if err != nil || due == 0 {
		return nil, 0, err
	}
	if wait := clock.FromMilli(due).Sub(now); wait > 0 {
		return nil, wait, nil
	}
	jobs, err := claimJobs(ctx, b.db, class, now, now.Add(lease), most)
	return jobs, soonest, err
}

// run does what is to do of a job, and writes down how it ended. The error it
// returns is for Drain; it is stored with the row.
func (b *Bus) run(ctx context.Context, j job) error {
	var left []string
	var failure error
	for _, name := range j.todo {
		if err := b.perform(ctx, j, name); err != nil {
			left = append(left, name)
			failure = errors.Join(failure, fmt.Errorf("%s of %s %d: %w", name, j.event, j.id, err))
		}
	}
	cancelled := ctx.Err() != nil
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()

	var err error
	switch {
	case failure == nil:
		b.done.Add(1)
		err = b.ended.Do(ctx, j.id)
	case cancelled: // we are stopping: not the effect's fault
		j.todo = left
		err = returnPart(ctx, b.db, j, b.clock.Now())
	default:
		b.failed.Add(1)
		j.todo = left
		b.log.WarnContext(ctx, "an effect failed", "event", j.event, "effects", strings.Join(left, ","),
			"attempts", j.attempts+1, "error", failure)
		err = b.postpone(ctx, j, failure)
	}
	if err != nil { // the lease will end and the job be done again
		b.log.ErrorContext(ctx, "cannot write down how a job ended", "id", j.id, "error", err)
	}
	return errors.Join(failure, err)
}

// runAll is run for several jobs. Effects that take many events get those of all the jobs at once; what is left is run job by job.
func (b *Bus) runAll(ctx context.Context, jobs []job) error {
	for _, f := range b.shared(jobs) {
		if b.performAll(ctx, f, jobs) == nil {
			for i := range jobs {
				if jobs[i].event == f.event {
					jobs[i].todo = slices.DeleteFunc(jobs[i].todo, func(name string) bool { return name == f.name })
				}
			}
		}
	}
	var failures error
	var ended, unbegun []int64
	for _, j := range jobs {
		switch {
		case len(j.todo) == 0:
			ended = append(ended, j.id)
		case b.stopping(j.class):
			unbegun = append(unbegun, j.id)
		default:
			failures = errors.Join(failures, b.run(ctx, j))
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishing)
	defer cancel()
	var err error
	if len(ended) > 0 {
		b.done.Add(int64(len(ended)))
		err = deleteJobs(ctx, b.db, ended)
	}
	if len(unbegun) > 0 {
		err = errors.Join(err, returnJobs(ctx, b.db, unbegun, b.clock.Now()))
	}
	if err != nil { // the leases will end and the jobs be done again
		b.log.ErrorContext(ctx, "cannot write down how jobs ended", "ended", ended, "unbegun", unbegun, "error", err)
	}
	return errors.Join(failures, err)
}

func (b *Bus) stopping(class Class) bool {
	select {
	case <-b.crews[class].Quitting():
		return true
	default:
		return false
	}
}

// sharedEffect is an effect of an event that takes many at once.
type sharedEffect struct {
	event, name string
	do          func(ctx context.Context, payloads [][]byte) error
	class       Class
}

// shared gives those effects of some jobs.
func (b *Bus) shared(jobs []job) []sharedEffect {
	var all []sharedEffect
	seen := map[string]bool{}
	for _, j := range jobs {
		s := b.byName[j.event]
		if s == nil {
			continue
		}
		for _, name := range j.todo {
			if f := s.effect(name); f != nil && f.doAll != nil && !seen[name] {
				seen[name] = true
				all = append(all, sharedEffect{j.event, name, f.doAll, j.class})
			}
		}
	}
	return all
}

// performAll runs such an effect for all the jobs that have it to do.
func (b *Bus) performAll(ctx context.Context, f sharedEffect, jobs []job) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	var payloads [][]byte
	for _, j := range jobs {
		if j.event == f.event && slices.Contains(j.todo, f.name) {
			payloads = append(payloads, []byte(j.payload))
		}
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(patiences[f.class], patience))
	defer cancel()
	return Safely(func() error { return f.do(ctx, payloads) })
}

// perform runs one effect of a job.
func (b *Bus) perform(ctx context.Context, j job, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s := b.byName[j.event]
	if s == nil {
		return fmt.Errorf("this program has no event %q", j.event)
	}
	f := s.effect(name)
	if f == nil {
		return fmt.Errorf("this program has no such effect")
	}
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(patiences[j.class], patience))
	defer cancel()
	return Safely(func() error { return f.do(ctx, []byte(j.payload)) })
}

// postpone makes a failed job due later, or gives it up.
func (b *Bus) postpone(ctx context.Context, j job, failure error) error {
	now := b.clock.Now()
	j.attempts++
	if j.attempts >= MaxAttempts {
		return giveUp(ctx, b.db, j, now, failure.Error())
	}
	pause := Backoff(j.attempts)
	if err := postponeJob(ctx, b.db, j, now.Add(pause), failure.Error()); err != nil {
		return err
	}
	b.crews[j.class].After(pause)
	return nil
}

// Drain runs every due durable effect, and those that follow from them, until
// nothing is due. It is for tests: one effect at a time, in the caller's
// goroutine. It returns what went wrong; failed effects are retried when due.
func (b *Bus) Drain(ctx context.Context) error {
	var failures error
	for {
		none := true
		for _, class := range classes {
			jobs, _, err := b.claim(ctx, class, 50)
			if err != nil {
				return errors.Join(failures, err)
			}
			if len(jobs) > 0 {
				none = false
				failures = errors.Join(failures, b.runAll(ctx, jobs))
			}
		}
		if none {
			return failures
		}
		if err := ctx.Err(); err != nil {
			return errors.Join(failures, err)
		}
	}
}
