package accounts

import (
	"context"
	"encoding/json"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

const columns = `id, username, domain, uri, url, kind, inbox_url, shared_inbox_url, outbox_url,
	followers_url, following_url, featured_url, display_name, note, fields, avatar_url, avatar_description,
	header_url, header_description, locked, bot, discoverable, indexable, hide_collections, memorial, moved_to_id,
	also_known_as, created_at, updated_at, fetched_at, limited_at, suspended_at, deleted_at,
	remote_statuses, remote_followers, remote_following, show_media, show_media_replies, show_featured, attribution_domains,
	featured_tags_url, moved_to_uri, backfilled_at, collections_read_at, avatar_key, header_key, limited_by, suspended_by, sensitive_at, featured_collections_url, can_feature`

func scan(r db.Row) (*Account, error) {
	a := &Account{}
	var fields, alsoKnownAs, attribution string
	var created, updated int64
	var fetched, limited, suspended, sensitive, deleted, backfilled, surveyed *int64
	var moved *id.Account
	err := r.Scan(&a.ID, &a.Username, &a.Domain, &a.URI, &a.URL, &a.Kind, &a.InboxURL, &a.SharedInboxURL, &a.OutboxURL,
		&a.FollowersURL, &a.FollowingURL, &a.FeaturedURL, &a.DisplayName, &a.Note, &fields, &a.AvatarURL, &a.AvatarDescription,
		&a.HeaderURL, &a.HeaderDescription, &a.Locked, &a.Bot, &a.Discoverable, &a.Indexable, &a.HideCollections, &a.Memorial, &moved,
		&alsoKnownAs, &created, &updated, &fetched, &limited, &suspended, &deleted,
		&a.RemoteStatuses, &a.RemoteFollowers, &a.RemoteFollowing, &a.ShowMedia, &a.ShowMediaReplies, &a.ShowFeatured, &attribution,
		&a.FeaturedTagsURL, &a.MovedToURI, &backfilled, &surveyed, &a.AvatarKey, &a.HeaderKey, &a.LimitedBy, &a.SuspendedBy, &sensitive, &a.FeaturedCollectionsURL, &a.CanFeature)
	if err != nil {
		return nil, err
	}
	if moved != nil {
		a.MovedTo = *moved
	}
	a.CreatedAt, a.UpdatedAt = clock.FromMilli(created), clock.FromMilli(updated)
	a.FetchedAt, a.LimitedAt = milliOrZero(fetched), milliOrZero(limited)
	a.SuspendedAt, a.SensitiveAt, a.DeletedAt = milliOrZero(suspended), milliOrZero(sensitive), milliOrZero(deleted)
	a.Backfilled, a.Surveyed = backfilled != nil, surveyed != nil
	for _, one := range []struct {
		text string
		into any
	}{{fields, &a.Fields}, {alsoKnownAs, &a.AlsoKnownAs}, {attribution, &a.AttributionDomains}} {
		if one.text == "[]" {
			continue
		}
		if err := json.Unmarshal([]byte(one.text), one.into); err != nil {
			return nil, fmt.Errorf("account %d: %w", a.ID, err)
		}
	}
	return a, nil
}

func list(v any, empty bool) string {
	if empty {
		return "[]"
	}
	b, err := json.Marshal(v)
	if err != nil { // slices of strings and of structs of strings always encode
		panic(err)
	}
	return string(b)
}

// values gives the columns after id in the order of columns, without those of our copies, which the room of media keeps, the
// times at which what lies beside an actor was read, and the account's standing: that is changed by measures alone, and never by whoever
// read the account before one.
func (a *Account) values() []any {
	var moved *int64
	if a.MovedTo != 0 {
		n := int64(a.MovedTo)
		moved = &n
	}
	return []any{a.Username, text.UsernameKey(a.Username), a.Domain, a.URI, a.URL, a.Kind, a.InboxURL, a.SharedInboxURL, a.OutboxURL,
		a.FollowersURL, a.FollowingURL, a.FeaturedURL, a.DisplayName, a.Note, list(a.Fields, len(a.Fields) == 0),
		a.AvatarURL, a.AvatarDescription, a.HeaderURL, a.HeaderDescription,
		a.Locked, a.Bot, a.Discoverable, a.Indexable, a.HideCollections, a.Memorial, moved,
		list(a.AlsoKnownAs, len(a.AlsoKnownAs) == 0), clock.Milli(a.CreatedAt), clock.Milli(a.UpdatedAt), milliOrNil(a.FetchedAt),
		milliOrNil(a.DeletedAt), a.RemoteStatuses, a.RemoteFollowers, a.RemoteFollowing,
		a.ShowMedia, a.ShowMediaReplies, a.ShowFeatured, list(a.AttributionDomains, len(a.AttributionDomains) == 0),
		a.FeaturedTagsURL, a.MovedToURI, a.FeaturedCollectionsURL, a.CanFeature}
}

// insert stores a new account with its counts; false when the handle or uri is taken.
func insert(ctx context.Context, tx *db.Tx, a *Account) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO accounts (id, username, username_key, domain, uri, url, kind, inbox_url, shared_inbox_url, outbox_url,
		followers_url, following_url, featured_url, display_name, note, fields, avatar_url, avatar_description,
		header_url, header_description, locked, bot, discoverable, indexable, hide_collections, memorial, moved_to_id,
		also_known_as, created_at, updated_at, fetched_at, deleted_at,
		remote_statuses, remote_followers, remote_following, show_media, show_media_replies, show_featured, attribution_domains,
		featured_tags_url, moved_to_uri, featured_collections_url, can_feature)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,$29,$30,$31,$32,$33,$34,$35,$36,$37,$38,$39,$40,$41,$42,$43)
		ON CONFLICT DO NOTHING`, append([]any{a.ID}, a.values()...)...)
	if err != nil || n == 0 {
		return false, err
	}
	if _, err = db.Exec(ctx, tx, `INSERT INTO account_counts (account_id, listed) VALUES ($1,$2)`, a.ID, a.listed()); err != nil {
		return false, err
	}
	if a.Domain != "" {
		if err := keepPeer(ctx, tx, a.Domain); err != nil {
			return false, err
		}
	}
	return true, indexNames(ctx, tx, a)
}

// update stores everything of an account but its creation and counts.
func update(ctx context.Context, tx *db.Tx, a *Account) error {
	_, err := db.Exec(ctx, tx, `UPDATE accounts SET username=$2, username_key=$3, domain=$4, uri=$5, url=$6, kind=$7, inbox_url=$8,
		shared_inbox_url=$9, outbox_url=$10, followers_url=$11, following_url=$12, featured_url=$13, display_name=$14, note=$15, fields=$16,
		avatar_url=$17, avatar_description=$18, header_url=$19, header_description=$20, locked=$21, bot=$22, discoverable=$23,
		indexable=$24, hide_collections=$25, memorial=$26, moved_to_id=$27, also_known_as=$28, created_at=$29, updated_at=$30, fetched_at=$31,
		deleted_at=$32, remote_statuses=$33, remote_followers=$34, remote_following=$35,
		show_media=$36, show_media_replies=$37, show_featured=$38, attribution_domains=$39, featured_tags_url=$40, moved_to_uri=$41, featured_collections_url=$42, can_feature=$43 WHERE id=$1`,
		append([]any{a.ID}, a.values()...)...)
	if err != nil {
		return err
	}
	if _, err = db.Exec(ctx, tx, `UPDATE account_counts SET listed = $2 WHERE account_id = $1 AND listed <> $2`, a.ID, a.listed()); err != nil {
		return err
	}
	return indexNames(ctx, tx, a)
}

func byID(ctx context.Context, q db.Q, account id.Account) (*Account, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM accounts WHERE id = $1`, account)
}

