package db

import (
	"bytes"
	"runtime"
	"sync"
)

// insiders knows the goroutines that are inside a transaction. The closure of
// a Tx has no context of its own, so the goroutine is all that tells a nested
// Tx from one beside it.
type insiders struct{ goroutines sync.Map }

func (s *insiders) enter() (leave func()) {
	id := goroutine()
	s.goroutines.Store(id, true)
	return func() { s.goroutines.Delete(id) }
}

func (s *insiders) here() bool {
	_, ok := s.goroutines.Load(goroutine())
	return ok
}

// goroutine tells the number of this goroutine, from "goroutine 7 [running]:".
func goroutine() uint64 {
	var buf [48]byte
	head := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	var id uint64
	for _, c := range head {
		if c < '0' || c > '9' {
			break
		}
		id = id*10 + uint64(c-'0')
	}
	return id
}
