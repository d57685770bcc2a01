// Package images makes pictures from strangers safe to show: it tells what a file is by what is in it, decodes it within bounds on
// bytes, pixels, memory and time, and writes it anew in the wanted sizes, upright and without anything but its pixels.
//
// It is pure Go. HEIC, HEIF and AVIF are recognised and measured, for a converter outside this program to turn them into JPEG.
package images

import "errors"

// Format is what a file is, written as its media type.
type Format string

// The formats that Inspect knows. The last three cannot be decoded here: see Format.Outside.
const (
	JPEG Format = "image/jpeg"
	PNG  Format = "image/png"
	GIF  Format = "image/gif"
	WebP Format = "image/webp"
	HEIC Format = "image/heic"
	HEIF Format = "image/heif"
	AVIF Format = "image/avif"
)

// Outside says whether the format must be converted by another program before Process takes it.
func (f Format) Outside() bool { return f == HEIC || f == HEIF || f == AVIF }

// Extension is how names of files of the format end.
func (f Format) Extension() string {
	switch f {
	case JPEG:
		return ".jpg"
	case PNG:
		return ".png"
	case GIF:
		return ".gif"
	case WebP:
		return ".webp"
	case HEIC:
		return ".heic"
	case HEIF:
		return ".heif"
	case AVIF:
		return ".avif"
	}
	return ""
}

// Why a file is refused. Errors of Inspect and Process that are the file's fault wrap one of these.
var (
	ErrFormat  = errors.New("not a picture of a known format")
	ErrOutside = errors.New("a picture that another program must convert first")
	ErrDamaged = errors.New("a damaged picture")
	ErrPixels  = errors.New("a picture of too many pixels")
	ErrBytes   = errors.New("a picture of too many bytes")
)
