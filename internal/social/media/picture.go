package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/images"
	"anancus/internal/protocol/mastodon"
)

// maxStillBytes bounds the JPEG that is made of a HEIC or an AVIF picture: it is larger than what was sent.
const maxStillBytes = 64 << 20

// drawing says what is wanted of a picture that somebody sent.
type drawing struct {
	noun     string
	owner    int64
	remote   bool
	hidden   bool
	original bool   // the picture itself, at most as large as is kept
	small    bool   // its preview
	colors   bool   // those of a cover
	fill     [2]int // cropped to exactly this many pixels, in the place of both
	fit      [2]int // within this many pixels, in the place of both
}

// picture is what became of one: files that are written and not settled yet.
type picture struct {
	original, small *file
	blurhash        string
	meta            mastodon.MediaMeta
}

// refusal says in words why a picture cannot be taken.
func refusal(err error) error {
	switch {
	case errors.Is(err, images.ErrPixels):
		return fault.Wrap(err, fault.Invalid, "Validation failed: File has too many pixels")
	case errors.Is(err, images.ErrBytes):
		return fault.Wrap(err, fault.Invalid, "Validation failed: File is too large")
	case errors.Is(err, images.ErrDamaged):
		return fault.Wrap(err, fault.Invalid, "Validation failed: File is damaged and cannot be read")
	case errors.Is(err, images.ErrFormat):
		return fault.Wrap(err, fault.Invalid, "Validation failed: File content type is invalid")
	case errors.Is(err, images.ErrOutside):
		return fault.Wrap(err, fault.Invalid, "Validation failed: File is of a type that this server cannot read. Send it as JPEG or PNG.")
	}
	return err
}

// draw makes the wanted sizes of a picture and keeps them. The files are to be settled, or are swept as forgotten.
func (s *Service) draw(ctx context.Context, from *os.File, d drawing) (*picture, error) {
	most := int64(MaxImageBytes)
	if still, err := s.decodable(ctx, from); err != nil {
		return nil, err
	} else if still != from {
		defer func() { _ = discard(still) }()
		from, most = still, maxStillBytes
	}
	var sizes []images.Size
	switch {
	case d.fill != [2]int{}:
		sizes = append(sizes, images.Size{Width: d.fill[0], Height: d.fill[1], Fill: true})
	case d.fit != [2]int{}:
		sizes = append(sizes, images.Size{Width: d.fit[0], Height: d.fit[1]})
	default:
		if d.original {
			sizes = append(sizes, images.Size{Pixels: originalPixels})
		}
		if d.small {
			sizes = append(sizes, images.Size{Pixels: smallPixels})
		}
	}
	made, err := s.workshop.Process(ctx, from, images.Options{MaxBytes: most, MaxPixels: MaxImagePixels, MaxMemory: maxPictureMemory, Sizes: sizes})
	if err != nil {
		return nil, refusal(err)
	}
	p := &picture{blurhash: made.Blurhash}
	files := make([]*file, len(made.Outputs))
	for i, out := range made.Outputs {
		one := &file{noun: d.noun, owner: d.owner, kind: string(out.Format), size: int64(len(out.Body)), remote: d.remote, hidden: d.hidden}
		if files[i], err = s.put(ctx, one, bytes.NewReader(out.Body)); err != nil {
			return nil, err
		}
	}
	if d.small && len(files) > 0 {
		last := made.Outputs[len(files)-1]
		p.small, p.meta.Small = files[len(files)-1], sizeOf(last.Width, last.Height)
	}
	if !d.small || len(files) > 1 {
		p.original, p.meta.Original = files[0], sizeOf(made.Outputs[0].Width, made.Outputs[0].Height)
	}
	if c := made.Colors; d.colors {
		p.meta.Colors = &mastodon.MediaColors{Background: c.Background, Foreground: c.Foreground, Accent: c.Accent}
	}
	return p, nil
}

// inspect tells what a picture is, and refuses one that is larger than the limits of its kind. nil for what is no picture.
func inspect(from io.ReadSeeker) (*images.Header, error) {
	h, err := images.Inspect(from)
	if errors.Is(err, images.ErrFormat) {
		return nil, nil
	}
	if err != nil {
		return nil, refusal(err)
	}
	most := int64(MaxImagePixels)
	if h.Format == images.GIF {
		most = MaxGIFPixels
	}
	if h.Pixels() > most {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: File has too many pixels: %d×%d, and at most %d are taken", h.Width, h.Height, most))
	}
	return &h, nil
}
