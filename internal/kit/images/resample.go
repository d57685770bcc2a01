package images

import "math"

const (
	weightBits = 14
	lobes      = 3 // of the Lanczos kernel
)

// axis says, for every sample of one direction of the result, which samples of the source it is mixed of and how.
type axis struct {
	taps    int
	first   []int   // the first source sample of each
	weights []int32 // taps for each, summing up to 1<<weightBits
	lo, hi  int     // the source samples that are used at all
}

// newAxis maps the samples of the source between from and to onto size ones; they are mirrored when to is less than from.
// Beyond the edges, the outermost samples go on.
func newAxis(source int, from, to float64, size int) axis {
	step := (to - from) / float64(size)
	stretch := max(math.Abs(step), 1) // the kernel grows with the step, so that nothing between is lost
	reach := lobes * stretch
	a := axis{taps: min(source, int(math.Ceil(2*reach))+1), first: make([]int, size), lo: source}
	a.weights = make([]int32, size*a.taps)
	mix := make([]float64, a.taps)
	for i := range size {
		centre := from + (float64(i)+0.5)*step - 0.5
		left, right := int(math.Ceil(centre-reach)), int(math.Floor(centre+reach))
		first := max(0, min(left, source-a.taps))
		clear(mix)
		sum := 0.0
		for at := left; at <= right; at++ {
			weight := lanczos((float64(at) - centre) / stretch)
			mix[max(0, min(at-first, a.taps-1, source-1-first))] += weight
			sum += weight
		}
		a.first[i] = first
		a.lo, a.hi = min(a.lo, first), max(a.hi, first+a.taps)
		round(a.weights[i*a.taps:][:a.taps], mix, sum)
	}
	return a
}

func lanczos(x float64) float64 {
	if x == 0 {
		return 1
	}
	if x <= -lobes || x >= lobes {
		return 0
	}
	x *= math.Pi
	return lobes * math.Sin(x) * math.Sin(x/lobes) / (x * x)
}

// round writes the weights as integers; what rounding loses goes to the greatest, so that an even colour stays what it is.
func round(to []int32, mix []float64, sum float64) {
	left, greatest := int32(1<<weightBits), 0
	for k, weight := range mix {
		to[k] = int32(math.Round(weight / sum * (1 << weightBits)))
		left -= to[k]
		if to[k] > to[greatest] {
			greatest = k
		}
	}
	to[greatest] += left
}

// resample writes to the plane what both axes say of the source: each row is first mixed of rows, then of its own samples, so that
// no more than a row is kept in between.
func resample(to *plane, from plane, across, down axis) {
	mixed := make([]int32, (across.hi-across.lo)*from.n)
	for y := range to.h {
		mixRows(mixed, from, down.first[y], down.weights[y*down.taps:][:down.taps], across.lo*from.n)
		if from.n == 1 {
			mixSamples(to.row(y), mixed, across)
		} else {
			mixPixels(to.row(y), mixed, across)
		}
	}
}

func mixRows(mixed []int32, from plane, first int, weights []int32, skip int) {
	clear(mixed)
	row := func(k int) []byte { return from.pix[(first+k)*from.stride+skip:][:len(mixed)] }
	for len(weights) > 0 && weights[0] == 0 {
		first, weights = first+1, weights[1:]
	}
	k := 0
	for ; k+4 <= len(weights); k += 4 {
		w0, w1, w2, w3 := weights[k], weights[k+1], weights[k+2], weights[k+3]
		r0, r1, r2, r3 := row(k), row(k+1), row(k+2), row(k+3)
		for i := range mixed {
			mixed[i] += w0*int32(r0[i]) + w1*int32(r1[i]) + w2*int32(r2[i]) + w3*int32(r3[i])
		}
	}
	for ; k < len(weights); k++ {
		if w, r := weights[k], row(k); w != 0 {
			for i := range mixed {
				mixed[i] += w * int32(r[i])
			}
		}
	}
}

const half = 1 << (2*weightBits - 1)

func sample(sum int64) byte {
	return byte(max(0, min(255, (sum+half)>>(2*weightBits))))
}

func mixSamples(row []byte, mixed []int32, a axis) {
	for x := range row {
		weights := a.weights[x*a.taps:][:a.taps]
		source := mixed[a.first[x]-a.lo:][:len(weights)]
		sum := int64(0)
		for k, weight := range weights {
			sum += int64(weight) * int64(source[k])
		}
		row[x] = sample(sum)
	}
}

// mixPixels is mixSamples for four samples a pixel.
func mixPixels(row []byte, mixed []int32, a axis) {
	for x := range len(row) / 4 {
		source := mixed[4*(a.first[x]-a.lo):]
		var red, green, blue, alpha int64
		for k, weight := range a.weights[x*a.taps:][:a.taps] {
			at, w := source[4*k:4*k+4], int64(weight)
			red, green, blue, alpha = red+w*int64(at[0]), green+w*int64(at[1]), blue+w*int64(at[2]), alpha+w*int64(at[3])
		}
		to := row[4*x : 4*x+4]
		to[3] = sample(alpha) // no colour is brighter than its alpha lets it be
		to[0], to[1], to[2] = min(sample(red), to[3]), min(sample(green), to[3]), min(sample(blue), to[3])
	}
}
