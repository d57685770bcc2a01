package statuses

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/tags"
	"anancus/internal/social/viewer"
)

// How long others may keep our documents (federation.md §2).
const (
	cacheStatus  = "max-age=180, public"
	cacheWaiting = "max-age=5, public" // a quote of it waits for leave
	cachePrivate = "private, no-store"
	cacheOutbox  = "max-age=60, public"
	outboxPage   = 20
)

// Reader finds out who signed a request of another server; nobody is the zero account.
type Reader func(c *viewer.Call) (id.Account, error)

// documentOf finds the local status of a path that the asking server may read. What never
// leaves, and what the signer may not read, is not there.
func (s *Service) documentOf(c *viewer.Call) (*Status, *accounts.Account, error) {
	author, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, nil, err
	}
	status, err := s.LocalByPath(c.Context(), author.ID, c.Path("status"))
	if err != nil {
		return nil, nil, err
	}
	reader, err := s.readerOf(c)
	// What anybody may read is not kept from whoever we cannot name just now: their server may be out of reach for a moment. Whom keepers want
	// nothing of is known by name.
	if err != nil && (!status.Visibility.Distributable() || fault.Is(err, fault.Forbidden)) {
		return nil, nil, err
	}
	seen, err := s.VisibleElsewhere(c.Context(), reader, []*Status{status})
	if err != nil {
		return nil, nil, err
	}
	if len(seen) == 0 || status.LocalOnly {
		return nil, nil, fault.RecordNotFound()
	}
	return status, author, nil
}

// readerOf tells who signed a request; 0 for nobody.
func (s *Service) readerOf(c *viewer.Call) (id.Account, error) {
	if s.reader == nil || c.R.Header.Get("Signature") == "" {
		return 0, nil
	}
	return s.reader(c)
}

// ReadSigned tells the room how signed reads are checked; called once at assembly.
func (s *Service) ReadSigned(reader Reader) { s.reader = reader }

func cacheOf(status *Status) string {
	if status.Visibility.Distributable() {
		return cacheStatus
	}
	return cachePrivate
}

// StatusDocument serves GET /ap/users/{account}/statuses/{status} to other servers.
func (s *Service) StatusDocument(c *viewer.Call) (any, error) {
	status, _, err := s.documentOf(c)
	if err != nil {
		return nil, err
	}
	if status.IsBoost() {
		return s.activity(c, status)
	}
	note, err := s.NoteOf(c.Context(), status)
	if err != nil {
		return nil, err
	}
	cache := cacheOf(status)
	if note.Quote != "" && cache == cacheStatus {
		if q, err := quoteIn(c.Context(), s.db, status.ID); err != nil || q.State == QuotePending {
			cache = cacheWaiting
		}
	}
	return accounts.Document(c, cache, note)
}

// ActivityDocument serves GET /ap/users/{account}/statuses/{status}/activity.
func (s *Service) ActivityDocument(c *viewer.Call) (any, error) {
	status, _, err := s.documentOf(c)
	if err != nil {
		return nil, err
	}
	return s.activity(c, status)
}

func (s *Service) activity(c *viewer.Call, status *Status) (any, error) {
	activity, err := s.activityOf(c.Context(), status)
	if err != nil {
		return nil, err
	}
	return accounts.Document(c, cacheOf(status), activity)
}

func (s *Service) activityOf(ctx context.Context, status *Status) (*activitypub.Activity, error) {
	if status.IsBoost() {
		return s.AnnounceOf(ctx, status)
	}
	return s.CreateOf(ctx, status)
}

// LikesDocument serves GET …/statuses/{status}/likes: the number alone.
func (s *Service) LikesDocument(c *viewer.Call) (any, error) {
	return s.countDocument(c, "/likes", func(n counts) int64 { return n.favourites })
}

// SharesDocument serves GET …/statuses/{status}/shares: the number alone.
func (s *Service) SharesDocument(c *viewer.Call) (any, error) {
	return s.countDocument(c, "/shares", func(n counts) int64 { return n.boosts })
}

func (s *Service) countDocument(c *viewer.Call, suffix string, pick func(counts) int64) (any, error) {
	status, _, err := s.documentOf(c)
	if err != nil {
		return nil, err
	}
	numbers, err := countsOf(c.Context(), s.db, []id.Status{status.ID})
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, n := range numbers {
		total = pick(n)
	}
	collection := activitypub.NewCount(status.URI+suffix, total)
	collection.Context = activitypub.ContextPlain
	return accounts.Document(c, cacheOf(status), collection)
}

