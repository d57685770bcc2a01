package media

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
)

// Change is what an author wants to be different about an attachment; nil leaves a field.
type Change struct {
	Description *string
	Focus       *string // "x,y"; "" for none
	made        *picture
}

// Edit changes an attachment, and its value; false when nothing is different.
func Edit(ctx context.Context, tx *db.Tx, a *Attachment, ch Change) (bool, error) {
	changed := false
	if ch.Description != nil {
		words, err := description(*ch.Description)
		if err != nil {
			return false, err
		}
		changed = changed || words != a.Description
		a.Description = words
	}
	if ch.Focus != nil {
		var focus *mastodon.MediaFocus
		if *ch.Focus != "" {
			var ok bool
			if focus, ok = parseFocus(*ch.Focus); !ok {
				return false, wrongFocus()
			}
		}
		changed = changed || writeFocus(focus) != writeFocus(a.Focus)
		a.Focus = focus
	}
	if ch.made != nil {
		changed = true
		if err := drop(ctx, tx, a.Small); err != nil {
			return false, err
		}
		if err := settle(ctx, tx, ch.made.small); err != nil {
			return false, err
		}
		a.Small, a.Blurhash, a.Meta.Small, a.Meta.Colors = ch.made.small.key, ch.made.blurhash, ch.made.meta.Small, ch.made.meta.Colors
	}
	if !changed {
		return false, nil
	}
	meta, err := json.Marshal(a.Meta)
	if err != nil {
		return false, err
	}
	_, err = db.Exec(ctx, tx, `UPDATE attachments SET description = $2, focus = $3, small_key = $4, blurhash = $5, meta = $6 WHERE id = $1`,
		a.ID, a.Description, writeFocus(a.Focus), a.Small, a.Blurhash, string(meta))
	return true, err
}

// preview makes the preview that an author chose for a film or a sound; nil when none was sent.
func (s *Service) preview(ctx context.Context, a *Attachment, file *os.File) (*picture, error) {
	if file == nil {
		return nil, nil
	}
	return s.draw(ctx, file, drawing{noun: nounAttachment, owner: int64(a.ID), small: true, colors: a.Kind == Audio})
}

// description reads what a file shows, in words.
func description(words string) (string, error) {
	words = strings.TrimSpace(words)
	if utf8.RuneCountInString(words) > MaxDescription {
		return "", fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Description is too long (maximum is %d characters)", MaxDescription))
	}
	return words, nil
}
