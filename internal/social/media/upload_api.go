package media

import (
	"net/http"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Upload serves POST /api/v2/media: 200 with the attachment when it is ready, 202 while a film or sound is processed.
func (s *Service) Upload(c *viewer.Call) (any, error) {
	a, err := s.upload(c)
	if err != nil {
		return nil, err
	}
	return s.answer(a, http.StatusAccepted)
}

// UploadAndWait serves POST /api/v1/media, which answers when the file is processed, or 202 when that takes long.
func (s *Service) UploadAndWait(c *viewer.Call) (any, error) {
	a, err := s.upload(c)
	if err == nil {
		a, err = s.await(c.Context(), a)
	}
	if err != nil {
		return nil, err
	}
	return s.answer(a, http.StatusAccepted)
}

// answer shows an attachment of the viewer's: with code while it is processed, and as a refusal when it could not be.
func (s *Service) answer(a *Attachment, code int) (any, error) {
	switch a.State {
	case Waiting:
		return rest.Coded{Code: code, Body: s.Present(a)}, nil
	case Failed:
		return nil, fault.New(fault.Invalid, "Error processing thumbnail for uploaded media: "+a.Failure)
	}
	return s.Present(a), nil
}

func (s *Service) upload(c *viewer.Call) (*Attachment, error) {
	files, err := s.Receive(c, map[string]int64{"file": MaxFilmBytes, "thumbnail": MaxImageBytes})
	if err != nil {
		return nil, err
	}
	defer files.Close()
	form, err := rest.Decode[mediaForm](c)
	if err != nil {
		return nil, err
	}
	file := files["file"]
	if file == nil {
		return nil, fault.New(fault.Invalid, "Validation failed: File can't be blank")
	}
	a := &Attachment{Account: c.Viewer.Account}
	if form.Description != nil {
		if a.Description, err = description(*form.Description); err != nil {
			return nil, err
		}
	}
	if form.Focus != nil && *form.Focus != "" {
		var ok bool
		if a.Focus, ok = parseFocus(*form.Focus); !ok {
			return nil, wrongFocus()
		}
	}
	return a, s.Take(c.Context(), a, file, files["thumbnail"])
}

type mediaForm struct {
	Description *string `form:"description"`
	Focus       *string `form:"focus"`
}

func wrongFocus() error {
	return fault.New(fault.Invalid, "Validation failed: Focus must be two numbers from -1 to 1, as 0.5,-0.25")
}

// own finds an attachment of the viewer's that no status has.
func (s *Service) own(c *viewer.Call) (*Attachment, error) {
	a, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	if a.Status != 0 {
		return nil, fault.RecordNotFound()
	}
	return a, nil
}

func (s *Service) mine(c *viewer.Call) (*Attachment, error) {
	which, err := id.Parse[id.Attachment](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return db.One(c.Context(), s.db, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1 AND account_id = $2 AND remote_url = ''`, which, c.Viewer.Account)
}

// ShowMedia serves GET /api/v1/media/{id}: 206 while it is processed.
func (s *Service) ShowMedia(c *viewer.Call) (any, error) {
	a, err := s.own(c)
	if err != nil {
		return nil, err
	}
	return s.answer(a, http.StatusPartialContent)
}

// ChangeMedia serves PUT /api/v1/media/{id}: the words, the focus and the preview of what is not attached yet.
func (s *Service) ChangeMedia(c *viewer.Call) (any, error) {
	a, err := s.own(c)
	if err != nil {
		return nil, err
	}
	files, err := s.Receive(c, map[string]int64{"thumbnail": MaxImageBytes})
	if err != nil {
		return nil, err
	}
	defer files.Close()
	form, err := rest.Decode[mediaForm](c)
	if err != nil {
		return nil, err
	}
	change := Change{Description: form.Description, Focus: form.Focus}
	if change.made, err = s.preview(c.Context(), a, files["thumbnail"]); err != nil {
		return nil, err
	}
	after := a
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		one, err := find(c.Context(), tx, a.ID) // it may have been processed meanwhile
		if err != nil {
			return err
		}
		if one == nil || one.Status != 0 {
			return fault.RecordNotFound()
		}
		changed, err := Edit(c.Context(), tx, one, change)
		after = one
		if err != nil || !changed {
			return err
		}
		return tx.Emit(Described{Attachment: a.ID})
	})
	if err != nil {
		return nil, err
	}
	return s.answer(after, http.StatusPartialContent)
}

// DeleteMedia serves DELETE /api/v1/media/{id}; what a status shows is taken out by editing that.
func (s *Service) DeleteMedia(c *viewer.Call) (any, error) {
	a, err := s.mine(c)
	if err != nil {
		return nil, err
	}
	if a.Status != 0 || a.Scheduled != 0 {
		return nil, fault.New(fault.Invalid, "Media attachment is currently used by a status")
	}
	err = s.db.Tx(c.Context(), func(tx *db.Tx) error {
		still, err := db.All(c.Context(), tx, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id = $1 AND status_id IS NULL AND scheduled_id IS NULL`, a.ID)
		if err != nil {
			return err
		}
		if len(still) == 0 {
			return fault.New(fault.Invalid, "Media attachment is currently used by a status")
		}
		return removeAll(c.Context(), tx, still)
	})
	if err != nil {
		return nil, err
	}
	return rest.Empty{}, nil
}
