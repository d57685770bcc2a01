package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/control"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

// town stands in for the databases of servers: one house a data folder, held by one host at a time.
type town struct {
	mu     sync.Mutex
	opened map[string]int
	held   map[string]bool
	seen   []config.Config
	slow   time.Duration // from opening to listening
	stuck  bool          // Run does not return
}

func newTown() *town { return &town{opened: map[string]int{}, held: map[string]bool{}} }

func (v *town) open(_ context.Context, c config.Config, _ string, _ *slog.Logger) (host, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.held[c.Data] {
		return nil, fmt.Errorf("open database: %w", db.ErrHeld)
	}
	v.held[c.Data] = true
	v.opened[c.Data]++
	v.seen = append(v.seen, c)
	time.Sleep(v.slow)
	return &house{town: v, config: c, listening: make(chan struct{})}, nil
}

type house struct {
	town      *town
	config    config.Config
	listening chan struct{}
}

func (h *house) Run(ctx context.Context) error {
	listener, err := net.Listen("tcp", h.config.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	server := &http.Server{Handler: http.NotFoundHandler(), ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	close(h.listening)
	<-ctx.Done()
	if h.town.stuck {
		select {}
	}
	return server.Close()
}

func (h *house) Listening() <-chan struct{} { return h.listening }
func (h *house) SetupNotice() (string, string, bool) {
	return "http://" + h.config.WebDomain + "/setup", "ABCD-1234", true
}
func (h *house) Keeper() keeper.Ops { return ops{config: h.config} }
func (h *house) Close() error {
	h.town.mu.Lock()
	defer h.town.mu.Unlock()
	delete(h.town.held, h.config.Data)
	return nil
}

// ops answers with what it was asked.
type ops struct {
	keeper.FrontdoorOps
	keeper.MediaOps
	config config.Config
}

func (o ops) CreateAccount(_ context.Context, in keeper.CreateAccount) (keeper.CreatedAccount, error) {
	if in.Name == "admin" {
		return keeper.CreatedAccount{}, fault.New(fault.Invalid, "Validation failed: Username is reserved")
	}
	out := keeper.CreatedAccount{ID: "1", Username: in.Name, Handle: "@" + in.Name + "@" + o.config.Domain, Email: in.Email, Role: in.Role, Created: in.Name != "old"}
	if in.Password == "" && out.Created {
		out.Password = "made-up"
	}
	return out, nil
}

func (ops) ResetPassword(_ context.Context, in keeper.ResetPassword) (keeper.NewPassword, error) {
	return keeper.NewPassword{Username: in.Name, Password: "made-up"}, nil
}

func (ops) CreateToken(_ context.Context, in keeper.CreateToken) (keeper.CreatedToken, error) {
	return keeper.CreatedToken{Token: "t0ken", Scopes: in.Scopes}, nil
}
func (ops) SetSetting(_ context.Context, in keeper.Setting) (keeper.Setting, error) { return in, nil }
func (ops) GetSetting(_ context.Context, in keeper.SettingName) (keeper.Setting, error) {
	return keeper.Setting{Name: in.Name, Value: "open"}, nil
}

func (ops) ReindexSearch(_ context.Context, in keeper.ReindexSearch) (keeper.SearchProgress, error) {
	return keeper.SearchProgress{Done: 5, Finished: true}, nil
}

func (ops) Profile(_ context.Context, in keeper.Profile) (keeper.Profiled, error) {
	return keeper.Profiled{Kind: in.Kind, Data: []byte("a profile")}, nil
}

func (ops) ListTrends(_ context.Context, in keeper.TrendKind) ([]keeper.Trend, error) {
	return []keeper.Trend{{Name: "7", Author: "bo@t", URL: "https://t/7", Score: 40.5, RequiresReview: true}, {Name: "Cats", Score: 2, Trendable: true}}, nil
}

func (ops) RefreshTrends(context.Context) (keeper.TrendCount, error) {
	return keeper.TrendCount{Tags: 3, Links: 2, Statuses: 1}, nil
}

func (ops) ReviewTrends(_ context.Context, in keeper.TrendReview) ([]keeper.TrendDecision, error) {
	if in.Author {
		in.Names = append(in.Names, "author")
	}
	out := []keeper.TrendDecision{}
	for _, name := range in.Names {
		out = append(out, keeper.TrendDecision{Name: in.Kind + " " + name, Trendable: in.Trendable})
	}
	return out, nil
}

func (ops) ListSettings(context.Context) ([]keeper.Setting, error) {
	return []keeper.Setting{{Name: "registrations", Value: "open"}, {Name: "title", Value: "Home"}}, nil
}

func (ops) ListReports(_ context.Context, in keeper.ReportList) ([]keeper.Report, error) {
	if !in.All {
		return nil, nil
	}
	return []keeper.Report{{ID: "9", Reporter: "@ada@h", Target: "@bo@t", Category: "spam", Comment: "look", Statuses: []keeper.ReportedStatus{{ID: "7"}}}}, nil
}

func (ops) ShowReport(_ context.Context, in keeper.ReportID) (keeper.Report, error) {
	return keeper.Report{ID: in.ID, Comment: "look", Statuses: []keeper.ReportedStatus{{ID: "7", URI: "https://t/7", Text: "buy"}}}, nil
}

func (ops) AddSuggestion(_ context.Context, in keeper.Suggestion) (keeper.Suggestion, error) {
	return keeper.Suggestion{ID: "7", Handle: in.Handle, Shown: true}, nil
}

func (ops) RemoveSuggestion(_ context.Context, in keeper.Suggestion) (keeper.Suggestion, error) {
	return keeper.Suggestion{ID: "7", Handle: in.Handle}, nil
}

func (ops) ListSuggestions(context.Context) ([]keeper.Suggestion, error) {
	return []keeper.Suggestion{{ID: "7", Handle: "bo@there.example", Shown: true}, {ID: "8", Handle: "cy"}}, nil
}

func (ops) ResolveReport(_ context.Context, in keeper.ReportID) (keeper.Report, error) {
	return keeper.Report{ID: in.ID, ResolvedAt: "2026-11-22T02:00:00Z"}, nil
}

// safe is a buffer that a server writes while a test reads.
type safe struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safe) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safe) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// anancus runs the command to its end.
func anancus(t *testing.T, v *town, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs safe
	p := &program{ctx: t.Context(), stdout: &out, stderr: &errs, open: v.open}
	code = p.run(args)
	return code, out.String(), errs.String()
}

