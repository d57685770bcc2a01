package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"anancus/internal/kit/control"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/emoji"
)

// emojiCmd is about custom emoji.
type emojiCmd struct {
	Add     emojiAddCmd     `cmd:"" help:"Add a custom emoji: a PNG, GIF or WebP picture of at most 256 KB."`
	List    emojiListCmd    `cmd:"" help:"Print the emoji of this server, or of others."`
	Change  emojiChangeCmd  `cmd:"" help:"Change the category, the picture or the visibility of an emoji."`
	Remove  emojiRemoveCmd  `cmd:"" help:"Delete an emoji. One of another server comes back when somebody there uses it again: to hide it, disable it."`
	Enable  emojiEnableCmd  `cmd:"" help:"Show an emoji again."`
	Disable emojiDisableCmd `cmd:"" help:"Show an emoji nowhere any more, of this server or as blob@there.example."`
	Copy    emojiCopyCmd    `cmd:"" help:"Take an emoji of another server as one of this server."`
	Import  emojiImportCmd  `cmd:"" help:"Add all pictures of a pack: a zip or a tar.gz, with a meta.json (Misskey) or pack.json (Pleroma) or without."`
	Export  emojiExportCmd  `cmd:"" help:"Write emoji as a pack that import reads, here and on Misskey."`
}

// readPicture reads a file that should be the picture of an emoji.
func readPicture(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // it was only read
	body, err := io.ReadAll(io.LimitReader(f, emoji.MaxPictureBytes+1))
	if err == nil && len(body) > emoji.MaxPictureBytes {
		err = fault.New(fault.Invalid, fmt.Sprintf("%s has more than %d KB", name, emoji.MaxPictureBytes>>10))
	}
	return body, err
}

func emojiLine(e keeper.Emoji) string {
	line := ":" + e.Shortcode + ":"
	if e.Domain != "" {
		line += "@" + e.Domain
	}
	if e.Category != "" {
		line += "  " + e.Category
	}
	for _, mark := range []struct {
		is   bool
		says string
	}{{e.Featured, "stands for its category"}, {!e.Listed, "not offered"}, {e.Disabled, "disabled"}} {
		if mark.is {
			line += "  (" + mark.says + ")"
		}
	}
	return line
}

func tellEmoji(p *program, e keeper.Emoji, err error) error {
	if err != nil {
		return err
	}
	p.tell(e, emojiLine(e))
	return nil
}

type emojiAddCmd struct {
	Shortcode string `arg:"" help:"What people write between colons: letters a to z, digits and underscores; case counts."`
	File      string `arg:"" help:"The picture."`
	Category  string `placeholder:"NAME" help:"Under which it is offered."`
	Hidden    bool   `help:"Do not offer it when people choose; who knows it can use it."`
	Overwrite bool   `help:"Replace one of this shortcode."`
}

// Run adds it.
func (c emojiAddCmd) Run(p *program) error {
	picture, err := readPicture(c.File)
	if err != nil {
		return err
	}
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Emoji, error) {
		return ops.AddEmoji(ctx, keeper.AddEmoji{Shortcode: c.Shortcode, Picture: picture, Category: c.Category, Unlisted: c.Hidden, Overwrite: c.Overwrite})
	})
	return tellEmoji(p, made, err)
}

type emojiListCmd struct {
	Of       string `xor:"whose" placeholder:"DOMAIN" help:"Those of another server."`
	Remote   bool   `xor:"whose" help:"Those of all other servers."`
	Category string `placeholder:"NAME" help:"Only those of a category."`
}

// Run prints them.
func (c emojiListCmd) Run(p *program) error {
	all, err := listEmoji(p, keeper.ListEmoji{Domain: c.Of, Remote: c.Remote, Category: c.Category})
	if err != nil {
		return err
	}
	lines := make([]string, len(all))
	for i, e := range all {
		lines[i] = emojiLine(e)
	}
	p.tell(all, lines...)
	return nil
}

// listEmoji reads all pages.
func listEmoji(p *program, want keeper.ListEmoji) ([]keeper.Emoji, error) {
	return keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.Emoji, error) {
		all := []keeper.Emoji{}
		for want.After = ""; ; {
			page, err := ops.ListEmoji(ctx, want)
			if err != nil {
				return nil, err
			}
			all = append(all, page.Emoji...)
			if want.After = page.After; want.After == "" {
				return all, nil
			}
		}
	})
}

