package media

import (
	"fmt"
	"math"

	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/settings"
)

// Present shows an attachment to apps. What is not stored here yet is shown by an address at which we fetch it.
func (s *Service) Present(a *Attachment) mastodon.MediaAttachment {
	m := mastodon.MediaAttachment{ID: a.ID.String(), Type: string(a.Kind), Meta: a.Meta, RemoteURL: orNil(a.Remote), PreviewRemoteURL: orNil(a.RemotePreview),
		Description: orNil(a.Description), Blurhash: orNil(a.Blurhash)}
	m.Meta.Focus = a.Focus
	rejected := !a.Local() && s.ModeOf(a.Domain) == settings.RejectMedia
	if rejected {
		m.Type = string(Unknown)
	}
	switch {
	case a.State != Ready:
	case a.Local():
		m.URL, m.PreviewURL = orNil(s.url(a.Original)), orNil(s.url(a.Small))
	case a.Kind == Unknown || rejected:
		m.URL = orNil(a.Remote)
	default:
		original, small := s.url(a.Original), s.url(a.Small)
		if original == "" {
			original = s.proxyURL(a.ID, "original")
		}
		if small == "" && (a.Kind != Audio || a.RemotePreview != "") {
			small = s.proxyURL(a.ID, "small")
		}
		m.URL, m.PreviewURL = &original, orNil(small)
	}
	return m
}

// PresentAll shows attachments; never nil.
func (s *Service) PresentAll(list []*Attachment) []mastodon.MediaAttachment {
	shown := make([]mastodon.MediaAttachment, len(list))
	for i, a := range list {
		shown[i] = s.Present(a)
	}
	return shown
}

// sizeOf describes a picture as apps expect it.
func sizeOf(width, height int) *mastodon.MediaSize {
	if width <= 0 || height <= 0 {
		return nil
	}
	return &mastodon.MediaSize{Width: width, Height: height, Size: fmt.Sprintf("%dx%d", width, height), Aspect: math.Round(float64(width)/float64(height)*1e6) / 1e6}
}

func orNil(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
