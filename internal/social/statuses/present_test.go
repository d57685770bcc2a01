package statuses

import (
	"errors"
	"reflect"
	"testing"
	"time"

	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

func TestNothingOfAPageIsLeftOnItsMemory(t *testing.T) {
	seg := &segment{author: 2}
	w := &showing{viewer: viewer.Viewer{Account: 1}, personal: true, stream: true, without: []id.Account{6}, owners: []id.Account{7}, now: time.Now(),
		segments: map[id.Status]*segment{}, authors: map[id.Account]raw{2: raw("{}")}, own: map[id.Status]flags{3: favourited}, people: []id.Account{2},
		quotes: quotes{redraft: true}, cards: map[id.Link]*card{4: nil}, collections: map[id.Collection]raw{5: nil}, unwanted: &filters.Set{},
		emojis: emojis{domains: map[id.Account]string{2: ""}}, paper: []byte("[]"), err: errors.New("an error")}
	w.add(3, seg)
	w.wipe()
	left := reflect.ValueOf(w).Elem()
	for i := range left.NumField() {
		switch f, name := left.Field(i), left.Type().Field(i).Name; {
		case name == "paper": // each page begins at its front
		case (f.Kind() == reflect.Map || f.Kind() == reflect.Slice) && f.Len() == 0:
		case !f.IsZero():
			t.Errorf("%s is left", name)
		}
	}
	if held := w.all[:1]; held[0] != nil {
		t.Error("what the page showed is held in memory")
	}
}
