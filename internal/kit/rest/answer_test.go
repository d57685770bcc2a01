package rest

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
)

func TestEveryKindOfFaultHasItsCodeAndAnErrorBody(t *testing.T) {
	for kind, code := range map[fault.Kind]int{fault.BadRequest: 400, fault.Unauthorized: 401, fault.Forbidden: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Gone: 410, fault.TooLarge: 413, fault.Invalid: 422, fault.TooMany: 429, fault.Unavailable: 503} {
		w := httptest.NewRecorder()
		WriteError(w, httptest.NewRequest("GET", "/", nil), slog.New(slog.DiscardHandler), fault.Wrap(errors.New("the cause"), kind, "Told <so>"))
		if w.Code != code || w.Body.String() != `{"error":"Told <so>"}`+"\n" || w.Header().Get("Content-Type") != jsonType {
			t.Errorf("kind %d: %d %q", kind, w.Code, w.Body)
		}
	}
}

func TestOurOwnFailuresAreLoggedAndHidden(t *testing.T) {
	var log strings.Builder
	w := httptest.NewRecorder()
	WriteError(w, httptest.NewRequest("GET", "/x", nil), slog.New(slog.NewTextHandler(&log, nil)), errors.New("the disk at /var is full"))
	if w.Code != 500 || strings.Contains(w.Body.String(), "disk") || !strings.Contains(w.Body.String(), `"error"`) || !strings.Contains(log.String(), "the disk at /var is full") {
		t.Errorf("%d %q, logged %q", w.Code, w.Body, log.String())
	}
	gone, cancel := context.WithCancel(context.Background())
	cancel()
	log.Reset()
	w = httptest.NewRecorder()
	WriteError(w, httptest.NewRequest("GET", "/x", nil).WithContext(gone), slog.New(slog.NewTextHandler(&log, nil)), context.Canceled)
	if w.Code != 499 || log.Len() != 0 {
		t.Errorf("a client that left is answered %d and logged as %q", w.Code, log.String())
	}
}

func TestDetailsStandBesideTheError(t *testing.T) {
	f := fault.New(fault.Invalid, "Validation failed")
	f.Details = map[string]any{"details": map[string]any{"username": []any{}}}
	w := httptest.NewRecorder()
	WriteError(w, httptest.NewRequest("GET", "/", nil), slog.New(slog.DiscardHandler), f)
	var shown map[string]json.RawMessage
	if err := json.Unmarshal(w.Body.Bytes(), &shown); err != nil || shown["error"] == nil || shown["details"] == nil {
		t.Errorf("%q (%v)", w.Body, err)
	}
}

func TestAListIsAlwaysAList(t *testing.T) {
	for _, v := range []any{[]json.RawMessage{}, []json.RawMessage(nil), Slice{Rows: []json.RawMessage{}}} {
		w := httptest.NewRecorder()
		if a, ok := v.(Answer); ok {
			a.Write(w, nil)
		} else {
			WriteJSON(w, 200, v)
		}
		if strings.TrimSpace(w.Body.String()) != "[]" && v != nil {
			t.Errorf("%#v is written as %q", v, w.Body)
		}
	}
	w := httptest.NewRecorder()
	Slice{Rows: []json.RawMessage{json.RawMessage(`{"a":1}`), json.RawMessage(`2`)}, Next: "https://x/?max_id=1", Prev: "https://x/?min_id=2"}.Write(w, nil)
	if strings.TrimSpace(w.Body.String()) != `[{"a":1},2]` || w.Header().Get("Link") != `<https://x/?max_id=1>; rel="next", <https://x/?min_id=2>; rel="prev"` {
		t.Errorf("%q with %q", w.Body, w.Header().Get("Link"))
	}
}
