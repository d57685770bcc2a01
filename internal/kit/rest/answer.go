package rest

import (
	"bytes"
	"encoding/json"
	"errors"
	"html/template"
	"log/slog"
	"net/http"
	"strconv"
	"sync"

	"anancus/internal/kit/fault"
)

// Answer is a value that writes itself, for everything that is not plain JSON with code 200.
type Answer interface {
	Write(w http.ResponseWriter, r *http.Request)
}

// Empty is Mastodon's {}.
type Empty struct{}

// Coded is a JSON body with a status code other than 200.
type Coded struct {
	Code int
	Body any
}

// Write sends the body as JSON with the code.
func (a Coded) Write(w http.ResponseWriter, _ *http.Request) { WriteJSON(w, a.Code, a.Body) }

// Redirect sends the client elsewhere; Code 0 means 302.
type Redirect struct {
	To   string
	Code int
}

// Write sends the redirect.
func (a Redirect) Write(w http.ResponseWriter, r *http.Request) {
	code := a.Code
	if code == 0 {
		code = http.StatusFound
	}
	http.Redirect(w, r, a.To, code)
}

// Bytes is a body of any type, already encoded.
type Bytes struct {
	Code int    // 0 means 200
	Type string // Content-Type
	Body []byte
}

// Write sends the bytes.
func (a Bytes) Write(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", a.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(a.Body)))
	if a.Code != 0 {
		w.WriteHeader(a.Code)
	}
	_, _ = w.Write(a.Body) // the client went away: there is nobody to tell
}

// JSON is an encoded JSON document of the API.
func JSON(body []byte) Bytes { return Bytes{Type: jsonType, Body: body} }

// Page is a rendered HTML template; Code 0 means 200.
type Page struct {
	Code     int
	Template *template.Template
	Name     string
	Data     any
}

// Write renders the template; it is rendered whole before the first byte is sent.
func (a Page) Write(w http.ResponseWriter, r *http.Request) {
	var b bytes.Buffer
	if err := a.Template.ExecuteTemplate(&b, a.Name, a.Data); err != nil {
		slog.ErrorContext(r.Context(), "page could not be rendered", "page", a.Name, "error", err)
		http.Error(w, "This page could not be shown. The error was logged.", http.StatusInternalServerError)
		return
	}
	Bytes{Code: a.Code, Type: "text/html; charset=utf-8", Body: b.Bytes()}.Write(w, r)
}

// Slice is one page of a list: Link carries its neighbours. The rows are what the
// client gets; Next and Prev are absolute addresses, "" where there is none.
type Slice struct {
	Rows       any
	Next, Prev string
	Done       func() // called when the rows were sent, to use their memory again; may be nil
}

// Write sends the rows as JSON with a Link header.
func (a Slice) Write(w http.ResponseWriter, _ *http.Request) {
	if a.Done != nil {
		defer a.Done()
	}
	var link string
	if a.Next != "" {
		link = "<" + a.Next + `>; rel="next"`
	}
	if a.Prev != "" {
		if link != "" {
			link += ", "
		}
		link += "<" + a.Prev + `>; rel="prev"`
	}
	if link != "" {
		w.Header().Set("Link", link)
	}
	WriteJSON(w, http.StatusOK, a.Rows)
}

const jsonType = "application/json; charset=utf-8"

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// WriteJSON encodes v without HTML escaping and sends it. json.RawMessage is copied as it is.
func WriteJSON(w http.ResponseWriter, code int, v any) {
	if raw, ok := v.(json.RawMessage); ok {
		Bytes{Code: code, Type: jsonType, Body: raw}.Write(w, nil)
		return
	}
	b := buffers.Get().(*bytes.Buffer)
	defer buffers.Put(b)
	b.Reset()
	if rows, ok := v.([]json.RawMessage); ok {
		joinRows(b, rows)
		Bytes{Code: code, Type: jsonType, Body: b.Bytes()}.Write(w, nil)
		return
	}
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		slog.Error("answer could not be encoded", "error", err)
		http.Error(w, `{"error":"The answer could not be encoded"}`, http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.Header().Set("Content-Length", strconv.Itoa(b.Len()))
	w.WriteHeader(code)
	_, _ = w.Write(b.Bytes())
}

// joinRows writes rows that are encoded already as one list. The encoder would check and
// copy each byte again, which cost more than all the rest of a page.
func joinRows(b *bytes.Buffer, rows []json.RawMessage) {
	b.WriteByte('[')
	for i, row := range rows {
		if i > 0 {
			b.WriteByte(',')
		}
		b.Write(row)
	}
	b.WriteByte(']')
}

// WriteError sends err in Mastodon's shape. What has no kind is logged and hidden.
func WriteError(w http.ResponseWriter, r *http.Request, log *slog.Logger, err error) {
	if r.Context().Err() != nil && fault.KindOf(err) == fault.Internal {
		w.WriteHeader(499) // the client went away before the answer; nothing failed here
		return
	}
	code := Code(err)
	var f *fault.Fault
	body := map[string]any{}
	if errors.As(err, &f) && f.Kind != fault.Internal {
		body["error"] = f.Message
		if details, ok := f.Details.(map[string]any); ok {
			for k, v := range details {
				body[k] = v
			}
		}
	} else {
		log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "error", err)
		body["error"] = "The server failed to answer this request. The error was logged; please tell the keepers if it stays."
	}
	WriteJSON(w, code, body)
}
