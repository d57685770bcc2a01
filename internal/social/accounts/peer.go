package accounts

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// maxPeerNames bounds the parts that one domain is found by.
const maxPeerNames = 10

// peerNames gives what a domain is found by: itself, and each part of it that begins after a dot, but for the last.
func peerNames(domain string) []string {
	names := []string{domain}
	for rest := domain; len(names) < maxPeerNames; {
		var more bool
		if _, rest, more = strings.Cut(rest, "."); !more || !strings.Contains(rest, ".") {
			break
		}
		names = append(names, rest)
	}
	return names
}

// keepPeer keeps the domain of an account, so that its server is found; most are known already.
func keepPeer(ctx context.Context, tx *db.Tx, domain string) error {
	for i, name := range peerNames(domain) {
		n, err := db.Exec(ctx, tx, `INSERT INTO peer_names (name, domain) VALUES ($1, $2) ON CONFLICT DO NOTHING`, name, domain)
		if err != nil || i == 0 && n == 0 {
			return err
		}
	}
	return nil
}

// maxPeers bounds the list of servers, which is one answer without pages.
const maxPeers = 50_000

const allPeersSQL = `SELECT domain FROM peer_names WHERE name = domain ORDER BY domain LIMIT $1`

// Peers gives the domains of all servers that somebody here has met and that are not kept apart, in their order; of the first fifty thousand.
func (s *Service) Peers(ctx context.Context) ([]string, error) {
	list, err := db.All(ctx, s.db, db.Text, allPeersSQL, maxPeers)
	if err != nil {
		return nil, fmt.Errorf("known servers: %w", err)
	}
	return slices.DeleteFunc(list, s.apart), nil
}

// apart tells of servers that keepers keep away from members: naming them would recommend them.
func (s *Service) apart(host string) bool { return s.domains.Suspends(host) || s.domains.Limits(host) }

const peersAfterSQL = `SELECT domain FROM peer_names WHERE name = domain AND domain > $1 ORDER BY domain LIMIT $2`

// peersAtOnce is how many names of servers are read at a time.
const peersAtOnce = 1000

// PeersBelow gives the known servers of which something holds; all are looked at, a thousand names at a time.
func (s *Service) PeersBelow(ctx context.Context, holds func(host string) bool) ([]string, error) {
	var found []string
	for after := ""; ; {
		list, err := db.All(ctx, s.db, db.Text, peersAfterSQL, after, peersAtOnce)
		if err != nil {
			return nil, fmt.Errorf("known servers: %w", err)
		}
		for _, host := range list {
			if holds(host) {
				found = append(found, host)
			}
		}
		if len(list) < peersAtOnce {
			return found, nil
		}
		after = list[len(list)-1]
	}
}

const accountsOfSQL = `SELECT id FROM accounts WHERE domain = $1 AND id > $2 ORDER BY id LIMIT $3`

// AccountsOf gives accounts of a server after one, in the order of their ids.
func (s *Service) AccountsOf(ctx context.Context, host string, after id.Account, most int) ([]id.Account, error) {
	list, err := db.All(ctx, s.db, db.Value[id.Account], accountsOfSQL, host, after, most)
	if err != nil {
		return nil, fmt.Errorf("accounts of %s: %w", host, err)
	}
	return list, nil
}

// peerHits are read of the index before the best are chosen: a domain may be there by several names.
const peerHits = 100

const peersSQL = `SELECT name, domain FROM peer_names WHERE name COLLATE "C" >= $1 AND name COLLATE "C" < $2 ORDER BY name COLLATE "C", domain LIMIT $3`

// PeersNamed gives domains of servers that somebody here has met: first those that begin with a text, then those a part of which does.
func (s *Service) PeersNamed(ctx context.Context, beginning string, limit int) ([]string, error) {
	type hit struct{ name, domain string }
	hits, err := db.All(ctx, s.db, func(r db.Row) (h hit, err error) {
		err = r.Scan(&h.name, &h.domain)
		return h, err
	}, peersSQL, beginning, beginning+lastRune, peerHits)
	if err != nil {
		return nil, fmt.Errorf("servers by name: %w", err)
	}
	part := func(h hit) int {
		if h.name == h.domain {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(hits, func(a, b hit) int { return cmp.Compare(part(a), part(b)) })
	found := []string{}
	for _, h := range hits {
		if len(found) < limit && !slices.Contains(found, h.domain) && !s.apart(h.domain) {
			found = append(found, h.domain)
		}
	}
	return found, nil
}
