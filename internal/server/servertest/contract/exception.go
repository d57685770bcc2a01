package contract

import (
	"fmt"
	"slices"
	"strings"
	"sync"
)

// exception is one place where the description is wrong of what Mastodon emits: a line of
// exceptions.tsv with the place, what to do there, and why.
//
//	defs/Rule/properties/hint   null      may be null
//	defs/Rule/required/hint     optional  may be absent
//	GET /api/v1/filters 200     list      is a list of what is described
//	defs/Poll/properties/x      any       is described wrongly: not checked
//	defs/CustomEmoji            unseen    cannot be shown by any endpoint in scope
//	GET /api/v1/x/{id}          refused   never answers well
//	GET /api/v1/y               open      has nothing to refuse: no token, no parameter
type exception struct{ place, does, reason string }

var exceptions = sync.OnceValue(readExceptions)

func readExceptions() []exception {
	var list []exception
	for line := range strings.Lines(exceptionsText) {
		line = strings.TrimRight(line, "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, "\t")
		if len(f) != 3 || f[2] == "" {
			panic(fmt.Sprintf("exceptions.tsv: %q has no reason", line))
		}
		list = append(list, exception{f[0], f[1], f[2]})
	}
	return list
}

// excepted tells whether there is such a line.
func excepted(does, place string) bool {
	for _, one := range exceptions() {
		if one.does == does && (one.place == place || one.place == "defs/"+place) {
			return true
		}
	}
	return false
}

// apply corrects the description. A line that corrects nothing is an error: the description has moved on.
func (x exception) apply(defs, answers map[string]any) {
	switch x.does {
	case "unseen":
		if defs[strings.TrimPrefix(x.place, "defs/")] == nil {
			panic("exceptions.tsv: there is no entity " + x.place)
		}
	case "refused", "open":
		if !slices.ContainsFunc(Endpoints, func(e Endpoint) bool { return e.Name() == x.place }) {
			panic("exceptions.tsv: there is no endpoint " + x.place)
		}
	case "list":
		if answers[x.place] == nil {
			panic("exceptions.tsv: there is no answer " + x.place)
		}
		answers[x.place] = map[string]any{"type": "array", "items": answers[x.place]}
	case "unchecked":
		if answers[x.place] == nil {
			panic("exceptions.tsv: there is no answer " + x.place)
		}
		delete(answers, x.place)
	case "null", "any", "optional":
		words := strings.Split(strings.TrimPrefix(x.place, "defs/"), "/")
		var node any = defs
		for _, word := range words[:len(words)-1] {
			object, ok := node.(map[string]any)
			if !ok || object[word] == nil {
				panic("exceptions.tsv: there is no place " + x.place)
			}
			node = object[word]
		}
		last := words[len(words)-1]
		if x.does == "optional" {
			x.drop(defs, words[:len(words)-2], last)
			return
		}
		object := node.(map[string]any)
		if object[last] == nil {
			panic("exceptions.tsv: there is no place " + x.place)
		}
		if x.does == "any" {
			object[last] = map[string]any{}
		} else {
			object[last] = map[string]any{"anyOf": []any{object[last], map[string]any{"type": "null"}}}
		}
	default:
		panic("exceptions.tsv: nothing is done by " + x.does)
	}
}

func (x exception) drop(defs map[string]any, to []string, key string) {
	var node any = defs
	for _, word := range to {
		node = node.(map[string]any)[word]
	}
	object := node.(map[string]any)
	var kept []any
	required, _ := object["required"].([]any)
	for _, one := range required {
		if one != key {
			kept = append(kept, one)
		}
	}
	if len(kept) == len(required) {
		panic("exceptions.tsv: " + x.place + " is optional already")
	}
	object["required"] = kept
}
