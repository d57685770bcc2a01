package film

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"

	"anancus/internal/kit/fault"
)

// Format is what a file is, by its first bytes; empty for what this package does not read.
type Format string

// The formats. MP4 is its whole family: M4V, M4A, MOV, 3GP.
const (
	MP4      Format = "mp4"
	Matroska Format = "matroska" // WebM too
	GIF      Format = "gif"
	MP3      Format = "mp3"
	Ogg      Format = "ogg"
	WAV      Format = "wav"
	FLAC     Format = "flac"
	AAC      Format = "aac"
	ASF      Format = "asf" // WMA
	HEIC     Format = "heic"
	AVIF     Format = "avif"
)

// SniffLength is how many bytes Sniff wants to see.
const SniffLength = 64

// demuxers are the only ones that are ever run, each on its own format.
var demuxers = map[Format]string{
	MP4: "mov", Matroska: "matroska", GIF: "gif", MP3: "mp3", Ogg: "ogg", WAV: "wav", FLAC: "flac", AAC: "aac", ASF: "asf",
}

var beginnings = []struct {
	bytes  string
	format Format
}{
	{"\x1aE\xdf\xa3", Matroska}, {"GIF87a", GIF}, {"GIF89a", GIF}, {"ID3", MP3}, {"OggS", Ogg}, {"fLaC", FLAC},
	{"\x30\x26\xb2\x75\x8e\x66\xcf\x11\xa6\xd9\x00\xaa\x00\x62\xce\x6c", ASF},
}

// Sniff tells a file's format by its first bytes, and by nothing else.
func Sniff(head []byte) Format {
	for _, b := range beginnings {
		if bytes.HasPrefix(head, []byte(b.bytes)) {
			return b.format
		}
	}
	switch {
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WAVE":
		return WAV
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffBrands(head[8:])
	case len(head) >= 8 && slices.Contains([]string{"moov", "mdat", "wide", "free", "skip"}, string(head[4:8])): // QuickTime before there were brands
		return MP4
	case len(head) >= 2 && head[0] == 0xff && head[1]&0xf6 == 0xf0:
		return AAC
	case len(head) >= 2 && head[0] == 0xff && head[1]&0xe0 == 0xe0 && head[1]&0x06 != 0:
		return MP3
	}
	return ""
}

// sniffBrands looks at the major brand and at those the file says it is compatible with.
func sniffBrands(brands []byte) Format {
	for i := 0; i+4 <= len(brands); i += 4 {
		switch string(brands[i : i+4]) {
		case "avif", "avis":
			return AVIF
		case "heic", "heix", "heim", "heis", "hevc", "hevx":
			return HEIC
		}
	}
	if major := string(brands[:4]); major == "mif1" || major == "msf1" {
		return HEIC
	}
	return MP4
}

func errFormat() error {
	return fault.New(fault.Invalid, "The file is of a type that is not supported")
}

// sniffFile tells the format of an open file.
func sniffFile(f *os.File) (Format, error) {
	head := make([]byte, SniffLength)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	if format := Sniff(head[:n]); format != "" {
		return format, nil
	}
	return "", errFormat()
}
