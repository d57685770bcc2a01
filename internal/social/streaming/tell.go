package streaming

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
	"anancus/internal/social/timelines"
	"anancus/internal/social/viewer"
)

// The events of statuses, in the API's words.
const (
	update  = "update"
	edit    = "status.update"
	removal = "delete"
)

// receiver is a subscription that is told something, with what decides how its member sees it.
type receiver struct {
	*subscription
	home    *timelines.Ear
	filters *filters.Set
}

// status tells of a status: new, edited, or gone.
func (h *Hub) status(ctx context.Context, event string, status id.Status, author id.Account, tags []id.Tag) {
	if !h.concerns(author, tags) {
		return
	}
	n, err := h.Timelines.News(ctx, status)
	if fault.Is(err, fault.NotFound) {
		return
	}
	var shown *statuses.Streamed
	switch {
	case err != nil:
	case event == removal:
		n = n.AsItWas()
	case n.Gone():
		return
	default:
		if shown, err = h.Statuses.Stream(ctx, status); err == nil && shown == nil {
			return
		}
	}
	if err != nil {
		h.lose(ctx, "a status could not be read for the streams", err, func(*socket) bool { return true })
		return
	}
	to := h.audience(event, n)
	if len(to) == 0 {
		return
	}
	if event == removal {
		h.send(h.message(event, []byte(status.String())), to)
		return
	}
	h.show(ctx, event, status, shown, to)
}

// concerns tells whether a status may interest any stream: else it is not even read.
func (h *Hub) concerns(author id.Account, tags []id.Tag) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.public) > 0 || len(h.tags) > 0 {
		return true
	}
	for _, p := range h.persons {
		if !p.ready || len(p.subs) == 0 {
			continue
		}
		if p.home.Hears(author, tags) || tags == nil { // an edit is told to whom it mentions too
			return true
		}
		for _, ear := range p.lists {
			if ear != nil && ear.Hears(author, tags) {
				return true
			}
		}
	}
	return false
}

// audience lists the subscriptions that are told of a status.
func (h *Hub) audience(event string, n *timelines.News) []receiver {
	h.mu.Lock()
	defer h.mu.Unlock()
	var to []receiver
	add := func(s *subscription) { to = append(to, receiver{s, s.person.home, s.person.filters}) }
	for _, p := range h.persons {
		if !p.ready || len(p.subs) == 0 {
			continue
		}
		home := takes(event, p.home, n) || event == edit && p.home.Sees(n)
		lists := map[id.List]bool{}
		for list, ear := range p.lists {
			lists[list] = ear != nil && takes(event, ear, n)
		}
		for _, s := range p.subs {
			if s.name == userChannel && home || s.list != 0 && lists[s.list] {
				add(s)
			}
		}
	}
	v := h.Settings.Now()
	if n.OnPublic() {
		for s := range h.public {
			if s.person.ready && s.fits(n) && n.Within(timelines.ReachOf(s.socket.viewer, v.LocalLiveFeed, v.RemoteLiveFeed)) && s.person.home.MeetsPublic(n) {
				add(s)
			}
		}
	}
	if n.OnTags() {
		for _, tag := range n.Tags() {
			for s := range h.tags[tag] {
				if s.person.ready && s.fits(n) && n.Within(timelines.ReachOf(s.socket.viewer, v.LocalTopicFeed, v.RemoteTopicFeed)) && s.person.home.Meets(n) {
					add(s)
				}
			}
		}
	}
	return to
}

func takes(event string, ear *timelines.Ear, n *timelines.News) bool {
	switch event {
	case update:
		return ear.Takes(n)
	case removal:
		ear.Drop(n)
	}
	return ear.Wants(n)
}

// fits tells whether a channel is of what a status is.
func (s *subscription) fits(n *timelines.News) bool {
	return !(s.local && !n.Local() || s.remote && n.Local() || s.media && !n.Media())
}

// send puts a message into the queues of streams.
func (h *Hub) send(m *message, to []receiver) {
	for _, r := range to {
		r.socket.send(m.frame(r.subscription))
	}
}

