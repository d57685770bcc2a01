package images

import (
	"image"
	"image/color"
	"image/draw"
)

// plane is a rectangle of samples; each pixel has n of them, side by side.
type plane struct {
	pix          []byte
	stride, w, h int
	n            int
	perX, perY   float64 // samples for each pixel of the picture: less than one where colours are stored coarser than light
}

// picture is what is worked on: one plane of grey, three of light and colours as JPEG has them, or one of red, green, blue and
// alpha, multiplied by alpha.
type picture struct {
	w, h   int
	planes []plane
}

func (p *picture) gray() bool { return len(p.planes) == 1 && p.planes[0].n == 1 }
func (p *picture) rgba() bool { return len(p.planes) == 1 && p.planes[0].n == 4 }

func newPlane(w, h, n int) plane {
	return plane{pix: make([]byte, w*h*n), stride: w * n, w: w, h: h, n: n, perX: 1, perY: 1}
}

func (p *plane) row(y int) []byte { return p.pix[y*p.stride:][:p.w*p.n] }

// empty is a picture of w × h of the same kind as p; its colours have half the width and height of its light, as JPEG writes them.
func (p *picture) empty(w, h int) picture {
	made := picture{w: w, h: h, planes: []plane{newPlane(w, h, p.planes[0].n)}}
	for range p.planes[1:] {
		half := newPlane((w+1)/2, (h+1)/2, 1)
		half.perX, half.perY = 0.5, 0.5
		made.planes = append(made.planes, half)
	}
	return made
}

// pictureOf takes over what was decoded: its pixels may be changed in place, to need no memory twice.
func pictureOf(m image.Image) picture {
	b := m.Bounds()
	p := picture{w: b.Dx(), h: b.Dy()}
	one := func(pix []byte, stride, n int) picture {
		p.planes = []plane{{pix: pix, stride: stride, w: p.w, h: p.h, n: n, perX: 1, perY: 1}}
		return p
	}
	switch m := m.(type) {
	case *image.YCbCr:
		return fromYCbCr(m)
	case *image.Gray:
		return one(m.Pix, m.Stride, 1)
	case *image.Gray16:
		return one(narrow(m.Pix), m.Stride/2, 1)
	case *image.RGBA:
		return one(m.Pix, m.Stride, 4)
	case *image.RGBA64:
		return one(narrow(m.Pix), m.Stride/2, 4)
	case *image.NRGBA:
		return one(premultiply(m.Pix), m.Stride, 4)
	case *image.NRGBA64:
		return one(premultiply(narrow(m.Pix)), m.Stride/2, 4)
	case *image.CMYK:
		return one(fromInks(m.Pix), m.Stride, 4)
	case *image.NYCbCrA:
		return fromNYCbCrA(m)
	case *image.Paletted:
		return fromPaletted(m)
	}
	made := image.NewRGBA(image.Rect(0, 0, p.w, p.h))
	draw.Draw(made, made.Rect, m, b.Min, draw.Src)
	return one(made.Pix, made.Stride, 4)
}

func fromYCbCr(m *image.YCbCr) picture {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	perX, perY := 1, 1
	switch m.SubsampleRatio {
	case image.YCbCrSubsampleRatio422:
		perX = 2
	case image.YCbCrSubsampleRatio420:
		perX, perY = 2, 2
	case image.YCbCrSubsampleRatio440:
		perY = 2
	case image.YCbCrSubsampleRatio411:
		perX = 4
	case image.YCbCrSubsampleRatio410:
		perX, perY = 4, 2
	}
	p := picture{w: w, h: h, planes: []plane{{pix: m.Y, stride: m.YStride, w: w, h: h, n: 1, perX: 1, perY: 1}}}
	for _, pix := range [][]byte{m.Cb, m.Cr} {
		p.planes = append(p.planes, plane{pix: pix, stride: m.CStride, w: (w + perX - 1) / perX, h: (h + perY - 1) / perY, n: 1,
			perX: 1 / float64(perX), perY: 1 / float64(perY)})
	}
	return p
}

