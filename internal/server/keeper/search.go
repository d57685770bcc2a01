package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// SearchOps keeps the index of search.
type SearchOps interface {
	ReindexSearch(ctx context.Context, in ReindexSearch) (SearchProgress, error)
}

func searchHandlers(ops SearchOps) map[string]control.Handler {
	return map[string]control.Handler{"search.reindex": control.Handle(ops.ReindexSearch)}
}

// ReindexSearch asks to go on reading everything again for search, for about a second.
type ReindexSearch struct {
	Restart bool `json:"restart,omitempty"` // from the beginning, even if a walk is under way or was finished
}

// SearchProgress tells how far that came.
type SearchProgress struct {
	Done     int64 `json:"done"` // statuses read
	Left     int64 `json:"left"` // at least so many are to come, counted up to 100,000
	Finished bool  `json:"finished"`
}

// ReindexSearch goes on reading everything again for search.
func (c Client) ReindexSearch(ctx context.Context, in ReindexSearch) (SearchProgress, error) {
	return ask[SearchProgress](ctx, c, "search.reindex", in)
}