type emojiChangeCmd struct {
	Shortcode string  `arg:"" help:"The emoji, such as blobcat."`
	File      string  `placeholder:"FILE" help:"Another picture."`
	Category  *string `placeholder:"NAME" help:"Another category; \"\" takes it out of its category."`
	Featured  *bool   `negatable:"" help:"Let it stand for its category where apps show one for each."`
	Hidden    *bool   `negatable:"" help:"Do not offer it when people choose, or do."`
}

// Run changes it.
func (c emojiChangeCmd) Run(p *program) error {
	want := keeper.ChangeEmoji{Name: c.Shortcode, Category: c.Category, Featured: c.Featured}
	if c.Hidden != nil {
		listed := !*c.Hidden
		want.Listed = &listed
	}
	if c.File != "" {
		var err error
		if want.Picture, err = readPicture(c.File); err != nil {
			return err
		}
	}
	if c.File == "" && c.Category == nil && c.Featured == nil && c.Hidden == nil {
		return fault.New(fault.Invalid, "Say what is to be different: --file, --category, --featured or --hidden")
	}
	return changeEmoji(p, want)
}

func changeEmoji(p *program, want keeper.ChangeEmoji) error {
	changed, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Emoji, error) { return ops.ChangeEmoji(ctx, want) })
	return tellEmoji(p, changed, err)
}

type emojiEnableCmd struct {
	Name string `arg:"" help:"The emoji, such as blobcat or blobcat@there.example."`
}

// Run enables it.
func (c emojiEnableCmd) Run(p *program) error {
	disabled := false
	return changeEmoji(p, keeper.ChangeEmoji{Name: c.Name, Disabled: &disabled})
}

type emojiDisableCmd struct {
	Name string `arg:"" help:"The emoji, such as blobcat or blobcat@there.example."`
}

// Run disables it.
func (c emojiDisableCmd) Run(p *program) error {
	disabled := true
	return changeEmoji(p, keeper.ChangeEmoji{Name: c.Name, Disabled: &disabled})
}

type emojiRemoveCmd struct {
	Name string `arg:"" help:"The emoji, such as blobcat or blobcat@there.example."`
}

// Run deletes it.
func (c emojiRemoveCmd) Run(p *program) error {
	gone, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.EmojiName, error) {
		return ops.RemoveEmoji(ctx, keeper.EmojiName{Name: c.Name})
	})
	if err != nil {
		return err
	}
	p.tell(gone, "Removed: "+gone.Name)
	return nil
}

type emojiCopyCmd struct {
	Name      string `arg:"" help:"The emoji and its server, such as blobcat@there.example."`
	As        string `placeholder:"SHORTCODE" help:"What it is called here; without this, the same."`
	Category  string `placeholder:"NAME" help:"Under which it is offered."`
	Overwrite bool   `help:"Replace one of this shortcode."`
}

// Run copies it.
func (c emojiCopyCmd) Run(p *program) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Emoji, error) {
		return ops.CopyEmoji(ctx, keeper.CopyEmoji{Name: c.Name, Shortcode: c.As, Category: c.Category, Overwrite: c.Overwrite})
	})
	return tellEmoji(p, made, err)
}

type emojiImportCmd struct {
	Pack      string `arg:"" help:"The zip or tar.gz."`
	Category  string `placeholder:"NAME" help:"For all of them, whatever the pack says."`
	Prefix    string `placeholder:"TEXT" help:"Put before every shortcode."`
	Hidden    bool   `help:"Do not offer them when people choose."`
	Overwrite bool   `help:"Replace those of the same shortcode; without this they are left as they are."`
}

// emojiImported tells what became of a pack.
type emojiImported struct {
	Imported int             `json:"imported"`
	Skipped  int             `json:"skipped"`
	Files    []emojiImportOf `json:"files"`
}

// emojiImportOf tells what became of one file.
type emojiImportOf struct {
	File      string `json:"file"`
	Shortcode string `json:"shortcode,omitempty"`
	Imported  bool   `json:"imported"`
	Why       string `json:"why,omitempty"`
}

