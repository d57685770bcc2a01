// Package blob keeps whole files under keys: in a folder of this machine, or in a
// bucket of a server that speaks S3. Databases are bad at large values, and files
// outgrow one disk before anything else does; so what is large lies here, and both
// places look the same to whoever asks.
package blob

import (
	"context"
	"io"
	"iter"
	"mime"
	"path"
	"time"
)

// Store is a place for files. A file is there whole or not at all, whatever happens
// to the machine, and a later Put takes the place of an earlier one at once.
type Store interface {
	// Put keeps what r holds under key. Fewer or more bytes than size are an error;
	// size is -1 when it is not known.
	Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) error

	// Open gives the file under key, or a fault of kind NotFound. Whoever opens closes.
	// The context must live as long as the Blob is read.
	Open(ctx context.Context, key string) (*Blob, error)

	// Delete takes files away. What is not there is no error.
	Delete(ctx context.Context, keys ...string) error

	// List tells of the files whose keys begin with prefix and come after the key
	// given last, in the order of their keys as bytes. An error ends it.
	List(ctx context.Context, prefix, after string) iter.Seq2[Info, error]

	// Name says where the files lie, without anything secret.
	Name() string
}

// Info is what a list tells of a file.
type Info struct {
	Key      string
	Size     int64
	Modified time.Time
}

// Blob is an open file, ready for http.ServeContent.
type Blob struct {
	io.ReadSeekCloser
	Info
	Type string // as told to Put where the store remembers it, else after the key's ending
}

// typeOf goes by the ending of a key. It is for stores that remember no type and for
// moving out of them: who serves a file knows its type from elsewhere.
func typeOf(key string) string {
	if known := mime.TypeByExtension(path.Ext(key)); known != "" {
		return known
	}
	return "application/octet-stream"
}

// watched stops reading when the context is over.
type watched struct {
	ctx context.Context
	r   io.Reader
}

func (w watched) Read(p []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.r.Read(p)
}
