// Package fault names the kinds of failure that a caller may be told about.
// An error without a kind is internal: it is logged and never shown.
package fault

import "errors"

// Kind tells what sort of failure an error is; the rest room turns it into an HTTP code.
type Kind int

// The kinds. Internal is the zero value, so that an unclassified error stays hidden.
const (
	Internal     Kind = iota // 500: a bug or a broken machine; the text is never shown
	BadRequest               // 400: the request itself cannot be read
	Unauthorized             // 401: nobody, or a token that is not valid
	Forbidden                // 403: known, but not allowed
	NotFound                 // 404: not there, or not for this viewer: the two look alike
	Conflict                 // 409: somebody else was first
	Gone                     // 410: was there, will not come back
	TooLarge                 // 413: more bytes than we take
	Invalid                  // 422: readable, but breaks a rule
	TooMany                  // 429: slower, please
	Unavailable              // 503: we, or a server we asked, cannot answer now
)

// Fault is an error whose text the client may read.
type Fault struct {
	Kind    Kind
	Message string // shown to the client, in Mastodon's words where it has some
	Details any    // further keys of the error body, for example field details; may be nil
	cause   error
}

func (f *Fault) Error() string {
	if f.cause != nil {
		return f.Message + ": " + f.cause.Error()
	}
	return f.Message
}

// Unwrap gives the error that caused this one, if any.
func (f *Fault) Unwrap() error { return f.cause }

// New makes an error of a kind with a text for the client.
func New(kind Kind, message string) *Fault { return &Fault{Kind: kind, Message: message} }

// Wrap gives err a kind and a text for the client; err itself is only logged.
func Wrap(err error, kind Kind, message string) *Fault {
	return &Fault{Kind: kind, Message: message, cause: err}
}

// KindOf tells the kind of the first Fault in err's chain, Internal if there is none.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return Internal
}

// Is tells whether err is of this kind.
func Is(err error, kind Kind) bool { return err != nil && KindOf(err) == kind }

// RecordNotFound is Mastodon's answer for what is not there or not for this viewer.
func RecordNotFound() *Fault { return New(NotFound, "Record not found") }
