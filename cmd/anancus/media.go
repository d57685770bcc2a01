package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

// mediaCmd is about files.
type mediaCmd struct {
	Usage  mediaUsageCmd  `cmd:"" help:"Print how much is kept, of this server and of others."`
	Prune  mediaPruneCmd  `cmd:"" help:"Remove copies of other servers' files, the least recently seen first. Whoever looks at one is given it again."`
	Verify mediaVerifyCmd `cmd:"" help:"Look for files that are missing, damaged, or known to nobody."`
	Move   mediaMoveCmd   `cmd:"" help:"Copy all files to another folder or bucket. Interrupted, the same command goes on."`
	Mode   mediaModeCmd   `cmd:"" help:"Decide what is done with the media of a server: store, proxy or reject."`
}

type mediaUsageCmd struct{}

// Run prints it.
func (mediaUsageCmd) Run(p *program) error {
	list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.MediaUsage, error) { return ops.MediaUsage(ctx) })
	if err != nil {
		return err
	}
	lines := []string{fmt.Sprintf("%-12s %-6s %10s %12s", "what", "of", "files", "size")}
	for _, one := range list {
		of := "here"
		if one.Remote {
			of = "others"
		}
		lines = append(lines, fmt.Sprintf("%-12s %-6s %10d %12s", one.Noun, of, one.Files, size(one.Bytes)))
	}
	p.tell(list, lines...)
	return nil
}

type mediaPruneCmd struct {
	Days   *int   `placeholder:"N" help:"Remove what nobody looked at for so many days. Without this and --budget, what the settings say."`
	Budget string `placeholder:"SIZE" help:"Leave at most so much, such as 500MB or 20GB."`
	DryRun bool   `help:"Only tell what would go."`
}

// Run removes copies, and tells how far it is.
func (c mediaPruneCmd) Run(p *program) error {
	want, err := c.bound(p)
	if err != nil {
		return err
	}
	for {
		if want.At, err = turns(p, func(ctx context.Context, ops keeper.Ops) (keeper.PrunedMedia, bool, error) {
			at, err := ops.PruneMedia(ctx, want)
			want.At = at
			return at, at.Finished, err
		}); err != nil {
			return err
		}
		if want.At.Finished {
			break
		}
		if _, err := fmt.Fprintf(p.stderr, "%d files, %s; %s left\n", want.At.Files, size(want.At.Bytes), size(want.At.Left)); err != nil {
			return err
		}
	}
	done := "Removed"
	if c.DryRun {
		done = "Would remove"
	}
	p.tell(struct {
		Files  int64 `json:"files"`
		Bytes  int64 `json:"bytes"`
		Left   int64 `json:"left"`
		DryRun bool  `json:"dry_run"`
	}{want.At.Files, want.At.Bytes, want.At.Left, c.DryRun}, fmt.Sprintf("%s %d files with %s; %s of copies stay.", done, want.At.Files, size(want.At.Bytes), size(want.At.Left)))
	return nil
}

// bound is what may stay: as the flags say, or else the settings.
func (c mediaPruneCmd) bound(p *program) (keeper.PruneMedia, error) {
	want := keeper.PruneMedia{Dry: c.DryRun}
	if c.Days != nil {
		want.Days = *c.Days
	}
	if c.Budget != "" {
		var err error
		if want.Budget, err = bytesOf(c.Budget); err != nil {
			return want, err
		}
	}
	if c.Days != nil || c.Budget != "" {
		return want, nil
	}
	return keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.PruneMedia, error) {
		for _, name := range []string{"remote-media-days", "remote-media-budget"} {
			set, err := ops.GetSetting(ctx, keeper.SettingName{Name: name})
			if err != nil {
				return want, err
			}
			n, err := strconv.Atoi(set.Value)
			if err != nil {
				return want, fmt.Errorf("setting %s: %w", name, err)
			}
			if name == "remote-media-days" {
				want.Days = n
			} else {
				want.Budget = int64(n) * 1_000_000
			}
		}
		return want, nil
	})
}

