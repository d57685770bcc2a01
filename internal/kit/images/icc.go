package images

import (
	"encoding/binary"
	"math"
)

// conversion turns colours as a profile means them into those of sRGB, which is what is written without a profile. Only profiles of
// three primaries and a curve for each are read, as those of screens and cameras are (Display P3, Adobe RGB); pictures with any other
// are taken as sRGB.
type conversion struct {
	light  [3][256]int32 // of each value of red, green and blue, up to lightTop
	matrix [3][3]int64   // in units of 1<<matrixBits
	value  [lightTop + 1]byte
}

const (
	lightTop   = 1<<14 - 1
	matrixBits = 14
)

// fromXYZ makes linear sRGB of XYZ under the light D50, in which profiles are written.
var fromXYZ = [3][3]float64{
	{3.1338561, -1.6168667, -0.4906146},
	{-0.9787684, 1.9161415, 0.0334540},
	{0.0719453, -0.2289914, 1.4052427},
}

// newConversion reads a profile; there is nothing to convert where it is that of sRGB or of a kind that is not read.
func newConversion(profile []byte) *conversion {
	if len(profile) < 132 || string(profile[36:40]) != "acsp" || string(profile[16:24]) != "RGB XYZ " {
		return nil
	}
	c := &conversion{}
	srgb := linear()
	same := true
	for column, colour := range "rgb" {
		xyz, curve := primary(tag(profile, string(colour)+"XYZ")), toneCurve(tag(profile, string(colour)+"TRC"))
		if xyz == nil || curve == nil {
			return nil
		}
		for row := range 3 {
			sum := 0.0
			for k := range 3 {
				sum += fromXYZ[row][k] * xyz[k]
			}
			c.matrix[row][column] = int64(math.Round(sum * (1 << matrixBits)))
			want := 0.0
			if row == column {
				want = 1
			}
			same = same && math.Abs(sum-want) < 0.01
		}
		for i := range 256 {
			light := max(0, min(1, curve(float64(i)/255)))
			c.light[column][i] = int32(light*lightTop + 0.5)
			same = same && math.Abs(light-srgb[i]) < 0.005
		}
	}
	if same {
		return nil
	}
	for i := range c.value {
		c.value[i] = encoded(float64(i) / lightTop)
	}
	return c
}

// apply converts the whole picture, which becomes one of red, green, blue and alpha.
func (c *conversion) apply(p *picture) {
	if p.gray() {
		return
	}
	if !p.rgba() {
		made := newPlane(p.w, p.h, 4)
		for y := range p.h {
			row := made.row(y)
			for x := range p.w {
				to := row[4*x : 4*x+4]
				to[0], to[1], to[2] = p.at(x, y)
				to[3] = 255
			}
		}
		p.planes = []plane{made}
	}
	pix := divide(p.planes[0].pix)
	for i := 0; i+3 < len(pix); i += 4 {
		to := pix[i : i+3]
		r, g, b := int64(c.light[0][to[0]]), int64(c.light[1][to[1]]), int64(c.light[2][to[2]])
		for k := range to {
			m := &c.matrix[k]
			to[k] = c.value[max(0, min(lightTop, (m[0]*r+m[1]*g+m[2]*b+1<<(matrixBits-1))>>matrixBits))]
		}
	}
	premultiply(pix)
}

// tag finds a part of a profile by its name.
func tag(profile []byte, name string) []byte {
	entries := profile[132:]
	for range min(binary.BigEndian.Uint32(profile[128:]), 100) {
		if len(entries) < 12 {
			return nil
		}
		if string(entries[:4]) == name {
			start, size := uint64(binary.BigEndian.Uint32(entries[4:])), uint64(binary.BigEndian.Uint32(entries[8:]))
			if start+size > uint64(len(profile)) {
				return nil
			}
			return profile[start : start+size]
		}
		entries = entries[12:]
	}
	return nil
}

// fixed reads a number of 16 bits before and 16 behind the point.
func fixed(p []byte) float64 { return float64(int32(binary.BigEndian.Uint32(p))) / 65536 }

func primary(p []byte) []float64 {
	if len(p) < 20 || string(p[:4]) != "XYZ " {
		return nil
	}
	return []float64{fixed(p[8:]), fixed(p[12:]), fixed(p[16:])}
}

// toneCurve gives the light for a value, both from 0 to 1.
func toneCurve(p []byte) func(float64) float64 {
	switch {
	case len(p) >= 12 && string(p[:4]) == "curv":
		return tableCurve(p[12:], int(binary.BigEndian.Uint32(p[8:])&0xffff))
	case len(p) >= 12 && string(p[:4]) == "para":
		return formulaCurve(p[12:], binary.BigEndian.Uint16(p[8:]))
	}
	return nil
}

func tableCurve(p []byte, n int) func(float64) float64 {
	if len(p) < 2*n {
		return nil
	}
	at := func(i int) float64 { return float64(binary.BigEndian.Uint16(p[2*i:])) }
	switch n {
	case 0:
		return func(v float64) float64 { return v }
	case 1:
		return func(v float64) float64 { return math.Pow(v, at(0)/256) }
	}
	return func(v float64) float64 {
		low := min(int(v*float64(n-1)), n-2)
		rest := v*float64(n-1) - float64(low)
		return (at(low)*(1-rest) + at(low+1)*rest) / 65535
	}
}

// formulaCurve is a power above d and a line below, as far as the kind has the numbers: g, a, b, c, d, e, f.
func formulaCurve(p []byte, kind uint16) func(float64) float64 {
	counts := []int{1, 3, 4, 5, 7}
	if int(kind) >= len(counts) || len(p) < 4*counts[kind] {
		return nil
	}
	n := [7]float64{1: 1}
	for i := range counts[kind] {
		n[i] = fixed(p[4*i:])
	}
	g, a, b, c, d, e, f := n[0], n[1], n[2], n[3], n[4], n[5], n[6]
	switch kind {
	case 1, 2: // the number after b is added everywhere, and the line is flat
		if a == 0 {
			return nil
		}
		c, d, e, f = 0, -b/a, n[3], n[3]
	}
	return func(v float64) float64 {
		if v >= d {
			return math.Pow(max(0, a*v+b), g) + e
		}
		return c*v + f
	}
}
