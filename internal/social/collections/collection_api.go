package collections

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// Limits of lists of collections, as Mastodon's.
const (
	pageDefault = 40
	pageMax     = 100
	mostHolding = 400 // collections that an account is in are told so far
)

type collectionForm struct {
	Name         *string  `form:"name"`
	Description  *string  `form:"description"`
	Language     *string  `form:"language"`
	Tag          *string  `form:"tag_name"`
	Sensitive    *bool    `form:"sensitive"`
	Discoverable *bool    `form:"discoverable"`
	Accounts     []string `form:"account_ids"`
}

func (f collectionForm) wishes() Wishes {
	return Wishes{f.Name, f.Description, f.Language, f.Tag, f.Sensitive, f.Discoverable}
}

// Present shows collections in their order. Only owners see what is pending; nobody sees what was revoked.
func (s *Service) Present(ctx context.Context, v viewer.Viewer, list []*Collection) ([]mastodon.Collection, error) {
	which := make([]id.Collection, len(list))
	at := make(map[id.Collection]*mastodon.Collection, len(list))
	shown := make([]mastodon.Collection, len(list))
	for i, c := range list {
		which[i] = c.ID
		shown[i] = mastodon.Collection{ID: id.String(c.ID), AccountID: c.Owner.String(), URI: s.uriOf(c),
			Name: c.Name, Description: descriptionOf(c), Local: c.Local(), Sensitive: c.Sensitive, Discoverable: c.Discoverable,
			CreatedAt: mastodon.Time(c.CreatedAt), UpdatedAt: mastodon.Time(c.UpdatedAt), Items: []mastodon.CollectionItem{}}
		if page := s.pageOf(c); page != "" {
			shown[i].URL = &page
		}
		if c.Language != "" {
			shown[i].Language = &c.Language
		}
		if c.Tag != "" {
			shown[i].Tag = &mastodon.StatusTag{Name: c.Tag, URL: s.site.TagURL(text.TagKey(c.Tag))}
		}
		at[c.ID] = &shown[i]
	}
	items, err := s.visibleItems(ctx, v, list, which)
	if err != nil {
		return nil, err
	}
	for _, item := range items {
		to := at[item.Collection]
		to.Items = append(to.Items, presentItem(item))
		to.ItemCount++
	}
	return shown, nil
}

func presentItem(item *Item) mastodon.CollectionItem {
	shown := mastodon.CollectionItem{ID: id.String(item.ID), State: string(item.State), CreatedAt: mastodon.Time(item.CreatedAt)}
	if item.State == Pending || item.State == Accepted {
		who := item.Account.String()
		shown.AccountID = &who
	}
	return shown
}

