package activitypub

import (
	"bytes"
	"context"
	"crypto"
	"net/http"
	"net/url"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

// Signer gives the key that requests are signed with: that of the instance actor.
type Signer func(ctx context.Context) (keyID string, key crypto.Signer, err error)

// Client asks other servers for documents and gives them ours.
type Client struct {
	http     *safehttp.Client
	sign     Signer
	dialects *dialects
}

// NewClient makes a client. A nil signer leaves requests unsigned, as the very
// first ones must be while there is no key.
func NewClient(http *safehttp.Client, signer Signer) *Client {
	return &Client{http: http, sign: signer, dialects: &dialects{}}
}

// As is the client signing with another key: a follower's, to read what is
// meant for followers.
func (c *Client) As(signer Signer) *Client {
	return &Client{http: c.http, sign: signer, dialects: c.dialects}
}

// Through is the client sending by another way, which remembers with it what each host understands.
func (c *Client) Through(http *safehttp.Client) *Client {
	return &Client{http: http, sign: c.sign, dialects: c.dialects}
}

// Fetch reads the document at uri and believes it only from its own address:
// if its id is another one it is read once more from there, and then it must
// have come from that host and carry that id.
//
// 404 is NotFound, 410 Gone, 401 and 403 Forbidden; an answer that is no
// document, or not the one asked for, is Invalid.
func (c *Client) Fetch(ctx context.Context, uri string) (Object, error) {
	o, from, err := c.get(ctx, uri)
	if err != nil {
		return nil, err
	}
	id := o.ID()
	if servedAt(id, uri, from) {
		return o, nil
	}
	if err := CheckID(id); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The document at "+from.Host+" has no usable id")
	}
	if o, from, err = c.get(ctx, id); err != nil {
		return nil, err
	}
	if o.ID() != id || !servedAt(id, id, from) {
		return nil, fault.New(fault.Invalid, "The document at "+from.Host+" is not what it says it is")
	}
	return o, nil
}

// servedAt tells whether a document with this id, asked for at uri and answered
// by from after redirects, speaks for itself.
func servedAt(id, uri string, from *url.URL) bool {
	u, err := safehttp.ParseURL(id)
	if err != nil || CheckID(id) != nil || u.Scheme != from.Scheme || u.Host != from.Host {
		return false
	}
	uri, _, _ = strings.Cut(uri, "#")
	return id == uri || id == from.String()
}

// get reads one document from wherever uri leads.
func (c *Client) get(ctx context.Context, uri string) (Object, *url.URL, error) {
	target, err := safehttp.ParseURL(uri)
	if err != nil {
		return nil, nil, err
	}
	response, err := c.request(ctx, target, acceptDocument, true)
	if err != nil {
		return nil, nil, err
	}
	if response.Status != http.StatusOK {
		return nil, nil, refusal(response)
	}
	host := response.URL.Host
	if !IsDocumentType(response.Header) {
		return nil, nil, fault.New(fault.Invalid, "The answer of "+host+" is not an ActivityPub document")
	}
	o, err := Parse(response.Body)
	if err != nil {
		return nil, nil, fault.Wrap(err, fault.Invalid, "The document of "+host+" cannot be read")
	}
	if !o.HasContext() {
		return nil, nil, fault.New(fault.Invalid, "The document of "+host+" has no ActivityStreams context")
	}
	return o, response.URL, nil
}

func (c *Client) request(ctx context.Context, target *url.URL, accept string, signed bool) (*safehttp.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The address cannot be read")
	}
	req.Header.Set("Accept", accept)
	limits := safehttp.Limits{MaxBody: MaxDocument}
	if signed && c.sign != nil {
		keyID, key, err := c.sign(ctx)
		if err != nil {
			return nil, err
		}
		return c.knock(ctx, req, limits, keyID, key, nil)
	}
	return c.http.Do(ctx, req, limits)
}

