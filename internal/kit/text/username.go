package text

import (
	"regexp"
	"strings"
)

// Lengths of usernames, in characters: ours, and what we accept from elsewhere.
const (
	MaxUsername       = 30
	MaxRemoteUsername = 2048
)

var (
	localUsername  = regexp.MustCompile(`\A[A-Za-z0-9_]+\z`)
	remoteUsername = regexp.MustCompile(`\A[A-Za-z0-9_]+([.-]+[A-Za-z0-9_]+)*\z`)
)

// ValidUsername says whether someone may be called name here.
func ValidUsername(name string) bool {
	return len(name) <= MaxUsername && localUsername.MatchString(name)
}

// ValidRemoteUsername says whether someone elsewhere may be called name: dots and hyphens
// are fine between other characters.
func ValidRemoteUsername(name string) bool {
	return len(name) <= MaxRemoteUsername && remoteUsername.MatchString(name)
}

// UsernameKey is the form under which names that differ in case are the same person.
func UsernameKey(name string) string { return strings.ToLower(name) }

// ReservedUsername says whether a name would be mistaken for whoever runs the server, or for a
// part of it. Digits that pass for letters do not help: "4dm1n" is reserved as well.
func ReservedUsername(name string) bool {
	key := UsernameKey(name)
	return reservedNames[key] || reservedNames[lookalikes.Replace(key)]
}

var lookalikes = strings.NewReplacer("0", "o", "1", "i", "2", "z", "3", "e", "4", "a", "5", "s", "7", "t", "8", "b", "9", "g")

var reservedNames = set(`
	abuse account accounts admin administration administrator admins help helpdesk instance
	mod moderator moderators mods owner root security server staff support webmaster
	anancus ap api hostmaster internal mastodon media noreply no_reply oauth postmaster system www`)
