// Package contract holds Mastodon's API against the answers of a server under test: which
// endpoints there are (endpoints.tsv), what shape their answers have (shapes.json, made by
// scripts/api-schema.mjs), and where Mastodon's own programs differ from that description (exceptions.tsv).
// It remembers what was asked in a run of the tests, so that nothing is covered in name only.
package contract

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

//go:embed endpoints.tsv
var endpointsText string

//go:embed shapes.json
var shapesText string

//go:embed exceptions.tsv
var exceptionsText string

// When says whether an endpoint must be there.
type When string

// The three of endpoints.tsv.
const (
	In    When = "in"    // part of the client API
	Later When = "later" // belongs to keepers' or our web pages
	Never When = "never" // answers 404
)

// Endpoint is one row of the list.
type Endpoint struct {
	Method, Path, Area string // Path with {names}
	Door, Scopes       string // as in the table of routes
	When               When
}

// Name is how an endpoint is called in reports.
func (e Endpoint) Name() string { return e.Method + " " + e.Path }

// Endpoints is the list.
var Endpoints = readEndpoints()

func readEndpoints() []Endpoint {
	var list []Endpoint
	for i, line := range strings.Split(strings.TrimSpace(endpointsText), "\n") {
		f := strings.Split(line, "\t")
		if i > 0 {
			list = append(list, Endpoint{f[0], f[1], f[2], f[3], f[4], When(f[5])})
		}
	}
	return list
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

// Plain is a path whose placeholders have no names, so that two tables can be compared.
func Plain(path string) string { return placeholder.ReplaceAllString(path, "{}") }

// candidate is an endpoint with its path in words.
type candidate struct {
	Endpoint
	words []string
}

// byLength sorts the endpoints by method and number of words: a test asks tens of thousands of times.
var byLength = sync.OnceValue(func() map[string][]candidate {
	sorted := map[string][]candidate{}
	for _, e := range Endpoints {
		words := strings.Split(e.Path, "/")
		key := fmt.Sprint(e.Method, len(words))
		sorted[key] = append(sorted[key], candidate{e, words})
	}
	return sorted
})

// Find gives the endpoint that a request is for, the most literal one where several fit.
func Find(method, path string) (Endpoint, bool) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	asked := strings.Split(path, "/")
	best, found, most := Endpoint{}, false, -1
	for _, c := range byLength()[fmt.Sprint(method, len(asked))] {
		literal, fits := 0, true
		for i, word := range c.words {
			switch {
			case strings.HasPrefix(word, "{"):
			case word == asked[i]:
				literal++
			default:
				fits = false
			}
		}
		if fits && literal > most {
			best, found, most = c.Endpoint, true, literal
		}
	}
	return best, found
}

// shapes is the description of Mastodon's answers.
type shapes struct {
	compiler *jsonschema.Compiler
	answers  map[string]any // "GET /api/v1/accounts/{} 200" → its schema
	defs     map[string]any
	places   map[string]string // the same → where the compiler finds it
}

var described = sync.OnceValue(readShapes)

func readShapes() *shapes {
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(shapesText))
	if err != nil {
		panic(err)
	}
	root := document.(map[string]any)
	s := &shapes{answers: map[string]any{}, places: map[string]string{}, defs: root["$defs"].(map[string]any), compiler: jsonschema.NewCompiler()}
	s.compiler.AssertFormat()
	language := regexp.MustCompile(`^[a-z]{2,3}(-[A-Za-z0-9]+)*$`)
	s.compiler.RegisterFormat(&jsonschema.Format{Name: "iso-639-1", Validate: func(v any) error {
		if text, ok := v.(string); ok && !language.MatchString(text) {
			return fmt.Errorf("%q is no language", text)
		}
		return nil
	}})
	answers := root["answers"].(map[string]any)
	for _, one := range exceptions() {
		one.apply(s.defs, answers)
	}
	for name, schema := range answers {
		s.answers[Plain(name)] = schema
		s.places[Plain(name)] = "mastodon.json#/answers/" + strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D", " ", "%20").Replace(name)
	}
	if err := s.compiler.AddResource("mastodon.json", root); err != nil {
		panic(err)
	}
	return s
}

// IsList tells whether an endpoint answers a list, or one of the entities that are made of lists.
func IsList(e Endpoint) bool {
	answer, _ := described().answers[Plain(e.Name())+" 200"].(map[string]any)
	switch name, _ := entityOf(answer); name {
	case "Context", "Search", "GroupedNotificationsResults", "CollectionWithAccounts", "CollectionsResponse":
		return true
	}
	return answer["type"] == "array"
}

var compiled sync.Map // place → *jsonschema.Schema

func (s *shapes) schema(name string) (*jsonschema.Schema, error) {
	place, ok := s.places[name]
	if !ok {
		return nil, nil
	}
	if known, ok := compiled.Load(place); ok {
		return known.(*jsonschema.Schema), nil
	}
	compiling.Lock()
	defer compiling.Unlock()
	made, err := s.compiler.Compile(place)
	if err == nil {
		compiled.Store(place, made)
	}
	return made, err
}

var compiling sync.Mutex

// Check compares an answer with the description, and notes which entities it shows. It gives
// nil where the description says nothing of such an answer.
func Check(e Endpoint, code int, body []byte) error {
	s := described()
	name := Plain(e.Name()) + fmt.Sprintf(" %d", code)
	schema, err := s.schema(name)
	if err != nil || schema == nil {
		return err
	}
	same := sha256.Sum256(append([]byte(name), body...))
	if _, checked := fine.Load(same); checked {
		return nil
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%s is no JSON: %w", name, err)
	}
	if err := schema.Validate(value); err != nil {
		return fmt.Errorf("%s: %w\n%.2000s", name, err, body)
	}
	s.walk(s.answers[name], value, "")
	fine.Store(same, true)
	return nil
}

