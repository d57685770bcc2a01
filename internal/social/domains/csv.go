package domains

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/social/settings"
)

// The files of Mastodon: the first line names the columns, each beginning with #.
var blockHeader = []string{"#domain", "#severity", "#reject_media", "#reject_reports", "#public_comment", "#obfuscate"}

const allowHeader = "#domain"

// MaxLines bounds a file of domains.
const MaxLines = 20_000

// Bad is a line of a file that cannot be used, and why.
type Bad struct {
	Line int
	Why  string
}

// BadLines are all of them; nothing of such a file is taken.
type BadLines []Bad

// toldLines is how many bad lines are told of.
const toldLines = 20

// Fault tells of the bad lines.
func (b BadLines) Fault() error {
	if len(b) == 0 {
		return nil
	}
	var words []string
	for _, one := range b[:min(len(b), toldLines)] {
		words = append(words, fmt.Sprintf("line %d: %s", one.Line, one.Why))
	}
	if more := len(b) - toldLines; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return fault.New(fault.Invalid, "Nothing was imported. "+strings.Join(words, "; "))
}

// ReadBlocks reads a file of blocks: Mastodon's, or names alone, which are suspended, as Mastodon takes them. Columns may stand in any order and be left out.
func ReadBlocks(from io.Reader, site settings.Site) ([]Block, error) {
	var list []Block
	seen := map[string]bool{}
	err := readLines(from, blockHeader, func(cell func(string) string) error {
		b := Block{Domain: cell("#domain"), Severity: Severity(strings.ToLower(cell("#severity"))), PublicComment: cell("#public_comment")}
		if b.Severity == "" {
			b.Severity = Suspend
		}
		for column, flag := range map[string]*bool{"#reject_media": &b.RejectMedia, "#reject_reports": &b.RejectReports, "#obfuscate": &b.Obfuscate} {
			if word := cell(column); word != "" {
				on, err := strconv.ParseBool(strings.ToLower(word))
				if err != nil {
					return fmt.Errorf("%s must be true or false, not %.20q", strings.TrimPrefix(column, "#"), word)
				}
				*flag = on
			}
		}
		if err := b.check(site); err != nil {
			return err
		}
		if seen[b.Domain] {
			return fmt.Errorf("%s is there twice", b.Domain)
		}
		seen[b.Domain] = true
		list = append(list, b)
		return nil
	})
	return list, err
}

// ReadAllows reads a file of allowed servers.
func ReadAllows(from io.Reader, site settings.Site) ([]string, error) {
	var list []string
	seen := map[string]bool{}
	err := readLines(from, []string{allowHeader}, func(cell func(string) string) error {
		name, err := Name(site, cell(allowHeader))
		if err == nil && !seen[name] {
			seen[name] = true
			list = append(list, name)
		}
		return err
	})
	return list, err
}

// readLines gives each line that holds something by the names of its columns; what is wrong is told of all lines together.
func readLines(from io.Reader, columns []string, take func(cell func(string) string) error) error {
	reader := csv.NewReader(from)
	reader.FieldsPerRecord, reader.TrimLeadingSpace = -1, true
	var bad BadLines
	header := columns
	lines := 0
	for first := true; ; first = false {
		record, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return bad.Fault()
		}
		var torn *csv.ParseError
		if errors.As(err, &torn) {
			bad = append(bad, Bad{torn.Line, torn.Err.Error()})
			if len(bad) > toldLines {
				return bad.Fault()
			}
			continue
		}
		if err != nil {
			return fault.Wrap(err, fault.Invalid, "The file cannot be read")
		}
		line, _ := reader.FieldPos(0)
		if first {
			record[0] = strings.TrimPrefix(record[0], "\ufeff") // as some spreadsheets begin
			if named := namesOf(record); named != nil {
				if !slices.Contains(named, columns[0]) {
					return fault.New(fault.Invalid, "line 1: there is no column "+columns[0])
				}
				header = named
				continue
			}
		}
		if lines++; lines > MaxLines {
			return fault.New(fault.Invalid, fmt.Sprintf("The file has more than %d lines", MaxLines))
		}
		err = take(func(column string) string {
			if at := slices.Index(header, column); at >= 0 && at < len(record) {
				return strings.TrimSpace(record[at])
			}
			return ""
		})
		if err == nil && len(record) > len(header) {
			err = fmt.Errorf("there are more than %d columns", len(header))
		}
		if err != nil {
			bad = append(bad, Bad{line, why(err)})
		}
	}
}

// why says what is wrong without the words that the API puts before.
func why(err error) string {
	words := err.Error()
	var f *fault.Fault
	if errors.As(err, &f) {
		words = f.Message
	}
	return strings.TrimPrefix(words, "Validation failed: ")
}

// namesOf reads a line as the names of columns; nil when it is none.
func namesOf(record []string) []string {
	if !strings.HasPrefix(strings.TrimSpace(record[0]), "#") && !strings.EqualFold(strings.TrimSpace(record[0]), "domain") {
		return nil
	}
	named := make([]string, len(record))
	for i, one := range record {
		named[i] = "#" + strings.TrimPrefix(strings.ToLower(strings.TrimSpace(one)), "#")
	}
	return named
}

// WriteBlocks writes blocks as Mastodon does.
func WriteBlocks(to io.Writer, list []*Block) error {
	w := csv.NewWriter(to)
	_ = w.Write(blockHeader) // Flush tells what went wrong
	for _, b := range list {
		_ = w.Write([]string{b.Domain, string(b.Severity), strconv.FormatBool(b.RejectMedia), strconv.FormatBool(b.RejectReports), b.PublicComment, strconv.FormatBool(b.Obfuscate)})
	}
	w.Flush()
	return w.Error()
}

// WriteAllows writes allowed servers as Mastodon does.
func WriteAllows(to io.Writer, list []*Allow) error {
	w := csv.NewWriter(to)
	_ = w.Write([]string{allowHeader})
	for _, a := range list {
		_ = w.Write([]string{a.Domain})
	}
	w.Flush()
	return w.Error()
}
