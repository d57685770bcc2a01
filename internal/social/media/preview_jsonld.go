package media

import (
	"encoding/json"
	"slices"
	"strings"
)

// linked is what a page says in JSON-LD.
type linked struct {
	headline, description, language, published string
	authorName, authorURL, publisher, image    string
}

// Types of JSON-LD that describe a page; the first that is found counts.
var (
	articleTypes = []string{"NewsArticle", "Article", "BlogPosting", "ReportageNewsArticle", "OpinionNewsArticle", "AnalysisNewsArticle", "BackgroundNewsArticle",
		"ReviewNewsArticle", "LiveBlogPosting", "TechArticle", "ScholarlyArticle"}
	pageTypes = []string{"WebPage"}
)

// maxNodes bounds how many objects of JSON-LD are looked at.
const maxNodes = 200

// linkedData reads the article, or else the page, that the JSON-LD describes.
func (p *page) linkedData() linked {
	var nodes []map[string]any
	for _, script := range p.scripts {
		var all any
		if json.Unmarshal([]byte(bare(script)), &all) == nil {
			nodes = gather(nodes, all, 3)
		}
	}
	for _, types := range [][]string{articleTypes, pageTypes} {
		for _, node := range nodes {
			if isOf(node, types) {
				return readNode(node)
			}
		}
	}
	return linked{}
}

// bare takes away what some write around scripts, so that XML parsers leave them alone.
func bare(script string) string {
	script = strings.TrimSpace(script)
	for _, mark := range []string{"<!--", "//<![CDATA[", "<![CDATA[", "/*<![CDATA[*/"} {
		script = strings.TrimSpace(strings.TrimPrefix(script, mark))
	}
	for _, mark := range []string{"-->", "//]]>", "]]>", "/*]]>*/"} {
		script = strings.TrimSpace(strings.TrimSuffix(script, mark))
	}
	return script
}

// gather lists the objects at the top of JSON-LD.
func gather(nodes []map[string]any, from any, depth int) []map[string]any {
	if depth == 0 || len(nodes) >= maxNodes {
		return nodes
	}
	switch v := from.(type) {
	case []any:
		for _, one := range v[:min(len(v), maxNodes)] {
			nodes = gather(nodes, one, depth-1)
		}
	case map[string]any:
		nodes = append(nodes, v)
		nodes = gather(nodes, v["@graph"], depth-1)
	}
	return nodes
}

func isOf(node map[string]any, types []string) bool {
	for _, one := range either(node["@type"]) {
		if name, ok := one.(string); ok && slices.Contains(types, strings.TrimPrefix(strings.TrimPrefix(name, "https://schema.org/"), "http://schema.org/")) {
			return true
		}
	}
	return false
}

// either gives a list of one or many.
func either(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	if v == nil {
		return nil
	}
	return []any{v}
}

// textOf gives a text, or the named field of the first object that has it.
func textOf(v any, fields ...string) string {
	for _, one := range either(v) {
		switch x := one.(type) {
		case string:
			return x
		case map[string]any:
			for _, field := range fields {
				if s, ok := x[field].(string); ok && s != "" {
					return s
				}
			}
		}
	}
	return ""
}

func readNode(node map[string]any) linked {
	l := linked{headline: textOf(node["headline"]), description: textOf(node["description"]), language: textOf(node["inLanguage"], "alternateName", "name"),
		published: textOf(node["datePublished"]), publisher: textOf(node["publisher"], "name"), image: textOf(node["image"], "url", "contentUrl")}
	if l.headline == "" {
		l.headline = textOf(node["name"])
	}
	var names []string
	for _, one := range either(node["author"]) {
		name := textOf([]any{one}, "name")
		if strings.HasPrefix(name, "https://") || strings.HasPrefix(name, "http://") { // a reference
			name = ""
		}
		if name != "" && len(names) < 10 {
			names = append(names, name)
		}
		if object, ok := one.(map[string]any); ok && l.authorURL == "" {
			l.authorURL = textOf(object["url"])
			if l.authorURL == "" {
				l.authorURL = textOf(object["sameAs"])
			}
		}
	}
	l.authorName = strings.Join(names, ", ")
	return l
}
