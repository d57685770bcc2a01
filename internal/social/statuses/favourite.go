package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Favourite tells the author of a status that it is liked. Doing it twice changes nothing.
func (s *Service) Favourite(ctx context.Context, member *accounts.Account, status id.Status) error {
	found, err := s.seeOriginal(ctx, member.ID, status)
	if err != nil {
		return err
	}
	if err := s.mayMark(ctx, member.ID, found.Author); err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		favourite := id.Favourite(tx.NextID())
		uri := fmt.Sprintf("%s#likes/%d", member.URI, favourite)
		began, err := s.storeFavourite(ctx, tx, favourite, member.ID, found.ID, uri)
		if err != nil || !began || found.Local {
			return err
		}
		return s.tellAuthor(ctx, tx, member, found.Author, uri, activitypub.NewActivity("Like", uri, member.URI, found.URI))
	})
	if err != nil {
		return fmt.Errorf("favourite: %w", err)
	}
	s.courier.Wake()
	return nil
}

// storeFavourite writes a favourite, local or remote; false when it is there already.
func (s *Service) storeFavourite(ctx context.Context, tx *db.Tx, favourite id.Favourite, who id.Account, status id.Status, uri string) (bool, error) {
	n, err := db.Exec(ctx, tx, `INSERT INTO favourites (id, account_id, status_id, uri, created_at) VALUES ($1,$2,$3,$4,$5)
		ON CONFLICT (account_id, status_id) DO NOTHING`, favourite, who, status, uri, clock.Milli(tx.Now()))
	if err != nil || n == 0 {
		return false, err
	}
	if err := count(ctx, tx, status, "favourites", +1); err != nil {
		return false, err
	}
	return true, tx.Emit(Favourited{favourite, who, status})
}

// Unfavourite takes a favourite back. None to take back is no error.
func (s *Service) Unfavourite(ctx context.Context, member *accounts.Account, status *Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		uri, ended, err := s.endFavourite(ctx, tx, member.ID, status.ID)
		if err != nil || !ended || status.Local {
			return err
		}
		undo := activitypub.NewAnswer("Undo", uri+"/undo", member.URI, activitypub.NewActivity("Like", uri, member.URI, status.URI))
		return s.tellAuthor(ctx, tx, member, status.Author, uri+"/undo", undo)
	})
	if err != nil {
		return fmt.Errorf("unfavourite: %w", err)
	}
	s.courier.Wake()
	return nil
}

func (s *Service) endFavourite(ctx context.Context, tx *db.Tx, who id.Account, status id.Status) (uri string, ended bool, err error) {
	uris, err := db.All(ctx, tx, db.Value[string], `DELETE FROM favourites WHERE account_id = $1 AND status_id = $2 RETURNING uri`, who, status)
	if err != nil || len(uris) == 0 {
		return "", false, err
	}
	if err := count(ctx, tx, status, "favourites", -1); err != nil {
		return "", false, err
	}
	return uris[0], true, tx.Emit(Unfavourited{who, status})
}

// tellAuthor sends an activity about a remote status to its author alone.
func (s *Service) tellAuthor(ctx context.Context, tx *db.Tx, member *accounts.Account, author id.Account, key string, activity any) error {
	to, err := accounts.ByIDIn(ctx, tx, author)
	if err != nil {
		return err
	}
	body, err := activitypub.Encode(activity)
	if err != nil {
		return err
	}
	return s.courier.Enqueue(ctx, tx, activitypub.Delivery{Author: int64(member.ID), EventKey: key, Body: body, Inboxes: []string{to.InboxURL}})
}

// FavouriteStatus serves POST /api/v1/statuses/{id}/favourite.
func (s *Service) FavouriteStatus(c *viewer.Call) (any, error) {
	return s.act(c, func(member *accounts.Account, status *Status) error {
		return s.Favourite(c.Context(), member, status.ID)
	})
}

// UnfavouriteStatus serves POST /api/v1/statuses/{id}/unfavourite. It works even when the status cannot be seen any more.
func (s *Service) UnfavouriteStatus(c *viewer.Call) (any, error) {
	return s.undo(c, "favourites", func(member *accounts.Account, status *Status) error {
		return s.Unfavourite(c.Context(), member, status)
	})
}

// FavouritedBy serves GET /api/v1/statuses/{id}/favourited_by.
func (s *Service) FavouritedBy(c *viewer.Call) (any, error) {
	return s.people(c, `SELECT f.id, f.account_id FROM favourites f JOIN accounts a ON a.id = f.account_id
		WHERE f.status_id = $3 AND f.id < $4 AND f.id > $5 AND a.suspended_at IS NULL AND a.deleted_at IS NULL`, "f.id")
}

// act does something of the viewer's with the status of the path, which the viewer must be able to read, and shows it.
func (s *Service) act(c *viewer.Call, do func(member *accounts.Account, status *Status) error) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if err != nil {
		return nil, err
	}
	return s.actOn(c, status, do)
}

// undo is act for taking something back: what the viewer did before may be undone although the status is hidden by now.
func (s *Service) undo(c *viewer.Call, table string, do func(member *accounts.Account, status *Status) error) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	status, err := s.seeOriginal(c.Context(), c.Viewer.Account, wanted)
	if fault.Is(err, fault.NotFound) {
		n, dbErr := db.One(c.Context(), s.db, db.Value[int64], `SELECT COUNT(*) FROM `+table+` WHERE account_id = $1 AND status_id = $2`, c.Viewer.Account, wanted)
		if dbErr != nil {
			return nil, dbErr
		}
		if n > 0 {
			status, err = one(c.Context(), s.db, wanted)
		}
	}
	if err != nil {
		return nil, err
	}
	return s.actOn(c, status, do)
}

func (s *Service) actOn(c *viewer.Call, status *Status, do func(member *accounts.Account, status *Status) error) (any, error) {
	member, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	if err := do(member, status); err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, status.ID)
}
