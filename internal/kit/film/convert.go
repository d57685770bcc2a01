package film

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"time"

	"anancus/internal/kit/fault"
)

// What is taken, as on Mastodon.
const (
	MaxPixels    = 3840 * 2160 // of a video
	MaxGIFPixels = 1280 * 720
	MaxFrameRate = 120
	MaxFrames    = 36_000 // that are encoded again
)

var (
	filming   = bounds{memory: 2048 * mb, output: 256 * mb, time: 30 * time.Minute}
	looping   = bounds{memory: 1024 * mb, output: 64 * mb, time: 5 * time.Minute}
	listening = bounds{memory: 512 * mb, output: 256 * mb, time: 10 * time.Minute}
)

// Video makes an MP4 of H.264 and AAC that begins to play before all of it is there.
// Streams that are so already are copied as they are.
func (t Tools) Video(ctx context.Context, in, out string) error {
	return t.convert(ctx, in, out, func(info Info) (work, error) {
		v := info.Video
		if err := checkVideo(v); err != nil {
			return work{}, err
		}
		if err := info.Check(); err != nil {
			return work{}, err
		}
		args := []string{"-map", "0:" + strconv.Itoa(v.index)}
		if info.Audio != nil {
			args = append(args, "-map", "0:"+strconv.Itoa(info.Audio.index))
		}
		if info.Fits() {
			args = append(args, "-c", "copy")
		} else {
			rate := v.Width * v.Height * 30 / 9 // bits a second: plenty for what moves
			args = append(append(args, h264(v)...), "-crf", "23", "-maxrate", strconv.Itoa(rate), "-bufsize", strconv.Itoa(2*rate),
				"-c:a", "aac", "-b:a", "192k")
		}
		return work{bounds: filming, args: append(args, "-movflags", "+faststart"), made: "film.mp4"}, nil
	})
}

func checkVideo(v *Video) error {
	switch {
	case v == nil:
		return refuse("There are no moving pictures in the file")
	case v.Width*v.Height > MaxPixels:
		return refuse("%dx%d videos are not supported", v.Width, v.Height)
	case v.FrameRate > MaxFrameRate:
		return refuse("%.0ffps videos are not supported", v.FrameRate)
	}
	return nil
}

func refuse(format string, args ...any) error {
	return fault.New(fault.Invalid, fmt.Sprintf(format, args...))
}

// Check tells why a file is not converted, whatever is made of it; nil when that is tried.
func (info Info) Check() error {
	v := info.Video
	switch {
	case v == nil:
		return nil
	case info.Format == GIF && v.Width*v.Height > MaxGIFPixels:
		return refuse("%dx%d GIF files are not supported", v.Width, v.Height)
	case info.Format == GIF && v.Frames > MaxFrames:
		return refuse("A GIF may have %d pictures at most, not %d", MaxFrames, v.Frames)
	case info.Format == GIF:
		return nil // how fast it is played is not kept
	case !info.Fits() && v.Frames > MaxFrames:
		return refuse("A video may have %d pictures at most, not %d", MaxFrames, v.Frames)
	}
	return checkVideo(v)
}

// Fits tells whether every browser plays the streams as they are, so that they need only be copied.
func (info Info) Fits() bool {
	if info.Video == nil {
		return info.Audio != nil && info.Audio.Codec == "mp3"
	}
	return info.Video.Codec == "h264" && slices.Contains([]string{"yuv420p", "yuvj420p"}, info.Video.PixelFormat) &&
		(info.Audio == nil || info.Audio.Codec == "aac")
}

// h264 encodes for every browser, whose decoders want even sizes.
func h264(v *Video) []string {
	even := "crop=trunc(iw/2)*2:trunc(ih/2)*2"
	if v.Width < 2 || v.Height < 2 {
		even = "scale=max(2\\,trunc(iw/2)*2):max(2\\,trunc(ih/2)*2)"
	}
	return []string{"-vf", even, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p"}
}

// GIF makes a silent MP4 of an animation, to be played in a loop.
func (t Tools) GIF(ctx context.Context, in, out string) error {
	return t.convert(ctx, in, out, func(info Info) (work, error) {
		if info.Format != GIF || info.Video == nil {
			return work{}, errFormat()
		}
		if err := info.Check(); err != nil {
			return work{}, err
		}
		args := append(h264(info.Video), "-an", "-crf", "18", "-vsync", "vfr", "-movflags", "+faststart")
		return work{bounds: looping, args: append([]string{"-map", "0:v:0"}, args...), made: "film.mp4"}, nil
	})
}

// Audio makes an MP3 of the first sound. What is MP3 already is copied as it is: encoding it again would only spoil it.
func (t Tools) Audio(ctx context.Context, in, out string) error {
	err := t.convert(ctx, in, out, func(info Info) (work, error) {
		if info.Audio == nil {
			return work{}, refuse("There is no sound in the file")
		}
		args := []string{"-map", "0:" + strconv.Itoa(info.Audio.index), "-id3v2_version", "0"}
		if info.Audio.Codec == "mp3" {
			args = append(args, "-c:a", "copy")
		} else {
			args = append(args, "-c:a", "libmp3lame", "-q:a", "2")
		}
		return work{bounds: listening, args: args, made: "sound.mp3"}, nil
	})
	if err != nil {
		return err
	}
	return framesOnly(out)
}

// convert probes a file, and runs what plan makes of that; nothing that a file tells of itself goes along.
func (t Tools) convert(ctx context.Context, in, out string, plan func(Info) (work, error)) error {
	_, err := withFile(t.needFilms, in, func(f *os.File, format Format) ([]byte, error) {
		info, err := t.probe(ctx, f, format)
		if err != nil {
			return nil, err
		}
		w, err := plan(info)
		if err != nil {
			return nil, err
		}
		n := strconv.Itoa(threads)
		args := append([]string{"-v", "error", "-nostdin", "-threads", n, "-max_pixels", strconv.Itoa(2 * MaxPixels)}, source(format)...)
		args = append(append(args, "-i", input, "-sn", "-dn", "-map_metadata", "-1", "-map_chapters", "-1",
			"-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-threads", n, "-filter_threads", n), w.args...)
		w.program, w.args, w.in = t.FFmpeg.Path, append(args, "file:"+w.made), f
		return t.run(ctx, w, out)
	})
	return err
}
