package server_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"time"

	"anancus/internal/kit/clock"
)

// weather is what may happen to a request on its way, out of 100.
type weather struct {
	lost       int // it does not arrive
	unanswered int // it arrives, and its answer does not: it will be sent again
	late       int // it arrives long after its sender gave up waiting: it was sent again meanwhile
}

// network carries requests between the servers of a simulation, in one process. It is used by one goroutine.
type network struct {
	clock  *clock.Manual
	dice   *rand.Rand
	hosts  map[string]*island
	sky    weather
	apart  map[string]int // the part of the network a host is in; hosts of different parts do not reach each other
	slow   []parcel
	counts struct{ requests, lost, unanswered, late, parted, dead int }

	// meddle, if set, sees every request that arrives a second time because its answer was lost or it came late.
	meddle func(to *island, body []byte)
}

// parcel is a request that is still on its way.
type parcel struct {
	to     *island
	method string
	uri    string
	header http.Header
	body   []byte
	at     time.Time
}

var (
	errLost = errors.New("timed out")
	errDead = errors.New("connection refused")
)

// leaving is the way from one host to all others.
type leaving struct {
	net  *network
	from string
}

// RoundTrip carries a request, or does not.
func (l leaving) RoundTrip(r *http.Request) (*http.Response, error) {
	n := l.net
	n.counts.requests++
	to := n.hosts[r.URL.Host]
	switch {
	case to == nil:
		return nil, fmt.Errorf("no such host %s", r.URL.Host)
	case to.dead:
		n.counts.dead++
		return nil, errDead
	case n.apart[l.from] != n.apart[r.URL.Host]:
		n.counts.parted++
		return nil, errLost
	}
	var body []byte
	if r.Body != nil {
		var err error
		if body, err = io.ReadAll(r.Body); err != nil {
			return nil, err
		}
	}
	p := parcel{to, r.Method, r.URL.RequestURI(), r.Header.Clone(), body, n.clock.Now().Add(time.Minute + time.Duration(n.dice.IntN(40))*time.Minute)}
	switch roll := n.dice.IntN(100); {
	case roll < n.sky.lost:
		n.counts.lost++
		return nil, errLost
	case roll < n.sky.lost+n.sky.late && r.Method == http.MethodPost:
		n.counts.late++
		n.slow = append(n.slow, p)
		return nil, errLost
	case roll < n.sky.lost+n.sky.late+n.sky.unanswered:
		n.counts.unanswered++
		p.arrive()
		if n.meddle != nil && r.Method == http.MethodPost {
			n.meddle(to, body)
		}
		return nil, errLost
	}
	answer := p.arrive()
	answer.Request = r
	return answer, nil
}

// arrive gives the request to the server it is for.
func (p parcel) arrive() *http.Response {
	r := httptest.NewRequest(p.method, p.uri, bytes.NewReader(p.body))
	r.Host, r.Header = p.to.host, p.header
	w := httptest.NewRecorder()
	p.to.server.Handler().ServeHTTP(w, r)
	return w.Result()
}

// deliverLate lets everything arrive that is due, or all of it.
func (n *network) deliverLate(all bool) {
	now := n.clock.Now()
	waiting := n.slow
	n.slow = nil
	for _, p := range waiting {
		switch {
		case !all && p.at.After(now):
			n.slow = append(n.slow, p)
		case !p.to.dead:
			if n.meddle != nil {
				n.meddle(p.to, p.body)
			}
			p.arrive()
		}
	}
}

// part tears the network in two for a while; join mends it.
func (n *network) part() {
	hosts := make([]string, 0, len(n.hosts))
	for host := range n.hosts {
		hosts = append(hosts, host)
	}
	slices.Sort(hosts)
	for _, host := range hosts {
		n.apart[host] = n.dice.IntN(2)
	}
}

func (n *network) join() { clear(n.apart) }
