package film

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// Info is what a file holds.
type Info struct {
	Format   Format
	Duration time.Duration
	BitRate  int64  // of the whole, in bits a second
	Video    *Video // the first moving pictures; nil without
	Audio    *Audio // the first sound; nil without
	Artwork  bool   // a picture goes with the sound

	artwork int // its stream
}

// Video is a stream of moving pictures.
type Video struct {
	Codec, PixelFormat string
	Width, Height      int // as shown: turned where the file says so
	FrameRate          float64
	Rate               string // the same as a fraction: 30000/1001
	Frames             int

	index int
}

// Audio is a stream of sound.
type Audio struct {
	Codec                string
	SampleRate, Channels int
	BitRate              int64

	index int
}

// decoders are those of formats that people use. Many others are old, and looked at by nobody but attackers.
var decoders = strings.Join([]string{
	"h264,hevc,vp8,vp9,libvpx,libvpx-vp9,libdav1d,libaom-av1,av1,mpeg4,mpeg2video,mpeg1video,h263,theora,prores,dnxhd,mjpeg,png,gif",
	"wmv1,wmv2,wmv3,vc1,msmpeg4,aac,mp3,mp3float,mp2,mp2float,opus,libopus,vorbis,libvorbis,flac,alac,ac3,wmav1,wmav2,wmapro,wmalossless,wmavoice",
	"amrnb,amrwb,libopencore_amrnb,libopencore_amrwb,adpcm_ms,adpcm_ima_wav,adpcm_ima_qt,pcm_u8,pcm_s8,pcm_alaw,pcm_mulaw",
	"pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be",
}, ",")

// source are the arguments that hold the reading of a file to its format, to files, and to known decoders.
func source(format Format) []string {
	demuxer := demuxers[format]
	return []string{"-protocol_whitelist", "file", "-format_whitelist", demuxer, "-codec_whitelist", decoders, "-f", demuxer}
}

var probing = bounds{memory: 1024 * mb, output: 1 * mb, time: 30 * time.Second}

// Probe tells what a file holds. It reads all of it, but decodes little.
func (t Tools) Probe(ctx context.Context, in string) (Info, error) {
	return withFile(t.needFilms, in, func(f *os.File, format Format) (Info, error) { return t.probe(ctx, f, format) })
}

// withFile opens what is to be read, and says what it is.
func withFile[T any](need func() error, in string, do func(*os.File, Format) (T, error)) (T, error) {
	var nothing T
	if err := need(); err != nil {
		return nothing, err
	}
	f, err := os.Open(in)
	if err != nil {
		return nothing, fmt.Errorf("open media: %w", err)
	}
	defer func() { _ = f.Close() }()
	format, err := sniffFile(f)
	if err != nil {
		return nothing, err
	}
	return do(f, format)
}

func (t Tools) probe(ctx context.Context, f *os.File, format Format) (Info, error) {
	if demuxers[format] == "" {
		return Info{}, errFormat()
	}
	args := append([]string{"-v", "error"}, source(format)...)
	args = append(args, "-count_packets", "-of", "json", "-show_entries",
		"stream=index,codec_type,codec_name,pix_fmt,width,height,avg_frame_rate,nb_read_packets,duration,bit_rate,sample_rate,channels"+
			":stream_disposition=attached_pic:stream_side_data=rotation:format=duration,bit_rate", "-i", input)
	answer, err := t.run(ctx, work{bounds: probing, program: t.FFprobe.Path, args: args, in: f}, "")
	if err != nil {
		return Info{}, err
	}
	var told told
	if err := json.Unmarshal(answer, &told); err != nil {
		return Info{}, errUnreadable("ffprobe's answer: " + err.Error())
	}
	info := told.info(format)
	if info.Video == nil && info.Audio == nil && !info.Artwork {
		return Info{}, errUnreadable("there is nothing in it")
	}
	return info, nil
}

// told is ffprobe's answer.
type told struct {
	Streams []stream
	Format  struct {
		Duration string
		BitRate  string `json:"bit_rate"`
	}
}

type stream struct {
	Index       int
	Type        string `json:"codec_type"`
	Codec       string `json:"codec_name"`
	PixelFormat string `json:"pix_fmt"`
	Width       int
	Height      int
	FrameRate   string `json:"avg_frame_rate"`
	Packets     string `json:"nb_read_packets"`
	Duration    string
	BitRate     string `json:"bit_rate"`
	SampleRate  string `json:"sample_rate"`
	Channels    int
	Disposition struct {
		AttachedPic int `json:"attached_pic"`
	}
	SideData []struct{ Rotation float64 } `json:"side_data_list"`
}

func (a told) info(format Format) Info {
	info := Info{Format: format, BitRate: whole(a.Format.BitRate), Duration: seconds(a.Format.Duration)}
	for _, s := range a.Streams {
		switch {
		case s.Type == "video" && s.Disposition.AttachedPic == 1:
			if !info.Artwork {
				info.Artwork, info.artwork = true, s.Index
			}
		case s.Type == "video" && info.Video == nil && s.Width > 0 && s.Height > 0:
			info.Video = s.video()
		case s.Type == "audio" && info.Audio == nil && s.Codec != "":
			info.Audio = &Audio{Codec: s.Codec, SampleRate: int(whole(s.SampleRate)), Channels: s.Channels, BitRate: whole(s.BitRate), index: s.Index}
		}
		info.Duration = max(info.Duration, seconds(s.Duration))
	}
	return info
}

func (s stream) video() *Video {
	v := &Video{Codec: s.Codec, PixelFormat: s.PixelFormat, Width: s.Width, Height: s.Height, Frames: int(whole(s.Packets)), Rate: s.FrameRate, index: s.Index}
	over, under, _ := strings.Cut(s.FrameRate, "/")
	if n, d := number(over), number(under); d > 0 {
		v.FrameRate = n / d
	}
	for _, side := range s.SideData {
		if int(side.Rotation)%180 != 0 {
			v.Width, v.Height = s.Height, s.Width
		}
	}
	return v
}

// What cannot be read is nought: ffprobe says N/A, or nothing.
func whole(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

func number(text string) float64 {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || n < 0 || n > 1e12 || n != n {
		return 0
	}
	return n
}

// seconds are bounded to a year, so that nothing that counts with them runs over.
func seconds(text string) time.Duration {
	return time.Duration(min(number(text), 365*24*3600) * float64(time.Second))
}
