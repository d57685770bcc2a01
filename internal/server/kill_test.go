package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/log"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// duplicatesPerKill is how many deliveries one kill may send again: answered ones whose rows were
// about to be removed together, and the one on its way.
const duplicatesPerKill = 16

// mortal is the real program, which the test may kill.
type mortal struct {
	*servertest.Server
	t       *testing.T
	program string
	env     []string
	data    string
	process *exec.Cmd
	shared  *db.DB // the database, where others than the program may look into it
}

func newMortal(t *testing.T, engine db.Engine, program string) *mortal {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	domain := fmt.Sprintf("localhost:%d", listener.Addr().(*net.TCPAddr).Port)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	m := &mortal{Server: &servertest.Server{T: t, URL: "http://" + domain, Domain: domain}, t: t, program: program}
	m.data = filepath.Join(t.TempDir(), "data")
	m.env = append(os.Environ(), "ANANCUS_LISTEN="+address, "ANANCUS_DOMAIN="+domain, "ANANCUS_DATA="+m.data,
		"ANANCUS_FEDERATION_ALLOW_ADDRESSES=127.0.0.0/8,::1/128", "ANANCUS_RATE_LIMITS=false", "ANANCUS_LOG_LEVEL=error")
	if engine == db.Postgres {
		url := dbtest.Config(t, engine, true).URL
		m.env = append(m.env, "ANANCUS_DATABASE="+url)
		if m.shared, err = db.Open(t.Context(), db.Config{URL: url, Clock: clock.System{}, Log: log.Discard()}); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = m.shared.Close() })
	}
	t.Cleanup(m.kill)
	return m
}

// start runs the program until it answers.
func (m *mortal) start() {
	m.t.Helper()
	m.process = exec.Command(m.program, "serve")
	m.process.Env, m.process.Stderr = m.env, m.t.Output()
	if err := m.process.Start(); err != nil {
		m.t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		req, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, m.URL+"/readyz", nil)
		if err != nil {
			m.t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(req)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			m.t.Fatalf("the program does not answer: %v", err)
		}
	}
}

// kill ends the program without a word (SIGKILL). What it had leased is let go at once, for which others wait two minutes.
func (m *mortal) kill() {
	if m.process == nil {
		return
	}
	_ = m.process.Process.Kill()
	_ = m.process.Wait() // that it was killed is no news
	m.process = nil
	if m.shared == nil {
		return // the next run lets go what it finds
	}
	err := m.shared.Tx(context.Background(), func(tx *db.Tx) error {
		for _, table := range []string{"outbox", "delivery_hosts", "push_hosts", "inbox"} {
			if _, err := db.Exec(context.Background(), tx, `UPDATE `+table+` SET leased_until = NULL, due_at = $1 WHERE leased_until IS NOT NULL`, clock.Milli(tx.Now())); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		m.t.Error(err)
	}
}

// ask runs a command of the program beside the one that serves, and gives what it prints.
func (m *mortal) ask(words ...string) string {
	m.t.Helper()
	command := exec.CommandContext(m.t.Context(), m.program, words...)
	command.Env, command.Stderr = m.env, m.t.Output()
	out, err := command.Output()
	if err != nil {
		m.t.Fatalf("%v: %v", words, err)
	}
	return strings.TrimSpace(string(out))
}

// programEnv names a program of this very source that was built already, as scripts/test does.
const programEnv = "ANANCUS_TEST_PROGRAM"

// buildProgram builds the program that is shipped, unless that was done.
func buildProgram(t *testing.T) string {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the program")
	}
	if built := os.Getenv(programEnv); built != "" {
		if _, err := os.Stat(built); err != nil { // which also tells the cache of results what was tested
			t.Fatal(err)
		}
		return built
	}
	program := filepath.Join(t.TempDir(), "anancus")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags", "-s -w", "-o", program, "./cmd/anancus")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the program cannot be built: %v\n%s", err, out)
	}
	return program
}

