package config

import (
	"fmt"
	"strconv"
	"strings"
)

// exampleWidth keeps the file readable in a terminal.
const exampleWidth = 100

// samples are shown for keys whose default is to be empty.
var samples = map[string]string{
	"domain":                     "example.org",
	"web-domain":                 "social.example.org",
	"media-host":                 "files.example.org",
	"database":                   "postgres://anancus:password@localhost/anancus",
	"trusted-proxies":            "127.0.0.1,::1",
	"federation-allow-addresses": "10.0.0.0/8,fd00::/8",
	"media-store":                "s3://bucket/prefix?endpoint=https://s3.example.org&region=eu",
	"media-s3-key":               "key",
	"media-s3-secret":            "secret",
	"backups":                    "/mnt/backups",
	"metrics-listen":             "127.0.0.1:9090",
}

// Example writes a configuration file with every key, each explained and commented out.
func Example() string {
	var b strings.Builder
	b.WriteString(`# Anancus reads this file from --config, ANANCUS_CONFIG, ./anancus.toml or anancus.toml in the data folder.
# None is needed. Every key is also a flag (--listen) and an environment variable (ANANCUS_LISTEN);
# a flag goes before the environment, and the environment before this file.
# A key that is unknown or has a bad value keeps the server from starting.
`)
	for _, f := range fields {
		b.WriteString("\n")
		for _, line := range wrap(f.help+" "+f.more, exampleWidth-2) {
			b.WriteString("# " + line + "\n")
		}
		value := f.fallback
		if value == "" {
			value = samples[f.name]
			b.WriteString("# Empty by default; for example:\n")
		}
		fmt.Fprintf(&b, "#%s = %s\n", f.name, f.literal(value))
	}
	return b.String()
}

// literal writes a value as TOML.
func (f field) literal(text string) string {
	switch {
	case f.list:
		words := strings.Split(text, ",")
		for i, word := range words {
			words[i] = strconv.Quote(word)
		}
		return "[" + strings.Join(words, ", ") + "]"
	case text == "on":
		return "true"
	case text == "off":
		return "false"
	}
	return strconv.Quote(text)
}

func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > width:
			lines = append(lines, line)
			line = word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
