package db

import "strings"

// translate writes a schema in the engine's words. The files are written in
// PostgreSQL's; SQLite gets its own types, and every table is STRICT.
func translate(engine Engine, text string) string {
	if engine == Postgres {
		return text
	}
	text = collateC.ReplaceAllString(text, "")
	t := &translator{words: split(text)}
	for i := range t.words {
		t.word(i)
	}
	t.end()
	return t.out.String()
}

// translator walks over the words of a schema once.
type translator struct {
	words   []string
	out     strings.Builder
	said    []string // the words of this statement so far, in capitals
	depth   int      // of parentheses
	columns int      // how often depth came back to 0 in this statement
	last    int      // length of out after the last thing said
}

// types are SQLite's names for PostgreSQL's types in a STRICT table.
var types = map[string]string{"BIGINT": "INTEGER", "BOOLEAN": "INTEGER", "BYTEA": "BLOB", "DOUBLE": "REAL", "PRECISION": ""}

func (t *translator) word(i int) {
	word := t.words[i]
	if isSpace(word) {
		t.out.WriteString(word)
		return
	}
	if word == ";" && t.depth == 0 {
		t.end()
		t.out.WriteString(word)
		t.last = t.out.Len()
		return
	}
	capital := strings.ToUpper(word)
	switch word {
	case "(":
		t.depth++
	case ")":
		if t.depth--; t.depth == 0 {
			t.columns++
		}
	}
	t.said = append(t.said, capital)
	if name, ok := types[capital]; ok && t.inSchema() {
		word = name
	}
	t.out.WriteString(word)
	t.last = t.out.Len()
}

// inSchema tells whether the words are those of a CREATE TABLE or ALTER TABLE.
func (t *translator) inSchema() bool {
	return len(t.said) > 2 && t.said[1] == "TABLE" && (t.said[0] == "CREATE" || t.said[0] == "ALTER")
}

// end closes a statement; a table becomes STRICT.
func (t *translator) end() {
	if t.inSchema() && t.said[0] == "CREATE" && t.columns > 0 {
		rest := t.out.String()
		t.out.Reset()
		t.out.WriteString(rest[:t.last])
		if last := t.said[len(t.said)-1]; last == ")" {
			t.out.WriteString(" STRICT")
		} else if last != "STRICT" {
			t.out.WriteString(", STRICT")
		}
		t.out.WriteString(rest[t.last:])
	}
	t.said, t.depth, t.columns = nil, 0, 0
}

// isSpace tells white space and comments.
func isSpace(word string) bool {
	return strings.TrimSpace(word) == "" || strings.HasPrefix(word, "--") || strings.HasPrefix(word, "/*")
}

// split cuts a text into words, spaces, comments, quoted strings and signs;
// joined again they are the text.
func split(text string) []string {
	var words []string
	for text != "" {
		n := wordLength(text)
		words = append(words, text[:n])
		text = text[n:]
	}
	return words
}

func wordLength(text string) int {
	upTo := func(mark string, from int) int {
		if i := strings.Index(text[from:], mark); i >= 0 {
			return from + i + len(mark)
		}
		return len(text)
	}
	switch {
	case strings.HasPrefix(text, "--"):
		return upTo("\n", 2)
	case strings.HasPrefix(text, "/*"):
		return upTo("*/", 2)
	case text[0] == '\'' || text[0] == '"':
		return upTo(text[:1], 1)
	case isSpaceByte(text[0]):
		return lengthWhile(text, isSpaceByte)
	case isWordByte(text[0]):
		return lengthWhile(text, isWordByte)
	}
	return 1
}

func isSpaceByte(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

func isWordByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func lengthWhile(text string, fits func(byte) bool) int {
	for i := range len(text) {
		if !fits(text[i]) {
			return i
		}
	}
	return len(text)
}
