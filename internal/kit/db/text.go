package db

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// texts keeps how each statement is spelled for the engine.
type texts struct {
	engine Engine
	mu     sync.RWMutex
	spelt  map[string]spelling
}

// spelling is a statement in the engine's words.
type spelling struct {
	text string
	// alone is the same for lists of one value each, which are asked for as that value: SQLite then neither reads JSON nor keeps a
	// set. It is "" where no list is asked for, or one in another way too.
	alone string
	lists []int // the places of those lists among the arguments
}

// maxTexts bounds the memory of spellings, should a room build texts without end.
const maxTexts = 4096

func (t *texts) of(sql string) spelling {
	t.mu.RLock()
	found, ok := t.spelt[sql]
	t.mu.RUnlock()
	if ok {
		return found
	}
	found = spell(t.engine, sql)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spelt == nil || len(t.spelt) >= maxTexts {
		t.spelt = make(map[string]spelling)
	}
	t.spelt[sql] = found
	return found
}

// write gives the text for arguments, and these as SQLite takes them.
func (s spelling) write(plain []any) (string, error) {
	text := s.text
	if s.alone != "" && !slices.ContainsFunc(s.lists, func(at int) bool { return at >= len(plain) || only(plain[at]) == nil }) {
		text = s.alone
		for _, at := range s.lists {
			plain[at] = only(plain[at])
		}
	}
	for i, v := range plain {
		var err error
		if plain[i], err = liteValue(v); err != nil {
			return "", fmt.Errorf("argument $%d: %w", i+1, err)
		}
	}
	return text, nil
}

// only gives the value of a list that has one; nil for everything else.
func only(plain any) any {
	switch v := plain.(type) {
	case []int64:
		if len(v) == 1 {
			return v[0]
		}
	case []string:
		if len(v) == 1 {
			return v[0]
		}
	}
	return nil
}

var marks = []struct {
	mark             *regexp.Regexp
	sqlite, postgres string
}{
	// WHERE id {in $1} and WHERE id {not in $1}: the argument is a slice.
	{regexp.MustCompile(`\{in (\$\d+)\}`), "IN (SELECT value FROM json_each($1))", "= ANY($1)"},
	{regexp.MustCompile(`\{not in (\$\d+)\}`), "NOT IN (SELECT value FROM json_each($1))", "<> ALL($1)"},
	// Rows to be locked; SQLite has one writer and needs no lock.
	{regexp.MustCompile(`\{for update\}`), "", "FOR UPDATE"},
	{regexp.MustCompile(`\{for update skip locked\}`), "", "FOR UPDATE SKIP LOCKED"},
}

// collateC asks for the order of bytes, which SQLite has anyway.
var collateC = regexp.MustCompile(`(?i)\s+COLLATE\s+"C"`)

// Where a list is asked for, and where an argument is used at all.
var (
	listMark = regexp.MustCompile(`\{(in|not in) \$(\d+)\}`)
	argument = regexp.MustCompile(`\$(\d+)`)
)

// spell writes a statement in the engine's words.
func spell(engine Engine, sql string) spelling {
	s := spelling{text: spellMarks(engine, sql)}
	found := listMark.FindAllStringSubmatch(sql, -1)
	if engine != SQLite || len(found) == 0 {
		return s
	}
	for _, m := range found {
		if n, err := strconv.Atoi(m[2]); err == nil && n > 0 && !slices.Contains(s.lists, n-1) {
			s.lists = append(s.lists, n-1)
		}
	}
	for _, m := range argument.FindAllStringSubmatch(listMark.ReplaceAllString(sql, ""), -1) {
		if n, err := strconv.Atoi(m[1]); err != nil || slices.Contains(s.lists, n-1) {
			return s
		}
	}
	s.alone = spellMarks(engine, listMark.ReplaceAllStringFunc(sql, func(mark string) string {
		m := listMark.FindStringSubmatch(mark)
		return strings.ToUpper(m[1]) + " ($" + m[2] + ")"
	}))
	return s
}

func spellMarks(engine Engine, sql string) string {
	for _, m := range marks {
		words := m.postgres
		if engine == SQLite {
			words = m.sqlite
		}
		sql = m.mark.ReplaceAllString(sql, words)
	}
	if engine == SQLite {
		sql = collateC.ReplaceAllString(sql, "")
	}
	return sql
}
