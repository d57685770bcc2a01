package activitypub

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"net/http"
	"testing"
)

// manners counts how often way was made.
type manners struct{ waits, behind int }

func (m *manners) Wait(ctx context.Context) error { m.waits++; return ctx.Err() }
func (m *manners) Behind(work func())             { m.behind++; work() }

// oneKey is everybody's.
type oneKey struct{ key *rsa.PrivateKey }

func (k oneKey) DeliveryKey(context.Context, int64) (string, crypto.Signer, error) {
	return "https://here.example/ap/users/1#main-key", k.key, nil
}

// checked signs what it posts, and checks that.
type checked struct {
	t    *testing.T
	p    *post
	key  *rsa.PublicKey
	good int
}

func (c *checked) Post(ctx context.Context, inbox string, body []byte, keyID string, key crypto.Signer, _ ...Header) (int, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, inbox, bytes.NewReader(body))
	if err != nil {
		return 0, err
	}
	if err := Sign(req, keyID, key, body, c.p.clock.Now()); err != nil {
		return 0, err
	}
	req.Host = req.URL.Host
	signature, err := ParseSignature(req)
	if err == nil {
		err = signature.Verify(req, body, c.key, c.p.clock.Now())
	}
	if err != nil {
		c.t.Error(err)
	}
	c.good++
	return http.StatusAccepted, nil
}

func TestWorkersMakeWayWithEachDeliveryAndItsSignature(t *testing.T) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	eachPost(t, func(t *testing.T, p *post) {
		m, world := &manners{}, &checked{t: t, p: p, key: &key.PublicKey}
		p.keys, p.Deliverer.post = oneKey{key}, world
		p.GiveWay(m)
		p.enqueue(1, "one", "a.example", "b.example")
		p.enqueue(1, "two", "a.example")
		hosts, err := p.take(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hosts {
			p.visit(t.Context(), h, 1, make(chan struct{}))
		}
		if world.good != 3 || m.waits != 3 || m.behind != 3 {
			t.Errorf("of 3 deliveries %d went, %d waited, %d signatures made way", world.good, m.waits, m.behind)
		}
		p.enqueue(1, "three", "a.example") // delivered where a test waits for it
		if err := p.DeliverDue(t.Context()); err != nil || world.good != 4 || m.waits != 3 || m.behind != 3 {
			t.Errorf("DeliverDue = %v; %d went, %d waited, %d made way", err, world.good, m.waits, m.behind)
		}
		p.waiting(0)
	})
}
