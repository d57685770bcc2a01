package statuses

import (
	"context"

	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
)

// KeepRelayed fetches a status that a relay told of, if everybody may read it. It shows where everybody's statuses do; nobody here need follow
// its author. What it answers is not fetched for it: a relay tells of much that nobody looks at.
func (s *Service) KeepRelayed(ctx context.Context, uri string) error {
	if _, ours := s.site.Ours(uri); ours {
		return nil
	}
	if _, err := oneByURI(ctx, s.db, uri); !fault.Is(err, fault.NotFound) {
		return err
	}
	if err := activitypub.SpendStatus(ctx); err != nil {
		return err
	}
	note, err := s.remote.FetchNote(ctx, uri)
	if err != nil {
		return err
	}
	if note.Visibility("") != activitypub.VisibilityPublic || note.IsVote() {
		return nil
	}
	_, err = s.keepFetched(ctx, note, further{quotes: quotesDeep})
	return err
}
