package media

import (
	"sync"

	"anancus/internal/social/id"
)

// seen gathers which files were asked for, so that a picture costs no write.
type seen struct {
	mu    sync.Mutex
	files map[id.File]struct{}
}

func (s *seen) note(f id.File) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.files == nil {
		s.files = map[id.File]struct{}{}
	}
	if len(s.files) < seenMost { // beyond it the next asking counts
		s.files[f] = struct{}{}
	}
}

func (s *seen) take(most int) []id.File {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []id.File
	for f := range s.files {
		if len(list) == most {
			break
		}
		list = append(list, f)
		delete(s.files, f)
	}
	return list
}
