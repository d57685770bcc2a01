package contract

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// Watch compares every answer of a handler with the description as it goes out, and tells fail
// of the differences.
func Watch(next http.Handler, fail func(error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		endpoint, known := Find(r.Method, r.URL.Path)
		if !known || r.Method == http.MethodHead {
			next.ServeHTTP(w, r)
			return
		}
		copied := &copier{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(copied, r)
		Note(endpoint, copied.code, w.Header().Get("Location"))
		if copied.code >= 400 || copied.code == http.StatusNotModified || !strings.Contains(w.Header().Get("Content-Type"), "json") {
			return
		}
		body, err := plain(w.Header().Get("Content-Encoding"), copied.body.Bytes())
		if err == nil {
			err = Check(endpoint, copied.code, body)
		}
		if err != nil {
			fail(err)
		}
	})
}

func plain(encoding string, body []byte) ([]byte, error) {
	switch encoding {
	case "":
		return body, nil
	case "gzip":
		r, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	}
	return nil, fmt.Errorf("the answer is encoded as %s, which the tests do not read", encoding)
}

type copier struct {
	http.ResponseWriter
	code int
	body bytes.Buffer
}

func (c *copier) WriteHeader(code int) {
	c.code = code
	c.ResponseWriter.WriteHeader(code)
}

func (c *copier) Write(b []byte) (int, error) {
	c.body.Write(b) //nolint:errcheck // never fails
	return c.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach what is below.
func (c *copier) Unwrap() http.ResponseWriter { return c.ResponseWriter }
