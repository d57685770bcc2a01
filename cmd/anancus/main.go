// Command anancus is a whole social server in one program, and the keepers' tool for it.
//
// Facts of the process come from flags, the environment and a file, under the
// same names (kit/config). A keeper's command goes to the server that runs on the
// data folder; where none runs, the command opens the database itself.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // members' time zones, where the machine has no list of them

	"anancus/internal/kit/config"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "dev"

// Exit codes.
const (
	exitFine    = 0
	exitFailure = 1
	exitUsage   = 2
)

func main() {
	ctx, stop := untilSignal(context.Background())
	defer stop()
	p := &program{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr, open: assemble}
	code := p.run(os.Args[1:])
	stop()
	os.Exit(code)
}

// untilSignal gives a context that ends at the first INT or TERM; the second one ends the process.
func untilSignal(parent context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	go func() {
		select {
		case <-signals:
			cancel()
		case <-ctx.Done():
			return
		}
		<-signals
		fmt.Fprintln(os.Stderr, "anancus: stopped before everything was settled")
		os.Exit(exitFailure)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// program is one run of the command, with what it talks to.
type program struct {
	ctx            context.Context
	stdout, stderr io.Writer
	open           opener
	cli            cli
	file           map[string]string // the configuration file
	fileRead       bool
	fileError      error
}

// cli is the command line.
type cli struct {
	File  string        `name:"config" env:"ANANCUS_CONFIG" placeholder:"FILE" help:"The configuration file. Without one, ./anancus.toml or anancus.toml in the data folder is read if it is there."`
	Facts config.Config `embed:""`
	JSON  bool          `name:"json" help:"Answer in JSON, for programs; errors as {\"error\": …} too."`

	Serve        serveCmd        `cmd:"" help:"Run the server."`
	Account      accountCmd      `cmd:"" help:"Make members, reset their passwords, and do something about accounts that do harm."`
	Domain       domainCmd       `cmd:"" help:"Limit or suspend other servers, or allow them."`
	Relay        relayCmd        `cmd:"" help:"Subscribe to relays, which bring public posts of servers that nobody here follows."`
	Token        tokenCmd        `cmd:"" help:"Make access tokens."`
	Media        mediaCmd        `cmd:"" help:"Look after uploads and copies of remote media."`
	Emoji        emojiCmd        `cmd:"" help:"Add custom emoji, import and export packs of them."`
	Delivery     deliveryCmd     `cmd:"" help:"See what waits for other servers, and try those again that fail."`
	Profile      profileCmd      `cmd:"" help:"Show what the running server spends its time or memory on."`
	Search       searchCmd       `cmd:"" help:"Look after the index of search."`
	Settings     settingsCmd     `cmd:"" help:"Read and change the keepers' settings."`
	Suggestion   suggestionCmd   `cmd:"" help:"Suggest accounts to members."`
	Report       reportCmd       `cmd:"" help:"Read reports and close them."`
	Rule         ruleCmd         `cmd:"" help:"Write the rules that members agree to."`
	Terms        termsCmd        `cmd:"" help:"Publish the terms of service."`
	Announcement announcementCmd `cmd:"" help:"Tell all members something."`
	Trend        trendCmd        `cmd:"" help:"See what many talk about, and decide what of it is shown."`
	Config       configCmd       `cmd:"" help:"Show how the server is configured."`
	Dev          devCmd          `cmd:"" help:"Try things on this machine."`
	Version      versionCmd      `cmd:"" help:"Tell which Anancus this is."`
}

// exited carries the exit code of --help out of kong.
type exited int

func (p *program) run(args []string) (code int) {
	defer func() {
		if gone, ok := recover().(exited); ok {
			code = int(gone)
		}
	}()
	command, err := p.parse(args)
	if err != nil {
		p.fail(err, slices.Contains(args, "--json"))
		return exitUsage
	}
	err = command.Run(p)
	var problem *config.Problem
	switch {
	case err == nil:
		return exitFine
	case errors.As(err, &problem):
		code = exitUsage
	default:
		code = exitFailure
	}
	p.fail(err, p.cli.JSON)
	return code
}

func (p *program) parse(args []string) (*kong.Context, error) {
	dropEmptyVariables()
	parser, err := kong.New(&p.cli,
		kong.Name("anancus"),
		kong.Description("A whole social server in one program. Start it with: anancus serve"),
		kong.Writers(p.stdout, p.stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Resolvers(kong.ResolverFunc(p.fromFile)),
	)
	if err != nil {
		return nil, fmt.Errorf("command line: %w", err)
	}
	command, err := parser.Parse(args)
	switch {
	case p.fileError != nil:
		return nil, p.fileError
	case err != nil:
		return nil, fmt.Errorf("%w (anancus --help shows what there is)", err)
	}
	return command, nil
}

// fromFile finds a flag's value in the configuration file, unless the environment has one.
func (p *program) fromFile(c *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, set := os.LookupEnv(name); set {
			return nil, nil
		}
	}
	if !p.fileRead {
		p.fileRead = true
		p.readFile(c)
	}
	if text, found := p.file[flag.Name]; found {
		return text, nil
	}
	return nil, nil
}

func (p *program) readFile(c *kong.Context) {
	switch c.Command() {
	case "version", "config example", "dev peers": // none of these serves as configured
		return
	}
	var path, data string
	for _, flag := range c.Model.Flags {
		switch flag.Name {
		case "config":
			path, _ = c.FlagValue(flag).(string)
		case "data":
			data, _ = c.FlagValue(flag).(string)
		}
	}
	if path == "" {
		path = config.FindFile(data)
	}
	if path != "" {
		p.file, p.fileError = config.File(path)
	}
}

// dropEmptyVariables forgets variables that are set to nothing, as compose files leave them.
func dropEmptyVariables() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, "ANANCUS_") {
			_ = os.Unsetenv(name)
		}
	}
}

// config gives the checked facts of the process.
func (p *program) config() (config.Config, error) {
	c := p.cli.Facts
	err := c.Complete()
	return c, err
}

// fail tells why the command failed.
func (p *program) fail(err error, asJSON bool) {
	if asJSON {
		encode(p.stderr, map[string]string{"error": err.Error()})
		return
	}
	fmt.Fprintln(p.stderr, "anancus:", err)
}

// tell shows a result: as JSON for programs, else as lines for people; in one piece, for whoever reads along.
func (p *program) tell(result any, lines ...string) {
	if p.cli.JSON {
		encode(p.stdout, result)
		return
	}
	fmt.Fprintln(p.stdout, strings.Join(lines, "\n"))
}

func encode(w io.Writer, v any) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // a closed pipe: there is nobody to tell
}

// opener opens a server; tests have their own.
type opener func(ctx context.Context, c config.Config, version string, log *slog.Logger) (host, error)
