package images

import (
	"bytes"
	"image"
	"image/jpeg"
	"image/png"
)

// encode writes pixels and nothing else.
func encode(m image.Image, f Format, quality int) ([]byte, error) {
	var out bytes.Buffer
	var err error
	if f == JPEG {
		err = jpeg.Encode(&out, m, &jpeg.Options{Quality: quality})
	} else {
		err = png.Encode(&out, m)
	}
	return out.Bytes(), err
}
