package images

import "math"

// Size is a wanted output. A picture is made smaller, never larger.
type Size struct {
	Pixels        int  // at most so many pixels, where no width is given
	Width, Height int  // fits within
	Fill          bool // has the shape of Width × Height exactly, and is cropped to its middle
}

// of says which part of a picture of w × h pixels is shown, and how large.
func (s Size) of(w, h int) (part cut, width, height int) {
	part = cut{w: float64(w), h: float64(h)}
	scale := 1.0
	switch {
	case s.Width == 0 && s.Pixels > 0:
		scale = math.Sqrt(float64(s.Pixels) / (part.w * part.h))
	case s.Width > 0 && s.Fill:
		scale = max(float64(s.Width)/part.w, float64(s.Height)/part.h)
		shown := cut{w: float64(s.Width) / scale, h: float64(s.Height) / scale}
		shown.x, shown.y = (part.w-shown.w)/2, (part.h-shown.h)/2
		part = shown
	case s.Width > 0:
		scale = min(float64(s.Width)/part.w, float64(s.Height)/part.h)
	}
	scale = min(scale, 1)
	// A hair is added because 4000 × (400 / 4000) may come out below 400.
	width, height = max(1, int(part.w*scale+1e-6)), max(1, int(part.h*scale+1e-6))
	return part, width, height
}

// stored is the part of the upright picture as it lies in one that is stored w × h.
func (c cut) stored(t turn, w, h int) cut {
	if t.swap {
		c = cut{x: c.y, y: c.x, w: c.h, h: c.w}
	}
	if t.mirrorX {
		c.x = float64(w) - c.x - c.w
	}
	if t.mirrorY {
		c.y = float64(h) - c.y - c.h
	}
	return c
}
