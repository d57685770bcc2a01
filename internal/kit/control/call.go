package control

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
)

var errGone = errors.New("the server stopped before it answered; look whether the command was done before you repeat it")

// Call asks the server on the socket to do a command. in and out are anything that
// JSON carries; out may be nil. Faults arrive as the faults they were.
func Call(ctx context.Context, path, name string, in, out any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return fmt.Errorf("control: %s: %w", name, err)
	}
	a, err := send(ctx, path, name, body)
	if err != nil {
		return err
	}
	if a.Error != nil {
		return a.Error.err()
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(a.Result, out); err != nil {
		return fmt.Errorf("control: %s: the server's answer could not be read: %w", name, err)
	}
	return nil
}

func send(ctx context.Context, path, name string, body []byte) (answer, error) {
	var a answer
	conn, err := dial(ctx, path)
	if err != nil {
		return a, err
	}
	used := false
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(context.Context, string, string) (net.Conn, error) {
			if used { // a command is never sent twice
				return nil, errGone
			}
			used = true
			return conn, nil
		},
	}
	defer transport.CloseIdleConnections()
	defer func() { _ = conn.Close() }()

	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://anancus/"+name, io.NopCloser(bytes.NewReader(body)))
	if err != nil {
		return a, fmt.Errorf("control: %s: %w", name, err)
	}
	request.ContentLength = int64(len(body))
	response, err := transport.RoundTrip(request)
	if err != nil {
		return a, lost(ctx, name, err)
	}
	defer func() { _ = response.Body.Close() }()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxMessage)).Decode(&a); err != nil {
		return a, lost(ctx, name, err)
	}
	return a, nil
}

func lost(ctx context.Context, name string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("control: %s: %w (%w)", name, errGone, err)
}
