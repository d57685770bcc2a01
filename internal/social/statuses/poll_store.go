package statuses

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

const pollColumns = `status_id, round, options, multiple, hide_totals, voters, expires_at, remote_votes, remote_voters`

func scanPoll(r db.Row) (*Poll, error) {
	p := &Poll{}
	var options, remote string
	var expires *int64
	if err := r.Scan(&p.Status, &p.Round, &options, &p.Multiple, &p.HideTotals, &p.Voters, &expires, &remote, &p.RemoteVoters); err != nil {
		return nil, err
	}
	p.ExpiresAt = timeOrZero(expires)
	if err := json.Unmarshal([]byte(options), &p.Options); err != nil {
		return nil, fmt.Errorf("poll of status %d: %w", p.Status, err)
	}
	p.Votes = make([]int64, len(p.Options))
	if remote != "" {
		p.RemoteVotes = make([]int64, len(p.Options))
		if err := json.Unmarshal([]byte(remote), &p.RemoteVotes); err != nil {
			return nil, fmt.Errorf("poll of status %d: %w", p.Status, err)
		}
	}
	return p, nil
}

// pollsOf gives the polls that some statuses have, with their tallies, in two queries.
func pollsOf(ctx context.Context, q db.Q, ids []id.Status) (map[id.Status]*Poll, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := db.All(ctx, q, scanPoll, `SELECT `+pollColumns+` FROM polls WHERE status_id {in $1}`, ids)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	polls := make(map[id.Status]*Poll, len(rows))
	with := make([]id.Status, 0, len(rows))
	for _, p := range rows {
		polls[p.Status] = p
		with = append(with, p.Status)
	}
	type tally struct {
		status   id.Status
		position int
		votes    int64
	}
	tallies, err := db.All(ctx, q, func(r db.Row) (tally, error) {
		var t tally
		err := r.Scan(&t.status, &t.position, &t.votes)
		return t, err
	}, `SELECT status_id, position, votes FROM poll_tallies WHERE status_id {in $1}`, with)
	for _, t := range tallies {
		if p := polls[t.status]; t.position < len(p.Votes) {
			p.Votes[t.position] = t.votes
		}
	}
	return polls, err
}

// takePoll reads a poll and keeps its row from others until the transaction ends.
func takePoll(ctx context.Context, tx *db.Tx, status id.Status) (*Poll, error) {
	return db.One(ctx, tx, scanPoll, `UPDATE polls SET voters = voters WHERE status_id = $1 RETURNING `+pollColumns, status)
}

func titles(options []string) (string, error) {
	b, err := json.Marshal(options)
	return string(b), err
}

func insertPoll(ctx context.Context, tx *db.Tx, p *Poll) error {
	options, err := titles(p.Options)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO polls (status_id, round, options, multiple, hide_totals, expires_at, tell_end_at, created_at) VALUES ($1,$2,$3,$4,$5,$6,$6,$7)`,
		p.Status, p.Round, options, p.Multiple, p.HideTotals, timeOrNil(p.ExpiresAt), clock.Milli(tx.Now()))
	if err != nil {
		return err
	}
	return beginTallies(ctx, tx, p)
}

// beginTallies makes every option of a poll one that nobody voted for.
func beginTallies(ctx context.Context, tx *db.Tx, p *Poll) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM poll_tallies WHERE status_id = $1`, p.Status)
	for position := range p.Options {
		if err == nil {
			_, err = db.Exec(ctx, tx, `INSERT INTO poll_tallies (status_id, position) VALUES ($1,$2)`, p.Status, position)
		}
	}
	return err
}

