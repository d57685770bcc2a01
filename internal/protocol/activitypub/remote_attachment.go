package activitypub

import "strings"

// parseAttachment reads a file of a status. A Link has no url, only href, and
// gives nothing.
func parseAttachment(o Object) RemoteAttachment {
	a := RemoteAttachment{
		Type:      o.Type(),
		MediaType: cut(o.String("mediaType"), 255),
		Alt:       o.String("name"),
		Blurhash:  blurhash(o.String("blurhash")),
		Thumbnail: o.image("icon").URL,
	}
	for _, v := range list(o["url"]) { // the first one that is meant for reading as a file
		address, media := link(v)
		if address = webURL(address); address == "" {
			continue
		}
		a.URL = address
		if a.MediaType == "" {
			a.MediaType = cut(media, 255)
		}
		break
	}
	if a.Alt == "" {
		a.Alt = o.String("summary")
	}
	a.Alt = cut(a.Alt, maxAltText)
	if point := o.Floats("focalPoint"); len(point) == 2 && within(point[0]) && within(point[1]) {
		a.FocalPoint = point
	}
	a.Width, a.Height = o.pixels("width"), o.pixels("height")
	return a
}

func within(x float64) bool { return x >= -1 && x <= 1 }

func (o Object) pixels(key string) int {
	n, ok := o.Int(key)
	if !ok || n < 0 || n > 1<<20 {
		return 0
	}
	return int(n)
}

const base83 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz#$%*+,-.:;=?@[]^_{|}~"

// blurhash keeps a well-formed one of at most 5 by 5 components: apps decode it
// in the page, and a large one is slow there.
func blurhash(hash string) string {
	if len(hash) < 6 || strings.Trim(hash, base83) != "" {
		return ""
	}
	size := strings.IndexByte(base83, hash[0])
	x, y := size%9+1, size/9+1
	if x > 5 || y > 5 || len(hash) != 4+2*x*y {
		return ""
	}
	return hash
}
