//go:build unix && !linux

package film

import (
	"context"
	"syscall"
)

// limits is without a bound on memory, which other systems do not keep or know by another name.
const limits = `ulimit -c 0 && ulimit -t "$2" && ulimit -f "$3" && ulimit -n "$4" && shift 4 && exec "$@"`

func confined(bool) *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

func canBeOffline(context.Context) bool { return false }
