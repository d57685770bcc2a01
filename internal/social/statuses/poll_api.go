package statuses

import (
	"fmt"
	"math/bits"
	"strconv"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type pollForm struct {
	Options    []string `form:"options"`
	ExpiresIn  int64    `form:"expires_in"`
	Multiple   bool     `form:"multiple"`
	HideTotals bool     `form:"hide_totals"`
}

// draft reads a poll; nil when none is asked for.
func (f *pollForm) draft() *PollDraft {
	if f == nil || (len(f.Options) == 0 && f.ExpiresIn == 0) {
		return nil
	}
	seconds := min(max(f.ExpiresIn, -1), int64(MaxPollExpiration/time.Second)+1) // what is refused either way, before it overflows
	return &PollDraft{Options: f.Options, ExpiresIn: time.Duration(seconds) * time.Second, Multiple: f.Multiple, HideTotals: f.HideTotals}
}

// entity shapes a poll for the API, without what depends on the viewer.
func (p *Poll) entity(now time.Time) *mastodon.Poll {
	m := &mastodon.Poll{ID: p.Status.String(), Expired: p.Expired(now), Multiple: p.Multiple, VotersCount: p.RemoteVoters,
		Options: make([]mastodon.PollOption, len(p.Options))}
	if p.RemoteVotes == nil {
		m.VotersCount = &p.Voters
	}
	if !p.ExpiresAt.IsZero() {
		at := mastodon.Time(p.ExpiresAt)
		m.ExpiresAt = &at
	}
	tallies := p.tallies()
	for i, title := range p.Options {
		m.Options[i].Title = title
		m.VotesCount += tallies[i]
		if m.Expired || !p.HideTotals {
			m.Options[i].VotesCount = &tallies[i]
		}
	}
	return m
}

// sharedPoll is a Poll without the key that join adds.
type sharedPoll struct {
	*mastodon.Poll
	Emojis *struct{} `json:"emojis,omitempty"` // this shadows the entity's key
}

// askedPoll is the part of a shown poll that is the same for every viewer: encoded as it is before and after
// its end, because no event comes at that very moment, and open at its end.
type askedPoll struct {
	running, ended []byte
	expires        time.Time // zero: never
}

func encodePoll(p *Poll) (*askedPoll, error) {
	if p == nil {
		return nil, nil
	}
	a := &askedPoll{expires: p.ExpiresAt}
	for _, one := range []struct {
		into *[]byte
		at   time.Time
	}{{&a.running, p.ExpiresAt.Add(-time.Millisecond)}, {&a.ended, p.ExpiresAt}} {
		b, err := accounts.Encode(sharedPoll{Poll: p.entity(one.at)})
		if err != nil {
			return nil, fmt.Errorf("show poll of status %d: %w", p.Status, err)
		}
		*one.into = b[:len(b)-1]
	}
	return a, nil
}

func (a *askedPoll) size() int {
	if a == nil {
		return 0
	}
	return len(a.running) + len(a.ended)
}

// join closes a poll with its emoji and what the viewer voted, or appends null for none.
func (a *askedPoll) join(b []byte, now time.Time, signedIn, author bool, own flags, emojis func([]byte) []byte) []byte {
	if a == nil {
		return append(b, "null"...)
	}
	if a.expires.IsZero() || now.Before(a.expires) {
		b = append(b, a.running...)
	} else {
		b = append(b, a.ended...)
	}
	b = emojis(append(b, `,"emojis":`...))
	if signedIn {
		chosen := uint64(own.choices())
		b = appendFlag(b, "voted", author || chosen != 0)
		b = append(b, `,"own_votes":[`...)
		for first := true; chosen != 0; first = false {
			if !first {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, int64(bits.TrailingZeros64(chosen)), 10)
			chosen &= chosen - 1
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// ShowPoll serves GET /api/v1/polls/{id}.
func (s *Service) ShowPoll(c *viewer.Call) (any, error) {
	status, err := s.polled(c)
	if err != nil {
		return nil, err
	}
	if err := s.askAgain(c, status); err != nil {
		return nil, err
	}
	return s.presentPoll(c, status)
}

// polled finds the status whose poll the path names, which the viewer must be able to read.
func (s *Service) polled(c *viewer.Call) (*Status, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	return s.See(c.Context(), c.Viewer.Account, wanted)
}

// presentPoll shows the poll of a status, from memory where its status is remembered.
func (s *Service) presentPoll(c *viewer.Call, status *Status) (any, error) {
	ids := []id.Status{status.ID}
	segments, err := s.segments(c.Context(), ids)
	if err != nil {
		return nil, err
	}
	seg := segments[status.ID]
	if seg == nil || seg.poll == nil {
		return nil, fault.RecordNotFound()
	}
	own := map[id.Status]flags{}
	if c.Viewer.IsMember() {
		if err := s.flags.of(c.Context(), s.db, c.Viewer.Account, ids, own); err != nil {
			return nil, err
		}
	}
	shown, err := s.emojisOf(c.Context(), []*segment{seg})
	if err != nil {
		return nil, err
	}
	return raw(seg.poll.join(nil, s.clock.Now(), c.Viewer.IsMember(), status.Author == c.Viewer.Account, own[status.ID],
		func(b []byte) []byte { return shown.append(b, seg.author, seg.codes.poll) })), nil
}

type voteForm struct {
	Choices []string `form:"choices"`
}

// VoteInPoll serves POST /api/v1/polls/{id}/votes.
func (s *Service) VoteInPoll(c *viewer.Call) (any, error) {
	form, err := rest.Decode[voteForm](c)
	if err != nil {
		return nil, err
	}
	status, err := s.polled(c)
	if err != nil {
		return nil, err
	}
	if p, err := s.PollOf(c.Context(), status.ID); err != nil {
		return nil, err
	} else if p == nil {
		return nil, fault.RecordNotFound()
	}
	choices := make([]int, 0, min(len(form.Choices), maxChoices+1))
	for _, text := range form.Choices {
		n, err := strconv.Atoi(text)
		if err != nil {
			n = -1
		}
		if choices = append(choices, n); len(choices) > maxChoices { // more than there can be: some option twice
			break
		}
	}
	if err := s.Vote(c.Context(), c.Viewer.Account, status, choices); err != nil {
		return nil, err
	}
	return s.presentPoll(c, status)
}
