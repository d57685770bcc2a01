package film

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// framesOnly leaves of an MP3 the frames of its sound. What is copied as it is would carry along what was hung on behind or put in between:
// tags that tell of whoever made it, or whole other files.
func framesOnly(path string) error {
	return rewrite(path, func(in *bufio.Reader, out io.Writer) error {
		n, err := copyFrames(in, out)
		if err == nil && n == 0 {
			err = errUnreadable("no frames of sound came out")
		}
		return err
	})
}

// copyFrames copies the frames that follow each other, and counts them. Bytes that look like the head of one are believed where a frame
// ended just before, or another begins where this one ends.
func copyFrames(in *bufio.Reader, out io.Writer) (n int, err error) {
	for inStep := false; ; {
		head, err := in.Peek(4)
		if len(head) < 4 {
			return n, notEnd(err)
		}
		length, ok := frameLength(head)
		if ok {
			both, err := in.Peek(length + 4)
			if len(both) < length+4 && notEnd(err) != nil {
				return n, err
			}
			follows := len(both) == length // the last one
			if len(both) == length+4 {
				_, follows = frameLength(both[length:])
			}
			ok = len(both) >= length && (inStep || follows)
		}
		if inStep = ok; !ok {
			if _, err := in.Discard(1); err != nil {
				return n, err
			}
			continue
		}
		if _, err := io.CopyN(out, in, int64(length)); err != nil {
			return n, err
		}
		n++
	}
}

func notEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// Thousands of bits a second of MPEG's third layer, and samples a second, by what a head says.
var (
	bitRates    = [2][15]int{{0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}, {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}}
	sampleRates = [4][3]int{{11025, 12000, 8000}, {}, {22050, 24000, 16000}, {44100, 48000, 32000}} // of MPEG 2.5, none, MPEG 2, MPEG 1
)

// frameLength reads the length of a frame of MPEG's third layer from its head; false for what is none.
func frameLength(head []byte) (int, bool) {
	h := binary.BigEndian.Uint32(head)
	version, layer, rate, samples, padding := h>>19&3, h>>17&3, h>>12&15, h>>10&3, int(h>>9&1)
	if h>>21 != 0x7ff || version == 1 || layer != 1 || rate == 0 || rate == 15 || samples == 3 {
		return 0, false
	}
	old, of := 1, 72
	if version == 3 {
		old, of = 0, 144
	}
	return of*bitRates[old][rate]*1000/sampleRates[version][samples] + padding, true
}