// refusal makes a fault of an answer that is not 200.
func refusal(r *safehttp.Response) error {
	host := r.URL.Host
	switch r.Status {
	case http.StatusNotFound:
		return fault.New(fault.NotFound, host+" does not have this")
	case http.StatusGone:
		return fault.New(fault.Gone, host+" no longer has this")
	case http.StatusUnauthorized: // it may not have our key just now: worth another try, as in Mastodon
		return fault.New(fault.Unavailable, host+" does not let us read this")
	case http.StatusForbidden:
		return fault.New(fault.Forbidden, host+" does not let us read this")
	}
	return fault.New(fault.Unavailable, host+" answered "+http.StatusText(r.Status))
}

// FetchActor reads an actor, with its keys. It takes an account from the budget.
func (c *Client) FetchActor(ctx context.Context, uri string) (*RemoteActor, error) {
	if err := SpendAccount(ctx); err != nil {
		return nil, err
	}
	o, err := c.Fetch(ctx, uri)
	if err != nil {
		return nil, err
	}
	return c.completeActor(ctx, o)
}

// completeActor reads an actor and fetches the keys it only points to.
func (c *Client) completeActor(ctx context.Context, o Object) (*RemoteActor, error) {
	a, err := ParseActor(o)
	if err != nil {
		return nil, err
	}
	for _, link := range a.KeyLinks[:min(len(a.KeyLinks), maxKeyLinks)] {
		if k, err := c.Fetch(ctx, link.ID); err == nil {
			if key, err := parseKey(k, a.ID, link.Asserts); err == nil {
				a.addKey(key)
			}
		}
	}
	return a, nil
}

// FetchNote reads a status, also by the address of its Create. It takes a status from the budget.
func (c *Client) FetchNote(ctx context.Context, uri string) (*RemoteNote, error) {
	if err := SpendStatus(ctx); err != nil {
		return nil, err
	}
	o, err := c.Fetch(ctx, uri)
	if err != nil {
		return nil, err
	}
	if status := o.Link("object"); o.Is("Create") && SameHost(status, uri) {
		if o, err = c.Fetch(ctx, status); err != nil {
			return nil, err
		}
	}
	return ParseNote(o)
}

// FetchKey finds the key with this id and the actor it speaks for. The id may be
// a fragment of the actor, an address that answers with the actor (GoToSocial),
// or a document of its own, whose owner must then list it. Whoever checks a
// signature must still compare the actor with that of the activity.
func (c *Client) FetchKey(ctx context.Context, keyID string) (Key, *RemoteActor, error) {
	if err := SpendAccount(ctx); err != nil {
		return Key{}, nil, err
	}
	o, err := c.Fetch(ctx, keyID)
	if err != nil {
		return Key{}, nil, err
	}
	if !o.Is(actorTypes...) {
		if o, err = c.fetchOwner(ctx, o, keyID); err != nil {
			return Key{}, nil, err
		}
	}
	a, err := c.completeActor(ctx, o)
	if err != nil {
		return Key{}, nil, err
	}
	for _, key := range a.Keys {
		if key.ID == keyID {
			return key, a, CheckUntil(key.Until, c.http.Now())
		}
	}
	return Key{}, nil, fault.New(fault.Unauthorized, "The actor does not have the key "+keyID)
}

// fetchOwner reads the actor that a key document names.
func (c *Client) fetchOwner(ctx context.Context, key Object, keyID string) (Object, error) {
	owner := key.Link("owner")
	if owner == "" {
		owner = key.Link("controller")
	}
	if owner == "" || key.ID() != keyID || !SameHost(owner, keyID) {
		return nil, fault.New(fault.Unauthorized, "The key "+keyID+" has no owner on its server")
	}
	return c.Fetch(ctx, owner)
}

// Post delivers a signed activity to an inbox and tells the status of the
// answer, whatever it is; err is for requests that got none.
func (c *Client) Post(ctx context.Context, inbox string, body []byte, keyID string, key crypto.Signer, extra ...Header) (status int, err error) {
	target, err := safehttp.ParseURL(inbox)
	if err != nil {
		return 0, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "", bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	req.URL = target // read once is enough
	req.Header.Set("Content-Type", ContentTypePost)
	for _, h := range extra {
		req.Header.Set(h.Name, h.Value)
	}
	response, err := c.knock(ctx, req, safehttp.Limits{MaxBody: MaxDocument}, keyID, key, body)
	if response != nil { // a body too large or broken off changes nothing about the delivery
		return response.Status, nil
	}
	return 0, err
}
