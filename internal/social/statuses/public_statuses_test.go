package statuses

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
)

// Anybody may ask for the page of any hashtag, so it costs what it shows.
func TestThePageOfAHashtagDoesNotReadEverything(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		dbtest.NoScan(t, d, publicTaggedSQL, int64(1), int64(2), int64(0), 20)
	})
}
