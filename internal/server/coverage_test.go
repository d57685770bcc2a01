package server_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
	"anancus/internal/server/servertest/contract"
)

// TestMain looks, after a whole run, at what was asked in it: every endpoint of Mastodon's client API
// with a success and with a refusal, and every entity of its description shown at least once. What cannot
// be has a line with its reason in exceptions.tsv; whatever else is missing fails the run.
func TestMain(m *testing.M) {
	code := m.Run()
	if code == 0 && flag.Lookup("test.run").Value.String() == "" && flag.Lookup("test.list").Value.String() == "" && !testing.Short() {
		report, whole := coverage()
		fmt.Print(report)
		if file := os.Getenv("ANANCUS_API_COVERAGE"); file != "" {
			if err := os.WriteFile(file, []byte(report), 0o600); err != nil {
				fmt.Println(err)
				code = 1
			}
		}
		if !whole {
			code = 1
		}
	}
	os.Exit(code)
}

// coverage is the table that `make api-coverage` prints.
func coverage() (report string, whole bool) {
	var b strings.Builder
	areas, order := map[string][2]int{}, []string{}
	for _, e := range contract.Endpoints {
		if e.When != contract.In {
			continue
		}
		n, known := areas[e.Area]
		if !known {
			order = append(order, e.Area)
		}
		n[1]++
		if fault := contract.Coverage(e); fault == "" {
			n[0]++
		} else {
			fmt.Fprintf(&b, "not covered: %-70s %s\n", e.Name(), fault)
		}
		areas[e.Area] = n
	}
	total := [2]int{}
	for _, area := range order {
		n := areas[area]
		total[0], total[1] = total[0]+n[0], total[1]+n[1]
		fmt.Fprintf(&b, "%-20s %3d of %3d endpoints\n", area, n[0], n[1])
	}
	met, missed, surprising := contract.Entities()
	fmt.Fprintf(&b, "%-20s %3d of %3d endpoints (%d %%), %d of %d entities\n", "all", total[0], total[1], 100*total[0]/total[1], len(met), len(met)+len(missed))
	fmt.Fprintf(&b, "entities met: %s\n", strings.Join(met, " "))
	if len(missed) > 0 {
		fmt.Fprintf(&b, "entities never met: %s\n", strings.Join(missed, " "))
	}
	if len(surprising) > 0 {
		fmt.Fprintf(&b, "entities met although exceptions.tsv calls them unseen: %s\n", strings.Join(surprising, " "))
	}
	return b.String(), total[0] == total[1] && len(missed)+len(surprising) == 0
}

func TestTheRoutesAreThoseOfMastodonAndNoOthers(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	wanted, ours := map[string]contract.Endpoint{}, 0
	documents, err := os.ReadFile(filepath.Join("..", "..", "docs", "API.md"))
	wants(t, err)
	for _, e := range contract.Endpoints {
		wanted[e.Method+" "+contract.Plain(e.Path)] = e
	}
	for _, r := range s.Table() {
		name := r.Method + " " + contract.Plain(r.Path)
		e, known := wanted[name]
		delete(wanted, name)
		switch {
		case !strings.HasPrefix(r.Path, "/api/"):
		case strings.HasPrefix(r.Path, "/api/anancus/v1/"):
			if ours++; !strings.Contains(string(documents), "`"+r.Method+" "+r.Path+"`") || !strings.Contains(string(documents), r.Scopes) {
				t.Errorf("docs/API.md does not tell of %s, for %s", name, r.Scopes)
			}
		case !known:
			t.Errorf("%s is neither Mastodon's nor under /api/anancus/v1/", name)
		case known && e.When == contract.Never:
			t.Errorf("%s must answer 404", name)
		}
	}
	for name, e := range wanted {
		if e.When == contract.In {
			t.Errorf("%s is not served", name)
		}
	}
	t.Logf("%d routes of our own under /api/anancus/v1/", ours)
}
