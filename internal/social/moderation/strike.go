package moderation

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

// Strike is a measure against a member, as the member is told of it.
type Strike struct {
	ID        id.Strike
	Account   id.Account
	Action    string // none, disable, sensitive, silence, suspend
	Text      string
	Statuses  []id.Status // nil: it is about none
	Report    id.Report
	Keeper    id.Account
	CreatedAt time.Time
}

// Struck is the event of a strike.
type Struck struct {
	Strike  id.Strike
	Account id.Account
}

// strike stores one, and tells of it.
func strike(ctx context.Context, tx *db.Tx, k *Strike) error {
	k.ID = id.Strike(tx.NextID())
	var posts *string
	if k.Statuses != nil {
		text := array(k.Statuses)
		posts = &text
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO strikes (id, account_id, action, text, report_id, status_ids, keeper_id, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		k.ID, k.Account, k.Action, k.Text, orNull(k.Report), posts, orNull(k.Keeper), clock.Milli(tx.Now()))
	if err != nil {
		return err
	}
	return tx.Emit(Struck{k.ID, k.Account})
}

func orNull[T ~int64](v T) *int64 {
	if v == 0 {
		return nil
	}
	n := int64(v)
	return &n
}

// TellStruck tells a member of a strike. One who is suspended cannot be told here, and is when they sign in.
func (s *Service) TellStruck(ctx context.Context, e Struck) error {
	return s.notices.TellWarned(ctx, e.Account, e.Strike)
}

const strikesSQL = `SELECT id, account_id, action, text, status_ids, created_at FROM strikes WHERE id {in $2} AND account_id = $1`

// Warnings gives a member's strikes as clients see them, in two queries.
func (s *Service) Warnings(ctx context.Context, member id.Account, wanted []id.Strike) (map[id.Strike]*mastodon.AccountWarning, error) {
	list, err := db.All(ctx, s.db, func(r db.Row) (*Strike, error) {
		k := &Strike{}
		var posts *string
		var created int64
		if err := r.Scan(&k.ID, &k.Account, &k.Action, &k.Text, &posts, &created); err != nil {
			return nil, err
		}
		k.CreatedAt = clock.FromMilli(created)
		if posts == nil {
			return k, nil
		}
		return k, json.Unmarshal([]byte(*posts), &k.Statuses)
	}, strikesSQL, member, wanted)
	if err != nil || len(list) == 0 {
		return nil, err
	}
	people, err := s.accounts.Shown(ctx, []id.Account{member})
	if err != nil {
		return nil, err
	}
	if people[member] == nil {
		return nil, nil
	}
	shown := make(map[id.Strike]*mastodon.AccountWarning, len(list))
	for _, k := range list {
		w := &mastodon.AccountWarning{ID: k.ID.String(), Action: k.Action, Text: k.Text, TargetAccount: people[member], CreatedAt: mastodon.Time(k.CreatedAt)}
		if k.Statuses != nil {
			posts := words(k.Statuses)
			w.StatusIDs = &posts
		}
		shown[k.ID] = w
	}
	return shown, nil
}

// The kinds of things that keepers do something about.
const (
	targetAccount     = "account"
	targetDomainBlock = "domain_block"
	targetDomainAllow = "domain_allow"
	targetRelay       = "relay"
)

// entry is a line of the log of what keepers did.
type entry struct {
	keeper  id.Account // 0: at the command line
	action  string
	kind    string
	target  int64
	name    string
	details map[string]any
}

// log writes down what a keeper did, in the transaction that does it.
func (s *Service) log(ctx context.Context, tx *db.Tx, e entry) error {
	details, err := json.Marshal(e.details)
	if err != nil {
		return fmt.Errorf("log of keepers: %w", err)
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO audit_log (id, keeper_id, action, target_kind, target_id, target_name, details, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		tx.NextID(), orNull(e.keeper), e.action, e.kind, e.target, e.name, string(details), clock.Milli(tx.Now()))
	return err
}
