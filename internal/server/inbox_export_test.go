package server

import "time"

// LetterSlots is how many requests of one host are dealt with at a time, KeySlots how many keys of one are fetched at a time, KeyWaiters how many letters may wait for them.
const (
	LetterSlots = letterSlots
	KeySlots    = keySlots
	KeyWaiters  = keyWaiters
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
