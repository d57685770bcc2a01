package control

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"anancus/internal/kit/fault"
)

// Times of the server's side. A command may hash a password and make a key while the
// machine is busy, so it gets long; one that runs when the server stops gets little.
const (
	readTime = 10 * time.Second
	stopTime = 5 * time.Second
)

// Listener is an open socket that takes commands.
type Listener struct {
	listener net.Listener
	path     string
}

// Serve takes commands until ctx ends: Listen and Listener.Serve in one.
func Serve(ctx context.Context, path string, handlers map[string]Handler) error {
	l, err := Listen(path)
	if err != nil {
		return err
	}
	return l.Serve(ctx, handlers)
}

// Listen opens the socket, for its owner only. A file that a killed server left is
// replaced; ErrServing if a server answers there.
func Listen(path string) (*Listener, error) {
	if conn, err := dial(context.Background(), path); err == nil {
		_ = conn.Close()
		return nil, fmt.Errorf("%w (%s)", ErrServing, path)
	}
	// The socket is made in a folder of its own and moved into place with its final
	// rights, so that there is no moment at which others could connect.
	folder, err := os.MkdirTemp(filepath.Dir(path), ".control-")
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	fresh := filepath.Join(folder, "s")
	listener, err := listen(fresh)
	if err != nil {
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	if err = os.Chmod(fresh, 0o600); err == nil {
		err = os.Rename(fresh, path)
	}
	if err != nil {
		_ = listener.Close()
		return nil, fmt.Errorf("open control socket: %w", err)
	}
	return &Listener{listener: listener, path: path}, nil
}

// Close gives the socket up without having served.
func (l *Listener) Close() error {
	_ = os.Remove(l.path)
	return l.listener.Close()
}

// Serve takes commands until ctx ends, lets those that run finish, and removes the socket.
func (l *Listener) Serve(ctx context.Context, handlers map[string]Handler) error {
	server := &http.Server{
		Handler:           receiver(handlers),
		ReadHeaderTimeout: readTime,
		ReadTimeout:       readTime,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l.listener) }()
	select {
	case err := <-failed:
		_ = os.Remove(l.path)
		return fmt.Errorf("control socket: %w", err)
	case <-ctx.Done():
	}
	_ = os.Remove(l.path) // first, so that new commands find nobody instead of waiting
	deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTime)
	defer cancel()
	if err := server.Shutdown(deadline); err != nil {
		_ = server.Close()
	}
	<-failed
	return nil
}

func receiver(handlers map[string]Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.URL.Path[1:]
		result, err := do(r, w, handlers[name], name)
		var a answer
		if err == nil {
			a.Result, err = json.Marshal(result)
		}
		if err != nil {
			a = answer{Error: failureOf(err)}
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(a) // the command is gone: there is nobody to tell
	})
}

func do(r *http.Request, w http.ResponseWriter, handler Handler, name string) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%s panicked: %v\n%s", name, p, debug.Stack())
		}
	}()
	if handler == nil {
		return nil, fault.New(fault.NotFound, "The running server does not know the command "+name+"; is it as new as this program?")
	}
	in, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxMessage))
	if err != nil {
		return nil, fault.Wrap(err, fault.BadRequest, "The command could not be read")
	}
	return handler(r.Context(), in)
}
