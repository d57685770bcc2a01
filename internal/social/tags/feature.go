package tags

import (
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// MaxFeatured is how many hashtags a member may show on the profile.
const MaxFeatured = 10

// Featured is a hashtag on a profile, with how its owner used it.
type Featured struct {
	ID       id.FeaturedTag
	Tag      Tag
	Statuses int64
	Last     time.Time // of the newest of these statuses; zero when there is none
}

// Feature shows a hashtag on the member's profile. Doing it twice changes nothing.
func (s *Service) Feature(ctx context.Context, member id.Account, name string) (*Tag, error) {
	return s.feature(ctx, member, name, false)
}

func (s *Service) feature(ctx context.Context, account id.Account, name string, elsewhere bool) (*Tag, error) {
	var tag *Tag
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if tag, err = kept(ctx, tx, name); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `INSERT INTO featured_tags (id, account_id, tag_id, created_at) VALUES ($1,$2,$3,$4)
			ON CONFLICT (account_id, tag_id) DO NOTHING`, tx.NextID(), account, tag.ID, clock.Milli(tx.Now()))
		if err != nil || n == 0 {
			return err
		}
		have, err := db.One(ctx, tx, db.Int64, `SELECT COUNT(*) FROM featured_tags WHERE account_id = $1`, account)
		if err != nil {
			return err
		}
		if have > MaxFeatured {
			return fault.New(fault.Invalid, "Validation failed: You have already featured the maximum number of hashtags")
		}
		if elsewhere {
			if _, err := db.Exec(ctx, tx, countPastSQL, account, tag.ID); err != nil {
				return err
			}
		}
		return tx.Emit(FeaturedChanged{account, tag.ID, true, clock.Milli(tx.Now())})
	})
	if err != nil {
		return nil, fmt.Errorf("feature hashtag: %w", err)
	}
	return tag, nil
}

// Unfeature takes a hashtag off the member's profile. None to take off is no error.
func (s *Service) Unfeature(ctx context.Context, member id.Account, name string) (*Tag, error) {
	var tag *Tag
	err := s.db.Tx(ctx, func(tx *db.Tx) (err error) {
		if tag, err = named(ctx, tx, name); err != nil {
			return err
		}
		n, err := db.Exec(ctx, tx, `DELETE FROM featured_tags WHERE account_id = $1 AND tag_id = $2`, member, tag.ID)
		if err != nil || n == 0 {
			return err
		}
		return tx.Emit(FeaturedChanged{member, tag.ID, false, clock.Milli(tx.Now())})
	})
	if err != nil {
		return nil, fmt.Errorf("unfeature hashtag: %w", err)
	}
	return tag, nil
}

// UnfeatureByID does the same by the row's own id. NotFound when it is not the member's.
func (s *Service) UnfeatureByID(ctx context.Context, member id.Account, row id.FeaturedTag) error {
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		tag, err := db.One(ctx, tx, db.Value[id.Tag], `DELETE FROM featured_tags WHERE id = $1 AND account_id = $2 RETURNING tag_id`, row, member)
		if err != nil {
			return err
		}
		return tx.Emit(FeaturedChanged{member, tag, false, clock.Milli(tx.Now())})
	})
}

// featuredSQL counts in the index of an account's own uses alone.
const featuredSQL = `SELECT f.id, t.id, t.name, t.shown,
		(SELECT COUNT(*) FROM status_tags st WHERE st.member_id = f.account_id AND st.tag_id = f.tag_id) AS uses,
		COALESCE((SELECT MAX(st.status_id) FROM status_tags st WHERE st.member_id = f.account_id AND st.tag_id = f.tag_id), 0)
	FROM featured_tags f JOIN tags t ON t.id = f.tag_id WHERE f.account_id = $1 ORDER BY uses DESC, f.id LIMIT $2`

// FeaturedBy gives the hashtags on an account's profile, the most used first.
func FeaturedBy(ctx context.Context, q db.Q, account id.Account) ([]Featured, error) {
	return db.All(ctx, q, func(r db.Row) (Featured, error) {
		var f Featured
		var last int64
		err := r.Scan(&f.ID, &f.Tag.ID, &f.Tag.Name, &f.Tag.Shown, &f.Statuses, &last)
		if last != 0 {
			f.Last = clock.FromMilli(last >> 16) // ids hold the time
		}
		return f, err
	}, featuredSQL, account, MaxFeatured)
}

// Suggestions are the hashtags that a member used most within a year and might show.
const suggestions = 10

const suggestionsSQL = `SELECT st.tag_id FROM status_tags st WHERE st.member_id = $1 AND st.status_id > $2
	AND NOT EXISTS (SELECT 1 FROM featured_tags f WHERE f.account_id = $1 AND f.tag_id = st.tag_id)
	GROUP BY st.tag_id HAVING COUNT(*) > 1 ORDER BY COUNT(*) DESC, st.tag_id DESC LIMIT $3`

func (s *Service) suggested(ctx context.Context, member id.Account) ([]id.Tag, error) {
	return db.All(ctx, s.db, db.Value[id.Tag], suggestionsSQL, member, clock.Milli(s.clock.Now().AddDate(-1, 0, 0))<<16, suggestions)
}

// ownName reads the name in a form, which may bring its sigil.
func ownName(name string) (string, error) {
	name = strings.TrimPrefix(strings.TrimSpace(name), "#")
	if !text.ValidTag(name) || text.TagKey(name) == "" {
		return "", fault.New(fault.Invalid, "Validation failed: Tag is invalid")
	}
	return name, nil
}
