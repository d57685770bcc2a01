package images

import "testing"

// drawn makes a picture of red, green and blue as a function says.
func drawn(w, h int, at func(x, y int) (r, g, b int)) *picture {
	p := picture{w: w, h: h, planes: []plane{newPlane(w, h, 4)}}
	for y := range h {
		for x := range w {
			r, g, b := at(x, y)
			copy(p.planes[0].row(y)[4*x:], []byte{byte(r), byte(g), byte(b), 255})
		}
	}
	return &p
}

// The answers are those of the algorithm's authors' own program, the package blurhash of npm.
func TestBlurhashIsThatOfTheAlgorithmsAuthors(t *testing.T) {
	gradient := func(x, y int) (r, g, b int) { return (31 - x) * 8, (23 - y) * 10, (31 - x) * y % 256 }
	stripes := func(x, _ int) (r, g, b int) {
		if x>>2%2 == 1 {
			return 250, 20, 90
		}
		return 10, 200, 30
	}
	even := func(r, g, b int) func(int, int) (int, int, int) {
		return func(int, int) (int, int, int) { return r, g, b }
	}
	for _, one := range []struct {
		name         string
		p            *picture
		across, down int
		want         string
	}{
		{"a gradient", drawn(32, 24, gradient), 4, 4, "U*H27h|}$1xHp+oMjwj;gYfgfTflo[oHjrj^"},
		{"a gradient in fewer parts", drawn(32, 24, gradient), 4, 3, "L*H27h|}$1xHp+oMjwj;gYfgfTfl"},
		{"stripes", drawn(30, 20, stripes), 4, 4, "UAKc{pH23zC[?EbZX5X6fQfQfQfQ?EbZX5X6"},
		{"white", drawn(8, 8, even(255, 255, 255)), 4, 4, "UfTSUA~qfQ~q~qt7fQt7fQfQfQfQ~qt7fQt7"},
		{"black", drawn(8, 8, even(0, 0, 0)), 4, 4, "U00000fQfQfQfQfQfQfQfQfQfQfQfQfQfQfQ"},
		{"one colour in one part", drawn(5, 5, even(12, 34, 56)), 1, 1, "001WZq"},
	} {
		if got := blurhash(one.p, one.across, one.down); got != one.want {
			t.Errorf("%s: %q, want %q", one.name, got, one.want)
		}
	}
}
