package text

import (
	"unicode"

	"github.com/rivo/uniseg"
)

// IsEmoji tells whether s is one emoji of Unicode and nothing else: one character to its
// reader, made of one symbol or of several joined ones (flags, keycaps, families).
func IsEmoji(s string) bool {
	if s == "" || len(s) > 64 || uniseg.GraphemeClusterCount(s) != 1 {
		return false
	}
	for _, r := range s {
		if unicode.Is(pictures, r) || r == '\u20e3' || r == '\ufe0f' { // a keycap, or anything asked to be shown as a picture
			return true
		}
	}
	return false
}

// pictures are the blocks of characters that are shown as pictures.
var pictures = &unicode.RangeTable{
	R16: []unicode.Range16{{Lo: 0x231a, Hi: 0x231b, Stride: 1}, {Lo: 0x23e9, Hi: 0x23fa, Stride: 1}, {Lo: 0x25fd, Hi: 0x25fe, Stride: 1},
		{Lo: 0x2600, Hi: 0x27bf, Stride: 1}, {Lo: 0x2b05, Hi: 0x2b55, Stride: 1}},
	R32: []unicode.Range32{{Lo: 0x1f000, Hi: 0x1f02f, Stride: 1}, {Lo: 0x1f0a0, Hi: 0x1f0ff, Stride: 1}, {Lo: 0x1f170, Hi: 0x1f251, Stride: 1},
		{Lo: 0x1f300, Hi: 0x1faff, Stride: 1}},
}
