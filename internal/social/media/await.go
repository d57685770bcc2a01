package media

import (
	"context"
	"sync"
	"time"

	"anancus/internal/social/id"
)

// awaitMost is how long an answer is held back until a film or a sound is ready.
const awaitMost = 25 * time.Second

// awaited are attachments whose senders wait for them.
type awaited struct {
	mu   sync.Mutex
	done map[id.Attachment]chan struct{}
}

func (w *awaited) add(which id.Attachment) <-chan struct{} {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.done == nil {
		w.done = map[id.Attachment]chan struct{}{}
	}
	done := make(chan struct{})
	w.done[which] = done
	return done
}

func (w *awaited) remove(which id.Attachment) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.done, which)
}

// Tell lets those go on who wait for an attachment; the live effect of processing it.
func (s *Service) Tell(e Processed) {
	s.awaited.mu.Lock()
	defer s.awaited.mu.Unlock()
	if done := s.awaited.done[e.Attachment]; done != nil {
		close(done)
		delete(s.awaited.done, e.Attachment)
	}
}

// await waits until an attachment is processed, but not for long, and gives it as it is then.
func (s *Service) await(ctx context.Context, a *Attachment) (*Attachment, error) {
	if a.State != Waiting {
		return a, nil
	}
	done := s.awaited.add(a.ID)
	defer s.awaited.remove(a.ID)
	now, err := find(ctx, s.db, a.ID) // it may have been done before anybody waited
	if err != nil || now == nil || now.State != Waiting {
		return orElse(now, a), err
	}
	timer := time.NewTimer(awaitMost)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	now, err = find(ctx, s.db, a.ID)
	return orElse(now, a), err
}

func orElse(a, otherwise *Attachment) *Attachment {
	if a == nil {
		return otherwise
	}
	return a
}
