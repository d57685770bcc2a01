package db

import (
	"cmp"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// migration is one step of the schema.
type migration struct {
	name   string // 0001_foundation, without engine and ending
	file   string
	text   string // in the engine's words
	oldest string // the oldest program that can run after it, may be ""
}

var (
	migrationName = regexp.MustCompile(`^(\d{4})_([a-z0-9_]+)(?:\.(sqlite|postgres))?\.sql$`)
	oldestProgram = regexp.MustCompile(`(?m)^--\s*oldest-program:\s*(\S+)\s*$`)
)

// findMigrations finds the steps for an engine, in order; their texts are not read yet, since a start takes most of them no more.
func findMigrations(files fs.FS, engine Engine) ([]migration, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil {
		return nil, err
	}
	var steps []migration
	byNumber := make(map[string]string)
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".sql") {
			continue
		}
		parts := migrationName.FindStringSubmatch(entry.Name())
		if parts == nil {
			return nil, fmt.Errorf("%s is not named NNNN_name.sql", entry.Name())
		}
		if parts[3] != "" && parts[3] != string(engine) {
			continue
		}
		if other := byNumber[parts[1]]; other != "" {
			return nil, fmt.Errorf("%s and %s have the same number", other, entry.Name())
		}
		byNumber[parts[1]] = entry.Name()
		steps = append(steps, migration{name: parts[1] + "_" + parts[2], file: entry.Name()})
	}
	slices.SortFunc(steps, func(a, b migration) int { return cmp.Compare(a.name, b.name) })
	return steps, nil
}

// read takes the step's text from its file.
func (m *migration) read(files fs.FS, engine Engine) error {
	text, err := fs.ReadFile(files, m.file)
	if err != nil {
		return err
	}
	if word := unsafeWord(string(text)); word != "" {
		return fmt.Errorf("%s: %s would end the transaction that a migration is", m.file, word)
	}
	m.text = translate(engine, string(text))
	if found := oldestProgram.FindSubmatch(text); found != nil {
		m.oldest = string(found[1])
	}
	return nil
}

// unsafeWord finds a statement that cannot be part of a migration.
func unsafeWord(text string) string {
	first := true
	for _, word := range split(text) {
		if isSpace(word) {
			continue
		}
		if first {
			switch capital := strings.ToUpper(word); capital {
			case "BEGIN", "COMMIT", "ROLLBACK", "PRAGMA", "VACUUM":
				return capital
			}
		}
		first = word == ";"
	}
	return ""
}
