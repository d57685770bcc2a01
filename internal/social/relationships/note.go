package relationships

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// MaxNote is how many characters a note about somebody may have.
const MaxNote = 2000

// Note writes down what a member wants to remember of somebody; a blank comment takes it back. Nobody else reads it.
func (s *Service) Note(ctx context.Context, member, target id.Account, comment string) error {
	if utf8.RuneCountInString(comment) > MaxNote {
		return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Comment is too long (maximum is %d characters)", MaxNote))
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		if strings.TrimSpace(comment) == "" {
			_, err := db.Exec(ctx, tx, `DELETE FROM account_notes WHERE account_id = $1 AND target_id = $2`, member, target)
			return err
		}
		return writeNote(ctx, tx, member, target, comment)
	})
	if err != nil {
		return fmt.Errorf("note: %w", err)
	}
	return nil
}

func writeNote(ctx context.Context, tx *db.Tx, member, target id.Account, comment string) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO account_notes (id, account_id, target_id, comment, updated_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (account_id, target_id) DO UPDATE SET comment = excluded.comment, updated_at = excluded.updated_at`,
		tx.NextID(), member, target, comment, clock.Milli(tx.Now()))
	return err
}

type noteForm struct {
	Comment string `form:"comment"`
}

// NoteAccount serves POST /api/v1/accounts/{id}/note.
func (s *Service) NoteAccount(c *viewer.Call) (any, error) {
	form, err := rest.Decode[noteForm](c)
	if err != nil {
		return nil, err
	}
	return s.act(c, func(ctx context.Context, target id.Account) error {
		return s.Note(ctx, c.Viewer.Account, target, form.Comment)
	})
}
