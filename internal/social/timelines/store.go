package timelines

import (
	"context"
	"math"
	"slices"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/social/id"
	"anancus/internal/social/lists"
)

// columns and joins read candidates; s is the status.
const (
	columns = `s.id, s.author_id, s.visibility, s.local, s.local_only, s.in_reply_to_id IS NOT NULL OR s.in_reply_to_uri <> '',
	COALESCE(s.in_reply_to_account_id, 0), COALESCE(s.boost_of_id, 0), COALESCE(s.boosted_author_id, 0),
	s.deleted_at IS NOT NULL OR a.suspended_at IS NOT NULL OR a.deleted_at IS NOT NULL OR (s.boost_of_id IS NOT NULL AND COALESCE((
		SELECT o.deleted_at IS NOT NULL OR b.suspended_at IS NOT NULL OR b.deleted_at IS NOT NULL
		FROM statuses o JOIN accounts b ON b.id = o.author_id WHERE o.id = s.boost_of_id), TRUE)),
	a.limited_at IS NOT NULL, a.domain, CASE WHEN s.boost_of_id IS NULL THEN '' ELSE COALESCE((SELECT b.domain FROM accounts b WHERE b.id = s.boosted_author_id), '') END,
	s.language, s.with_media, s.quiet`
	joins = ` JOIN accounts a ON a.id = s.author_id`
)

func scan(r db.Row) (candidate, error) {
	var c candidate
	err := r.Scan(&c.status, &c.author, &c.visibility, &c.local, &c.localOnly, &c.reply, &c.replyTo, &c.boostOf, &c.boostedAuthor, &c.gone, &c.limited, &c.domain, &c.boostedDomain, &c.language, &c.media, &c.quiet)
	return c, err
}

// merged are two spellings of one question: of the statuses of many sources (authors or
// tags), the next $3 beyond the id $2. Neither reads more than it needs, however much
// a source has: SQLite's recursive query is a priority queue over the sources (a source that has no more comes last, with an id that no
// status has, and its CROSS JOIN begins with what it found), and
// PostgreSQL reads a few of each source to learn how far back the answer can reach.
const (
	mergedSQLite = `WITH RECURSIVE line (source, id) AS (
		SELECT e.value, COALESCE((SELECT t.{id} FROM {table} t WHERE t.{source} = e.value AND t.{id} {<} $2 ORDER BY t.{id} {DESC} LIMIT 1), {end}) FROM json_each($1) e
		UNION ALL
		SELECT line.source, COALESCE((SELECT t.{id} FROM {table} t WHERE t.{source} = line.source AND t.{id} {<} line.id ORDER BY t.{id} {DESC} LIMIT 1), {end})
		FROM line WHERE line.id <> {end}
		ORDER BY 2 {DESC} LIMIT $3)
	SELECT ` + columns + ` FROM line CROSS JOIN statuses s ON s.id = line.id` + joins + ` ORDER BY s.id {DESC}`

	mergedPostgres = `WITH heads AS MATERIALIZED (
		SELECT h.id FROM unnest($1::bigint[]) AS e (source) CROSS JOIN LATERAL (
			SELECT t.{id} AS id FROM {table} t WHERE t.{source} = e.source AND t.{id} {<} $2::bigint ORDER BY t.{id} {DESC} LIMIT $4::bigint) h),
	bound AS MATERIALIZED (SELECT COALESCE((SELECT id FROM heads ORDER BY id {DESC} OFFSET $3::bigint - 1 LIMIT 1), {end}) AS id),
	line AS MATERIALIZED (
		SELECT l.id FROM bound CROSS JOIN unnest($1::bigint[]) AS e (source) CROSS JOIN LATERAL (
			SELECT t.{id} AS id FROM {table} t WHERE t.{source} = e.source AND t.{id} {<} $2::bigint AND t.{id} {>}= bound.id
			ORDER BY t.{id} {DESC} LIMIT $3::bigint) l
		ORDER BY l.id {DESC} LIMIT $3::bigint)
	SELECT ` + columns + ` FROM line JOIN statuses s ON s.id = line.id` + joins + ` ORDER BY s.id {DESC}`
)

