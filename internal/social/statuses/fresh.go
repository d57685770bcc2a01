package statuses

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/tags"
)

// fresh is what a member's new status is shown by, known before anybody could do anything with it. It saves the reading of
// what was written just now; a status with media, a poll, a quote or a link is read.
type fresh struct {
	plain bool
	tags  []id.Tag // in the order of the keys
	shown uint64   // epochs: what happens after them makes it untrue
	own   *readerEpoch[id.Status, flags]
}

// begin notes, inside the transaction, when the status was like this.
func (f *fresh) begin(s *Service, status *Status, carried []id.Tag) {
	if words := status.Text + status.ContentWarning; !utf8.ValidString(words) || strings.ContainsRune(words, 0) {
		return // the database keeps it otherwise
	}
	*f = fresh{plain: true, tags: carried, shown: s.shown.Epoch(status.ID)}
	if status.InReplyTo == 0 { // its thread may be muted
		f.own = s.flags.epoch(status.Author)
	}
}

// remember keeps a status that was published as it is shown.
func (s *Service) remember(ctx context.Context, p *prepared) error {
	status, f := p.status, p.fresh
	if !f.plain {
		return nil
	}
	e := shared{Status: s.entity(status)}
	for _, person := range p.marked.people {
		e.Mentions = append(e.Mentions, mentionOf(person))
		if !status.Visibility.Distributable() {
			e.named = append(e.named, person.ID)
		}
	}
	for _, name := range inOrder(p.marked.tags, f.tags) {
		e.Tags = append(e.Tags, mastodon.StatusTag{Name: name, URL: s.site.TagURL(name)})
	}
	names, err := s.appsOf(ctx, appOf(status))
	if err != nil {
		return err
	}
	e.Application = names[status.App].entity()
	seg, err := segmentOf(status, e)
	if err != nil {
		return err
	}
	s.shown.Offer(status.ID, seg, f.shown)
	if f.own != nil {
		f.own.nothing(status.ID)
	}
	return nil
}

func appOf(status *Status) []id.App {
	if status.App == 0 {
		return nil
	}
	return []id.App{status.App}
}

// inOrder gives the names of hashtags in the order of their ids, as statuses show them.
func inOrder(named []tags.Named, ids []id.Tag) []string {
	type tag struct {
		id   id.Tag
		name string
	}
	list := make([]tag, 0, len(ids))
	named = slices.Clone(named)
	slices.SortFunc(named, func(a, b tags.Named) int { return strings.Compare(a.Key, b.Key) }) // as they were attached
	for i, one := range ids {
		list = append(list, tag{one, named[i].Key})
	}
	slices.SortFunc(list, func(a, b tag) int { return cmp.Compare(a.id, b.id) })
	names := make([]string, len(list))
	for i, one := range list {
		names[i] = one.name
	}
	return names
}
