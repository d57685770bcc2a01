package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"anancus/internal/kit/db"
)

// How many statuses of a followed author are received, and how fast that must be.
const (
	received      = 4000
	leastSQLite   = 1500 // a second
	leastPostgres = 600
	receiveWithin = 2 * time.Minute
)

// inbox measures signed Creates of a followed author, from the first request until the last is processed.
func (b *bench) inbox(ctx context.Context, engine db.Engine) error {
	return b.alone(ctx, engine, "inbox", b.receive)
}

func (b *bench) receive(ctx context.Context, s *server) error {
	other, err := newPeer(ctx)
	if err != nil {
		return err
	}
	defer other.close()
	token, sam, err := s.reader(ctx, other)
	if err != nil {
		return err
	}
	requests := make([]*http.Request, received)
	for n := range requests {
		if requests[n], err = other.create(ctx, s.address, other.sam(), n, ""); err != nil {
			return err
		}
	}
	before, err := s.cpu()
	if err != nil {
		return err
	}
	begin := time.Now()
	if err := sendAll(requests); err != nil {
		return err
	}
	for {
		waiting, err := metric(ctx, s.metrics, "anancus_inbox_waiting")
		if err != nil {
			return err
		}
		if waiting == 0 {
			break
		}
		if time.Since(begin) > receiveWithin {
			return fmt.Errorf("%.0f activities still wait after %v", waiting, receiveWithin)
		}
		time.Sleep(5 * time.Millisecond)
	}
	took := time.Since(begin)
	after, err := s.cpu()
	if err != nil {
		return err
	}
	if n, err := s.statuses(ctx, token, sam); err != nil || n != received {
		return errors.Join(err, fmt.Errorf("%d of %d statuses are there", n, received))
	}
	least := map[db.Engine]float64{db.SQLite: leastSQLite, db.Postgres: leastPostgres}[s.engine]
	b.atLeast(s.engine, "signed Creates of a followed author: processed a second", least, received/took.Seconds())
	b.told(s.engine, "a signed Create received: CPU (ms)", millis(after-before)/received)
	return nil
}

// sendAll sends prepared requests over some connections.
func sendAll(requests []*http.Request) error {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: connections, MaxConnsPerHost: connections}}
	defer client.CloseIdleConnections()
	var next atomic.Int64
	var group sync.WaitGroup
	failed := make([]error, connections)
	for i := range connections {
		group.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= len(requests) {
					return
				}
				err := post(client, requests[n])
				for errors.Is(err, errFull) { // as other servers do, which have more patience
					time.Sleep(200 * time.Millisecond)
					again := requests[n].Clone(requests[n].Context())
					if again.Body, err = requests[n].GetBody(); err == nil {
						err = post(client, again)
					}
				}
				if err != nil {
					failed[i] = err
					return
				}
			}
		})
	}
	group.Wait()
	return errors.Join(failed...)
}

// reader makes a member who follows the peer's person, and gives a token of theirs and the person's account here.
func (s *server) reader(ctx context.Context, other *peer) (token, author string, err error) {
	if token, err = s.member(ctx, "reader"); err != nil {
		return "", "", err
	}
	author, err = s.follow(ctx, token, other)
	return token, author, err
}

// follow lets a member follow the peer's person, and gives their account here.
func (s *server) follow(ctx context.Context, token string, other *peer) (string, error) {
	body, err := ask(ctx, http.MethodGet, s.address, "/api/v2/search?resolve=true&type=accounts&q="+url.QueryEscape(other.sam()), token, "")
	if err != nil {
		return "", err
	}
	var found struct{ Accounts []struct{ ID string } }
	if err := json.Unmarshal(body, &found); err != nil {
		return "", err
	}
	if len(found.Accounts) != 1 {
		return "", fmt.Errorf("%s is not found: %s", other.sam(), body)
	}
	account := found.Accounts[0].ID
	if _, err := ask(ctx, http.MethodPost, s.address, "/api/v1/accounts/"+account+"/follow", token, ""); err != nil {
		return "", err
	}
	for begin := time.Now(); time.Since(begin) < 20*time.Second; time.Sleep(20 * time.Millisecond) {
		body, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/relationships?id[]="+account, token, "")
		if err != nil {
			return "", err
		}
		var list []struct{ Following bool }
		if err := json.Unmarshal(body, &list); err != nil {
			return "", err
		}
		if len(list) == 1 && list[0].Following {
			return account, nil
		}
		select {
		case err := <-other.failures:
			return "", err
		default:
		}
	}
	return "", errors.New("the follow was not accepted within 20 s")
}

// statuses counts those of an account, page by page.
func (s *server) statuses(ctx context.Context, token, account string) (n int, err error) {
	for next := ""; ; {
		body, err := ask(ctx, http.MethodGet, s.address, "/api/v1/accounts/"+account+"/statuses?limit=40"+next, token, "")
		if err != nil {
			return n, err
		}
		var list []struct{ ID string }
		if err := json.Unmarshal(body, &list); err != nil || len(list) == 0 {
			return n, err
		}
		n += len(list)
		next = "&max_id=" + list[len(list)-1].ID
	}
}