// Run imports the pack; what cannot be taken is told and left out.
func (c emojiImportCmd) Run(p *program) error {
	f, err := os.Open(c.Pack)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }() // it was only read
	pack, err := emoji.OpenPack(f)
	if err != nil {
		return err
	}
	next, stop := iter.Pull2(pack.Entries)
	defer stop()
	done := emojiImported{Files: []emojiImportOf{}}
	seen := map[string]bool{}
	entry, broken, more := next()
	for more && broken == nil {
		_, err := turns(p, func(ctx context.Context, ops keeper.Ops) (struct{}, bool, error) {
			one, err := c.take(ctx, ops, entry, seen)
			if err != nil {
				return struct{}{}, false, err
			}
			done.Files = append(done.Files, one)
			if one.Imported {
				done.Imported++
			} else {
				done.Skipped++
			}
			entry, broken, more = next()
			return struct{}{}, !more || broken != nil, nil
		})
		if err != nil {
			return fmt.Errorf("after %d emoji: %w", done.Imported, err)
		}
		if more {
			if _, err := fmt.Fprintf(p.stderr, "%d of %d files, %d emoji\n", len(done.Files), pack.Total, done.Imported); err != nil {
				return err
			}
		}
	}
	if broken != nil {
		return fmt.Errorf("after %d emoji: %w", done.Imported, broken)
	}
	var lines []string
	for _, one := range done.Files {
		if !one.Imported {
			lines = append(lines, fmt.Sprintf("left out  %q  %s", one.File, one.Why))
		}
	}
	p.tell(done, append(lines, fmt.Sprintf("Imported %d emoji; %d files were left out.", done.Imported, done.Skipped))...)
	return nil
}

// take imports one picture. What is wrong with it is told; an error is one that the next would meet too.
func (c emojiImportCmd) take(ctx context.Context, ops keeper.Ops, entry emoji.PackEntry, seen map[string]bool) (emojiImportOf, error) {
	out := emojiImportOf{File: entry.File}
	if entry.Refused != nil {
		out.Why = entry.Refused.Error()
		return out, nil
	}
	out.Shortcode = c.Prefix + entry.Shortcode
	if seen[out.Shortcode] {
		out.Why = "the pack has this shortcode twice"
		return out, nil
	}
	category := c.Category
	if category == "" {
		category = entry.Category
	}
	_, err := ops.AddEmoji(ctx, keeper.AddEmoji{Shortcode: out.Shortcode, Picture: entry.Picture, Category: category, Unlisted: c.Hidden, Overwrite: c.Overwrite})
	if fault.Is(err, fault.Invalid) {
		out.Why = err.Error()
		return out, nil
	}
	if err == nil {
		seen[out.Shortcode], out.Imported = true, true
	}
	return out, err
}

type emojiExportCmd struct {
	File     string `arg:"" help:"The zip to write; it must not exist yet."`
	Category string `placeholder:"NAME" help:"Only those of a category."`
	Of       string `placeholder:"DOMAIN" help:"Those known of another server; their pictures are fetched."`
}

// Run writes the pack.
func (c emojiExportCmd) Run(p *program) (err error) {
	conf, err := p.config()
	if err != nil {
		return err
	}
	all, err := listEmoji(p, keeper.ListEmoji{Domain: c.Of, Category: c.Category})
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Clean(c.File), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	host := c.Of
	if host == "" {
		host = conf.Domain
	}
	pack := emoji.NewPackWriter(f, host, time.Now())
	written, left := 0, []string{}
	for at := 0; at < len(all); {
		_, err := turns(p, func(ctx context.Context, ops keeper.Ops) (struct{}, bool, error) {
			name := emoji.Name{Domain: all[at].Domain, Shortcode: all[at].Shortcode}.String()
			got, err := ops.ReadEmoji(ctx, keeper.EmojiName{Name: name})
			switch {
			case err == nil:
				if err := pack.Add(got.Emoji.Shortcode, got.Emoji.Category, got.Type, got.Picture); err != nil {
					return struct{}{}, false, err
				}
				written++
			case errors.Is(err, control.ErrNoServer) || fault.KindOf(err) == fault.Internal || ctx.Err() != nil:
				return struct{}{}, false, err
			default: // removed meanwhile, or its server does not have it any more
				left = append(left, name)
			}
			at++
			return struct{}{}, at == len(all), nil
		})
		if err != nil {
			return err
		}
		if at < len(all) {
			if _, err := fmt.Fprintf(p.stderr, "%d of %d emoji\n", at, len(all)); err != nil {
				return err
			}
		}
	}
	if err := pack.Close(); err != nil {
		return err
	}
	lines := make([]string, 0, len(left)+1)
	for _, name := range left {
		lines = append(lines, "left out  "+name+"  its picture cannot be had")
	}
	p.tell(struct {
		File    string   `json:"file"`
		Emoji   int      `json:"emoji"`
		LeftOut []string `json:"left_out"`
	}{c.File, written, left}, append(lines, fmt.Sprintf("Wrote %d emoji to %s.", written, c.File))...)
	return nil
}
