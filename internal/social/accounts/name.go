package accounts

import (
	"context"
	"fmt"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
)

// Bounds of finding accounts by name.
const (
	maxNames      = 40  // words of one account in the index
	maxNameWords  = 5   // of one question; what is more tells nothing
	nameHits      = 400 // read of the index before the best are chosen; what is equal to the word comes first
	maxNameOffset = 400
)

// indexNames keeps the words that an account can be found by.
func indexNames(ctx context.Context, tx *db.Tx, a *Account) error {
	if _, err := db.Exec(ctx, tx, `DELETE FROM account_names WHERE account_id = $1`, a.ID); err != nil {
		return err
	}
	for _, name := range text.Terms(text.Words(a.Username+" "+a.DisplayName), maxNames) {
		if _, err := db.Exec(ctx, tx, `INSERT INTO account_names (name, account_id) VALUES ($1, $2)`, name, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// IndexNames is for accounts that were stored before there was an index of names.
func IndexNames(ctx context.Context, tx *db.Tx, list []id.Account) error {
	// Who indexes one of these at the same moment, or changes its name, waits, and then finds the names that are there by then.
	if _, err := db.All(ctx, tx, db.Value[id.Account], `SELECT id FROM accounts WHERE id {in $1} ORDER BY id {for update}`, list); err != nil {
		return err
	}
	found, err := byIDs(ctx, tx, list)
	if err != nil {
		return err
	}
	for _, a := range found {
		if err := indexNames(ctx, tx, a); err != nil {
			return err
		}
	}
	return nil
}

// NameQuestion asks for accounts by the words of their names.
type NameQuestion struct {
	Text      string
	Domain    string     // how their domain begins, "" for any
	Viewer    id.Account // who asks: people they follow come first
	Following bool       // none but those
	Limit     int
	Offset    int
}

// ByName finds accounts each of whose names begins with a word of the question: the very username first, then
// people the viewer follows, then those whose names are the words, then those who have many followers.
func (s *Service) ByName(ctx context.Context, ask NameQuestion) ([]id.Account, error) {
	words := text.Wanted(text.Words(ask.Text), maxNameWords)
	if len(words) == 0 || ask.Offset > maxNameOffset {
		return nil, nil
	}
	var hits []id.Account
	var err error
	if !ask.Following {
		if hits, err = named(ctx, s.db, words, 0); err != nil {
			return nil, fmt.Errorf("accounts by name: %w", err)
		}
	}
	if ask.Following || ask.Viewer != 0 && len(hits) == nameHits {
		followed, err := named(ctx, s.db, words, ask.Viewer)
		if err != nil {
			return nil, fmt.Errorf("followed accounts by name: %w", err)
		}
		hits = append(hits, followed...)
	}
	if len(hits) == 0 {
		return nil, nil
	}
	best, err := bestNamed(ctx, s.db, ask, words[0], hits)
	if err != nil {
		return nil, fmt.Errorf("best of accounts by name: %w", err)
	}
	return best, nil
}