// spellings of a question: engine, table and direction.
type spelling struct {
	engine db.Engine
	tags   bool
	upward bool
}

var merged = spell()

func spell() map[spelling]string {
	all := map[spelling]string{}
	for _, tags := range []bool{false, true} {
		for _, upward := range []bool{false, true} {
			words := []string{"{table}", "statuses", "{source}", "author_id", "{id}", "id"}
			if tags {
				words = []string{"{table}", "status_tags", "{source}", "tag_id", "{id}", "status_id"}
			}
			if upward {
				words = append(words, "{<}", ">", "{>}", "<", "{DESC}", "ASC", "{end}", "9223372036854775807")
			} else {
				words = append(words, "{<}", "<", "{>}", ">", "{DESC}", "DESC", "{end}", "0")
			}
			fill := strings.NewReplacer(words...)
			all[spelling{db.SQLite, tags, upward}] = fill.Replace(mergedSQLite)
			all[spelling{db.Postgres, tags, upward}] = fill.Replace(mergedPostgres)
		}
	}
	return all
}

// mergedArgs are the arguments of a merged question. PostgreSQL first reads so many of each
// source that all together are about twice what is asked for.
func mergedArgs[T ~int64](engine db.Engine, sources []T, at id.Status, limit int) []any {
	if engine == db.SQLite {
		return []any{sources, at, limit}
	}
	return []any{sources, at, limit, 1 + 2*limit/max(len(sources), 1)}
}

// byAuthors gives the next statuses of many authors beyond an id, deleted ones included.
func byAuthors(ctx context.Context, q db.Q, authors []id.Account, at id.Status, upward bool, limit int) ([]candidate, error) {
	if len(authors) == 0 {
		return nil, nil
	}
	return db.All(ctx, q, scan, merged[spelling{q.Engine(), false, upward}], mergedArgs(q.Engine(), authors, at, limit)...)
}

// byTags gives the next statuses that carry one of some tags; one that carries several comes once.
func byTags(ctx context.Context, q db.Q, tags []id.Tag, at id.Status, upward bool, limit int) ([]candidate, error) {
	return db.All(ctx, q, scan, merged[spelling{q.Engine(), true, upward}], mergedArgs(q.Engine(), tags, at, limit)...)
}

// publicBeyond gives the next public statuses beyond an id: of everybody, or only of our
// members, or only of others; media leaves out what shows none. Replies and limited authors are among them.
func publicBeyond(ctx context.Context, q db.Q, local *bool, media bool, at id.Status, upward bool, limit int) ([]candidate, error) {
	where, order := ` AND f.id < $1`, ` DESC`
	if upward {
		where, order = ` AND f.id > $1`, ` ASC`
	}
	args := []any{at, limit}
	if media {
		where += ` AND f.with_media`
	}
	if local != nil {
		where, args = where+` AND f.local = $3`, append(args, *local)
	}
	return db.All(ctx, q, scan, publicSQL(where, order), args...)
}

func publicSQL(where, order string) string {
	return `SELECT ` + columns + ` FROM (SELECT f.id FROM statuses f
		WHERE f.visibility = 'public' AND f.boost_of_id IS NULL AND f.deleted_at IS NULL` + where + ` ORDER BY f.id` + order + ` LIMIT $2) AS line
		JOIN statuses s ON s.id = line.id` + joins + ` ORDER BY s.id` + order
}

// withAnswers gives a status and the known answers to it, which may have been waiting for it.
const withAnswers = `SELECT ` + columns + ` FROM statuses s` + joins + ` WHERE s.id = $1 OR s.in_reply_to_id = $1 ORDER BY s.id LIMIT 200`

func candidateAndAnswers(ctx context.Context, q db.Q, status id.Status) ([]candidate, error) {
	return db.All(ctx, q, scan, withAnswers, status)
}

