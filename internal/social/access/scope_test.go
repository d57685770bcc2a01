package access

import (
	"slices"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
)

func TestThereAreFortySevenScopesEachOnce(t *testing.T) {
	if len(AllScopes) != 47 {
		t.Errorf("%d scopes, want 47", len(AllScopes))
	}
	if sorted := slices.Compact(slices.Sorted(slices.Values(AllScopes))); len(sorted) != len(AllScopes) {
		t.Error("a scope is there twice")
	}
}

func TestScopesAreReadOrRefused(t *testing.T) {
	for text, want := range map[string][]string{
		"read":                        {"read"},
		"read  write\tread":           {"read", "write"},
		"read:statuses push":          {"read:statuses", "push"},
		"admin:write:ip_blocks":       {"admin:write:ip_blocks"},
		"":                            nil,
		"all":                         nil,
		"read:nothing":                nil,
		"READ":                        nil,
		"read write:statuses:deeper":  nil,
		"admin":                       nil,
		"read,write":                  nil,
		"read:statuses\x00":           nil,
		"write:search":                nil, // searching is reading
		"profile follow push read":    {"profile", "follow", "push", "read"},
		"admin:read admin:read:users": nil,
	} {
		got, err := ParseScopes(text)
		if !slices.Equal(got, want) || (want == nil) != fault.Is(err, fault.Invalid) {
			t.Errorf("ParseScopes(%q) = %v, %v, want %v", text, got, err, want)
		}
	}
}

func TestAnAppGetsNoScopeThatItDidNotRegister(t *testing.T) {
	for name, c := range map[string]struct {
		registered []string
		asked      string
		want       []string
	}{
		"the same":                   {[]string{"read", "write"}, "write", []string{"write"}},
		"a part of one":              {[]string{"read"}, "read:statuses", []string{"read:statuses"}},
		"more than a part":           {[]string{"read:statuses"}, "read", nil},
		"another":                    {[]string{"read"}, "write", nil},
		"one of two":                 {[]string{"read"}, "read push", nil},
		"the keepers'":               {[]string{"read", "write"}, "admin:read", nil},
		"what follow once meant":     {[]string{"follow"}, "write:blocks", []string{"write:blocks"}},
		"nothing, having read":       {[]string{"write", "read"}, "", []string{"read"}},
		"nothing, not having read":   {[]string{"write:statuses"}, " ", []string{"write:statuses"}},
		"unknown, though registered": {[]string{"read"}, "read:everything", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := scopesFor(&App{Scopes: c.registered}, c.asked)
			if !slices.Equal(got, c.want) || (c.want == nil) == (err == nil) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestRolesShowTheirPermissionsAsMastodonDoes(t *testing.T) {
	for role, want := range map[string]mastodon.Role{
		"member":    {ID: "-99", Permissions: "65536", CollectionLimit: 10},
		"":          {ID: "-99", Permissions: "65536", CollectionLimit: 10},
		"moderator": {ID: "1", Name: "Moderator", Permissions: "66844", Highlighted: true, CollectionLimit: 10},
		"admin":     {ID: "2", Name: "Admin", Permissions: "8388606", Highlighted: true, CollectionLimit: 10},
		"owner":     {ID: "3", Name: "Owner", Permissions: "8388607", Highlighted: true, CollectionLimit: 10},
	} {
		if got := RoleOf(role); got != want {
			t.Errorf("RoleOf(%q) = %+v, want %+v", role, got, want)
		}
	}
}
