package activitypub

import "testing"

func FuzzReadHostMeta(f *testing.F) {
	f.Add([]byte(`<?xml version="1.0"?><XRD><Link rel="lrdd" template="https://a.test/{uri}"/></XRD>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if template, err := readHostMeta(body); err == nil && template == "" {
			t.Error("a template of nothing")
		}
	})
}

func FuzzReadJRD(f *testing.F) {
	f.Add([]byte(`{"subject":"acct:a@a.test","links":[{"rel":"self","type":"application/activity+json","href":"https://a.test/1"}]}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if found, err := readJRD(body, Handle{"a", "a.test"}); err == nil && CheckID(found.Self) != nil {
			t.Errorf("the actor is %q", found.Self)
		}
	})
}

func FuzzParseHandle(f *testing.F) {
	f.Add("@ada@example.com:8080")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := ParseHandle(text)
		if err != nil {
			return
		}
		if again, err := ParseHandle(h.String()); err != nil || again != h {
			t.Errorf("%q is %v, then %v, %v", text, h, again, err)
		}
	})
}
