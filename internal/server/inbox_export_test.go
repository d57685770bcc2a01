package server

import "time"

// LetterSlots is how many requests of one host are dealt with at a time, KeyBurst how many keys of one are fetched in a row, KeyFetchAtOnce how many at a time.
const (
	LetterSlots    = letterSlots
	KeyBurst       = keyBurst
	KeyFetchAtOnce = keyFetchAtOnce
)

// LookAtRooms makes the inbox forget which hosts have no room, and count what waits of each anew.
func (s *Server) LookAtRooms() {
	s.CountWaiting()
	s.inbox.rooms.full.mu.Lock()
	defer s.inbox.rooms.full.mu.Unlock()
	s.inbox.rooms.full.at = nil
}

// Impatient lets letters wait hardly at all until the function that it gives is called, for tests that would wait as long.
func (s *Server) Impatient() (again func()) {
	s.letters.patience = time.Millisecond
	return func() { s.letters.patience = letterPatience }
}
