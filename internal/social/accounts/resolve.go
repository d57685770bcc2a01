package accounts

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
)

// Updated is the event of a profile that changed.
type Updated struct {
	Account id.Account
	// Read tells that its server was asked, and that what lies beside the actor is to be asked for too.
	Read bool
	// Moved tells that the actor says that it moved to an account, which is to be asked whether that is so.
	Moved bool
}

// Gone is the event of a remote account that was deleted at its origin.
type Gone struct{ Account id.Account }

// ResolveHandle gives the account of a handle. One that is not known here is asked
// for at its server. NotFound when there is no such account.
func (s *Service) ResolveHandle(ctx context.Context, username, domain string) (*Account, error) {
	known, err := s.ByHandle(ctx, username, domain)
	if err == nil || !fault.Is(err, fault.NotFound) || s.site.IsLocal(domain) {
		return known, err
	}
	return s.Finger(ctx, username, domain)
}

// Finger asks a handle's server who it is, and keeps the answer. Equal questions at the same moment ask once.
func (s *Service) Finger(ctx context.Context, username, domain string) (*Account, error) {
	return s.once(ctx, "@"+username+"@"+domain, func(ctx context.Context) (*Account, error) {
		actor, handle, err := s.remote.ResolveHandle(ctx, username, domain)
		if err != nil {
			return nil, err
		}
		return s.Keep(ctx, actor, handle)
	})
}

// ResolveURI gives the account with an actor id, asking its server when it is not known or stale.
func (s *Service) ResolveURI(ctx context.Context, uri string) (*Account, error) {
	known, err := byURI(ctx, s.db, uri)
	if err == nil && !known.Stale(s.clock.Now()) {
		return known, nil
	}
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if _, ours := s.site.Ours(uri); ours {
		return nil, fault.RecordNotFound()
	}
	fresh, fetchErr := s.Fetch(ctx, uri)
	if fetchErr != nil && known != nil && !fault.Is(fetchErr, fault.Gone) {
		return known, nil // an old profile is better than none while its server is away
	}
	return fresh, fetchErr
}

// Fetch reads an actor from its server, whether known or not, and keeps it.
func (s *Service) Fetch(ctx context.Context, uri string) (*Account, error) {
	return s.once(ctx, uri, func(ctx context.Context) (*Account, error) {
		actor, err := s.remote.FetchActor(ctx, uri)
		if err != nil {
			return nil, s.goneAt(ctx, uri, err)
		}
		return s.keepActor(ctx, actor, true)
	})
}

// KeepActor confirms the handle of an actor whose key was asked for, and keeps it. Whether it is worth more requests is not known yet:
// what lies beside it is read once it did something.
func (s *Service) KeepActor(ctx context.Context, actor *activitypub.RemoteActor) (*Account, error) {
	return s.keepActor(ctx, actor, false)
}

// keepActor confirms the handle of an actor that was met by its id, and keeps it.
func (s *Service) keepActor(ctx context.Context, actor *activitypub.RemoteActor, around bool) (*Account, error) {
	if known, err := byURI(ctx, s.db, actor.ID); err == nil && text.UsernameKey(known.Username) == text.UsernameKey(actor.Username) {
		// Mastodon's rule: a known account whose name did not change is not fingered again.
		return s.keep(ctx, actor, activitypub.Handle{Username: actor.Username, Domain: known.Domain}, around)
	}
	handle, err := s.remote.ConfirmHandle(ctx, actor)
	if err != nil {
		return nil, err
	}
	return s.keep(ctx, actor, handle, around)
}

// fetchWithin bounds one look at another server for a profile, however many requests it takes.
const fetchWithin = 20 * time.Second

