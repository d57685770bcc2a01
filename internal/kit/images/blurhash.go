package images

import (
	"math"
	"strings"
)

// blurhash writes the picture as a few waves of colour in some thirty letters, by the algorithm of blurha.sh.
func blurhash(p *picture, across, down int) string {
	waves := make([][3]float64, 0, across*down)
	light := linear()
	for v := range down {
		for u := range across {
			waves = append(waves, wave(p, u, v, &light))
		}
	}
	greatest := 0.0
	for _, w := range waves[1:] {
		greatest = max(greatest, math.Abs(w[0]), math.Abs(w[1]), math.Abs(w[2]))
	}
	var out strings.Builder
	base83(&out, across-1+(down-1)*9, 1)
	step, scale := 0, 1.0
	if len(waves) > 1 {
		step = int(max(0, min(82, math.Floor(greatest*166-0.5))))
		scale = float64(step+1) / 166
	}
	base83(&out, step, 1)
	mean := waves[0]
	base83(&out, int(encoded(mean[0]))<<16|int(encoded(mean[1]))<<8|int(encoded(mean[2])), 4)
	for _, w := range waves[1:] {
		value := 0
		for _, c := range w {
			root := math.Copysign(math.Sqrt(math.Abs(c/scale)), c)
			value = value*19 + int(max(0, min(18, math.Floor(root*9+9.5))))
		}
		base83(&out, value, 2)
	}
	return out.String()
}

// wave is how much of one cosine in each direction the picture has, for each colour in linear light.
func wave(p *picture, u, v int, light *[256]float64) (sum [3]float64) {
	for y := range p.h {
		down := math.Cos(math.Pi * float64(v*y) / float64(p.h))
		for x := range p.w {
			basis := down * math.Cos(math.Pi*float64(u*x)/float64(p.w))
			r, g, b := p.at(x, y)
			sum[0] += basis * light[r]
			sum[1] += basis * light[g]
			sum[2] += basis * light[b]
		}
	}
	scale := 2.0
	if u == 0 && v == 0 {
		scale = 1
	}
	for i := range sum {
		sum[i] *= scale / float64(p.w*p.h)
	}
	return sum
}

// linear gives the light of each value of sRGB.
func linear() (table [256]float64) {
	for i := range table {
		v := float64(i) / 255
		if v <= 0.04045 {
			table[i] = v / 12.92
		} else {
			table[i] = math.Pow((v+0.055)/1.055, 2.4)
		}
	}
	return table
}

// encoded is the value of sRGB for some light.
func encoded(light float64) byte {
	light = max(0, min(1, light))
	if light <= 0.0031308 {
		return byte(light*12.92*255 + 0.5)
	}
	return byte((1.055*math.Pow(light, 1/2.4)-0.055)*255 + 0.5)
}

const letters83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

func base83(out *strings.Builder, value, length int) {
	var digits [4]byte
	for i := length - 1; i >= 0; i-- {
		digits[i] = letters83[value%83]
		value /= 83
	}
	out.Write(digits[:length])
}
