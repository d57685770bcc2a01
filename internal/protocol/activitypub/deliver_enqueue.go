package activitypub

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/db"
)

// Delivery is an activity and where it goes. The body is frozen; the signature
// is made when it is sent.
type Delivery struct {
	Author   int64
	EventKey string // what it tells of: the same key and inbox are enqueued once, even if the effect runs twice
	Body     []byte
	Inboxes  []string
	Status   int64 // set for a Create, which is dropped when this status is gone; 0: none
	Low      bool  // what others said and the author passes on: after what authors say themselves
}

// lowLane makes a lane of its own of what an author passes on. It sorts after
// all authors, so that a host is told of what they say themselves first.
const lowLane = 1 << 62

const (
	enqueueAtOnce = 200       // rows a transaction adds at most: a few milliseconds
	followPrefix  = "follow/" // EventKeys that are tried even for an unavailable host, as Mastodon
	enqueueNudge  = 10 * time.Millisecond
)

// Farewell begins EventKeys of what tells a server that something ended: it is sent even to one that nothing else goes to any more.
const Farewell = "farewell/"

// ToFollowers begins EventKeys of what is for followers alone: it goes with a
// header that tells a server who there follows the author, so that the two can
// find out when they disagree.
const ToFollowers = "followers/"

// TellFollowers lets the queue write that header; called once at assembly.
func (d *Deliverer) TellFollowers(followers Followers) { d.followers = followers }

// Refuse tells the queue where nothing is to be sent; called once at assembly. farewell is said of what tells of an end.
func (d *Deliverer) Refuse(refuses func(host string, farewell bool) bool) { d.refuses = refuses }

// destination is an inbox and the host it lies on.
type destination struct{ host, inbox string }

// Enqueue stores one row for each distinct inbox, in tx. Hosts that have been
// failing for days are left out, except for follows, and except when it is
// time to try them again. For more than 200 inboxes use EnqueueAll. Call Wake
// after the commit; without it the row leaves up to a second later.
func (d *Deliverer) Enqueue(ctx context.Context, tx *db.Tx, x Delivery) error {
	to := d.destinations(ctx, x)
	_, err := d.enqueue(ctx, tx, x, 0, len(to) >= sharedFrom, to)
	return err
}

// EnqueueAll stores the rows in transactions of at most 200, and wakes the
// workers. A crash in between is mended when the effect runs again.
func (d *Deliverer) EnqueueAll(ctx context.Context, x Delivery) error {
	to := d.destinations(ctx, x)
	stored := int64(0)
	for some := range slices.Chunk(to, enqueueAtOnce) {
		body := stored
		err := d.db.Tx(ctx, func(tx *db.Tx) (err error) {
			body, err = d.enqueue(ctx, tx, x, stored, len(to) >= sharedFrom, some)
			return err
		})
		if err != nil {
			return err
		}
		stored = body
		d.Wake()
	}
	return nil
}

// enqueue stores deliveries whose body was stored before, is stored now for all of them (it gives its id), or is each one's own.
func (d *Deliverer) enqueue(ctx context.Context, tx *db.Tx, x Delivery, body int64, shared bool, to []destination) (int64, error) {
	if len(to) == 0 {
		return body, nil
	}
	follow := strings.HasPrefix(x.EventKey, followPrefix)
	if !follow {
		shut, err := shutHosts(ctx, tx, hostsOf(to))
		if err != nil {
			return body, err
		}
		to = slices.DeleteFunc(slices.Clone(to), func(t destination) bool { return slices.Contains(shut, t.host) })
	}
	if shared && body == 0 && len(to) > 0 {
		var err error
		if body, err = storeBody(ctx, tx, x); err != nil {
			return body, err
		}
	}
	if err := insertDeliveries(ctx, tx, x, body, to); err != nil {
		return body, err
	}
	if err := openHosts(ctx, tx, hostsOf(to), follow); err != nil {
		return body, err
	}
	d.enqueued.Store(time.Now().UnixNano())
	d.crew.After(enqueueNudge)
	return body, nil
}

// destinations sorts out inboxes: each once, in the order of their hosts, so
// that two transactions lock host rows in the same order. What is no address
// is left out: somebody else's mistake must not stop a whole fan-out.
func (d *Deliverer) destinations(ctx context.Context, x Delivery) []destination {
	farewell := strings.HasPrefix(x.EventKey, Farewell)
	to := make([]destination, 0, len(x.Inboxes))
	for _, inbox := range x.Inboxes {
		host, err := HostOf(inbox)
		if err != nil {
			d.log.WarnContext(ctx, "cannot deliver to such an inbox", "inbox", inbox, "error", err)
			continue
		}
		if d.refuses != nil && d.refuses(host, farewell) {
			continue
		}
		to = append(to, destination{host, inbox})
	}
	slices.SortFunc(to, func(a, b destination) int {
		return cmp.Or(cmp.Compare(a.host, b.host), cmp.Compare(a.inbox, b.inbox))
	})
	return slices.Compact(to)
}

// hostsOf lists the hosts of sorted destinations, each once.
func hostsOf(to []destination) []string {
	hosts := make([]string, len(to))
	for i, t := range to {
		hosts[i] = t.host
	}
	return slices.Compact(hosts)
}
