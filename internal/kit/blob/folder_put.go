package blob

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// Put writes the file beside its place, makes sure that the disk has it, and only
// then gives it its key: a power cut leaves the old file or the new one.
func (f *Folder) Put(ctx context.Context, key string, r io.Reader, size int64, _ string) error {
	if err := Check(key); err != nil {
		return err
	}
	fresh := path.Join(unfinished, rand.Text())
	err := f.write(fresh, watched{ctx, r}, size)
	if err == nil {
		err = f.place(fresh, key)
	}
	if err != nil {
		_ = f.root.Remove(fresh) // the next opening sweeps what stays
		return fmt.Errorf("keep media file: %w", err)
	}
	return nil
}

func (f *Folder) write(name string, r io.Reader, size int64) error {
	file, err := f.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	written, err := io.Copy(file, r)
	if err == nil {
		err = whole(written, size)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// whole tells whether as many bytes came as were told.
func whole(got, told int64) error {
	if told >= 0 && got != told {
		return fmt.Errorf("%d bytes came where %d were told: %w", got, told, io.ErrUnexpectedEOF)
	}
	return nil
}

func (f *Folder) place(fresh, key string) error {
	for tries := 1; ; tries++ {
		if err := f.makeFolders(path.Dir(key)); err != nil {
			return err
		}
		err := f.root.Rename(fresh, key)
		if err == nil {
			return f.sync(path.Dir(key))
		}
		if tries == 10 || !errors.Is(err, fs.ErrNotExist) { // a Delete beside us takes away folders that are empty
			return err
		}
	}
}

// makeFolders makes what is missing of a path, each entry safe on the disk.
func (f *Folder) makeFolders(folder string) error {
	made, above := "", "."
	for part := range strings.SplitSeq(folder, "/") {
		made = path.Join(made, part)
		err := f.root.Mkdir(made, 0o700)
		if err == nil {
			err = f.sync(above)
		}
		if errors.Is(err, fs.ErrNotExist) { // taken away beside us; the caller tries again
			return nil
		}
		if err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
		above = made
	}
	return nil
}

func (f *Folder) sync(folder string) error {
	d, err := f.root.Open(folder)
	if missing(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
