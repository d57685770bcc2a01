package search

import (
	"context"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
)

// index keeps which terms each status has; the one thing that the engines do in their own ways.
type index interface {
	// put keeps the terms of statuses, in the place of those before.
	put(ctx context.Context, tx *db.Tx, list []entry) error
	// drop forgets statuses.
	drop(ctx context.Context, tx *db.Tx, list []id.Status) error
	// find gives the newest statuses that fit, with ids below and above two bounds.
	find(ctx context.Context, q db.Q, w wish, below, above id.Status, limit int) ([]id.Status, error)
}

// entry is a status with everything it can be found by. No term has a space.
type entry struct {
	status id.Status
	terms  []string
}

// wish is what a status must have among its terms, what it must not, and of what it must have one.
type wish struct {
	all, none, one []string
}

// Terms that no text has, since a word has no colon. What follows is cleaned by term.
const (
	publicTerm    = ":p"       // a public status of an author whom everybody may find
	readerTerm    = ":r"       // it is in this member's library
	authorTerm    = ":f"       // who wrote it
	hasTerm       = ":h"       // media, image, video, audio, poll, link, embed
	isTerm        = ":i"       // reply, sensitive, quote
	languageTerm  = ":g"       // its language
	tagTerm       = "#"        // a hashtag it carries
	stretchTerm   = ":w"       // the stretch of time its id lies in, on PostgreSQL
	maxTextTerms  = 4096       // of the text of one status
	maxReaders    = 2000       // members whose library one status is in; beyond them it is found by what is public
	maxWishTerms  = 48         // of one question; what is more is looked for in the texts themselves
	numberBase    = 36         // ids as terms are short
	maxTermLength = 4 * 2 * 60 // bytes
)

// term makes one of the terms above of what somebody wrote.
func term(kind, value string) string {
	value = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 0x80 && r != 0xFFFD:
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '_'
	}, value)
	if len(value) > maxTermLength {
		value = strings.ToValidUTF8(value[:maxTermLength], "")
	}
	return kind + value
}

// accountTerm makes a term of an account.
func accountTerm(kind string, account id.Account) string {
	return kind + strconv.FormatInt(int64(account), numberBase)
}
