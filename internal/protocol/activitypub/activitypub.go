// Package activitypub is the language servers speak with each other: reading
// documents of strangers, writing ours as Mastodon writes its own, signing and
// checking requests, and finding people by WebFinger. It knows what Mastodon
// understands and what attackers try; it has no rules of ours and no storage.
//
// Documents are read as plain JSON with the names everybody uses. JSON-LD
// contexts are never fetched, so an aliased key is an unknown key.
package activitypub

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/http"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

// The media types of this language.
const (
	ContentType        = "application/activity+json; charset=utf-8" // what we serve
	ContentTypePost    = "application/activity+json"                // what we send to inboxes, as Mastodon
	ContentTypeProfile = `application/ld+json; profile="https://www.w3.org/ns/activitystreams"`
	ContentTypeJRD     = "application/jrd+json; charset=utf-8"
	ContentTypeXRD     = "application/xrd+xml; charset=utf-8"

	acceptDocument = "application/activity+json, application/ld+json"
	acceptJRD      = "application/jrd+json, application/json"
)

// Namespace is the context every document must name.
const Namespace = "https://www.w3.org/ns/activitystreams"

// Public is everybody, as an address; IsPublic knows its other spellings.
const Public = Namespace + "#Public"

// IsPublic tells whether an address means everybody.
func IsPublic(address string) bool {
	return address == Public || address == "as:Public" || address == "Public"
}

// Encode writes a document of ours, with <, > and & as they are.
func Encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// IsDocumentType tells whether a Content-Type is ActivityPub's. A file that
// somebody uploaded, or an API answer, has another one and is no document.
func IsDocumentType(h http.Header) bool {
	values := h.Values("Content-Type")
	if len(values) != 1 {
		return false
	}
	media, params, err := mime.ParseMediaType(values[0])
	if err != nil {
		return false
	}
	switch media {
	case "application/activity+json":
		return true
	case "application/ld+json":
		for _, profile := range strings.Fields(params["profile"]) {
			if profile == Namespace {
				return true
			}
		}
	}
	return false
}

// HostOf gives the host and, unless it is the usual one, port of an id: what
// domain blocks and same-origin rules compare.
func HostOf(id string) (string, error) {
	u, err := safehttp.ParseURL(id)
	if err != nil {
		return "", err
	}
	return u.Host, nil
}

// SameHost tells whether two ids lie on one host. Ids that cannot be read lie nowhere.
func SameHost(a, b string) bool {
	x, err := HostOf(a)
	if err != nil {
		return false
	}
	y, err := HostOf(b)
	return err == nil && x == y
}

// CheckID refuses ids whose host is spelled in a way that could slip past a
// domain block: credentials, final dot, Unicode, a needless port.
func CheckID(id string) error {
	u, err := safehttp.ParseURL(id)
	if err != nil {
		return err
	}
	rest, _ := strings.CutPrefix(id[strings.IndexByte(id, ':')+1:], "//")
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		rest = rest[:end]
	}
	if !strings.EqualFold(rest, u.Host) {
		return fault.New(fault.BadRequest, "The id has an unusual host")
	}
	return nil
}

// webURL keeps an address that a reader may be sent to, and drops others:
// javascript:, data:, credentials.
func webURL(raw string) string {
	if _, err := safehttp.ParseURL(raw); err != nil {
		return ""
	}
	return raw
}
