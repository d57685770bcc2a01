package relays

import (
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/social/settings"
)

func TestTheAddressOfAnInboxHasOneSpelling(t *testing.T) {
	s := &Service{site: settings.Site{Domain: "here.example", WebDomain: "www.here.example"}}
	for given, want := range map[string]string{
		"https://relay.example/inbox":     "https://relay.example/inbox",
		"https://Relay.Example/inbox":     "https://relay.example/inbox",
		"https://relay.example/inbox?a=b": "https://relay.example/inbox?a=b",
	} {
		if got, err := s.address(given); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", given, got, err, want)
		}
	}
	for _, given := range []string{"", "relay.example", "http://relay.example/inbox", "https://www.here.example/inbox", "https://here.example/inbox", "https://a:b@relay.example/inbox", "https://relay.example/inbox#x", "javascript:alert(1)"} {
		if got, err := s.address(given); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s is %q (%v)", given, got, err)
		}
	}
}
