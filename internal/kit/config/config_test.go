package config

import (
	"errors"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

var update = flag.Bool("update", false, "write config.example.toml anew")

func TestTheExampleFileIsWrittenFromTheStruct(t *testing.T) {
	const path = "../../../config.example.toml"
	want := Example()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(path)
	if err != nil || string(have) != want {
		t.Fatalf("config.example.toml is not what the struct says (%v); run: go test ./internal/kit/config -update", err)
	}
}

func TestTheExampleFileIsAllowedWithEveryKeyUncommented(t *testing.T) {
	var b strings.Builder
	keys := 0
	for line := range strings.Lines(Example()) {
		if strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "# ") {
			line = line[1:]
			keys++
		}
		b.WriteString(line)
	}
	values, err := File(write(t, b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if keys != len(fields) || len(values) != len(fields) {
		t.Errorf("the example has %d keys and %d were read, want %d", keys, len(values), len(fields))
	}
}

func TestEveryFactHasOneNameInFileFlagAndEnvironment(t *testing.T) {
	for _, f := range fields {
		if want := "ANANCUS_" + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_")); f.env != want {
			t.Errorf("%s is called %s in the environment, want %s", f.name, f.env, want)
		}
		if !strings.HasSuffix(f.help, ".") {
			t.Errorf("%s has no sentence of documentation", f.name)
		}
		if f.fallback == "" && samples[f.name] == "" {
			t.Errorf("%s has neither a default nor a sample", f.name)
		}
	}
}

func TestAServerThatWasToldNothingServesThisMachine(t *testing.T) {
	c := Default()
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	data, _ := filepath.Abs("data")
	want := Config{
		Listen: "127.0.0.1:8080", Data: data, Domain: "localhost:8080", WebDomain: "localhost:8080",
		Database: "sqlite:" + data + "/anancus.db", RateLimits: true, CacheMemory: 64 * MB,
		MediaStore: data + "/media", Backups: data + "/backups", LogLevel: "info", LogFormat: "text",
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("Complete() gives\n%+v, want\n%+v", c, want)
	}
	if c.Socket() != data+"/anancus.sock" || !c.OnSQLite() {
		t.Errorf("socket %s, on SQLite %v", c.Socket(), c.OnSQLite())
	}
}

func TestTheDomainFollowsFromWhereTheServerListens(t *testing.T) {
	for listen, want := range map[string]string{
		"127.0.0.1:3000": "localhost:3000", "localhost:81": "localhost:81", "[::1]:82": "localhost:82",
		":8080": "localhost:8080", "0.0.0.0:80": "localhost:80",
		"10.1.2.3:8080": "", "127.0.0.1:0": "",
	} {
		c := Default()
		c.Listen = listen
		if err := c.Complete(); (err != nil) != (want == "") || c.Domain != want {
			t.Errorf("listening on %s gives the domain %q (%v), want %q", listen, c.Domain, err, want)
		}
	}
}

func TestTheWebDomainMayDiffer(t *testing.T) {
	c := Default()
	c.Domain, c.WebDomain = "Bücher.Example", "social.example.org"
	if err := c.Complete(); err != nil || c.Domain != "xn--bcher-kva.example" || c.WebDomain != "social.example.org" {
		t.Errorf("%q, %q, %v", c.Domain, c.WebDomain, err)
	}
}

func TestTheMediaHostIsAnotherName(t *testing.T) {
	for host, fine := range map[string]bool{"files.example.org": true, "Files.Example.org:8443": true, "example.org": false, "EXAMPLE.org": false, "social.example.org": false} {
		c := Default()
		c.Domain, c.WebDomain, c.MediaHost = "example.org", "social.example.org", host
		var problem *Problem
		if err := c.Complete(); fine != (err == nil) || !fine && (!errors.As(err, &problem) || problem.Key != "media-host") {
			t.Errorf("media-host %s: %v", host, err)
		}
		if fine && c.MediaHost != strings.ToLower(host) {
			t.Errorf("it becomes %s", c.MediaHost)
		}
	}
}

func TestBadValuesAreRefusedByNameWithWhatIsAllowed(t *testing.T) {
	for _, bad := range []struct{ key, value, allowed string }{
		{"listen", "8080", "address and a port"},
		{"listen", "example.org:80", "address of this machine"},
		{"listen", ":70000", "address and a port"},
		{"domain", "https://example.org", "without https://"},
		{"domain", "example.org/", "without a path"},
		{"domain", "a b", "a name such as"},
		{"domain", "example.org:0", "a name such as"},
		{"web-domain", "example.org.", "a name such as"},
		{"media-host", "https://files.example.org/", "without https://"},
		{"media-host", "files.example.org/media", "without a path"},
		{"media-host", "files example.org", "a name such as"},
		{"media-host", "/srv/media", "a name such as"},
		{"media-host", "files.example.org:port", "a name such as"},
		{"database", "mysql://secret@host", "postgres://"},
		{"media-store", "s3://key:secret@bucket", "s3://bucket/prefix"},
		{"media-store", "https://bucket.example.org", "s3://bucket/prefix"},
		{"media-store", "s3:bucket", "s3://bucket/prefix"},
		{"federation-allow-addresses", "10.0.0.0/33", "10.0.0.0/8 and ::1"},
		{"trusted-proxies", "127.0.0.1,proxy", "10.0.0.0/8 and ::1"},
		{"rate-limits", "maybe", "on, off, true or false"},
		{"cache-memory", "64 apples", "64MB or 1GB"},
		{"cache-memory", "1MB", "at least 8MB"},
		{"cache-memory", "9999999999GB", "64MB or 1GB"},
		{"log-level", "loud", "debug, info, warn or error"},
		{"log-format", "xml", "text or json"},
		{"metrics-listen", "9090", "address and a port"},
	} {
		_, err := File(write(t, bad.key+" = '"+bad.value+"'"))
		var problem *Problem
		if !errors.As(err, &problem) || problem.Key != bad.key || !strings.Contains(err.Error(), bad.allowed) || problem.Origin == "" {
			t.Errorf("%s = %q in a file: %v", bad.key, bad.value, err)
			continue
		}
		if shown := strings.Contains(err.Error(), "secret"); shown {
			t.Errorf("the error shows a secret: %v", err)
		}
	}
}

func TestABadTextIsRefusedWhereverItWasSet(t *testing.T) {
	t.Setenv("ANANCUS_LOG_LEVEL", "loud")
	c := Default()
	c.LogLevel = "loud"
	err := c.Complete()
	if err == nil || err.Error() != `environment variable ANANCUS_LOG_LEVEL: log-level must be debug, info, warn or error, not "loud"` {
		t.Error(err)
	}
}

func TestAFileWithAnUnknownKeyIsRefused(t *testing.T) {
	for name, body := range map[string]string{
		"a mistyped key": "lisen = ':8080'",
		"a table":        "[server]\nlisten = ':8080'",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := File(write(t, body))
			if err == nil || !strings.Contains(err.Error(), "is not a key") || !strings.Contains(err.Error(), "listen, data, domain") {
				t.Error(err)
			}
		})
	}
}

