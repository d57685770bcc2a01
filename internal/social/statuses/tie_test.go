package statuses

import (
	"regexp"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/id"
)

// TestWhoMaySeeAsksOfTheStatusesAndNotOfAllThatNameSomebody is for a reader whom thousands name, and thousands block, where hardly anybody else is.
func TestWhoMaySeeAsksOfTheStatusesAndNotOfAllThatNameSomebody(t *testing.T) {
	const all = 4000
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		crowd(t, d, all,
			`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, created_at) SELECT i, CAST(i AS TEXT), i, FALSE, 'direct', i, 0 FROM n`,
			`INSERT INTO mentions (id, status_id, account_id) SELECT i, i, 1 FROM n WHERE i % 2 = 0 UNION ALL SELECT $1 + i, i, i FROM n`,
			`INSERT INTO blocks (id, account_id, target_id, created_at) SELECT i, i, 1, 0 FROM n WHERE i % 3 = 0 UNION ALL SELECT $1 + i, i, i / 2 + 1, 0 FROM n WHERE i > 2`,
		)
		list := []*Status{{ID: 1000, Author: 1000}, {ID: 1001, Author: 1001}, {ID: 1002, Author: 1002}}
		s, err := look(t.Context(), d, 1, list)
		if err != nil {
			t.Fatal(err)
		}
		if !s.named[1000] || s.named[1001] || !s.named[1002] || s.ties[1000] != 0 || s.ties[1001] != 0 || s.ties[1002] != shutsReader {
			t.Errorf("named %v, ties %v", s.named, s.ties)
		}
		plan := dbtest.Usual(t, d, standingSQL+` UNION ALL `+tiesSQL+` UNION ALL `+namesSQL, id.Account(1), []id.Account{1000}, []id.Status{1000})
		// What is known of the reader alone is never enough to begin with.
		for table, begins := range map[string]string{"mentions": "status_id", "blocks": "account_id"} {
			by := regexp.MustCompile(`SEARCH x USING (?:COVERING )?INDEX \S*` + table + `\S* \((.*)\)|on ` + table + ` x\w*\s+Index Cond: (.*)`).FindString(plan)
			if !strings.Contains(by, begins) {
				t.Errorf("%s are looked up by %q, without their %s:\n%s", table, by, begins, plan)
			}
		}
	})
}
