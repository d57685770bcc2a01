package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"

	"anancus/internal/server/keeper"

	"github.com/alecthomas/kong"
)

// measures are the commands that do something about an account.
type measures struct {
	Limit           measureCmd `cmd:"" help:"Keep an account from whoever does not follow it."`
	Unlimit         measureCmd `cmd:"" help:"Do so no more."`
	Suspend         measureCmd `cmd:"" help:"Hide an account and everything it wrote, and keep it out."`
	Unsuspend       measureCmd `cmd:"" help:"Show it again."`
	Freeze          measureCmd `cmd:"" help:"Keep a member from signing in, and end their sessions and tokens. What they wrote stays."`
	Thaw            measureCmd `cmd:"" help:"Let the member sign in again."`
	MarkSensitive   measureCmd `cmd:"" name:"mark-sensitive" help:"Show what an account attaches from now on as sensitive."`
	UnmarkSensitive measureCmd `cmd:"" name:"unmark-sensitive" help:"Do so no more."`
}

type measureCmd struct {
	Name   string `arg:"" help:"The account, such as ada or bo@there.example."`
	Reason string `placeholder:"TEXT" help:"Why; a member is told so, and it is kept for other keepers. @FILE reads a file, - the command's input."`
}

// Run does what the command is called.
func (m measureCmd) Run(p *program, c *kong.Context) error {
	measure := c.Selected().Name
	reason, err := written(m.Reason)
	if err != nil {
		return err
	}
	now, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Standing, error) {
		return ops.TakeMeasure(ctx, keeper.Measure{Handle: m.Name, Measure: measure, Reason: reason})
	})
	if err != nil {
		return err
	}
	p.tell(now, standing(now))
	return nil
}

func standing(s keeper.Standing) string {
	var words []string
	for _, one := range []struct {
		holds bool
		word  string
	}{{s.Limited, "limited by " + strings.Join(s.LimitedBy, " and ")}, {s.Suspended, "suspended by " + strings.Join(s.SuspendedBy, " and ")}, {s.Frozen, "frozen"}, {s.Sensitive, "marked as sensitive"}} {
		if one.holds {
			words = append(words, one.word)
		}
	}
	if len(words) == 0 {
		words = []string{"nothing is done about it"}
	}
	line := s.Handle + ": " + strings.Join(words, ", ")
	if !s.Changed {
		line += " (as before)"
	}
	return line
}

// domainCmd is about other servers.
type domainCmd struct {
	Block    domainBlockCmd    `cmd:"" help:"Limit or suspend a server and those below it, or reject its media or reports."`
	Unblock  domainUnblockCmd  `cmd:"" help:"Take that back. Follows that were severed stay so."`
	List     domainListCmd     `cmd:"" help:"Print what is decided about servers."`
	Show     domainShowCmd     `cmd:"" help:"Print what holds for a server, and how far it has come."`
	Allow    domainAllowCmd    `cmd:"" help:"Put a server on the list of those spoken with while federation is limited."`
	Disallow domainDisallowCmd `cmd:"" help:"Take it off the list."`
	Import   domainImportCmd   `cmd:"" help:"Take decisions from a file of Mastodon's shape: all lines or none."`
	Export   domainExportCmd   `cmd:"" help:"Write them to such a file."`
}

type domainBlockCmd struct {
	Domain        string `arg:"" help:"The server, such as there.example; those below it are included."`
	Severity      string `enum:"noop,silence,suspend" default:"silence" placeholder:"SEVERITY" help:"silence limits all its accounts, suspend ends everything between it and us, noop does neither. The default is silence."`
	RejectMedia   bool   `help:"Neither fetch nor show its media."`
	RejectReports bool   `help:"Drop its reports."`
	Comment       string `placeholder:"TEXT" help:"Why, for keepers."`
	PublicComment string `placeholder:"TEXT" help:"Why, for everybody who may read it."`
	Obfuscate     bool   `help:"Show its name in part only, where the list is shown."`
}

// Run decides.
func (d domainBlockCmd) Run(p *program) error {
	made, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.DomainBlock, error) {
		return ops.BlockDomain(ctx, keeper.DomainBlock{Domain: d.Domain, Severity: d.Severity, RejectMedia: d.RejectMedia, RejectReports: d.RejectReports,
			PrivateComment: d.Comment, PublicComment: d.PublicComment, Obfuscate: d.Obfuscate})
	})
	if err != nil {
		return err
	}
	p.tell(made, blockLine(made))
	return nil
}

func blockLine(b keeper.DomainBlock) string {
	words := []string{b.Domain, b.Severity}
	for _, one := range []struct {
		holds bool
		word  string
	}{{b.RejectMedia, "media rejected"}, {b.RejectReports, "reports rejected"}, {b.Obfuscate, "name obfuscated"}} {
		if one.holds {
			words = append(words, one.word)
		}
	}
	for name, comment := range map[string]string{"private": b.PrivateComment, "public": b.PublicComment} {
		if comment != "" {
			words = append(words, name+": "+comment)
		}
	}
	return strings.Join(words, "  ")
}

