package timelines

import (
	"context"
	"fmt"
	"math"
	"slices"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// profileOf pages through an account's own timeline as a reader sees it, from memory as far as that reaches.
func (w *world) profileOf(f statuses.ProfileFilter, limit int, upward bool) []int {
	w.tb.Helper()
	all := []int{}
	p := keyset.First(limit)
	if upward {
		p = keyset.Page{Before: math.MaxInt64, After: 1, Upward: true, Limit: limit}
	}
	for range 200 {
		page, known, err := w.profilePage(context.Background(), f, p)
		if err == nil && !known {
			page, err = w.statuses.OfAccount(context.Background(), f, p)
		}
		if err != nil {
			w.tb.Fatal(err)
		}
		if page.Read == 0 {
			return all
		}
		list := slices.Clone(page.Statuses)
		if upward {
			slices.Reverse(list)
			p.After = int64(page.First)
		} else {
			p.Before = int64(page.Last)
		}
		for _, one := range list {
			all = append(all, int(one))
		}
	}
	w.tb.Fatal("the pages never end")
	return nil
}

// checkProfiles compares what is in memory of accounts' own timelines with what the database says.
func (w *world) checkProfiles(people int) {
	w.tb.Helper()
	hidden, err := db.All(context.Background(), w.d, db.Value[id.Account], `SELECT id FROM accounts WHERE suspended_at IS NOT NULL`)
	if err != nil {
		w.tb.Fatal(err)
	}
	for author := id.Account(1); author <= id.Account(people); author++ {
		if slices.Contains(hidden, author) {
			continue
		}
		for _, reader := range []id.Account{0, 1, 3} {
			for _, f := range []statuses.ProfileFilter{{}, {ExcludeReplies: true}, {ExcludeBoosts: true}} {
				f.Account, f.Reader, f.Here = author, reader, reader != 0
				truth, err := w.statuses.OfAccount(context.Background(), f, keyset.First(1000))
				if err != nil {
					w.tb.Fatal(err)
				}
				want := []int{}
				for _, one := range truth.Statuses {
					want = append(want, int(one))
				}
				name := fmt.Sprintf("profile of %d for %d without answers %t, without boosts %t", author, reader, f.ExcludeReplies, f.ExcludeBoosts)
				w.want(name, w.profileOf(f, 3, false), want)
				slices.Reverse(want)
				w.want(name+" upward", w.profileOf(f, 3, true), want)
			}
		}
	}
}

func TestAWarmProfileAsksNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(6)
		for i := range 30 {
			w.publish(post{id: 1000 + i, author: 2})
		}
		w.boost(2000, 2, 1005, 2)
		w.follow(1, 2, true)
		f := statuses.ProfileFilter{Account: 2, Reader: 1, Here: true}
		read := func(f statuses.ProfileFilter) {
			t.Helper()
			if _, known, err := w.profilePage(t.Context(), f, keyset.First(20)); err != nil || !known {
				t.Fatalf("known %t, %v", known, err)
			}
		}
		count := func(do func()) int64 {
			before := d.Queries()
			do()
			return d.Queries() - before
		}
		read(f)
		if _, err := w.Service.own(t.Context(), homeOf(1), keyset.First(3)); err != nil {
			t.Fatal(err)
		}
		if n := count(func() { read(f) }); n != 0 {
			t.Errorf("a reader whose home feed is open costs %d queries", n)
		}
		if n := count(func() { read(statuses.ProfileFilter{Account: 2}) }); n != 0 {
			t.Errorf("a visitor costs %d queries", n)
		}
		for _, want := range []int64{1, 0} {
			if n := count(func() { read(statuses.ProfileFilter{Account: 2, Reader: 5, Here: true}) }); n != want {
				t.Errorf("a reader whose home feed is not open costs %d queries, want %d", n, want)
			}
		}
		w.publish(post{id: 3000, author: 2})
		if n := count(func() { read(f) }); n != 1 {
			t.Errorf("a new status costs %d queries, want 1", n)
		}
	})
}

func TestProfilesMakeRoomForThoseReadLast(t *testing.T) {
	b := newProfiles(2)
	one := b.of(1, 5)
	b.of(2, 5)
	if b.of(1, 5) != one {
		t.Fatal("a profile in memory was not found")
	}
	b.of(3, 5)
	var kept []id.Account
	b.each(func(p *profile) { kept = append(kept, p.account) })
	slices.Sort(kept)
	if !slices.Equal(kept, []id.Account{1, 3}) || b.recent.Len() != 2 {
		t.Errorf("kept %v, want 1 and 3", kept)
	}
}
