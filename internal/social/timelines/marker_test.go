package timelines

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
)

func TestAMarkerThatMovedSinceItWasReadIsAConflict(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(1)
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			if _, err := move(t.Context(), tx, 1, Marker{Timeline: HomeMarker, LastRead: 5}); err != nil {
				return err
			}
			if changed, err := insertMarker(t.Context(), tx, 1, Marker{Timeline: HomeMarker, LastRead: 6}); err != nil || changed {
				t.Errorf("a second first mark: %v, %v", changed, err)
			}
			for version, want := range map[int64]bool{0: false, 2: false} {
				if changed, err := updateMarker(t.Context(), tx, 1, Marker{Timeline: HomeMarker, LastRead: 6, Version: version}); err != nil || changed != want {
					t.Errorf("to version %d: %v, %v", version, changed, err)
				}
			}
			moved, err := move(t.Context(), tx, 1, Marker{Timeline: HomeMarker, LastRead: 9})
			if err != nil || moved.Version != 1 {
				t.Errorf("the next is %+v, %v", moved, err)
			}
			return err
		})
		if err != nil || fault.Is(err, fault.Conflict) {
			t.Fatal(err)
		}
	})
}
