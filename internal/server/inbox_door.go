package server

import (
	"context"
	"crypto"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Limits of receiving.
const (
	maxInboxBody   = activitypub.MaxDocument // Mastodon's 1 MiB; above it the answer is 413
	maxHostRows    = 2000                    // activities of one host that wait; above it that host is told to come back later
	keyFetchWithin = 8 * time.Second         // a request waits no longer for an unknown key
	keyRefreshGap  = 5 * time.Minute         // a key that did not fit is asked for again no sooner
)

// Inbox serves POST to every inbox: checked, stored, answered 202, processed afterwards.
func (s *Server) Inbox(c *viewer.Call) (any, error) {
	signature, unsigned := activitypub.ParseSignature(c.R)
	leave, err := s.admitLetter(c, signature)
	if err == nil {
		defer leave()
		err = s.takeIn(c, signature, unsigned, leave)
	}
	if err != nil {
		tellWhen(c, err)
		return nil, err
	}
	return rest.Coded{Code: http.StatusAccepted, Body: rest.Empty{}}, nil
}

// takeIn checks a letter and stores it. It leaves its place among those of its host where another server has to be asked first.
func (s *Server) takeIn(c *viewer.Call, signature *activitypub.Signature, unsigned error, leave func()) error {
	body, err := readInbox(c)
	if err != nil {
		return err
	}
	activity, err := activitypub.Parse(body)
	if err != nil {
		return fault.Wrap(err, fault.BadRequest, "The activity could not be read: "+messageOf(err))
	}
	if activity.Type() == "" || activity.Link("actor") == "" || !activity.HasContext() {
		return fault.New(fault.BadRequest, "The activity needs @context, type and actor")
	}
	if unsigned != nil {
		return unsigned
	}
	if s.refusesAddress(activity.Link("actor")) || s.refusesAddress(signature.KeyID) { // before anything is asked of anybody
		return domains.Refusal()
	}
	var addressedTo id.Account
	if c.Path("account") != "" || c.Path("username") != "" {
		a, err := s.accounts.LocalOf(c)
		if err != nil {
			return err
		}
		if !a.Available() {
			return fault.New(fault.Forbidden, "This account is suspended")
		}
		addressedTo = a.ID
	}
	actor := activity.Link("actor")
	if unknown, err := s.leavesUnknown(c.Context(), activity, actor); err != nil || unknown {
		return err
	}
	signer, err := s.verify(c, signature, body, leave)
	if err != nil {
		return err
	}
	if s.refuses(signer) { // its people are known by another name than its addresses
		return domains.Refusal()
	}
	if id := activity.ID(); id != "" && !activitypub.SameHost(id, actor) {
		return fault.New(fault.BadRequest, "The id of the activity is not on its actor's server")
	}
	lane := actor
	if signer.URI != actor {
		lane, err = s.passedOn(c.Context(), signer, activity, actor)
	} else if activity.Is("Announce") {
		lane, err = s.announced(c.Context(), signer, activity)
	}
	if err != nil {
		return err
	}
	if err := s.storeReceived(c.Context(), lane, signer.URI, body, addressedTo); err != nil {
		return err
	}
	if signer.URI == actor {
		if err := s.hearFollowers(c, signer); err != nil {
			return err
		}
	}
	return nil
}

func messageOf(err error) string {
	var f *fault.Fault
	if errors.As(err, &f) {
		return f.Message
	}
	return "it is not JSON"
}

func readInbox(c *viewer.Call) ([]byte, error) {
	kind, _, err := mime.ParseMediaType(c.R.Header.Get("Content-Type"))
	if err != nil || (kind != "application/activity+json" && kind != "application/ld+json" && kind != "application/json") {
		return nil, fault.New(fault.BadRequest, "The activity must be sent as application/activity+json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(c.W, c.R.Body, maxInboxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, fault.New(fault.TooLarge, "The activity is larger than 1 MiB")
	}
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The activity could not be read to its end")
	}
	return body, nil
}

// leavesUnknown tells that an actor whom we never met deletes or updates itself: nothing to do, and no key to ask for.
func (s *Server) leavesUnknown(ctx context.Context, activity activitypub.Object, actor string) (bool, error) {
	if !activity.Is("Delete", "Update") || activity.Link("object") != actor {
		return false, nil
	}
	_, err := s.accounts.ByURI(ctx, actor)
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

// verify checks the signature of a request with the signer's key; leave is called before their server is asked for it.
func (s *Server) verify(c *viewer.Call, signature *activitypub.Signature, body []byte, leave func()) (*accounts.Account, error) {
	now := s.clock.Now()
	return s.withKey(c.Context(), signature.KeyID, leave, func(public crypto.PublicKey, _ bool) error {
		return signature.Verify(c.R, body, public, now)
	})
}

// withKey checks something with a key: the one we know, or, when it is unknown, over or does not fit, the one its server shows
// now. A server is asked again about one actor no sooner than after a while, whatever it answered; asks is called before.
func (s *Server) withKey(ctx context.Context, keyID string, asks func(), check func(public crypto.PublicKey, asserts bool) error) (*accounts.Account, error) {
	now := s.clock.Now()
	known, err := s.accounts.Signer(ctx, keyID)
	if err != nil && !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	if err == nil {
		signer, bad := known.Account, known.Unread
		if bad == nil {
			bad = activitypub.CheckUntil(known.Key.Until, now)
		}
		if bad == nil {
			bad = check(known.Public, known.Key.Asserts)
		}
		if bad == nil || signer.Local() || now.Sub(signer.FetchedAt) < keyRefreshGap || !s.keyLooks.allow(signer.URI, now, keyRefreshGap) {
			return signer, bad
		}
	}
	asks()
	signer, fresh, err := s.fetchKey(ctx, keyID)
	if err != nil {
		return nil, err
	}
	if err := check(fresh.Public, fresh.Asserts); err != nil {
		return nil, err
	}
	return signer, nil
}

// fetchKey asks a host for a key under a short deadline, when it is its turn.
func (s *Server) fetchKey(ctx context.Context, keyID string) (*accounts.Account, activitypub.Key, error) {
	host, err := activitypub.HostOf(keyID)
	if err != nil {
		return nil, activitypub.Key{}, fault.New(fault.Unauthorized, "The signature names no usable key")
	}
	if s.site.IsLocal(host) {
		return nil, activitypub.Key{}, fault.New(fault.Unauthorized, "The signature names a key of this server that does not exist")
	}
	leave, ok := s.keyroom.enter(ctx, strings.ToLower(host))
	if !ok {
		return nil, activitypub.Key{}, fault.New(fault.TooMany, "Too many people of your server are new here; try again later")
	}
	defer leave()
	ctx, cancel := context.WithTimeout(ctx, keyFetchWithin)
	defer cancel()
	key, actor, err := s.remote.FetchKey(ctx, keyID)
	if err != nil {
		if fault.Is(err, fault.Unavailable) || ctx.Err() != nil {
			return nil, key, fault.Wrap(err, fault.Unavailable, "The key of the signature could not be fetched")
		}
		return nil, key, fault.Wrap(err, fault.Unauthorized, "The key of the signature could not be had: "+messageOf(err))
	}
	signer, err := s.accounts.KeepActor(ctx, actor)
	if fault.Is(err, fault.Unavailable) {
		return nil, key, fault.Wrap(err, fault.Unavailable, "The signer could not be verified: "+messageOf(err))
	}
	if err != nil {
		return nil, key, fault.Wrap(err, fault.Unauthorized, "The signer could not be verified: "+messageOf(err))
	}
	return signer, key, nil
}

// signedReader finds out who signed a GET; used for what only followers may read.
func (s *Server) signedReader(c *viewer.Call) (id.Account, error) {
	signer, err := s.signerOf(c)
	if err != nil {
		return 0, err
	}
	if !signer.Available() || s.refuses(signer) {
		return 0, nil
	}
	if signer.Kind == "Application" { // the server itself asks: it may read what anyone may
		return 0, nil
	}
	return signer.ID, nil
}

// storeReceived keeps an activity until it was processed; a host with too many waiting is told to slow down.
// The lane is the actor, whose activities are processed in order; what is only said about somebody has one of its own. It is the
// server of who signed the request that fills the queue.
func (s *Server) storeReceived(ctx context.Context, lane, signer string, body []byte, addressedTo id.Account) error {
	host := letterHost(signer)
	if host == "" {
		return fault.New(fault.BadRequest, "The actor has no usable address")
	}
	return s.inbox.store(ctx, host, lane, body, addressedTo)
}

// letterHost is the host of an actor or of their key, "" where there is none.
func letterHost(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return strings.ToLower(u.Host)
}
