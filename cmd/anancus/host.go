package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"syscall"
	"time"

	"anancus/internal/kit/config"
	"anancus/internal/kit/control"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"

	"golang.org/x/sync/errgroup"
)

// host is the server as the command line needs it: opened, migrated, not yet listening.
type host interface {
	// Run listens and serves until ctx ends; it returns when everything is settled.
	Run(ctx context.Context) error
	// Listening is closed as soon as Run answers requests.
	Listening() <-chan struct{}
	// SetupNotice gives the page and the code for the first person, while there is none.
	SetupNotice() (url, code string, needed bool)
	Keeper() keeper.Ops
	Close() error
}

// openHost makes the data folder and opens the server in it.
func (p *program) openHost(ctx context.Context, c config.Config, log *slog.Logger) (host, error) {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	return p.open(ctx, c, version, log)
}

// serve runs a server and takes commands for it until ctx ends. ready is called once it answers.
func (p *program) serve(ctx context.Context, c config.Config, log *slog.Logger, ready func(context.Context, host) error) (err error) {
	h, err := p.openHost(ctx, c, log)
	if err != nil {
		return explain(err, c)
	}
	defer func() {
		if closing := h.Close(); err == nil && closing != nil {
			err = fmt.Errorf("close the server: %w", closing)
		}
	}()
	commands, err := control.Listen(c.Socket())
	if err != nil {
		return err
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := h.Run(running); err != nil {
			return err
		}
		if running.Err() == nil {
			return errors.New("the server stopped by itself")
		}
		return nil
	})
	group.Go(func() error { return commands.Serve(running, keeper.Handlers(h.Keeper())) })
	group.Go(func() error {
		select {
		case <-h.Listening():
			return ready(running, h)
		case <-running.Done():
			return nil
		}
	})
	return explain(group.Wait(), c)
}

// explain says in a keeper's words why a server could not start.
func explain(err error, c config.Config) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, db.ErrHeld), errors.Is(err, control.ErrServing):
		return fmt.Errorf("another server already runs on the data folder %s; stop it first, or choose another folder with --data", c.Data)
	case errors.Is(err, syscall.EADDRINUSE):
		return fmt.Errorf("the address %s is taken by another program; stop that one, or choose another address with --listen: %w", c.Listen, err)
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return fmt.Errorf("the address %s is not one of this machine; choose another with --listen: %w", c.Listen, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the system does not allow it; is the data folder %s this user's, and the port of %s one that this user may open? %w", c.Data, c.Listen, err)
	}
	return err
}

// Times of a keeper's command.
const (
	commandTime = time.Minute            // hashing and migrating on a busy small machine
	startTime   = 10 * time.Second       // a server that holds the database but does not take commands yet
	startPause  = 100 * time.Millisecond // between two looks at it
)

// keep does a keeper's command: by the server that runs, else on the database itself.
func keep[Out any](p *program, do func(ctx context.Context, ops keeper.Ops) (Out, error)) (Out, error) {
	var none Out
	c, err := p.config()
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(p.ctx, commandTime)
	defer cancel()
	for patience := time.Now().Add(startTime); ; {
		out, err := do(ctx, keeper.Client{Socket: c.Socket()})
		if !errors.Is(err, control.ErrNoServer) {
			return out, err
		}
		h, err := p.openHost(ctx, c, p.quietLog(c))
		if err == nil {
			return alone(ctx, h, do)
		}
		if !errors.Is(err, db.ErrHeld) || time.Now().After(patience) {
			return none, explain(err, c)
		}
		select { // it is starting or stopping: look again
		case <-ctx.Done():
			return none, ctx.Err()
		case <-time.After(startPause):
		}
	}
}

func alone[Out any](ctx context.Context, h host, do func(ctx context.Context, ops keeper.Ops) (Out, error)) (Out, error) {
	out, err := do(ctx, h.Keeper())
	if closing := h.Close(); err == nil && closing != nil {
		err = fmt.Errorf("close the database: %w", closing)
	}
	return out, err
}
