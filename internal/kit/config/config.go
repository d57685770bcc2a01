// Package config holds the facts of the process: where it listens, where its
// data lies, what it is called. They are read once, in main, from flags, the
// environment and a file, under the same names in all three.
//
// What keepers decide while the server runs lies in the database instead
// (social/settings), and never in both.
package config

import (
	"net"
	"path/filepath"
	"strings"
)

// Config is every fact of the process. The tags are read by the command line, by
// File and by Example: name is the key in the file and the flag, env the variable,
// help and more the documentation, default what holds when nobody says anything.
type Config struct {
	Listen                   string   `name:"listen" env:"ANANCUS_LISTEN" default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where the server listens: an address and a port." more:"Keep it on this machine (127.0.0.1) behind a proxy that speaks https; :8080 listens on every address."`
	Data                     string   `name:"data" env:"ANANCUS_DATA" default:"./data" placeholder:"FOLDER" help:"The folder of everything that must not be lost: the SQLite database, uploads, secret.key, backups." more:"It is made when it is missing."`
	Domain                   string   `name:"domain" env:"ANANCUS_DOMAIN" placeholder:"DOMAIN" help:"The part after the @ in every handle, such as example.org." more:"It cannot change after the first follow. Without one the server is called localhost with the port it listens on, is served over http, and only this machine can reach it."`
	WebDomain                string   `name:"web-domain" env:"ANANCUS_WEB_DOMAIN" placeholder:"DOMAIN" help:"Where pages and actors live when it is not the domain itself, such as social.example.org." more:"It cannot change after the first follow. The default is the domain."`
	MediaHost                string   `name:"media-host" env:"ANANCUS_MEDIA_HOST" placeholder:"DOMAIN" help:"Where uploads, avatars and copies of remote media are served when it is not the web domain, such as files.example.org." more:"The name must lead to this server too, which serves nothing but files there: what somebody uploads is then of another origin than the pages. It may change at any time; old addresses go on working."`
	Database                 string   `name:"database" env:"ANANCUS_DATABASE" placeholder:"URL" help:"A PostgreSQL database, as postgres://user:password@host/name." more:"The default is SQLite in the data folder."`
	TrustedProxies           Networks `name:"trusted-proxies" env:"ANANCUS_TRUSTED_PROXIES" placeholder:"NETWORKS" help:"The addresses of the proxies in front of this server." more:"Only they are believed when they say who asks (X-Forwarded-For, X-Forwarded-Proto). Behind a proxy on the same machine: 127.0.0.1 and ::1. Without this all visitors of a proxy share one rate limit."`
	RateLimits               Switch   `name:"rate-limits" env:"ANANCUS_RATE_LIMITS" default:"on" placeholder:"on|off" help:"Whether one client may only ask so often, by Mastodon's figures." more:"Switch it off for tests only."`
	FederationAllowAddresses Networks `name:"federation-allow-addresses" env:"ANANCUS_FEDERATION_ALLOW_ADDRESSES" placeholder:"NETWORKS" help:"Private addresses that this server may fetch from and deliver to, over plain http too, for test networks." more:"On the open internet leave it empty: then only public addresses are reached, by https."`
	CacheMemory              Size     `name:"cache-memory" env:"ANANCUS_CACHE_MEMORY" default:"64MB" placeholder:"SIZE" help:"How much memory feeds and presentations may hold together, such as 64MB or 1GB." more:"At least 8MB."`
	MediaStore               string   `name:"media-store" env:"ANANCUS_MEDIA_STORE" placeholder:"FOLDER|URL" help:"Where uploads and copies of remote media lie: a folder, or a bucket as s3://bucket/prefix?endpoint=https://s3.example.org&region=eu." more:"The default is media in the data folder. Add path-style=true for servers whose buckets have no names of their own in DNS."`
	MediaS3Key               string   `name:"media-s3-key" env:"ANANCUS_MEDIA_S3_KEY" placeholder:"KEY" help:"The access key of the bucket for media."`
	MediaS3Secret            string   `name:"media-s3-secret" env:"ANANCUS_MEDIA_S3_SECRET" placeholder:"SECRET" help:"The secret that belongs to the access key." more:"Other users of this machine can read flags, so keep it in the file or the environment."`
	Backups                  string   `name:"backups" env:"ANANCUS_BACKUPS" placeholder:"FOLDER" help:"Where backups go, the ones before an upgrade included." more:"The default is backups in the data folder; another disk is better."`
	MetricsListen            string   `name:"metrics-listen" env:"ANANCUS_METRICS_LISTEN" placeholder:"ADDRESS" help:"Where Prometheus reads /metrics, such as 127.0.0.1:9090." more:"The default is nowhere."`
	LogLevel                 string   `name:"log-level" env:"ANANCUS_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"What is worth a line in the log: debug, info, warn or error."`
	LogFormat                string   `name:"log-format" env:"ANANCUS_LOG_FORMAT" default:"text" placeholder:"text|json" help:"How lines of the log look: text for people, json for programs."`
}