type domainNameArg struct {
	Domain string `arg:"" help:"The server, such as there.example."`
}

type domainUnblockCmd struct{ domainNameArg }

// Run takes it back.
func (d domainUnblockCmd) Run(p *program) error {
	gone, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.DomainBlock, error) {
		return ops.UnblockDomain(ctx, keeper.DomainName{Domain: d.Domain})
	})
	if err != nil {
		return err
	}
	p.tell(gone, "No more: "+blockLine(gone))
	return nil
}

type domainListCmd struct{}

// Run prints it.
func (domainListCmd) Run(p *program) error {
	all, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Domains, error) { return ops.ListDomains(ctx) })
	if err != nil {
		return err
	}
	var lines []string
	for _, b := range all.Blocks {
		lines = append(lines, blockLine(b))
	}
	for _, name := range all.Allowed {
		lines = append(lines, name+"  allowed")
	}
	if all.Limited {
		lines = append(lines, "Federation is limited: only allowed servers are spoken with.")
	}
	if len(lines) == 0 {
		lines = []string{"Nothing is decided about any server."}
	}
	p.tell(all, lines...)
	return nil
}

type domainShowCmd struct{ domainNameArg }

// Run prints it.
func (d domainShowCmd) Run(p *program) error {
	one, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.Domain, error) {
		return ops.ShowDomain(ctx, keeper.DomainName{Domain: d.Domain})
	})
	if err != nil {
		return err
	}
	lines := []string{one.Domain + ": nothing is decided"}
	if one.Block != nil {
		lines[0] = blockLine(*one.Block)
	}
	if one.Allowed {
		lines = append(lines, "It is on the list of allowed servers.")
	}
	if !one.Spoken {
		lines = append(lines, "It is not spoken with.")
	}
	lines = append(lines, fmt.Sprintf("Known servers: %d  accounts: %d, settled: %d  follows with members: %d  deliveries that wait: %d",
		len(one.Servers), one.Accounts, one.Settled, one.Follows, one.Deliveries))
	p.tell(one, lines...)
	return nil
}

type domainAllowCmd struct{ domainNameArg }

// Run allows it.
func (d domainAllowCmd) Run(p *program) error {
	one, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.DomainName, error) {
		return ops.AllowDomain(ctx, keeper.DomainName{Domain: d.Domain})
	})
	if err != nil {
		return err
	}
	p.tell(one, "Allowed: "+one.Domain)
	return nil
}

type domainDisallowCmd struct{ domainNameArg }

// Run takes it off the list.
func (d domainDisallowCmd) Run(p *program) error {
	one, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.DomainName, error) {
		return ops.DisallowDomain(ctx, keeper.DomainName{Domain: d.Domain})
	})
	if err != nil {
		return err
	}
	p.tell(one, "Allowed no more: "+one.Domain)
	return nil
}

type domainImportCmd struct {
	File      string `arg:"" help:"The CSV; - reads the command's input."`
	Allows    bool   `help:"It is a list of allowed servers."`
	Overwrite bool   `help:"Replace what is decided about servers in it; without this they are left as they are."`
	DryRun    bool   `help:"Only tell what would change."`
}

// maxDomainFile bounds a file of servers.
const maxDomainFile = 4 << 20

// Run imports it.
func (d domainImportCmd) Run(p *program) error {
	from := io.Reader(os.Stdin)
	if d.File != "-" {
		f, err := os.Open(d.File)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }() // it was only read
		from = f
	}
	text, err := io.ReadAll(io.LimitReader(from, maxDomainFile+1))
	if err != nil {
		return err
	}
	if len(text) > maxDomainFile {
		return fmt.Errorf("%s is larger than 4 MiB", d.File)
	}
	done, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.ImportedDomains, error) {
		return ops.ImportDomains(ctx, keeper.ImportDomains{Text: string(text), Allows: d.Allows, Overwrite: d.Overwrite, Dry: d.DryRun})
	})
	if err != nil {
		return err
	}
	verb := "Changed"
	if done.Dry {
		verb = "Would change"
	}
	lines := []string{fmt.Sprintf("%s %d of %d servers.", verb, len(done.Changed), done.Lines)}
	p.tell(done, append(lines, done.Changed...)...)
	return nil
}

type domainExportCmd struct {
	File   string `arg:"" help:"The CSV to write; it must not exist yet. - writes to the command's output."`
	Allows bool   `help:"The list of allowed servers."`
}

// Run exports it.
func (d domainExportCmd) Run(p *program) error {
	file, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.DomainFile, error) {
		return ops.ExportDomains(ctx, keeper.ExportDomains{Allows: d.Allows})
	})
	if err != nil {
		return err
	}
	if d.File == "-" {
		_, err := io.WriteString(p.stdout, file.Text)
		return err
	}
	f, err := os.OpenFile(d.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err = f.WriteString(file.Text); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", d.File, err)
	}
	p.tell(map[string]any{"file": d.File, "lines": file.Lines}, fmt.Sprintf("Wrote %d servers to %s", file.Lines, d.File))
	return nil
}
