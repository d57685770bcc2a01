package statuses

import (
	"bytes"
	"testing"
)

func TestWhatIsWrittenOnAPaperStaysApart(t *testing.T) {
	p := &paper{make([]byte, 0, 10)}
	first, second := p.take(4), p.take(4)
	first = append(first, "abcd"...)
	second = append(second, "efgh"...)
	longer := append(first, "too much"...) // more than was asked for goes elsewhere
	large := append(p.take(3), "xyz"...)   // and so does what does not fit
	if string(first) != "abcd" || string(second) != "efgh" || string(longer) != "abcdtoo much" || string(large) != "xyz" {
		t.Errorf("%q %q %q %q", first, second, longer, large)
	}
	if !bytes.Equal(p.used, []byte("abcdefgh")) {
		t.Errorf("the paper says %q", p.used)
	}
	var none *paper
	if got := append(none.take(2), "ij"...); string(got) != "ij" {
		t.Errorf("without a paper: %q", got)
	}
}
