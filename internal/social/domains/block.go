package domains

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/id"
)

// Blocks lists what keepers decided about servers, by name.
func (s *Service) Blocks(ctx context.Context) ([]*Block, error) {
	list, err := allBlocks(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list blocks of domains: %w", err)
	}
	return list, nil
}

// Block gives the decision about exactly this name. NotFound when there is none.
func (s *Service) Block(ctx context.Context, domain string) (*Block, error) {
	name, err := Name(s.site, domain)
	if err != nil {
		return nil, err
	}
	return blockOf(ctx, s.db, name)
}

// Public gives the blocks that may be told of, the severest last, as Mastodon does: those that limit or suspend.
func (s *Service) Public(ctx context.Context) ([]*Block, error) {
	list, err := s.Blocks(ctx)
	if err != nil {
		return nil, err
	}
	var told []*Block
	for _, severity := range []Severity{Silence, Suspend} {
		for _, b := range list {
			if b.Severity == severity {
				told = append(told, b)
			}
		}
	}
	return told, nil
}

// Put stores decisions about servers, in the caller's transaction: new ones, and others in the place of those there were. It gives those
// that changed anything, completed.
func (s *Service) Put(ctx context.Context, tx *db.Tx, list []Block) ([]*Block, error) {
	var changed []*Block
	var names []string
	for i := range list {
		b := list[i] // a copy: the closure of a transaction may run twice
		if err := b.check(s.site); err != nil {
			return nil, err
		}
		known, err := blockOf(ctx, tx, b.Domain)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		b.UpdatedAt = tx.Now()
		if known != nil {
			b.ID, b.CreatedAt = known.ID, known.CreatedAt
			if b.same(known) {
				continue
			}
		} else {
			b.ID, b.CreatedAt = id.DomainBlock(tx.NextID()), tx.Now()
		}
		if err := putBlock(ctx, tx, &b); err != nil {
			return nil, err
		}
		changed, names = append(changed, &b), append(names, b.Domain)
	}
	return changed, tellChanged(tx, names)
}

// same tells whether two decisions about one server are alike.
func (b *Block) same(other *Block) bool {
	return b.Severity == other.Severity && b.RejectMedia == other.RejectMedia && b.RejectReports == other.RejectReports &&
		b.PrivateComment == other.PrivateComment && b.PublicComment == other.PublicComment && b.Obfuscate == other.Obfuscate
}

// Remove takes the decision about exactly this name back, in the caller's transaction. NotFound when there is none.
func (s *Service) Remove(ctx context.Context, tx *db.Tx, domain string) (*Block, error) {
	name, err := Name(s.site, domain)
	if err != nil {
		return nil, err
	}
	b, err := blockOf(ctx, tx, name)
	if err != nil {
		return nil, err
	}
	if _, err := db.Exec(ctx, tx, `DELETE FROM domain_blocks WHERE id = $1`, b.ID); err != nil {
		return nil, err
	}
	return b, tellChanged(tx, []string{name})
}

// toldAtOnce is how many names one event carries.
const toldAtOnce = 500

func tellChanged(tx *db.Tx, names []string) error {
	for len(names) > 0 {
		n := min(len(names), toldAtOnce)
		if err := tx.Emit(Changed{names[:n]}); err != nil {
			return err
		}
		names = names[n:]
	}
	return nil
}

const blockColumns = `id, domain, severity, reject_media, reject_reports, private_comment, public_comment, obfuscate, created_at, updated_at`

func scanBlock(r db.Row) (*Block, error) {
	b := &Block{}
	var severity string
	var created, updated int64
	err := r.Scan(&b.ID, &b.Domain, &severity, &b.RejectMedia, &b.RejectReports, &b.PrivateComment, &b.PublicComment, &b.Obfuscate, &created, &updated)
	b.Severity, b.CreatedAt, b.UpdatedAt = Severity(severity), clock.FromMilli(created), clock.FromMilli(updated)
	return b, err
}

func allBlocks(ctx context.Context, q db.Q) ([]*Block, error) {
	return db.All(ctx, q, scanBlock, `SELECT `+blockColumns+` FROM domain_blocks ORDER BY domain`)
}

// Known gives the names about which keepers decided something.
func Known(ctx context.Context, q db.Q) (map[string]bool, error) {
	list, err := db.All(ctx, q, db.Text, `SELECT domain FROM domain_blocks`)
	known := make(map[string]bool, len(list))
	for _, name := range list {
		known[name] = true
	}
	return known, err
}

func blockOf(ctx context.Context, q db.Q, domain string) (*Block, error) {
	return db.One(ctx, q, scanBlock, `SELECT `+blockColumns+` FROM domain_blocks WHERE domain = $1`, domain)
}

func putBlock(ctx context.Context, tx *db.Tx, b *Block) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO domain_blocks (`+blockColumns+`) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)
		ON CONFLICT (domain) DO UPDATE SET severity = excluded.severity, reject_media = excluded.reject_media, reject_reports = excluded.reject_reports,
		private_comment = excluded.private_comment, public_comment = excluded.public_comment, obfuscate = excluded.obfuscate, updated_at = excluded.updated_at`,
		b.ID, b.Domain, string(b.Severity), b.RejectMedia, b.RejectReports, b.PrivateComment, b.PublicComment, b.Obfuscate, clock.Milli(b.CreatedAt), clock.Milli(b.UpdatedAt))
	return err
}