// visibleItems leaves of the items of collections those that a viewer sees.
func (s *Service) visibleItems(ctx context.Context, v viewer.Viewer, list []*Collection, which []id.Collection) ([]*Item, error) {
	items, err := itemsIn(ctx, s.db, which)
	if err != nil {
		return nil, err
	}
	owner := map[id.Collection]id.Account{}
	for _, c := range list {
		owner[c.ID] = c.Owner
	}
	people := make([]id.Account, 0, len(items))
	for _, item := range items {
		people = append(people, item.Account)
	}
	known, err := s.accounts.ByIDs(ctx, people)
	if err != nil {
		return nil, err
	}
	there := map[id.Account]bool{}
	for _, a := range known {
		there[a.ID] = a.Available()
	}
	kept := items[:0]
	for _, item := range items {
		if there[item.Account] && (item.State == Accepted || item.State == Pending && v.IsMember() && v.Account == owner[item.Collection]) {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

// Rows shows collections by id, as an account that is in them sees them: for notifications.
func (s *Service) Rows(ctx context.Context, v viewer.Viewer, which []id.Collection) (map[id.Collection]*mastodon.Collection, error) {
	rows := map[id.Collection]*mastodon.Collection{}
	if len(which) == 0 {
		return rows, nil
	}
	list, err := byIDs(ctx, s.db, which)
	if err != nil {
		return nil, err
	}
	shown, err := s.Present(ctx, v, list)
	if err != nil {
		return nil, err
	}
	for i, c := range list {
		rows[c.ID] = &shown[i]
	}
	return rows, nil
}

// wrapped is how one collection is answered.
type wrapped struct {
	Collection mastodon.Collection `json:"collection"`
}

func (s *Service) wrap(c *viewer.Call, one *Collection) (any, error) {
	shown, err := s.Present(c.Context(), c.Viewer, []*Collection{one})
	if err != nil {
		return nil, err
	}
	return wrapped{shown[0]}, nil
}

// several is how a list of collections is answered.
type several struct {
	Collections []mastodon.Collection `json:"collections"`
}

func (s *Service) wrapAll(c *viewer.Call, list []*Collection) (any, error) {
	offset := 0
	if asked := c.Query("offset"); asked != "" {
		n, err := strconv.Atoi(asked)
		if err != nil || n < 0 {
			return nil, fault.New(fault.BadRequest, "Offset must be a number that is not negative")
		}
		offset = n
	}
	list = list[min(offset, len(list)):]
	list = list[:min(c.Limit(pageDefault, pageMax), len(list))]
	shown, err := s.Present(c.Context(), c.Viewer, list)
	if err != nil {
		return nil, err
	}
	return several{shown}, nil
}

// OfAccount serves GET /api/v1/accounts/{id}/collections. Who is blocked by the account sees none.
func (s *Service) OfAccount(c *viewer.Call) (any, error) {
	owner, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	a, err := s.accounts.ByID(c.Context(), owner)
	if err != nil {
		return nil, err
	}
	own := c.Viewer.IsMember() && c.Viewer.Account == owner
	if forbidden, err := s.forbidden(c, owner); err != nil || forbidden || !a.Available() {
		return several{[]mastodon.Collection{}}, err
	}
	list, err := ofOwner(c.Context(), s.db, owner, own)
	if err != nil {
		return nil, err
	}
	if c.Viewer.IsMember() && a.FeaturedCollectionsURL != "" {
		if err := s.lookAgain(c.Context(), owner); err != nil {
			return nil, err
		}
	}
	return s.wrapAll(c, list)
}

// forbidden tells whether an account shuts the viewer out.
func (s *Service) forbidden(c *viewer.Call, owner id.Account) (bool, error) {
	if !c.Viewer.IsMember() || c.Viewer.Account == owner {
		return false, nil
	}
	by, err := relationships.BlockedBy(c.Context(), s.db, c.Viewer.Account, []id.Account{owner})
	return by[owner], err
}

// Holding serves GET /api/v1/accounts/{id}/in_collections: a member's own business.
func (s *Service) Holding(c *viewer.Call) (any, error) {
	who, err := id.Parse[id.Account](c.Path("id"))
	if err != nil {
		return nil, err
	}
	if _, err := s.accounts.ByID(c.Context(), who); err != nil {
		return nil, err
	}
	if who != c.Viewer.Account {
		return nil, fault.New(fault.Forbidden, "This action is not allowed")
	}
	list, err := holding(c.Context(), s.db, who, mostHolding)
	if err != nil {
		return nil, err
	}
	return s.wrapAll(c, list)
}

func parse(c *viewer.Call, name string) (id.Collection, error) {
	return id.Parse[id.Collection](c.Path(name))
}

// see gives a collection as the viewer sees it: NotFound for who is shut out by its owner.
func (s *Service) see(c *viewer.Call, which id.Collection) (*Collection, *mastodon.Collection, error) {
	found, err := one(c.Context(), s.db, which)
	if err != nil {
		return nil, nil, err
	}
	owner, err := s.accounts.ByID(c.Context(), found.Owner)
	if err != nil {
		return nil, nil, err
	}
	if forbidden, err := s.forbidden(c, found.Owner); err != nil || forbidden || !owner.Available() {
		if err == nil {
			err = fault.RecordNotFound()
		}
		return nil, nil, err
	}
	shown, err := s.Present(c.Context(), c.Viewer, []*Collection{found})
	if err != nil {
		return nil, nil, err
	}
	return found, &shown[0], nil
}

// AtPath gives the collection that a path on this server leads to, its id or its page, as the viewer sees it.
func (s *Service) AtPath(c *viewer.Call, path string) (*mastodon.Collection, error) {
	which, owner, err := readPath(path)
	if err != nil {
		return nil, err
	}
	found, shown, err := s.see(c, which)
	if err == nil && owner != "" && found.Owner.String() != owner {
		err = fault.RecordNotFound()
	}
	return shown, err
}

// readPath reads the collection, and the owner where there is one, out of a path on this server.
func readPath(path string) (which id.Collection, owner string, err error) {
	word, page := strings.CutPrefix(path, "/collections/")
	if !page {
		rest, ours := strings.CutPrefix(path, "/ap/users/")
		var within bool
		if owner, word, within = strings.Cut(rest, "/collections/"); !ours || !within {
			return 0, "", fault.RecordNotFound()
		}
	}
	which, err = id.Parse[id.Collection](word)
	return which, owner, err
}

// ShowCollection serves GET /api/v1/collections/{id}.
func (s *Service) ShowCollection(c *viewer.Call) (any, error) {
	which, err := parse(c, "id")
	if err != nil {
		return nil, err
	}
	found, shown, err := s.see(c, which)
	if err != nil {
		return nil, err
	}
	if c.Viewer.IsMember() {
		if err := s.lookAt(c.Context(), found); err != nil {
			return nil, err
		}
	}
	rows, err := s.people(c.Context(), found, shown)
	if err != nil {
		return nil, err
	}
	return struct {
		Accounts   []json.RawMessage   `json:"accounts"`
		Collection mastodon.Collection `json:"collection"`
	}{rows, *shown}, nil
}

// people shows the owner of a collection, and those whom it shows.
func (s *Service) people(ctx context.Context, c *Collection, shown *mastodon.Collection) ([]json.RawMessage, error) {
	people := []id.Account{c.Owner}
	for _, item := range shown.Items {
		who, err := id.Parse[id.Account](*item.AccountID)
		if err != nil {
			return nil, err
		}
		if who != c.Owner {
			people = append(people, who)
		}
	}
	return s.accounts.Rows(ctx, people)
}

// ForPage gives the collection of a page with its owner and the people whom it shows, as anybody sees them.
func (s *Service) ForPage(c *viewer.Call, number string) (*Collection, *mastodon.Collection, []json.RawMessage, error) {
	which, err := id.Parse[id.Collection](number)
	if err != nil {
		return nil, nil, nil, err
	}
	found, shown, err := s.see(c, which)
	if err != nil {
		return nil, nil, nil, err
	}
	rows, err := s.people(c.Context(), found, shown)
	return found, shown, rows, err
}

// CreateCollection serves POST /api/v1/collections.
func (s *Service) CreateCollection(c *viewer.Call) (any, error) {
	form, err := rest.Decode[collectionForm](c)
	if err != nil {
		return nil, err
	}
	var first []id.Account
	for _, word := range form.Accounts {
		who, err := id.Parse[id.Account](word)
		if err != nil {
			return nil, err
		}
		first = append(first, who)
	}
	made, err := s.Create(c.Context(), c.Viewer.Account, form.wishes(), first)
	if err != nil {
		return nil, err
	}
	return s.wrap(c, made)
}

// ChangeCollection serves PATCH and PUT /api/v1/collections/{id}.
func (s *Service) ChangeCollection(c *viewer.Call) (any, error) {
	which, err := parse(c, "id")
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[collectionForm](c)
	if err != nil {
		return nil, err
	}
	changed, err := s.Change(c.Context(), c.Viewer.Account, which, form.wishes())
	if err != nil {
		return nil, err
	}
	return s.wrap(c, changed)
}

// done is Mastodon's answer to what leaves nothing to show: 200 and an empty body.
type done struct{}

// Write sends it.
func (done) Write(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// DeleteCollection serves DELETE /api/v1/collections/{id}.
func (s *Service) DeleteCollection(c *viewer.Call) (any, error) {
	which, err := parse(c, "id")
	if err != nil {
		return nil, err
	}
	return done{}, s.Delete(c.Context(), c.Viewer.Account, which)
}

type itemForm struct {
	Account string `form:"account_id"`
}

// AddItem serves POST /api/v1/collections/{collection_id}/items.
func (s *Service) AddItem(c *viewer.Call) (any, error) {
	which, err := parse(c, "collection_id")
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[itemForm](c)
	if err != nil {
		return nil, err
	}
	who, err := id.Parse[id.Account](form.Account)
	if err != nil {
		return nil, err
	}
	item, err := s.Add(c.Context(), c.Viewer.Account, which, who)
	if err != nil {
		return nil, err
	}
	return struct {
		Item mastodon.CollectionItem `json:"collection_item"`
	}{presentItem(item)}, nil
}

func (s *Service) atItem(c *viewer.Call, do func(ctx context.Context, who id.Account, which id.Collection, item id.CollectionItem) error) (any, error) {
	which, err := parse(c, "collection_id")
	if err != nil {
		return nil, err
	}
	item, err := id.Parse[id.CollectionItem](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return done{}, do(c.Context(), c.Viewer.Account, which, item)
}

// RemoveItem serves DELETE /api/v1/collections/{collection_id}/items/{id}.
func (s *Service) RemoveItem(c *viewer.Call) (any, error) { return s.atItem(c, s.Remove) }

// RevokeItem serves POST /api/v1/collections/{collection_id}/items/{id}/revoke.
func (s *Service) RevokeItem(c *viewer.Call) (any, error) { return s.atItem(c, s.Revoke) }