// serving runs a server until stop is called, which gives its exit code.
func serving(t *testing.T, v *town, args ...string) (out, errs *safe, stop func() int) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	out, errs = &safe{}, &safe{}
	p := &program{ctx: ctx, stdout: out, stderr: errs, open: v.open}
	done := make(chan int, 1)
	go func() { done <- p.run(args) }()
	stop = sync.OnceValue(func() int { cancel(); return <-done })
	t.Cleanup(func() { stop() })
	for until := time.Now().Add(5 * time.Second); !strings.Contains(out.String(), "http://"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("the server does not start: %s %s", out, errs)
		}
	}
	return out, errs, stop
}

// fresh puts the test into a folder of its own and gives a free address.
func fresh(t *testing.T) (address string) {
	t.Helper()
	for _, name := range config.Names() { // whatever the machine of the test is set to
		t.Setenv("ANANCUS_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_")), "")
	}
	folder, err := os.MkdirTemp("", "anancus")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	t.Chdir(folder)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

func TestServingTellsWhereToOpenItAndTheSetUpCode(t *testing.T) {
	address, v := fresh(t), newTown()
	_, port, _ := net.SplitHostPort(address)
	out, _, stop := serving(t, v, "serve", "--listen", address)
	data, _ := filepath.Abs("data")
	for _, line := range []string{
		"Open http://localhost:" + port, "Data folder: " + data, "Set-up code: ABCD-1234",
		"Nobody lives here yet. Make the owner's account at http://localhost:" + port + "/setup",
	} {
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(line) + `$`).MatchString(out.String()) {
			t.Errorf("the line %q is missing in:\n%s", line, out)
		}
	}
	if code := stop(); code != exitFine {
		t.Errorf("stopped by a signal, it exits with %d", code)
	}
	if _, err := os.Stat("data/anancus.sock"); !os.IsNotExist(err) {
		t.Error("the socket is left behind")
	}
}

