package activitypub

import (
	"context"
	"crypto"
	"net/http"
	"sync"

	"anancus/internal/kit/safehttp"
)

// maxDialects bounds what is remembered of hosts; when it is full all is forgotten and learnt again.
const maxDialects = 10_000

// dialects remembers the hosts that take signatures by RFC 9421 and not those
// that most others take.
type dialects struct {
	mu    sync.Mutex
	newer map[string]bool
}

func (d *dialects) of(host string) (newer bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.newer[host]
}

func (d *dialects) learn(host string, newer bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !newer {
		delete(d.newer, host)
		return
	}
	if d.newer == nil || len(d.newer) >= maxDialects {
		d.newer = map[string]bool{}
	}
	d.newer[host] = true
}

// mistrusted tells whether an answer may mean that our signature was not understood.
func mistrusted(status int) bool {
	return status == http.StatusBadRequest || status == http.StatusUnauthorized
}

// knock sends a signed request. A host that answers 400 or 401 is asked once
// more with a signature of the other dialect; what it takes is remembered, so
// that the next request begins with it.
func (c *Client) knock(ctx context.Context, req *http.Request, limits safehttp.Limits, keyID string, key crypto.Signer, body []byte) (*safehttp.Response, error) {
	stranger, other := "", false // who did not understand, and what it is told next
	limits.Sign = func(hop *http.Request) error {
		if body != nil {
			hop.Header.Set("Content-Type", ContentTypePost)
		}
		newer := c.dialects.of(hop.URL.Host)
		if hop.URL.Host == stranger {
			newer = other
		}
		if newer {
			return SignMessage(hop, keyID, key, body, c.http.Now())
		}
		return Sign(hop, keyID, key, body, c.http.Now())
	}
	first, err := c.http.Do(ctx, req, limits)
	if first == nil || !mistrusted(first.Status) {
		return first, err
	}
	stranger = first.URL.Host
	other = !c.dialects.of(stranger)
	if req.GetBody != nil {
		again, bodyErr := req.GetBody()
		if bodyErr != nil {
			return first, err
		}
		req.Body = again
	}
	second, secondErr := c.http.Do(ctx, req, limits)
	if second == nil || mistrusted(second.Status) || second.Status >= http.StatusInternalServerError {
		return first, err // neither is understood: then it is not the dialect
	}
	c.dialects.learn(stranger, other)
	return second, secondErr
}
