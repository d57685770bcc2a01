package media

import (
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// cacheProxied is how long the way to a file of another server is remembered: the copy may be purged, and is fetched again then.
const cacheProxied = "private, max-age=300"

// Proxy serves GET /media_proxy/{id}/{size}: a file of another server, which is fetched when it is not here. Where no copy can be kept it is
// passed on; a reader is never led to the other server.
// Who may not read its status gets nothing, unless they were shown the address, which nobody can guess: programs ask for pictures without
// saying for whom.
func (s *Service) Proxy(c *viewer.Call) (any, error) {
	size := c.Path("size")
	if size != "original" && size != "small" {
		return nil, fault.RecordNotFound()
	}
	a, err := s.proxied(c)
	if err != nil {
		return nil, err
	}
	mode := s.ModeOf(a.Domain)
	if mode == settings.RejectMedia {
		return nil, fault.RecordNotFound()
	}
	if to, moved := s.elsewhere(c, s.proxyURL(a.ID, size)); moved {
		return to, nil
	}
	if mode == settings.ProxyMedia {
		return s.passAttachment(c, a, size)
	}
	if s.toCopy(a) {
		got, err := s.Fetch(c.Context(), a.ID)
		if s.mustFail(c, a, err) {
			return nil, err
		}
		if err == nil {
			a = got
		}
	}
	key := a.Original
	if size == "small" {
		key = a.Small
	}
	if key == "" {
		return s.passAttachment(c, a, size)
	}
	c.SetHeader("Cache-Control", cacheProxied)
	return rest.Redirect{To: s.url(key)}, nil
}

// proxied finds the file of another server that a path names, if whoever asks may see it.
func (s *Service) proxied(c *viewer.Call) (*Attachment, error) {
	which, err := id.Parse[id.Attachment](c.Path("id"))
	if err != nil {
		return nil, err
	}
	a, err := db.One(c.Context(), s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1 AND remote_url <> '' AND status_id IS NOT NULL`, which)
	if err != nil || s.knows(a.ID, c.Query("key")) {
		return a, err
	}
	seen, err := s.sees(c.Context(), c.Viewer.Account, a.Status)
	if err == nil && !seen {
		err = fault.RecordNotFound()
	}
	return a, err
}

// mustFail tells whether a file that could not be copied cannot be passed on either: its server does not give it, or it is a picture that
// nobody should have to decode. What is only too large to keep, cannot be converted here or finds no place in the store can.
func (s *Service) mustFail(c *viewer.Call, a *Attachment, err error) bool {
	switch fault.KindOf(err) {
	case fault.TooLarge:
		return false
	case fault.Invalid:
		return a.Kind == Image
	case fault.Internal:
		if err != nil && c.Context().Err() == nil {
			s.log.WarnContext(c.Context(), "a file of another server cannot be kept", "attachment", a.ID, "error", err)
			return false
		}
	}
	return err != nil
}