// once lets equal questions share one answer; each asker keeps its own deadline.
func (s *Service) once(ctx context.Context, key string, ask func(ctx context.Context) (*Account, error)) (*Account, error) {
	answer := s.flights.DoChan(key, func() (any, error) {
		shared, cancel := context.WithTimeout(context.WithoutCancel(ctx), fetchWithin)
		defer cancel()
		return ask(shared)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case got := <-answer:
		if got.Err != nil {
			return nil, got.Err
		}
		return got.Val.(*Account), nil
	}
}

// Keep stores what a server says about one of its actors under a handle that was confirmed.
func (s *Service) Keep(ctx context.Context, actor *activitypub.RemoteActor, handle activitypub.Handle) (*Account, error) {
	return s.keep(ctx, actor, handle, true)
}

// keep is Keep; around tells whether what lies beside the actor is to be read too.
func (s *Service) keep(ctx context.Context, actor *activitypub.RemoteActor, handle activitypub.Handle, around bool) (*Account, error) {
	kept, err := s.keepOnce(ctx, actor, handle, around)
	if fault.Is(err, fault.Conflict) { // another request kept it meanwhile: it is known now
		kept, err = s.keepOnce(ctx, actor, handle, around)
	}
	return kept, err
}

func (s *Service) keepOnce(ctx context.Context, actor *activitypub.RemoteActor, handle activitypub.Handle, around bool) (*Account, error) {
	if s.site.IsLocal(handle.Domain) {
		return nil, fault.New(fault.Forbidden, "Another server cannot speak for accounts of this one")
	}
	if host, err := activitypub.HostOf(actor.ID); err != nil || s.domains.Refuses(host) || s.domains.Refuses(handle.Domain) {
		return nil, domains.Refusal()
	}
	var kept *Account
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		known, err := byURI(ctx, tx, actor.ID)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		a := &Account{ID: id.Account(tx.NextID()), CreatedAt: tx.Now()}
		if known != nil {
			a = known
		}
		avatar, header, moved, fields, available := a.AvatarURL, a.HeaderURL, a.MovedToURI, a.Fields, a.Available()
		readActor(a, actor, handle, tx.Now())
		if known != nil {
			if err = update(ctx, tx, a); err == nil {
				err = s.takeDown(ctx, tx, a.ID, avatar != a.AvatarURL, header != a.HeaderURL)
			}
		} else {
			err = s.insertRemote(ctx, tx, a)
		}
		if err != nil {
			return err
		}
		if err := s.settleStanding(ctx, tx, a, actor.Suspended); err != nil {
			return err
		}
		if err := storeRemoteKeys(ctx, tx, a.ID, a.URI, actor.Keys); err != nil {
			return err
		}
		if err := s.emoji.Receive(ctx, tx, a.Domain, actor.Emojis, a.emojified()...); err != nil {
			return err
		}
		e := Updated{Account: a.ID}
		if around {
			if e.Read, err = claimCollections(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		if e.Read || known != nil && !slices.EqualFunc(fields, a.Fields, func(was, is Field) bool { return was.Value == is.Value }) {
			if err := s.claimLinks(tx, a); err != nil {
				return err
			}
		}
		if available && !a.Available() && known != nil {
			if err := tx.Emit(Gone{a.ID}); err != nil { // out of every memory
				return err
			}
		}
		e.Moved = a.MovedToURI != "" && a.MovedTo == 0 && (e.Read || known != nil && a.MovedToURI != moved)
		kept = a
		return tx.Emit(e)
	})
	if err != nil {
		return nil, fmt.Errorf("keep account %s: %w", actor.ID, err)
	}
	return kept, nil
}

// insertRemote stores a new remote account. A handle that another actor id held is
// taken over, since the domain itself has just confirmed the new one.
func (s *Service) insertRemote(ctx context.Context, tx *db.Tx, a *Account) error {
	inserted, err := insert(ctx, tx, a)
	if err != nil || inserted {
		return err
	}
	old, err := byHandle(ctx, tx, a.Username, a.Domain)
	if err != nil {
		return err
	}
	old.Username, old.Domain = old.ID.String(), "handle.invalid"
	if err := update(ctx, tx, old); err != nil {
		return err
	}
	if inserted, err = insert(ctx, tx, a); err == nil && !inserted {
		err = fault.New(fault.Conflict, "This account is known already")
	}
	if err != nil {
		return err
	}
	if err := inherit(ctx, tx, old, a); err != nil {
		return err
	}
	now, err := byID(ctx, tx, a.ID)
	if err == nil {
		*a = *now
	}
	return err
}

// readActor lays what the origin says over an account. What keepers decided here stays.
func readActor(a *Account, actor *activitypub.RemoteActor, handle activitypub.Handle, now time.Time) {
	a.URI, a.Username, a.Domain, a.Kind = actor.ID, handle.Username, handle.Domain, actor.Type
	a.URL = actor.URL
	if a.URL == "" {
		a.URL = actor.ID
	}
	a.InboxURL, a.SharedInboxURL, a.OutboxURL = actor.Inbox, actor.SharedInbox, actor.Outbox
	a.FollowersURL, a.FollowingURL, a.FeaturedURL, a.FeaturedTagsURL = actor.Followers, actor.Following, actor.Featured, actor.FeaturedTags
	a.FeaturedCollectionsURL, a.CanFeature = actor.FeaturedCollections, readFeaturing(actor)
	if a.MovedToURI != actor.MovedTo { // believed once the other end says so too
		a.MovedToURI, a.MovedTo = actor.MovedTo, 0
	}
	a.DisplayName, a.Note = text.StripControl(actor.Name), text.Sanitize(actor.Summary)
	fields := make([]Field, 0, len(actor.Fields))
	for _, f := range actor.Fields {
		fields = append(fields, Field{Name: text.StripControl(f.Name), Value: text.Sanitize(f.Value)})
	}
	a.Fields = carryVerified(a.Fields, fields)
	a.AvatarURL, a.AvatarDescription = actor.Icon.URL, actor.Icon.Alt
	a.HeaderURL, a.HeaderDescription = actor.Image.URL, actor.Image.Alt
	a.Locked, a.Bot = actor.Locked, actor.Type == "Service" || actor.Type == "Application"
	a.Discoverable, a.Indexable, a.Memorial = &actor.Discoverable, actor.Indexable, actor.Memorial
	a.ShowMedia, a.ShowMediaReplies, a.ShowFeatured = shown(actor.ShowMedia), shown(actor.ShowRepliesInMedia), shown(actor.ShowFeatured)
	a.AlsoKnownAs, a.AttributionDomains = actor.AlsoKnownAs, actor.AttributionDomains
	if !actor.Published.IsZero() && actor.Published.Before(now) {
		a.CreatedAt = actor.Published
	}
	a.UpdatedAt, a.FetchedAt = now, now
	a.DeletedAt = time.Time{}
}

// shown reads what an account wishes to show: all of it where its server does not say.
func shown(said *bool) bool { return said == nil || *said }

// MarkGone notes that a remote account was deleted at its origin: every path hides it from now on.
func (s *Service) MarkGone(ctx context.Context, account id.Account) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, `UPDATE accounts SET deleted_at = $2 WHERE id = $1 AND domain <> '' AND deleted_at IS NULL`, account, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		if err := s.takeDown(ctx, tx, account, true, true); err != nil {
			return err
		}
		return tx.Emit(Gone{account})
	})
}
