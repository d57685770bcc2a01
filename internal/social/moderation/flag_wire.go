package moderation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// Limits of reports that come from other servers.
const (
	maxToldComment = 5000 // characters; more is cut
	maxToldObjects = 1000
	maxToldTargets = 10 // accounts that one activity reports
)

// forwardsTo tells which servers are to be told of a report: those whom the reporter named, or else that of the reported account.
func (r *Report) forwardsTo(target *accounts.Account) []string {
	switch {
	case !r.Forward || target.Local():
		return nil
	case len(r.ForwardDomains) == 0:
		return []string{target.Domain}
	}
	return r.ForwardDomains
}

// Forwarded keeps an effect for reports that other servers are told of.
func Forwarded(ctx context.Context, tx *db.Tx, e Reported) (bool, error) {
	r, err := one(ctx, tx, e.Report)
	return err == nil && r.Forward && r.URI != "", err
}

// DeliverFlag tells other servers of a report, in the name of this server: who reported it is told to nobody.
func (s *Service) DeliverFlag(ctx context.Context, e Reported) error {
	r, err := one(ctx, s.db, e.Report)
	if err != nil {
		return err
	}
	target, err := s.accounts.ByID(ctx, r.Target)
	if err != nil {
		return err
	}
	domains := r.forwardsTo(target)
	if len(domains) == 0 {
		return nil
	}
	var inboxes []string
	if slices.Contains(domains, target.Domain) && target.InboxURL != "" {
		inboxes = append(inboxes, target.InboxURL)
	}
	answered, err := db.All(ctx, s.db, db.Text, answeredSQL, r.Statuses, domains, target.Domain)
	if err != nil {
		return fmt.Errorf("forward report: %w", err)
	}
	inboxes = append(inboxes, answered...)
	if len(inboxes) == 0 {
		return nil
	}
	objects := []string{target.URI}
	posts, err := db.All(ctx, s.db, db.Text, `SELECT uri FROM statuses WHERE id {in $1} AND boost_of_id IS NULL ORDER BY id`, r.Statuses)
	if err != nil {
		return fmt.Errorf("forward report: %w", err)
	}
	collections, err := db.All(ctx, s.db, db.Text, `SELECT uri FROM collections WHERE id {in $1} AND account_id = $2 AND uri <> '' ORDER BY id`, r.Collections, r.Target)
	if err != nil {
		return fmt.Errorf("forward report: %w", err)
	}
	posts = append(posts, collections...)
	us, err := s.accounts.Instance(ctx)
	if err != nil {
		return err
	}
	flag := activitypub.NewFlag(r.URI, us.URI, r.Comment, append(objects, posts...))
	body, err := activitypub.Encode(flag)
	if err != nil {
		return err
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(us.ID), EventKey: "flag/" + r.URI, Body: body, Inboxes: inboxes})
}

// answeredSQL gives an inbox of each of some servers ($2) to somebody of whom a reported status is an answer. The reported account's own
// server ($3) is told by its own.
const answeredSQL = `SELECT MIN(CASE WHEN a.shared_inbox_url <> '' THEN a.shared_inbox_url ELSE a.inbox_url END) FROM statuses s
	JOIN accounts a ON a.id = s.in_reply_to_account_id
	WHERE s.id {in $1} AND a.domain {in $2} AND a.domain <> $3 AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND a.inbox_url <> '' GROUP BY a.domain`

