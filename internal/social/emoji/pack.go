package emoji

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// Bounds of packs: they come from strangers.
const (
	maxPackBytes    = 1 << 30
	maxPackEntries  = 10_000
	maxPackUnpacked = 2 << 30  // of a packed tar, which must be read from its beginning
	maxPackIndex    = 16 << 20 // of a zip, where it says what is in it
	maxPackMeta     = 8 << 20  // of meta.json and pack.json
)

// PackEntry is one picture of a pack, or why it is none.
type PackEntry struct {
	File      string
	Shortcode string
	Category  string
	Picture   []byte
	Refused   error // the picture cannot be taken
}

// Pack is a file of pictures. Entries reads them one after the other; nothing is ever written to where their names say.
type Pack struct {
	Total   int // of the files that may be pictures; 0 where it is not known
	Entries iter.Seq2[PackEntry, error]
}

// OpenPack reads a zip or a gzipped tar of pictures: by their names, or as meta.json (Misskey's, and our own exports) or pack.json
// (Pleroma's) calls them.
func OpenPack(f *os.File) (*Pack, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if info.Size() > maxPackBytes {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("The pack has %d MB, and at most %d are read", info.Size()>>20, maxPackBytes>>20))
	}
	head := make([]byte, 4)
	if _, err := f.ReadAt(head, 0); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte("PK")):
		return openZip(f, info.Size())
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return openTar(f)
	}
	return nil, fault.New(fault.Invalid, "The pack is neither a zip nor a tar.gz")
}

// names says what the pictures of a pack are called.
type names struct {
	byFile map[string][]calling // nil: by their own names
}

type calling struct{ shortcode, category string }

// read reads meta.json or pack.json; false for another file.
func (n *names) read(file string, from io.Reader) (bool, error) {
	base := path.Base(file)
	if base != "meta.json" && base != "pack.json" {
		return false, nil
	}
	body, err := io.ReadAll(io.LimitReader(from, maxPackMeta+1))
	if err != nil {
		return true, err
	}
	var meta struct {
		Emojis []struct {
			Downloaded *bool  `json:"downloaded"`
			FileName   string `json:"fileName"`
			Emoji      struct {
				Name     string `json:"name"`
				Category string `json:"category"`
			} `json:"emoji"`
		} `json:"emojis"`
		Files map[string]string `json:"files"`
	}
	if len(body) > maxPackMeta || json.Unmarshal(body, &meta) != nil {
		return true, fault.New(fault.Invalid, "The pack has a "+base+" that cannot be read")
	}
	if n.byFile == nil {
		n.byFile = map[string][]calling{}
	}
	add := func(name, code, category string) {
		at := path.Join(path.Dir(file), name)
		n.byFile[at] = append(n.byFile[at], calling{code, category})
	}
	for _, one := range meta.Emojis {
		if one.Downloaded == nil || *one.Downloaded {
			add(one.FileName, one.Emoji.Name, one.Emoji.Category)
		}
	}
	for code, name := range meta.Files {
		add(name, code, "")
	}
	for _, list := range n.byFile {
		slices.SortFunc(list, func(a, b calling) int { return strings.Compare(a.shortcode, b.shortcode) })
	}
	return true, nil
}

// of gives what a file is called, by the pack's list or its own name.
func (n *names) of(file string) []calling {
	if n.byFile != nil {
		return n.byFile[path.Clean(file)]
	}
	base := path.Base(file)
	return []calling{{shortcode: strings.TrimSuffix(base, path.Ext(base))}}
}

// isNothing tells files that no pack means: those that file managers leave.
func isNothing(file string) bool {
	if leadsElsewhere(file) {
		return false
	}
	base := path.Base(strings.TrimSuffix(file, "/"))
	return strings.HasSuffix(file, "/") || strings.HasPrefix(base, ".") || strings.HasPrefix(file, "__MACOSX/") || strings.Contains(file, "/__MACOSX/") || base == "Thumbs.db"
}

