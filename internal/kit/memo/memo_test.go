package memo

import "testing"

func weigh(v string) uint32 { return uint32(len(v)) }

func TestOnlyMissingKeysAreRead(t *testing.T) {
	m := New[int64](1<<20, weigh)
	var asked []int64
	load := func(missing []int64) (map[int64]string, error) {
		asked = append(asked, missing...)
		out := map[int64]string{}
		for _, k := range missing {
			if k != 9 {
				out[k] = "v"
			}
		}
		return out, nil
	}
	if got, err := m.All([]int64{1, 2, 9}, load); err != nil || len(got) != 2 {
		t.Fatalf("All = %v, %v", got, err)
	}
	if _, err := m.All([]int64{1, 2, 3}, load); err != nil {
		t.Fatal(err)
	}
	if len(asked) != 4 { // 1 2 9, then 3
		t.Errorf("read %v, want 1 2 9 3", asked)
	}
}

func TestAValueForgottenWhileItWasReadIsNotKept(t *testing.T) {
	m := New[int64](1<<20, weigh)
	got, err := m.All([]int64{1}, func([]int64) (map[int64]string, error) {
		m.Forget(1) // changed between the read and the answer
		return map[int64]string{1: "old"}, nil
	})
	if err != nil || got[1] != "old" {
		t.Fatalf("All = %v, %v", got, err)
	}
	if v, ok := m.Peek(1); ok {
		t.Errorf("kept %q, which was read before it was forgotten", v)
	}
}

func TestValuesAreForgottenByWhatTheyAre(t *testing.T) {
	m := New[int64](1<<20, weigh)
	load := func(missing []int64) (map[int64]string, error) {
		out := map[int64]string{}
		for _, k := range missing {
			out[k] = map[bool]string{true: "even", false: "odd"}[k%2 == 0]
		}
		if len(missing) == 1 { // changed between the read and the answer
			m.ForgetWhere(func(v string) bool { return v == "even" })
		}
		return out, nil
	}
	for _, keys := range [][]int64{{1, 2, 3, 4}, {5}} {
		if _, err := m.All(keys, load); err != nil {
			t.Fatal(err)
		}
	}
	for k, want := range map[int64]bool{1: true, 2: false, 3: true, 4: false, 5: false} {
		if _, ok := m.Peek(k); ok != want {
			t.Errorf("%d is kept: %v", k, ok)
		}
	}
}

func TestAnOfferIsNotKeptWhenTheKeyWasForgottenSince(t *testing.T) {
	m := New[int64](1<<20, weigh)
	epoch := m.Epoch(1)
	m.Offer(1, "made", epoch)
	if v, _ := m.Peek(1); v != "made" {
		t.Errorf("kept %q", v)
	}
	m.Forget(1)
	m.Offer(1, "old", epoch)
	if v, ok := m.Peek(1); ok {
		t.Errorf("kept %q, which was made before it was forgotten", v)
	}
}

func TestAnUpdateTakesThePlaceOfWhatIsRememberedAndOfWhatIsRead(t *testing.T) {
	m := New[int64](1<<20, weigh)
	more := func(v string) (string, bool) { return v + "+", v != "bad" }
	m.Update(1, more)
	if v, ok := m.Peek(1); ok {
		t.Errorf("made %q of nothing", v)
	}
	for key, want := range map[int64]string{2: "good+", 3: ""} {
		m.Offer(key, map[int64]string{2: "good", 3: "bad"}[key], m.Epoch(key))
		m.Update(key, more)
		if v, _ := m.Peek(key); v != want {
			t.Errorf("%d is %q, want %q", key, v, want)
		}
	}
	_, _ = m.All([]int64{4}, func([]int64) (map[int64]string, error) {
		m.Update(4, more)
		return map[int64]string{4: "read before"}, nil
	})
	if v, ok := m.Peek(4); ok {
		t.Errorf("kept %q, which was read before the update", v)
	}
}
