package search

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
)

// document is what the index is told of a status.
type document struct {
	status    id.Status
	author    id.Account
	local     bool // its author is a member
	deleted   bool
	public    bool // anyone here may find it
	crowded   bool // so many did something with it that they are counted, not listed
	touched   bool // somebody is named in it or did something with it
	shown     bool // media hang on it
	language  string
	reply     bool
	sensitive bool
	quote     bool // it quotes another, whether it may or not
	poll      bool
	said      string // everything that it says, as plain text
	linked    bool
	tags      []string
	shows     map[string]bool // media, and of which kinds
	readers   []id.Account    // members in whose library it is
}

// crowd is how many people are looked through for members among them, where a status has more.
const crowd = 5000

const documentsSQL = `SELECT s.id, s.author_id, s.local, s.deleted_at IS NOT NULL OR s.boost_of_id IS NOT NULL,
	s.visibility = 'public' AND a.indexable, COALESCE(c.favourites + c.boosts, 0) + COALESCE(p.voters, 0) > $2, s.language,
	s.in_reply_to_id IS NOT NULL OR s.in_reply_to_uri <> '', s.sensitive, EXISTS (SELECT 1 FROM quotes q WHERE q.status_id = s.id` + once + `),
	p.status_id IS NOT NULL, s.with_media, EXISTS (SELECT 1 FROM mentions WHERE status_id = s.id) OR EXISTS (SELECT 1 FROM favourites WHERE status_id = s.id)
		OR EXISTS (SELECT 1 FROM bookmarks WHERE status_id = s.id) OR EXISTS (SELECT 1 FROM statuses b WHERE b.boost_of_id = s.id),
	s.content_warning, s.content, COALESCE(p.options, '[]')
	FROM statuses s JOIN accounts a ON a.id = s.author_id LEFT JOIN status_counts c ON c.status_id = s.id LEFT JOIN polls p ON p.status_id = s.id WHERE s.id {in $1}`

func scanDocument(r db.Row) (*document, error) {
	d := &document{}
	var s said
	err := r.Scan(&d.status, &d.author, &d.local, &d.deleted, &d.public, &d.crowded, &d.language, &d.reply, &d.sensitive, &d.quote, &d.poll, &d.shown, &d.touched, &s.warning, &s.content, &s.options)
	if err != nil {
		return nil, err
	}
	return d, d.say(s)
}

// said is where a status says things: in its warning, in its content as HTML, in the options of its poll as a JSON array.
type said struct{ warning, content, options string }

// say takes what a status says.
func (d *document) say(s said) error {
	plain := text.PlainText(s.content)
	for _, e := range text.Scan(plain) {
		d.linked = d.linked || e.Kind == text.Link
	}
	var options []string
	if err := json.Unmarshal([]byte(s.options), &options); err != nil {
		return fmt.Errorf("poll of status %d: %w", d.status, err)
	}
	d.said = strings.Join(append([]string{s.warning, plain}, options...), "\n")
	return nil
}

// library is where a member's statuses are: those they wrote aside, whoever may still read them.
const librarySQL = `SELECT x.status_id, x.account_id FROM (SELECT status_id, account_id FROM mentions WHERE status_id {in $1} LIMIT $2) x JOIN members m ON m.account_id = x.account_id
	UNION SELECT x.status_id, x.account_id FROM (SELECT status_id, account_id FROM favourites WHERE status_id {in $1} LIMIT $2) x JOIN members m ON m.account_id = x.account_id
	UNION SELECT x.status_id, x.account_id FROM (SELECT status_id, account_id FROM bookmarks WHERE status_id {in $1} LIMIT $2) x JOIN members m ON m.account_id = x.account_id
	UNION SELECT x.status_id, x.account_id FROM (SELECT v.status_id, v.account_id FROM poll_votes v JOIN polls p ON p.status_id = v.status_id AND p.round = v.round
		WHERE v.status_id {in $1} LIMIT $2) x JOIN members m ON m.account_id = x.account_id
	UNION SELECT x.boost_of_id, x.author_id FROM (SELECT boost_of_id, author_id FROM statuses WHERE boost_of_id {in $1} AND deleted_at IS NULL LIMIT $2) x JOIN members m ON m.account_id = x.author_id`

