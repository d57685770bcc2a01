package dbtest

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
)

// Plan tells how the engine would run a statement. PostgreSQL is told to avoid
// scans where it can, since it would scan small tables of tests even where an
// index serves.
func Plan(t testing.TB, d *db.DB, sql string, args ...any) string {
	t.Helper()
	ctx := context.Background()
	if d.Engine() == db.SQLite {
		lines, err := db.All(ctx, d, liteLine, "EXPLAIN QUERY PLAN "+sql, args...)
		if err != nil {
			t.Fatalf("explain %s: %v", sql, err)
		}
		return strings.Join(lines, "\n")
	}
	var lines []string
	err := d.Tx(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, `SET LOCAL enable_seqscan = off`); err != nil {
			return err
		}
		var err error
		lines, err = db.All(ctx, tx, db.Text, "EXPLAIN (COSTS OFF) "+sql, args...)
		return err
	})
	if err != nil {
		t.Fatalf("explain %s: %v", sql, err)
	}
	return strings.Join(lines, "\n")
}

// Usual tells how the engine runs a statement that is asked again and again: PostgreSQL settles on one plan for all arguments then, by what there
// is of most. Tables must be filled, and analysed (Analyze), to learn anything from it.
func Usual(t testing.TB, d *db.DB, sql string, args ...any) string {
	t.Helper()
	if d.Engine() == db.SQLite {
		return Plan(t, d, sql, args...)
	}
	ctx := context.Background()
	var lines []string
	err := d.Tx(ctx, func(tx *db.Tx) error {
		for _, one := range []string{`SET LOCAL plan_cache_mode = force_generic_plan`, `PREPARE usual AS ` + sql} {
			if _, err := db.Exec(ctx, tx, one); err != nil {
				return err
			}
		}
		var err error
		lines, err = db.All(ctx, tx, db.Text, `EXPLAIN (COSTS OFF) EXECUTE usual (NULL`+strings.Repeat(", NULL", len(args)-1)+`)`)
		if err == nil {
			_, err = db.Exec(ctx, tx, `DEALLOCATE usual`)
		}
		return err
	})
	if err != nil {
		t.Fatalf("explain %s: %v", sql, err)
	}
	return strings.Join(lines, "\n")
}

func liteLine(row db.Row) (string, error) {
	var id, parent, unused int64
	var detail string
	err := row.Scan(&id, &parent, &unused, &detail)
	return detail, err
}

// Analyze is what tells an engine how full its tables are, as in servers: PostgreSQL finds out by itself, SQLite is never told and must
// plan well all the same.
func Analyze(e db.Engine) string {
	if e == db.Postgres {
		return `ANALYZE`
	}
	return `SELECT 1`
}

// Unindexed gives, of many statements with their arguments, those that read a whole table, each with its plan. On
// PostgreSQL nothing is known of how full tables are, and rows are joined by looking them up: a test's handful of rows
// would be read whole even where an index serves.
func Unindexed(t testing.TB, d *db.DB, statements map[string][]any) map[string]string {
	t.Helper()
	found := map[string]string{}
	if d.Engine() == db.SQLite {
		for sql, args := range statements {
			for _, n := range []int{1, 2} { // a list of one is asked for in another way
				args := listsOf(n, args)
				if scans := Scans(t, d, sql, args...); len(scans) > 0 {
					found[sql] = strings.Join(scans, "; ") + "\n" + Plan(t, d, sql, args...)
				}
			}
		}
		return found
	}
	ctx, undone := context.Background(), errors.New("undone")
	err := d.Tx(ctx, func(tx *db.Tx) error {
		for _, sql := range []string{`SET LOCAL enable_seqscan = off`, `SET LOCAL enable_hashjoin = off`, `SET LOCAL enable_mergejoin = off`,
			`DELETE FROM pg_statistic`, `UPDATE pg_class SET reltuples = -1, relpages = 0 WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'`} {
			if _, err := db.Exec(ctx, tx, sql); err != nil {
				return err
			}
		}
		for sql, args := range statements {
			lines, err := db.All(ctx, tx, db.Text, "EXPLAIN (COSTS OFF) "+sql, args...)
			if err != nil {
				return fmt.Errorf("explain %s: %w", sql, err)
			}
			plan := strings.Join(lines, "\n")
			if scans := postgresScans(plan, hasLimit.MatchString(sql)); len(scans) > 0 {
				found[sql] = strings.Join(scans, "; ") + "\n" + plan
			}
		}
		return undone
	})
	if !errors.Is(err, undone) {
		t.Fatal(err)
	}
	return found
}

