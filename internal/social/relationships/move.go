package relationships

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Limits of moving.
const (
	moveAgain     = 30 * 24 * time.Hour // a member moves no more often
	believedAgain = 7 * 24 * time.Hour  // an account of another server is no more often followed to where it goes
	carriedAtOnce = 50                  // rows of one transaction: each costs about ten more with its counts and deliveries
	carriedByStep = 2                   // such transactions of one run of the effect, after which others have their turn
)

// carrying is what is taken from an account to the one it moved to: first what members think of it, then its followers.
type carrying int

const (
	notesCarried carrying = iota
	blocksCarried
	mutesCarried
	followsCarried
	allCarried
)

// Moved is the event of an account that moved to another. What members here have to do with it is carried along in
// steps: Carried rows of a kind up to After are done.
type Moved struct {
	Old, New id.Account
	At       int64
	Carried  carrying
	After    int64
}

// ListCarrier puts an account, followed by a follow, on the lists of a member that another one is on.
type ListCarrier func(ctx context.Context, tx *db.Tx, owner, from, to id.Account, tie id.Follow) error

// CarryLists tells the room how memberships of lists are carried; called once at assembly.
func (s *Service) CarryLists(carry ListCarrier) { s.carryLists = carry }

// Move leads a member's followers to another account, which must have named the member's as its own.
func (s *Service) Move(ctx context.Context, member id.Account, handle string) (*accounts.Account, error) {
	us, err := s.accounts.ByID(ctx, member)
	if err != nil {
		return nil, err
	}
	target, err := s.accounts.Fresh(ctx, member, handle)
	if err != nil {
		return nil, err
	}
	if !target.Welcomes(us) {
		why := "has not named this account as its own: add it there as an alias first"
		switch {
		case !target.Available():
			why = "is suspended"
		case target.MovedTo != 0 || target.MovedToURI != "":
			why = "has itself moved"
		}
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: %s %s", handle, why))
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		set, err := accounts.SetMoved(ctx, tx, us, target, tx.Now().Add(-moveAgain))
		if err != nil {
			return err
		}
		if !set {
			return fault.New(fault.Invalid, "Validation failed: This account moved less than 30 days ago")
		}
		at := clock.Milli(tx.Now())
		if err := tx.Emit(accounts.ProfileChanged{Account: us.ID, At: at}); err != nil {
			return err
		}
		return tx.Emit(Moved{Old: us.ID, New: target.ID, At: at})
	})
	if err != nil {
		return nil, fmt.Errorf("move: %w", err)
	}
	return target, nil
}

