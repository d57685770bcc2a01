package images

import (
	"context"
	"errors"
	"image"
	"io"
)

// job is one picture on its way.
type job struct {
	ctx     context.Context
	r       io.ReadSeeker
	header  Header
	quality int
	palette *image.Paletted // as decoded, if it has few colours
}

// sheet is a picture that was made, or the file of one that did not need to be.
type sheet struct {
	picture
	body []byte
}

// run makes all sizes before it encodes the first, so that what was decoded is let go of early.
func (j *job) run(source picture, sizes []Size) (*Result, error) {
	format := j.format(&source)
	sheets, tiny, err := j.sheets(source, sizes)
	if err != nil {
		return nil, err
	}
	source, j.palette = picture{}, nil
	if c := j.header.colours; c != nil {
		c.apply(&tiny)
		for i := range sheets {
			c.apply(&sheets[i].picture)
		}
	}
	result := &Result{Header: j.header, Blurhash: blurhash(&tiny, 4, 4), Colors: colors(&tiny)}
	for i := range sheets {
		if err := j.ctx.Err(); err != nil {
			return nil, err
		}
		s := &sheets[i]
		if s.body == nil {
			if s.body, err = encode(s.image(format), format, j.quality); err != nil {
				return nil, err
			}
		}
		result.Outputs = append(result.Outputs, Output{Format: format, Width: s.w, Height: s.h, Body: s.body})
		s.planes = nil
	}
	return result, nil
}

func (j *job) format(source *picture) Format {
	switch {
	case j.header.Format == JPEG, j.header.Format == WebP && source.opaque():
		return JPEG
	}
	return PNG
}

// sheets makes every size, each from the one before it where that is large enough to lose nothing, and a tiny picture to tell the
// colours by.
func (j *job) sheets(source picture, sizes []Size) (made []sheet, tiny picture, err error) {
	width, height := j.header.Upright()
	from, t := source, turns[j.header.Orientation]
	render := func(part cut, w, h int) picture {
		fromWidth, fromHeight := from.w, from.h
		if t.swap {
			fromWidth, fromHeight = fromHeight, fromWidth
		}
		x, y := float64(fromWidth)/float64(width), float64(fromHeight)/float64(height)
		part = cut{x: part.x * x, y: part.y * y, w: part.w * x, h: part.h * y}
		return from.render(part.stored(t, from.w, from.h), t, w, h)
	}
	for _, size := range sizes {
		if err := j.ctx.Err(); err != nil {
			return nil, tiny, err
		}
		part, w, h := size.of(width, height)
		whole := part == cut{w: float64(width), h: float64(height)}
		if whole && w == width && h == height {
			body, err := j.asItIs()
			if err != nil {
				return nil, tiny, err
			}
			if body != nil {
				made = append(made, sheet{picture{w: w, h: h}, body})
				continue
			}
		}
		made = append(made, sheet{picture: render(part, w, h)})
		if whole {
			from, t = made[len(made)-1].picture, turn{}
		}
	}
	part, w, h := Size{Width: 64, Height: 64}.of(width, height)
	return made, render(part, w, h), nil
}

// asItIs gives the file of a picture that has the wanted size already, if one can be had without decoding and encoding its pixels.
func (j *job) asItIs() ([]byte, error) {
	switch {
	case j.header.Orientation != 1, j.header.named:
	case j.header.Format == JPEG && j.header.colours == nil:
		if _, err := j.r.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		body, err := stripJPEG(&ending{j.ctx, j.r})
		if errors.Is(err, errUnusual) {
			return nil, nil
		}
		return body, err
	case j.palette != nil && j.header.colours == nil:
		return encode(j.palette, PNG, 0)
	}
	return nil, nil
}