// listsOf gives arguments whose lists have n values.
func listsOf(n int, args []any) []any {
	out := slices.Clone(args)
	for i, arg := range args {
		if v := reflect.ValueOf(arg); v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 {
			list := reflect.MakeSlice(v.Type(), n, n)
			reflect.Copy(list, v)
			out[i] = list.Interface()
		}
	}
	return out
}

// Scans lists the lines of the plan that read a whole table or index. Walking
// an index in its order is fine where a LIMIT ends it.
func Scans(t testing.TB, d *db.DB, sql string, args ...any) []string {
	t.Helper()
	plan := Plan(t, d, sql, args...)
	limited := hasLimit.MatchString(sql)
	if d.Engine() == db.SQLite {
		return liteScans(sql, plan, limited)
	}
	return postgresScans(plan, limited)
}

// NoScan fails the test when the statement reads a whole table.
func NoScan(t testing.TB, d *db.DB, sql string, args ...any) {
	t.Helper()
	if scans := Scans(t, d, sql, args...); len(scans) > 0 {
		t.Errorf("%s reads everything (%s):\n%s\n%s", d.Engine(), strings.Join(scans, "; "), sql, Plan(t, d, sql, args...))
	}
}

var (
	hasLimit   = regexp.MustCompile(`(?i)\bLIMIT\b`)
	hasOrder   = regexp.MustCompile(`(?i)\bORDER\s+BY\b`)
	liteScan   = regexp.MustCompile(`^SCAN (\S+)(.*)$`)
	pgSeqScan  = regexp.MustCompile(`Seq Scan on `)
	pgIndexRun = regexp.MustCompile(`Index (Only )?Scan `)
)

func liteScans(sql, plan string, limited bool) []string {
	made := make(map[string]bool) // what the statement itself makes on its way, by its name and by what it is called for short
	inOrder := limited && hasOrder.MatchString(sql) && !strings.Contains(plan, "TEMP B-TREE")
	var scans []string
	for line := range strings.Lines(plan) {
		line = strings.TrimSpace(line)
		for _, how := range []string{"CO-ROUTINE ", "MATERIALIZE "} {
			if name, ok := strings.CutPrefix(line, how); ok {
				made[name] = true
				if short := regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+` + regexp.QuoteMeta(name) + `\s+(?:AS\s+)?(\w+)`).FindStringSubmatch(sql); short != nil {
					made[short[1]] = true
				}
			}
		}
		scan := liteScan.FindStringSubmatch(line)
		if scan == nil || made[scan[1]] || strings.HasPrefix(scan[1], "(") || scan[1] == "CONSTANT" {
			continue
		}
		if strings.Contains(scan[2], "VIRTUAL TABLE") || limited && strings.Contains(scan[2], "USING") || inOrder {
			continue
		}
		scans = append(scans, line)
	}
	return scans
}

func postgresScans(plan string, limited bool) []string {
	lines := strings.Split(plan, "\n")
	var scans []string
	for i, line := range lines {
		if pgSeqScan.MatchString(line) {
			scans = append(scans, strings.TrimSpace(line))
		}
		if !limited && pgIndexRun.MatchString(line) && !hasCondition(lines[i+1:], indent(line)) {
			scans = append(scans, strings.TrimSpace(line))
		}
	}
	return scans
}

// hasCondition tells whether the lines that belong to a node name what it looks up.
func hasCondition(after []string, depth int) bool {
	for _, line := range after {
		if strings.Contains(line, "->") || indent(line) <= depth && depth > 0 {
			return false
		}
		if strings.Contains(line, "Index Cond:") {
			return true
		}
	}
	return false
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