// turns lets the server work in turns of a second while one connection is kept; progress is told in between.
func turns[Out any](p *program, do func(ctx context.Context, ops keeper.Ops) (at Out, finished bool, err error)) (Out, error) {
	return keep(p, func(ctx context.Context, ops keeper.Ops) (at Out, err error) {
		for begin, finished := time.Now(), false; !finished && time.Since(begin) < reindexTurn; {
			if at, finished, err = do(ctx, ops); err != nil {
				return at, err
			}
		}
		return at, nil
	})
}

type mediaVerifyCmd struct {
	Fix    bool `help:"Delete files that nobody knows and that are older than a day, and let copies of other servers' files that are missing be fetched again."`
	DryRun bool `help:"Change nothing; this is what happens without --fix."`
}

// Run compares, and names what is wrong.
func (c mediaVerifyCmd) Run(p *program) error {
	if c.Fix && c.DryRun {
		return fault.New(fault.Invalid, "--fix and --dry-run exclude each other")
	}
	sum := keeper.VerifiedMedia{Found: []keeper.MediaFinding{}}
	for !sum.Finished {
		_, err := turns(p, func(ctx context.Context, ops keeper.Ops) (struct{}, bool, error) {
			at, err := ops.VerifyMedia(ctx, keeper.VerifyMedia{Last: sum.Last, Fix: c.Fix})
			if err != nil {
				return struct{}{}, false, err
			}
			sum.Rows, sum.Files, sum.Last, sum.Finished = sum.Rows+at.Rows, sum.Files+at.Files, at.Last, at.Finished
			sum.Found = append(sum.Found, at.Found...)
			return struct{}{}, at.Finished, nil
		})
		if err != nil {
			return err
		}
		if !sum.Finished {
			if _, err := fmt.Fprintf(p.stderr, "%d files compared, %d findings\n", sum.Files, len(sum.Found)); err != nil {
				return err
			}
		}
	}
	sum.Last = ""
	lines := make([]string, 0, len(sum.Found)+1)
	for _, one := range sum.Found {
		lines = append(lines, findingLine(one))
	}
	p.tell(sum, append(lines, fmt.Sprintf("%d files should be there, %d are; %d findings.", sum.Rows, sum.Files, len(sum.Found)))...)
	return nil
}

func findingLine(f keeper.MediaFinding) string {
	line := fmt.Sprintf("%-8s %s  %s", f.What, f.Key, size(f.Bytes))
	if f.Noun != "" {
		line += fmt.Sprintf("  of %s %s", f.Noun, f.Owner)
	}
	switch {
	case f.Mended && f.What == "orphan":
		line += "  deleted"
	case f.Mended:
		line += "  is fetched again when somebody looks"
	case f.What == "missing" && !f.Remote:
		line += "  restore it from a backup"
	}
	return line
}

type mediaMoveCmd struct {
	To     string `arg:"" name:"dest" placeholder:"FOLDER|URL" help:"Another folder, or a bucket as s3://bucket/prefix?endpoint=https://s3.example.org&region=eu."`
	From   string `placeholder:"FOLDER|URL" help:"Copy from here and not from media-store: for what came before the server was started with the new one."`
	Key    string `env:"ANANCUS_MOVE_S3_KEY" placeholder:"KEY" help:"The access key of a bucket that is not media-store."`
	Secret string `env:"ANANCUS_MOVE_S3_SECRET" placeholder:"SECRET" help:"The secret that belongs to it. Other users of this machine can read flags, so keep it in the environment."`

	Every time.Duration `hidden:"" default:"2s" help:"How often to tell how far it is."`
}

