package statuses

import (
	"slices"
	"testing"

	"anancus/internal/social/id"
)

func TestOfANewStatusItIsKnownWhoDidSomethingWithIt(t *testing.T) {
	u := newUntouched()
	mind := func(status id.Status) bool { return status == 9 }
	want := func(account id.Account, want ...id.Status) {
		t.Helper()
		if got := u.rest(account, []id.Status{1, 2, 3, 9}, mind); !slices.Equal(got, want) {
			t.Errorf("%d is asked for %v, want %v", account, got, want)
		}
	}
	want(7, 1, 2, 3, 9)
	u.begin(2)
	u.begin(9)
	want(7, 1, 3, 9) // the last one minds
	u.touch(7, 2)
	u.touch(7, 3)
	want(7, 1, 2, 3, 9)
	want(8, 1, 3, 9)
	u.doubt(8)
	want(8, 1, 2, 3, 9)
	u.begin(3)
	want(8, 1, 2, 9) // it came later
	u.forget(3)
	want(8, 1, 2, 3, 9)
	if u.touched != 2 {
		t.Errorf("%d touches are counted", u.touched)
	}
}

func TestWhatIsKnownOfNewStatusesIsBounded(t *testing.T) {
	u := newUntouched()
	last := id.Status(3 * maxUntouched)
	for status := id.Status(1); status <= last; status++ {
		u.begin(status)
		u.touch(5, status)
	}
	never := func(id.Status) bool { return false }
	if n := len(u.known); n != maxUntouched || u.touched != maxUntouched || len(u.newest) != maxUntouched {
		t.Errorf("%d statuses are known with %d touches", n, u.touched)
	}
	if rest := u.rest(6, []id.Status{last, last - maxUntouched + 1, last - maxUntouched, 1}, never); !slices.Equal(rest, []id.Status{last - maxUntouched, 1}) {
		t.Errorf("asked for %v, and not for the old ones alone", rest)
	}
	for account := id.Account(1); account <= maxTouches; account++ {
		u.touch(account, last)
	}
	if len(u.known) != 0 || len(u.since) != 0 || u.touched > maxUntouched {
		t.Errorf("%d statuses and %d accounts are known with %d touches", len(u.known), len(u.since), u.touched)
	}
	if u.begin(last + 1); len(u.rest(6, []id.Status{last + 1}, never)) != 0 {
		t.Error("nothing is known any more of what comes")
	}
}