// updatePoll writes what an edit made of a poll. An end that was told is told again only when it moved.
func updatePoll(ctx context.Context, tx *db.Tx, p *Poll) error {
	options, err := titles(p.Options)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE polls SET round = $2, options = $3, multiple = $4, hide_totals = $5, voters = $6, expires_at = $7,
		tell_end_at = CASE WHEN expires_at = $7 THEN tell_end_at ELSE $7 END WHERE status_id = $1`,
		p.Status, p.Round, options, p.Multiple, p.HideTotals, p.Voters, timeOrNil(p.ExpiresAt))
	return err
}

// deletePoll removes a poll with its tallies; its votes no longer count and are removed later.
func deletePoll(ctx context.Context, tx *db.Tx, status id.Status) error {
	for _, table := range []string{"poll_tallies", "polls"} {
		if _, err := db.Exec(ctx, tx, `DELETE FROM `+table+` WHERE status_id = $1`, status); err != nil {
			return err
		}
	}
	return nil
}

func deleteOldVotes(ctx context.Context, tx *db.Tx, status id.Status, most int) (int64, error) {
	return db.Exec(ctx, tx, `DELETE FROM poll_votes WHERE id IN (SELECT id FROM poll_votes
		WHERE status_id = $1 AND round <> COALESCE((SELECT round FROM polls WHERE status_id = $1), 0) LIMIT $2)`, status, most)
}

// insertVote writes choices that a voter did not make before; counted is false when there is nothing to
// add. first tells that it is the voter's first vote of the round.
func insertVote(ctx context.Context, tx *db.Tx, p *Poll, voter id.Account, choices int64) (counted, first bool, err error) {
	again := `DO NOTHING`
	if p.Multiple {
		again = `DO UPDATE SET choices = poll_votes.choices | excluded.choices WHERE poll_votes.choices & excluded.choices = 0`
	}
	row := tx.NextID()
	kept, err := db.All(ctx, tx, db.Value[int64], `INSERT INTO poll_votes (id, status_id, round, account_id, choices, created_at) VALUES ($1,$2,$3,$4,$5,$6)
		ON CONFLICT (status_id, account_id, round) `+again+` RETURNING id`, row, p.Status, p.Round, voter, choices, clock.Milli(tx.Now()))
	return len(kept) > 0, len(kept) > 0 && kept[0] == row, err
}

// countVotes counts a vote, and has other servers told of it where they may know how the poll stands.
func countVotes(ctx context.Context, tx *db.Tx, p *Poll, positions []int, first bool) error {
	_, err := db.Exec(ctx, tx, `UPDATE poll_tallies SET votes = votes + 1 WHERE status_id = $1 AND position {in $2}`, p.Status, positions)
	if err == nil && first {
		_, err = db.Exec(ctx, tx, `UPDATE polls SET voters = voters + 1 WHERE status_id = $1`, p.Status)
	}
	if err == nil && p.RemoteVotes == nil && !p.HideTotals {
		_, err = db.Exec(ctx, tx, `UPDATE polls SET tell_votes_at = $2 WHERE status_id = $1 AND tell_votes_at IS NULL`, p.Status, clock.Milli(tx.Now().Add(votesToldEvery)))
	}
	return err
}

// takeCounted gives the polls whose votes are to be told, each once.
func takeCounted(ctx context.Context, tx *db.Tx, now int64, most int) ([]id.Status, error) {
	return db.All(ctx, tx, db.Value[id.Status], `UPDATE polls SET tell_votes_at = NULL WHERE status_id IN (SELECT status_id FROM polls WHERE tell_votes_at <= $1 ORDER BY tell_votes_at LIMIT $2)
		AND tell_votes_at <= $1 RETURNING status_id`, now, most)
}

// takeEnded gives polls whose end is to be told, each once. Those of deleted statuses go without a word.
func takeEnded(ctx context.Context, tx *db.Tx, now int64, most int) ([]PollEnded, error) {
	return db.All(ctx, tx, func(r db.Row) (PollEnded, error) {
		var e PollEnded
		err := r.Scan(&e.Status, &e.Round)
		return e, err
	}, `UPDATE polls SET tell_end_at = NULL WHERE status_id IN (SELECT status_id FROM polls WHERE tell_end_at <= $1 ORDER BY tell_end_at LIMIT $2)
		AND tell_end_at <= $1 RETURNING status_id, round`, now, most)
}

func votersHere(ctx context.Context, q db.Q, e PollEnded, after int64, limit int) (voters []id.Account, last int64, err error) {
	_, err = db.All(ctx, q, func(r db.Row) (struct{}, error) {
		var voter id.Account
		var domain string
		err := r.Scan(&last, &voter, &domain)
		if domain == "" {
			voters = append(voters, voter)
		}
		return struct{}{}, err
	}, `SELECT v.id, v.account_id, a.domain FROM poll_votes v JOIN accounts a ON a.id = v.account_id
		WHERE v.status_id = $1 AND v.round = $2 AND v.id > $3 ORDER BY v.id LIMIT $4`, e.Status, e.Round, after, limit)
	return voters, last, err
}
