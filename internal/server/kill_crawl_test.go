package server_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

// The program dies again and again while it looks for what a status answers and for what answers it. In the end it has just what it would have had.
func TestAConversationIsFoundThoughTheProgramIsKilledMeanwhile(t *testing.T) {
	t.Parallel() // waits much
	program := buildProgram(t)
	var people []*outsider
	for n := range 3 {
		people = append(people, newOutsider(t, aptest.NewServer(t), fmt.Sprintf("p%d", n), n))
	}
	died := make(chan string, 1)
	mortal := func(x *outsider, n activitypub.Note) { // whoever asks for it first gets no answer any more
		path := strings.TrimPrefix(n.ID, x.host.URL)
		x.host.Answer(path, func(_ http.ResponseWriter, r *http.Request) {
			x.puts(n)
			died <- path
			<-r.Context().Done()
		})
	}
	var want []string
	above := ""
	const ancestors = 5
	for n := range ancestors {
		x := people[n%3]
		one := x.answer(fmt.Sprint("above", n), above, 600-n)
		x.puts(one)
		if n == 2 {
			mortal(x, one)
		}
		above, want = one.ID, append(want, one.ID)
	}
	// More answers than one search takes: which ones is decided by the order in which they are listed.
	const listed, taken, pages = 510, 500, 3
	status := people[0].answer("status", above, 500)
	want = append(want, status.ID)
	var links []string
	for n := range listed {
		x := people[n%3]
		one := x.answer(fmt.Sprint("a", n), status.ID, 400)
		x.puts(one)
		if n == 5 || n == 130 || n == 301 {
			mortal(x, one)
		}
		links = append(links, one.ID)
	}
	want = append(want, links[:taken]...)
	people[0].collects(&status, slices.Collect(slices.Chunk(links, listed/pages))...)
	people[0].puts(status)

	m := newMortal(t, db.SQLite, program)
	m.start()
	m.ask("account", "create", "ada", "--email", "ada@mail.example", "--password", servertest.Password, "--confirmed", "--approved")
	ada := &servertest.Person{On: m.Server, Name: "ada", Token: m.ask("token", "create", "ada", "--scopes", "read write")}
	found, ok := ada.FindStatus(status.ID)
	if !ok {
		t.Fatal("the status was not found")
	}
	deaths := 0
	for deadline := time.Now().Add(3 * time.Minute); ; {
		select {
		case path := <-died:
			m.kill()
			deaths++
			t.Logf("killed while it asked for %s", path)
			m.start()
		case <-time.After(200 * time.Millisecond):
		}
		now, searching := shown(ada, found.ID)
		if deaths == 4 && searching == "" && len(now.Ancestors) == ancestors {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("after %d deaths %d are above it, %d below, still looking: %q", deaths, len(now.Ancestors), len(now.Descendants), searching)
		}
	}
	m.kill()
	m.look(func(d *db.DB) error {
		got, err := db.All(t.Context(), d, db.Text, `SELECT uri FROM statuses`)
		if err != nil {
			return err
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			missing := slices.DeleteFunc(slices.Clone(want), func(uri string) bool { return slices.Contains(got, uri) })
			more := slices.DeleteFunc(got, func(uri string) bool { return slices.Contains(want, uri) })
			t.Errorf("not kept: %q; kept beyond the bounds: %q", missing, more)
		}
		for what, sql := range map[string]string{
			"threads beside theirs":       `SELECT COUNT(DISTINCT thread_id) - 1 FROM statuses`,
			"items of the search":         `SELECT COUNT(*) FROM crawl_items`,
			"searches that never end":     `SELECT COUNT(*) FROM crawls WHERE finished_at IS NULL`,
			"answers that hang nowhere":   `SELECT COUNT(*) FROM statuses WHERE in_reply_to_id IS NULL AND uri NOT LIKE '%above0'`,
			"authors who are there twice": `SELECT COUNT(*) - COUNT(DISTINCT uri) FROM accounts`,
		} {
			n, err := db.One(t.Context(), d, db.Int64, sql)
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			if n != 0 {
				t.Errorf("%s: %d", what, n)
			}
		}
		return nil
	})
}
