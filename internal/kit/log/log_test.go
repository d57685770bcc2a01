package log

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
)

func TestLinesCarryTheRequestTheyBelongTo(t *testing.T) {
	var out bytes.Buffer
	logger := New(&out, "info", "json").With("server", "a")
	logger.InfoContext(WithRequest(t.Context(), "r1"), "inside")
	logger.InfoContext(t.Context(), "outside")

	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var first, second map[string]any
	if json.Unmarshal([]byte(lines[0]), &first) != nil || json.Unmarshal([]byte(lines[1]), &second) != nil {
		t.Fatalf("not JSON: %s", out.String())
	}
	if first["request"] != "r1" || first["server"] != "a" {
		t.Errorf("the line inside a request: %v", first)
	}
	if _, found := second["request"]; found {
		t.Errorf("the line outside of a request: %v", second)
	}
}

func TestOnlyLinesOfTheLevelAreWritten(t *testing.T) {
	for level, want := range map[string]int{"debug": 4, "info": 3, "warn": 2, "error": 1} {
		var out bytes.Buffer
		logger := New(&out, level, "text")
		for _, l := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
			logger.Log(t.Context(), l, "line")
		}
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("level %s wrote %d lines, want %d", level, got, want)
		}
	}
}

func TestWhatOthersWroteCannotForgeALine(t *testing.T) {
	for _, format := range []string{"text", "json"} {
		var out bytes.Buffer
		New(&out, "info", format).Info("request", "path", "/x\ntime=now level=ERROR msg=forged\x1b[31m")
		if strings.Count(out.String(), "\n") != 1 || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: %q", format, out.String())
		}
	}
}
