package blob

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"anancus/internal/kit/fault"
)

// together is how many files are copied at once: most are small, and a bucket is far away.
const together = 16

// Copy copies every file whose key comes after the given one, and tells of each when
// it and all before it are there: the key told last is where to begin again. Files
// that the other store has already, with the same size, are told of but not sent.
func Copy(ctx context.Context, from, to Store, after string, progress func(Info)) error {
	batch := make([]Info, 0, together)
	flush := func() error {
		group, ctx := errgroup.WithContext(ctx)
		for _, info := range batch {
			group.Go(func() error { return copyOne(ctx, from, to, info) })
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for _, info := range batch {
			progress(info)
		}
		batch = batch[:0]
		return nil
	}
	for info, err := range from.List(ctx, "", after) {
		if err != nil {
			return err
		}
		if batch = append(batch, info); len(batch) == together {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

func copyOne(ctx context.Context, from, to Store, info Info) error {
	there, err := to.Open(ctx, info.Key)
	switch {
	case err == nil:
		if err := there.Close(); err != nil || there.Size == info.Size {
			return err
		}
	case !fault.Is(err, fault.NotFound):
		return fmt.Errorf("copy %s: %w", info.Key, err)
	}
	source, err := from.Open(ctx, info.Key)
	if fault.Is(err, fault.NotFound) { // deleted since the list was made
		return nil
	}
	if err != nil {
		return fmt.Errorf("copy %s: %w", info.Key, err)
	}
	defer func() { _ = source.Close() }()
	if err := to.Put(ctx, info.Key, source, source.Size, source.Type); err != nil {
		return fmt.Errorf("copy %s: %w", info.Key, err)
	}
	return nil
}
