package server_test

import (
	"bytes"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestKeepersTakeProfilesWithinBounds(t *testing.T) {
	keepers := servertest.New(t, db.SQLite).Keeper()
	for _, kind := range []string{"heap", "allocs", "goroutine"} {
		taken, err := keepers.Profile(t.Context(), keeper.Profile{Kind: kind})
		if err != nil || !bytes.HasPrefix(taken.Data, []byte{0x1f, 0x8b}) {
			t.Errorf("%s: %d bytes, %v", kind, len(taken.Data), err)
		}
	}
	for _, wrong := range []keeper.Profile{{Kind: "cpu"}, {Kind: "cpu", Seconds: 121}, {Kind: "secrets"}} {
		if _, err := keepers.Profile(t.Context(), wrong); !fault.Is(err, fault.Invalid) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
}
