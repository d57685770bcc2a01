package images

import (
	"cmp"
	"fmt"
	"slices"
)

// Colors are what a player of the sound that the picture belongs to is painted in, each as #rrggbb.
type Colors struct{ Background, Foreground, Accent string }

type rgb [3]byte

func (c rgb) String() string { return fmt.Sprintf("#%02x%02x%02x", c[0], c[1], c[2]) }

// The contrasts that the WCAG ask for between what is read, or a large shape, and what it stands on.
const (
	minContrast       = 4.5
	minAccentContrast = 3
)

// colors takes the most frequent colour of the edge for the background. The foreground is the frequent colour that stands out most
// from it, and the accent the most vivid of those that stand out enough; where there is none, black or white does.
func colors(p *picture) Colors {
	light := linear()
	background := frequent(p, true)[0]
	contrast := func(c rgb) float64 {
		one, other := luminance(c, &light)+0.05, luminance(background, &light)+0.05
		return max(one/other, other/one)
	}
	most := func(list []rgb, score func(rgb) float64) (best rgb, found bool) {
		for _, c := range list {
			if !found || score(c) > score(best) {
				best, found = c, true
			}
		}
		return best, found
	}
	besides := func(least float64) []rgb {
		return slices.DeleteFunc(frequent(p, false), func(c rgb) bool { return contrast(c) < least })
	}
	foreground, found := most(besides(minContrast), contrast)
	if !found {
		foreground, _ = most([]rgb{{}, {255, 255, 255}}, contrast)
	}
	accent, found := most(slices.DeleteFunc(besides(minAccentContrast), func(c rgb) bool { return c == foreground }), vividness)
	if !found {
		accent = foreground
	}
	return Colors{background.String(), foreground.String(), accent.String()}
}

func luminance(c rgb, light *[256]float64) float64 {
	return 0.2126*light[c[0]] + 0.7152*light[c[1]] + 0.0722*light[c[2]]
}

func vividness(c rgb) float64 {
	return float64(max(c[0], c[1], c[2])) - float64(min(c[0], c[1], c[2]))
}

// frequent lists the colours of the picture, or of its edge, the most frequent first; those of less than a hundredth of it are left
// out. Colours that differ little are counted as one, their mean.
func frequent(p *picture, edge bool) []rgb {
	type group struct{ count, r, g, b int }
	groups := map[rgb]*group{}
	total := 0
	for y := range p.h {
		for x := range p.w {
			if edge && x > 0 && y > 0 && x < p.w-1 && y < p.h-1 {
				continue
			}
			r, g, b := p.at(x, y)
			key := rgb{r >> 5, g >> 5, b >> 5}
			if groups[key] == nil {
				groups[key] = &group{}
			}
			one := groups[key]
			one.count, one.r, one.g, one.b = one.count+1, one.r+int(r), one.g+int(g), one.b+int(b)
			total++
		}
	}
	var list []rgb
	counts := map[rgb]int{}
	for _, one := range groups {
		mean := rgb{byte(one.r / one.count), byte(one.g / one.count), byte(one.b / one.count)}
		list = append(list, mean)
		counts[mean] = one.count
	}
	slices.SortFunc(list, func(a, b rgb) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), slices.Compare(a[:], b[:]))
	})
	for i, c := range list {
		if i > 0 && counts[c]*100 < total {
			return list[:i]
		}
	}
	return list
}
