package blob

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"slices"
	"strings"
)

// errEnough ends a walk whose reader wants no more.
var errEnough = errors.New("enough")

// List walks the folder. It holds the names of one folder at a time for each depth.
func (f *Folder) List(ctx context.Context, prefix, after string) iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := f.walk(ctx, "", prefix, after, func(info Info) error {
			if !yield(info, nil) {
				return errEnough
			}
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			yield(Info{}, fmt.Errorf("list media files: %w", err))
		}
	}
}

// walk tells of the files in a folder, whose path is empty or ends with a slash.
func (f *Folder) walk(ctx context.Context, folder, prefix, after string, tell func(Info) error) error {
	names, err := f.names(folder)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return err
		}
		key := folder + name
		inside, isFolder := strings.CutSuffix(name, "/")
		switch {
		case !isPart(inside): // nothing of ours
		case isFolder:
			within := strings.HasPrefix(key, prefix) || strings.HasPrefix(prefix, key)
			if within && (key > after || strings.HasPrefix(after, key)) {
				err = f.walk(ctx, key, prefix, after, tell)
			}
		case strings.HasPrefix(key, prefix) && key > after:
			err = f.tell(key, tell)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *Folder) tell(key string, tell func(Info) error) error {
	info, err := f.root.Lstat(key)
	if missing(err) { // deleted since its name was read
		return nil
	}
	if err != nil {
		return err
	}
	return tell(Info{key, info.Size(), info.ModTime()})
}

// names lists a folder in the order of keys: a folder's name counts with the slash behind it.
func (f *Folder) names(folder string) ([]string, error) {
	d, err := f.root.Open("./" + folder)
	if missing(err) { // became empty and went
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = d.Close() }()
	entries, err := d.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		switch entry.Type() {
		case 0:
			names = append(names, entry.Name())
		case fs.ModeDir:
			names = append(names, entry.Name()+"/")
		}
	}
	slices.Sort(names)
	return names, nil
}
