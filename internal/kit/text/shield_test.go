package text

import "testing"

func TestShortcodesAreShieldedInTextAndNowhereElse(t *testing.T) {
	for source, want := range map[string]string{
		"plain":             "plain",
		"at 10:30":          "at 10:30",
		"<p>:cat:</p>":      `<p><span translate="no">:cat:</span></p>`,
		":a_b: &amp; :a_b:": `<span translate="no">:a_b:</span> &amp; <span translate="no">:a_b:</span>`,
		`<a href="https://a.example/:cat:">x</a>`: `<a href="https://a.example/:cat:">x</a>`,
	} {
		got := ShieldEmoji(source)
		if got != want {
			t.Errorf("%q becomes %q, want %q", source, got, want)
		}
		if back := Unshield(got, EmojiCodes(source)); back != source {
			t.Errorf("%q comes back as %q", source, back)
		}
	}
}
