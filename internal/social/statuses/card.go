package statuses

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"

	"anancus/internal/kit/memo"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/viewer"
)

// card is the preview of a link as it is the same for every viewer and every status that has the link, encoded. The address, the
// account of its author and what the viewer alone is told are added when it is shown.
type card struct {
	head       []byte // `,"title":…`
	address    []byte // a JSON text
	host       string
	author     []byte // `{"name":…,"url":…`; nil for nobody
	creator    id.Account
	attributed bool
}

func (c *card) size() uint32 {
	if c == nil {
		return 0
	}
	return uint32(len(c.head) + len(c.address) + len(c.author) + len(c.host))
}

// cards remembers previews by their links, nil where a page was not read.
type cards struct {
	known *memo.Memo[id.Link, *card]

	mu       sync.Mutex
	creators map[id.Account]bool // who is named by any that is remembered, also while they are suspended: they may be back
}

const cardsMemory = 4 << 20

func newCards() *cards {
	return &cards{known: memo.New[id.Link](cardsMemory, (*card).size), creators: map[id.Account]bool{}}
}

// ForgetCards drops what is remembered of previews.
func (s *Service) ForgetCards(links ...id.Link) { s.cards.known.Forget(links...) }

// ForgetCreator drops what is remembered of previews that name an account as their author: it may publish elsewhere now, or be shown or not.
func (s *Service) ForgetCreator(account id.Account) {
	s.cards.mu.Lock()
	defer s.cards.mu.Unlock()
	if s.cards.creators[account] {
		clear(s.cards.creators)
		s.cards.known.Clear()
	}
}

// ForgetAllCards drops what is remembered of all previews.
func (s *Service) ForgetAllCards() { s.cards.known.Clear() }

// cardsOf gives previews from memory, or encoded anew, in one statement for a page that has links which are not remembered. It is not a
// part of the statement that reads which links there are: what was read before the memory was asked could be kept after it was forgotten.
func (s *Service) cardsOf(ctx context.Context, links []id.Link) (map[id.Link]*card, error) {
	if len(links) == 0 {
		return nil, nil
	}
	return s.cards.known.All(links, func(missing []id.Link) (map[id.Link]*card, error) {
		found, err := media.Previews(ctx, s.db, missing)
		if err != nil {
			return nil, err
		}
		out := make(map[id.Link]*card, len(missing))
		for _, link := range missing {
			out[link] = nil
			p := found[link]
			if p == nil {
				continue
			}
			if out[link], err = s.encodeCard(p); err != nil {
				return nil, fmt.Errorf("show preview of link %d: %w", link, err)
			}
		}
		return out, nil
	})
}

// sharedCard is a PreviewCard without the keys that are added when it is shown.
type sharedCard struct {
	mastodon.PreviewCard
	URL     *struct{} `json:"url,omitempty"` // these shadow the entity's keys
	Authors *struct{} `json:"authors,omitempty"`
	Missing *struct{} `json:"missing_attribution,omitempty"`
}

func (s *Service) encodeCard(p *media.Preview) (*card, error) {
	m := s.media.PresentPreview(p)
	c := &card{host: p.Host, creator: p.Creator, attributed: p.Attributed}
	head, err := accounts.Encode(sharedCard{PreviewCard: m})
	if err != nil {
		return nil, err
	}
	c.head = append([]byte{','}, head[1:len(head)-1]...)
	if c.address, err = accounts.Encode(m.URL); err != nil {
		return nil, err
	}
	if p.Named != 0 {
		s.cards.mu.Lock()
		s.cards.creators[p.Named] = true
		s.cards.mu.Unlock()
	}
	if m.AuthorName != "" || m.AuthorURL != "" || p.Creator != 0 {
		author, err := accounts.Encode(struct {
			Name string `json:"name"`
			URL  string `json:"url"`
		}{m.AuthorName, m.AuthorURL})
		if err != nil {
			return nil, err
		}
		c.author = author[:len(author)-1]
	}
	return c, nil
}

// namedBy gives the account that the page may name; 0 for none.
func (c *card) namedBy() id.Account {
	if c == nil || !c.attributed {
		return 0
	}
	return c.creator
}

// appendTo writes the preview to a viewer. written is its address in the status, encoded, nil for the page's own.
func (c *card) appendTo(b []byte, written []byte, v viewer.Viewer, people map[id.Account]raw) []byte {
	if c == nil {
		return append(b, "null"...)
	}
	if written == nil {
		written = c.address
	}
	b = append(append(b, `{"url":`...), written...)
	b = append(b, c.head...)
	b = append(b, `,"authors":[`...)
	if account := people[c.namedBy()]; c.author != nil && (account != nil || len(c.author) > len(nobody)) {
		b = append(b, c.author...)
		b = appendRaw(b, "account", account)
		b = append(b, '}')
	}
	b = append(b, ']')
	if v.IsMember() {
		b = appendFlag(b, "missing_attribution", c.creator == v.Account && !c.attributed)
	}
	return append(b, '}')
}

// nobody is an author of whom the page tells nothing.
const nobody = `{"name":"","url":""`

// Cards shows the previews of links to a viewer, encoded; links whose pages were not read are left out.
func (s *Service) Cards(ctx context.Context, v viewer.Viewer, links []id.Link) (map[id.Link]json.RawMessage, error) {
	found, err := s.cardsOf(ctx, links)
	if err != nil {
		return nil, err
	}
	var named []id.Account
	for _, c := range found {
		if who := c.namedBy(); who != 0 {
			named = append(named, who)
		}
	}
	people, err := s.accounts.Shown(ctx, named)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Link]json.RawMessage, len(found))
	for link, c := range found {
		if c != nil {
			out[link] = c.appendTo(nil, nil, v, people)
		}
	}
	return out, nil
}

// linked is the link of a status as it is shown.
type linked struct {
	link    id.Link
	written []byte // encoded; nil for the page's own address
	host    string // of what is written
}

// shownAs gives the address under which a status shows a preview: what is written there where that leads to the same site. Where it
// leads elsewhere first, such as a shortener does, the page's own address is shown, because its author answers for no other.
func (l linked) shownAs(c *card) []byte {
	if c == nil || l.host != c.host {
		return nil
	}
	return l.written
}

func encodeLink(link id.Link, written string) (linked, error) {
	l := linked{link: link}
	if written == "" {
		return l, nil
	}
	u, err := url.Parse(written)
	if err != nil {
		return linked{}, fmt.Errorf("address of link %d: %w", link, err)
	}
	l.host = strings.ToLower(u.Hostname())
	l.written, err = accounts.Encode(written)
	return l, err
}

func appendRaw(b []byte, name string, value raw) []byte {
	b = append(b, ',', '"')
	b = append(b, name...)
	b = append(b, '"', ':')
	if value == nil {
		return append(b, "null"...)
	}
	return append(b, value...)
}
