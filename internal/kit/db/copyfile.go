package db

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
)

// A copy of a PostgreSQL database is one compressed file: the schema as JSON,
// then for each of its tables the rows as COPY writes them, then the counts as
// JSON. Each part is a run of blocks, each with its length before it, and ends
// with an empty block.

const (
	copyFormat = "anancus postgres copy 1"
	maxBlock   = 1 << 20
)

// copyHead is the first part of the file.
type copyHead struct {
	Format string
	Schema *pgSchema
}

// copyWriter writes such a file.
type copyWriter struct {
	file   *os.File
	zipped *gzip.Writer
}

func createCopy(path string) (*copyWriter, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	zipped, err := gzip.NewWriterLevel(file, gzip.BestSpeed)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &copyWriter{file: file, zipped: zipped}, nil
}

// Write writes a block; COPY calls it for each message.
func (w *copyWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		n := min(len(p), maxBlock)
		if err := w.block(p[:n]); err != nil {
			return written, err
		}
		written, p = written+n, p[n:]
	}
	return written, nil
}

func (w *copyWriter) block(p []byte) error {
	var length [4]byte
	binary.BigEndian.PutUint32(length[:], uint32(len(p)))
	if _, err := w.zipped.Write(length[:]); err != nil {
		return err
	}
	_, err := w.zipped.Write(p)
	return err
}

func (w *copyWriter) endPart() error { return w.block(nil) }

func (w *copyWriter) json(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := w.Write(text); err != nil {
		return err
	}
	return w.endPart()
}

// close settles the file, unless it was closed before.
func (w *copyWriter) close() error {
	if w.file == nil {
		return nil
	}
	err := errors.Join(w.zipped.Close(), w.file.Close())
	w.file = nil
	return err
}

// copyReader reads such a file part by part.
type copyReader struct {
	file   *os.File
	zipped *gzip.Reader
}

func openCopy(path string) (*copyReader, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	zipped, err := gzip.NewReader(bufio.NewReaderSize(file, 1<<16))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s is not a copy of a database: %w", path, err), file.Close())
	}
	return &copyReader{file: file, zipped: zipped}, nil
}

func (r *copyReader) close() { _ = r.file.Close() }

// part gives the next part.
func (r *copyReader) part() io.Reader { return &partReader{from: r.zipped} }

func (r *copyReader) json(v any) error {
	text, err := io.ReadAll(r.part())
	if err != nil {
		return err
	}
	return json.Unmarshal(text, v)
}

// end checks that nothing follows, and with it the sum over the whole file.
func (r *copyReader) end() error {
	n, err := io.Copy(io.Discard, r.zipped)
	if err == nil && n > 0 {
		err = errors.New("the copy goes on after its end")
	}
	return err
}

type partReader struct {
	from io.Reader
	left uint32 // of this block
	over bool
}

func (p *partReader) Read(b []byte) (int, error) {
	if p.over {
		return 0, io.EOF
	}
	if p.left == 0 {
		var length [4]byte
		if _, err := io.ReadFull(p.from, length[:]); err != nil {
			return 0, fmt.Errorf("the copy is cut short: %w", noEOF(err))
		}
		p.left = binary.BigEndian.Uint32(length[:])
		if p.left == 0 {
			p.over = true
			return 0, io.EOF
		}
	}
	n, err := p.from.Read(b[:min(len(b), int(p.left))])
	p.left -= uint32(n)
	return n, noEOF(err)
}

// noEOF makes the end of a file within a part an error.
func noEOF(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
