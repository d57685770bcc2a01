package relationships

import (
	"fmt"
	"strconv"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// collectionPage is how many follows one page of a collection shows, Mastodon's.
const collectionPage = 12

const cacheCollection = "max-age=180, public"

// FollowersDocument serves GET /ap/users/{account}/followers.
func (s *Service) FollowersDocument(c *viewer.Call) (any, error) {
	return s.collection(c, func(a *accounts.Account) string { return a.FollowersURL }, "target_id", "account_id", "followers")
}

// FollowingDocument serves GET /ap/users/{account}/following.
func (s *Service) FollowingDocument(c *viewer.Call) (any, error) {
	return s.collection(c, func(a *accounts.Account) string { return a.FollowingURL }, "account_id", "target_id", "following")
}

// collection answers with the size, and with pages unless the account hides them. Pages are
// found by the id of the last follow of the page before, so that a deep page costs what the first does.
func (s *Service) collection(c *viewer.Call, address func(*accounts.Account) string, own, other, counted string) (any, error) {
	a, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	if !a.Available() {
		return nil, fault.New(fault.Forbidden, "This account is suspended")
	}
	uri := address(a)
	total, err := db.One(c.Context(), s.db, db.Value[int64], `SELECT `+counted+` FROM account_counts WHERE account_id = $1`, a.ID)
	if err != nil {
		return nil, fmt.Errorf("size of %s: %w", counted, err)
	}
	asked := c.Query("page")
	if asked == "" {
		whole := activitypub.Collection{Context: activitypub.ContextPlain, ID: uri, Ordered: true, TotalItems: &total}
		if !a.HideCollections {
			whole.First = uri + "?page=1"
		}
		return accounts.Document(c, cacheCollection, whole)
	}
	if a.HideCollections {
		return nil, fault.New(fault.Forbidden, "This account does not show its "+counted)
	}
	before := int64(1<<63 - 1)
	if n, err := strconv.ParseInt(c.Query("before"), 10, 64); err == nil && n > 0 {
		before = n
	}
	type row struct {
		id  id.Follow
		uri string
	}
	rows, err := db.All(c.Context(), s.db, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.id, &x.uri)
		return x, err
	}, `SELECT f.id, a.uri FROM follows f JOIN accounts a ON a.id = f.`+other+`
		WHERE f.`+own+` = $1 AND f.id < $2 AND a.suspended_at IS NULL AND a.deleted_at IS NULL ORDER BY f.id DESC LIMIT $3`, a.ID, before, collectionPage)
	if err != nil {
		return nil, fmt.Errorf("page of %s: %w", counted, err)
	}
	n, err := strconv.Atoi(asked)
	if err != nil || n < 1 {
		n = 1
	}
	page := activitypub.Collection{Context: activitypub.ContextPlain, ID: s.site.Base() + c.R.URL.RequestURI(), Ordered: true, Page: true,
		TotalItems: &total, PartOf: uri, Items: []any{}}
	for _, x := range rows {
		page.Items = append(page.Items, x.uri)
	}
	if len(rows) == collectionPage {
		page.Next = fmt.Sprintf("%s?page=%d&before=%d", uri, n+1, rows[len(rows)-1].id)
	}
	return accounts.Document(c, cacheCollection, page)
}
