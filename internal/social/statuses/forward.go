package statuses

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
)

// The bounds of passing on: each row of a delivery has a body of its own.
const (
	passedMost     = 64 << 10 // bytes; a long status with a poll and files takes 10 KB
	concernedMost  = 100      // members of each kind
	passedEventKey = "forward/"
)

// KnownByURI gives a status by its id on the wire; NotFound when it is not here, or was deleted.
func (s *Service) KnownByURI(ctx context.Context, uri string) (*Status, error) {
	return s.known(ctx, uri)
}

// MightMatter tells whether anyone here would see the status of a Create if it were as it is told by somebody else.
func (s *Service) MightMatter(ctx context.Context, actor string, activity activitypub.Object) (bool, error) {
	object := activity.Object("object")
	if len(object) <= 1 {
		object = activitypub.Object{"id": activity.Link("object"), "type": "Note", "attributedTo": actor}
	}
	note, err := activitypub.ParseNote(object)
	if err != nil {
		return false, permanent(err)
	}
	note.AddressedBy(activity)
	author, err := s.accounts.ByURI(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		author, err = &accounts.Account{URI: actor}, nil
	}
	if err != nil {
		return false, err
	}
	return s.relevant(ctx, accounts.Received{Actor: author, Activity: activity}, note)
}

// PassOn takes an activity, and when it changed a public status that concerns our members passes it on, as it came, to those who follow them
// elsewhere: who read the answer to a member's status, or a member's boost, have never been told of it by its author's server. Only what is signed
// inside can be believed by them. Since only a change is passed on, each activity is once; a crash in between may lose it, never double it.
func (s *Service) PassOn(ctx context.Context, in accounts.Received, body string, take func() error) error {
	kind, object := in.Activity.Type(), in.Activity.Link("object")
	if kind != "Create" && kind != "Update" && kind != "Delete" || len(body) > passedMost || activitypub.Rearranged(in.Activity) ||
		!activitypub.HasProof(in.Activity) && !activitypub.HasLinkedSignature(in.Activity) {
		return take()
	}
	if told := in.Activity.Object("object"); kind == "Create" && len(told) > 1 {
		if _, ours := s.site.Ours(told.Link("inReplyTo")); !ours { // nobody has boosted or quoted what is new
			return take()
		}
	}
	before, err := ofURI(ctx, s.db, object)
	if err != nil {
		return err
	}
	var concerned []id.Account
	if before != nil {
		if concerned, err = concernedBy(ctx, s.db, before); err != nil {
			return err
		}
	}
	if err := take(); err != nil {
		return err
	}
	after, err := ofURI(ctx, s.db, object)
	if err != nil {
		return err
	}
	if before == nil && after != nil {
		if concerned, err = concernedBy(ctx, s.db, after); err != nil {
			return err
		}
	}
	if !changed(kind, before, after) || len(concerned) == 0 {
		return nil
	}
	return s.passOn(ctx, in, body, concerned)
}

// changed tells whether an activity did what it is about.
func changed(kind string, before, after *Status) bool {
	switch {
	case kind == "Create":
		return before == nil && after != nil && after.Visibility.Distributable() && !after.IsBoost() && !after.Local
	case before == nil || before.Local || before.IsBoost() || !before.Visibility.Distributable():
		return false
	case kind == "Delete":
		return after == nil
	}
	return after != nil && !after.EditedAt.Equal(before.EditedAt)
}

// passOn enqueues an activity for the followers of members, each inbox once, without those of the server it is from.
func (s *Service) passOn(ctx context.Context, in accounts.Received, body string, concerned []id.Account) error {
	sum := sha256.Sum256([]byte(body))
	key := passedEventKey + hex.EncodeToString(sum[:16])
	seen := map[string]bool{}
	for _, member := range concerned {
		inboxes, err := relationships.FollowerInboxes(ctx, s.db, member)
		if err != nil {
			return fmt.Errorf("pass on an activity: %w", err)
		}
		var to []string
		for _, inbox := range inboxes {
			if !seen[inbox] && !activitypub.SameHost(inbox, in.Actor.URI) {
				seen[inbox] = true
				to = append(to, inbox)
			}
		}
		if len(to) == 0 {
			continue
		}
		err = s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(member), EventKey: key, Body: []byte(body), Inboxes: to, Low: true})
		if err != nil {
			return fmt.Errorf("pass on an activity: %w", err)
		}
	}
	return nil
}

// ofURI is oneByURI, nil when there is none.
func ofURI(ctx context.Context, q db.Q, uri string) (*Status, error) {
	status, err := oneByURI(ctx, q, uri)
	return status, ignoreNotFound(err)
}

// concernedSQL gives the members who boosted or quoted a status, and the one whom it answers.
const concernedSQL = `SELECT author_id FROM (SELECT author_id FROM statuses WHERE boost_of_id = $1 AND local AND deleted_at IS NULL LIMIT $3) AS boosters
	UNION SELECT account_id FROM (SELECT q.account_id FROM quotes q JOIN accounts a ON a.id = q.account_id
		WHERE q.quoted_id = $1 AND q.state = 'accepted' AND a.domain = '' LIMIT $3) AS quoters
	UNION SELECT author_id FROM statuses WHERE id = $2 AND local AND NOT local_only`

func concernedBy(ctx context.Context, q db.Q, status *Status) ([]id.Account, error) {
	return db.All(ctx, q, db.Value[id.Account], concernedSQL, status.ID, status.InReplyTo, concernedMost)
}
