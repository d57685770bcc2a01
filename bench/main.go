// Command bench measures the built server, beside net/http serving fixed bytes where that says more than a figure, so that its
// ratios mean the same on every machine. It writes rows of engine, measure, target, figure, ratio, met to the file that
// ANANCUS_BENCH_ROWS names. The targets are those of the architecture.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/db"
)

// part is something that is measured, on each engine.
type part struct {
	name, says string
	measure    func(b *bench, ctx context.Context, engine db.Engine) error
	apart      bool // only when -only names it: it takes long
}

var parts = []part{
	{"start", "start, idle memory, accounts made by command", (*bench).start, false},
	{"pages", "warm pages beside fixed bytes", (*bench).pages, false},
	{"sizes", "what pages and posts cost in small and large towns", (*bench).sizes, false},
	{"posting", "posts: processor time, and many at once on a slow disk", (*bench).posting, false},
	{"inbox", "statuses received", (*bench).inbox, false},
	{"flood", "10,000 actors of one host write at once, beside another host", (*bench).flood, false},
	{"delivery", "statuses delivered, to many and to the dead", (*bench).delivery, false},
	{"streaming", "sockets: memory, and how soon a post is told", (*bench).streaming, false},
	{"crowd", "open feeds, and an author whom a million follow", (*bench).crowd, false},
	{"soak", "minutes of mixed load: what grows (only when it is named)", (*bench).soak, true},
}

func main() {
	fixed := flag.String("fixed", "", "serve this file at every address (used by the program itself)")
	listen := flag.String("listen", "", "with -fixed: where")
	slow := flag.Duration("slow-sync", 0, "be the server, on a disk whose every sync takes so much longer (used by the program itself)")
	flood := flag.String("flood", "", "write to the server at this address as fast as it answers, to the member who is named next (used by the program itself)")
	only := flag.String("only", "", "measure those parts alone whose names match")
	statuses := flag.String("statuses", "10000,1000000", "towns to compare, by their number of statuses; the first is what the others are compared with")
	folder := flag.String("folder", "", "where towns are kept, to go on with them another time; the default keeps none")
	engines := flag.String("engines", "sqlite,postgres", "which databases")
	soakFor := flag.Duration("soak", 10*time.Minute, "how long the soak is, from 20s on")
	profiles := flag.String("profiles", "", "a folder for profiles of every server, of processor time and memory; what is measured costs more then")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, "Measures the server. Parts:")
		for _, one := range parts {
			fmt.Fprintf(os.Stderr, "  %-10s %s\n", one.name, one.says)
		}
		flag.PrintDefaults()
	}
	flag.Parse()
	ctx := context.Background()
	var err error
	switch {
	case *fixed != "":
		err = serveFixed(*fixed, *listen)
	case *flood != "":
		err = beFlood(ctx, *flood, flag.Arg(0))
	case *slow != 0:
		err = serveSlowly(ctx, *slow, flag.Args())
	default:
		err = run(ctx, *only, *statuses, *folder, *profiles, *soakFor, strings.Split(*engines, ","))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// bench is one run.
type bench struct {
	binary   string
	postgres string // the address of a database to begin with; "" for none
	folder   string
	keep     bool // what is made in the folder
	towns    []int
	rows     *os.File
	failed   bool
	profiles string // a folder for profiles; "" for none
	profiled int    // servers
	soakFor  time.Duration
}

func run(ctx context.Context, only, statuses, folder, profiles string, soakFor time.Duration, engines []string) (err error) {
	b := &bench{binary: os.Getenv("ANANCUS_BIN"), postgres: os.Getenv("ANANCUS_BENCH_POSTGRES"), folder: folder, keep: folder != "", profiles: profiles, soakFor: soakFor}
	if b.binary == "" {
		return errors.New("ANANCUS_BIN must name the built program; make bench does")
	}
	if profiles != "" {
		if err := os.MkdirAll(profiles, 0o700); err != nil {
			return err
		}
	}
	wanted, err := regexp.Compile(only)
	if err != nil {
		return fmt.Errorf("-only: %w", err)
	}
	for _, text := range strings.Split(statuses, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1000 {
			return fmt.Errorf("-statuses: %q is no number from 1000 on", text)
		}
		b.towns = append(b.towns, n)
	}
	if b.folder == "" {
		if b.folder, err = os.MkdirTemp("", "anancus-bench"); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, os.RemoveAll(b.folder)) }()
	}
	b.rows, err = os.OpenFile(os.Getenv("ANANCUS_BENCH_ROWS"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("ANANCUS_BENCH_ROWS: %w", err)
	}
	defer func() { err = errors.Join(err, b.rows.Close()) }()
	b.failed = false
	var failures []error
	for _, engine := range []db.Engine{db.SQLite, db.Postgres} {
		if !slices.Contains(engines, string(engine)) || engine == db.Postgres && b.postgres == "" {
			continue
		}
		for _, one := range parts {
			if !wanted.MatchString(one.name) || one.apart && only == "" {
				continue
			}
			fmt.Printf("\n%s on %s: %s\n", one.name, engine, one.says)
			begin := time.Now()
			if err := one.measure(b, ctx, engine); err != nil {
				failures = append(failures, fmt.Errorf("%s on %s: %w", one.name, engine, err))
				fmt.Fprintln(os.Stderr, "bench:", failures[len(failures)-1])
			}
			fmt.Printf("  %v\n", time.Since(begin).Round(time.Second))
		}
	}
	if b.failed {
		fmt.Println("Some targets were missed: met = no.")
	}
	return errors.Join(failures...)
}

// row writes down one figure, and says it.
func (b *bench) row(engine db.Engine, measure, target, figure, ratio string, met bool) {
	word := "yes"
	if !met {
		word, b.failed = "no", true
	}
	fmt.Printf("  %-72s target %-12s figure %-12s ratio %-8s met %s\n", measure, target, figure, ratio, word)
	if _, err := fmt.Fprintf(b.rows, "%s\t%s\t%s\t%s\t%s\t%s\n", engine, measure, target, figure, ratio, word); err != nil {
		fmt.Fprintln(os.Stderr, "bench: a row could not be written:", err)
	}
}

// within is a row of a figure that must not be larger than its target.
func (b *bench) within(engine db.Engine, measure string, most, figure float64) {
	b.row(engine, measure, fmt.Sprintf("<= %.4g", most), fmt.Sprintf("%.4g", figure), "", figure <= most)
}

// atLeast is a row of a figure that must not be smaller than its target.
func (b *bench) atLeast(engine db.Engine, measure string, least, figure float64) {
	b.row(engine, measure, fmt.Sprintf(">= %.4g", least), fmt.Sprintf("%.4g", figure), "", figure >= least)
}

// compared is a row of a figure that must not be larger than so many times another.
func (b *bench) compared(engine db.Engine, measure string, most, figure, other float64) {
	b.row(engine, measure, fmt.Sprintf("<= %.4g x", most), fmt.Sprintf("%.4g", figure), fmt.Sprintf("%.2f", figure/other), figure <= most*other)
}

// told is a row of a figure that has no target of its own.
func (b *bench) told(engine db.Engine, measure string, figure float64) {
	b.row(engine, measure, "-", fmt.Sprintf("%.4g", figure), "", true)
}

const mb = 1 << 20