// leadsElsewhere tells names that would lie outside of where a pack is unpacked. Nothing is unpacked here; who writes such names means no good.
func leadsElsewhere(file string) bool {
	return strings.HasPrefix(file, "/") || strings.ContainsAny(file, "\\\x00:") || slices.Contains(strings.Split(file, "/"), "..")
}

// entries makes of a file of a pack what it is: one picture, or several that share it.
func (n *names) entries(file string, regular bool, size int64, open func() (io.ReadCloser, error), yield func(PackEntry, error) bool) bool {
	refuse := func(why string) bool {
		return yield(PackEntry{File: file, Refused: fault.New(fault.Invalid, why)}, nil)
	}
	switch called := n.of(file); {
	case leadsElsewhere(file):
		return refuse("its name leads out of the pack")
	case !regular:
		return refuse("it is no file")
	case len(called) == 0:
		return refuse("the pack's list does not name it")
	case size > MaxPictureBytes:
		return refuse(fmt.Sprintf("it has %d KB, and at most %d are taken", size>>10, MaxPictureBytes>>10))
	default:
		from, err := open()
		if err != nil {
			return refuse("it is damaged")
		}
		body, err := io.ReadAll(io.LimitReader(from, MaxPictureBytes+1))
		_ = from.Close() // it was only read
		switch {
		case errors.Is(err, errUnpacksTooMuch):
			return yield(PackEntry{}, err)
		case err != nil:
			return refuse("it is damaged")
		case len(body) > MaxPictureBytes:
			return refuse(fmt.Sprintf("it unpacks to more than %d KB", MaxPictureBytes>>10))
		}
		switch http.DetectContentType(body) {
		case "image/png", "image/gif", "image/webp":
		default:
			return refuse("it is neither PNG, GIF nor WebP")
		}
		for _, one := range called {
			if !yield(PackEntry{File: file, Shortcode: one.shortcode, Category: one.category, Picture: body}, nil) {
				return false
			}
		}
		return true
	}
}

// openZip looks at the end of a zip first, which tells how much there is to read about it.
func openZip(f *os.File, size int64) (*Pack, error) {
	damaged := fault.New(fault.Invalid, "The zip is damaged")
	tail := make([]byte, min(size, 22+1<<16))
	if _, err := f.ReadAt(tail, size-int64(len(tail))); err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
	if at < 0 || len(tail)-at < 22 {
		return nil, damaged
	}
	count, index := binary.LittleEndian.Uint16(tail[at+10:]), binary.LittleEndian.Uint32(tail[at+12:])
	if count > maxPackEntries || index > maxPackIndex { // 65,535 is what a zip of even more says
		return nil, fault.New(fault.Invalid, fmt.Sprintf("The zip has too many files; at most %d are read", maxPackEntries))
	}
	z, err := zip.NewReader(f, size)
	if err != nil {
		return nil, damaged
	}
	if len(z.File) > maxPackEntries {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("The zip has too many files; at most %d are read", maxPackEntries))
	}
	n := &names{}
	var pictures []*zip.File
	for _, one := range z.File {
		if isNothing(one.Name) {
			continue
		}
		if base := path.Base(one.Name); base != "meta.json" && base != "pack.json" || leadsElsewhere(one.Name) {
			pictures = append(pictures, one)
			continue
		}
		from, err := one.Open()
		if err != nil {
			return nil, damaged
		}
		_, err = n.read(one.Name, from)
		_ = from.Close() // it was only read
		if err != nil {
			return nil, err
		}
	}
	return &Pack{Total: len(pictures), Entries: func(yield func(PackEntry, error) bool) {
		for _, one := range pictures {
			if !n.entries(one.Name, one.Mode().IsRegular(), int64(min(one.UncompressedSize64, 1<<62)), one.Open, yield) {
				return
			}
		}
	}}, nil
}

var errUnpacksTooMuch = fault.New(fault.Invalid, fmt.Sprintf("The pack unpacks to more than %d MB", maxPackUnpacked>>20))

