package relationships

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Two servers may come to disagree about who follows whom: a lost Undo, a database that was restored. By FEP-8fcf the author's server tells
// each other one, with what is for followers alone, who it thinks follows from there; who thinks otherwise asks and mends its own part.

// Limits of that.
const (
	tellMost       = 25_000  // followers above which nothing is told, as Mastodon
	syncPage       = 2500    // ids on one page: ten pages are all, and each is far below the largest document that peers take
	syncPages      = 10      // pages of another server that are read, as Mastodon
	mendAtOnce     = 200     // members looked at in one transaction
	undoMost       = 1000    // follows that we know nothing of and are taken back for one question
	digestedMemory = 8 << 20 // bytes
)

// FollowersTold tells that another server told which members it thinks follow somebody there.
type FollowersTold struct {
	Account id.Account
	Digest  string
	URL     string
}

// digested holds, by what the ids of a server begin with, the digest of the followers there.
type digested map[string]activitypub.Digest

func (d digested) weight() uint32 { return uint32(len(d) * 96) }

// ForgetFollowers drops what is remembered of who follows some accounts.
func (s *Service) ForgetFollowers(of ...id.Account) { s.digests.Forget(of...) }

// ForgetAllFollowers drops it of everybody: an account is gone that might follow anybody.
func (s *Service) ForgetAllFollowers() { s.digests.Clear() }

const remoteFollowersSQL = `SELECT f.id, f.account_id, a.uri FROM follows f JOIN accounts a ON a.id = f.account_id
	WHERE f.target_id = $1 AND f.id > $2 AND a.domain <> '' AND a.deleted_at IS NULL ORDER BY f.id LIMIT $3`

type followerURI struct {
	row     id.Follow
	account id.Account
	uri     string
}

func scanFollowerURI(r db.Row) (x followerURI, err error) {
	err = r.Scan(&x.row, &x.account, &x.uri)
	return x, err
}

// TellFollowers writes the header that tells a server at an inbox which of its people follow a member; "" for members whom very many follow.
func (s *Service) TellFollowers(ctx context.Context, author int64, inbox string) (string, error) {
	us := id.Account(author)
	known, err := s.digests.All([]id.Account{us}, func([]id.Account) (map[id.Account]digested, error) {
		all, err := s.digest(ctx, us)
		return map[id.Account]digested{us: all}, err
	})
	if err != nil || known[us] == nil {
		return "", err
	}
	return activitypub.Synchronization{Collection: s.site.ActorURI(us) + "/followers", Digest: known[us][activitypub.OriginOf(inbox)].String(), URL: s.followersURL(us)}.String(), nil
}

func (s *Service) followersURL(us id.Account) string {
	return s.site.ActorURI(us) + "/followers_synchronization"
}

// digest reads all followers of a member; nil when there are too many.
func (s *Service) digest(ctx context.Context, us id.Account) (digested, error) {
	all := digested{}
	for after, read := id.Follow(0), 0; ; {
		rows, err := db.All(ctx, s.db, scanFollowerURI, remoteFollowersSQL, us, after, syncPage)
		if err != nil {
			return nil, fmt.Errorf("followers of account %d: %w", us, err)
		}
		if read += len(rows); read >= tellMost {
			return nil, nil
		}
		for _, one := range rows {
			origin := activitypub.OriginOf(one.uri)
			d := all[origin]
			d.Add(one.uri)
			all[origin] = d
		}
		if len(rows) < syncPage {
			return all, nil
		}
		after = rows[len(rows)-1].row
	}
}

// FollowersThere answers who of the asker's own server follows a member: asker is the actor that signed the question.
func (s *Service) FollowersThere(c *viewer.Call, asker string) (any, error) {
	us, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	if !us.Available() {
		return nil, fault.New(fault.Forbidden, "This account is suspended")
	}
	accounts.SecureDocument(c)
	after, err := strconv.ParseInt(c.Query("after"), 10, 64)
	if err != nil || after < 0 {
		after = 0
	}
	origin := activitypub.OriginOf(asker)
	rows, err := db.All(c.Context(), s.db, scanFollowerURI, `SELECT f.id, f.account_id, a.uri FROM follows f JOIN accounts a ON a.id = f.account_id
		WHERE f.target_id = $1 AND f.id > $2 AND a.domain <> '' AND a.deleted_at IS NULL AND SUBSTR(a.uri, 1, CAST($4 AS INTEGER)) = $5 ORDER BY f.id LIMIT $3`,
		us.ID, after, syncPage+1, len(origin), origin)
	if err != nil {
		return nil, fmt.Errorf("followers of account %d: %w", us.ID, err)
	}
	here := s.followersURL(us.ID)
	list := activitypub.Collection{Context: activitypub.ContextPlain, ID: here, Ordered: true, Items: []any{}}
	next := ""
	if len(rows) > syncPage {
		rows = rows[:syncPage]
		next = here + "?page=true&after=" + strconv.FormatInt(int64(rows[len(rows)-1].row), 10)
	}
	for _, one := range rows {
		list.Items = append(list.Items, one.uri)
	}
	switch asked := c.Query("page") != ""; {
	case !asked && next != "": // more than fits: all of it in pages
		list.First, list.Items = here+"?page=true", nil
	case asked:
		list.ID = here + "?page=true"
		if after > 0 {
			list.ID += "&after=" + strconv.FormatInt(after, 10)
		}
		list.Page, list.PartOf, list.Next = true, here, next
	}
	return accounts.Document(c, "max-age=0, private", list)
}