// fine are the answers that were compared: tests that walk every way to ask get the same ones again and again.
var fine sync.Map

var (
	noted    sync.Mutex
	entities = map[string]bool{}
	seen     = map[string]*Seen{}
)

// Seen counts how an endpoint was asked.
type Seen struct{ Good, Refused int }

// Note remembers that an endpoint answered. A page that sends to the sign-in page refuses.
func Note(e Endpoint, code int, location string) {
	noted.Lock()
	defer noted.Unlock()
	s := seen[e.Name()]
	if s == nil {
		s = &Seen{}
		seen[e.Name()] = s
	}
	if code < 400 && !strings.HasPrefix(location, "/auth/sign_in") {
		s.Good++
	} else {
		s.Refused++
	}
}

// Coverage is what a run has seen of one endpoint: all of it, or what is missing, or an exception that is none any more.
func Coverage(e Endpoint) (fault string) {
	noted.Lock()
	defer noted.Unlock()
	n := Seen{}
	if s := seen[e.Name()]; s != nil {
		n = *s
	}
	switch refused, open := excepted("refused", e.Name()), excepted("open", e.Name()); {
	case refused && n.Good > 0:
		return "answered well, although exceptions.tsv says that it never does"
	case n.Good == 0 && !refused, n.Refused == 0 && !open:
		return fmt.Sprintf("answered well %d times, refused %d times", n.Good, n.Refused)
	}
	return ""
}

// Entities are those of the description that endpoints in scope can show: the ones met in this run, those that should have
// been, and those that were met although exceptions.tsv says that they cannot be.
func Entities() (met, missed, surprising []string) {
	s, wanted := described(), map[string]bool{}
	for _, e := range Endpoints {
		if e.When != In {
			continue
		}
		for _, code := range []int{200, 202} {
			s.reach(s.answers[fmt.Sprintf("%s %d", Plain(e.Name()), code)], wanted)
		}
	}
	noted.Lock()
	defer noted.Unlock()
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		switch unseen := excepted("unseen", name); {
		case entities[name] && unseen:
			surprising = append(surprising, name)
		case entities[name]:
			met = append(met, name)
		case !unseen:
			missed = append(missed, name)
		}
	}
	return met, missed, surprising
}

// reach collects the entities that a schema can lead to.
func (s *shapes) reach(schema any, into map[string]bool) {
	switch node := schema.(type) {
	case []any:
		for _, one := range node {
			s.reach(one, into)
		}
	case map[string]any:
		if name, ok := entityOf(node); ok {
			def, _ := s.defs[name].(map[string]any)
			if into[name] || def == nil {
				return
			}
			if def["properties"] != nil || def["allOf"] != nil {
				into[name] = true
			}
			s.reach(def, into)
			return
		}
		for _, key := range slices.Sorted(maps.Keys(node)) {
			s.reach(node[key], into)
		}
	}
}

func entityOf(node map[string]any) (string, bool) {
	ref, ok := node["$ref"].(string)
	return strings.TrimPrefix(ref, "#/$defs/"), ok
}

// walk notes the entities that a valid value shows.
func (s *shapes) walk(schema, value any, entity string) {
	node, ok := schema.(map[string]any)
	if !ok || value == nil {
		return
	}
	if name, ok := entityOf(node); ok {
		s.walk(s.defs[name], value, name)
		return
	}
	parts, _ := node["allOf"].([]any)
	for _, part := range parts {
		s.walk(part, value, entity)
	}
	choices, _ := node["anyOf"].([]any)
	s.walk(s.nearest(choices, value), value, entity)
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			s.walk(node["items"], one, "")
		}
	case map[string]any:
		properties, _ := node["properties"].(map[string]any)
		if entity != "" && (properties != nil || len(parts) > 0) {
			noted.Lock()
			entities[entity] = true
			noted.Unlock()
		}
		for key, one := range properties {
			s.walk(one, v[key], "")
		}
		for key, one := range v {
			if properties[key] == nil {
				s.walk(node["additionalProperties"], one, "")
			}
		}
	}
}

// nearest is the choice that is meant: of several that fit, the one that knows most of the value's keys.
func (s *shapes) nearest(choices []any, value any) (best any) {
	object, _ := value.(map[string]any)
	most := -1
	for _, one := range choices {
		if !s.fits(one, value) {
			continue
		}
		name, _ := entityOf(one.(map[string]any))
		def, _ := s.defs[name].(map[string]any)
		properties, _ := def["properties"].(map[string]any)
		known := 0
		for key := range object {
			if properties[key] != nil {
				known++
			}
		}
		if known > most {
			best, most = one, known
		}
	}
	return best
}

// fits tells whether a choice is meant: an entity by its required keys, anything else by being no null.
func (s *shapes) fits(choice, value any) bool {
	node, ok := choice.(map[string]any)
	if !ok || node["type"] == "null" {
		return false
	}
	name, ok := entityOf(node)
	if !ok {
		return true
	}
	object, isObject := value.(map[string]any)
	def, _ := s.defs[name].(map[string]any)
	required, _ := def["required"].([]any)
	for _, key := range required {
		if _, there := object[key.(string)]; !there {
			return false
		}
	}
	return isObject || def["properties"] == nil
}
