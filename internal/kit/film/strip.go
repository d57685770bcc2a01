package film

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
)

// stripFile takes out of a JPEG what tells where and by whom it was made: heif-convert copies that.
func stripFile(path string) error { return rewrite(path, strip) }

// Markers of JPEG: JFIF, the colour profile and Adobe's mark of its colours stay.
const (
	jpegStart, jpegScan, jpegComment = 0xd8, 0xda, 0xfe
	jpegApp0, jpegApp15              = 0xe0, 0xef
	jpegProfile, jpegAdobe           = 0xe2, 0xee
)

// strip copies the segments before the picture that the picture needs, and then the rest.
func strip(in *bufio.Reader, out io.Writer) error {
	var mark [4]byte
	if _, err := io.ReadFull(in, mark[:2]); err != nil || mark[0] != 0xff || mark[1] != jpegStart {
		return errUnreadable("no JPEG came out")
	}
	if _, err := out.Write(mark[:2]); err != nil {
		return err
	}
	for {
		if _, err := io.ReadFull(in, mark[:]); err != nil || mark[0] != 0xff {
			return errUnreadable(fmt.Sprintf("the JPEG that came out is broken: %v", err))
		}
		kind, length := mark[1], int64(binary.BigEndian.Uint16(mark[2:]))-2
		if length < 0 {
			return errUnreadable("the JPEG that came out has a segment without a length")
		}
		tells := kind == jpegComment || kind > jpegApp0 && kind <= jpegApp15 && kind != jpegProfile && kind != jpegAdobe
		to := io.Discard
		if !tells {
			to = out
			if _, err := out.Write(mark[:]); err != nil {
				return err
			}
		}
		if _, err := io.CopyN(to, in, length); err != nil {
			return err
		}
		if kind == jpegScan {
			_, err := io.Copy(out, in)
			return err
		}
	}
}
