package activitypub

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"

	"anancus/internal/kit/fault"
)

// readHostMeta finds the address of WebFinger in a host-meta document. The
// decoder knows no entities but XML's five and fetches nothing; a document type
// declaration, which could define more, ends the reading.
func readHostMeta(body []byte) (string, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return "", fault.New(fault.NotFound, "The server does not tell where its WebFinger is")
		}
		if err != nil {
			return "", fault.Wrap(err, fault.Invalid, "The host-meta document cannot be read")
		}
		switch t := token.(type) {
		case xml.Directive:
			return "", fault.New(fault.Invalid, "The host-meta document declares a document type")
		case xml.StartElement:
			if t.Name.Local != "Link" {
				continue
			}
			if template := attribute(t, "template"); attribute(t, "rel") == "lrdd" && strings.Contains(template, "{uri}") {
				return template, nil
			}
		}
	}
}

func attribute(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Space == "" && a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}
