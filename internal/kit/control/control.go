// Package control lets a command reach the server that runs on the same data
// folder, through a socket that lies in it. Whoever may open the folder's files
// may command the server; nobody else can connect.
//
// The database has one writer. A command that opened it beside a running server
// would have to wait or fail, and the server would not learn what changed: so the
// server does the work, and the command asks.
package control

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"anancus/internal/kit/fault"
)

// ErrNoServer says that nobody listens on the socket; a file that a killed server left behind counts as nobody.
var ErrNoServer = errors.New("no server runs on this data folder")

// ErrServing says that another server listens on the socket.
var ErrServing = errors.New("another server already runs on this data folder")

// maxMessage bounds a command and its answer.
const maxMessage = 8 << 20

// Handler does one command.
type Handler func(ctx context.Context, in json.RawMessage) (any, error)

// Handle makes a Handler of a function with typed input and output.
func Handle[In, Out any](do func(ctx context.Context, in In) (Out, error)) Handler {
	return func(ctx context.Context, raw json.RawMessage) (any, error) {
		var in In
		if len(raw) > 0 {
			if err := json.Unmarshal(raw, &in); err != nil {
				return nil, fault.Wrap(err, fault.BadRequest, "The command could not be read; is the server as new as this program?")
			}
		}
		return do(ctx, in)
	}
}

// answer is what goes back over the socket.
type answer struct {
	Result json.RawMessage `json:"result,omitempty"`
	Error  *failure        `json:"error,omitempty"`
}

// failure carries an error. Unlike to clients of the API, the text of an internal
// one is told: keepers own the machine.
type failure struct {
	Kind    fault.Kind `json:"kind"`
	Message string     `json:"message"`
	Details any        `json:"details,omitempty"`
}

func failureOf(err error) *failure {
	var f *fault.Fault
	if errors.As(err, &f) && f.Kind != fault.Internal {
		return &failure{Kind: f.Kind, Message: f.Message, Details: f.Details}
	}
	return &failure{Kind: fault.Internal, Message: err.Error()}
}

func (f *failure) err() error {
	if f.Kind == fault.Internal {
		return fmt.Errorf("the server failed: %s", f.Message)
	}
	return &fault.Fault{Kind: f.Kind, Message: f.Message, Details: f.Details}
}
