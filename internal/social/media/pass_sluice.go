package media

import (
	"errors"
	"net/http"
	"strconv"

	"anancus/internal/kit/safehttp"
)

var (
	errNotAsked = errors.New("another part of the file than was asked for")
	errLength   = errors.New("the file is not as long as was told")
)

// sluice opens when it is clear what flows through it.
type sluice struct {
	passage
	to     http.ResponseWriter
	asked  *part  // nil: all
	kindOf string // the type; "" until the first bytes tell
	head   []byte
	open   bool
	code   int
	length int64  // of what flows; -1: not told
	flowed int64  //
	beyond string // what to tell whoever asked for a part that is not there
}

// begin looks at what another server says before it sends anything.
func (s *sluice) begin(answer *safehttp.Response) error {
	h, from := s.to.Header(), answer.Header
	packed := from.Get("Content-Encoding") != "" && from.Get("Content-Encoding") != "identity"
	s.code, s.length = http.StatusOK, -1
	switch answer.Status {
	case http.StatusOK:
		if told := number(from.Get("Content-Length")); !packed {
			s.length = told
		}
		if from.Get("Accept-Ranges") != "bytes" || packed {
			return nil
		}
	case http.StatusPartialContent:
		if s.asked == nil || packed {
			return errNotAsked
		}
		got, length, ok := s.asked.given(from.Get("Content-Range"))
		if !ok || length > s.most {
			return errNotAsked
		}
		s.code, s.length = http.StatusPartialContent, got.last-got.first+1
		if told := number(from.Get("Content-Length")); told >= 0 && told != s.length {
			return errLength
		}
		h.Set("Content-Range", from.Get("Content-Range"))
	default:
		return errNotPassable
	}
	h.Set("Accept-Ranges", "bytes")
	return nil
}

// Write passes bytes on, or gathers the first ones.
func (s *sluice) Write(b []byte) (int, error) {
	if s.flowed += int64(len(b)); s.length >= 0 && s.flowed > s.length {
		return 0, errLength
	}
	if s.open {
		return s.to.Write(b)
	}
	s.head = append(s.head, b...)
	if s.kindOf == "" && len(s.head) < sniffed {
		return len(b), nil
	}
	return len(b), s.lift()
}

// lift lets through what was gathered, as what it is.
func (s *sluice) lift() error {
	if s.kindOf == "" {
		var err error
		if s.kindOf, err = passableAs(s.head, s.kind); err != nil {
			return err
		}
	}
	fileHeaders(s.to.Header(), s.kindOf, s.cache)
	if s.length >= 0 {
		s.to.Header().Set("Content-Length", strconv.FormatInt(s.length, 10))
	}
	s.to.WriteHeader(s.code)
	s.open = true
	_, err := s.to.Write(s.head)
	return err
}

// finish ends what came to its end.
func (s *sluice) finish() error {
	if s.length >= 0 && s.flowed != s.length {
		return errLength
	}
	if s.open {
		return nil
	}
	return s.lift()
}