func TestAFileWithValuesOfTheWrongTypeIsRefused(t *testing.T) {
	for _, body := range []string{
		"listen = 1.5", "listen = ['a', 'b']", "trusted-proxies = [1]", "domain = 2026-01-01", "rate-limits = {on = true}",
	} {
		if _, err := File(write(t, body)); err == nil || !strings.Contains(err.Error(), "must be") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestWhatIsNotTOMLIsRefusedWithItsPlace(t *testing.T) {
	path := write(t, "# fine\nlisten = = 1\n")
	if _, err := File(path); err == nil || !strings.HasPrefix(err.Error(), path+":2:") {
		t.Error(err)
	}
	if _, err := File(filepath.Join(t.TempDir(), "absent.toml")); err == nil {
		t.Error("a file that is not there was read")
	}
	if _, err := File(t.TempDir()); err == nil {
		t.Error("a folder was read")
	}
}

func TestAFileReadsEveryKindOfValue(t *testing.T) {
	values, err := File(write(t, "rate-limits = false\ncache-memory = 16777216\ntrusted-proxies = ['10.1.2.3/8', '::1']\nfederation-allow-addresses = '127.0.0.0/8'"))
	if err != nil {
		t.Fatal(err)
	}
	c := Default()
	for key, text := range values {
		f, _ := fieldNamed(key)
		if err := f.set(&c, text); err != nil {
			t.Fatal(err)
		}
	}
	if bool(c.RateLimits) || c.CacheMemory != 16*MB || len(c.FederationAllowAddresses) != 1 ||
		!reflect.DeepEqual(c.TrustedProxies, Networks{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}) {
		t.Errorf("%+v", c)
	}
}

func TestTheFileHereIsFoundBeforeTheOneInTheDataFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if got := FindFile("data"); got != "" {
		t.Errorf("found %s where there is none", got)
	}
	if err := os.Mkdir("data", 0o700); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"data/anancus.toml", "anancus.toml"} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if got := FindFile("data"); got != path {
			t.Errorf("found %q, want %s", got, path)
		}
	}
}

func FuzzFilesNeverPanic(f *testing.F) {
	f.Add("listen = ':1'")
	f.Add("[a.b]\nc = [1, 'x', {}]")
	f.Fuzz(func(t *testing.T, body string) {
		var tree map[string]any
		if toml.Unmarshal([]byte(body), &tree) != nil {
			return
		}
		var c Config
		for key, value := range tree {
			if field, known := fieldNamed(key); known {
				if text, err := field.text(value); err == nil {
					_ = field.set(&c, text)
				}
			}
		}
		_ = c.Complete()
	})
}

func write(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "anancus.toml")
	if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
