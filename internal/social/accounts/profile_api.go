package accounts

import (
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

type profileForm struct {
	DisplayName        *string     `form:"display_name"`
	Note               *string     `form:"note"`
	Avatar             *string     `form:"avatar"`
	AvatarDescription  *string     `form:"avatar_description"`
	Header             *string     `form:"header"`
	HeaderDescription  *string     `form:"header_description"`
	Locked             *bool       `form:"locked"`
	Bot                *bool       `form:"bot"`
	Discoverable       *bool       `form:"discoverable"`
	HideCollections    *bool       `form:"hide_collections"`
	Indexable          *bool       `form:"indexable"`
	ShowMedia          *bool       `form:"show_media"`
	ShowMediaReplies   *bool       `form:"show_media_replies"`
	ShowFeatured       *bool       `form:"show_featured"`
	AttributionDomains *[]string   `form:"attribution_domains"`
	Fields             *[]field    `form:"fields_attributes"`
	Source             *sourceForm `form:"source"`
}

type field struct {
	Name  string `form:"name"`
	Value string `form:"value"`
}

type sourceForm struct {
	Privacy     *string `form:"privacy"`
	Sensitive   *bool   `form:"sensitive"`
	Language    *string `form:"language"`
	QuotePolicy *string `form:"quote_policy"`
}

// change is what the form asks for. Empty words in the place of a picture take it down, as in Mastodon; other words are no picture.
func (f *profileForm) change(hung *Portraits) (ProfileChange, error) {
	p := Problems{}
	for name, sent := range map[string]*string{"avatar": f.Avatar, "header": f.Header} {
		if sent != nil && *sent != "" {
			p.Add(name, "ERR_INVALID", "must be sent as a file")
		}
	}
	change := ProfileChange{DisplayName: f.DisplayName, Note: f.Note, AvatarDescription: f.AvatarDescription, HeaderDescription: f.HeaderDescription,
		Locked: f.Locked, Bot: f.Bot, Discoverable: f.Discoverable, HideCollections: f.HideCollections, Indexable: f.Indexable,
		AttributionDomains: f.AttributionDomains, Avatar: hung.Avatar, Header: hung.Header, DropAvatar: f.Avatar != nil, DropHeader: f.Header != nil}
	if f.Fields != nil {
		fields := make([]Field, len(*f.Fields))
		for i, one := range *f.Fields {
			fields[i] = Field{Name: one.Name, Value: one.Value}
		}
		change.Fields = &fields
	}
	return change, p.Fault()
}

// UpdateCredentials serves PATCH /api/v1/accounts/update_credentials.
func (s *Service) UpdateCredentials(c *viewer.Call) (any, error) {
	hung, err := s.portraits(c)
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[profileForm](c)
	if err != nil {
		return nil, err
	}
	change, err := form.change(hung)
	if err != nil {
		return nil, err
	}
	if form.Source != nil {
		change.Visibility, change.Sensitive = form.Source.Privacy, form.Source.Sensitive
		change.Language, change.QuotePolicy = form.Source.Language, form.Source.QuotePolicy
	}
	if err := s.ChangeProfile(c.Context(), c.Viewer.Account, change); err != nil {
		return nil, err
	}
	return s.own(c)
}

// UpdateProfile serves PATCH and PUT /api/v1/profile.
func (s *Service) UpdateProfile(c *viewer.Call) (any, error) {
	hung, err := s.portraits(c)
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[profileForm](c)
	if err != nil {
		return nil, err
	}
	change, err := form.change(hung)
	if err != nil {
		return nil, err
	}
	change.ShowMedia, change.ShowMediaReplies, change.ShowFeatured = form.ShowMedia, form.ShowMediaReplies, form.ShowFeatured
	if err := s.ChangeProfile(c.Context(), c.Viewer.Account, change); err != nil {
		return nil, err
	}
	return s.ShowProfile(c)
}

// ShowProfile serves GET /api/v1/profile: everything that can be edited, as it was typed.
func (s *Service) ShowProfile(c *viewer.Call) (any, error) {
	a, err := s.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	shown := mastodon.Profile{
		ID: a.ID.String(), DisplayName: a.DisplayName, Note: a.Note, FormattedNote: s.noteHTML(a), Fields: plainFields(a), FormattedFields: s.presentFields(a),
		AvatarDescription: a.AvatarDescription, HeaderDescription: a.HeaderDescription, Locked: a.Locked, Bot: a.Bot, HideCollections: a.HideCollections,
		Discoverable: a.Discoverable, Indexable: a.Indexable, ShowMedia: a.ShowMedia, ShowMediaReplies: a.ShowMediaReplies, ShowFeatured: a.ShowFeatured,
		AttributionDomains: orEmpty(a.AttributionDomains),
	}
	if avatar := s.site.FileNow(a.AvatarURL); avatar != "" {
		shown.Avatar, shown.AvatarStatic = &avatar, &avatar
	}
	if header := s.site.FileNow(a.HeaderURL); header != "" {
		shown.Header, shown.HeaderStatic = &header, &header
	}
	if shown.FeaturedTags, err = s.neighbours.Featured(c.Context(), a); err != nil {
		return nil, err
	}
	return shown, nil
}

// DropAvatar serves DELETE /api/v1/profile/avatar.
func (s *Service) DropAvatar(c *viewer.Call) (any, error) {
	return s.drop(c, ProfileChange{DropAvatar: true})
}

// DropHeader serves DELETE /api/v1/profile/header.
func (s *Service) DropHeader(c *viewer.Call) (any, error) {
	return s.drop(c, ProfileChange{DropHeader: true})
}

func (s *Service) drop(c *viewer.Call, change ProfileChange) (any, error) {
	if err := s.ChangeProfile(c.Context(), c.Viewer.Account, change); err != nil {
		return nil, err
	}
	return s.own(c)
}

// Preferences serves GET /api/v1/preferences.
func (s *Service) Preferences(c *viewer.Call) (any, error) {
	m, err := s.Member(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	shown := mastodon.Preferences{Visibility: m.DefaultVisibility, Sensitive: m.DefaultSensitive, QuotePolicy: m.DefaultQuotePolicy,
		ExpandMedia: m.ExpandMedia, ExpandWarnings: m.ExpandWarnings, AutoplayGIFs: m.AutoplayGIFs}
	if m.DefaultLanguage != "" {
		shown.Language = &m.DefaultLanguage
	}
	return shown, nil
}

type readingForm struct {
	ExpandMedia    *string `form:"reading:expand:media"`
	ExpandWarnings *bool   `form:"reading:expand:spoilers"`
	AutoplayGIFs   *bool   `form:"reading:autoplay:gifs"`
}

// ChangePreferences serves PATCH /api/anancus/v1/preferences: what Mastodon has on its own pages alone. What is not sent stays.
func (s *Service) ChangePreferences(c *viewer.Call) (any, error) {
	form, err := rest.Decode[readingForm](c)
	if err != nil {
		return nil, err
	}
	if err := s.ChangeReading(c.Context(), c.Viewer.Account, Reading(form)); err != nil {
		return nil, err
	}
	return s.Preferences(c)
}

// SubscribeByEmail serves POST /api/v1/accounts/{id}/email_subscriptions. Nobody can be followed by e-mail here,
// which Mastodon says in this way where keepers have not enabled it.
func (s *Service) SubscribeByEmail(*viewer.Call) (any, error) { return nil, fault.RecordNotFound() }
