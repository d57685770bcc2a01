package frontdoor

import "anancus/internal/protocol/mastodon"

// shownFile is a picture, film or sound of a status as a page shows it.
type shownFile struct {
	Kind          string
	URL           string
	Preview       string
	Alt           string
	Width, Height int // of the preview; 0 where nobody knows
}

// filesOf are the files of a status that can be shown.
func (s *Service) filesOf(m *mastodon.Status) []shownFile {
	var list []shownFile
	for _, a := range m.MediaAttachments {
		if a.URL == nil {
			continue
		}
		one := shownFile{Kind: a.Type, URL: s.inside(*a.URL)}
		if a.PreviewURL != nil {
			one.Preview = s.inside(*a.PreviewURL)
		}
		if a.Description != nil {
			one.Alt = *a.Description
		}
		size := a.Meta.Small
		if size == nil {
			size = a.Meta.Original
		}
		if size != nil {
			one.Width, one.Height = size.Width, size.Height
		}
		list = append(list, one)
	}
	return list
}

// portrait is the picture that previews of a status show: its first one, unless a warning or its author covers it.
func (e *entry) portrait() *shownFile {
	if e.HasWarning || e.Covered {
		return nil
	}
	for i := range e.Files {
		if e.Files[i].Preview != "" {
			return &e.Files[i]
		}
	}
	return nil
}
