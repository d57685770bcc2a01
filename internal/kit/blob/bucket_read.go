package blob

import (
	"context"
	"errors"
	"io"

	"github.com/minio/minio-go/v7"
)

// distant reads a file of a bucket from wherever it is sought to.
type distant struct {
	ctx        context.Context
	bucket     *Bucket
	name, etag string
	size, at   int64
	body       io.ReadCloser // what is being read, from at on; nil before
}

func (d *distant) Read(p []byte) (int, error) {
	if d.at >= d.size {
		return 0, io.EOF
	}
	if d.body == nil {
		if err := d.ask(); err != nil {
			return 0, err
		}
	}
	n, err := d.body.Read(p)
	d.at += int64(n)
	if errors.Is(err, io.EOF) && d.at < d.size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = d.bucket.told(err)
	}
	return n, err
}

// ask begins to read at the present place, of the very file that was opened.
func (d *distant) ask() error {
	var options minio.GetObjectOptions
	if err := options.SetMatchETag(d.etag); err != nil {
		return err
	}
	if d.at > 0 {
		if err := options.SetRange(d.at, 0); err != nil {
			return err
		}
	}
	body, _, _, err := d.bucket.core.GetObject(d.ctx, d.bucket.address.Bucket, d.name, options)
	if err != nil {
		return d.bucket.told(err)
	}
	d.body = body
	return nil
}

func (d *distant) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += d.at
	case io.SeekEnd:
		offset += d.size
	}
	if offset < 0 {
		return 0, errors.New("seek before the beginning of a file")
	}
	if offset != d.at {
		_ = d.Close()
		d.at = offset
	}
	return offset, nil
}

func (d *distant) Close() error {
	if d.body == nil {
		return nil
	}
	err := d.body.Close()
	d.body = nil
	return err
}
