package statuses

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
)

// question is a request to a backend. Which code says that its quota is used up differs.
type question struct {
	method, address string
	key             string // for Authorization; "" sends none
	body            any
	quota           int
}

// ask sends a question and reads the JSON answer. No error holds a key.
func ask(ctx context.Context, client *safehttp.Client, q question, into any) error {
	var body []byte
	if q.body != nil {
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, q.method, q.address, bytes.NewReader(body))
	if err != nil {
		return unexpected(err)
	}
	req.Header.Set("Accept", "application/json")
	if q.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if q.key != "" {
		req.Header.Set("Authorization", q.key)
	}
	answer, err := client.Do(ctx, req, safehttp.Limits{Timeout: translateWithin, Redirects: safehttp.NoRedirects})
	switch {
	case err != nil:
		return unexpected(err)
	case answer.Status == http.StatusTooManyRequests:
		return fault.New(fault.Unavailable, "There have been too many requests to the translation service recently.")
	case answer.Status == q.quota:
		return fault.New(fault.Unavailable, "The server-wide usage quota for the translation service has been exceeded.")
	case answer.Status != http.StatusOK:
		return unexpected(fmt.Errorf("%s answered %d: %.200q", req.URL.Host, answer.Status, answer.Body))
	}
	if err := json.Unmarshal(answer.Body, into); err != nil {
		return unexpected(fmt.Errorf("%s answered what cannot be read: %w", req.URL.Host, err))
	}
	return nil
}

// libreTranslate speaks LibreTranslate's API, https://docs.libretranslate.com/.
type libreTranslate struct {
	client    *safehttp.Client
	base, key string
}

func (l libreTranslate) name() string     { return "LibreTranslate" }
func (l libreTranslate) identity() string { return l.base + " " + l.key }

func (l libreTranslate) languages(ctx context.Context) (pairs, error) {
	var told []struct {
		Code    string
		Targets []string
	}
	if err := ask(ctx, l.client, question{method: http.MethodGet, address: l.base + "/languages", quota: http.StatusForbidden}, &told); err != nil {
		return nil, err
	}
	known, all := pairs{}, []string{}
	for _, one := range told {
		known[one.Code] = sortedWithout(one.Targets, one.Code)
		all = append(all, one.Targets...)
	}
	if len(known) > 0 {
		known[undetermined] = sortedWithout(all, "")
	}
	return known, nil
}

// sortedWithout sorts a copy of a list, each of it once, and leaves one out.
func sortedWithout(list []string, out string) []string {
	kept := slices.DeleteFunc(slices.Clone(list), func(one string) bool { return one == out || one == "" })
	slices.Sort(kept)
	return append([]string{}, slices.Compact(kept)...)
}

func (l libreTranslate) translate(ctx context.Context, texts []string, source, target string) ([]string, string, error) {
	if source == "" {
		source = "auto"
	}
	sent := map[string]any{"q": texts, "source": source, "target": target, "format": "html"}
	if l.key != "" {
		sent["api_key"] = l.key
	}
	var told struct {
		TranslatedText   []string
		DetectedLanguage []struct{ Language string }
	}
	if err := ask(ctx, l.client, question{method: http.MethodPost, address: l.base + "/translate", body: sent, quota: http.StatusForbidden}, &told); err != nil {
		return nil, "", err
	}
	detected := ""
	if i := longest(texts); i >= 0 && i < len(told.DetectedLanguage) {
		detected = told.DetectedLanguage[i].Language
	}
	return told.TranslatedText, detected, nil
}

// longest is the text whose language is the surest.
func longest(texts []string) int {
	at := -1
	for i, one := range texts {
		if at < 0 || len(one) > len(texts[at]) {
			at = i
		}
	}
	return at
}

// deepLBases are where DeepL's plans are served.
var deepLBases = map[string]string{"free": "https://api-free.deepl.com", "pro": "https://api.deepl.com"}

// Of DeepL.
const (
	deepLQuota  = 456 // the code for a used up quota
	deepLAtOnce = 50  // texts in one request
)

// deepL speaks DeepL's API, https://developers.deepl.com/.
type deepL struct {
	client    *safehttp.Client
	base, key string
}

func (d deepL) name() string     { return "DeepL.com" }
func (d deepL) identity() string { return d.base + " " + d.key }

func (d deepL) ask(ctx context.Context, method, path string, body, into any) error {
	return ask(ctx, d.client, question{method: method, address: d.base + path, key: "DeepL-Auth-Key " + d.key, body: body, quota: deepLQuota}, into)
}

func (d deepL) languages(ctx context.Context) (pairs, error) {
	list := func(kind string) ([]string, error) {
		var told []struct{ Language string }
		err := d.ask(ctx, http.MethodGet, "/v2/languages?type="+kind, nil, &told)
		codes := make([]string, len(told))
		for i, one := range told {
			codes[i] = languageTag(one.Language)
		}
		return codes, err
	}
	sources, err := list("source")
	if err != nil {
		return nil, err
	}
	targets, err := list("target")
	if err != nil {
		return nil, err
	}
	for _, one := range []string{"en", "pt"} { // taken still, but told only with their regions
		if slices.ContainsFunc(targets, func(t string) bool { return strings.HasPrefix(t, one+"-") }) {
			targets = append(targets, one)
		}
	}
	known := pairs{undetermined: sortedWithout(targets, "")}
	for _, one := range sources {
		known[one] = sortedWithout(targets, one)
	}
	return known, nil
}

// languageTag writes a code of DeepL's as others do: EN-GB is en-GB, ZH-HANS zh-Hans.
func languageTag(code string) string {
	base, rest, parts := strings.Cut(strings.ToLower(code), "-")
	switch {
	case !parts:
		return base
	case len(rest) == 4:
		return base + "-" + strings.ToUpper(rest[:1]) + rest[1:]
	}
	return base + "-" + strings.ToUpper(rest)
}

func (d deepL) translate(ctx context.Context, texts []string, source, target string) (translated []string, detected string, err error) {
	var found []string
	for some := range slices.Chunk(texts, deepLAtOnce) {
		sent := map[string]any{"text": some, "target_lang": strings.ToUpper(target), "tag_handling": "html"}
		if source != "" {
			sent["source_lang"] = strings.ToUpper(source)
		}
		var told struct {
			Translations []struct {
				Detected string `json:"detected_source_language"`
				Text     string
			}
		}
		if err := d.ask(ctx, http.MethodPost, "/v2/translate", sent, &told); err != nil {
			return nil, "", err
		}
		for _, one := range told.Translations {
			translated, found = append(translated, one.Text), append(found, one.Detected)
		}
	}
	if i := longest(texts); i >= 0 && i < len(found) {
		detected = found[i]
	}
	return translated, detected, nil
}
