package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"syscall"
	"time"

	"anancus/internal/kit/fault"
)

// Folder is a Store on this machine. A key is a path in it; a key cannot be the
// folder of another one.
type Folder struct {
	root *os.Root // nothing leaves it, by links neither
	name string
}

// unfinished is where files grow before they get their keys: the same file system,
// and a name that no key has.
const unfinished = ".unfinished"

// abandoned is how long a file there lies untouched until nobody can be writing it.
const abandoned = time.Hour

// OpenFolder makes the folder where it is missing, and takes away what a killed
// process left half written.
func OpenFolder(name string) (*Folder, error) {
	name, err := filepath.Abs(name)
	if err != nil {
		return nil, fmt.Errorf("media folder: %w", err)
	}
	if err := os.MkdirAll(name, 0o700); err != nil {
		return nil, fmt.Errorf("media folder: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("media folder: %w", err)
	}
	f := &Folder{root: root, name: name}
	if err := root.Mkdir(unfinished, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, errors.Join(fmt.Errorf("media folder: %w", err), root.Close())
	}
	if err := f.sweep(time.Now().Add(-abandoned)); err != nil {
		return nil, errors.Join(fmt.Errorf("media folder: sweep: %w", err), root.Close())
	}
	return f, nil
}

func (f *Folder) sweep(before time.Time) error {
	entries, err := fs.ReadDir(f.root.FS(), unfinished)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := path.Join(unfinished, entry.Name())
		info, err := f.root.Lstat(name)
		if err == nil && info.ModTime().Before(before) {
			err = f.root.RemoveAll(name)
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// Name is the folder's path.
func (f *Folder) Name() string { return f.name }

// Open opens a file under its key.
func (f *Folder) Open(_ context.Context, key string) (*Blob, error) {
	if Check(key) != nil {
		return nil, notThere()
	}
	file, err := f.root.OpenFile(key, os.O_RDONLY|syscall.O_NONBLOCK, 0) // a pipe put there by hand stops nobody
	if missing(err) {
		return nil, notThere()
	}
	if err != nil {
		return nil, fmt.Errorf("open media file: %w", err)
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = notThere()
	}
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &Blob{ReadSeekCloser: file, Info: Info{key, info.Size(), info.ModTime()}, Type: typeOf(key)}, nil
}

// Delete removes files, and folders that become empty.
func (f *Folder) Delete(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := Check(key); err != nil {
			return err
		}
		if info, err := f.root.Lstat(key); missing(err) || err == nil && info.IsDir() {
			continue
		}
		if err := f.root.Remove(key); err != nil && !missing(err) {
			return fmt.Errorf("delete media file: %w", err)
		}
		for above := path.Dir(key); above != "."; above = path.Dir(above) {
			if f.root.Remove(above) != nil { // it holds something else
				break
			}
		}
	}
	return nil
}

// missing tells whether an error says that there is no such file.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || errors.Is(err, syscall.ENXIO) || fault.Is(err, fault.NotFound)
}
