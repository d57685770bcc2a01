package images

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The markers of JPEG that are looked at.
const (
	markerEOI  = 0xd9
	markerSOS  = 0xda
	markerCOM  = 0xfe
	markerAPP0 = 0xe0
	markerEXIF = 0xe1
	markerICC  = 0xe2
)

// maxScans bounds how often a progressive JPEG goes over its pixels: encoders do it about ten times, and each time may cost a few
// bytes of the file but work on every pixel.
const maxScans = 64

// inspectJPEG reads the segments just as image/jpeg does, so that both see the same picture.
func inspectJPEG(b *bufio.Reader) (Header, error) {
	h := Header{Format: JPEG, Orientation: 1, Frames: 1}
	if err := skip(b, 2); err != nil {
		return h, err
	}
	scans := 0
	for range maxParts {
		marker, err := nextMarker(b)
		if h.Width > 0 && (errors.Is(err, io.EOF) || marker == markerEOI) {
			return h, nil // what lacks, the decoder will miss
		}
		if err != nil {
			return h, err
		}
		if marker >= 0xd0 && marker <= markerEOI && marker != 0xd8 {
			if marker == markerEOI {
				return h, fmt.Errorf("%w: it has no picture", ErrDamaged)
			}
			continue
		}
		size, err := take(b, 2)
		if err != nil {
			return h, err
		}
		n := int64(binary.BigEndian.Uint16(size)) - 2
		if n < 0 {
			return h, fmt.Errorf("%w: a segment of no size", ErrDamaged)
		}
		if marker == markerSOS {
			if scans++; scans > maxScans {
				return h, fmt.Errorf("%w: it is drawn over more than %d times", ErrDamaged, maxScans)
			}
		}
		if err := h.segment(b, marker, n); err != nil {
			return h, err
		}
	}
	return h, fmt.Errorf("%w: too many segments", ErrDamaged)
}

// nextMarker passes over pixels and whatever else is not a marker.
func nextMarker(b *bufio.Reader) (byte, error) {
	for {
		if _, err := b.ReadSlice(0xff); errors.Is(err, bufio.ErrBufferFull) {
			continue
		} else if err != nil {
			return 0, err
		}
		marker := byte(0xff)
		for marker == 0xff {
			var err error
			if marker, err = b.ReadByte(); err != nil {
				return 0, err
			}
		}
		if marker != 0 {
			return marker, nil
		}
	}
}

func (h *Header) segment(b *bufio.Reader, marker byte, n int64) error {
	switch {
	case marker == markerEXIF || marker == markerICC:
		p, err := take(b, int(n))
		if exif, ok := bytes.CutPrefix(p, []byte("Exif\x00\x00")); ok && marker == markerEXIF {
			h.Orientation = orientation(exif)
		}
		if icc, ok := bytes.CutPrefix(p, []byte("ICC_PROFILE\x00\x01\x01")); ok && len(icc) <= maxProfile {
			h.profile = icc
		}
		return err
	case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
		if marker > 0xc2 {
			return fmt.Errorf("%w: a rare kind of JPEG", ErrFormat)
		}
		p, err := take(b, int(n))
		if err != nil {
			return err
		}
		return h.frame(p, marker == 0xc2)
	}
	return skip(b, n)
}

// frame reads the segment that tells the size, and how many samples each component has.
func (h *Header) frame(p []byte, progressive bool) error {
	if len(p) < 6 || h.Width > 0 || len(p) < 6+3*int(p[5]) {
		return fmt.Errorf("%w: its frame is", ErrDamaged)
	}
	h.Height, h.Width = int(binary.BigEndian.Uint16(p[1:])), int(binary.BigEndian.Uint16(p[3:]))
	if h.Width == 0 || h.Height == 0 {
		return fmt.Errorf("%w: it has no size", ErrDamaged)
	}
	var all, most int64
	for i := range int(p[5]) {
		share := int64(p[7+3*i]>>4) * int64(p[7+3*i]&15)
		all, most = all+share, max(most, share)
	}
	samples := h.Pixels() * all / max(most, 1)
	h.named = p[5] == 3 && p[6] == 'R' && p[9] == 'G' && p[12] == 'B'
	h.decoded = samples
	if p[5] == 4 || p[5] == 3 && all == 3 {
		h.working += 4 * h.Pixels() // inks, and red, green and blue, are first read apart, then put together
	}
	if progressive {
		h.working += 4 * samples // every coefficient is kept until the last scan
	}
	return nil
}
