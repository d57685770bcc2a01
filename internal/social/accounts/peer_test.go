package accounts

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

func TestADomainIsFoundByItsParts(t *testing.T) {
	for domain, want := range map[string][]string{
		"mastodon.social": {"mastodon.social"}, "a.b.example": {"a.b.example", "b.example"}, "localhost:8080": {"localhost:8080"}, "x": {"x"},
		"social.example.co.jp": {"social.example.co.jp", "example.co.jp", "co.jp"},
	} {
		if got := peerNames(domain); !slices.Equal(got, want) {
			t.Errorf("%s is found by %q, want %q", domain, got, want)
		}
	}
	if got := peerNames(strings.Repeat("a.", 100) + "example"); len(got) != maxPeerNames {
		t.Errorf("a long domain is found by %d names", len(got))
	}
}

func TestServersAreFoundByHowTheirNamesBegin(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := New(Config{DB: d, Clock: clock.System{}})
		domains := []string{"mastodon.example", "masto.example", "social.mastodon.example", "other.example", "xn--n8j.example"}
		for i := range 2000 {
			domains = append(domains, fmt.Sprintf("many%d.example", i))
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			for _, one := range append(domains, domains[0]) {
				if err := keepPeer(t.Context(), tx, one); err != nil {
					return err
				}
			}
			_, err := db.Exec(t.Context(), tx, dbtest.Analyze(tx.Engine()))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for q, want := range map[string]string{
			"mast": "[masto.example mastodon.example social.mastodon.example]", "mastodon.e": "[mastodon.example social.mastodon.example]",
			"social": "[social.mastodon.example]", "dodon": "[]", "example": "[]", "zzz": "[]", "%": "[]", "xn--": "[xn--n8j.example]",
		} {
			if got, err := s.PeersNamed(t.Context(), q, 10); err != nil || fmt.Sprint(got) != want {
				t.Errorf("%q finds %v (%v), want %s", q, got, err, want)
			}
		}
		if got, err := s.PeersNamed(t.Context(), "many", 10); err != nil || len(got) != 10 {
			t.Errorf("of many it finds %v (%v)", got, err)
		}
		dbtest.NoScan(t, d, peersSQL, "mast", "mast"+lastRune, peerHits)
		all, err := s.Peers(t.Context())
		if err != nil || !slices.IsSorted(all) || len(all) != len(domains) {
			t.Errorf("all known servers are %v, %v", all, err)
		}
	})
}
