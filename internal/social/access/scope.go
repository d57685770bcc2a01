package access

import (
	"slices"
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/social/viewer"
)

// DefaultScope is what an app gets that asks for nothing.
const DefaultScope = "read"

// AllScopes are the scopes a token can have, as Mastodon 4.7 names them.
var AllScopes = slices.Concat(
	[]string{"profile"},
	family("read", "accounts", "blocks", "bookmarks", "collections", "favourites", "filters", "follows", "lists", "mutes",
		"notifications", "search", "statuses"),
	family("write", "accounts", "blocks", "bookmarks", "collections", "conversations", "favourites", "filters", "follows",
		"lists", "media", "mutes", "notifications", "reports", "statuses"),
	[]string{"follow", "push"},
	family("admin:read", adminScopes...),
	family("admin:write", adminScopes...),
)

var adminScopes = []string{"accounts", "reports", "domain_allows", "domain_blocks", "ip_blocks", "email_domain_blocks", "canonical_email_blocks"}

func family(parent string, children ...string) []string {
	all := []string{parent}
	for _, child := range children {
		all = append(all, parent+":"+child)
	}
	return all
}

// ParseScopes reads scopes separated by spaces; each counts once. Unknown ones
// and none at all are Invalid.
func ParseScopes(text string) ([]string, error) {
	var scopes []string
	for _, scope := range strings.Fields(text) {
		if !slices.Contains(AllScopes, scope) {
			return nil, fault.New(fault.Invalid, "The requested scope is invalid, unknown, or malformed.")
		}
		if !slices.Contains(scopes, scope) {
			scopes = append(scopes, scope)
		}
	}
	if len(scopes) == 0 {
		return nil, fault.New(fault.Invalid, "The requested scope is invalid, unknown, or malformed.")
	}
	return scopes, nil
}

// within tells whether every wanted scope is covered by what the app registered.
func within(registered, wanted []string) bool {
	app := viewer.Viewer{Scopes: registered}
	for _, scope := range wanted {
		if !app.Allows(scope) {
			return false
		}
	}
	return true
}

// scopesFor are the scopes an app asks for: those named, or else the default
// if the app may have it, or else all it registered.
func scopesFor(app *App, asked string) ([]string, error) {
	if strings.TrimSpace(asked) == "" {
		if within(app.Scopes, []string{DefaultScope}) {
			return []string{DefaultScope}, nil
		}
		return app.Scopes, nil
	}
	scopes, err := ParseScopes(asked)
	if err != nil {
		return nil, err
	}
	if !within(app.Scopes, scopes) {
		return nil, fault.New(fault.Invalid, "The requested scope is invalid, unknown, or malformed.")
	}
	return scopes, nil
}