// Default is the Config of a server that was told nothing. Complete it before use.
func Default() Config {
	var c Config
	for _, f := range fields {
		if f.fallback != "" {
			if err := f.set(&c, f.fallback); err != nil {
				panic("config: the default of " + f.name + " is not allowed: " + err.Error())
			}
		}
	}
	return c
}

// Complete checks every value and fills in what follows from others: the domains,
// the database, the folders as absolute paths. It must be called once, after all values are set.
func (c *Config) Complete() error {
	for _, f := range fields {
		text := f.get(c)
		if text == "" {
			if f.fallback == "" {
				continue
			}
			text = f.fallback
		}
		if err := f.set(c, text); err != nil {
			return &Problem{Key: f.name, Wrong: err.Error(), Origin: f.origin(text)}
		}
	}
	if err := c.nameSite(); err != nil {
		return err
	}
	return c.placeFiles()
}

func (c *Config) nameSite() error {
	if c.Domain == "" {
		host, port, _ := net.SplitHostPort(c.Listen)
		ip := net.ParseIP(host)
		if port == "0" || ip != nil && !ip.IsLoopback() && !ip.IsUnspecified() {
			return &Problem{Key: "domain", Wrong: "must be given when listen is " + c.Listen + ", such as example.org"}
		}
		c.Domain = "localhost:" + port
	}
	if c.WebDomain == "" {
		c.WebDomain = c.Domain
	}
	if c.MediaHost != "" && (strings.EqualFold(c.MediaHost, c.WebDomain) || strings.EqualFold(c.MediaHost, c.Domain)) {
		return &Problem{Key: "media-host", Wrong: "must be another name than " + c.MediaHost + ", where pages and accounts are; leave it empty to serve files there"}
	}
	return nil
}

func (c *Config) placeFiles() error {
	var err error
	if c.Data, err = filepath.Abs(c.Data); err != nil {
		return &Problem{Key: "data", Wrong: "must be a folder: " + err.Error()}
	}
	if c.Backups == "" {
		c.Backups = filepath.Join(c.Data, "backups")
	}
	if c.Backups, err = filepath.Abs(c.Backups); err != nil {
		return &Problem{Key: "backups", Wrong: "must be a folder: " + err.Error()}
	}
	if c.MediaStore == "" {
		c.MediaStore = filepath.Join(c.Data, "media")
	}
	if !strings.HasPrefix(c.MediaStore, "s3:") {
		if c.MediaStore, err = filepath.Abs(c.MediaStore); err != nil {
			return &Problem{Key: "media-store", Wrong: "must be a folder: " + err.Error()}
		}
	}
	if c.Database == "" {
		c.Database = "sqlite:" + filepath.Join(c.Data, "anancus.db")
	}
	return nil
}

// Socket is where a running server takes commands.
func (c Config) Socket() string { return filepath.Join(c.Data, "anancus.sock") }

// OnSQLite tells whether the database is a file in the data folder.
func (c Config) OnSQLite() bool { return strings.HasPrefix(c.Database, "sqlite:") }
