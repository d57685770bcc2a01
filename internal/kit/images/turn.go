package images

// turn is what an orientation of EXIF asks for: mirror the stored picture, then swap rows and columns.
type turn struct{ mirrorX, mirrorY, swap bool }

var turns = [9]turn{
	2: {mirrorX: true},
	3: {mirrorX: true, mirrorY: true},
	4: {mirrorY: true},
	5: {swap: true},
	6: {mirrorY: true, swap: true},
	7: {mirrorX: true, mirrorY: true, swap: true},
	8: {mirrorX: true, swap: true},
}

// swapped is the plane with rows and columns swapped.
func (p *plane) swapped() plane {
	made := newPlane(p.h, p.w, p.n)
	made.perX, made.perY = p.perY, p.perX
	const block = 32 // samples, so that what is read and what is written stay in the cache
	for y0 := 0; y0 < p.h; y0 += block {
		for x0 := 0; x0 < p.w; x0 += block {
			for y := y0; y < min(y0+block, p.h); y++ {
				row := p.row(y)
				for x := x0; x < min(x0+block, p.w); x++ {
					copy(made.pix[x*made.stride+y*p.n:][:p.n], row[x*p.n:])
				}
			}
		}
	}
	return made
}

// cut is a part of a picture, in its pixels.
type cut struct{ x, y, w, h float64 }

// render makes a picture of w × h, as it is seen, of a part of one that is stored to be turned.
func (p *picture) render(part cut, t turn, w, h int) picture {
	if t.swap {
		w, h = h, w
	}
	made := p.empty(w, h)
	for i := range made.planes {
		to, from := &made.planes[i], p.planes[i]
		across := span(part.x, part.w, w, to.w, to.perX, from.perX, t.mirrorX)
		down := span(part.y, part.h, h, to.h, to.perY, from.perY, t.mirrorY)
		resample(to, from, newAxis(from.w, across[0], across[1], to.w), newAxis(from.h, down[0], down[1], to.h))
		if t.swap {
			*to = to.swapped()
		}
	}
	if t.swap {
		made.w, made.h = h, w
	}
	return made
}

// span tells which samples of a source's direction become those of the result. A plane of colours may reach half a pixel beyond the
// picture, and so does its part of the source.
func span(start, length float64, pixels, samples int, perTo, perFrom float64, mirror bool) [2]float64 {
	reach := length * float64(samples) / (float64(pixels) * perTo)
	if mirror {
		start, reach = start+length, -reach
	}
	return [2]float64{start * perFrom, (start + reach) * perFrom}
}