// Run copies. It asks no server: both places are open to it, and whatever is there whole already is not sent again.
func (c mediaMoveCmd) Run(p *program) error {
	conf, err := p.config()
	if err != nil {
		return err
	}
	open := func(where string) (blob.Store, error) {
		one := blob.Config{Store: where, Key: c.Key, Secret: c.Secret}
		if where == conf.MediaStore {
			one.Key, one.Secret = conf.MediaS3Key, conf.MediaS3Secret
		}
		return blob.Open(p.ctx, one)
	}
	if c.From == "" {
		c.From = conf.MediaStore
	}
	from, err := open(c.From)
	if err != nil {
		return err
	}
	to, err := open(c.To)
	if err != nil {
		return err
	}
	if from.Name() == to.Name() {
		return fault.New(fault.Invalid, "The files are there already: "+to.Name())
	}
	var files, bytes int64
	told := time.Now()
	err = blob.Copy(p.ctx, from, to, "", func(info blob.Info) {
		files, bytes = files+1, bytes+info.Size
		if time.Since(told) >= c.Every {
			told = time.Now()
			_, _ = fmt.Fprintf(p.stderr, "%d files, %s\n", files, size(bytes)) // nobody may be reading along
		}
	})
	if err != nil {
		return fmt.Errorf("after %d files (the same command goes on): %w", files, err)
	}
	p.tell(struct {
		From  string `json:"from"`
		To    string `json:"to"`
		Files int64  `json:"files"`
		Bytes int64  `json:"bytes"`
	}{from.Name(), to.Name(), files, bytes}, fmt.Sprintf("All %d files with %s are at %s.", files, size(bytes), to.Name()))
	return nil
}

type mediaModeCmd struct {
	Domain string `arg:"" optional:"" help:"The domain of another server, with those below it. Without one, all decisions are printed."`
	Mode   string `arg:"" optional:"" enum:"store,proxy,reject,default," default:"" help:"store keeps copies, proxy passes files on without keeping them, reject shows none, default forgets the decision."`
}

// Run decides, or prints what was decided.
func (c mediaModeCmd) Run(p *program) error {
	if c.Domain != "" && c.Mode == "" {
		return fault.New(fault.Invalid, "Say what is to be done with its media: store, proxy, reject or default")
	}
	if c.Domain == "" {
		list, err := keep(p, func(ctx context.Context, ops keeper.Ops) ([]keeper.MediaMode, error) { return ops.MediaModes(ctx) })
		if err != nil {
			return err
		}
		lines := []string{}
		for _, one := range list {
			lines = append(lines, one.Domain+"  "+one.Mode)
		}
		p.tell(list, lines...)
		return nil
	}
	set, err := keep(p, func(ctx context.Context, ops keeper.Ops) (keeper.MediaMode, error) {
		return ops.SetMediaMode(ctx, keeper.MediaMode{Domain: c.Domain, Mode: strings.TrimSuffix(c.Mode, "default")})
	})
	if err != nil {
		return err
	}
	p.tell(set, set.Domain+"  "+set.Mode)
	return nil
}

var units = []struct {
	name  string
	bytes int64
}{{"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"kB", 1e3}}

// size writes a number of bytes for people.
func size(n int64) string {
	for _, unit := range units {
		if n >= unit.bytes {
			return strconv.FormatFloat(float64(n)/float64(unit.bytes), 'f', 1, 64) + " " + unit.name
		}
	}
	return strconv.FormatInt(n, 10) + " B"
}

// bytesOf reads a size such as 500MB, 1.5 GB or 1000.
func bytesOf(text string) (int64, error) {
	number, factor := strings.TrimSpace(text), int64(1)
	for _, unit := range units {
		if cut, ok := strings.CutSuffix(strings.ToUpper(number), strings.ToUpper(unit.name)); ok {
			number, factor = strings.TrimSpace(cut), unit.bytes
			break
		}
	}
	n, err := strconv.ParseFloat(number, 64)
	if err != nil || !(n > 0) || n*float64(factor) > 1e18 {
		return 0, fault.New(fault.Invalid, fmt.Sprintf("%q is no size; write it as 500MB or 20GB", text))
	}
	return int64(n * float64(factor)), nil
}