// CarryOn does the next steps of a move, and leaves the rest to another run of itself. Interrupted, it finds done what it did.
func (s *Service) CarryOn(ctx context.Context, e Moved) error {
	old, target, err := s.pair(ctx, e.Old, e.New)
	if err != nil {
		return ignoreNotFound(err)
	}
	for range carriedByStep {
		if old.MovedTo != target.ID || !target.Available() { // taken back meanwhile
			return nil
		}
		rows, err := db.All(ctx, s.db, scanListed, carriedSQL[e.Carried], e.Old, e.After, carriedAtOnce)
		if err != nil {
			return fmt.Errorf("move of account %d: %w", e.Old, err)
		}
		members, err := s.accounts.ByIDs(ctx, accountsOf(rows))
		if err != nil {
			return err
		}
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			for _, member := range members {
				if err := s.carry(ctx, tx, e.Carried, member, old, target); err != nil {
					return fmt.Errorf("carry member %d: %w", member.ID, err)
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("move of account %d: %w", e.Old, err)
		}
		s.courier.Wake()
		if len(rows) > 0 {
			e.After = rows[len(rows)-1].row
		}
		if len(rows) < carriedAtOnce {
			e.Carried, e.After = e.Carried+1, 0
		}
		if e.Carried == allCarried {
			return nil
		}
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error { return tx.Emit(e) })
}

// carriedSQL lists the members who have something to do with an account ($1), after a row ($2).
var carriedSQL = map[carrying]string{
	notesCarried:   carriedOf("account_notes"),
	blocksCarried:  carriedOf("blocks"),
	mutesCarried:   carriedOf("mutes"),
	followsCarried: carriedOf(follows),
}

func carriedOf(table string) string {
	return `SELECT t.id, t.account_id FROM ` + table + ` t JOIN accounts a ON a.id = t.account_id WHERE t.target_id = $1 AND t.id > $2 AND a.domain = '' ORDER BY t.id LIMIT $3`
}

func (s *Service) carry(ctx context.Context, tx *db.Tx, what carrying, member, old, target *accounts.Account) error {
	switch {
	case what == followsCarried:
		return s.carryFollow(ctx, tx, member, old, target)
	case member.ID == target.ID:
		return nil
	case what == notesCarried:
		comment, err := db.One(ctx, tx, db.Text, `SELECT comment FROM account_notes WHERE account_id = $1 AND target_id = $2`, member.ID, old.ID)
		if err != nil {
			return ignoreNotFound(err)
		}
		return s.addNote(ctx, tx, member, target, "They moved here from "+s.named(old)+". Your note on them was:\n"+comment)
	}
	known, err := db.One(ctx, tx, db.Int64, `SELECT (SELECT COUNT(*) FROM follows WHERE account_id = $1 AND target_id = $2)
		+ (SELECT COUNT(*) FROM blocks WHERE account_id = $1 AND target_id = $2) + (SELECT COUNT(*) FROM mutes WHERE account_id = $1 AND target_id = $2)`, member.ID, target.ID)
	if err != nil || known > 0 { // what the member thinks of the new one is known already
		return err
	}
	if what == blocksCarried {
		return s.carryBlock(ctx, tx, member, old, target)
	}
	return s.carryMute(ctx, tx, member, old, target)
}

func (s *Service) carryBlock(ctx context.Context, tx *db.Tx, member, old, target *accounts.Account) error {
	if blocks, err := Blocks(ctx, tx, member.ID, old.ID); err != nil || !blocks {
		return err
	}
	uri := fmt.Sprintf("%s#blocks/%d", member.URI, tx.NextID())
	if began, err := s.beginBlock(ctx, tx, member.ID, target.ID, uri); err != nil || !began {
		return err
	}
	if err := s.addNote(ctx, tx, member, target, "They moved here from "+s.named(old)+", whom you had blocked."); err != nil || target.Local() {
		return err
	}
	return s.sendBlock(ctx, tx, member, target, uri)
}

func (s *Service) carryMute(ctx context.Context, tx *db.Tx, member, old, target *accounts.Account) error {
	n, err := db.Exec(ctx, tx, `INSERT INTO mutes (id, account_id, target_id, hide_notifications, expires_at, created_at)
		SELECT CAST($1 AS BIGINT), account_id, CAST($4 AS BIGINT), hide_notifications, expires_at, CAST($5 AS BIGINT) FROM mutes
		WHERE account_id = $2 AND target_id = $3 AND (expires_at IS NULL OR expires_at > $5)
		ON CONFLICT (account_id, target_id) DO NOTHING`, tx.NextID(), member.ID, old.ID, target.ID, clock.Milli(tx.Now()))
	if err != nil || n == 0 {
		return err
	}
	if err := s.addNote(ctx, tx, member, target, "They moved here from "+s.named(old)+", whom you had muted."); err != nil {
		return err
	}
	return tx.Emit(Muted{member.ID, target.ID})
}

// carryFollow lets a member follow the new account in place of the old one, as far as that one may be followed: else all stays as it is.
func (s *Service) carryFollow(ctx context.Context, tx *db.Tx, member, old, target *accounts.Account) error {
	before, err := find(ctx, tx, follows, member.ID, old.ID)
	if err != nil {
		return ignoreNotFound(err)
	}
	if member.ID != target.ID {
		tie, err := s.followInstead(ctx, tx, before, member, target)
		if err != nil || tie == 0 {
			return err
		}
		if s.carryLists != nil {
			if err := s.carryLists(ctx, tx, member.ID, old.ID, target.ID, tie); err != nil {
				return err
			}
		}
	}
	ended, err := s.end(ctx, tx, member.ID, old.ID)
	if err != nil || ended == nil || old.Local() {
		return err
	}
	return s.sendUndoFollow(ctx, tx, member, old, ended)
}

// followInstead gives the follow or request by which a member is tied to somebody, made like another one where there is none; 0 where
// one of the two does not want that.
func (s *Service) followInstead(ctx context.Context, tx *db.Tx, like *follow, member, target *accounts.Account) (id.Follow, error) {
	if blocked, err := eitherBlocks(ctx, tx, member.ID, target.ID); err != nil || blocked {
		return 0, err
	}
	if blocked, err := BlocksDomain(ctx, tx, member.ID, target.Domain); err != nil || blocked {
		return 0, err
	}
	for _, table := range []string{follows, requests} {
		row, err := find(ctx, tx, table, member.ID, target.ID)
		if err == nil || !fault.Is(err, fault.NotFound) {
			if err != nil {
				return 0, err
			}
			return row.id, nil
		}
	}
	row := s.newFollow(tx, member, target)
	row.showBoosts, row.notify, row.languages = like.showBoosts, like.notify, like.languages
	if target.Local() {
		return row.id, s.arrive(ctx, tx, row, target.Locked || member.Limited())
	}
	if err := insert(ctx, tx, requests, row); err != nil {
		return 0, err
	}
	if err := s.sendFollow(ctx, tx, member, target, row.uri); err != nil {
		return 0, err
	}
	return row.id, tx.Emit(FollowRequested{row.id, member.ID, target.ID})
}

func (s *Service) named(a *accounts.Account) string {
	if a.Local() {
		return "@" + a.Username
	}
	return "@" + a.Acct()
}

// addNote adds some words to what a member noted of somebody; words that are there already are not said twice.
func (s *Service) addNote(ctx context.Context, tx *db.Tx, member, about *accounts.Account, words string) error {
	before, err := db.One(ctx, tx, db.Text, `SELECT comment FROM account_notes WHERE account_id = $1 AND target_id = $2`, member.ID, about.ID)
	if fault.Is(err, fault.NotFound) {
		before, err = "", nil
	}
	if err != nil || strings.Contains(before, words) {
		return err
	}
	if before != "" {
		words = before + "\n\n" + words
	}
	if utf8.RuneCountInString(words) > MaxNote {
		words = string([]rune(words)[:MaxNote])
	}
	return writeNote(ctx, tx, member.ID, about.ID, words)
}
