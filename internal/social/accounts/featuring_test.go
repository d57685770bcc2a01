package accounts

import "testing"

func TestWhoMayFeatureAnAccountOfAnotherServer(t *testing.T) {
	const nobody, follows, followed = 0, 1, 2
	for policy, want := range map[string][3]bool{ // of who is nothing to it, of a follower, of whom it follows
		"":                                        {},
		"said":                                    {},
		"said automatic:public":                   {true, true, true},
		"said manual:public":                      {true, true, true},
		"said automatic:followers":                {false, true, false},
		"said manual:following":                   {false, false, true},
		"said automatic:followers manual:public":  {true, true, true},
		"said manual:followers manual:following":  {false, true, true},
		"said automatic:unsupported_policy":       {true, true, true},
		"said manual:followers automatic:nothing": {false, true, false},
	} {
		a := &Account{Domain: "there.example", CanFeature: policy}
		for who := range want {
			if got := a.LetsFeature(who == follows, who == followed); got != want[who] {
				t.Errorf("%q lets %v feature it: %v", policy, []string{nobody: "a stranger", follows: "a follower", followed: "whom it follows"}[who], got)
			}
		}
	}
}