func byIDs(ctx context.Context, q db.Q, ids []id.Account) ([]*Account, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM accounts WHERE id {in $1}`, ids)
}

func byURI(ctx context.Context, q db.Q, uri string) (*Account, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM accounts WHERE uri = $1`, uri)
}

func byHandle(ctx context.Context, q db.Q, username, domain string) (*Account, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM accounts WHERE username_key = $1 AND domain = $2`,
		text.UsernameKey(username), domain)
}

func scanCounts(r db.Row) (Counts, error) {
	var c Counts
	var last *int64
	err := r.Scan(&c.Account, &c.Statuses, &c.Followers, &c.Following, &last, &c.Role)
	c.LastStatusAt = milliOrZero(last)
	return c, err
}

func countsOf(ctx context.Context, q db.Q, ids []id.Account) ([]Counts, error) {
	return db.All(ctx, q, scanCounts, `SELECT c.account_id, c.statuses, c.followers, c.following, c.last_status_at, COALESCE(m.role, '')
		FROM account_counts c LEFT JOIN members m ON m.account_id = c.account_id WHERE c.account_id {in $1}`, ids)
}

// Posts is how many statuses an account has, when the newest was written, and whether other servers may hear of what it says to everybody:
// somebody there follows it, or there is a relay.
type Posts struct {
	Count int64
	Last  *int64 // milliseconds; nil for never
	Heard bool
}

// CountStatus adds to an account's number of statuses; at is when the newest was
// written, 0 when one went.
func CountStatus(ctx context.Context, tx *db.Tx, account id.Account, by int64, at int64) (Posts, error) {
	all, err := db.All(ctx, tx, func(r db.Row) (p Posts, err error) {
		err = r.Scan(&p.Count, &p.Last, &p.Heard)
		return p, err
	}, `UPDATE account_counts SET statuses = CASE WHEN statuses + $2 < 0 THEN 0 ELSE statuses + $2 END,
		last_status_at = CASE WHEN $3 > COALESCE(last_status_at, 0) THEN $3 ELSE last_status_at END WHERE account_id = $1
		RETURNING statuses, last_status_at, EXISTS (SELECT 1 FROM follows WHERE target_id = $1 AND remote) OR EXISTS (SELECT 1 FROM relays WHERE state = 'accepted')`, account, by, at)
	if err != nil || len(all) == 0 {
		return Posts{Heard: true}, err // nobody knows
	}
	return all[0], nil
}

// CountFollow adds to the numbers of both ends of a follow, in id order so that two transactions cannot wait for each other.
func CountFollow(ctx context.Context, tx *db.Tx, follower, target id.Account, by int64) error {
	one := func(account id.Account, following, followers int64) error {
		_, err := db.Exec(ctx, tx, `UPDATE account_counts SET
			following = CASE WHEN following + $2 < 0 THEN 0 ELSE following + $2 END,
			followers = CASE WHEN followers + $3 < 0 THEN 0 ELSE followers + $3 END WHERE account_id = $1`, account, following, followers)
		return err
	}
	if follower < target {
		if err := one(follower, by, 0); err != nil {
			return err
		}
		return one(target, 0, by)
	}
	if err := one(target, 0, by); err != nil {
		return err
	}
	return one(follower, by, 0)
}
