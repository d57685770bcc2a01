package statuses

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

// Limits of reactions. On some servers one person may react with several emoji.
const (
	reactionsByOne   = 8
	reactionsCounted = 5000 // of one status, the newest
	reactionsShown   = 100  // different ones
	reactionCode     = 200  // bytes of the shortcode of a custom emoji
)

// Reaction is an emoji with which somebody elsewhere answered a status.
type Reaction struct {
	ID      id.Reaction
	Status  id.Status
	Account id.Account
	Name    string // an emoji, or the shortcode of a custom one
	Domain  string // whose custom emoji it is, "" ours
	Custom  bool
	URI     string // of the activity
}

// storeReaction writes a reaction; the same one again changes nothing, and one person's that are too many are left out.
func storeReaction(ctx context.Context, tx *db.Tx, r *Reaction) error {
	n, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM reactions WHERE status_id = $1 AND account_id = $2`, r.Status, r.Account)
	if err != nil || n >= reactionsByOne {
		return err
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO reactions (id, status_id, account_id, name, domain, custom, uri, created_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)
		ON CONFLICT (status_id, account_id, name, domain) DO NOTHING`, r.ID, r.Status, r.Account, r.Name, r.Domain, r.Custom, r.URI, clock.Milli(tx.Now()))
	return err
}

// endReactions takes back a person's reactions by an activity; it tells whether there were any.
func endReactions(ctx context.Context, tx *db.Tx, who id.Account, uri string) (bool, error) {
	if uri == "" {
		return false, nil
	}
	n, err := db.Exec(ctx, tx, `DELETE FROM reactions WHERE uri = $1 AND account_id = $2`, uri, who)
	return n > 0, err
}

// counted is how often one emoji was chosen.
type counted struct {
	name, domain string
	custom       bool
	count        int64
}

// countedSQL counts the reactions to a status, without those of people whom the viewer does not meet; what came first is first.
const countedSQL = `SELECT r.name, r.domain, r.custom, COUNT(*) FROM (
		SELECT id, account_id, name, domain, custom FROM reactions WHERE status_id = $3 ORDER BY id DESC LIMIT $4) AS r
	JOIN accounts a ON a.id = r.account_id
	WHERE a.suspended_at IS NULL AND a.deleted_at IS NULL AND ` + relationships.NotApart + `
	GROUP BY r.name, r.domain, r.custom ORDER BY MIN(r.id) LIMIT $5`

// ShowReactions serves GET /api/anancus/v1/statuses/{id}/reactions: which emoji people elsewhere answered with, and how many.
func (s *Service) ShowReactions(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	list, err := db.All(c.Context(), s.db, func(r db.Row) (x counted, err error) {
		err = r.Scan(&x.name, &x.domain, &x.custom, &x.count)
		return x, err
	}, countedSQL, c.Viewer.Account, clock.Milli(s.clock.Now()), status.ID, reactionsCounted, reactionsShown)
	if err != nil {
		return nil, fmt.Errorf("reactions: %w", err)
	}
	var names []emoji.Name
	for _, one := range list {
		if one.custom {
			names = append(names, emoji.Name{Domain: one.domain, Shortcode: one.name})
		}
	}
	pictures, err := s.emoji.Of(c.Context(), names)
	if err != nil {
		return nil, err
	}
	shown := make([]mastodon.Reaction, len(list))
	for i, one := range list {
		shown[i] = mastodon.Reaction{Name: one.word(), Count: one.count}
		if picture := pictures[emoji.Name{Domain: one.domain, Shortcode: one.name}]; one.custom && picture != nil {
			shown[i].URL, shown[i].StaticURL = picture.Entity.URL, picture.Entity.StaticURL
		}
	}
	return shown, nil
}

// word is how a reaction is named: an emoji as it is, a custom one of another server with that server.
func (c counted) word() string {
	if c.domain == "" {
		return c.name
	}
	return c.name + "@" + c.domain
}

// reactorsSQL is a query for people.
const reactorsSQL = `SELECT r.id, r.account_id FROM reactions r JOIN accounts a ON a.id = r.account_id
	WHERE r.status_id = $3 AND r.id < $4 AND r.id > $5 AND r.name = $7 AND r.domain = $8 AND a.suspended_at IS NULL AND a.deleted_at IS NULL`

// ReactedBy serves GET /api/anancus/v1/statuses/{id}/reactions/{name}: who answered with one emoji.
func (s *Service) ReactedBy(c *viewer.Call) (any, error) {
	name, domain, _ := strings.Cut(c.Path("name"), "@")
	if text.IsEmoji(name) {
		name = shownAsPicture(name)
	}
	return s.people(c, reactorsSQL, "r.id", name, domain)
}

// namedReaction reads what somebody of a server reacted with: one emoji, or the shortcode of a custom one between colons, perhaps with the
// server whose it is. It tells whether it is either.
func (s *Service) namedReaction(word, domain string) (Reaction, bool) {
	word = strings.TrimSpace(word)
	if text.IsEmoji(word) {
		return Reaction{Name: shownAsPicture(word)}, true
	}
	code, opened := strings.CutPrefix(word, ":")
	code, closed := strings.CutSuffix(code, ":")
	code, from, named := strings.Cut(code, "@")
	if !opened || !closed || len(code) > reactionCode || !emoji.IsShortcode(code) {
		return Reaction{}, false
	}
	if named && from != "." { // which is how Misskey names its own
		host, err := text.NormalizeDomain(from)
		if err != nil {
			return Reaction{}, false
		}
		if domain = host; s.site.IsLocal(host) {
			domain = ""
		}
	}
	return Reaction{Name: code, Domain: domain, Custom: true}, true
}

// shownAsPicture gives the one spelling of a symbol that can be text too: some servers ask for the picture, others do not.
func shownAsPicture(emoji string) string {
	const picture = "\ufe0f"
	if runes := []rune(emoji); len(runes) == 1 && runes[0] < 0x10000 {
		return emoji + picture
	}
	return emoji
}
