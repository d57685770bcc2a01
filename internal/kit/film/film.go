// Package film reads and converts video, sound and the pictures that Go cannot
// decode, with programs of the machine: ffmpeg, ffprobe and libheif's heif-convert.
//
// Decoders are where strangers' bytes meet the most code, so each runs as a process
// of its own, with bounds on memory, time, files and output, without network where
// the system allows that, and is told what it reads: nothing is guessed, no playlist
// followed, no other file opened.
package film

import (
	"context"
	"os/exec"
	"strings"
	"time"

	"anancus/internal/kit/fault"
)

// Tools are the programs that are here. The zero Tools can do nothing and say so.
type Tools struct {
	FFmpeg, FFprobe, Heif Program
	offline               bool    // processes can be started without a network
	bounds                *bounds // in place of those of each kind of work; for tests
}

// Program is one of them.
type Program struct {
	Path    string // empty: not here
	Version string
}

// Find looks for the programs where programs are looked for, and asks each who it is.
func Find(ctx context.Context) Tools {
	var t Tools
	t.offline = canBeOffline(ctx)
	t.FFmpeg = find(ctx, "-version", "ffmpeg")
	t.FFprobe = find(ctx, "-version", "ffprobe")
	t.Heif = find(ctx, "--help", "heif-convert", "heif-dec")
	return t
}

// find takes the first of the names that runs, with the first figure of its first line for a version.
func find(ctx context.Context, ask string, names ...string) Program {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	for _, name := range names {
		path, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		said, err := exec.CommandContext(ctx, path, ask).CombinedOutput()
		if err != nil && len(said) == 0 {
			continue
		}
		line, _, _ := strings.Cut(string(said), "\n")
		for word := range strings.FieldsSeq(line) {
			if word[0] >= '0' && word[0] <= '9' {
				return Program{path, word}
			}
		}
		return Program{path, "unknown"}
	}
	return Program{}
}

// Films tells whether video, sound and animations can be converted.
func (t Tools) Films() bool { return t.FFmpeg.Path != "" && t.FFprobe.Path != "" }

// Stills tells whether HEIC and AVIF can be converted.
func (t Tools) Stills() bool { return t.Heif.Path != "" }

// Missing says what cannot be done here, and what to install for it.
func (t Tools) Missing() []string {
	var words []string
	if !t.Films() {
		words = append(words, "video, sound and moving GIFs: ffmpeg and ffprobe are not installed (Debian package ffmpeg)")
	}
	if !t.Stills() {
		words = append(words, "HEIC and AVIF pictures: heif-convert is not installed (Debian package libheif-examples)")
	}
	return words
}

func (t Tools) needFilms() error {
	if t.Films() {
		return nil
	}
	return fault.New(fault.Invalid, "This server cannot take video, sound or animations: ffmpeg is not installed")
}

func (t Tools) needStills() error {
	if t.Stills() {
		return nil
	}
	return fault.New(fault.Invalid, "This server cannot take HEIC or AVIF pictures: heif-convert is not installed")
}
