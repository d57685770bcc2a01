package main

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/server/keeper"
)

// searchCmd is about the index of search.
type searchCmd struct {
	Reindex searchReindexCmd `cmd:"" help:"Read all statuses again for search. Interrupted, it goes on where it was, by itself or by the same command."`
}

type searchReindexCmd struct {
	Continue bool `help:"Go on with what is under way instead of beginning anew."`
}

// reindexTurn is how long one connection is kept; progress is told in between.
const reindexTurn = 10 * time.Second

// Run reads everything again, and tells how far it is.
func (s searchReindexCmd) Run(p *program) error {
	restart := !s.Continue
	for {
		at, err := keep(p, func(ctx context.Context, ops keeper.Ops) (at keeper.SearchProgress, err error) {
			for begin := time.Now(); !at.Finished && time.Since(begin) < reindexTurn; restart = false {
				if at, err = ops.ReindexSearch(ctx, keeper.ReindexSearch{Restart: restart}); err != nil {
					return at, err
				}
			}
			return at, nil
		})
		if err != nil {
			return err
		}
		if at.Finished {
			p.tell(at, fmt.Sprintf("Done: %d statuses were read.", at.Done))
			return nil
		}
		if _, err := fmt.Fprintf(p.stderr, "%d statuses read, at least %d to come\n", at.Done, at.Left); err != nil {
			return err
		}
	}
}
