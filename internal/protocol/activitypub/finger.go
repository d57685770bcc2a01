package activitypub

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

// maxJRD bounds a WebFinger answer; honest ones have 1 to 2 KB.
const maxJRD = 128 << 10

// Fingered is what WebFinger says about a handle.
type Fingered struct {
	Handle Handle // as the answer names it, which may be on another domain
	Self   string // the id of the actor
	// Subscribe is the template for following from elsewhere, "" if there is none.
	Subscribe string
}

// Finger asks a domain who a handle is. When the answer names another handle,
// that one is asked once and must then stand by itself. An unknown handle is
// NotFound, one that is no more Gone.
func (c *Client) Finger(ctx context.Context, username, domain string) (*Fingered, error) {
	asked, err := newHandle(username, domain)
	if err != nil {
		return nil, err
	}
	first, err := c.fingerOnce(ctx, asked)
	if err != nil || first.Handle.Same(asked) {
		return first, err
	}
	second, err := c.fingerOnce(ctx, first.Handle)
	if err != nil {
		return nil, err
	}
	if !second.Handle.Same(first.Handle) {
		return nil, fault.New(fault.Invalid, "The servers do not agree on who "+asked.String()+" is")
	}
	return second, nil
}

// ResolveHandle finds the actor of a handle and the handle it is really known by.
func (c *Client) ResolveHandle(ctx context.Context, username, domain string) (*RemoteActor, Handle, error) {
	found, err := c.Finger(ctx, username, domain)
	if err != nil {
		return nil, Handle{}, err
	}
	a, err := c.FetchActor(ctx, found.Self)
	if err != nil {
		return nil, Handle{}, err
	}
	h, err := c.confirm(ctx, a, found)
	return a, h, err
}

// ConfirmHandle finds the handle of an actor that was met by its id. The domain
// must name the same actor, else anybody could be called by anybody's name.
func (c *Client) ConfirmHandle(ctx context.Context, a *RemoteActor) (Handle, error) {
	return c.confirm(ctx, a, nil)
}

// confirm walks from the handle an actor claims back to its id; known saves the
// walk when WebFinger said just that a moment ago.
func (c *Client) confirm(ctx context.Context, a *RemoteActor, known *Fingered) (Handle, error) {
	claimed, err := a.claimedHandle()
	if err != nil {
		return Handle{}, err
	}
	if known == nil || !known.Handle.Same(claimed) {
		if known, err = c.Finger(ctx, claimed.Username, claimed.Domain); err != nil {
			return Handle{}, err
		}
	}
	if known.Self != a.ID {
		return Handle{}, fault.New(fault.Invalid, claimed.String()+" is another actor")
	}
	return known.Handle, nil
}

// claimedHandle is the name an actor gives itself.
func (a *RemoteActor) claimedHandle() (Handle, error) {
	if a.Webfinger != "" {
		return ParseHandle(a.Webfinger)
	}
	host, err := HostOf(a.ID)
	if err != nil {
		return Handle{}, err
	}
	return newHandle(a.Username, host)
}

// fingerOnce asks about one handle: https first, plain http only in test networks.
func (c *Client) fingerOnce(ctx context.Context, h Handle) (*Fingered, error) {
	found, err := c.fingerBy(ctx, "https", h)
	if fault.Is(err, fault.Unavailable) && c.http.AllowsPlain(ctx, h.Domain) {
		return c.fingerBy(ctx, "http", h)
	}
	return found, err
}

func (c *Client) fingerBy(ctx context.Context, scheme string, h Handle) (*Fingered, error) {
	resource := "acct:" + url.QueryEscape(h.Username) + "@" + h.Domain
	body, err := c.fingerAt(ctx, scheme+"://"+h.Domain+"/.well-known/webfinger?resource="+resource)
	if fault.Is(err, fault.NotFound) {
		body, err = c.fingerByHostMeta(ctx, scheme, h)
	}
	if err != nil {
		return nil, err
	}
	return readJRD(body, h)
}

// fingerByHostMeta asks the domain where it keeps WebFinger, and asks there.
func (c *Client) fingerByHostMeta(ctx context.Context, scheme string, h Handle) ([]byte, error) {
	body, err := c.fingerAt(ctx, scheme+"://"+h.Domain+"/.well-known/host-meta")
	if err != nil {
		return nil, err
	}
	template, err := readHostMeta(body)
	if err != nil {
		return nil, err
	}
	return c.fingerAt(ctx, strings.ReplaceAll(template, "{uri}", url.QueryEscape("acct:"+h.String())))
}

func (c *Client) fingerAt(ctx context.Context, address string) ([]byte, error) {
	target, err := safehttp.ParseURL(address)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The address cannot be read")
	}
	req.Header.Set("Accept", acceptJRD)
	if strings.HasSuffix(target.Path, "/host-meta") {
		req.Header.Set("Accept", "application/xrd+xml, application/xml, text/xml")
	}
	response, err := c.http.Do(ctx, req, safehttp.Limits{MaxBody: maxJRD})
	if err != nil {
		return nil, err
	}
	if response.Status != http.StatusOK {
		return nil, refusal(response)
	}
	return response.Body, nil
}

// readJRD takes what we need from a WebFinger answer about h.
func readJRD(body []byte, h Handle) (*Fingered, error) {
	o, err := Parse(body)
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The WebFinger answer of "+h.Domain+" cannot be read")
	}
	subject, ok := strings.CutPrefix(o.String("subject"), "acct:")
	if !ok {
		return nil, fault.New(fault.Invalid, "The WebFinger answer of "+h.Domain+" has no subject")
	}
	f := &Fingered{}
	if f.Handle, err = ParseHandle(subject); err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The WebFinger answer of "+h.Domain+" has no usable subject")
	}
	for _, l := range bounded(o.Objects("links"), 100) {
		switch l.String("rel") {
		case "self":
			t := l.String("type")
			if f.Self == "" && (t == ContentTypePost || t == ContentTypeProfile) && CheckID(l.String("href")) == nil {
				f.Self = l.String("href")
			}
		case relSubscribe:
			f.Subscribe = webURL(l.String("template"))
		}
	}
	if f.Self == "" {
		return nil, fault.New(fault.Invalid, h.String()+" has no ActivityPub actor")
	}
	return f, nil
}
