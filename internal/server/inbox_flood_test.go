package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server"
	"anancus/internal/server/servertest"
)

// A host that writes without end is told to slow down, in one way or another; another host is not, and nothing is lost for which 202 was said.
func TestAFloodOfOneHostIsHeldBackAndNothingTakenIsLost(t *testing.T) {
	t.Parallel() // has many letters to send
	p := open(t, db.SQLite, nil)
	s, other := meet(t, p), meet(t, p)
	s.followed()
	taken := 0
	refused := func(got answer, code int) {
		t.Helper()
		if got.code != code || got.header.Get("Retry-After") == "" {
			t.Errorf("answered %d, Retry-After %q, want %d and when to come back: %s", got.code, got.header.Get("Retry-After"), code, got.body)
		}
		if _, err := got.errorText(); err != nil {
			t.Error(err)
		}
	}
	welcome := func(n int) {
		t.Helper()
		if got := other.send(other.write(other.note(n))); got.code != http.StatusAccepted {
			t.Errorf("another host suffers: %d %s", got.code, got.body)
		}
	}

	// So many letters at once that all its places are taken: they are being read, and do not end.
	patient := &http.Client{Transport: &http.Transport{ExpectContinueTimeout: time.Hour}}
	defer patient.CloseIdleConnections()
	rest := make([]*io.PipeWriter, server.LetterSlots)
	answers := make(chan answer, len(rest))
	read := make(chan bool)
	for n := range rest {
		body := s.note(100 + n)
		r := s.write(body)
		var from *io.PipeReader
		from, rest[n] = io.Pipe()
		r.Body, r.ContentLength = from, int64(len(body))
		r.Header.Set("Expect", "100-continue")
		r = r.WithContext(httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{Got100Continue: func() { read <- true }}))
		go func() {
			got, err := patient.Do(r)
			if err != nil {
				t.Error(err)
				answers <- answer{}
				return
			}
			defer func() { _ = got.Body.Close() }()
			said, _ := io.ReadAll(got.Body)
			answers <- answer{got.StatusCode, got.Header, string(said)}
		}()
		<-read
	}
	welcome(1)
	patience := p.Impatient()
	refused(s.send(s.write(s.note(1))), http.StatusTooManyRequests)
	patience()
	welcome(2)
	for n, w := range rest {
		if _, err := w.Write(s.note(100 + n)); err != nil {
			t.Fatal(err)
		}
	}
	for range rest {
		if got := <-answers; got.code != http.StatusAccepted {
			t.Errorf("a letter that took long was answered %d %s", got.code, got.body)
		} else {
			taken++
		}
	}

	// So many that its queue is full.
	if err := p.DB().Tx(t.Context(), func(tx *db.Tx) error {
		for range server.MaxHostRows - taken - 3 {
			if _, err := db.Exec(t.Context(), tx, `INSERT INTO inbox (id, host, actor, body, due_at, created_at) VALUES ($1,$2,'filling','{}',$3,$3)`,
				tx.NextID(), s.home.Host, clock.Milli(p.clock.Now())); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	p.LookAtRooms()
	for n := range 6 {
		switch got := s.send(s.write(s.note(200 + n))); {
		case n < 3 && got.code == http.StatusAccepted:
			taken++
		default:
			refused(got, http.StatusServiceUnavailable)
		}
	}
	welcome(3)

	// So many people whom nobody has met.
	var told atomic.Int32
	var all sync.WaitGroup
	const strangers = server.KeySlots + server.KeyWaiters + 20
	for n := range strangers {
		stranger := s.home.Actor(fmt.Sprint("stranger", n), 1)
		r := aptest.Post(t, p.URL+"/inbox", stranger.PublicKey.ID, 1, encode(t, aptest.CreateNote(stranger, 1, "<p>Hello</p>")), p.clock.Now())
		p.LookAtRooms() // it is not the queue that is asked for
		all.Go(func() {
			if got := s.send(r); got.code == http.StatusTooManyRequests {
				refused(got, http.StatusTooManyRequests)
				told.Add(1)
			}
		})
	}
	all.Wait()
	if told.Load() < 20 {
		t.Errorf("of %d strangers at once %d were told to come later", strangers, told.Load())
	}
	welcome(4)

	if err := p.DB().Tx(t.Context(), func(tx *db.Tx) error {
		_, err := db.Exec(t.Context(), tx, `DELETE FROM inbox WHERE actor = 'filling'`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	servertest.Settle(t, p.Server)
	if got := s.statuses(); got != int64(taken) {
		t.Errorf("of %d letters that were taken %d are there", taken, got)
	}
	if n := rows(t, p, `SELECT COUNT(*) FROM inbox`); n != 0 {
		t.Errorf("%d letters still wait", n)
	}
}

// Somebody new writes several letters at once: their key is asked for by each, and none is refused because another was first.
func TestLettersThatSomebodyNewWritesAtOnceAreAllTaken(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		p := open(t, engine, nil)
		s := meet(t, p)
		document := encode(t, s.actor)
		var asked sync.WaitGroup
		asked.Add(server.KeySlots)
		var askers atomic.Int32
		s.home.Answer("/users/eve", func(w http.ResponseWriter, _ *http.Request) {
			if askers.Add(1) <= server.KeySlots {
				asked.Done()
				asked.Wait() // all of them look before one of them knows
			}
			w.Header().Set("Content-Type", activitypub.ContentType)
			_, _ = w.Write(document)
		})
		requests := make([]*http.Request, server.KeySlots)
		for n := range requests {
			requests[n] = s.write(s.note(n + 1))
		}
		var all sync.WaitGroup
		for _, r := range requests {
			all.Go(func() {
				got, err := plain.Do(r)
				if err != nil {
					t.Error(err)
					return
				}
				defer func() { _ = got.Body.Close() }()
				if said, _ := io.ReadAll(got.Body); got.StatusCode != http.StatusAccepted {
					t.Errorf("answered %d %s", got.StatusCode, said)
				}
			})
		}
		all.Wait()
		if n := rows(t, p, `SELECT COUNT(*) FROM accounts WHERE uri = $1`, s.actor.ID); n != 1 {
			t.Errorf("they are %d accounts", n)
		}
		if n := rows(t, p, `SELECT COUNT(*) FROM inbox`); n != int64(len(requests)) {
			t.Errorf("%d of %d wait", n, len(requests))
		}
	})
}
