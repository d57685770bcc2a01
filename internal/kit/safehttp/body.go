package safehttp

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"net/http"
	"strings"

	"anancus/internal/kit/fault"
)

// gzipSlack is how much larger than its content a compressed body may be.
const gzipSlack = 64 << 10

var errTooLarge = errors.New("body beyond the limit")

// read takes the body of a final answer, within the limits.
func (c *Client) read(response *http.Response, hop *http.Request, limits Limits) (*Response, error) {
	defer func() { _ = response.Body.Close() }()
	out := &Response{Status: response.StatusCode, Header: response.Header, URL: hop.URL}
	if hop.Method == http.MethodHead {
		return out, nil
	}
	if out.Status < 200 || out.Status > 299 {
		out.readReason(response, min(limits.MaxBody, maxErrorBody))
		return out, nil
	}
	if limits.Begin != nil {
		if err := limits.Begin(out); err != nil {
			return out, err
		}
	}
	return out, out.readBody(response, limits)
}

// readBody takes all of a 2xx answer's body, or fails.
func (r *Response) readBody(response *http.Response, limits Limits) error {
	host := r.URL.Host
	if !limits.Cut && response.ContentLength > limits.MaxBody+gzipSlack {
		return fault.New(fault.TooLarge, "The answer of "+host+" is too large")
	}
	body, err := decompressed(response, limits.MaxBody+gzipSlack)
	if err != nil {
		return fault.Wrap(err, fault.Unavailable, "The answer of "+host+" cannot be read")
	}
	var kept bytes.Buffer
	var into io.Writer = &kept
	if limits.Into != nil {
		into = limits.Into
	}
	r.Size, err = io.Copy(into, &bounded{body, limits.MaxBody})
	switch {
	case limits.Cut && errors.Is(err, errTooLarge): // what was read is within the limit
	case errors.Is(err, errTooLarge):
		return fault.Wrap(err, fault.TooLarge, "The answer of "+host+" is too large")
	case err != nil:
		return fault.Wrap(err, fault.Unavailable, "The answer of "+host+" broke off")
	}
	r.Body = kept.Bytes()
	return nil
}

// readReason takes what it can of an error page: a long one is cut, not an error.
func (r *Response) readReason(response *http.Response, limit int64) {
	body, err := decompressed(response, limit)
	if err != nil {
		return
	}
	r.Body, _ = io.ReadAll(io.LimitReader(body, limit))
	r.Size = int64(len(r.Body))
}

// decompressed undoes gzip, the only encoding we ask for.
func decompressed(response *http.Response, limit int64) (io.Reader, error) {
	raw := &bounded{response.Body, limit}
	switch strings.ToLower(strings.Join(response.Header.Values("Content-Encoding"), ",")) {
	case "", "identity":
		return raw, nil
	case "gzip", "x-gzip":
		return gzip.NewReader(raw)
	}
	return nil, errors.New("content encoding was not asked for")
}

// bounded fails, rather than ends, where a body exceeds its limit.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.from.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, errTooLarge
	}
	return n, err
}
