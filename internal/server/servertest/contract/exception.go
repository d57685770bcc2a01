package contract

import (
	"fmt"
	"strings"
)

// exception is one place where the description is wrong of what Mastodon emits: a line of
// exceptions.tsv with the place, what to do there, and why.
//
//	defs/Rule/properties/hint   null      may be null
//	defs/Rule/required/hint     optional  may be absent
//	GET /api/v1/filters 200     list      is a list of what is described
//	defs/Poll/properties/x      any       is described wrongly: not checked
//	Admin::Tag                  unseen    is not shown by any endpoint in scope
type exception struct{ place, does, reason string }

func exceptions() []exception {
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

func outOfScope(entity string) bool {
	for _, one := range exceptions() {
		if one.does == "unseen" && one.place == entity {
			return true
		}
	}
	return false
}

// apply corrects the description. A line that corrects nothing is an error: the description has moved on.
func (x exception) apply(defs, answers map[string]any) {
	switch x.does {
	case "unseen":
		if defs[x.place] == nil {
			panic("exceptions.tsv: there is no entity " + x.place)
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
