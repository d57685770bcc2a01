package statuses

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Pages of what other servers are told of threads, as Mastodon has them.
const (
	repliesPage  = 60
	repliesFirst = 5 // of its author's own, inside the document of a status
	contextPage  = 60
)

// told picks of the statuses of a thread what everybody may read; who the asking reader is, is seen to afterwards.
const told = ` AND id > $2 AND deleted_at IS NULL AND NOT local_only AND boost_of_id IS NULL AND visibility IN ('public', 'unlisted')`

// repliesAfter gives answers to a status, by its author or by all others, in their order.
func repliesAfter(ctx context.Context, q db.Q, status *Status, others bool, after id.Status, most int) ([]*Status, error) {
	by := ` AND author_id = $3`
	if others {
		by = ` AND author_id <> $3`
	}
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE in_reply_to_id = $1`+told+by+` ORDER BY id LIMIT $4`, status.ID, after, status.Author, most)
}

func threadAfter(ctx context.Context, q db.Q, thread, after id.Status, most int) ([]*Status, error) {
	return db.All(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE thread_id = $1`+told+` ORDER BY id LIMIT $3`, thread, after, most)
}

// pageAt is the address of a page; min 0 is the beginning.
func pageAt(collection string, others bool, min id.Status) string {
	q := url.Values{"page": {"true"}}
	if others {
		q.Set("only_other_accounts", "true")
	}
	if min != 0 {
		q.Set("min_id", min.String())
	}
	return collection + "?" + q.Encode()
}

// firstReplies is the collection of answers as it is inside a status: how its author went on.
func (s *Service) firstReplies(ctx context.Context, status *Status) (*activitypub.Collection, error) {
	uri := status.URI + "/replies"
	page := &activitypub.Collection{Page: true, PartOf: uri, Items: []any{}, Next: pageAt(uri, true, 0)}
	rows, err := repliesAfter(ctx, s.db, status, false, 0, repliesFirst)
	if err != nil {
		return nil, err
	}
	for _, row := range rows {
		page.Items, page.Next = append(page.Items, row.URI), pageAt(uri, false, row.ID)
	}
	return &activitypub.Collection{ID: uri, First: page}, nil
}

// RepliesDocument serves GET …/statuses/{status}/replies: the public answers that we know, their ids, 60 a page: the author's own and then
// those of others. Without a page it is the collection as it is inside the status.
func (s *Service) RepliesDocument(c *viewer.Call) (any, error) {
	status, _, err := s.documentOf(c)
	if err != nil {
		return nil, err
	}
	uri := status.URI + "/replies"
	if c.Query("page") == "" {
		all, err := s.firstReplies(c.Context(), status)
		if err != nil {
			return nil, err
		}
		all.Context = activitypub.ContextPlain
		return accounts.Document(c, cacheOf(status), all)
	}
	others, after := c.Query("only_other_accounts") == "true", minID(c)
	rows, err := repliesAfter(c.Context(), s.db, status, others, after, repliesPage)
	if err != nil {
		return nil, err
	}
	page := activitypub.Collection{Context: activitypub.ContextPlain, ID: pageAt(uri, others, after), Page: true, PartOf: uri}
	switch {
	case len(rows) == repliesPage:
		page.Next = pageAt(uri, others, rows[len(rows)-1].ID)
	case !others:
		page.Next = pageAt(uri, true, 0)
	}
	var cache string
	if page.Items, cache, err = s.urisFor(c, rows, cacheOf(status)); err != nil {
		return nil, err
	}
	return accounts.Document(c, cache, page)
}

// minID reads where a page begins; nonsense is the beginning, as in Mastodon.
func minID(c *viewer.Call) id.Status {
	n, err := strconv.ParseInt(c.Query("min_id"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return id.Status(n)
}

// urisFor gives the ids of those of some public statuses that whoever signed the request may read, and how long others may keep the answer.
func (s *Service) urisFor(c *viewer.Call, rows []*Status, cache string) ([]any, string, error) {
	reader, err := s.readerOf(c)
	if fault.Is(err, fault.Forbidden) {
		return nil, "", err
	}
	if err != nil { // whom we cannot name just now reads what anybody may
		reader = 0
	}
	if reader != 0 {
		cache = cachePrivate
	}
	seen, err := s.VisibleElsewhere(c.Context(), reader, rows)
	if err != nil {
		return nil, "", err
	}
	uris := make([]any, len(seen))
	for i, row := range seen {
		uris[i] = row.URI
	}
	return uris, cache, nil
}

// ContextDocument serves GET /contexts/{context} (FEP-7888): the public statuses of a thread that began here, with their first page.
func (s *Service) ContextDocument(c *viewer.Call) (any, error) {
	owner, page, cache, err := s.contextPage(c, 0)
	if err != nil {
		return nil, err
	}
	return accounts.Document(c, cache, activitypub.Collection{Context: activitypub.ContextPlain, ID: page.PartOf, AttributedTo: owner.URI, First: page})
}

// ContextItemsDocument serves GET /contexts/{context}/items: a page of it.
func (s *Service) ContextItemsDocument(c *viewer.Call) (any, error) {
	_, page, cache, err := s.contextPage(c, minID(c))
	if err != nil {
		return nil, err
	}
	page.Context = activitypub.ContextPlain
	return accounts.Document(c, cache, page)
}

// contextPage gives a page of a thread; NotFound when nothing of it is for everybody.
func (s *Service) contextPage(c *viewer.Call, after id.Status) (*accounts.Account, *activitypub.Collection, string, error) {
	owner, thread, err := splitContext(c.Path("context"))
	if err != nil {
		return nil, nil, "", err
	}
	author, err := s.accounts.ByID(c.Context(), owner)
	if err != nil {
		return nil, nil, "", err
	}
	root, err := one(c.Context(), s.db, thread)
	if err != nil {
		return nil, nil, "", err
	}
	if root.Author != owner || !root.Local || root.Thread != thread {
		return nil, nil, "", fault.RecordNotFound() // who began a thread owns its context
	}
	rows, err := threadAfter(c.Context(), s.db, thread, after, contextPage)
	if err == nil && len(rows) == 0 && after != 0 {
		var any []*Status
		if any, err = threadAfter(c.Context(), s.db, thread, 0, 1); err == nil && len(any) == 0 {
			err = fault.RecordNotFound()
		}
	}
	if err != nil {
		return nil, nil, "", err
	}
	items, cache, err := s.urisFor(c, rows, cacheStatus)
	if err != nil {
		return nil, nil, "", err
	}
	if len(items) == 0 && after == 0 {
		return nil, nil, "", fault.RecordNotFound()
	}
	uri := s.site.URL("/contexts/" + c.Path("context"))
	page := &activitypub.Collection{ID: pageAt(uri+"/items", false, after), Page: true, PartOf: uri, Items: items}
	if len(rows) == contextPage {
		page.Next = pageAt(uri+"/items", false, rows[len(rows)-1].ID)
	}
	return author, page, cache, nil
}

// splitContext reads the name of a context: who began the thread, and with what.
func splitContext(text string) (owner id.Account, thread id.Status, err error) {
	account, status, ok := strings.Cut(text, "-")
	if !ok {
		return 0, 0, fault.RecordNotFound()
	}
	if owner, err = id.Parse[id.Account](account); err != nil {
		return 0, 0, err
	}
	thread, err = id.Parse[id.Status](status)
	return owner, thread, err
}
