// Package relays knows the relays that this server is subscribed to: servers that pass on what everybody may read to all their subscribers, so
// that a small server has something in its public timelines. A relay is known by its inbox; who accepted our subscription speaks for it.
package relays

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// State is how far a subscription has come.
type State string

// The states.
const (
	Idle     State = "idle"     // not subscribed to
	Pending  State = "pending"  // asked
	Accepted State = "accepted" // it passes on, and is sent, what everybody may read
	Rejected State = "rejected"
)

// maxRelays bounds the list: every public status goes to each of them.
const maxRelays = 50

// Relay is one that keepers added.
type Relay struct {
	ID        id.Relay
	Inbox     string
	State     State
	Follow    string     // the id of the Follow that asks; "" when none holds
	Account   id.Account // who accepted; 0: nobody yet
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Courier takes activities to other servers.
type Courier interface {
	Enqueue(ctx context.Context, tx *db.Tx, d activitypub.Delivery) error
}

// Service is the room of relays.
type Service struct {
	db       *db.DB
	site     settings.Site
	domains  *domains.Service
	accounts *accounts.Service
	courier  Courier
}

// New opens the room.
func New(d *db.DB, known *domains.Service, people *accounts.Service, courier Courier) *Service {
	return &Service{db: d, site: people.Site(), domains: known, accounts: people, courier: courier}
}

// List gives all relays, the first added first.
func (s *Service) List(ctx context.Context) ([]*Relay, error) {
	list, err := all(ctx, s.db)
	if err != nil {
		return nil, fmt.Errorf("list relays: %w", err)
	}
	return list, nil
}

// Speaks tells whether an account speaks for a relay that accepted our subscription.
func (s *Service) Speaks(ctx context.Context, account id.Account) (bool, error) {
	n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM relays WHERE account_id = $1 AND state = $2`, account, string(Accepted))
	return n > 0, err
}

// Inboxes are where what everybody may read goes besides: to the relays that accepted our subscription.
func Inboxes(ctx context.Context, q db.Q) ([]string, error) {
	return db.All(ctx, q, db.Text, `SELECT inbox_url FROM relays WHERE state = $1 ORDER BY id`, string(Accepted))
}

// address gives the one spelling of the inbox of a relay, and refuses what cannot be one.
func (s *Service) address(inbox string) (string, error) {
	u, err := safehttp.ParseURL(inbox)
	if err != nil || strings.Contains(inbox, "#") || activitypub.CheckID(inbox) != nil {
		return "", fault.New(fault.Invalid, fmt.Sprintf("%.200q is no address of a relay's inbox; write it as https://relay.example/inbox", inbox))
	}
	switch {
	case s.site.Secure() && u.Scheme != "https":
		return "", fault.New(fault.Invalid, "The address of a relay's inbox begins with https://")
	case s.site.IsLocal(u.Host):
		return "", fault.New(fault.Invalid, "This server is no relay of its own")
	}
	return u.String(), nil
}

// Add puts a relay on the list and asks to subscribe, in the caller's transaction. One that is there already is a Conflict.
func (s *Service) Add(ctx context.Context, tx *db.Tx, inbox string) (*Relay, error) {
	inbox, err := s.address(inbox)
	if err != nil {
		return nil, err
	}
	known, err := all(ctx, tx)
	if err != nil {
		return nil, err
	}
	if len(known) >= maxRelays {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("There are %d relays already, and no more can be added", maxRelays))
	}
	r := &Relay{ID: id.Relay(tx.NextID()), Inbox: inbox, State: Idle, CreatedAt: tx.Now(), UpdatedAt: tx.Now()}
	inserted, err := insert(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	if !inserted {
		return nil, fault.New(fault.Conflict, "This relay is there already; enable asks it again")
	}
	return r, s.subscribe(ctx, tx, r)
}

// Enable asks a relay of the list again, in the caller's transaction. One that was asked or has accepted stays as it is.
func (s *Service) Enable(ctx context.Context, tx *db.Tx, inbox string) (*Relay, error) {
	r, err := s.find(ctx, tx, inbox)
	if err != nil || r.State == Pending || r.State == Accepted {
		return r, err
	}
	return r, s.subscribe(ctx, tx, r)
}

// Disable ends the subscription, in the caller's transaction; the relay stays on the list.
func (s *Service) Disable(ctx context.Context, tx *db.Tx, inbox string) (*Relay, error) {
	r, err := s.find(ctx, tx, inbox)
	if err != nil {
		return nil, err
	}
	if err := s.unsubscribe(ctx, tx, r); err != nil {
		return nil, err
	}
	return r, update(ctx, tx, r)
}

// Remove ends the subscription and takes the relay off the list, in the caller's transaction.
func (s *Service) Remove(ctx context.Context, tx *db.Tx, inbox string) (*Relay, error) {
	r, err := s.find(ctx, tx, inbox)
	if err != nil {
		return nil, err
	}
	if err := s.unsubscribe(ctx, tx, r); err != nil {
		return nil, err
	}
	return r, remove(ctx, tx, r.ID)
}

func (s *Service) find(ctx context.Context, tx *db.Tx, inbox string) (*Relay, error) {
	inbox, err := s.address(inbox)
	if err != nil {
		return nil, err
	}
	r, err := byInbox(ctx, tx, inbox)
	if fault.Is(err, fault.NotFound) {
		return nil, fault.New(fault.NotFound, fmt.Sprintf("There is no relay %s", inbox))
	}
	return r, err
}

// subscribe asks a relay. Its name is new each time, so that no answer to an earlier question counts.
func (s *Service) subscribe(ctx context.Context, tx *db.Tx, r *Relay) error {
	if host, err := activitypub.HostOf(r.Inbox); err != nil || s.domains.Refuses(host) {
		return fault.New(fault.Invalid, "The server of this relay is not spoken with from here")
	}
	us, err := s.speaker(ctx, tx)
	if err != nil {
		return err
	}
	r.State, r.Account, r.Follow, r.UpdatedAt = Pending, 0, us.URI+"#relays/"+rand.Text(), tx.Now()
	if err := update(ctx, tx, r); err != nil {
		return err
	}
	return s.send(ctx, tx, us, r, "follow/"+r.Follow, follow(us, r))
}

// unsubscribe takes back what was asked, where it was.
func (s *Service) unsubscribe(ctx context.Context, tx *db.Tx, r *Relay) error {
	asked := r.Follow != "" && r.State != Rejected
	us, err := s.speaker(ctx, tx)
	if err != nil {
		return err
	}
	undo := activitypub.NewAnswer("Undo", r.Follow+"/undo", us.URI, follow(us, r))
	r.State, r.Follow, r.Account, r.UpdatedAt = Idle, "", 0, tx.Now()
	if !asked {
		return nil
	}
	return s.send(ctx, tx, us, r, activitypub.Farewell+undo.ID, undo)
}

// speaker is the server's own actor.
func (s *Service) speaker(ctx context.Context, tx *db.Tx) (*accounts.Account, error) {
	us, err := accounts.ByURIIn(ctx, tx, s.site.URL("/actor"))
	if err != nil {
		return nil, fmt.Errorf("the server's own actor: %w", err)
	}
	return us, nil
}

func follow(us *accounts.Account, r *Relay) activitypub.Activity {
	return activitypub.NewActivity("Follow", r.Follow, us.URI, activitypub.Public)
}

func (s *Service) send(ctx context.Context, tx *db.Tx, us *accounts.Account, r *Relay, key string, activity activitypub.Activity) error {
	body, err := activitypub.Encode(activity)
	if err != nil {
		return err
	}
	return s.courier.Enqueue(ctx, tx, activitypub.Delivery{Author: int64(us.ID), EventKey: key, Body: body, Inboxes: []string{r.Inbox}})
}

// ReceiveAnswer takes Accept and Reject of a subscription; done tells that it was about one. Only somebody on the relay's own server can
// answer, and only what is asked now. A relay may change its mind at any time, and its account when it accepts again.
func (s *Service) ReceiveAnswer(ctx context.Context, in accounts.Received) (done bool, err error) {
	asked := in.Activity.Link("object")
	if asked == "" {
		return false, nil
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		done = false
		r, err := byFollow(ctx, tx, asked)
		if fault.Is(err, fault.NotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		done = true
		if !activitypub.SameHost(r.Inbox, in.Actor.URI) {
			return nil
		}
		switch {
		case in.Activity.Is("Reject"):
			r.State, r.Account = Rejected, 0
		case r.State == Rejected:
			return nil
		default:
			r.State, r.Account = Accepted, in.Actor.ID
		}
		r.UpdatedAt = tx.Now()
		return update(ctx, tx, r)
	})
	if err != nil {
		return false, fmt.Errorf("receive the answer of a relay: %w", err)
	}
	return done, nil
}
