package frontdoor

import (
	"net/http"
	"strings"
	"testing"

	"anancus/internal/social/accounts"
	"anancus/internal/social/collections"
	"anancus/internal/social/id"
)

func (h *house) collect(owner *accounts.Account, w collections.Wishes, people ...*accounts.Account) string {
	h.t.Helper()
	var first []id.Account
	for _, a := range people {
		h.exec(`UPDATE accounts SET discoverable = TRUE WHERE id = $1`, a.ID)
		h.people.Forget(a.ID)
		first = append(first, a.ID)
	}
	made, err := h.collections.Create(h.t.Context(), owner.ID, w, first)
	if err != nil {
		h.t.Fatal(err)
	}
	return "/collections/" + id.String(made.ID)
}

func TestACollectionIsAPage(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, bo, cy := h.join("ada"), h.join("bo"), h.join("cy")
		h.exec(`UPDATE accounts SET indexable = TRUE, discoverable = TRUE WHERE id = $1`, ada.ID)
		h.people.Forget(ada.ID)
		yes, no, words := true, false, func(s string) *string { return &s }
		at := h.collect(ada, collections.Wishes{Name: words("Friends <b>"), Description: words("of <mine>"), Language: words("en"), Tag: words("Cats"), Discoverable: &yes}, bo, cy)
		uri := "https://social.example/ap/users/" + ada.ID.String() + at
		page := h.shows(at, "Friends &lt;b&gt;", "of &lt;mine&gt;", "A collection by ada", `href="/@ada"`, "2 accounts", `href="/@bo"`, "@cy@social.example", `href="/tags/cats"`, "#Cats", `lang="en"`,
			`<link rel="canonical" href="https://social.example`+at+`">`, `rel="alternate" type="application/activity+json" href="`+uri+`"`, "!noindex", "!<details")
		if strings.Index(page, `href="/@bo"`) > strings.Index(page, `href="/@cy"`) {
			t.Error("they are not in their order")
		}
		w := h.get(at)
		if got := w.Header().Get("Link"); got != `<`+uri+`>; rel="alternate"; type="application/activity+json"` {
			t.Errorf("the page leads to %s", got)
		}
		if got := w.Header().Get("Cache-Control"); got != cachePage {
			t.Errorf("it may be kept %q", got)
		}
		if again := h.get(at, "If-None-Match", w.Header().Get("ETag")); again.Code != http.StatusNotModified {
			t.Errorf("asked again it is %d", again.Code)
		}
		h.shows(at+"?lang=ja", "adaさんのコレクション", "2アカウント")
		// Who is gone is in it no more.
		h.exec(`UPDATE accounts SET suspended_at = 1 WHERE id = $1`, cy.ID)
		h.people.Forget(cy.ID)
		h.shows(at, "1 account ·", "!@cy@")
		// What its owner keeps off the profile, or warns of, is for nobody who searches.
		h.shows(h.collect(ada, collections.Wishes{Name: words("Quiet"), Discoverable: &no}), "noindex", "Nobody is in this collection yet")
		h.shows(h.collect(ada, collections.Wishes{Name: words("Odd"), Discoverable: &yes, Sensitive: &yes}, bo), "noindex", "<details", "show who is in it", "@bo@")
		for _, nothing := range []string{"/collections/1", "/collections/x"} {
			if w := h.get(nothing); w.Code != http.StatusNotFound {
				t.Errorf("%s is %d", nothing, w.Code)
			}
		}
		h.exec(`UPDATE accounts SET suspended_at = 1 WHERE id = $1`, ada.ID)
		h.people.Forget(ada.ID)
		if w := h.get(at); w.Code != http.StatusNotFound || strings.Contains(w.Body.String(), "Friends") {
			t.Errorf("of a suspended owner it is %d", w.Code)
		}
	})
}

func TestACollectionElsewhereIsOnlyPointedTo(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		zed := h.stranger("zed", "other.example")
		h.exec(`INSERT INTO collections (id, account_id, name, description, uri, url, created_at, updated_at) VALUES (7,$1,'Secret','Secret','https://other.example/c/7','https://other.example/pages/7',0,0)`, zed.ID)
		h.shows("/collections/7", `href="https://other.example/pages/7"`, "made on another server", "noindex", "!Secret")
	})
}
