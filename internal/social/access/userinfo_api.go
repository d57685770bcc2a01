package access

import (
	"anancus/internal/kit/fault"
	"anancus/internal/social/viewer"
)

// UserInfo serves GET and POST /oauth/userinfo.
func (s *Service) UserInfo(c *viewer.Call) (any, error) {
	if !c.Viewer.IsMember() {
		return nil, fault.New(fault.Invalid, "This method requires an authenticated user")
	}
	account, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	picture := s.site.FileNow(account.AvatarURL)
	if picture == "" {
		picture = s.site.URL("/avatars/missing.svg")
	}
	return struct {
		Issuer   string `json:"iss"`
		Subject  string `json:"sub"`
		Name     string `json:"name"`
		Username string `json:"preferred_username"`
		Profile  string `json:"profile"`
		Picture  string `json:"picture"`
	}{s.site.Base() + "/", account.URI, account.Name(), account.Username, account.URL, picture}, nil
}

// Metadata serves GET /.well-known/oauth-authorization-server.
func (s *Service) Metadata(c *viewer.Call) (any, error) {
	return map[string]any{
		"issuer":                                s.site.Base() + "/",
		"service_documentation":                 "https://docs.joinmastodon.org/",
		"authorization_endpoint":                s.site.URL("/oauth/authorize"),
		"token_endpoint":                        s.site.URL("/oauth/token"),
		"app_registration_endpoint":             s.site.URL("/api/v1/apps"),
		"revocation_endpoint":                   s.site.URL("/oauth/revoke"),
		"userinfo_endpoint":                     s.site.URL("/oauth/userinfo"),
		"scopes_supported":                      AllScopes,
		"response_types_supported":              []string{"code"},
		"response_modes_supported":              []string{"query"},
		"code_challenge_methods_supported":      []string{"S256"},
		"grant_types_supported":                 []string{"authorization_code", "client_credentials"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post"},
	}, nil
}