// fromNYCbCrA reads WebP that is lossy and has an alpha.
func fromNYCbCrA(m *image.NYCbCrA) picture {
	w, h := m.Rect.Dx(), m.Rect.Dy()
	made := newPlane(w, h, 4)
	for y := range h {
		row := made.row(y)
		for x := range w {
			light, colours := y*m.YStride+x, (y/2)*m.CStride+x/2
			to := row[4*x : 4*x+4]
			to[0], to[1], to[2] = color.YCbCrToRGB(m.Y[light], m.Cb[colours], m.Cr[colours])
			to[3] = m.A[y*m.AStride+x]
			premultiply(to)
		}
	}
	return picture{w: w, h: h, planes: []plane{made}}
}

func fromPaletted(m *image.Paletted) picture {
	var colours [256][4]byte
	for i, c := range m.Palette {
		r, g, b, a := c.RGBA()
		colours[i] = [4]byte{byte(r >> 8), byte(g >> 8), byte(b >> 8), byte(a >> 8)}
	}
	w, h := m.Rect.Dx(), m.Rect.Dy()
	made := newPlane(w, h, 4)
	for y := range h {
		row := made.row(y)
		for x, i := range m.Pix[y*m.Stride:][:w] {
			copy(row[4*x:], colours[i][:])
		}
	}
	return picture{w: w, h: h, planes: []plane{made}}
}

// narrow keeps the upper byte of every sample, in place.
func narrow(pix []byte) []byte {
	for i := range len(pix) / 2 {
		pix[i] = pix[2*i]
	}
	return pix[:len(pix)/2]
}

func premultiply(pix []byte) []byte {
	for i := 0; i+3 < len(pix); i += 4 {
		if a := uint32(pix[i+3]); a != 255 {
			for k := range 3 {
				pix[i+k] = byte((uint32(pix[i+k])*a + 127) / 255)
			}
		}
	}
	return pix
}

// divide takes the alpha out of the colours again, in place.
func divide(pix []byte) []byte {
	for i := 0; i+3 < len(pix); i += 4 {
		if a := uint32(pix[i+3]); a != 255 && a != 0 {
			for k := range 3 {
				pix[i+k] = byte(min(255, (uint32(pix[i+k])*255+a/2)/a))
			}
		}
	}
	return pix
}

// fromInks turns cyan, magenta, yellow and black into red, green, blue and opaque, in place.
func fromInks(pix []byte) []byte {
	for i := 0; i+3 < len(pix); i += 4 {
		p := pix[i : i+4]
		p[0], p[1], p[2] = color.CMYKToRGB(p[0], p[1], p[2], p[3])
		p[3] = 255
	}
	return pix
}

// image is the picture as the encoder of the format is quickest with it. It takes over the pixels.
func (p *picture) image(f Format) image.Image {
	bounds := image.Rect(0, 0, p.w, p.h)
	first := p.planes[0]
	switch {
	case p.gray():
		return &image.Gray{Pix: first.pix, Stride: first.stride, Rect: bounds}
	case p.rgba() && f == JPEG:
		return &image.RGBA{Pix: first.pix, Stride: first.stride, Rect: bounds}
	case p.rgba():
		return &image.NRGBA{Pix: divide(first.pix), Stride: first.stride, Rect: bounds}
	}
	return &image.YCbCr{Y: first.pix, Cb: p.planes[1].pix, Cr: p.planes[2].pix, YStride: first.stride, CStride: p.planes[1].stride,
		SubsampleRatio: image.YCbCrSubsampleRatio420, Rect: bounds}
}

// opaque says whether nothing shines through.
func (p *picture) opaque() bool {
	if !p.rgba() {
		return true
	}
	for y := range p.h {
		row := p.planes[0].row(y)
		for i := 3; i < len(row); i += 4 {
			if row[i] != 255 {
				return false
			}
		}
	}
	return true
}

// at gives red, green and blue of one pixel, upon black.
func (p *picture) at(x, y int) (r, g, b byte) {
	first := p.planes[0].row(y)
	switch {
	case p.gray():
		return first[x], first[x], first[x]
	case p.rgba():
		return first[4*x], first[4*x+1], first[4*x+2]
	}
	cb, cr := p.planes[1], p.planes[2]
	xx, yy := int(float64(x)*cb.perX), int(float64(y)*cb.perY)
	return color.YCbCrToRGB(first[x], cb.row(yy)[xx], cr.row(yy)[xx])
}
