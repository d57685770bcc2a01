package statuses

import (
	"slices"
	"testing"
)

func TestLinksOfATextAreNeitherMentionsNorHashtags(t *testing.T) {
	content := `<p class="quote-inline">RE: <a href="https://quoted.example/1" rel="nofollow noopener">https://quoted.example/1</a></p>
		<p><span class="h-card"><a href="https://there.example/@bo" class="u-url mention">@<span>bo</span></a></span>
		<a href="https://there.example/tags/cats" class="mention hashtag" rel="tag">#<span>cats</span></a>
		<a href="https://there.example/tags/dogs" rel="tag">#dogs</a> <a href="javascript:alert(1)">x</a>
		<a href="https://one.example/a?b=1&amp;c=2" rel="nofollow noopener"><span class="invisible">https://</span><span>one.example/a</span></a>
		<a href="https://two.example">two</a></p>
		<p><a href="https://three.example/">three</a></p>`
	want := []string{"https://one.example/a?b=1&c=2", "https://two.example/", "https://three.example/"}
	if got := linksIn(content); !slices.Equal(got, want) {
		t.Errorf("they are %q, want %q", got, want)
	}
	if got := linksIn("no link, <b>not"); len(got) != 0 {
		t.Errorf("a text without any has %q", got)
	}
}
