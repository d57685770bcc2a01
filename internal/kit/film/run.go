package film

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"anancus/internal/kit/fault"
)

// bounds of one process.
type bounds struct {
	memory int64         // address space
	output int64         // the longest file it may write
	time   time.Duration // by the clock, and of each processor
}

const (
	mb         = 1 << 20
	threads    = 2
	openFiles  = 32
	maxAnswer  = 256 << 10 // what a program may say on its standard output
	maxWords   = 2 << 10   // and what is kept of its complaints
	lowestRank = 10        // niceness: members' requests go first
)

// input is what the command lines call the file; the process gets it open, and no other.
const input = "file:/dev/fd/3"

// work is one run of a program: it reads in, and leaves its result in a new folder under the name made.
type work struct {
	bounds
	program string
	args    []string
	in      *os.File
	made    string // empty: the answer is on the standard output
}

// run does the work in a folder of its own beside out, and gives the result the name
// out when it is whole.
func (t Tools) run(ctx context.Context, w work, out string) ([]byte, error) {
	beside := filepath.Dir(out)
	if w.made == "" {
		beside = filepath.Dir(w.in.Name()) // what a crash leaves lies where whoever asked looks after it, not in a folder of the machine
	}
	folder, err := os.MkdirTemp(beside, ".film-")
	if err != nil {
		return nil, fmt.Errorf("folder for a decoder: %w", err)
	}
	defer func() { _ = os.RemoveAll(folder) }()
	answer, err := t.start(ctx, w, folder)
	if err != nil || w.made == "" {
		return answer, err
	}
	made, err := firstOf(folder, w.made)
	if err != nil {
		return nil, err
	}
	return nil, os.Rename(made, out)
}

// firstOf finds the result. A file of several pictures becomes name-1.jpg and so on.
func firstOf(folder, name string) (string, error) {
	ending := filepath.Ext(name)
	for _, one := range []string{name, strings.TrimSuffix(name, ending) + "-1" + ending} {
		path := filepath.Join(folder, one)
		if info, err := os.Lstat(path); err == nil && info.Mode().IsRegular() && info.Size() > 0 {
			return path, nil
		}
	}
	return "", errUnreadable("nothing came out")
}

func (t Tools) start(ctx context.Context, w work, folder string) ([]byte, error) {
	if t.bounds != nil {
		w.bounds = *t.bounds
	}
	timed, cancel := context.WithTimeout(ctx, w.time)
	defer cancel()

	// The shell sets the bounds before the program begins; nothing of the file's is in its words.
	args := append([]string{"-c", limits, "sh",
		strconv.FormatInt(w.memory>>10, 10), strconv.Itoa(int(w.time.Seconds())*threads + 1),
		strconv.FormatInt(w.output>>9, 10), strconv.Itoa(openFiles), w.program}, w.args...)
	cmd := exec.CommandContext(timed, "/bin/sh", args...)
	answer, words := &capped{left: maxAnswer}, &capped{left: maxWords}
	cmd.Dir, cmd.Env, cmd.ExtraFiles = folder, []string{"LC_ALL=C", "HOME=" + folder, "TMPDIR=" + folder}, []*os.File{w.in}
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = answer, words, 2*time.Second
	cmd.SysProcAttr = confined(t.offline)
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) } // the whole group

	// The signal that ends a process with its parent is sent when the parent's thread ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", w.program, err)
	}
	_ = syscall.Setpriority(syscall.PRIO_PGRP, cmd.Process.Pid, lowestRank) // it is a courtesy
	err := cmd.Wait()
	if err == nil && answer.over {
		return nil, errUnreadable("the answer is too long")
	}
	if err != nil {
		return nil, explain(ctx, timed, err, words.String())
	}
	return answer.Bytes(), nil
}

// outOfMemory is how ffmpeg, its encoders, libheif and the linker say so.
var outOfMemory = regexp.MustCompile(`Cannot allocate memory|bad_alloc|[Mm]emory allocation|malloc of size|failed \(-12\b`)

// explain says why a program failed: because of the file, or because of us.
func explain(ctx, timed context.Context, err error, words string) error {
	words = strings.ToValidUTF8(strings.TrimSpace(words), "?")
	var exit *exec.ExitError
	if !errors.As(err, &exit) && timed.Err() == nil {
		return fmt.Errorf("decoder: %w", err)
	}
	var signal syscall.Signal
	if exit != nil {
		if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
			signal = status.Signal()
		}
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case timed.Err() != nil, signal == syscall.SIGXCPU, signal == syscall.SIGKILL:
		return fault.Wrap(fmt.Errorf("%w: %s", err, words), fault.Invalid, "The file takes too long to convert")
	case signal == syscall.SIGXFSZ, strings.Contains(words, "File too large"):
		return fault.Wrap(fmt.Errorf("%w: %s", err, words), fault.Invalid, "The file becomes too large when it is converted")
	case strings.Contains(words, "No space left"):
		return fmt.Errorf("decoder: %w: %s", err, words)
	case outOfMemory.MatchString(words):
		return fault.Wrap(fmt.Errorf("%w: %s", err, words), fault.Invalid, "The file needs too much memory to be converted")
	}
	return errUnreadable(err.Error() + ": " + words)
}

func errUnreadable(why string) error {
	return fault.Wrap(errors.New(why), fault.Invalid, "The file is damaged or of a type that is not supported")
}

// capped keeps the first bytes, and forgets the others.
type capped struct {
	bytes.Buffer
	left int
	over bool
}

func (c *capped) Write(p []byte) (int, error) {
	n := min(len(p), c.left)
	c.left -= n
	c.over = c.over || n < len(p)
	_, _ = c.Buffer.Write(p[:n])
	return len(p), nil
}

// ReadFrom is hidden: bytes.Buffer's own would take everything.
func (c *capped) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{c}, r)
}
