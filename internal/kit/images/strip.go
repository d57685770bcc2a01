package images

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// errUnusual means that a JPEG has parts that do not make its pixels and are not known to be harmless: it is written anew instead.
var errUnusual = errors.New("a JPEG of unusual parts")

// stripJPEG copies the pixels of a JPEG as they are, which loses no quality, and leaves out comments, applications' segments and
// whatever follows the end. Adobe's segment stays, written anew, because it says how colours are meant. image/jpeg decoded the file.
func stripJPEG(r io.Reader) ([]byte, error) {
	b := bufio.NewReader(r)
	if err := skip(b, 2); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString("\xff\xd8")
	for {
		marker, err := strictMarker(b)
		if err != nil {
			return nil, err
		}
		if marker == markerEOI {
			out.Write([]byte{0xff, marker})
			return out.Bytes(), nil
		}
		size, err := take(b, 2)
		if err != nil {
			return nil, err
		}
		body, err := take(b, max(0, int(binary.BigEndian.Uint16(size))-2))
		if err != nil {
			return nil, err
		}
		const adobe = 0xee
		switch {
		case marker == adobe && len(body) >= 12 && string(body[:5]) == "Adobe":
			out.WriteString("\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + string(body[11:12]))
		case marker >= markerAPP0 && marker < markerAPP0+16, marker == markerCOM:
		case marker >= 0xc0 && marker <= 0xc2, marker == 0xc4, marker == 0xdb, marker == 0xdd, marker == markerSOS:
			out.Write([]byte{0xff, marker})
			out.Write(size)
			out.Write(body)
		default:
			return nil, errUnusual
		}
		if marker == markerSOS {
			if err := copyScan(&out, b); err != nil {
				return nil, err
			}
		}
	}
}

// strictMarker reads a marker that follows at once.
func strictMarker(b *bufio.Reader) (byte, error) {
	marker, err := b.ReadByte()
	if err != nil || marker != 0xff {
		return 0, errUnusual
	}
	for marker == 0xff {
		if marker, err = b.ReadByte(); err != nil {
			return 0, errUnusual
		}
	}
	return marker, nil
}

// copyScan copies pixels up to the next marker that is not a part of them.
func copyScan(out *bytes.Buffer, b *bufio.Reader) error {
	for {
		next, err := b.Peek(2)
		if err != nil {
			return errUnusual
		}
		if inside := next[1] == 0 || next[1] >= 0xd0 && next[1] < 0xd8; next[0] == 0xff && !inside {
			return nil
		}
		n := 2
		if next[0] != 0xff {
			next, _ = b.Peek(b.Buffered())
			if n = bytes.IndexByte(next, 0xff); n < 0 {
				n = len(next)
			}
		}
		out.Write(next[:n])
		if _, err := b.Discard(n); err != nil {
			return err
		}
	}
}
