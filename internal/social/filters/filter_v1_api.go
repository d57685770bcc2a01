package filters

import (
	"context"
	"fmt"
	"slices"
	"sort"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// The first API knows keywords alone: each is a filter, whose id is the keyword's. What it shares
// with others of its group may not be changed by it.

// Phrase is a keyword with what the first API says of its filter. What is nil stays as it is.
type Phrase struct {
	Text         *string
	WholeWord    *bool
	Contexts     *[]string
	Irreversible *bool // hide instead of warn
	Expires      *time.Duration
}

func (p Phrase) keyword() KeywordChange { return KeywordChange{Text: p.Text, WholeWord: p.WholeWord} }

func (p Phrase) shared() Change {
	c := Change{Title: p.Text, Contexts: p.Contexts, Expires: p.Expires}
	if p.Irreversible != nil {
		action := Warn
		if *p.Irreversible {
			action = Hide
		}
		c.Action = &action
	}
	return c
}

// CreatePhrase makes a filter with one keyword, named after it.
func (s *Service) CreatePhrase(ctx context.Context, member id.Account, p Phrase) (*Filter, error) {
	c := p.shared()
	c.Keywords = []KeywordChange{p.keyword()}
	return s.Create(ctx, member, c)
}

// UpdatePhrase changes a keyword, and the rest of its filter where it stands alone in it.
func (s *Service) UpdatePhrase(ctx context.Context, member id.Account, keyword id.Keyword, p Phrase) (changed *Filter, err error) {
	err = s.change(ctx, member, func(tx *db.Tx, mine *all) error {
		known, err := mine.keyword(keyword)
		if err != nil {
			return err
		}
		if changed, err = mine.filter(known.Filter); err != nil {
			return err
		}
		k, shared := p.keyword(), p.shared()
		k.ID = keyword
		if _, err := changeKeyword(ctx, tx, mine, changed, k, "Keyword"); err != nil {
			return err
		}
		if len(changed.Keywords) > 1 { // a name for several is not the text of one
			shared.Title = nil
		}
		before := *changed
		if err := changed.change(shared, tx.Now()); err != nil {
			return err
		}
		if len(changed.Keywords) > 1 && !sameShared(&before, changed) {
			return fault.New(fault.Invalid, "These parameters cannot be changed from this application because they apply to more than one filter keyword. Use a more recent application or the web interface.")
		}
		return updateFilter(ctx, tx, changed)
	})
	return changed, err
}

func sameShared(a, b *Filter) bool {
	return slices.Equal(a.Contexts, b.Contexts) && a.Action == b.Action && a.ExpiresAt.Equal(b.ExpiresAt)
}

type phraseForm struct {
	Phrase       *string   `form:"phrase"`
	Context      *[]string `form:"context"`
	ExpiresIn    string    `form:"expires_in"`
	Irreversible *bool     `form:"irreversible"`
	WholeWord    *bool     `form:"whole_word"`
}

func readPhrase(c *viewer.Call) (p Phrase, err error) {
	form, err := rest.Decode[phraseForm](c)
	if err != nil {
		return p, err
	}
	p = Phrase{Text: form.Phrase, WholeWord: form.WholeWord, Contexts: form.Context, Irreversible: form.Irreversible}
	p.Expires, err = readExpiry(c, form.ExpiresIn)
	return p, err
}

// shapePhrase shows one keyword of a filter as a filter.
func shapePhrase(f *Filter, keyword id.Keyword) (any, error) {
	at := slices.IndexFunc(f.Keywords, func(k Keyword) bool { return k.ID == keyword })
	if at < 0 {
		return nil, fmt.Errorf("keyword %d is not in filter %d", keyword, f.ID)
	}
	return phraseOf(f, &f.Keywords[at]), nil
}

func phraseOf(f *Filter, k *Keyword) mastodon.FilterV1 {
	m := shape(f)
	return mastodon.FilterV1{ID: k.ID.String(), Phrase: k.Text, Context: m.Context, WholeWord: k.WholeWord, ExpiresAt: m.ExpiresAt, Irreversible: f.Action == Hide}
}

// ListPhrases serves GET /api/v1/filters.
func (s *Service) ListPhrases(c *viewer.Call) (any, error) {
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	type row struct {
		f *Filter
		k *Keyword
	}
	var rows []row
	for _, f := range mine.filters {
		for i := range f.Keywords {
			rows = append(rows, row{f, &f.Keywords[i]})
		}
	}
	sort.Slice(rows, func(i, j int) bool { return rows[i].k.ID < rows[j].k.ID })
	shown := make([]mastodon.FilterV1, len(rows))
	for i, one := range rows {
		shown[i] = phraseOf(one.f, one.k)
	}
	return shown, nil
}

// CreateFilterV1 serves POST /api/v1/filters.
func (s *Service) CreateFilterV1(c *viewer.Call) (any, error) {
	p, err := readPhrase(c)
	if err != nil {
		return nil, err
	}
	f, err := s.CreatePhrase(c.Context(), c.Viewer.Account, p)
	if err != nil {
		return nil, err
	}
	return phraseOf(f, &f.Keywords[0]), nil
}

// ShowFilterV1 serves GET /api/v1/filters/{id}.
func (s *Service) ShowFilterV1(c *viewer.Call) (any, error) {
	wanted, err := keywordFromPath(c)
	if err != nil {
		return nil, err
	}
	mine, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	k, err := mine.keyword(wanted)
	if err != nil {
		return nil, err
	}
	f, err := mine.filter(k.Filter)
	if err != nil {
		return nil, err
	}
	return phraseOf(f, k), nil
}

// UpdateFilterV1 serves PUT /api/v1/filters/{id}.
func (s *Service) UpdateFilterV1(c *viewer.Call) (any, error) {
	wanted, err := keywordFromPath(c)
	if err != nil {
		return nil, err
	}
	p, err := readPhrase(c)
	if err != nil {
		return nil, err
	}
	f, err := s.UpdatePhrase(c.Context(), c.Viewer.Account, wanted, p)
	if err != nil {
		return nil, err
	}
	return shapePhrase(f, wanted)
}
