package rest

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
)

// Tagged is an answer that the client may keep, and ask again whether it changed: it
// carries an ETag of its body, and who has that body already is answered 304.
type Tagged struct {
	Body  any    // an Answer, or a value that is sent as JSON
	Cache string // Cache-Control
}

// Write sends the answer or 304.
func (a Tagged) Write(w http.ResponseWriter, r *http.Request) {
	kept := &keptAnswer{header: w.Header(), code: http.StatusOK}
	if answer, ok := a.Body.(Answer); ok {
		answer.Write(kept, r)
	} else {
		WriteJSON(kept, http.StatusOK, a.Body)
	}
	if kept.code == http.StatusOK {
		w.Header().Set("Cache-Control", a.Cache)
		sum := sha256.Sum256(kept.body.Bytes())
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
		w.Header().Set("ETag", tag)
		if SameTag(r.Header.Get("If-None-Match"), tag) {
			w.Header().Del("Content-Length")
			w.Header().Del("Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	w.WriteHeader(kept.code)
	_, _ = w.Write(kept.body.Bytes()) // the client went away: there is nobody to tell
}

// SameTag tells whether a client has a body already, by its If-None-Match. Compression on the way may have changed the tag's strength.
func SameTag(asked, tag string) bool {
	for one := range strings.SplitSeq(asked, ",") {
		one = strings.TrimSpace(one)
		if one == "*" || strings.TrimPrefix(one, "W/") == strings.TrimPrefix(tag, "W/") {
			return true
		}
	}
	return false
}

// keptAnswer holds a body back until its headers are known.
type keptAnswer struct {
	header http.Header
	code   int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(code int)        { k.code = code }
func (k *keptAnswer) Write(b []byte) (int, error) { return k.body.Write(b) }
