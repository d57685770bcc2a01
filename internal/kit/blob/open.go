package blob

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// Config says where files lie.
type Config struct {
	Store  string // a folder, or s3://bucket/prefix?endpoint=https://…&region=…&path-style=true
	Key    string // the bucket's access key
	Secret string // and the secret that belongs to it
	Log    *slog.Logger
}

// patience is how long opening waits for a bucket's answer.
const patience = 15 * time.Second

// Open opens the store that c names. A bucket that is not there or refuses the key is
// an error; one that cannot be reached is told in the log, since it may come back.
func Open(ctx context.Context, c Config) (Store, error) {
	if !strings.HasPrefix(c.Store, "s3:") {
		return OpenFolder(c.Store)
	}
	address, err := ParseAddress(c.Store)
	if err != nil {
		return nil, err
	}
	b, err := newBucket(address, c.Key, c.Secret)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = b.greet(ctx)
	if errors.Is(err, errUnreachable) && c.Log != nil {
		c.Log.Warn("the bucket for media cannot be reached now; it is tried again with every file", "store", b.Name(), "error", err)
		err = nil
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", b.Name(), err)
	}
	return b, nil
}

// Address says where a bucket is.
type Address struct {
	Endpoint       *url.URL // http or https and a host
	Bucket, Prefix string
	Region         string
	PathStyle      *bool // nil: as the host is known to want it
}

// defaultEndpoint is where buckets are when nobody names another place.
const defaultEndpoint = "https://s3.amazonaws.com"

// ParseAddress reads s3://bucket/prefix?endpoint=https://host&region=name&path-style=true.
func ParseAddress(text string) (Address, error) {
	refuse := func(wrong string) (Address, error) { // the text may hold what is secret, so it is not shown
		return Address{}, fault.New(fault.Invalid, "An address of a bucket "+wrong)
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Host == "" || u.Opaque != "" || u.Fragment != "" {
		return refuse("must look like s3://bucket/prefix?endpoint=https://s3.example.org&region=eu")
	}
	if u.User != nil {
		return refuse("must not hold the key or the secret; they have settings of their own")
	}
	a := Address{Bucket: u.Host, Prefix: strings.Trim(u.Path, "/")}
	if a.Prefix != "" && (Check(a.Prefix) != nil || len(a.Prefix) > maxPart) {
		return refuse("must have a short prefix of a-z, 0-9, dot, hyphen, underscore and slash")
	}
	a.Endpoint, _ = url.Parse(defaultEndpoint)
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return refuse("must have a readable part behind the question mark")
	}
	for name, values := range query {
		value := values[len(values)-1]
		switch name {
		case "region":
			a.Region = value
		case "endpoint":
			e, err := url.Parse(value)
			if err != nil || e.Scheme != "https" && e.Scheme != "http" || e.Host == "" || e.User != nil || strings.Trim(e.Path, "/") != "" || e.RawQuery != "" {
				return refuse("must have an endpoint such as https://s3.example.org, without a path")
			}
			a.Endpoint = e
		case "path-style":
			style, err := strconv.ParseBool(value)
			if err != nil {
				return refuse("must have path-style=true or path-style=false")
			}
			a.PathStyle = &style
		default:
			return refuse("knows endpoint, region and path-style, not " + strconv.Quote(name))
		}
	}
	return a, nil
}
