package statuses

import (
	"fmt"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/viewer"
)

// editForm is a status as its author wants it: as in Mastodon, what is left out of it is taken out of the
// status, but for the language.
type editForm struct {
	Status          string        `form:"status"`
	SpoilerText     string        `form:"spoiler_text"`
	Sensitive       bool          `form:"sensitive"`
	Language        string        `form:"language"`
	MediaIDs        []string      `form:"media_ids"`
	MediaAttributes []mediaChange `form:"media_attributes"`
	Poll            *pollForm     `form:"poll"`
	QuotePolicy     string        `form:"quote_approval_policy"`
}

type mediaChange struct {
	ID          string  `form:"id"`
	Description *string `form:"description"`
	Focus       *string `form:"focus"`
	Thumbnail   *string `form:"thumbnail"`
}

// media reads which files a status shall show, and what shall be different about them.
func (f *editForm) media(ch *Change) error {
	var err error
	if ch.Media, err = attachmentIDs(f.MediaIDs); err != nil {
		return err
	}
	ch.MediaChanges = map[id.Attachment]media.Change{}
	for _, one := range f.MediaAttributes {
		which, err := attachmentIDs([]string{one.ID})
		if err != nil {
			return err
		}
		if one.Thumbnail != nil {
			return fault.New(fault.Invalid, "Validation failed: The preview of a file can only be changed before it is attached")
		}
		ch.MediaChanges[which[0]] = media.Change{Description: one.Description, Focus: one.Focus}
	}
	return nil
}

// EditStatus serves PUT /api/v1/statuses/{id}.
func (s *Service) EditStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	form, err := rest.Decode[editForm](c)
	if err != nil {
		return nil, err
	}
	if form.QuotePolicy != "" { // refused before anything is edited
		if _, err := quotePolicyOf(form.QuotePolicy, Public); err != nil {
			return nil, err
		}
	}
	change := Change{Text: form.Status, ContentWarning: form.SpoilerText, Sensitive: form.Sensitive, Language: form.Language, Poll: form.Poll.draft()}
	if err := form.media(&change); err != nil {
		return nil, err
	}
	edited, err := s.Edit(c.Context(), c.Viewer.Account, wanted, change)
	if err != nil {
		return nil, err
	}
	if form.QuotePolicy != "" {
		member, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
		if err != nil {
			return nil, err
		}
		if err := s.SetQuotePolicy(c.Context(), member, edited, form.QuotePolicy); err != nil {
			return nil, err
		}
	}
	return s.PresentOne(c.Context(), c.Viewer, wanted)
}

// ShowSource serves GET /api/v1/statuses/{id}/source.
func (s *Service) ShowSource(c *viewer.Call) (any, error) {
	status, err := s.original(c)
	if err != nil {
		return nil, err
	}
	return mastodon.StatusSource{ID: status.ID.String(), Text: plainOf(status), SpoilerText: status.ContentWarning}, nil
}

// original finds the status of the path, or what it boosts, which the viewer must be able to read.
func (s *Service) original(c *viewer.Call) (*Status, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	return s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
}

// ShowHistory serves GET /api/v1/statuses/{id}/history.
func (s *Service) ShowHistory(c *viewer.Call) (any, error) {
	status, err := s.original(c)
	if err != nil {
		return nil, err
	}
	revisions, err := revisionsOf(c.Context(), s.db, status.ID)
	if err != nil {
		return nil, fmt.Errorf("history of status: %w", err)
	}
	if len(revisions) == 0 {
		asked, err := s.PollOf(c.Context(), status.ID)
		if err != nil {
			return nil, err
		}
		now, err := media.Of(c.Context(), s.db, []id.Status{status.ID})
		if err != nil {
			return nil, err
		}
		revisions = []*revision{revisionOf(status, asked, now[status.ID], editedBy(status))}
	}
	files, err := media.EverOf(c.Context(), s.db, status.ID)
	if err != nil {
		return nil, err
	}
	authors, err := s.accounts.Shown(c.Context(), []id.Account{status.Author})
	if err != nil {
		return nil, err
	}
	domains, err := s.accounts.Domains(c.Context(), []id.Account{status.Author})
	if err != nil {
		return nil, err
	}
	domain := domains[status.Author]
	var names []emoji.Name
	codes := make([][]string, len(revisions))
	for i, r := range revisions {
		codes[i] = emoji.Codes(r.contentWarning, r.content)
		names = append(names, emoji.Names(domain, codes[i])...)
	}
	found, err := s.emoji.Of(c.Context(), names)
	if err != nil {
		return nil, err
	}
	shown := make([]mastodon.StatusEdit, len(revisions))
	for i, r := range revisions {
		shown[i] = mastodon.StatusEdit{Content: r.content, SpoilerText: r.contentWarning, Sensitive: r.sensitive, CreatedAt: mastodon.Time(r.createdAt),
			Account: authors[status.Author], MediaAttachments: s.presentRemembered(r.media, files), Emojis: found.Entities(domain, codes[i])}
		if r.pollOptions == nil {
			continue
		}
		shown[i].Poll = &mastodon.EditPoll{Options: make([]mastodon.EditOption, len(r.pollOptions))}
		for n, title := range r.pollOptions {
			shown[i].Poll.Options[n].Title = title
		}
	}
	return shown, nil
}
