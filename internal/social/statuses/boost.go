package statuses

import (
	"context"
	"fmt"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/relationships"
	"anancus/internal/social/viewer"
)

func notAllowed() error { return fault.New(fault.Forbidden, "This action is not allowed") }

// Boost passes a status on to the booster's followers. Boosting twice gives the
// first boost; without a wish it is for whom the booster writes by default. Private statuses are boosted by their author alone, and stay private; direct ones never.
func (s *Service) Boost(ctx context.Context, booster *accounts.Account, status id.Status, wish Visibility) (*Status, error) {
	original, err := s.seeOriginal(ctx, booster.ID, status)
	if err != nil {
		return nil, err
	}
	if err := s.mayMark(ctx, booster.ID, original.Author); err != nil {
		return nil, err
	}
	if wish == "" && original.Visibility.Distributable() {
		member, err := s.accounts.Member(ctx, booster.ID)
		if err != nil {
			return nil, err
		}
		wish = Visibility(member.DefaultVisibility)
	}
	visibility, err := boostVisibility(original, booster.ID, wish)
	if err != nil {
		return nil, err
	}
	if booster.Limited() && visibility == Public {
		visibility = Unlisted
	}
	boost := &Status{Author: booster.ID, Local: true, Visibility: visibility, BoostOf: original.ID, BoostedAuthor: original.Author,
		LocalOnly: original.LocalOnly, Thread: original.Thread, Sensitive: original.Sensitive, Language: original.Language}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		boost.ID = id.Status(tx.NextID())
		boost.URI = s.site.StatusURI(booster.ID, boost.ID) + "/activity"
		boost.URL, boost.CreatedAt = boost.URI, tx.Now()
		return s.storeBoost(ctx, tx, boost)
	})
	if err != nil {
		return nil, fmt.Errorf("boost: %w", err)
	}
	return boost, nil
}

func boostVisibility(original *Status, booster id.Account, wish Visibility) (Visibility, error) {
	switch {
	case original.Visibility.Distributable():
		switch wish {
		case Public, Unlisted, Private:
			return wish, nil
		}
		return "", fault.New(fault.Invalid, "Validation failed: Visibility is not one of public, unlisted, private")
	case original.Visibility == Private && original.Author == booster:
		return Private, nil
	}
	return "", notAllowed()
}

// storeBoost writes a boost, local or remote; one that is there already is read into boost instead.
func (s *Service) storeBoost(ctx context.Context, tx *db.Tx, boost *Status) error {
	inserted, err := insert(ctx, tx, boost)
	if err != nil {
		return err
	}
	if !inserted {
		earlier, err := boostBy(ctx, tx, boost.Author, boost.BoostOf)
		if fault.Is(err, fault.NotFound) {
			return fault.New(fault.Conflict, "This id is taken")
		}
		if err != nil {
			return err
		}
		*boost = *earlier
		return nil
	}
	if err := count(ctx, tx, boost.BoostOf, "boosts", +1); err != nil {
		return err
	}
	if _, err := accounts.CountStatus(ctx, tx, boost.Author, +1, clock.Milli(boost.CreatedAt)); err != nil {
		return err
	}
	return tx.Emit(Boosted{boost.ID, boost.Author, boost.BoostOf})
}

// Unboost takes back the booster's boost of a status, given by the original's id. None to take back is no error.
func (s *Service) Unboost(ctx context.Context, booster id.Account, original id.Status) error {
	boost, err := boostBy(ctx, s.db, booster, original)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.unboost(ctx, boost)
}

func (s *Service) unboost(ctx context.Context, boost *Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.removeBoost(ctx, tx, boost) })
	if err != nil {
		return fmt.Errorf("unboost: %w", err)
	}
	return nil
}

