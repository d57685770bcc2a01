package statuses

import (
	"context"

	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
)

// emojified are the texts of a status in which shortcodes stand for emoji, those of its poll's options too.
func (s *Status) emojified(options []string) []string {
	said := s.Content
	if s.Local {
		said = s.Text
	}
	return append([]string{s.ContentWarning, said}, options...)
}

// shortcodes are those that a shown status has in its texts, and among them those in the options of its poll. What they stand for is
// looked up whenever it is shown: emoji come and go.
type shortcodes struct{ all, poll []string }

func shortcodesIn(s *Status, asked *Poll) (found shortcodes) {
	if s.IsBoost() {
		return found
	}
	var options []string
	if asked != nil {
		options = asked.Options
	}
	found.all = emoji.Codes(s.emojified(options)...)
	if len(found.all) > 0 {
		found.poll = emoji.Codes(options...)
	}
	return found
}

func (c shortcodes) size() (size int) {
	for _, code := range c.all {
		size += 2*len(code) + 32
	}
	return size
}

// emojis are what the shortcodes of a page stand for, each on its author's server.
type emojis struct {
	found   emoji.Found
	domains map[id.Account]string
}

func (e emojis) append(b []byte, author id.Account, codes []string) []byte {
	if len(codes) == 0 {
		return append(b, "[]"...)
	}
	return e.found.Append(b, e.domains[author], codes)
}

// emojisOf looks up the shortcodes of shown statuses: without a query where they are remembered, as those of this server are.
func (s *Service) emojisOf(ctx context.Context, all []*segment) (e emojis, err error) {
	var elsewhere []id.Account
	var using []*segment
	for _, seg := range all {
		if len(seg.codes.all) == 0 {
			continue
		}
		using = append(using, seg)
		if !seg.local {
			elsewhere = append(elsewhere, seg.author)
		}
	}
	if len(elsewhere) > 0 {
		if e.domains, err = s.accounts.Domains(ctx, elsewhere); err != nil {
			return e, err
		}
	}
	var names []emoji.Name
	for _, seg := range using {
		if domain := e.domains[seg.author]; domain != "" || seg.local {
			names = append(names, emoji.Names(domain, seg.codes.all)...)
		}
	}
	e.found, err = s.emoji.Of(ctx, names)
	return e, err
}
