// Package architecture holds the floors and rooms of docs/ARCHITECTURE.md in their order.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// floors, lowest first: each imports only those below it, and itself.
var floors = []string{"internal/kit", "internal/protocol", "internal/social", "internal/care", "internal/server", "cmd"}

// rooms of internal/social, lowest first.
var rooms = strings.Fields(`id viewer settings domains emoji accounts relays access media relationships filters lists tags statuses collections
	timelines notifications conversations search suggestions trends moderation frontdoor streaming portability network`)

func floorOf(folder string) int {
	return slices.IndexFunc(floors, func(f string) bool { return folder == f || strings.HasPrefix(folder, f+"/") })
}

func roomOf(folder string) (name string, order int) {
	name, inside := strings.CutPrefix(folder, "internal/social/")
	if !inside {
		return "", -1
	}
	name, _, _ = strings.Cut(name, "/")
	return name, slices.Index(rooms, name)
}

func TestFloorsAndRoomsImportOnlyWhatIsBelowThem(t *testing.T) {
	err := filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		folder := filepath.ToSlash(filepath.Dir(path))
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || floorOf(folder) < 0 {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		room, order := roomOf(folder)
		if room != "" && order < 0 {
			t.Errorf("%s: the room %s has no place in the order of rooms", path, room)
		}
		for _, one := range file.Imports {
			to, ours := strings.CutPrefix(strings.Trim(one.Path.Value, `"`), "anancus/")
			if floor := floorOf(to); ours && floor > floorOf(folder) {
				t.Errorf("%s imports %s, a floor above its own", path, to)
			}
			if other, above := roomOf(to); room != "" && other != room && above > order {
				t.Errorf("%s imports %s, a room above its own", path, to)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheListOfRoomsIsTheFolders(t *testing.T) {
	doc, err := os.ReadFile("docs/ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, floor := range []string{"internal/kit", "internal/protocol", "internal/social"} {
		var told, there []string
		for line := range strings.Lines(string(doc)) {
			if name, ok := strings.CutPrefix(line, "| `"+floor+"/"); ok {
				name, _, _ = strings.Cut(name, "`")
				told = append(told, name)
			}
		}
		folders, err := os.ReadDir(floor)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range folders {
			if one.IsDir() {
				there = append(there, one.Name())
			}
		}
		if floor != "internal/social" && len(told) == 0 {
			continue // told of in a sentence
		}
		if slices.Sort(told); !slices.Equal(told, there) {
			t.Errorf("docs/ARCHITECTURE.md names the rooms %v of %s, the folders are %v", told, floor, there)
		}
	}
}
