package media

import (
	"context"
	"fmt"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

// Revise makes a status of another server show what its server says of it now. What is known by its address stays, and is described
// anew; the rest comes and goes. It gives what the status showed before and shows now, and whether that is something else.
func Revise(ctx context.Context, tx *db.Tx, author id.Account, status id.Status, hidden bool, files []activitypub.RemoteAttachment) (before, now []*Attachment, changed bool, err error) {
	ever, err := EverOf(ctx, tx, status)
	if err != nil {
		return nil, nil, false, err
	}
	byAddress := map[string]*Attachment{}
	for _, a := range ever {
		byAddress[a.Remote] = a
		if a.Position != takenOut {
			then := *a
			before = append(before, &then)
		}
	}
	slices.SortFunc(before, func(a, b *Attachment) int { return int(a.Position - b.Position) })
	domain, err := domainOf(ctx, tx, author)
	if err != nil {
		return nil, nil, false, err
	}
	unknown := false
	for i, file := range files[:min(len(files), MaxAttachments)] {
		a := byAddress[file.URL]
		if a == nil {
			unknown = true
			if a, err = receiveOne(ctx, tx, author, status, domain, i, file); err != nil {
				return nil, nil, false, err
			}
			byAddress[file.URL] = a
		} else if slices.Contains(now, a) {
			continue // the same twice
		}
		described, err := describe(ctx, tx, a, file)
		if err != nil {
			return nil, nil, false, err
		}
		changed = changed || described
		now = append(now, a)
	}
	if !slices.EqualFunc(before, now, func(a, b *Attachment) bool { return a.ID == b.ID }) {
		changed = true
		if err := Attach(ctx, tx, status, now, hidden); err != nil {
			return nil, nil, false, fmt.Errorf("media of another server: %w", err)
		}
	}
	if unknown {
		err = tx.Emit(Received{status})
	}
	return before, now, changed, err
}

// describe takes over what another server says of a file that is known; false when that is nothing new.
func describe(ctx context.Context, tx *db.Tx, a *Attachment, file activitypub.RemoteAttachment) (bool, error) {
	words, focus := altOf(file), focusOf(file)
	if words == a.Description && writeFocus(focus) == writeFocus(a.Focus) {
		return false, nil
	}
	a.Description, a.Focus = words, focus
	_, err := db.Exec(ctx, tx, `UPDATE attachments SET description = $2, focus = $3 WHERE id = $1`, a.ID, words, writeFocus(focus))
	return true, err
}

// receiveOne writes down one file that a status of another server shows.
func receiveOne(ctx context.Context, tx *db.Tx, author id.Account, status id.Status, domain string, position int, file activitypub.RemoteAttachment) (*Attachment, error) {
	a := &Attachment{ID: id.Attachment(tx.NextID()), Account: author, Status: status, Position: int64(position), Kind: kindOf(file), State: Ready, Type: file.MediaType,
		Description: altOf(file), Focus: focusOf(file), Blurhash: file.Blurhash, Remote: file.URL, RemotePreview: file.Thumbnail, Domain: domain, CreatedAt: tx.Now()}
	a.Meta.Original = sizeOf(file.Width, file.Height)
	if err := insert(ctx, tx, a); err != nil {
		return nil, fmt.Errorf("media of another server: %w", err)
	}
	return a, nil
}

func altOf(file activitypub.RemoteAttachment) string {
	return text.Truncate(text.StripControl(file.Alt), MaxRemoteText)
}

func focusOf(file activitypub.RemoteAttachment) *mastodon.MediaFocus {
	if len(file.FocalPoint) != 2 {
		return nil
	}
	return &mastodon.MediaFocus{X: round(file.FocalPoint[0]), Y: round(file.FocalPoint[1])}
}

func domainOf(ctx context.Context, q db.Q, author id.Account) (string, error) {
	domain, err := db.One(ctx, q, db.Value[string], `SELECT domain FROM accounts WHERE id = $1`, author)
	if err != nil {
		return "", fmt.Errorf("media of another server: %w", err)
	}
	return domain, nil
}