// OutboxDocument serves GET /ap/users/{account}/outbox: what anyone may read, newest first.
func (s *Service) OutboxDocument(c *viewer.Call) (any, error) {
	author, err := s.available(c)
	if err != nil {
		return nil, err
	}
	if c.Query("page") == "" {
		total, err := db.One(c.Context(), s.db, db.Value[int64], `SELECT statuses FROM account_counts WHERE account_id = $1`, author.ID)
		if err != nil {
			return nil, err
		}
		return accounts.Document(c, cacheOutbox, activitypub.Collection{Context: activitypub.ContextPlain, ID: author.OutboxURL, Ordered: true,
			TotalItems: &total, First: author.OutboxURL + "?page=true", Last: author.OutboxURL + "?min_id=0&page=true"})
	}
	refused, cache, err := s.shutOut(c, author.ID, cacheOutbox)
	if err != nil {
		return nil, err
	}
	p := keyset.Read(c, outboxPage, outboxPage)
	rows, err := byAuthor(c.Context(), s.db, ProfileFilter{Account: author.ID}, p)
	if err != nil {
		return nil, err
	}
	if refused {
		rows = nil
	}
	page := activitypub.Collection{Context: activitypub.ContextNote, ID: s.site.Base() + c.R.URL.RequestURI(), Ordered: true, Page: true,
		PartOf: author.OutboxURL, Items: []any{}}
	visible, err := s.VisibleElsewhere(c.Context(), 0, rows)
	if err != nil {
		return nil, err
	}
	for _, status := range visible {
		activity, err := s.activityOf(c.Context(), status)
		if err != nil {
			return nil, err
		}
		activity.Context = ""
		page.Items = append(page.Items, activity)
	}
	if len(rows) > 0 {
		page.Next = author.OutboxURL + "?max_id=" + rows[len(rows)-1].ID.String() + "&page=true"
		page.Prev = author.OutboxURL + "?min_id=" + rows[0].ID.String() + "&page=true"
	}
	return accounts.Document(c, cache, page)
}

func (s *Service) available(c *viewer.Call) (*accounts.Account, error) {
	author, err := s.accounts.LocalOf(c)
	if err != nil {
		return nil, err
	}
	if !author.Available() {
		return nil, fault.New(fault.Forbidden, "This account is suspended")
	}
	return author, nil
}

// shutOut tells whether whoever signed a request is blocked by an account, so that its collections are empty to them; and how long others
// may keep the answer.
func (s *Service) shutOut(c *viewer.Call, author id.Account, cache string) (bool, string, error) {
	reader, err := s.readerOf(c)
	if err != nil || reader == 0 {
		return false, cache, err
	}
	refused, err := relationships.Refuses(c.Context(), s.db, author, reader)
	return refused, cachePrivate, err
}

// FeaturedDocument serves GET /ap/users/{account}/collections/featured: the pinned statuses anyone may read.
func (s *Service) FeaturedDocument(c *viewer.Call) (any, error) {
	author, err := s.available(c)
	if err != nil {
		return nil, err
	}
	refused, cache, err := s.shutOut(c, author.ID, cacheStatus)
	if err != nil {
		return nil, err
	}
	pinned, err := s.PinnedBy(c.Context(), author.ID)
	if err != nil {
		return nil, err
	}
	if refused {
		pinned = nil
	}
	visible, err := s.VisibleElsewhere(c.Context(), 0, pinned)
	if err != nil {
		return nil, err
	}
	total := int64(len(visible))
	collection := activitypub.Collection{Context: activitypub.ContextNote, ID: author.FeaturedURL, Ordered: true, TotalItems: &total, Items: []any{}}
	for _, status := range visible {
		note, err := s.NoteOf(c.Context(), status)
		if err != nil {
			return nil, err
		}
		note.Context = ""
		collection.Items = append(collection.Items, note)
	}
	return accounts.Document(c, cache, collection)
}

// FeaturedTagsDocument serves GET /ap/users/{account}/collections/tags: the hashtags on the profile.
func (s *Service) FeaturedTagsDocument(c *viewer.Call) (any, error) {
	author, err := s.available(c)
	if err != nil {
		return nil, err
	}
	refused, cache, err := s.shutOut(c, author.ID, cacheStatus)
	if err != nil {
		return nil, err
	}
	list, err := tags.FeaturedBy(c.Context(), s.db, author.ID)
	if err != nil {
		return nil, err
	}
	if refused {
		list = nil
	}
	total, items := int64(len(list)), make([]any, len(list))
	for i, f := range list {
		items[i] = activitypub.NewHashtag(tags.PageOf(s.site, author, f.Tag.Name), f.Tag.Shown)
	}
	return accounts.Document(c, cache, activitypub.Collection{Context: activitypub.ContextNote, ID: author.URI + "/collections/tags", TotalItems: &total, Items: items})
}
