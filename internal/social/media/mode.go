package media

import (
	"context"
	"fmt"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// ModeChanged tells that keepers decided otherwise about the media of a server.
type ModeChanged struct{ Domain string }

// DomainMode is what is done with the media of one server, and of those below it.
type DomainMode struct {
	Domain string
	Mode   settings.MediaMode
}

// LoadModes reads what keepers decided about the media of single servers.
func (s *Service) LoadModes(ctx context.Context) error {
	list, err := s.Modes(ctx)
	if err != nil {
		return fmt.Errorf("read modes of media: %w", err)
	}
	modes := make(map[string]settings.MediaMode, len(list))
	for _, one := range list {
		modes[one.Domain] = one.Mode
	}
	s.modes.Store(&modes)
	return nil
}

// Modes lists the servers whose media are treated unlike those of others.
func (s *Service) Modes(ctx context.Context) ([]DomainMode, error) {
	return db.All(ctx, s.db, func(r db.Row) (m DomainMode, err error) {
		var mode string
		err = r.Scan(&m.Domain, &mode)
		m.Mode = settings.MediaMode(mode)
		return m, err
	}, `SELECT domain, mode FROM media_domains ORDER BY domain`)
}

// ModeOf tells what is done with the media of a server.
func (s *Service) ModeOf(domain string) settings.MediaMode {
	if s.domains.RejectsMedia(domain) {
		return settings.RejectMedia
	}
	if modes := *s.modes.Load(); len(modes) > 0 {
		for above := domain; above != ""; _, above, _ = strings.Cut(above, ".") {
			if mode, known := modes[above]; known {
				return mode
			}
		}
	}
	return s.settings.Now().RemoteMedia
}

// SetMode decides about the media of a server; the mode "" is the one of everybody. Copies that are not to be kept go.
func (s *Service) SetMode(ctx context.Context, domain string, mode settings.MediaMode) (DomainMode, error) {
	domain, err := text.NormalizeDomain(domain)
	if err != nil || s.site.IsLocal(domain) {
		return DomainMode{}, fault.New(fault.Invalid, "That is not the domain of another server")
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		var err error
		if mode == "" {
			_, err = db.Exec(ctx, tx, `DELETE FROM media_domains WHERE domain = $1`, domain)
		} else {
			_, err = db.Exec(ctx, tx, `INSERT INTO media_domains (domain, mode, changed_at) VALUES ($1, $2, $3)
				ON CONFLICT (domain) DO UPDATE SET mode = excluded.mode, changed_at = excluded.changed_at`, domain, string(mode), clock.Milli(tx.Now()))
		}
		if err != nil {
			return err
		}
		return tx.Emit(ModeChanged{domain})
	})
	if err != nil {
		return DomainMode{}, fmt.Errorf("set mode of media: %w", err)
	}
	if err := s.LoadModes(ctx); err != nil {
		return DomainMode{}, err
	}
	return DomainMode{domain, s.ModeOf(domain)}, nil
}

// DropUnwanted removes the copies of files whose servers' media are not kept; an effect of changing modes.
func (s *Service) DropUnwanted(ctx context.Context) error {
	var last file
	for {
		list, err := leastSeen(ctx, s.db, &last, pruneAtOnce)
		if err != nil || len(list) == 0 {
			return err
		}
		last = *list[len(list)-1]
		domains, err := s.domainsOf(ctx, list)
		if err != nil {
			return err
		}
		var unwanted []*file
		for _, f := range list {
			if domain, known := domains[owned{f.noun, f.owner}]; known && s.ModeOf(domain) != settings.StoreMedia {
				unwanted = append(unwanted, f)
			}
		}
		if _, err := s.evict(ctx, unwanted); err != nil {
			return err
		}
	}
}

// owned names what shows a file.
type owned struct {
	noun  string
	owner int64
}

// domainsOf tells whose servers' files are copies of attachments and portraits.
func (s *Service) domainsOf(ctx context.Context, list []*file) (map[owned]string, error) {
	domains := map[owned]string{}
	for noun, sql := range map[string]string{
		nounAttachment: `SELECT id, domain FROM attachments WHERE id {in $1}`,
		nounAvatar:     `SELECT id, domain FROM accounts WHERE id {in $1}`,
		nounHeader:     `SELECT id, domain FROM accounts WHERE id {in $1}`,
		nounPreview:    `SELECT id, host FROM links WHERE id {in $1}`,
		nounEmoji:      `SELECT id, domain FROM emojis WHERE id {in $1}`,
	} {
		owners := ownersOf(list)[noun]
		if len(owners) == 0 {
			continue
		}
		_, err := db.All(ctx, s.db, func(r db.Row) (struct{}, error) {
			var owner int64
			var domain string
			err := r.Scan(&owner, &domain)
			domains[owned{noun, owner}] = domain
			return struct{}{}, err
		}, sql, owners)
		if err != nil {
			return nil, err
		}
	}
	return domains, nil
}

// ownersOf gathers what shows files, by noun.
func ownersOf(list []*file) map[string][]int64 {
	owners := map[string][]int64{}
	for _, f := range list {
		owners[f.noun] = append(owners[f.noun], f.owner)
	}
	return owners
}

// idsOf gives the ids of files.
func idsOf(list []*file) []id.File {
	ids := make([]id.File, len(list))
	for i, f := range list {
		ids[i] = f.id
	}
	return ids
}
