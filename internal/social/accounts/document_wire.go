package accounts

import (
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// LocalOf gives the member whom a call's path names, by {account} number or {username}.
// One that was deleted is Gone, one that still waits for approval is NotFound.
func (s *Service) LocalOf(c *viewer.Call) (*Account, error) {
	var a *Account
	var err error
	if number := c.Path("account"); number != "" {
		n, parseErr := id.Parse[id.Account](number)
		if parseErr != nil {
			return nil, parseErr
		}
		if a, err = s.ByID(c.Context(), n); err == nil && !a.Local() {
			err = fault.RecordNotFound()
		}
	} else {
		a, err = s.Local(c.Context(), c.Path("username"))
	}
	if err != nil {
		return nil, err
	}
	if a.Kind == "Application" {
		return nil, fault.RecordNotFound()
	}
	return s.approved(c, a)
}

// suspendedServed is how long other servers are shown that a member is suspended; then it is gone for them (federation.md §11).
const suspendedServed = 30 * 24 * time.Hour

// How long others may keep our documents (federation.md §2).
const (
	cacheActor      = "max-age=180, public"
	cacheCollection = "max-age=180, public"
)

// secureVary is what an answer depends on that is not everybody's.
const secureVary = "Signature"

// SecureDocument notes that the documents which answer this call are shown to those alone who sign: nobody may keep them for others. Refusals
// depend on the signature too.
func SecureDocument(c *viewer.Call) { c.SetHeader("Vary", secureVary) }

// Document answers with an ActivityPub document.
func Document(c *viewer.Call, cache string, v any) (any, error) {
	body, err := activitypub.Encode(v)
	if err != nil {
		return nil, err
	}
	vary := "Accept, Accept-Language, Cookie"
	if c.W.Header().Get("Vary") == secureVary {
		vary, cache = vary+", "+secureVary, strings.Replace(cache, "public", "private", 1)
	}
	c.SetHeader("Cache-Control", cache)
	c.SetHeader("Vary", vary)
	return rest.Bytes{Code: http.StatusOK, Type: activitypub.ContentType, Body: body}, nil
}

// ActorDocument serves GET /ap/users/{account} and GET /users/{username} to other servers.
func (s *Service) ActorDocument(c *viewer.Call) (any, error) {
	a, err := s.LocalOf(c)
	if err != nil {
		return nil, err
	}
	actor, err := s.ActorOf(c.Context(), a)
	if err != nil {
		return nil, err
	}
	return Document(c, cacheActor, actor)
}

// InstanceActor serves GET /actor.
func (s *Service) InstanceActor(c *viewer.Call) (any, error) {
	a, err := s.Instance(c.Context())
	if err != nil {
		return nil, err
	}
	key, err := s.KeyOf(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	return Document(c, cacheActor, activitypub.Actor{
		Context: activitypub.ContextActor, ID: a.URI, Type: a.Kind, Inbox: a.InboxURL, Outbox: a.OutboxURL, PreferredUsername: a.Username,
		Name: s.site.Domain, URL: a.URL, ManuallyApprovesFollowers: true,
		PublicKey: activitypub.PublicKey{ID: key.URI, Owner: a.URI, PublicKeyPEM: key.PublicPEM},
		Endpoints: activitypub.Endpoints{SharedInbox: s.site.URL("/inbox")},
	})
}

// InstanceOutbox serves GET /actor/outbox: the server itself says nothing.
func (s *Service) InstanceOutbox(c *viewer.Call) (any, error) {
	none := int64(0)
	return Document(c, cacheCollection, activitypub.Collection{Context: activitypub.ContextPlain, ID: s.site.URL("/actor/outbox"),
		Ordered: true, TotalItems: &none, Items: []any{}})
}

// WebFinger serves GET /.well-known/webfinger.
func (s *Service) WebFinger(c *viewer.Call) (any, error) {
	resource := c.Query("resource")
	if resource == "" {
		return nil, fault.New(fault.BadRequest, "The parameter resource is missing")
	}
	a, err := s.fingered(c, resource)
	if fault.Is(err, fault.NotFound) || fault.Is(err, fault.Gone) {
		c.SetHeader("Cache-Control", cacheActor)
	}
	if err != nil {
		return nil, err
	}
	jrd := activitypub.WebFinger(activitypub.Handle{Username: a.Username, Domain: s.site.Domain}, s.site.Base(), a.URL, a.URI, s.site.FileNow(a.AvatarURL), "")
	body, err := activitypub.Encode(jrd)
	if err != nil {
		return nil, err
	}
	c.SetHeader("Cache-Control", "max-age=259200, public")
	return rest.Bytes{Type: activitypub.ContentTypeJRD, Body: body}, nil
}

func (s *Service) fingered(c *viewer.Call, resource string) (*Account, error) {
	if path, ours := s.site.Ours(resource); ours {
		if path == "/actor" {
			return s.Instance(c.Context())
		}
		a, err := s.ByPath(c.Context(), path)
		if err != nil {
			return nil, err
		}
		return s.approved(c, a)
	}
	handle, err := activitypub.ParseHandle(resource)
	if err != nil {
		return nil, fault.New(fault.BadRequest, "The parameter resource must be acct:name@domain or an address of this server")
	}
	if !s.site.IsLocal(handle.Domain) {
		return nil, fault.RecordNotFound()
	}
	if handle.Username == instanceName || handle.Username == s.site.Domain {
		return s.Instance(c.Context())
	}
	a, err := s.Local(c.Context(), handle.Username)
	if err != nil {
		return nil, err
	}
	return s.approved(c, a)
}

// approved lets through a member who is to be seen: not deleted, confirmed and approved.
func (s *Service) approved(c *viewer.Call, a *Account) (*Account, error) {
	if !a.Local() {
		return nil, fault.RecordNotFound()
	}
	if !a.DeletedAt.IsZero() || !a.SuspendedAt.IsZero() && s.clock.Now().Sub(a.SuspendedAt) > suspendedServed {
		return nil, fault.New(fault.Gone, "This account is gone")
	}
	m, err := s.Member(c.Context(), a.ID)
	if err != nil {
		return nil, err
	}
	if m.ApprovedAt.IsZero() || m.ConfirmedAt.IsZero() {
		return nil, fault.RecordNotFound()
	}
	return a, nil
}
