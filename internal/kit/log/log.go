// Package log sets up the log, so that every line written while a request is
// answered carries the request's id.
package log

import (
	"context"
	"io"
	"log/slog"
	"strings"
)

// New makes a log that writes to w. Level is debug, info, warn or error; format is text or json.
// What it does not know is info and text: config has refused it before.
func New(w io.Writer, level, format string) *slog.Logger {
	var least slog.Level
	if err := least.UnmarshalText([]byte(strings.ToUpper(level))); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.New(handler{slog.NewJSONHandler(w, options)})
	}
	return slog.New(handler{slog.NewTextHandler(w, options)})
}

// Discard is a log that keeps nothing, for tests.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

type requestKey struct{}

// WithRequest gives a context whose log lines carry the request id. Jobs that a request
// caused may carry it on.
func WithRequest(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestKey{}, id)
}

// Request gives the id of the request, "" outside of one.
func Request(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// handler adds the request id of the context to every line.
type handler struct{ slog.Handler }

func (h handler) Handle(ctx context.Context, line slog.Record) error {
	if id := Request(ctx); id != "" {
		line.AddAttrs(slog.String("request", id))
	}
	return h.Handler.Handle(ctx, line)
}

func (h handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return handler{h.Handler.WithAttrs(attrs)}
}

func (h handler) WithGroup(name string) slog.Handler { return handler{h.Handler.WithGroup(name)} }
