package activitypub

import (
	"mime"
	"strconv"
	"strings"
)

// WantsActivity tells whether an Accept header asks for a document rather than
// for a page. Browsers, which name text/html, and those who take anything get
// the page.
func WantsActivity(accept string) bool {
	document, page := 0.0, 0.0
	for i, part := range strings.Split(accept, ",") {
		if i >= 64 {
			break
		}
		media, params, err := mime.ParseMediaType(part)
		if err != nil {
			continue
		}
		q := quality(params)
		switch {
		case media == "application/activity+json":
			document = max(document, q)
		case media == "application/ld+json" && speaksOfActivities(params):
			document = max(document, q)
		case media == "text/html", media == "application/xhtml+xml":
			page = max(page, q)
		}
	}
	return document > 0 && document >= page && !(document == page && htmlFirst(accept))
}

// speaksOfActivities takes ld+json with our profile, or with none: some old
// clients leave it out.
func speaksOfActivities(params map[string]string) bool {
	profile, given := params["profile"]
	return !given || strings.Contains(profile, Namespace)
}

func quality(params map[string]string) float64 {
	text, given := params["q"]
	if !given {
		return 1
	}
	q, err := strconv.ParseFloat(text, 64)
	if err != nil || q != q || q < 0 {
		return 0
	}
	return min(q, 1)
}

// htmlFirst decides a tie by the order they were named in.
func htmlFirst(accept string) bool {
	accept = strings.ToLower(accept)
	page := strings.Index(accept, "text/html")
	if page < 0 {
		page = strings.Index(accept, "application/xhtml+xml")
	}
	for _, media := range []string{"application/activity+json", "application/ld+json"} {
		if i := strings.Index(accept, media); i >= 0 && i < page {
			return false
		}
	}
	return page >= 0
}
