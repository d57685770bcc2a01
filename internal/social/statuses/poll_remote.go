package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// The bounds of polls of other servers.
const (
	maxRemoteOption = 500         // characters, as Mastodon
	pollFreshFor    = time.Minute // how long what its server said of a poll is new enough, as in Mastodon
)

// The events of polls whose votes are counted elsewhere.
type (
	// PollAsked tells that a member looked at a poll of another server that was not read for a while.
	PollAsked struct{ Status id.Status }
	// Refreshed tells that what stands beside the words of a remote status is known anew: how its poll stands, who may quote it.
	Refreshed struct{ Status id.Status }
)

// fromRemotePoll makes a poll of what another server said; nil when it asks nothing.
func fromRemotePoll(status id.Status, said *activitypub.RemotePoll, now time.Time) *Poll {
	if said == nil {
		return nil
	}
	p := &Poll{Status: status, Multiple: said.Multiple, ExpiresAt: clock.FromMilli(clock.Milli(said.EndTime))}
	if said.EndTime.IsZero() {
		p.ExpiresAt = time.Time{}
	}
	if said.Closed && !p.Expired(now) {
		p.ExpiresAt = clock.FromMilli(clock.Milli(now))
	}
	for _, option := range said.Options[:min(len(said.Options), maxChoices)] {
		p.Options = append(p.Options, text.Truncate(text.StripControl(option.Name), maxRemoteOption))
		p.RemoteVotes = append(p.RemoteVotes, option.Votes)
	}
	if said.Voters >= 0 {
		p.RemoteVoters = &said.Voters
	}
	return p
}

// revisePoll makes the poll of a remote status what its server says now. words tells that the question itself may be another; else
// only its numbers and its end are taken. asks tells that the question changed, counts that anything did.
func revisePoll(ctx context.Context, tx *db.Tx, before, now *Poll, words bool) (asks, counts bool, err error) {
	switch {
	case before == nil && now == nil:
		return false, false, nil
	case before == nil || now == nil:
		if !words {
			return false, false, nil
		}
		if now == nil {
			return true, true, deletePoll(ctx, tx, before.Status)
		}
		return true, true, insertRemotePoll(ctx, tx, now)
	}
	now.Round = before.Round
	if now.Multiple != before.Multiple || !slices.Equal(now.Options, before.Options) {
		if !words {
			return false, false, nil
		}
		now.Round = tx.NextID() // earlier votes were for something else
		if err := beginTallies(ctx, tx, now); err != nil {
			return false, false, err
		}
		return true, true, updateRemotePoll(ctx, tx, now)
	}
	counts = !slices.Equal(now.RemoteVotes, before.RemoteVotes) || !now.ExpiresAt.Equal(before.ExpiresAt) || !sameNumber(now.RemoteVoters, before.RemoteVoters)
	return false, counts, updateRemotePoll(ctx, tx, now)
}

func sameNumber(a, b *int64) bool {
	return (a == nil) == (b == nil) && (a == nil || *a == *b)
}

func insertRemotePoll(ctx context.Context, tx *db.Tx, p *Poll) error {
	p.Round = tx.NextID()
	options, votes, err := remoteNumbers(p)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO polls (status_id, round, options, multiple, expires_at, remote_votes, remote_voters, fetched_at, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$8)`,
		p.Status, p.Round, options, p.Multiple, timeOrNil(p.ExpiresAt), votes, p.RemoteVoters, clock.Milli(tx.Now()))
	if err != nil {
		return err
	}
	return beginTallies(ctx, tx, p)
}

// updateRemotePoll writes what another server says of a poll. Members who voted are told of its end when it is there.
func updateRemotePoll(ctx context.Context, tx *db.Tx, p *Poll) error {
	options, votes, err := remoteNumbers(p)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE polls SET round = $2, options = $3, multiple = $4, expires_at = $5, remote_votes = $6, remote_voters = $7, fetched_at = $8,
		tell_end_at = CASE WHEN tell_end_at IS NULL OR round <> $2 THEN NULL ELSE CAST($5 AS BIGINT) + $9 END WHERE status_id = $1`,
		p.Status, p.Round, options, p.Multiple, timeOrNil(p.ExpiresAt), votes, p.RemoteVoters, clock.Milli(tx.Now()), remotePollLag.Milliseconds())
	return err
}

func remoteNumbers(p *Poll) (options, votes string, err error) {
	if options, err = titles(p.Options); err != nil {
		return "", "", err
	}
	b, err := json.Marshal(p.RemoteVotes)
	return options, string(b), err
}

// voteElsewhere adds a member's vote to what another server counted, until it counts again, and has the member told of the end.
func voteElsewhere(ctx context.Context, tx *db.Tx, p *Poll, positions []int, first bool) error {
	for _, n := range positions {
		p.RemoteVotes[n]++
	}
	if first && p.RemoteVoters != nil {
		*p.RemoteVoters++
	}
	_, votes, err := remoteNumbers(p)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE polls SET remote_votes = $2, remote_voters = $3, tell_end_at = expires_at + $4 WHERE status_id = $1`,
		p.Status, votes, p.RemoteVoters, remotePollLag.Milliseconds())
	return err
}

// sendVote tells the author of a poll elsewhere what a member chose: one note a choice (federation.md §8).
func (s *Service) sendVote(ctx context.Context, tx *db.Tx, member *accounts.Account, status *Status, p *Poll, positions []int) error {
	author, err := accounts.ByIDIn(ctx, tx, status.Author)
	if err != nil {
		return err
	}
	for _, n := range positions {
		uri := fmt.Sprintf("%s#votes/%d-%d", member.URI, p.Round, n)
		vote := activitypub.NewVote(uri, p.Options[n], member.URI, status.URI, author.URI)
		create := activitypub.NewCreateVote(uri+"/activity", vote)
		if err := s.tellAuthor(ctx, tx, member, status.Author, create.ID, create); err != nil {
			return err
		}
	}
	return nil
}

// askAgain lets a poll of another server be read again where what is known of it is old. The viewer is not made to wait for it.
func (s *Service) askAgain(c *viewer.Call, status *Status) error {
	if status.Local || !c.Viewer.IsMember() {
		return nil
	}
	const old = `status_id = $1 AND (fetched_at IS NULL OR (fetched_at < $2 AND (expires_at IS NULL OR fetched_at <= expires_at)))`
	before := clock.Milli(s.clock.Now().Add(-pollFreshFor))
	n, err := db.One(c.Context(), s.db, db.Value[int64], `SELECT COUNT(*) FROM polls WHERE `+old, status.ID, before)
	if err != nil || n == 0 {
		return err
	}
	return s.db.Tx(c.Context(), func(tx *db.Tx) error { // of many who look at once, one
		n, err := db.Exec(c.Context(), tx, `UPDATE polls SET fetched_at = $3 WHERE `+old, status.ID, before, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(PollAsked{status.ID})
	})
}

// RefreshPoll reads a poll again from its server.
func (s *Service) RefreshPoll(ctx context.Context, e PollAsked) error {
	status, err := one(ctx, s.db, e.Status)
	if err != nil || status.Local {
		return ignoreNotFound(err)
	}
	author, err := s.accounts.ByID(ctx, status.Author)
	if err != nil {
		return err
	}
	note, err := s.remote.FetchNote(ctx, status.URI)
	if err != nil || note.AttributedTo != author.URI {
		return permanent(err)
	}
	return s.revise(ctx, author, status.ID, note)
}