// show sends a status to streams: the same to all, but to those in whose eyes it is another.
func (h *Hub) show(ctx context.Context, event string, status id.Status, shown *statuses.Streamed, to []receiver) {
	views := views{all: view{shown, h.message(event, shown.Plain())}}
	now := h.Clock.Now()
	for _, r := range to {
		m, err := h.seen(ctx, event, status, &views, r, now)
		if err != nil {
			h.lose(ctx, "a status could not be shown to a stream's member", err, func(k *socket) bool { return k == r.socket })
			continue
		}
		if m != nil {
			r.socket.send(m.frame(r.subscription))
		}
	}
}

// view is a status as many see it, and the message that tells them where their filters find nothing.
type view struct {
	shown *statuses.Streamed
	plain *message
}

// views are a status as nearly all see it, and as those do whom owners of collections that it leads to shut out, by these owners.
type views struct {
	all     view
	without map[string]view
}

// seen is the message for one stream; nil when the status went while it was told.
func (h *Hub) seen(ctx context.Context, event string, status id.Status, all *views, r receiver, now time.Time) (*message, error) {
	member, one := r.socket.viewer.Account, all.all
	quoted := one.shown.Quoted
	if quoted != 0 && (one.shown.Apart || quoted != member && r.home.Shuns(quoted, one.shown.QuotedDomain)) || slices.Contains(one.shown.Led, member) {
		rows, err := h.Statuses.Present(ctx, viewer.Viewer{Account: member}, []id.Status{status})
		if err != nil || len(rows) == 0 {
			return nil, err
		}
		return h.message(event, rows[0]), nil
	}
	if len(one.shown.Led) > 0 {
		var err error
		if one, err = h.viewFor(ctx, event, status, all, r.home); err != nil || one.shown == nil {
			return nil, err
		}
	}
	body, err := one.shown.For(member, r.filters, now)
	if err != nil || body == nil {
		return one.plain, err
	}
	return h.message(event, body), nil
}

// viewFor is the view of a status without the collections of those who shut a reader out. It is made once for all whom the same shut out.
func (h *Hub) viewFor(ctx context.Context, event string, status id.Status, all *views, reader *timelines.Ear) (view, error) {
	var by []id.Account
	for _, owner := range all.all.shown.Led {
		if reader.ShutOutBy(owner) {
			by = append(by, owner)
		}
	}
	if len(by) == 0 {
		return all.all, nil
	}
	key := fmt.Sprint(by)
	if one, made := all.without[key]; made {
		return one, nil
	}
	shown, err := h.Statuses.StreamWithout(ctx, status, by)
	if err != nil || shown == nil {
		return view{}, err
	}
	if all.without == nil {
		all.without = map[string]view{}
	}
	one := view{shown, h.message(event, shown.Plain())}
	all.without[key] = one
	return one, nil
}

// personal tells a member alone, on the channels that match. What is told is made only when there are such.
func (h *Hub) personal(ctx context.Context, account id.Account, match func(s *subscription) bool, tell func(v viewer.Viewer) (*message, error)) {
	h.mu.Lock()
	var to []receiver
	if p := h.persons[account]; p != nil {
		for _, s := range p.subs {
			if match(s) {
				to = append(to, receiver{subscription: s})
			}
		}
	}
	h.mu.Unlock()
	if len(to) == 0 {
		return
	}
	m, err := tell(to[0].socket.viewer)
	if err != nil {
		h.lose(ctx, "what concerns a member could not be told", err, func(k *socket) bool { return k.viewer.Account == account })
		return
	}
	if m != nil {
		h.send(m, to)
	}
}

// everybody tells all members, on their own channel.
func (h *Hub) everybody(ctx context.Context, tell func() (*message, error)) {
	h.mu.Lock()
	var to []receiver
	for _, p := range h.persons {
		for _, s := range p.subs {
			if s.name == userChannel {
				to = append(to, receiver{subscription: s})
			}
		}
	}
	h.mu.Unlock()
	if len(to) == 0 {
		return
	}
	m, err := tell()
	if err != nil {
		h.lose(ctx, "what concerns everybody could not be told", err, func(*socket) bool { return true })
		return
	}
	if m != nil {
		h.send(m, to)
	}
}

func onUser(s *subscription) bool { return s.name == userChannel }

func onDirect(s *subscription) bool { return s.name == directChannel }

// onNotifications are the channels of what a member is told; the one of everything has them where the token may read them.
func onNotifications(s *subscription) bool {
	return s.name == notificationsChannel || s.name == userChannel && s.socket.viewer.Allows(readNotifications)
}