// documents reads what the index should know of statuses; those that are no more are left out.
func documents(ctx context.Context, q db.Q, list []id.Status) ([]*document, error) {
	found, err := db.All(ctx, q, scanDocument, documentsSQL, list, crowd)
	if err != nil {
		return nil, fmt.Errorf("statuses to index: %w", err)
	}
	at := make(map[id.Status]*document, len(found))
	var few, showing []id.Status
	for _, d := range found {
		at[d.status] = d
		if d.local {
			d.readers = append(d.readers, d.author)
		}
		if (d.touched || d.poll) && !d.crowded {
			few = append(few, d.status)
		}
		if d.shown {
			showing = append(showing, d.status)
		}
	}
	if err := addReaders(ctx, q, at, few, crowd*max(1, len(few))); err != nil {
		return nil, err
	}
	for _, d := range found {
		if d.crowded {
			if err := addReaders(ctx, q, at, []id.Status{d.status}, crowd); err != nil {
				return nil, err
			}
		}
	}
	shown, err := media.Of(ctx, q, showing)
	if err != nil {
		return nil, err
	}
	for status, list := range shown {
		d := at[status]
		d.shows = map[string]bool{"media": true}
		for _, one := range list {
			kind := one.Kind
			if kind == media.GIFV {
				kind = media.Video
			}
			d.shows[string(kind)] = true
			d.said += "\n" + one.Description
		}
	}
	tags, err := db.All(ctx, q, func(r db.Row) (none struct{}, err error) {
		var status id.Status
		var name string
		err = r.Scan(&status, &name)
		at[status].tags = append(at[status].tags, name)
		return none, err
	}, `SELECT st.status_id, t.name FROM status_tags st JOIN tags t ON t.id = st.tag_id WHERE st.status_id {in $1}`, ids(found))
	_ = tags
	if err != nil {
		return nil, fmt.Errorf("hashtags to index: %w", err)
	}
	return found, nil
}

func ids(list []*document) []id.Status {
	out := make([]id.Status, 0, len(list))
	for _, d := range list {
		out = append(out, d.status)
	}
	return out
}

func addReaders(ctx context.Context, q db.Q, at map[id.Status]*document, list []id.Status, most int) error {
	if len(list) == 0 {
		return nil
	}
	_, err := db.All(ctx, q, func(r db.Row) (none struct{}, err error) {
		var status id.Status
		var account id.Account
		err = r.Scan(&status, &account)
		if d := at[status]; err == nil && len(d.readers) < maxReaders {
			d.readers = append(d.readers, account)
		}
		return none, err
	}, librarySQL, list, most)
	if err != nil {
		return fmt.Errorf("readers to index: %w", err)
	}
	return nil
}

// words is what the status says, cut for comparing.
func (d *document) words() []text.Word { return text.Words(d.said) }

// terms gives everything the status can be found by; nothing where nobody may find it.
func (d *document) terms() []string {
	if d.deleted || !d.public && len(d.readers) == 0 {
		return nil
	}
	terms := text.Terms(d.words(), maxTextTerms)
	if d.public {
		terms = append(terms, publicTerm)
	}
	for _, reader := range d.readers {
		terms = append(terms, accountTerm(readerTerm, reader))
	}
	terms = append(terms, accountTerm(authorTerm, d.author))
	for _, tag := range d.tags {
		if tag != "" && len(tag) <= maxTag {
			terms = append(terms, tagTerm+tag)
		}
	}
	if d.language != "" {
		terms = append(terms, term(languageTerm, d.language))
	}
	for name, is := range map[string]bool{"reply": d.reply, "sensitive": d.sensitive, "quote": d.quote} {
		if is {
			terms = append(terms, isTerm+name)
		}
	}
	for name, has := range map[string]bool{"link": d.linked, "poll": d.poll} {
		if has {
			terms = append(terms, hasTerm+name)
		}
	}
	for kind := range d.shows {
		terms = append(terms, hasTerm+kind)
	}
	return terms
}

// maxTag is the longest name of a hashtag that an index of PostgreSQL takes as one term, in bytes.
const maxTag = 2000

// Index reads statuses again and keeps, or forgets, what they can be found by. It reads the present
// state, so that it may be asked twice, late and in any order.
func (s *Service) Index(ctx context.Context, list ...id.Status) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error { return s.indexIn(ctx, tx, list) })
	if err != nil {
		return fmt.Errorf("index statuses: %w", err)
	}
	return nil
}

func (s *Service) indexIn(ctx context.Context, tx *db.Tx, list []id.Status) error {
	// Who indexes one of these at the same moment waits, and then reads what is true by then.
	if _, err := db.All(ctx, tx, db.Value[id.Status], `SELECT id FROM statuses WHERE id {in $1} ORDER BY id {for update}`, list); err != nil {
		return err
	}
	found, err := documents(ctx, tx, list)
	if err != nil {
		return err
	}
	keep, kept := map[id.Status]bool{}, make([]entry, 0, len(found))
	for _, d := range found {
		if terms := d.terms(); len(terms) > 0 {
			keep[d.status] = true
			kept = append(kept, entry{d.status, terms})
		}
	}
	if len(kept) > 0 {
		if err := s.index.put(ctx, tx, kept); err != nil {
			return err
		}
	}
	var gone []id.Status
	for _, one := range list {
		if !keep[one] {
			gone = append(gone, one)
		}
	}
	if len(gone) == 0 {
		return nil
	}
	return s.index.drop(ctx, tx, gone)
}