// HearFollowers notes what the server of an account told of who follows it, to be compared with what we know.
func (s *Service) HearFollowers(ctx context.Context, of *accounts.Account, told activitypub.Synchronization) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error { return tx.Emit(FollowersTold{of.ID, told.Digest, told.URL}) })
}

// MendFollowers compares what another server told with the follows of members. Where the two differ its list is read. Members that are on
// it and asked to follow do so; those that know nothing of it take the follow back. Members that are not on it no longer follow, if they did
// before it was read, and it is the list that was told of: else an answer may be on its way.
func (s *Service) MendFollowers(ctx context.Context, e FollowersTold) error {
	them, err := s.accounts.ByID(ctx, e.Account)
	if err != nil || them.Local() || !them.Available() {
		return ignoreNotFound(err)
	}
	held, err := db.All(ctx, s.db, scanFollowerURI, ourFollowersSQL, them.ID)
	if err != nil {
		return fmt.Errorf("mend the followers of %s: %w", them.URI, err)
	}
	var ours activitypub.Digest
	for _, one := range held {
		ours.Add(one.uri)
	}
	if ours.String() == e.Digest {
		return nil
	}
	listed, whole, err := s.readFollowers(ctx, them, e)
	if err != nil || listed == nil {
		return err
	}
	undone := 0
	for some := range slices.Chunk(listed, mendAtOnce) {
		if err := s.mendListed(ctx, them, some, &undone); err != nil {
			return fmt.Errorf("mend the followers of %s: %w", them.URI, err)
		}
	}
	s.courier.Wake()
	if !whole {
		return nil
	}
	known := make(map[string]bool, len(listed))
	for _, uri := range listed {
		known[uri] = true
	}
	held = slices.DeleteFunc(held, func(one followerURI) bool { return known[one.uri] })
	for some := range slices.Chunk(held, mendAtOnce) {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			for _, one := range some {
				if _, err := s.end(ctx, tx, one.account, them.ID); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("mend the followers of %s: %w", them.URI, err)
		}
	}
	return nil
}

const ourFollowersSQL = `SELECT f.id, f.account_id, a.uri FROM follows f JOIN accounts a ON a.id = f.account_id WHERE f.target_id = $1 AND a.domain = ''`

// readFollowers asks a server whom of ours it takes for followers of an account there; whole tells that these are those it told of. nil when
// it cannot be had: then all stays as it is until it tells again.
func (s *Service) readFollowers(ctx context.Context, them *accounts.Account, e FollowersTold) (listed []string, whole bool, err error) {
	listed = []string{}
	var digest activitypub.Digest
	seen := []string{}
	for address := e.URL; address != ""; {
		if len(seen) == syncPages {
			return listed, false, nil
		}
		page, err := s.accounts.ReadCollection(ctx, address)
		if err != nil || page == nil {
			return nil, false, err
		}
		seen = append(seen, address)
		for _, uri := range page.Links {
			digest.Add(uri)
			if _, ours := s.site.Ours(uri); ours {
				listed = append(listed, uri)
			}
		}
		if len(listed) > tellMost {
			return listed[:tellMost], false, nil
		}
		address = page.Next
		if address != "" && (!activitypub.SameHost(address, them.URI) || slices.Contains(seen, address)) {
			return listed, false, nil
		}
	}
	return listed, digest.String() == e.Digest, nil
}

// notFollowingSQL gives members by their ids on the wire who do not follow an account.
const notFollowingSQL = `SELECT a.id FROM accounts a WHERE a.uri {in $1} AND a.domain = ''
	AND NOT EXISTS (SELECT 1 FROM follows f WHERE f.account_id = a.id AND f.target_id = $2)`

// mendListed lets members follow an account where its server thinks that they do and they asked for it, and else tells it that they do not.
func (s *Service) mendListed(ctx context.Context, them *accounts.Account, uris []string, undone *int) error {
	before := *undone
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		*undone = before
		missing, err := db.All(ctx, tx, db.Value[id.Account], notFollowingSQL, uris, them.ID)
		if err != nil {
			return err
		}
		for _, member := range missing {
			row, err := remove(ctx, tx, requests, member, them.ID)
			if err == nil {
				if err := s.begin(ctx, tx, row); err != nil {
					return err
				}
				continue
			}
			if !fault.Is(err, fault.NotFound) {
				return err
			}
			if *undone >= undoMost {
				return nil
			}
			us, err := accounts.ByIDIn(ctx, tx, member)
			if err != nil {
				return err
			}
			*undone++
			if err := s.sendUndoFollow(ctx, tx, us, them, s.newFollow(tx, us, them)); err != nil {
				return err
			}
		}
		return nil
	})
}
