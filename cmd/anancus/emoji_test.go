package main

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

// blobs are the emoji of the town: what was asked of them.
var blobs = []keeper.Emoji{{ID: "1", Shortcode: "cat", Category: "Cats", Featured: true, Listed: true}, {ID: "2", Shortcode: "dog", Disabled: true}}

func (ops) AddEmoji(_ context.Context, in keeper.AddEmoji) (keeper.Emoji, error) {
	if strings.Contains(in.Shortcode, "-") {
		return keeper.Emoji{}, fault.New(fault.Invalid, "Validation failed: Shortcode is invalid")
	}
	return keeper.Emoji{ID: "3", Shortcode: in.Shortcode, Category: in.Category, Listed: !in.Unlisted}, nil
}

func (ops) ListEmoji(_ context.Context, in keeper.ListEmoji) (keeper.EmojiList, error) {
	if in.After == "" {
		return keeper.EmojiList{Emoji: blobs[:1], After: "cat"}, nil
	}
	return keeper.EmojiList{Emoji: blobs[1:]}, nil
}

func (ops) ChangeEmoji(_ context.Context, in keeper.ChangeEmoji) (keeper.Emoji, error) {
	e := keeper.Emoji{ID: "1", Shortcode: in.Name, Listed: true}
	if in.Listed != nil {
		e.Listed = *in.Listed
	}
	if in.Disabled != nil {
		e.Disabled = *in.Disabled
	}
	if in.Featured != nil {
		e.Featured = *in.Featured
	}
	if in.Category != nil {
		e.Category = *in.Category
	}
	return e, nil
}

func (ops) RemoveEmoji(_ context.Context, in keeper.EmojiName) (keeper.EmojiName, error) {
	return in, nil
}

func (ops) CopyEmoji(_ context.Context, in keeper.CopyEmoji) (keeper.Emoji, error) {
	return keeper.Emoji{ID: "4", Shortcode: in.Shortcode, Category: in.Category, Listed: true}, nil
}

func (ops) ReadEmoji(_ context.Context, in keeper.EmojiName) (keeper.EmojiPicture, error) {
	if in.Name == "dog" {
		return keeper.EmojiPicture{}, fault.New(fault.NotFound, "There is no emoji dog")
	}
	return keeper.EmojiPicture{Emoji: blobs[0], Type: "image/png", Picture: dot()}, nil
}

func dot() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 4, 4))); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func TestKeepersLookAfterEmoji(t *testing.T) {
	fresh(t)
	if err := os.WriteFile("cat.png", dot(), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("large.png", make([]byte, 257<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, says string }{
		{"emoji add cat cat.png --category Cats --hidden", ":cat:  Cats  (not offered)\n"},
		{"emoji list", ":cat:  Cats  (stands for its category)\n:dog:  (not offered)  (disabled)\n"},
		{"emoji change cat --hidden", ":cat:  (not offered)\n"},
		{"emoji change cat --no-hidden --no-featured --category Other", ":cat:  Other\n"},
		{"emoji change cat --featured", ":cat:  (stands for its category)\n"},
		{"emoji disable cat@there.example", ":cat@there.example:  (disabled)\n"},
		{"emoji enable cat", ":cat:\n"},
		{"emoji remove cat", "Removed: cat\n"},
		{"emoji copy cat@there.example --as kitty --category Cats", ":kitty:  Cats\n"},
	} {
		if code, out, errs := anancus(t, newTown(), strings.Fields(c.args)...); code != exitFine || out != c.says {
			t.Errorf("%s: %d %q %q", c.args, code, out, errs)
		}
		code, out, errs := anancus(t, newTown(), append(strings.Fields(c.args), "--json")...)
		if !json.Valid([]byte(out)) || code != exitFine {
			t.Errorf("%s for programs: %d %q %q", c.args, code, out, errs)
		}
	}
	for _, c := range []struct{ args, says string }{
		{"emoji change cat", "Say what is to be different"}, {"emoji add big large.png", "more than 256 KB"}, {"emoji add big absent.png", "absent.png"},
		{"emoji import absent.zip", "absent.zip"}, {"emoji import cat.png", "neither a zip nor a tar.gz"},
	} {
		if code, _, errs := anancus(t, newTown(), strings.Fields(c.args)...); code == exitFine || !strings.Contains(errs, c.says) {
			t.Errorf("%s: %d %q", c.args, code, errs)
		}
	}
}

func TestPacksAreImportedFileByFileAndExported(t *testing.T) {
	fresh(t)
	f, err := os.Create("pack.zip")
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for _, name := range []string{"cat.png", "sub/cat.png", "blob-cat.png", "../evil.png", "readme.txt"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		body := dot()
		if name == "readme.txt" {
			body = []byte("hello")
		}
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errs := anancus(t, newTown(), "emoji", "import", "pack.zip", "--prefix", "my_")
	for _, says := range []string{`"sub/cat.png"  the pack has this shortcode twice`, `"blob-cat.png"  Validation failed: Shortcode is invalid`, `"../evil.png"  its name leads out of the pack`,
		`"readme.txt"  it is neither PNG, GIF nor WebP`, "Imported 1 emoji; 4 files were left out."} {
		if code != exitFine || !strings.Contains(out, says) {
			t.Errorf("%d %q %q lacks %q", code, out, errs, says)
		}
	}
	var told emojiImported
	_, out, _ = anancus(t, newTown(), "emoji", "import", "pack.zip", "--json")
	if err := json.Unmarshal([]byte(out), &told); err != nil || told.Imported != 1 || told.Skipped != 4 || !told.Files[0].Imported || told.Files[0].Shortcode != "cat" {
		t.Errorf("%q %v", out, err)
	}
	if _, err := os.Stat("../evil.png"); !os.IsNotExist(err) {
		t.Error("a pack wrote a file")
	}

	code, out, errs = anancus(t, newTown(), "emoji", "export", "out.zip")
	if code != exitFine || out != "left out  dog  its picture cannot be had\nWrote 1 emoji to out.zip.\n" {
		t.Errorf("%d %q %q", code, out, errs)
	}
	r, err := zip.OpenReader("out.zip")
	if err != nil || len(r.File) != 2 || r.File[0].Name != "cat.png" || r.File[1].Name != "meta.json" {
		t.Fatalf("%+v %v", r, err)
	}
	_ = r.Close()
	if code, _, errs := anancus(t, newTown(), "emoji", "export", "out.zip"); code == exitFine || !strings.Contains(errs, "out.zip") {
		t.Errorf("a file that is there is written over: %d %q", code, errs)
	}
	if code, out, _ := anancus(t, newTown(), "emoji", "import", "out.zip"); code != exitFine || out != "Imported 1 emoji; 0 files were left out.\n" {
		t.Errorf("%d %q", code, out)
	}
}
