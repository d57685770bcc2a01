package server

import (
	"context"
	"strings"
	"sync"

	"anancus/internal/protocol/activitypub"
)

// inboxTogether is how many letters of one actor may be in hand at the same moment.
const inboxTogether = 4

// read reads what a letter says, once.
func (l *letter) read() (activity activitypub.Object, err error) {
	if l.activity == nil {
		l.activity, err = activitypub.Parse([]byte(l.body))
	}
	return l.activity, err
}

// names are the posts that a letter has to do with, where it tells of a new one: that, and the one it answers; nil for all other letters,
// and for what is only said about somebody.
func (l *letter) names() []string {
	if strings.HasPrefix(l.actor, hearsayLane) || strings.HasPrefix(l.actor, relayLane) {
		return nil
	}
	activity, err := l.read()
	if err != nil { // whoever takes it complains
		return nil
	}
	object := activity.Object("object")
	if activity.Type() != "Create" || len(object) <= 1 || object.ID() == "" {
		return nil
	}
	names := []string{object.ID()}
	if answered := object.Link("inReplyTo"); answered != "" {
		names = append(names, answered)
	}
	return names
}

// apart tells how many of the letters of an actor, from the first on, may be taken at the same moment: one, or new posts of which none has
// to do with another. So they share a commit, and neither an edit nor an answer, a vote or a deletion overtakes what it is about.
func apart(waiting []letter) int {
	seen := map[string]bool{}
	for n := range waiting {
		if n == inboxTogether {
			return n
		}
		names := waiting[n].names()
		for _, name := range names {
			if seen[name] {
				return n
			}
		}
		if names == nil {
			return max(n, 1)
		}
		for _, name := range names {
			seen[name] = true
		}
	}
	return len(waiting)
}

// attemptAll takes letters at the same moment, and gives what went wrong with each.
func (q *inboxQueue) attemptAll(ctx context.Context, letters []letter) []error {
	failures := make([]error, len(letters))
	if len(letters) == 1 {
		failures[0] = q.attempt(ctx, letters[0])
		return failures
	}
	var all sync.WaitGroup
	for i, l := range letters {
		all.Go(func() { failures[i] = q.attempt(ctx, l) })
	}
	all.Wait()
	return failures
}