// ReceiveFlag takes Flag: a report of members of this server, and of what they wrote, by another.
func (s *Service) ReceiveFlag(ctx context.Context, in accounts.Received) error {
	if s.domains.RejectsReports(in.Actor.Domain) {
		return nil
	}
	var addresses []string
	for _, one := range in.Activity.Links("object") {
		if len(addresses) < maxToldObjects && !slices.Contains(addresses, one) {
			addresses = append(addresses, one)
		}
	}
	if len(addresses) == 0 {
		return nil
	}
	uri := in.Activity.ID()
	if uri != "" && !activitypub.SameHost(uri, in.Actor.URI) {
		uri = ""
	}
	comment, _ := in.Activity.Text("content")
	if runes := []rune(comment); len(runes) > maxToldComment {
		comment = string(runes[:maxToldComment])
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		named, err := s.flagged(ctx, tx, addresses, in.Actor.Domain)
		if err != nil {
			return err
		}
		for _, f := range named {
			r := &Report{ID: id.Report(tx.NextID()), Reporter: in.Actor.ID, Target: f.target, Category: "other", Comment: strings.TrimSpace(comment), URI: uri,
				Statuses: f.statuses, Collections: f.collections, CreatedAt: tx.Now()}
			inserted, err := insert(ctx, tx, r)
			if err != nil {
				return err
			}
			if !inserted { // it came before
				continue
			}
			if err := tx.Emit(Reported{r.ID}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("receive report: %w", err)
	}
	return nil
}

// reportedHere is what of an activity concerns one member.
type reportedHere struct {
	target      id.Account
	statuses    []id.Status
	collections []int64
}

// flagged finds the members, statuses and collections of this server that addresses name. Of a status only what the other server can know of
// is taken: what anybody may read, what mentions somebody there, what goes to followers there.
func (s *Service) flagged(ctx context.Context, q db.Q, addresses []string, domain string) ([]*reportedHere, error) {
	var list []*reportedHere
	of := func(target id.Account) *reportedHere {
		for _, f := range list {
			if f.target == target {
				return f
			}
		}
		f := &reportedHere{target: target}
		list = append(list, f)
		return f
	}
	members, err := db.All(ctx, q, db.Value[id.Account], `SELECT id FROM accounts WHERE uri {in $1} AND domain = '' AND kind <> 'Application'
		AND suspended_at IS NULL AND deleted_at IS NULL ORDER BY id`, addresses)
	if err != nil {
		return nil, err
	}
	for _, one := range members {
		of(one)
	}
	type row struct {
		owner id.Account
		id    int64
	}
	read := func(r db.Row) (x row, err error) {
		err = r.Scan(&x.owner, &x.id)
		return x, err
	}
	posts, err := db.All(ctx, q, read, flaggedStatusesSQL, addresses, domain)
	if err != nil {
		return nil, err
	}
	for _, x := range posts {
		f := of(x.owner)
		f.statuses = append(f.statuses, id.Status(x.id))
	}
	var numbers []int64
	for _, one := range addresses {
		path, ours := s.accounts.Site().Ours(one)
		_, word, within := strings.Cut(path, "/collections/")
		if n, err := id.Parse[id.Collection](word); ours && within && err == nil {
			numbers = append(numbers, int64(n))
		}
	}
	groups, err := db.All(ctx, q, read, `SELECT c.account_id, c.id FROM collections c JOIN accounts a ON a.id = c.account_id
		WHERE c.id {in $1} AND c.uri = '' AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY c.id`, numbers)
	if err != nil {
		return nil, err
	}
	for _, x := range groups {
		if slices.Contains(addresses, s.accounts.Site().ActorURI(x.owner)+"/collections/"+id.String(id.Collection(x.id))) {
			f := of(x.owner)
			f.collections = append(f.collections, x.id)
		}
	}
	return list[:min(len(list), maxToldTargets)], nil
}

const flaggedStatusesSQL = `SELECT s.author_id, s.id FROM statuses s JOIN accounts a ON a.id = s.author_id
	WHERE s.uri {in $1} AND s.local AND NOT s.local_only AND s.deleted_at IS NULL AND a.suspended_at IS NULL AND a.deleted_at IS NULL AND (s.visibility IN ('public', 'unlisted')
		OR EXISTS (SELECT 1 FROM mentions m JOIN accounts b ON b.id = m.account_id WHERE m.status_id = s.id AND b.domain = $2)
		OR (s.visibility = 'private' AND EXISTS (SELECT 1 FROM follows f JOIN accounts b ON b.id = f.account_id WHERE f.target_id = s.author_id AND b.domain = $2)))
	ORDER BY s.id`