const byIDs = `SELECT ` + columns + ` FROM statuses s` + joins + ` WHERE s.id {in $1}`

func candidates(ctx context.Context, q db.Q, ids []id.Status) ([]candidate, error) {
	return db.All(ctx, q, scan, byIDs, ids)
}

// about gives the newest statuses above a floor that have to do with somebody: written by
// them, answering, boosting or mentioning them.
const (
	aboutSQLite = `SELECT ` + columns + ` FROM json_each($1) e JOIN statuses s ON s.author_id = e.value AND s.id > $2` + joins + `
	WHERE ` + concerning + ` ORDER BY s.id DESC LIMIT $4`
	aboutPostgres = `SELECT ` + columns + ` FROM unnest($1::bigint[]) AS e (source) CROSS JOIN LATERAL (
		SELECT s.* FROM statuses s WHERE s.author_id = e.source AND s.id > $2 AND ` + concerning + ` ORDER BY s.id DESC LIMIT $4) s` + joins + `
	ORDER BY s.id DESC LIMIT $4`
	concerning = `(s.author_id = $3 OR s.in_reply_to_account_id = $3 OR s.boosted_author_id = $3
		OR EXISTS (SELECT 1 FROM mentions m WHERE m.account_id = $3 AND m.status_id = s.id)
		OR (s.boost_of_id IS NOT NULL AND EXISTS (SELECT 1 FROM mentions m WHERE m.account_id = $3 AND m.status_id = s.boost_of_id)))`
)

func about(ctx context.Context, q db.Q, authors []id.Account, floor id.Status, target id.Account, limit int) ([]candidate, error) {
	if len(authors) == 0 {
		return nil, nil
	}
	sql := aboutSQLite
	if q.Engine() == db.Postgres {
		sql = aboutPostgres
	}
	return db.All(ctx, q, scan, sql, authors, floor, target, limit)
}