// removeBoost hides a boost with its counts.
func (s *Service) removeBoost(ctx context.Context, tx *db.Tx, boost *Status) error {
	hidden, err := markDeleted(ctx, tx, boost.ID)
	if err != nil || !hidden {
		return err
	}
	if err := count(ctx, tx, boost.BoostOf, "boosts", -1); err != nil {
		return err
	}
	if _, err := accounts.CountStatus(ctx, tx, boost.Author, -1, 0); err != nil {
		return err
	}
	return tx.Emit(Unboosted{boost.ID, boost.Author, boost.BoostOf})
}

type boostForm struct {
	Visibility string `form:"visibility"`
}

// BoostStatus serves POST /api/v1/statuses/{id}/reblog.
func (s *Service) BoostStatus(c *viewer.Call) (any, error) {
	form, err := rest.Decode[boostForm](c)
	if err != nil {
		return nil, err
	}
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	booster, err := s.accounts.ByID(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	boost, err := s.Boost(c.Context(), booster, wanted, Visibility(form.Visibility))
	if err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, boost.ID)
}

// UnboostStatus serves POST /api/v1/statuses/{id}/unreblog. It works even when the original cannot be seen any more.
func (s *Service) UnboostStatus(c *viewer.Call) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	original, err := one(c.Context(), s.db, wanted)
	if err != nil {
		return nil, err
	}
	if original.IsBoost() {
		if original.Author != c.Viewer.Account { // nobody learns by this of a boost that is not for them
			if original, err = s.See(c.Context(), c.Viewer.Account, wanted); err != nil {
				return nil, err
			}
		}
		wanted = original.BoostOf
	}
	boost, err := boostBy(c.Context(), s.db, c.Viewer.Account, wanted)
	if fault.Is(err, fault.NotFound) {
		if _, err = s.See(c.Context(), c.Viewer.Account, wanted); err != nil {
			return nil, err
		}
		return s.PresentOne(c.Context(), c.Viewer, wanted)
	}
	if err != nil {
		return nil, err
	}
	if err := s.unboost(c.Context(), boost); err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, wanted)
}

// BoostedBy serves GET /api/v1/statuses/{id}/reblogged_by.
func (s *Service) BoostedBy(c *viewer.Call) (any, error) {
	return s.people(c, `SELECT s.id, s.author_id FROM statuses s JOIN accounts a ON a.id = s.author_id
		WHERE s.boost_of_id = $3 AND s.id < $4 AND s.id > $5 AND s.deleted_at IS NULL AND s.visibility IN ('public', 'unlisted')
		AND a.suspended_at IS NULL AND a.deleted_at IS NULL`, "s.id")
}

// Limits of lists of accounts.
const (
	peopleLimit = 40
	peopleMax   = 80
)

// people pages through the accounts that did something with a status that the viewer may read, without those whom the viewer does not meet. The
// query may ask for more, from $7 on.
func (s *Service) people(c *viewer.Call, query, by string, more ...any) (any, error) {
	wanted, err := fromPath(c)
	if err != nil {
		return nil, err
	}
	if _, err := s.See(c.Context(), c.Viewer.Account, wanted); err != nil {
		return nil, err
	}
	type row struct {
		row     int64
		account id.Account
	}
	p := keyset.Read(c, peopleLimit, peopleMax)
	rows, err := db.All(c.Context(), s.db, func(r db.Row) (row, error) {
		var x row
		err := r.Scan(&x.row, &x.account)
		return x, err
	}, query+` AND `+relationships.NotApart+` ORDER BY `+by+` `+p.Order()+` LIMIT $6`,
		append([]any{c.Viewer.Account, clock.Milli(s.clock.Now()), wanted, p.Before, p.After, p.Limit}, more...)...)
	if err != nil {
		return nil, fmt.Errorf("accounts of status: %w", err)
	}
	rows = keyset.Arrange(p, rows)
	ids := make([]id.Account, len(rows))
	for i, x := range rows {
		ids[i] = x.account
	}
	shown, err := s.accounts.Rows(c.Context(), ids)
	if err != nil || len(rows) == 0 {
		return []raw{}, err
	}
	return keyset.Answer(c, p, shown, len(rows), rows[0].row, rows[len(rows)-1].row, keyset.BySinceID, true), nil
}