// bounded fails once too much was unpacked.
type bounded struct {
	from io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errUnpacksTooMuch
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// walkTar reads a gzipped tar from its beginning.
func walkTar(f *os.File, visit func(head *tar.Header, from io.Reader) (bool, error)) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return fault.Wrap(err, fault.Invalid, "The tar.gz is damaged")
	}
	t := tar.NewReader(&bounded{z, maxPackUnpacked})
	for n := 0; ; n++ {
		head, err := t.Next()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, errUnpacksTooMuch):
			return err
		case err != nil:
			return fault.Wrap(err, fault.Invalid, "The tar.gz is damaged")
		case n >= maxPackEntries:
			return fault.New(fault.Invalid, fmt.Sprintf("The tar.gz has too many files; at most %d are read", maxPackEntries))
		}
		if more, err := visit(head, t); err != nil || !more {
			return err
		}
	}
}

// openTar reads a gzipped tar twice: its list may come last.
func openTar(f *os.File) (*Pack, error) {
	n, total := &names{}, 0
	err := walkTar(f, func(head *tar.Header, from io.Reader) (bool, error) {
		if isNothing(head.Name) {
			return true, nil
		}
		name := strings.TrimPrefix(head.Name, "./")
		if !leadsElsewhere(name) {
			if list, err := n.read(name, from); list || err != nil {
				return true, err
			}
		}
		total++
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return &Pack{Total: total, Entries: func(yield func(PackEntry, error) bool) {
		err := walkTar(f, func(head *tar.Header, from io.Reader) (bool, error) {
			name := strings.TrimPrefix(head.Name, "./")
			if base := path.Base(name); isNothing(head.Name) || !leadsElsewhere(name) && (base == "meta.json" || base == "pack.json") {
				return true, nil
			}
			return n.entries(name, head.Typeflag == tar.TypeReg, head.Size, func() (io.ReadCloser, error) { return io.NopCloser(from), nil }, yield), nil
		})
		if err != nil {
			yield(PackEntry{}, err)
		}
	}}, nil
}

// PackWriter writes a pack that OpenPack reads, here and on Misskey.
type PackWriter struct {
	z    *zip.Writer
	meta packMeta
	seen map[string]bool // names of files, without regard to case: not every machine has one
}

type packMeta struct {
	Version    int        `json:"metaVersion"`
	Host       string     `json:"host"`
	ExportedAt string     `json:"exportedAt"`
	Emojis     []packFile `json:"emojis"`
}

type packFile struct {
	Downloaded bool      `json:"downloaded"`
	FileName   string    `json:"fileName"`
	Emoji      packEmoji `json:"emoji"`
}

type packEmoji struct {
	Name     string   `json:"name"`
	Category *string  `json:"category"`
	Aliases  []string `json:"aliases"`
}

// NewPackWriter begins a pack of the emoji of a server.
func NewPackWriter(to io.Writer, host string, now time.Time) *PackWriter {
	return &PackWriter{z: zip.NewWriter(to), seen: map[string]bool{},
		meta: packMeta{Version: 2, Host: host, ExportedAt: now.UTC().Format(time.RFC3339), Emojis: []packFile{}}}
}

// Add writes an emoji.
func (w *PackWriter) Add(shortcode, category, kind string, picture []byte) error {
	_, ending, _ := strings.Cut(kind, "/")
	name := shortcode + "." + ending
	for i := 2; w.seen[strings.ToLower(name)]; i++ {
		name = fmt.Sprintf("%s~%d.%s", shortcode, i, ending)
	}
	w.seen[strings.ToLower(name)] = true
	to, err := w.z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store}) // pictures are packed already
	if err != nil {
		return err
	}
	if _, err := to.Write(picture); err != nil {
		return err
	}
	one := packFile{Downloaded: true, FileName: name, Emoji: packEmoji{Name: shortcode, Aliases: []string{}}}
	if category != "" {
		one.Emoji.Category = &category
	}
	w.meta.Emojis = append(w.meta.Emojis, one)
	return nil
}

// Close writes the list, and ends the pack.
func (w *PackWriter) Close() error {
	to, err := w.z.Create("meta.json")
	if err != nil {
		return err
	}
	body, err := json.MarshalIndent(w.meta, "", "  ")
	if err != nil {
		return err
	}
	if _, err := to.Write(body); err != nil {
		return err
	}
	return w.z.Close()
}
