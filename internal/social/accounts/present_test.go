package accounts

import (
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/protocol/mastodon"
)

func TestANumberOfStatusesIsPutInAsItWouldBeWritten(t *testing.T) {
	shown := func(count int64, day *string) string {
		body, err := Encode(&mastodon.Account{ID: "1", Note: `<p>,"statuses_count":7,"hide_collections":null,</p>`, StatusesCount: count, LastStatusAt: day})
		if err != nil {
			t.Fatal(err)
		}
		return string(body)
	}
	day, at := "2026-11-02", clock.Milli(time.Date(2026, 11, 2, 23, 0, 0, 0, time.UTC))
	earlier := "2025-01-31"
	for _, before := range []string{shown(0, nil), shown(12, &earlier)} {
		if got, ok := withPosts([]byte(before), 13, &at); !ok || string(got) != shown(13, &day) {
			t.Errorf("%s\nbecame %s\nwant   %s", before, got, shown(13, &day))
		}
	}
	if got, ok := withPosts([]byte(`{"id":"1"}`), 13, &at); ok {
		t.Errorf("something that is no account became %s", got)
	}
}
