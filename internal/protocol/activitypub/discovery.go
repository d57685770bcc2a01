package activitypub

import (
	"encoding/xml"
	"time"
)

const (
	relSubscribe = "http://ostatus.org/schema/1.0/subscribe"
	relProfile   = "http://webfinger.net/rel/profile-page"
	relAvatar    = "http://webfinger.net/rel/avatar"
	relCreate    = "https://w3id.org/fep/3b86/Create"
	relObject    = "https://w3id.org/fep/3b86/Object"
	relNodeInfo  = "http://nodeinfo.diaspora.software/ns/schema/2.0"
)

// JRD is a WebFinger answer, and host-meta in JSON.
type JRD struct {
	Subject string    `json:"subject,omitempty"`
	Aliases []string  `json:"aliases,omitempty"`
	Links   []JRDLink `json:"links"`
}

// JRDLink is a link of a JRD.
type JRDLink struct {
	Rel      string `json:"rel"`
	Type     string `json:"type,omitempty"`
	Href     string `json:"href,omitempty"`
	Template string `json:"template,omitempty"`
}

// WebFinger describes an account of ours as Mastodon does. base is the web
// address of the server (https://example.com); avatar may be empty.
func WebFinger(h Handle, base, page, actor, avatar, avatarType string) JRD {
	jrd := JRD{
		Subject: "acct:" + h.String(),
		Aliases: []string{page, actor},
		Links: []JRDLink{
			{Rel: relProfile, Type: "text/html", Href: page},
			{Rel: "self", Type: ContentTypePost, Href: actor},
			{Rel: relSubscribe, Template: base + "/authorize_interaction?uri={uri}"},
			{Rel: relCreate, Template: base + "/share?text={content}"},
			{Rel: relObject, Template: base + "/authorize_interaction?uri={object}"},
		},
	}
	if avatar != "" {
		jrd.Links = append(jrd.Links, JRDLink{Rel: relAvatar, Type: avatarType, Href: avatar})
	}
	return jrd
}

// HostMeta is host-meta in JSON.
func HostMeta(base string) JRD {
	return JRD{Links: []JRDLink{{Rel: "lrdd", Template: base + "/.well-known/webfinger?resource={uri}"}}}
}

// HostMetaXML is host-meta as most ask for it.
func HostMetaXML(base string) ([]byte, error) {
	type link struct {
		Rel      string `xml:"rel,attr"`
		Template string `xml:"template,attr"`
	}
	document := struct {
		XMLName xml.Name `xml:"XRD"`
		Space   string   `xml:"xmlns,attr"`
		Link    link
	}{
		Space: "http://docs.oasis-open.org/ns/xri/xrd-1.0",
		Link:  link{"lrdd", base + "/.well-known/webfinger?resource={uri}"},
	}
	body, err := xml.MarshalIndent(document, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(body, '\n')...), nil
}

// NodeInfoLinks is /.well-known/nodeinfo.
func NodeInfoLinks(base string) JRD {
	return JRD{Links: []JRDLink{{Rel: relNodeInfo, Href: base + "/nodeinfo/2.0"}}}
}

// NodeInfo is /nodeinfo/2.0. Version is always "2.0".
type NodeInfo struct {
	Version           string           `json:"version"`
	Software          NodeInfoSoftware `json:"software"`
	Protocols         []string         `json:"protocols"`
	Services          NodeInfoServices `json:"services"`
	Usage             NodeInfoUsage    `json:"usage"`
	OpenRegistrations bool             `json:"openRegistrations"`
	Metadata          NodeInfoMetadata `json:"metadata"`
}

// NodeInfoSoftware names the program.
type NodeInfoSoftware struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// NodeInfoServices are networks bridged to: none, but the lists must be there.
type NodeInfoServices struct {
	Outbound []string `json:"outbound"`
	Inbound  []string `json:"inbound"`
}

// NodeInfoUsage counts people and posts.
type NodeInfoUsage struct {
	Users      NodeInfoUsers `json:"users"`
	LocalPosts int64         `json:"localPosts"`
}

// NodeInfoUsers counts people.
type NodeInfoUsers struct {
	Total          int64 `json:"total"`
	ActiveMonth    int64 `json:"activeMonth"`
	ActiveHalfyear int64 `json:"activeHalfyear"`
}

// NodeInfoMetadata introduces the server.
type NodeInfoMetadata struct {
	NodeName        string `json:"nodeName"`
	NodeDescription string `json:"nodeDescription"`
}

// NewNodeInfo fills in what is always the same.
func NewNodeInfo(software NodeInfoSoftware, usage NodeInfoUsage, open bool, metadata NodeInfoMetadata) NodeInfo {
	return NodeInfo{
		Version:           "2.0",
		Software:          software,
		Protocols:         []string{"activitypub"},
		Services:          NodeInfoServices{Outbound: []string{}, Inbound: []string{}},
		Usage:             usage,
		OpenRegistrations: open,
		Metadata:          metadata,
	}
}

// Timestamp writes a time as Mastodon's documents do; "" for the zero time.
func Timestamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
