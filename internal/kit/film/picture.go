package film

import (
	"context"
	"os"
	"strconv"
	"time"
)

var picturing = bounds{memory: 1024 * mb, output: 64 * mb, time: 60 * time.Second}

// jpeg turns a picture into one that every decoder of JPEG understands alike.
var jpeg = []string{"-frames:v", "1", "-vf", "scale=out_color_matrix=bt601:out_range=pc", "-pix_fmt", "yuvj420p", "-c:v", "mjpeg", "-q:v", "2", "-f", "mjpeg"}

// Poster makes a JPEG of the first picture of a video or an animation.
func (t Tools) Poster(ctx context.Context, in, out string) error {
	return t.convert(ctx, in, out, func(info Info) (work, error) {
		if err := checkVideo(info.Video); err != nil {
			return work{}, err
		}
		return picture(info.Video.index), nil
	})
}

// Artwork makes a JPEG of the picture that goes with a sound.
func (t Tools) Artwork(ctx context.Context, in, out string) error {
	return t.convert(ctx, in, out, func(info Info) (work, error) {
		if !info.Artwork {
			return work{}, refuse("No picture goes with the sound")
		}
		return picture(info.artwork), nil
	})
}

func picture(index int) work {
	return work{bounds: picturing, args: append([]string{"-map", "0:" + strconv.Itoa(index)}, jpeg...), made: "picture.jpg"}
}

// Still makes a JPEG of a HEIC or AVIF picture, turned as it is to be shown. ffmpeg
// knows neither HEIC nor AVIF in tiles, so libheif does both.
func (t Tools) Still(ctx context.Context, in, out string) error {
	_, err := withFile(t.needStills, in, func(f *os.File, format Format) ([]byte, error) {
		if format != HEIC && format != AVIF {
			return nil, errFormat()
		}
		w := work{bounds: picturing, program: t.Heif.Path, args: []string{"-q", "95", "/dev/fd/3", "picture.jpg"}, in: f, made: "picture.jpg"}
		if _, err := t.run(ctx, w, out); err != nil {
			return nil, err
		}
		return nil, stripFile(out)
	})
	return err
}