// addMentions tells candidates whom they, and what they boost, mention; only of the accounts that matter (nil: all).
func addMentions(ctx context.Context, q db.Q, list []candidate, matter []id.Account) error {
	var ids []id.Status
	for _, c := range list {
		ids = append(ids, c.status)
		if c.boostOf != 0 {
			ids = append(ids, c.boostOf)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	sql, args := mentionsSQL, []any{ids}
	if matter != nil {
		sql, args = sql+` AND m.account_id {in $2}`, append(args, matter)
	}
	type mention struct {
		status  id.Status
		account id.Account
	}
	found, err := db.All(ctx, q, func(r db.Row) (mention, error) {
		var m mention
		err := r.Scan(&m.status, &m.account)
		return m, err
	}, sql, args...)
	if err != nil {
		return err
	}
	by := map[id.Status][]id.Account{}
	for _, m := range found {
		by[m.status] = append(by[m.status], m.account)
	}
	for i := range list {
		c := &list[i]
		c.mentions = by[c.status]
		if c.boostOf != 0 {
			c.mentions = slices.Concat(c.mentions, by[c.boostOf])
		}
	}
	return nil
}

const mentionsSQL = `SELECT m.status_id, m.account_id FROM mentions m WHERE m.status_id {in $1} AND NOT m.silent`

// factsSQL gathers what a reader's feed depends on. A mute counts until its row is gone.
const factsSQL = `SELECT CASE WHEN show_boosts THEN 'follows' ELSE 'quietly' END, target_id, languages FROM follows WHERE account_id = $1
	UNION ALL SELECT 'blocking', target_id, '' FROM blocks WHERE account_id = $1
	UNION ALL SELECT 'blocked by', account_id, '' FROM blocks WHERE target_id = $1
	UNION ALL SELECT 'muting', target_id, '' FROM mutes WHERE account_id = $1
	UNION ALL SELECT 'domain', 0, domain FROM account_domain_blocks WHERE account_id = $1
	UNION ALL SELECT 'tag', tag_id, '' FROM tag_follows WHERE account_id = $1
	UNION ALL SELECT 'exclusive', m.account_id, '' FROM lists l JOIN list_members m ON m.list_id = l.id JOIN follows f ON f.id = m.follow_id
		WHERE l.account_id = $1 AND l.exclusive
	UNION ALL SELECT 'chosen', 0, chosen_languages FROM members WHERE account_id = $1 AND chosen_languages <> ''`

// loadFacts reads what a feed depends on. NotFound for the list of somebody else.
func loadFacts(ctx context.Context, q db.Q, k key) (*facts, error) {
	type fact struct {
		kind    string
		account id.Account
		word    string // a domain, or languages
	}
	found, err := db.All(ctx, q, func(r db.Row) (fact, error) {
		var f fact
		err := r.Scan(&f.kind, &f.account, &f.word)
		return f, err
	}, factsSQL, k.reader)
	if err != nil {
		return nil, err
	}
	r := &facts{reader: k.reader, languages: map[id.Account][]string{}}
	for _, f := range found {
		if (f.kind == "follows" || f.kind == "quietly") && f.word != "" {
			r.languages[f.account] = strings.Split(f.word, ",")
		}
		switch f.kind {
		case "quietly":
			r.quiet = append(r.quiet, f.account)
			r.follows = append(r.follows, f.account)
		case "follows":
			r.follows = append(r.follows, f.account)
		case "blocking":
			r.blocking = append(r.blocking, f.account)
		case "blocked by":
			r.blockedBy = append(r.blockedBy, f.account)
		case "muting":
			r.muting = append(r.muting, f.account)
		case "domain":
			r.domains = append(r.domains, f.word)
		case "tag":
			r.tags = append(r.tags, id.Tag(f.account))
		case "exclusive":
			r.exclusive = append(r.exclusive, f.account)
		case "chosen":
			r.chosen = strings.Split(f.word, ",")
		}
	}
	for _, set := range []people{r.follows, r.quiet, r.blocking, r.blockedBy, r.muting, r.exclusive} {
		slices.Sort(set)
	}
	r.exclusive = slices.Compact(r.exclusive) // on several such lists
	slices.Sort(r.domains)
	slices.Sort(r.tags)
	if k.list != 0 {
		feed, err := lists.FeedOf(ctx, q, k.reader, k.list)
		if err != nil {
			return nil, err
		}
		r.list = &listing{k.list, feed.Replies, feed.Members}
	}
	return r, nil
}

const wishSQL = `SELECT f.show_boosts, f.languages, EXISTS (SELECT 1 FROM list_members m JOIN lists l ON l.id = m.list_id
		WHERE m.account_id = f.target_id AND m.follow_id = f.id AND l.account_id = f.account_id AND l.exclusive)
	FROM follows f WHERE f.account_id = $1 AND f.target_id = $2`

// wishOf tells how somebody follows another.
func wishOf(ctx context.Context, q db.Q, follower, target id.Account) (wish, error) {
	return db.One(ctx, q, func(r db.Row) (wish, error) {
		var w wish
		var languages string
		err := r.Scan(&w.boosts, &languages, &w.exclusive)
		if languages != "" {
			w.languages = strings.Split(languages, ",")
		}
		return w, err
	}, wishSQL, follower, target)
}

const newest = id.Status(math.MaxInt64)

// mentioningSQL begins with the statuses: an account may be mentioned in a million, all of which PostgreSQL would rather read, since most have few.
const mentioningSQL = `SELECT s.id FROM statuses s WHERE s.id {in $2}
	AND EXISTS (SELECT 1 FROM mentions m WHERE m.status_id = s.id AND m.account_id = $1 AND NOT m.silent LIMIT 1 OFFSET 0)`

// mentionedIn tells which of some statuses mention an account.
func mentionedIn(ctx context.Context, q db.Q, account id.Account, ids []id.Status) (map[id.Status]bool, error) {
	found, err := db.All(ctx, q, db.Value[id.Status], mentioningSQL, account, ids)
	in := make(map[id.Status]bool, len(found))
	for _, status := range found {
		in[status] = true
	}
	return in, err
}