func TestServingTellsProgramsInOneLineOfJSON(t *testing.T) {
	address, v := fresh(t), newTown()
	out, _, stop := serving(t, v, "serve", "--json", "--listen", address)
	defer stop()
	var s started
	if err := json.Unmarshal([]byte(out.String()), &s); err != nil || s.SetupCode != "ABCD-1234" || s.URL == "" {
		t.Errorf("%v: %s", err, out)
	}
}

func TestATakenAddressIsNamed(t *testing.T) {
	address, v := fresh(t), newTown()
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	code, out, errs := anancus(t, v, "serve", "--listen", address)
	if code != exitFailure || !strings.Contains(errs, address+" is taken by another program") || out != "" {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

func TestTwoServersOnOneDataFolderAreRefused(t *testing.T) {
	address, v := fresh(t), newTown()
	_, _, stop := serving(t, v, "serve", "--listen", address)
	defer stop()
	code, _, errs := anancus(t, v, "serve", "--listen", "127.0.0.1:0", "--domain", "localhost:1")
	if code != exitFailure || !strings.Contains(errs, "another server already runs on the data folder") {
		t.Errorf("%d %q", code, errs)
	}
}

func TestAKeepersCommandGoesToTheServerThatRuns(t *testing.T) {
	address, v := fresh(t), newTown()
	_, _, stop := serving(t, v, "serve", "--listen", address)
	data, _ := filepath.Abs("data")
	code, out, errs := anancus(t, v, "token", "create", "ada")
	if code != exitFine || out != "t0ken\n" || errs != "" || v.opened[data] != 1 {
		t.Errorf("with a server: %d %q %q, opened %d times", code, out, errs, v.opened[data])
	}
	stop()
	code, out, errs = anancus(t, v, "token", "create", "ada")
	if code != exitFine || out != "t0ken\n" || errs != "" || v.opened[data] != 2 || v.held[data] {
		t.Errorf("without a server: %d %q %q, opened %d times, held %v", code, out, errs, v.opened[data], v.held[data])
	}
}

func TestAKeepersCommandWaitsForAServerThatStarts(t *testing.T) {
	fresh(t)
	v := newTown()
	data, _ := filepath.Abs("data")
	v.held[data] = true // by a server whose socket is not there yet
	go func() {
		time.Sleep(300 * time.Millisecond)
		_ = control.Serve(t.Context(), filepath.Join(data, "anancus.sock"), keeper.Handlers(ops{}))
	}()
	code, out, errs := anancus(t, v, "settings", "get", "registrations")
	if code != exitFine || out != "open\n" {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

func TestKeepersCommandsTellPeopleAndPrograms(t *testing.T) {
	fresh(t)
	create := []string{"account", "create", "ada", "--email", "ada@example.org", "--role", "owner", "--confirmed", "--approved"}
	for _, c := range []struct {
		args       []string
		text, json string
	}{
		{
			create, "Username: ada\nHandle: @ada@localhost:8080\nE-mail: ada@example.org\nRole: owner\nPassword: made-up\n",
			`{"id":"1","username":"ada","handle":"@ada@localhost:8080","email":"ada@example.org","role":"owner","password":"made-up","created":true}` + "\n",
		},
		{
			append(create, "--password", "p"), "Username: ada\nHandle: @ada@localhost:8080\nE-mail: ada@example.org\nRole: owner\n",
			`{"id":"1","username":"ada","handle":"@ada@localhost:8080","email":"ada@example.org","role":"owner","created":true}` + "\n",
		},
		{
			[]string{"account", "create", "old", "--email", "o@example.org", "--if-missing"}, "Username: old (was there already)\n",
			`{"id":"1","username":"old","handle":"@old@localhost:8080","email":"o@example.org","role":"member","created":false}` + "\n",
		},
		{[]string{"account", "password", "ada"}, "Username: ada\nPassword: made-up\n", `{"username":"ada","password":"made-up"}` + "\n"},
		{[]string{"token", "create", "ada", "--scopes", "read write"}, "t0ken\n", `{"token":"t0ken","scopes":"read write"}` + "\n"},
		{[]string{"settings", "set", "registrations", "closed"}, "registrations = closed\n", `{"name":"registrations","value":"closed"}` + "\n"},
		{[]string{"settings", "get", "registrations"}, "open\n", `{"name":"registrations","value":"open"}` + "\n"},
		{[]string{"settings", "list"}, "registrations = open\ntitle = Home\n", `[{"name":"registrations","value":"open"},{"name":"title","value":"Home"}]` + "\n"},
		{[]string{"suggestion", "add", "bo"}, "@bo\n", `{"id":"7","handle":"bo","shown":true}` + "\n"},
		{[]string{"suggestion", "remove", "bo"}, "Removed: @bo\n", `{"id":"7","handle":"bo","shown":false}` + "\n"},
		{[]string{"suggestion", "list"}, "@bo@there.example\n@cy  not shown: the account does not wish to be found\n",
			`[{"id":"7","handle":"bo@there.example","shown":true},{"id":"8","handle":"cy","shown":false}]` + "\n"},
		{[]string{"report", "list", "--all"}, "9    open  spam  @ada@h about @bo@t  1 statuses  look\n", `[{"id":"9","reporter":"@ada@h","target":"@bo@t","category":"spam","comment":"look","statuses":[{"id":"7"}],"forward":false,"forwarded":false,"created_at":""}]` + "\n"},
		{[]string{"trend", "list", "statuses"}, "     40.50  7  hidden, to be reviewed  by bo@t  https://t/7\n      2.00  Cats  shown\n",
			`[{"name":"7","author":"bo@t","url":"https://t/7","score":40.5,"trendable":false,"requires_review":true},{"name":"Cats","score":2,"trendable":true,"requires_review":false}]` + "\n"},
		{[]string{"trend", "refresh"}, "Trending, shown or not: hashtags 3, links 2, statuses 1\n", `{"tags":3,"links":2,"statuses":1}` + "\n"},
		{[]string{"trend", "approve", "tags", "Cats", "Dogs"}, "Approved: tags Cats\nApproved: tags Dogs\n", `[{"name":"tags Cats","trendable":true},{"name":"tags Dogs","trendable":true}]` + "\n"},
		{[]string{"trend", "reject", "statuses", "7", "--author"}, "Rejected: statuses 7\nRejected: statuses author\n", `[{"name":"statuses 7","trendable":false},{"name":"statuses author","trendable":false}]` + "\n"},
		{[]string{"version"}, "anancus dev\n", `{"version":"dev"}` + "\n"},
	} {
		t.Run(strings.Join(c.args[:min(3, len(c.args))], " "), func(t *testing.T) {
			if code, out, errs := anancus(t, newTown(), c.args...); code != exitFine || out != c.text {
				t.Errorf("for people: %d %q %q", code, out, errs)
			}
			if code, out, errs := anancus(t, newTown(), append(c.args, "--json")...); code != exitFine || out != c.json {
				t.Errorf("for programs: %d %q %q", code, out, errs)
			}
		})
	}
}

func TestFailuresExitWithOneAndMisuseWithTwo(t *testing.T) {
	fresh(t)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"a name that is refused": {[]string{"account", "create", "admin", "--email", "a@b"}, exitFailure, "Username is reserved"},
		"no e-mail":              {[]string{"account", "create", "ada"}, exitUsage, "--email"},
		"an unknown role":        {[]string{"account", "create", "ada", "--email", "a@b", "--role", "king"}, exitUsage, "king"},
		"an unknown command":     {[]string{"fly"}, exitUsage, "fly"},
		"an unknown flag":        {[]string{"serve", "--fast"}, exitUsage, "--fast"},
		"no command":             {nil, exitUsage, "expected"},
		"a bad value":            {[]string{"serve", "--rate-limits=maybe"}, exitUsage, "rate-limits"},
		"a bad domain":           {[]string{"serve", "--domain", "https://x"}, exitUsage, "domain must be"},
		"a missing file":         {[]string{"serve", "--config", "absent.toml"}, exitUsage, "absent.toml"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := anancus(t, newTown(), c.args...)
			if code != c.code || out != "" || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
				t.Errorf("%d %q %q", code, out, errs)
			}
			code, out, errs = anancus(t, newTown(), append(c.args, "--json")...)
			var body map[string]string
			if err := json.Unmarshal([]byte(errs), &body); err != nil || code != c.code || out != "" || !strings.Contains(body["error"], c.says) {
				t.Errorf("for programs: %d %q %q", code, out, errs)
			}
		})
	}
}

func TestAFlagGoesBeforeTheEnvironmentAndThatBeforeTheFile(t *testing.T) {
	fresh(t)
	if err := os.WriteFile("anancus.toml", []byte("domain = 'file.example'\nlog-level = 'error'\nrate-limits = false\ncache-memory = '32MB'"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("ANANCUS_DOMAIN", "environment.example")
	t.Setenv("ANANCUS_LOG_LEVEL", "warn")
	t.Setenv("ANANCUS_RATE_LIMITS", "") // set to nothing: as if it were not set
	v := newTown()
	if code, _, errs := anancus(t, v, "settings", "list", "--domain", "flag.example"); code != exitFine {
		t.Fatal(errs)
	}
	c := v.seen[0]
	if c.Domain != "flag.example" || c.LogLevel != "warn" || bool(c.RateLimits) || c.CacheMemory != 32*config.MB || c.LogFormat != "text" {
		t.Errorf("%+v", c)
	}
}

func TestTheFileMayBeNamedOrLieInTheDataFolder(t *testing.T) {
	fresh(t)
	for path, domain := range map[string]string{"there/anancus.toml": "data.example", "named.toml": "named.example"} {
		_ = os.MkdirAll(filepath.Dir(path), 0o700)
		if err := os.WriteFile(path, []byte("domain = '"+domain+"'"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	domain := func(args ...string) string {
		v := newTown()
		if code, _, errs := anancus(t, v, append(args, "settings", "list")...); code != exitFine {
			t.Fatal(errs)
		}
		return v.seen[0].Domain
	}
	if got := domain("--data", "there"); got != "data.example" {
		t.Errorf("in the data folder: %s", got)
	}
	if got := domain("--data", "there", "--config", "named.toml"); got != "named.example" {
		t.Errorf("named by a flag: %s", got)
	}
	t.Setenv("ANANCUS_CONFIG", "named.toml")
	t.Setenv("ANANCUS_DATA", "there")
	if got := domain(); got != "named.example" {
		t.Errorf("named by the environment: %s", got)
	}
}

func TestABadFileStartsNothing(t *testing.T) {
	fresh(t)
	if err := os.WriteFile("anancus.toml", []byte("lisen = ':1'"), 0o600); err != nil {
		t.Fatal(err)
	}
	v := newTown()
	for _, args := range [][]string{{"serve"}, {"settings", "list"}} {
		if code, _, errs := anancus(t, v, args...); code != exitUsage || !strings.Contains(errs, "anancus.toml: lisen is not a key") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if len(v.seen) != 0 {
		t.Error("a database was opened")
	}
	if code, out, errs := anancus(t, v, "config", "example"); code != exitFine || out != config.Example() {
		t.Errorf("the example is not shown: %d %s", code, errs)
	}
}

func TestHelpNamesEveryFact(t *testing.T) {
	fresh(t)
	code, out, _ := anancus(t, newTown(), "serve", "--help")
	if code != exitFine {
		t.Fatal(code)
	}
	for _, name := range config.Names() {
		if !strings.Contains(out, "--"+name) {
			t.Errorf("%s is not in the help", name)
		}
	}
}

func TestTwoPeersRunOnOneMachine(t *testing.T) {
	fresh(t)
	v := newTown()
	out, errs, stop := serving(t, v, "dev", "peers", "--port", "38081")
	for _, says := range []string{
		"Open http://localhost:38081", "Open http://localhost:38082", "ada@example.test", "bo@example.test",
		"@ada@localhost:38081", "@bo@localhost:38082", peerPassword, "Ctrl+C",
	} {
		if !strings.Contains(out.String(), says) {
			t.Errorf("%q is missing in:\n%s%s", says, out, errs)
		}
	}
	for _, c := range v.seen {
		if c.FederationAllowAddresses.String() != "127.0.0.0/8,::1/128" || !strings.Contains(c.Data, "data/peers/") {
			t.Errorf("%+v", c)
		}
	}
	if code := stop(); code != exitFine {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestPeersStopTogetherWhenOneCannotStart(t *testing.T) {
	fresh(t)
	l, err := net.Listen("tcp", "127.0.0.1:38092")
	if err != nil {
		t.Skip(err)
	}
	defer func() { _ = l.Close() }()
	code, out, errs := anancus(t, newTown(), "dev", "peers", "--port", "38091")
	if code != exitFailure || out != "" || !strings.Contains(errs, "127.0.0.1:38092 is taken") {
		t.Errorf("%d %q %q", code, out, errs)
	}
}

// TestMain lets the test program be the server that gets signals.
func TestMain(m *testing.M) {
	if mode := os.Getenv("TEST_SERVE"); mode != "" {
		v := newTown()
		v.stuck = mode == "stuck"
		ctx, stop := untilSignal(context.Background())
		defer stop()
		p := &program{ctx: ctx, stdout: os.Stdout, stderr: os.Stderr, open: v.open}
		os.Exit(p.run(os.Args[1:]))
	}
	os.Exit(m.Run())
}

func TestOneSignalStopsTheServerAndASecondOneEndsIt(t *testing.T) {
	for name, c := range map[string]struct {
		mode    string
		signals []os.Signal
		code    int
	}{
		"TERM":                                 {"fine", []os.Signal{syscall.SIGTERM}, exitFine},
		"INT":                                  {"fine", []os.Signal{os.Interrupt}, exitFine},
		"TERM twice, and it does not get done": {"stuck", []os.Signal{syscall.SIGTERM, syscall.SIGTERM}, exitFailure},
	} {
		t.Run(name, func(t *testing.T) {
			address := fresh(t)
			child := exec.Command(os.Args[0], "serve", "--listen", address)
			child.Env = append(os.Environ(), "TEST_SERVE="+c.mode)
			stdout, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			line := make([]byte, 1)
			if _, err := io.ReadFull(stdout, line); err != nil {
				t.Fatal(err)
			}
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			for _, s := range c.signals {
				_ = child.Process.Signal(s)
				time.Sleep(200 * time.Millisecond)
			}
			err = child.Wait()
			var exit *exec.ExitError
			code := exitFine
			if errors.As(err, &exit) {
				code = exit.ExitCode()
			} else if err != nil {
				t.Fatal(err)
			}
			if code != c.code {
				t.Errorf("exit %d, want %d", code, c.code)
			}
		})
	}
}
