package main

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"strconv"

	"anancus/internal/kit/config"
	"anancus/internal/kit/log"
	"anancus/internal/server/keeper"

	"golang.org/x/sync/errgroup"
)

// devCmd is for trying things.
type devCmd struct {
	Peers peersCmd `cmd:"" help:"Run two servers on this machine that federate with each other, with one member each."`
}

type peersCmd struct {
	Port int `default:"8081" help:"The port of the first server; the second one takes the next."`
}

// peer is one of the two servers.
type peer struct {
	URL      string `json:"url"`
	Data     string `json:"data"`
	Handle   string `json:"handle"`
	Email    string `json:"email"`
	Password string `json:"password"`
	name     string
	config   config.Config
}

// peerPassword opens accounts that exist on loopback only.
const peerPassword = "correct-horse-battery"

// Run serves both until a signal stops them.
func (d peersCmd) Run(p *program) error {
	var peers []*peer
	for i, name := range []string{"ada", "bo"} {
		one, err := newPeer(p, name, string(rune('a'+i)), d.Port+i)
		if err != nil {
			return err
		}
		peers = append(peers, one)
	}
	group, ctx := errgroup.WithContext(p.ctx)
	settled := make(chan struct{}, len(peers))
	for _, one := range peers {
		logger := log.New(p.stderr, "warn", p.cli.Facts.LogFormat).With("server", one.config.Domain)
		group.Go(func() error {
			return p.serve(ctx, one.config, logger, func(ctx context.Context, h host) error {
				err := one.settle(ctx, h)
				settled <- struct{}{}
				return err
			})
		})
	}
	group.Go(func() error {
		for range peers {
			select {
			case <-settled:
			case <-ctx.Done():
				return nil
			}
		}
		if peers[0].Handle != "" && peers[1].Handle != "" {
			p.tell(peers, peerLines(peers)...)
		}
		return nil
	})
	return group.Wait()
}

// newPeer configures a server that may talk to this machine only.
func newPeer(p *program, name, folder string, port int) (*peer, error) {
	c := config.Default()
	c.Listen = "127.0.0.1:" + strconv.Itoa(port)
	c.Domain = "localhost:" + strconv.Itoa(port)
	c.Data = filepath.Join(p.cli.Facts.Data, "peers", folder)
	c.RateLimits = false
	c.FederationAllowAddresses = config.Networks{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}
	if err := c.Complete(); err != nil {
		return nil, err
	}
	return &peer{name: name, config: c, URL: openAt(c), Data: c.Data, Password: peerPassword}, nil
}

// settle gives the server its member.
func (one *peer) settle(ctx context.Context, h host) error {
	made, err := h.Keeper().CreateAccount(ctx, keeper.CreateAccount{Name: one.name, Email: one.name + "@example.test",
		Password: peerPassword, Role: "owner", Confirmed: true, Approved: true, IfMissing: true})
	if err != nil {
		return fmt.Errorf("make %s's account: %w", one.name, err)
	}
	one.Handle, one.Email = made.Handle, made.Email
	return nil
}

func peerLines(peers []*peer) []string {
	lines := []string{"Two servers run and can reach each other:"}
	for _, one := range peers {
		lines = append(lines, "", "Open "+one.URL, "  Sign in as "+one.Email+" with the password "+one.Password,
			"  Handle: "+one.Handle, "  Data folder: "+one.Data)
	}
	return append(lines, "", "Try it: search for "+peers[1].Handle+" on "+peers[0].URL+" and follow.", "Stop both with Ctrl+C.")
}
