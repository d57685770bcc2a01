package blob

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"
)

const (
	// small files are held in memory while they are sent, so that sending can be repeated.
	small = 4 << 20
	// partSize is what an upload of unknown size holds in memory; ten thousand parts are allowed.
	partSize = 8 << 20
)

// Put sends the file; the bucket shows it when the last byte is there.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader, size int64, contentType string) error {
	if err := Check(key); err != nil {
		return err
	}
	source := &exact{r: watched{ctx, r}, told: size}
	head, err := io.ReadAll(io.LimitReader(source, small))
	if err != nil {
		return err
	}
	var body io.Reader = bytes.NewReader(head)
	if len(head) < small {
		size = int64(len(head))
	} else {
		body = io.MultiReader(body, source)
	}
	_, err = b.core.Client.PutObject(ctx, b.address.Bucket, b.prefix+key, body, size,
		minio.PutObjectOptions{ContentType: contentType, PartSize: partSize})
	if source.err != nil { // ours, not the bucket's
		return source.err
	}
	return b.told(err)
}

// exact reads as many bytes as were told. It gives the last ones only when it has
// seen that no more follow, since a bucket keeps a file as soon as it has them.
type exact struct {
	r         io.Reader
	told, got int64
	err       error // why reading failed, io.EOF apart
}

func (e *exact) Read(p []byte) (int, error) {
	if e.err != nil {
		return 0, e.err
	}
	if left := e.told - e.got; e.told >= 0 && int64(len(p)) > left+1 {
		p = p[:left+1]
	}
	n, err := e.r.Read(p)
	e.got += int64(n)
	if err == nil && n > 0 && e.got == e.told {
		var more int
		more, err = io.ReadFull(e.r, make([]byte, 1))
		e.got += int64(more)
	}
	if over := errors.Is(err, io.EOF) || e.got > e.told; e.told >= 0 && over {
		if wrong := whole(e.got, e.told); wrong != nil {
			err = wrong
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		e.err = err
		return 0, err
	}
	return n, err
}
