package statuses

import (
	"cmp"

	"anancus/internal/kit/rest"
	"anancus/internal/social/viewer"
)

type translateForm struct {
	Lang string `form:"lang"`
}

// TranslateStatus serves POST /api/v1/statuses/{id}/translate, into the language asked for or the member's own.
func (s *Service) TranslateStatus(c *viewer.Call) (any, error) {
	form, err := rest.Decode[translateForm](c)
	if err != nil {
		return nil, err
	}
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	language := form.Lang
	if language == "" {
		member, err := s.accounts.Member(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		language = cmp.Or(member.Locale, "en")
	}
	made, err := s.Translate(c.Context(), status, language)
	if err != nil {
		return nil, err
	}
	return rest.JSON(made), nil
}

// cacheLanguages is how long anybody may keep what can be translated.
const cacheLanguages = "max-age=300, public, stale-while-revalidate=30"

// TranslationLanguages serves GET /api/v1/instance/translation_languages.
func (s *Service) TranslationLanguages(c *viewer.Call) (any, error) {
	known, err := s.Languages(c.Context())
	if err != nil {
		return nil, err
	}
	return rest.Tagged{Body: known, Cache: cacheLanguages}, nil
}