// look opens the database while the program is dead.
func (m *mortal) look(do func(d *db.DB) error) {
	m.t.Helper()
	d := m.shared
	if d == nil {
		var err error
		if d, err = db.Open(m.t.Context(), db.Config{URL: "sqlite:" + filepath.Join(m.data, "anancus.db"), Clock: clock.System{}, Log: log.Discard()}); err != nil {
			m.t.Fatal(err)
		}
		defer func() {
			if err := d.Close(); err != nil {
				m.t.Error(err)
			}
		}()
	}
	if err := do(d); err != nil {
		m.t.Fatal(err)
	}
}

// left tells how many scheduled statuses wait, while the program is dead.
func (m *mortal) left() (n int64) {
	m.t.Helper()
	m.look(func(d *db.DB) (err error) {
		n, err = db.One(m.t.Context(), d, db.Int64, `SELECT COUNT(*) FROM scheduled_statuses`)
		return err
	})
	return n
}

// letterbox is the inbox of another server: it counts what arrives by activity, and takes its time.
type letterbox struct {
	mu      sync.Mutex
	opened  chan struct{} // closed once it answers
	arrived map[string]int
	before  map[string]int // arrived in an earlier part of the story: it may come again, and is not counted
	slow    time.Duration
}

func (l *letterbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var a struct{ ID, Type string }
	if json.NewDecoder(r.Body).Decode(&a) != nil {
		http.Error(w, "not JSON", http.StatusBadRequest)
		return
	}
	l.mu.Lock()
	opened := l.opened
	l.mu.Unlock()
	select {
	case <-opened:
	case <-r.Context().Done():
		return
	}
	time.Sleep(l.slow)
	if a.Type == "Create" {
		l.mu.Lock()
		if l.before[a.ID] == 0 {
			l.arrived[a.ID]++
		}
		l.mu.Unlock()
	}
	w.WriteHeader(http.StatusAccepted)
}

func (l *letterbox) shut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.opened = make(chan struct{})
}

func (l *letterbox) open() {
	l.mu.Lock()
	defer l.mu.Unlock()
	close(l.opened)
}

// counted tells how many activities arrived, and how often.
func (l *letterbox) counted() (different, all int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, n := range l.arrived {
		all += n
	}
	return len(l.arrived), all
}

func (l *letterbox) wait(t *testing.T, different int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		n, _ := l.counted()
		if n >= different {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d deliveries arrived", n, different)
		}
	}
}

func TestWhatWasAnsweredIsDeliveredThoughTheProgramIsKilled(t *testing.T) {
	t.Parallel() // takes long and waits much
	program := buildProgram(t)
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		box := &letterbox{opened: make(chan struct{}), arrived: map[string]int{}}
		box.open()
		host := aptest.NewServer(t)
		host.Answer("/inbox", box.ServeHTTP)
		sam := host.Person("sam", 0)

		m := newMortal(t, engine, program)
		m.start()
		m.ask("account", "create", "ada", "--email", "ada@mail.example", "--password", servertest.Password, "--confirmed", "--approved")
		ada := &servertest.Person{On: m.Server, Name: "ada", Token: m.ask("token", "create", "ada", "--scopes", "read write")}
		var me servertest.Account
		ada.Get("/api/v1/accounts/verify_credentials", &me)
		body, err := json.Marshal(activitypub.NewActivity("Follow", sam.ID+"#follows/1", sam.ID, m.URL+"/ap/users/"+me.ID))
		if err != nil {
			t.Fatal(err)
		}
		if answer := m.Nobody().Send(aptest.Post(t, m.URL+"/inbox", sam.PublicKey.ID, 0, body, time.Now()), nil); answer.StatusCode != http.StatusAccepted {
			t.Fatalf("the follow was answered %d", answer.StatusCode)
		}
		for deadline := time.Now().Add(20 * time.Second); me.Followers == 0 && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
			ada.Get("/api/v1/accounts/"+me.ID, &me)
		}

		// Answered, killed before it could be delivered, started again: it arrives.
		box.shut()
		ada.Publish("written just before the end")
		m.kill()
		box.open()
		m.start()
		box.wait(t, 1)

		// Two hundred wait, and the program is killed again and again while it delivers them.
		const posts, kills = 200, 20
		box.shut()
		var writers sync.WaitGroup
		for writer := range 8 {
			writers.Go(func() {
				for n := writer; n < posts; n += 8 {
					ada.Publish(fmt.Sprintf("number %d", n))
				}
			})
		}
		writers.Wait()
		m.kill()
		box.mu.Lock()
		box.before, box.arrived = box.arrived, map[string]int{}
		box.mu.Unlock()
		box.slow = 5 * time.Millisecond
		box.open()
		began, while := time.Now(), 0
		for range kills {
			m.start()
			if n, _ := box.counted(); n < posts {
				while++
			}
			time.Sleep(rand.N(100 * time.Millisecond))
			m.kill()
		}
		m.start()
		box.wait(t, posts)
		time.Sleep(100 * time.Millisecond) // for what might come once too often
		different, all := box.counted()
		t.Logf("%d deliveries, %d of them twice, %d kills (%d while some waited), %s", different, all-different, kills, while, time.Since(began).Round(time.Millisecond))
		if different != posts {
			t.Errorf("%d different deliveries arrived, want %d", different, posts)
		}
		if all-different > duplicatesPerKill*while {
			t.Errorf("%d deliveries arrived again after %d kills, want at most %d a kill", all-different, while, duplicatesPerKill)
		}
	})
}

