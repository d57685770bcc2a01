package server_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"anancus/internal/kit/config"
	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// payload is what a file is used to carry: for browsers, for programs that unpack, for whoever trusts a path. It must come out nowhere.
const payload = "<script>" + hidingPlace + "</script><?php " + hidingPlace + " PK\x03\x04/etc/passwd#" + hidingPlace

// segment is one of a JPEG.
func segment(marker byte, body string) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(body)+2)), body...)
}

// chunk is one of a PNG.
func chunk(name, body string) []byte {
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), name+body...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+body)))
}

// box is one of an MP4.
func box(name, body string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+8)), name+body...)
}

// tag is what goes before the sound of an MP3.
func tag(name, words string) []byte {
	body := "\x00" + name + "\x00" + words
	frame := append(binary.BigEndian.AppendUint32([]byte("TXXX"), uint32(len(body))), "\x00\x00"+body...)
	n := len(frame)
	return append([]byte{'I', 'D', '3', 3, 0, 0, 0, byte(n >> 14 & 127), byte(n >> 7 & 127), byte(n & 127)}, frame...)
}

// On SQLite alone: no database sees what files hold.
func TestWhatFilesCarryBesideTheirPicturesComesOutNowhere(t *testing.T) {
	manyFilms(t)
	var data string
	s := servertest.New(t, db.SQLite, func(c *config.Config) { data = c.Data })
	ada := s.Join("ada")
	jpg, png, gif := picture(t, 60, 40, "jpg"), picture(t, 60, 40, "png"), filmed(t, "a.gif", "-an -frames:v 1")
	webp, err := os.ReadFile(filepath.Join("..", "kit", "images", "testdata", "lossy.webp"))
	if err != nil {
		t.Fatal(err)
	}
	after := func(body []byte) []byte { return append(bytes.Clone(body), payload...) }
	end := bytes.LastIndex(png, []byte("IEND")) - 4
	type sent struct {
		body []byte
		kind string // "" for a refusal
	}
	for name, one := range map[string]sent{
		"a JPEG and an archive":          {after(jpg), "image"},
		"a JPEG with words":              {bytes.Join([][]byte{jpg[:2], segment(0xfe, payload), segment(0xe1, "Exif\x00\x00"+payload), segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+payload), segment(0xed, "Photoshop 3.0\x00"+payload), jpg[2:]}, nil), "image"},
		"a PNG and a page":               {after(png), "image"},
		"a PNG with words":               {bytes.Join([][]byte{png[:end], chunk("tEXt", "path\x00"+payload), chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+payload), chunk("eXIf", payload), chunk("sPLT", payload), png[end:]}, nil), "image"},
		"a GIF and a script":             {after(gif), "image"},
		"a WebP and a page":              {after(webp), "image"},
		"a film and a page":              {after(filmed(t, "a.mp4", fit)), "video"},
		"a film with words":              {append(bytes.Clone(filmed(t, "a.mp4", fit)), append(box("udta", payload), box("free", payload)...)...), "video"},
		"a film that is converted":       {after(filmed(t, "a.webm", "-c:v libvpx -c:a libopus")), "video"},
		"a sound and a page":             {after(filmed(t, "a.mp3", "-vn")), "audio"},
		"a sound with a path":            {append(tag("PATH", payload), filmed(t, "a.mp3", "-vn -id3v2_version 0")...), "audio"},
		"a playlist":                     {[]byte("#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n"), ""},
		"a playlist that says it is MP4": {append(box("ftyp", "isom\x00\x00\x02\x00isomiso2"), "#EXTM3U\n#EXTINF:1,\nfile:///etc/passwd\n"...), ""},
		"a list of parts":                {[]byte("ffconcat version 1.0\nfile /etc/passwd\n"), ""},
		"a manifest":                     {[]byte(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>file:///etc/passwd</BaseURL></MPD>`), ""},
		"a session":                      {[]byte("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\n"), ""},
		"a drawing with commands":        {[]byte("push graphic-context\nimage over 0,0 0,0 '|id'\npop graphic-context\n"), ""},
		"an SVG":                         {[]byte(`<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>`), ""},
		"half a film":                    {filmed(t, "a.mp4", fit)[:900], ""},
		"half a GIF":                     {gif[:20], ""},
	} {
		var a longAttachment
		answer := sendFiles(ada, http.MethodPost, "/api/v2/media", map[string][]byte{"file": one.body}, &a)
		servertest.Settle(t, s)
		if a.ID != "" && answer.StatusCode == http.StatusAccepted {
			answer = ada.Do(http.MethodGet, "/api/v1/media/"+a.ID, nil, &a)
		}
		if one.kind == "" && answer.StatusCode == http.StatusUnprocessableEntity {
			continue
		}
		if answer.StatusCode != http.StatusOK || one.kind != "" && a.Type != one.kind {
			t.Errorf("%s answers %d as %q, want %q", name, answer.StatusCode, a.Type, one.kind)
			continue
		}
		for _, address := range []*string{a.URL, a.Preview} {
			if address == nil {
				continue
			}
			got, body := file(t, *address)
			if got.StatusCode != http.StatusOK || bytes.Contains(body, []byte(hidingPlace)) || bytes.Contains(body, []byte("passwd")) || bytes.Contains(body, []byte("<script")) {
				t.Errorf("%s carries it on, as %s", name, got.Header.Get("Content-Type"))
			}
		}
	}
	// Nothing was written outside the store, and nothing of what was refused stayed.
	for name := range under(t, filepath.Join(data, "uploads")) {
		t.Errorf("%s is left among the uploads", name)
	}
	if n := count(t, s, `SELECT COUNT(*) FROM files WHERE noun = 'upload' AND state = 'kept'`); n != 0 {
		t.Errorf("%d uploads are left", n)
	}
}
