package statuses

import (
	"context"
	"slices"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// attachmentIDs reads the ids of media. What is no id is an attachment that is not there.
func attachmentIDs(list []string) ([]id.Attachment, error) {
	var all []id.Attachment
	for _, text := range list {
		if text == "" { // what some apps send for none
			continue
		}
		one, err := id.Parse[id.Attachment](text)
		if err != nil || one == 0 {
			return nil, fault.New(fault.Invalid, "Validation failed: Media "+text+" not found or already attached to another post")
		}
		all = append(all, one)
	}
	return all, nil
}

// placeholder stands for the text of a status that has a content warning alone.
func placeholder(shown []*media.Attachment) string {
	if len(shown) == 0 {
		return "."
	}
	switch shown[0].Kind {
	case media.Video, media.GIFV:
		return "📹"
	case media.Audio:
		return "🎵"
	default:
		return "🖼"
	}
}

// shownMedia is what a form of a status showed, in the words of then.
type shownMedia struct {
	ID          id.Attachment `json:"id"`
	Description string        `json:"description"`
}

func remembered(list []*media.Attachment) []shownMedia {
	all := make([]shownMedia, len(list))
	for i, a := range list {
		all[i] = shownMedia{a.ID, a.Description}
	}
	return all
}

// presentRemembered shows what a form of a status showed, as far as it is still there.
func (s *Service) presentRemembered(list []shownMedia, files map[id.Attachment]*media.Attachment) []mastodon.MediaAttachment {
	shown := make([]mastodon.MediaAttachment, 0, len(list))
	for _, one := range list {
		if a := files[one.ID]; a != nil {
			then := *a
			then.Description = one.Description
			shown = append(shown, s.media.Present(&then))
		}
	}
	return shown
}

// editMedia makes a status show what its author wants. It gives what it showed before, and whether that is something else.
func editMedia(ctx context.Context, tx *db.Tx, status *Status, shows []*media.Attachment, changes map[id.Attachment]media.Change) (showed []shownMedia, changed bool, err error) {
	before, err := media.Of(ctx, tx, []id.Status{status.ID})
	if err != nil {
		return nil, false, err
	}
	showed = remembered(before[status.ID])
	for _, a := range shows {
		ch, wanted := changes[a.ID]
		if !wanted {
			continue
		}
		different, err := media.Edit(ctx, tx, a, ch)
		if err != nil {
			return nil, false, err
		}
		changed = changed || different
	}
	if !slices.EqualFunc(before[status.ID], shows, func(a, b *media.Attachment) bool { return a.ID == b.ID }) {
		changed = true
		if err := media.Attach(ctx, tx, status.ID, shows, !status.Visibility.Distributable() || status.LocalOnly); err != nil {
			return nil, false, err
		}
	}
	return showed, changed, nil
}

// copies lets a transaction that may run twice change attachments.
func copies(list []*media.Attachment) []*media.Attachment {
	all := make([]*media.Attachment, len(list))
	for i, a := range list {
		one := *a
		all[i] = &one
	}
	return all
}