func TestScheduledStatusesArePublishedOnceThoughTheProgramIsKilled(t *testing.T) {
	t.Parallel() // takes long and waits much
	program := buildProgram(t)
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		m := newMortal(t, engine, program)
		m.start()
		writers := map[*servertest.Person]int{}
		for _, name := range []string{"ada", "bo", "cy"} {
			made := m.ask("account", "create", name, "--email", name+"@mail.example", "--password", servertest.Password, "--confirmed", "--approved")
			p := &servertest.Person{On: m.Server, Name: name, Token: m.ask("token", "create", name, "--scopes", "read write")}
			var me servertest.Account
			p.Get("/api/v1/accounts/verify_credentials", &me)
			if p.ID = me.ID; p.ID == "" {
				t.Fatal(made)
			}
			at := time.Now().Add(time.Hour)
			for n := range 24 { // a day takes 25 of one member
				mustSchedule(p, at, "status", fmt.Sprintf("%s %d", name, n))
			}
			writers[p] = 24
		}
		m.kill()
		due := clock.Milli(time.Now().Add(time.Second))
		m.look(func(d *db.DB) error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `UPDATE scheduled_statuses SET scheduled_at = $1, due_at = $1`, due)
				return err
			})
		})

		// The first look comes a second after the start: the program is killed around it, again and again.
		published := func() (texts map[string]int, waits int) {
			texts = map[string]int{}
			for p := range writers {
				waits += len(waiting(p)) // first: what is published in between is counted
				for _, one := range statusesOf(p, p) {
					texts[one.Content]++
				}
			}
			return texts, waits
		}
		const kills = 5
		between := 0
		for range kills {
			m.start()
			time.Sleep(time.Second + rand.N(60*time.Millisecond))
			m.kill()
			if n := m.left(); n > 0 && n < 72 {
				between++
			}
		}
		m.start()
		texts, waits := published()
		for deadline := time.Now().Add(30 * time.Second); waits > 0 && time.Now().Before(deadline); texts, waits = published() {
			time.Sleep(50 * time.Millisecond)
		}
		t.Logf("%d kills, %d while some were published and others not", kills, between)
		for p, n := range writers {
			for i := range n {
				text := fmt.Sprintf("<p>%s %d</p>", p.Name, i)
				if texts[text] != 1 {
					t.Errorf("%s was published %d times", text, texts[text])
				}
				delete(texts, text)
			}
		}
		if len(texts) > 0 || waits > 0 {
			t.Errorf("%d wait, and there are also %v", waits, texts)
		}
	})
}
