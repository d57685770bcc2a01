package film

import (
	"bufio"
	"errors"
	"io"
	"os"
)

// rewrite puts what copying makes of a file in its place. When that fails there is no file any more, for nobody may be given the old one.
func rewrite(path string, copying func(in *bufio.Reader, out io.Writer) error) error {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = in.Close() }()
	clean := path + ".clean"
	out, err := os.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	to := bufio.NewWriter(out)
	err = errors.Join(copying(bufio.NewReaderSize(in, 16<<10), to), to.Flush(), out.Close())
	if err == nil {
		err = os.Rename(clean, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(clean), os.Remove(path))
	}
	return nil
}
