// Package rest turns HTTP requests into calls of functions that return a value
// or an error, and writes both in the shape that clients of Mastodon's API expect.
// V is the type that says who asks; rest itself has never heard of the fediverse.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
)

// Limits on what one request may bring.
const (
	MaxBody   = 1 << 20 // bytes of a form or JSON body; uploads have a door of their own
	maxFields = 1000    // keys of one form, so that a small body cannot cost much
	maxValues = 4096    // values of one form, as Rack: a megabyte of key[][x]= would become 200,000 maps
	maxDepth  = 16      // nesting of a JSON body; no form of the API is deeper than four
)

// Call is one request, with who asks.
type Call[V any] struct {
	W      http.ResponseWriter
	R      *http.Request
	Viewer V
	Log    *slog.Logger
	Base   string // scheme and host that links in answers are built on

	form  *Form
	query url.Values // of the address, once somebody asked
}

// Context is the request's: it ends when the client goes away.
func (c *Call[V]) Context() context.Context { return c.R.Context() }

// Path gives a named part of the route, such as {id}.
func (c *Call[V]) Path(name string) string { return c.R.PathValue(name) }

// Query gives the first value of a query parameter, "" if there is none.
func (c *Call[V]) Query(name string) string { return c.parameters().Get(name) }

func (c *Call[V]) parameters() url.Values {
	if c.query == nil {
		c.query = c.R.URL.Query()
	}
	return c.query
}

// QueryList gives the values of a query parameter in either of its forms, name and name[].
func (c *Call[V]) QueryList(name string) []string {
	q := c.parameters()
	return append(append([]string{}, q[name+"[]"]...), q[name]...)
}

// QueryFlag reads a boolean query parameter as Mastodon does: absent and "" are false.
func (c *Call[V]) QueryFlag(name string) bool { return Truth(c.Query(name)) }

// Limit reads the limit parameter: fallback when absent or not a number, its
// absolute value otherwise, at most max.
func (c *Call[V]) Limit(fallback, max int) int {
	asked := c.Query("limit")
	if asked == "" { // not by the error below: making it takes longer
		return fallback
	}
	n, err := strconv.Atoi(asked)
	if err != nil {
		return fallback
	}
	if n < 0 {
		n = -n
	}
	if n < 0 || n > max {
		return max
	}
	if n == 0 {
		return fallback
	}
	return n
}

// SetHeader sets a header of the answer.
func (c *Call[V]) SetHeader(name, value string) { c.W.Header().Set(name, value) }

// Truth reads a boolean as Mastodon (Rails) does: everything is true but its list of false words.
func Truth(s string) bool {
	switch strings.TrimSpace(s) {
	case "", "0", "f", "F", "false", "FALSE", "off", "OFF", "False":
		return false
	}
	return true
}

// SameURL rebuilds the address that was asked for with other query parameters.
func (c *Call[V]) SameURL(change func(url.Values)) string {
	q := c.R.URL.Query()
	change(q)
	return c.URLWith(q)
}

// URLWith is the address that was asked for with these query parameters.
func (c *Call[V]) URLWith(q url.Values) string { return c.Base + c.R.URL.Path + "?" + q.Encode() }

// Handler answers a call with a value for the client, or says why not.
type Handler[V any] func(c *Call[V]) (any, error)

// Codes maps kinds of failure to HTTP status codes: the only place that does.
var codes = map[fault.Kind]int{
	fault.Internal:     http.StatusInternalServerError,
	fault.BadRequest:   http.StatusBadRequest,
	fault.Unauthorized: http.StatusUnauthorized,
	fault.Forbidden:    http.StatusForbidden,
	fault.NotFound:     http.StatusNotFound,
	fault.Conflict:     http.StatusConflict,
	fault.Gone:         http.StatusGone,
	fault.TooLarge:     http.StatusRequestEntityTooLarge,
	fault.Invalid:      http.StatusUnprocessableEntity,
	fault.TooMany:      http.StatusTooManyRequests,
	fault.Unavailable:  http.StatusServiceUnavailable,
}

// Code is the HTTP status code of an error.
func Code(err error) int { return codes[fault.KindOf(err)] }

// Inside is a call that no client made, for what is shown to a viewer unasked: on streams.
func Inside[V any](ctx context.Context, v V, base string) *Call[V] {
	r := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: "/"}, Header: http.Header{}}).WithContext(ctx)
	return &Call[V]{R: r, Viewer: v, Log: slog.Default(), Base: base}
}
