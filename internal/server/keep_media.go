package server

import (
	"context"
	"strconv"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/settings"
)

// MediaUsage tells what is kept.
func (k *Keeper) MediaUsage(ctx context.Context) ([]keeper.MediaUsage, error) {
	list, err := k.server.media.Usage(ctx)
	out := make([]keeper.MediaUsage, len(list))
	for i, one := range list {
		out[i] = keeper.MediaUsage(one)
	}
	return out, err
}

// PruneMedia goes on removing copies of other servers' files.
func (k *Keeper) PruneMedia(ctx context.Context, in keeper.PruneMedia) (keeper.PrunedMedia, error) {
	if in.Days < 0 || in.Budget < 0 || in.Days == 0 && in.Budget == 0 {
		return keeper.PrunedMedia{}, fault.New(fault.Invalid, "Say how many days or how many bytes of copies may stay; neither is decided by the settings remote-media-days and remote-media-budget")
	}
	at := media.Pruned{Files: in.At.Files, Bytes: in.At.Bytes, Left: in.At.Left}
	if in.At.Last != "" {
		last, err := id.Parse[id.File](in.At.Last)
		if err != nil {
			return keeper.PrunedMedia{}, err
		}
		at.Last, at.Seen = last, clock.FromMilli(in.At.Seen)
	}
	at, err := k.server.media.Prune(ctx, media.Bound{Days: in.Days, Budget: in.Budget, Dry: in.Dry}, at)
	out := keeper.PrunedMedia{Files: at.Files, Bytes: at.Bytes, Left: at.Left, Finished: at.Finished}
	if at.Last != 0 {
		out.Last, out.Seen = at.Last.String(), clock.Milli(at.Seen)
	}
	return out, err
}

// VerifyMedia goes on comparing the store with the table of files.
func (k *Keeper) VerifyMedia(ctx context.Context, in keeper.VerifyMedia) (keeper.VerifiedMedia, error) {
	v, err := k.server.media.Verify(ctx, in.Last, in.Fix)
	if err != nil {
		return keeper.VerifiedMedia{}, err
	}
	out := keeper.VerifiedMedia{Last: v.Last, Rows: v.Rows, Files: v.Files, Finished: v.Finished, Found: []keeper.MediaFinding{}}
	for _, one := range v.Found {
		found := keeper.MediaFinding{What: one.What, Key: one.Key, Noun: one.Noun, Remote: one.Remote, Bytes: one.Bytes, Mended: one.Mended}
		if one.Owner != 0 {
			found.Owner = strconv.FormatInt(one.Owner, 10)
		}
		out.Found = append(out.Found, found)
	}
	return out, nil
}

// MediaModes lists the servers whose media are treated unlike those of others.
func (k *Keeper) MediaModes(ctx context.Context) ([]keeper.MediaMode, error) {
	list, err := k.server.media.Modes(ctx)
	out := make([]keeper.MediaMode, len(list))
	for i, one := range list {
		out[i] = keeper.MediaMode{Domain: one.Domain, Mode: string(one.Mode)}
	}
	return out, err
}

// SetMediaMode decides about the media of a server, and tells what is done with them from now on.
func (k *Keeper) SetMediaMode(ctx context.Context, in keeper.MediaMode) (keeper.MediaMode, error) {
	var mode settings.MediaMode
	if in.Mode != "" {
		var err error
		if mode, err = settings.ReadMediaMode(in.Mode); err != nil {
			return keeper.MediaMode{}, err
		}
	}
	set, err := k.server.media.SetMode(ctx, in.Domain, mode)
	return keeper.MediaMode{Domain: set.Domain, Mode: string(set.Mode)}, err
}
