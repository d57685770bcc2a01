package frontdoor

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/kit/text"
	"anancus/internal/social/viewer"
)

// Bounds of the rules. Mastodon has the length of one; how many keeps every instance document small.
const (
	MaxRule  = 300 // characters of a rule
	maxHint  = 1000
	maxRules = 100
)

// Rule is one thing that members agree to.
type Rule struct {
	ID           string              `json:"id"`
	Text         string              `json:"text"`
	Hint         string              `json:"hint"`
	Translations map[string]RuleText `json:"translations"` // by language
}

// RuleText is a rule in one language.
type RuleText struct {
	Text string `json:"text"`
	Hint string `json:"hint"`
}

// RulesChanged is the event of a keeper changing the rules.
type RulesChanged struct{}

func checkRule(rule, hint string) error {
	switch n := utf8.RuneCountInString(strings.TrimSpace(rule)); {
	case n == 0:
		return fault.New(fault.Invalid, "The text of a rule can't be blank")
	case n > MaxRule:
		return fault.New(fault.Invalid, fmt.Sprintf("The text of a rule must be at most %d characters", MaxRule))
	case utf8.RuneCountInString(hint) > maxHint:
		return fault.New(fault.Invalid, fmt.Sprintf("The hint of a rule must be at most %d characters", maxHint))
	}
	return nil
}

// Rules lists the rules in the keepers' order.
func (s *Service) Rules(ctx context.Context) ([]Rule, error) { return rules(ctx, s.db) }

// AddRule puts a rule after the others.
func (s *Service) AddRule(ctx context.Context, rule, hint string) (Rule, error) {
	var made Rule
	if err := checkRule(rule, hint); err != nil {
		return made, err
	}
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		there, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		if len(there) >= maxRules {
			return fault.New(fault.Invalid, fmt.Sprintf("There can be at most %d rules", maxRules))
		}
		made = Rule{ID: fmt.Sprint(tx.NextID()), Text: strings.TrimSpace(rule), Hint: strings.TrimSpace(hint), Translations: map[string]RuleText{}}
		if err := insertRule(ctx, tx, made, len(there), clock.Milli(tx.Now())); err != nil {
			return err
		}
		return tx.Emit(RulesChanged{})
	})
	return made, err
}

// ChangeRule changes a rule's words, in a language or (language "") in the keepers' own.
func (s *Service) ChangeRule(ctx context.Context, rule, language, words, hint string) (Rule, error) {
	if err := checkRule(words, hint); err != nil {
		return Rule{}, err
	}
	if language != "" {
		code, known := text.Language(language)
		if !known {
			return Rule{}, fault.New(fault.Invalid, fmt.Sprintf("%q is no language", language))
		}
		language = code
	}
	return s.editRules(ctx, rule, func(tx *db.Tx, _ []Rule, r *Rule) error {
		to := RuleText{strings.TrimSpace(words), strings.TrimSpace(hint)}
		if language == "" {
			r.Text, r.Hint = to.Text, to.Hint
		} else {
			r.Translations[language] = to
		}
		return updateRule(ctx, tx, *r)
	})
}

// MoveRule puts a rule at a place, counted from 1.
func (s *Service) MoveRule(ctx context.Context, rule string, place int) (Rule, error) {
	return s.editRules(ctx, rule, func(tx *db.Tx, list []Rule, r *Rule) error {
		if place < 1 || place > len(list) {
			return fault.New(fault.Invalid, fmt.Sprintf("The place of a rule is a number from 1 to %d", len(list)))
		}
		order := make([]Rule, 0, len(list))
		for _, one := range list {
			if one.ID != r.ID {
				order = append(order, one)
			}
		}
		order = append(order[:place-1], append([]Rule{*r}, order[place-1:]...)...)
		for i, one := range order {
			if err := placeRule(ctx, tx, one.ID, i); err != nil {
				return err
			}
		}
		return nil
	})
}

// RemoveRule takes a rule away. Reports that name it keep it.
func (s *Service) RemoveRule(ctx context.Context, rule string) (Rule, error) {
	return s.editRules(ctx, rule, func(tx *db.Tx, _ []Rule, r *Rule) error { return removeRule(ctx, tx, r.ID, clock.Milli(tx.Now())) })
}

func (s *Service) editRules(ctx context.Context, rule string, change func(tx *db.Tx, list []Rule, r *Rule) error) (Rule, error) {
	var changed Rule
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		list, err := rules(ctx, tx)
		if err != nil {
			return err
		}
		for i := range list {
			if list[i].ID == rule {
				if err := change(tx, list, &list[i]); err != nil {
					return err
				}
				changed = list[i]
				return tx.Emit(RulesChanged{})
			}
		}
		return fault.New(fault.NotFound, fmt.Sprintf("There is no rule %s", rule))
	})
	return changed, err
}

// ShowRules serves GET /api/v1/instance/rules.
func (s *Service) ShowRules(c *viewer.Call) (any, error) {
	list, err := s.Rules(c.Context())
	if err != nil {
		return nil, err
	}
	return rest.Tagged{Body: list, Cache: cacheInstance}, nil
}

// rules are read with every instance document: they are few.
func rules(ctx context.Context, q db.Q) ([]Rule, error) {
	list, err := db.All(ctx, q, func(r db.Row) (Rule, error) {
		var one Rule
		var number int64
		var translations string
		err := r.Scan(&number, &one.Text, &one.Hint, &translations)
		one.ID = fmt.Sprint(number)
		if err == nil {
			err = json.Unmarshal([]byte(translations), &one.Translations)
		}
		return one, err
	}, `SELECT id, text, hint, translations FROM rules WHERE deleted_at IS NULL ORDER BY position, id LIMIT 1000`)
	if list == nil {
		list = []Rule{}
	}
	return list, err
}

func insertRule(ctx context.Context, tx *db.Tx, r Rule, position int, now int64) error {
	_, err := db.Exec(ctx, tx, `INSERT INTO rules (id, position, text, hint, created_at) VALUES (CAST($1 AS BIGINT), $2, $3, $4, $5)`, r.ID, position, r.Text, r.Hint, now)
	return err
}

func updateRule(ctx context.Context, tx *db.Tx, r Rule) error {
	translations, err := json.Marshal(r.Translations)
	if err != nil {
		return err
	}
	_, err = db.Exec(ctx, tx, `UPDATE rules SET text = $2, hint = $3, translations = $4 WHERE id = CAST($1 AS BIGINT)`, r.ID, r.Text, r.Hint, string(translations))
	return err
}

func placeRule(ctx context.Context, tx *db.Tx, rule string, position int) error {
	_, err := db.Exec(ctx, tx, `UPDATE rules SET position = $2 WHERE id = CAST($1 AS BIGINT)`, rule, position)
	return err
}

func removeRule(ctx context.Context, tx *db.Tx, rule string, now int64) error {
	_, err := db.Exec(ctx, tx, `UPDATE rules SET deleted_at = $2 WHERE id = CAST($1 AS BIGINT)`, rule, now)
	return err
}
