package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"anancus/internal/kit/config"
	"anancus/internal/kit/heap"
	"anancus/internal/kit/log"
)

// serveCmd runs the server until a signal stops it.
type serveCmd struct{}

// heapRoom is what is allocated at least between two collections of garbage, in bytes: what an idle server may be larger for it.
const heapRoom = 32 << 20

// started is what programs learn when the server answers.
type started struct {
	URL       string `json:"url"`
	Data      string `json:"data"`
	SetupURL  string `json:"setup_url,omitempty"`
	SetupCode string `json:"setup_code,omitempty"`
}

// Run serves.
func (serveCmd) Run(p *program) error {
	c, err := p.config()
	if err != nil {
		return err
	}
	logger := log.New(p.stderr, c.LogLevel, c.LogFormat)
	slog.SetDefault(logger)
	if os.Getenv("GOGC") == "" { // else a keeper decided
		heap.GiveRoom(heapRoom)
	}
	return p.serve(p.ctx, c, logger, func(_ context.Context, h host) error {
		s := started{URL: openAt(c), Data: c.Data}
		lines := []string{"Anancus " + version, "Open " + s.URL, "Data folder: " + s.Data}
		if url, code, needed := h.SetupNotice(); needed {
			s.SetupURL, s.SetupCode = url, code
			lines = append(lines, "Nobody lives here yet. Make the owner's account at "+url, "Set-up code: "+code)
		}
		p.tell(s, append(lines, "Stop with Ctrl+C.")...)
		return nil
	})
}

// openAt is the address that people open.
func openAt(c config.Config) string {
	scheme := "https"
	if host, _, _ := strings.Cut(c.WebDomain, ":"); host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasPrefix(host, "127.") {
		scheme = "http"
	}
	return scheme + "://" + c.WebDomain
}

// quietLog is the log of a command that is no server: only what went wrong.
func (p *program) quietLog(c config.Config) *slog.Logger {
	level := c.LogLevel
	if level == "info" {
		level = "warn"
	}
	return log.New(p.stderr, level, c.LogFormat)
}

// versionCmd tells the version.
type versionCmd struct{}

// Run prints it.
func (versionCmd) Run(p *program) error {
	p.tell(map[string]string{"version": version}, "anancus "+version)
	return nil
}

// configCmd shows configuration.
type configCmd struct {
	Example exampleCmd `cmd:"" help:"Print a configuration file with every key explained."`
}

type exampleCmd struct{}

// Run prints the example.
func (exampleCmd) Run(p *program) error {
	_, err := fmt.Fprint(p.stdout, config.Example())
	return err
}
