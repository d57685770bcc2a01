package db

import (
	"regexp"
	"sync"
)

// texts keeps how each statement is spelled for the engine.
type texts struct {
	engine Engine
	mu     sync.RWMutex
	spelt  map[string]string
}

// maxTexts bounds the memory of spellings, should a room build texts without end.
const maxTexts = 4096

func (t *texts) of(sql string) string {
	t.mu.RLock()
	text, ok := t.spelt[sql]
	t.mu.RUnlock()
	if ok {
		return text
	}
	text = spell(t.engine, sql)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.spelt == nil || len(t.spelt) >= maxTexts {
		t.spelt = make(map[string]string)
	}
	t.spelt[sql] = text
	return text
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

// spell writes a statement in the engine's words.
func spell(engine Engine, sql string) string {
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
