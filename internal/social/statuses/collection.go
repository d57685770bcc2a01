package statuses

import (
	"context"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// maxCollections is how many collections one status leads to.
const maxCollections = 10

// Collections is what statuses ask of the collections that they lead to.
type Collections interface {
	// At gives those that are known of some addresses: their ids or their pages.
	At(ctx context.Context, q db.Q, addresses []string) (map[string]id.Collection, error)
	// Tagged shows those that a viewer may be shown.
	Tagged(ctx context.Context, v viewer.Viewer, which []id.Collection) (map[id.Collection]*mastodon.Collection, error)
}

// CollectionsSeen tells that a status of another server leads to collections that are not known yet.
type CollectionsSeen struct {
	Status    id.Status
	Addresses []string
}

// LeadTo tells the room about collections; called once at assembly.
func (s *Service) LeadTo(collections Collections) { s.collections = collections }

// linkedIn gives the addresses in a text of a member, each once.
func linkedIn(source string) []string { return linksAmong(text.Scan(source)) }

func linksAmong(entities []text.Entity) []string {
	var found []string
	seen := map[string]bool{}
	for _, e := range entities {
		if e.Kind == text.Link && !seen[e.URL] && len(found) < maxCollections {
			seen[e.URL] = true
			found = append(found, e.URL)
		}
	}
	return found
}

// lead notes which collections a status leads to: those whose address it has.
func (s *Service) lead(ctx context.Context, tx *db.Tx, status *Status, addresses []string, edited bool) error {
	if edited {
		if err := unlead(ctx, tx, status.ID); err != nil {
			return err
		}
	}
	if s.collections == nil || len(addresses) == 0 {
		return nil
	}
	known, err := s.collections.At(ctx, tx, addresses)
	if err != nil {
		return err
	}
	var unknown []string
	for _, address := range addresses {
		which, ok := known[address]
		if !ok {
			unknown = append(unknown, address)
			continue
		}
		if err := insertLead(ctx, tx, status.ID, which); err != nil {
			return err
		}
	}
	if status.Local || len(unknown) == 0 {
		return nil
	}
	return tx.Emit(CollectionsSeen{status.ID, unknown})
}

// Leads notes that a status of another server leads to collections that its server named and that were read since.
func (s *Service) Leads(ctx context.Context, tx *db.Tx, status id.Status, which []id.Collection) error {
	if _, err := takeStatus(ctx, tx, status); err != nil {
		return ignoreNotFound(err) // deleted meanwhile
	}
	for _, one := range which {
		if err := insertLead(ctx, tx, status, one); err != nil {
			return err
		}
	}
	return tx.Emit(Refreshed{status})
}

// leadsOf shows the collections that the statuses of a page lead to, encoded, and tells whose they are. Nearly no status leads to any: then
// nothing is asked.
func (s *Service) leadsOf(ctx context.Context, w *showing) (map[id.Collection]raw, []id.Account, error) {
	var which []id.Collection
	for _, seg := range w.all {
		which = append(which, seg.collections...)
	}
	if len(which) == 0 || s.collections == nil {
		return nil, nil, nil
	}
	shown, err := s.collections.Tagged(ctx, w.viewer, which)
	if err != nil {
		return nil, nil, err
	}
	out := make(map[id.Collection]raw, len(shown))
	var owners []id.Account
	for which, one := range shown {
		owner, err := id.Parse[id.Account](one.AccountID)
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(w.without, owner) {
			continue
		}
		if !slices.Contains(owners, owner) {
			owners = append(owners, owner)
		}
		if out[which], err = accounts.Encode(one); err != nil {
			return nil, nil, err
		}
	}
	return out, owners, nil
}

// appendLeads writes the collections that a status leads to.
func appendLeads(b []byte, which []id.Collection, shown map[id.Collection]raw) []byte {
	b = append(b, `,"tagged_collections":[`...)
	some := false
	for _, one := range which {
		if shown[one] == nil {
			continue
		}
		if some {
			b = append(b, ',')
		}
		b, some = append(b, shown[one]...), true
	}
	return append(b, ']')
}

// featuredTags names the collections that a status leads to for other servers.
func (s *Service) featuredTags(ctx context.Context, which []id.Collection) ([]activitypub.Tag, error) {
	if len(which) == 0 || s.collections == nil {
		return nil, nil
	}
	shown, err := s.collections.Tagged(ctx, viewer.Viewer{}, which)
	if err != nil {
		return nil, err
	}
	var tags []activitypub.Tag
	for _, one := range which {
		if c := shown[one]; c != nil {
			tags = append(tags, activitypub.NewFeaturedTag(c.URI, c.Name))
		}
	}
	return tags, nil
}

func unlead(ctx context.Context, tx *db.Tx, status id.Status) error {
	_, err := db.Exec(ctx, tx, `DELETE FROM status_collections WHERE status_id = $1`, status)
	return err
}

func insertLead(ctx context.Context, tx *db.Tx, status id.Status, which id.Collection) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO status_collections (status_id, collection_id) VALUES ($1,$2) ON CONFLICT DO NOTHING`, status, which)
	return err
}
