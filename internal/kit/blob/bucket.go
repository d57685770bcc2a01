package blob

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"path"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"anancus/internal/kit/fault"
)

// Bucket is a Store on a server that speaks S3.
type Bucket struct {
	core    minio.Core
	address Address
	prefix  string // before every key; empty, or ends with a slash
}

// retries of one request, with growing pauses, before a caller hears of it.
const retries = 4

func newBucket(a Address, key, secret string) (*Bucket, error) {
	if key == "" || secret == "" {
		return nil, fault.New(fault.Invalid, "A bucket needs an access key and its secret")
	}
	lookup := minio.BucketLookupAuto
	if a.PathStyle != nil {
		lookup = minio.BucketLookupDNS
		if *a.PathStyle {
			lookup = minio.BucketLookupPath
		}
	}
	client, err := minio.New(a.Endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(key, secret, ""),
		Secure:       a.Endpoint.Scheme == "https",
		Region:       a.Region,
		BucketLookup: lookup,
		MaxRetries:   retries,
	})
	if err != nil {
		return nil, fault.Wrap(err, fault.Invalid, "The address of the bucket is not usable")
	}
	b := &Bucket{core: minio.Core{Client: client}, address: a}
	if a.Prefix != "" {
		b.prefix = a.Prefix + "/"
	}
	return b, nil
}

// Name is the bucket's address; the key is no part of it.
func (b *Bucket) Name() string {
	return fmt.Sprintf("s3://%s at %s", path.Join(b.address.Bucket, b.address.Prefix), b.address.Endpoint.Host)
}

// greet asks for one name, and takes away parts of uploads that a killed process left:
// they cost money and no list of files shows them.
func (b *Bucket) greet(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	for found := range b.core.ListObjectsIter(ctx, b.address.Bucket, minio.ListObjectsOptions{Prefix: b.prefix, Recursive: true, MaxKeys: 1}) {
		if found.Err != nil {
			return b.told(found.Err)
		}
		break
	}
	b.sweep(ctx, time.Now().Add(-24*time.Hour))
	return nil
}

// sweep is a courtesy: a server that cannot do it, or forbids it, is used all the same.
func (b *Bucket) sweep(ctx context.Context, before time.Time) {
	left, err := b.core.ListMultipartUploads(ctx, b.address.Bucket, b.prefix, "", "", "", 1000)
	if err != nil {
		return
	}
	for _, upload := range left.Uploads {
		if upload.Initiated.Before(before) {
			_ = b.core.AbortMultipartUpload(ctx, b.address.Bucket, upload.Key, upload.UploadID)
		}
	}
}

// Open asks what is known of a file; its bytes are asked for when they are read.
func (b *Bucket) Open(ctx context.Context, key string) (*Blob, error) {
	if Check(key) != nil {
		return nil, notThere()
	}
	info, err := b.core.StatObject(ctx, b.address.Bucket, b.prefix+key, minio.StatObjectOptions{})
	if err != nil {
		return nil, b.told(err)
	}
	body := &distant{ctx: ctx, bucket: b, name: b.prefix + key, etag: info.ETag, size: info.Size}
	return &Blob{ReadSeekCloser: body, Info: Info{key, info.Size, info.LastModified}, Type: cmp.Or(info.ContentType, typeOf(key))}, nil
}

// Delete takes many files away with one request.
func (b *Bucket) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := Check(key); err != nil {
			return err
		}
	}
	if len(keys) == 1 {
		return absentIsFine(b.told(b.core.RemoveObject(ctx, b.address.Bucket, b.prefix+keys[0], minio.RemoveObjectOptions{})))
	}
	results, err := b.core.RemoveObjectsWithIter(ctx, b.address.Bucket, b.objects(keys), minio.RemoveObjectsOptions{})
	if err != nil {
		return b.told(err)
	}
	for result := range results {
		if one := absentIsFine(b.told(result.Err)); one != nil && err == nil {
			err = one
		}
	}
	return cmp.Or(err, ctx.Err())
}

func (b *Bucket) objects(keys []string) iter.Seq[minio.ObjectInfo] {
	return func(yield func(minio.ObjectInfo) bool) {
		for _, key := range keys {
			if !yield(minio.ObjectInfo{Key: b.prefix + key}) {
				return
			}
		}
	}
}

func absentIsFine(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// List asks for a thousand names at a time.
func (b *Bucket) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		options := minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true}
		if after != "" {
			options.StartAfter = b.prefix + after
		}
		for found := range b.core.ListObjectsIter(ctx, b.address.Bucket, options) {
			if found.Err != nil {
				yield(Info{}, b.told(found.Err))
				return
			}
			key := strings.TrimPrefix(found.Key, b.prefix)
			if Check(key) != nil || key <= after { // not put by us; a server that takes no StartAfter
				continue
			}
			if !yield(Info{key, found.Size, found.LastModified}, nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil {
			yield(Info{}, err)
		}
	}
}

// errUnreachable is in the chain of errors that tell of the way to the bucket, not of the bucket.
var errUnreachable = errors.New("no answer")

// told gives an error of the bucket a kind and plain words. The bucket's own words go to the log only.
func (b *Bucket) told(err error) error {
	var answer minio.ErrorResponse
	switch {
	case err == nil, errors.Is(err, context.Canceled), fault.KindOf(err) != fault.Internal:
		return err
	case !errors.As(err, &answer):
		return fault.Wrap(fmt.Errorf("%w: %w", errUnreachable, err), fault.Unavailable, "The media store cannot be reached")
	}
	switch answer.Code {
	case minio.NoSuchKey, "NotFound":
		return notThere()
	case minio.NoSuchBucket:
		return fault.Wrap(err, fault.Unavailable, "The media store has no bucket of that name")
	case minio.AccessDenied, minio.InvalidAccessKeyID, "SignatureDoesNotMatch", "AllAccessDisabled", "XAdminUserNotFound":
		return fault.Wrap(err, fault.Unavailable, "The media store refuses the access key or its secret ("+answer.Code+")")
	}
	if answer.StatusCode >= 500 || answer.StatusCode == 429 {
		return fault.Wrap(fmt.Errorf("%w: %w", errUnreachable, err), fault.Unavailable, "The media store is not working now")
	}
	return fmt.Errorf("media store: %s: %w", answer.Code, err)
}
