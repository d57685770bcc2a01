// Mutate takes every line out of effects.go that drops what is remembered, one at a time, and tells which of them the test that compares memory with
// the database does not miss. Run it by `make mutate`, after effects.go changed.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

const (
	folder = "internal/server"
	test   = "^TestWhatIsRememberedIsWhatTheDatabaseSays$"
)

// watched are the calls that the test watches: what is remembered of statuses, accounts, cards, readers, emoji and filters.
var watched = regexp.MustCompile(`^s\.(statuses|accounts|emoji|filters)\.Forget\w*$|^s\.(mediaModes|forgetEmoji)$`)

// spared are the lines that are left in, by their events, because nobody is shown anything else without them.
var spared = []string{
	"account.profile_seen:s.accounts.Forget(e.Account)", // else the database is asked at each look whether it was seen before
	"status.unboosted:s.statuses.Forget(e.Boost)",       // a boost that was taken back is found nowhere; what is remembered of it would only lie there
}

// helper is the switch of all mutants, compiled into the server for this run alone.
const helper = `package server

import (
	"context"
	"os"
)

var mutant = os.Getenv("ANANCUS_MUTANT")

func unless[E any](name string, do func(context.Context, E)) func(context.Context, E) {
	return func(ctx context.Context, e E) {
		if mutant != name {
			do(ctx, e)
		}
	}
}
`

// edit replaces the text between two offsets.
type edit struct {
	from, to int
	text     string
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(only []string) error {
	path := filepath.Join(folder, "effects.go")
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed, names, err := instrument(path, source)
	if err != nil {
		return err
	}
	tmp, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	program, err := build(tmp, path, changed)
	if err != nil {
		return err
	}
	if out, err := try(program, "none"); err != nil {
		return fmt.Errorf("the test fails though nothing was taken out: %w\n%s", err, out)
	}
	var survived []string
	for i, name := range names {
		if len(only) > 0 && !slices.Contains(only, name) {
			continue
		}
		if out, err := try(program, name); err == nil {
			survived = append(survived, name)
			fmt.Printf("%d/%d NOT MISSED  %s\n", i+1, len(names), name)
		} else {
			fmt.Printf("%d/%d missed      %s  %s\n", i+1, len(names), name, step.FindString(string(out)))
		}
	}
	if len(survived) > 0 {
		return fmt.Errorf("%d of %d lines can be taken out unnoticed", len(survived), len(names))
	}
	fmt.Printf("None of %d lines can be taken out unnoticed.\n", len(names))
	return nil
}

var step = regexp.MustCompile(`after step \d+`)

// instrument lets each watched call be left out at run time, and names them.
func instrument(path string, source []byte) (changed []byte, names []string, err error) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, source, parser.ParseComments)
	if err != nil {
		return nil, nil, err
	}
	text := func(n ast.Node) string {
		return string(source[files.Position(n.Pos()).Offset:files.Position(n.End()).Offset])
	}
	var edits []edit
	replace := func(n ast.Node, with string) {
		edits = append(edits, edit{files.Position(n.Pos()).Offset, files.Position(n.End()).Offset, with})
	}
	fresh := func(call, event string, line int) string {
		name := fmt.Sprintf("%s:%d:%s", event, line, call)
		names = append(names, name)
		return name
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		event := f.Name.Name
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch text(n.Fun) {
				case "bus.On":
					event, _ = strconv.Unquote(text(n.Args[1]))
				case "bus.Durable":
					return false
				case "bus.Live":
					if watched.MatchString(text(n.Args[0])) {
						name := fresh(text(n.Args[0]), event, files.Position(n.Pos()).Line)
						replace(n.Args[0], fmt.Sprintf("unless(%q, %s)", name, text(n.Args[0])))
						return false
					}
				}
			case *ast.ExprStmt:
				call, ok := n.X.(*ast.CallExpr)
				if !ok || !watched.MatchString(text(call.Fun)) {
					return true
				}
				var b strings.Builder
				one := func(args string) {
					whole := text(call.Fun) + "(" + args + ")"
					if slices.Contains(spared, event+":"+whole) {
						fmt.Fprintln(&b, whole)
						return
					}
					fmt.Fprintf(&b, "if mutant != %q { %s }\n", fresh(whole, event, files.Position(n.Pos()).Line), whole)
				}
				variadic := regexp.MustCompile(`\.Forget(Ties)?$`).MatchString(text(call.Fun)) && call.Ellipsis == token.NoPos && len(call.Args) > 1
				if variadic {
					for _, arg := range call.Args {
						one(text(arg))
					}
				} else {
					from, to := files.Position(call.Lparen).Offset+1, files.Position(call.Rparen).Offset
					one(string(source[from:to]))
				}
				replace(n, b.String())
				return false
			}
			return true
		})
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.from - a.from })
	for _, e := range edits {
		source = slices.Concat(source[:e.from], []byte(e.text), source[e.to:])
	}
	changed, err = format.Source(source)
	return changed, names, err
}

// build makes the test's program of the instrumented source.
func build(tmp, path string, changed []byte) (program string, err error) {
	at, err := filepath.Abs(".")
	if err != nil {
		return "", err
	}
	replace := map[string]string{}
	for name, body := range map[string][]byte{path: changed, filepath.Join(folder, "mutant.go"): []byte(helper)} {
		to := filepath.Join(tmp, filepath.Base(name))
		if err := os.WriteFile(to, body, 0o600); err != nil {
			return "", err
		}
		replace[filepath.Join(at, name)] = to
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	list := filepath.Join(tmp, "overlay.json")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		return "", err
	}
	program = filepath.Join(tmp, "server.test")
	make := exec.Command("go", "test", "-vet=off", "-overlay", list, "-c", "-o", program, "./"+folder)
	make.Stdout, make.Stderr = os.Stdout, os.Stderr
	return program, make.Run()
}

// try runs the test on SQLite with one line taken out; an error when the test fails, as it should.
func try(program, mutant string) ([]byte, error) {
	var out bytes.Buffer
	c := exec.Command(program, "-test.run", test, "-test.timeout", "10m")
	c.Dir, c.Stdout, c.Stderr = folder, &out, &out
	c.Env = append(os.Environ(), "ANANCUS_MUTANT="+mutant, "ANANCUS_TEST_POSTGRES=", "ANANCUS_TEST_REQUIRE_POSTGRES=")
	err := c.Run()
	return out.Bytes(), err
}
