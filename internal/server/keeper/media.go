package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// MediaOps keeps the store of files.
type MediaOps interface {
	MediaUsage(ctx context.Context) ([]MediaUsage, error)
	PruneMedia(ctx context.Context, in PruneMedia) (PrunedMedia, error)
	VerifyMedia(ctx context.Context, in VerifyMedia) (VerifiedMedia, error)
	MediaModes(ctx context.Context) ([]MediaMode, error)
	SetMediaMode(ctx context.Context, in MediaMode) (MediaMode, error)
}

// MediaUsage is how much of one kind of files is kept.
type MediaUsage struct {
	Noun   string `json:"noun"`   // attachment, avatar, header, emoji, preview, upload
	Remote bool   `json:"remote"` // copies of other servers' files
	Files  int64  `json:"files"`
	Bytes  int64  `json:"bytes"`
}

// PruneMedia asks to go on removing copies of other servers' files, for about a second.
type PruneMedia struct {
	Days   int         `json:"days,omitempty"`   // since somebody last looked; 0: however many
	Budget int64       `json:"budget,omitempty"` // bytes of all copies; 0: however many
	Dry    bool        `json:"dry,omitempty"`    // only count
	At     PrunedMedia `json:"at"`               // as it was answered the last time
}

// PrunedMedia tells how far that came.
type PrunedMedia struct {
	Files    int64  `json:"files"` // gone, or that would go
	Bytes    int64  `json:"bytes"`
	Left     int64  `json:"left"` // bytes of copies that stay
	Seen     int64  `json:"seen,omitempty"`
	Last     string `json:"last,omitempty"`
	Finished bool   `json:"finished"`
}

// VerifyMedia asks to go on comparing the store with the table of files, for about a second.
type VerifyMedia struct {
	Last string `json:"last,omitempty"` // the key that was reached
	Fix  bool   `json:"fix,omitempty"`
}

// VerifiedMedia tells how far that came, and what was found on the way.
type VerifiedMedia struct {
	Last     string         `json:"last,omitempty"`
	Rows     int64          `json:"rows"`  // files that should be there
	Files    int64          `json:"files"` // files that are
	Found    []MediaFinding `json:"found"`
	Finished bool           `json:"finished"`
}

// MediaFinding is something that is wrong with a file.
type MediaFinding struct {
	What   string `json:"what"` // orphan, missing, damaged, foreign
	Key    string `json:"key"`
	Noun   string `json:"noun,omitempty"`
	Owner  string `json:"owner,omitempty"` // id of the attachment or account that shows it
	Remote bool   `json:"remote"`
	Bytes  int64  `json:"bytes"`
	Mended bool   `json:"mended"`
}

// MediaMode is what is done with the media of a server: store, proxy or reject; "" is what is done with everybody's.
type MediaMode struct {
	Domain string `json:"domain"`
	Mode   string `json:"mode"`
}

func mediaHandlers(ops MediaOps) map[string]control.Handler {
	return map[string]control.Handler{
		"media.usage":    control.Handle(func(ctx context.Context, _ nothing) ([]MediaUsage, error) { return ops.MediaUsage(ctx) }),
		"media.prune":    control.Handle(ops.PruneMedia),
		"media.verify":   control.Handle(ops.VerifyMedia),
		"media.modes":    control.Handle(func(ctx context.Context, _ nothing) ([]MediaMode, error) { return ops.MediaModes(ctx) }),
		"media.set_mode": control.Handle(ops.SetMediaMode),
	}
}

// MediaUsage tells what is kept.
func (c Client) MediaUsage(ctx context.Context) ([]MediaUsage, error) {
	return ask[[]MediaUsage](ctx, c, "media.usage", nothing{})
}

// PruneMedia goes on removing copies of other servers' files.
func (c Client) PruneMedia(ctx context.Context, in PruneMedia) (PrunedMedia, error) {
	return ask[PrunedMedia](ctx, c, "media.prune", in)
}

// VerifyMedia goes on comparing the store with the table of files.
func (c Client) VerifyMedia(ctx context.Context, in VerifyMedia) (VerifiedMedia, error) {
	return ask[VerifiedMedia](ctx, c, "media.verify", in)
}

// MediaModes lists the servers whose media are treated unlike those of others.
func (c Client) MediaModes(ctx context.Context) ([]MediaMode, error) {
	return ask[[]MediaMode](ctx, c, "media.modes", nothing{})
}

// SetMediaMode decides about the media of a server.
func (c Client) SetMediaMode(ctx context.Context, in MediaMode) (MediaMode, error) {
	return ask[MediaMode](ctx, c, "media.set_mode", in)
}
