package statuses

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/relationships"
	"anancus/internal/social/relays"
)

// NoteOf writes a local status as other servers read it.
func (s *Service) NoteOf(ctx context.Context, status *Status) (*activitypub.Note, error) {
	author, err := s.accounts.ByID(ctx, status.Author)
	if err != nil {
		return nil, err
	}
	people, err := s.mentionedAccounts(ctx, status)
	if err != nil {
		return nil, err
	}
	note := &activitypub.Note{
		Context: activitypub.ContextNote, ID: status.URI, Type: "Note", Published: activitypub.Timestamp(status.CreatedAt), URL: status.URL,
		AttributedTo: author.URI, Sensitive: status.Sensitive, AtomURI: status.URI, Content: status.Content, Updated: activitypub.Timestamp(status.EditedAt),
	}
	if note.Conversation, err = s.conversation(ctx, status); err != nil {
		return nil, err
	}
	note.ConversationPage = note.Conversation
	if status.ContentWarning != "" {
		note.Summary = &status.ContentWarning
	}
	if status.Language != "" {
		note.ContentMap = map[string]string{status.Language: status.Content}
	}
	if status.InReplyTo != 0 {
		parent, err := one(ctx, s.db, status.InReplyTo)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return nil, err
		}
		if parent != nil {
			note.InReplyTo, note.InReplyToAtomURI = &parent.URI, &parent.URI
		}
	}
	addressed, err := s.addressable(ctx, author, people)
	if err != nil {
		return nil, err
	}
	note.To, note.Cc = address(author, status.Visibility, addressed)
	if err := s.ask(ctx, note, status.ID); err != nil {
		return nil, err
	}
	if status.Visibility == Direct {
		direct := true
		note.DirectMessage = &direct
	}
	for _, person := range people {
		note.Tag = append(note.Tag, activitypub.NewMention(person.URI, s.handleOf(person)))
	}
	carried, err := carriedBy(ctx, s.db, []id.Status{status.ID})
	if err != nil {
		return nil, err
	}
	var leads []id.Collection
	for _, t := range carried {
		if t.collection != 0 {
			leads = append(leads, t.collection)
			continue
		}
		note.Tag = append(note.Tag, activitypub.NewHashtag(s.site.TagURL(t.name), t.name))
	}
	var options []string
	for _, option := range append(note.OneOf, note.AnyOf...) {
		options = append(options, option.Name)
	}
	shown, err := s.emoji.Tags(ctx, status.emojified(options)...)
	if err != nil {
		return nil, err
	}
	note.Tag = append(note.Tag, shown...)
	featured, err := s.featuredTags(ctx, leads)
	if err != nil {
		return nil, err
	}
	note.Tag = append(note.Tag, featured...)
	note.Context = activitypub.ContextFor(note.Tag)
	numbers, err := countsOf(ctx, s.db, []id.Status{status.ID})
	if err != nil {
		return nil, err
	}
	for _, n := range numbers {
		note.Likes, note.Shares = activitypub.NewCount(status.URI+"/likes", n.favourites), activitypub.NewCount(status.URI+"/shares", n.boosts)
	}
	files, err := media.Of(ctx, s.db, []id.Status{status.ID})
	if err != nil {
		return nil, err
	}
	for _, file := range files[status.ID] {
		note.Attachment = append(note.Attachment, s.media.Document(file))
	}
	_, address, err := media.LinkOf(ctx, s.db, status.ID)
	if err != nil {
		return nil, err
	}
	if address != "" {
		note.Attachment = append(note.Attachment, activitypub.Document{Type: "Link", Href: address})
	}
	if note.Replies, err = s.firstReplies(ctx, status); err != nil {
		return nil, err
	}
	note.InteractionPolicy = status.QuotePolicy.wire(author)
	return note, s.quoteOnWire(ctx, note, status)
}

// conversation is the address of the thread of a status, where it began; "" for one that began elsewhere and has none.
func (s *Service) conversation(ctx context.Context, status *Status) (string, error) {
	if status.Context != "" {
		return status.Context, nil
	}
	root := status
	if status.Thread != status.ID {
		var err error
		if root, err = one(ctx, s.db, status.Thread); err != nil {
			return "", ignoreNotFound(err)
		}
	}
	if !root.Local {
		return "", nil
	}
	return s.site.URL("/contexts/" + root.Author.String() + "-" + root.ID.String()), nil
}

// handleOf is a handle as the wire names it: with a domain always.
func (s *Service) handleOf(a *accounts.Account) string {
	if a.Local() {
		return a.Username + "@" + s.site.Domain
	}
	return a.Username + "@" + a.Domain
}

// address says who may read, in the wire's words (federation.md §6).
func address(author *accounts.Account, v Visibility, mentioned []*accounts.Account) (to, cc []string) {
	var people []string
	for _, person := range mentioned {
		people = append(people, person.URI)
		if person.Kind == "Group" && person.FollowersURL != "" {
			people = append(people, person.FollowersURL)
		}
	}
	switch v {
	case Public:
		return []string{activitypub.Public}, append([]string{author.FollowersURL}, people...)
	case Unlisted:
		return []string{author.FollowersURL}, append([]string{activitypub.Public}, people...)
	case Private:
		return []string{author.FollowersURL}, people
	default:
		return people, nil
	}
}

// addressable leaves of those whom a limited author names only who follows them: nobody else is written to by such an author.
func (s *Service) addressable(ctx context.Context, author *accounts.Account, people []*accounts.Account) ([]*accounts.Account, error) {
	if !author.Limited() || len(people) == 0 {
		return people, nil
	}
	ids := make([]id.Account, len(people))
	for i, person := range people {
		ids[i] = person.ID
	}
	_, followers, err := relationships.Among(ctx, s.db, author.ID, ids)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(slices.Clone(people), func(a *accounts.Account) bool { return !followers[a.ID] }), nil
}

func (s *Service) mentionedAccounts(ctx context.Context, status *Status) ([]*accounts.Account, error) {
	loud, _, err := Mentioned(ctx, s.db, status.ID)
	if err != nil {
		return nil, err
	}
	return s.accounts.ByIDs(ctx, loud)
}

// CreateOf writes the Create of a local status.
func (s *Service) CreateOf(ctx context.Context, status *Status) (*activitypub.Activity, error) {
	note, err := s.NoteOf(ctx, status)
	if err != nil {
		return nil, err
	}
	create := activitypub.NewCreate(status.URI+"/activity", *note)
	return &create, nil
}

// AnnounceOf writes the Announce of a local boost.
func (s *Service) AnnounceOf(ctx context.Context, boost *Status) (*activitypub.Activity, error) {
	found, err := s.accounts.ByIDs(ctx, []id.Account{boost.Author, boost.BoostedAuthor})
	if err != nil {
		return nil, err
	}
	if len(found) == 0 {
		return nil, fault.RecordNotFound()
	}
	original, err := one(ctx, s.db, boost.BoostOf)
	if err != nil {
		return nil, err
	}
	to, cc := address(found[0], boost.Visibility, found[len(found)-1:])
	announce := activitypub.NewAnnounce(boost.URI, found[0].URI, activitypub.Timestamp(boost.CreatedAt), to, cc, original.URI)
	return &announce, nil
}

// Leaves tells, inside the transaction of an event, whether other servers are to be told of a status.
func Leaves(ctx context.Context, tx *db.Tx, status id.Status) (bool, error) {
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM statuses WHERE id = $1 AND local AND NOT local_only`, status)
	return n > 0, err
}

// NewLeaves is Leaves for a status that is published in the same transaction: the event says it. What names nobody goes nowhere as long
// as nobody elsewhere listens to its author.
func NewLeaves(_ context.Context, _ *db.Tx, e Published) (bool, error) {
	return e.Written.Local && !e.Written.LocalOnly && (!e.Alone || e.Written.Posts.Heard), nil
}

// Deliver tells other servers of a new status. What was deleted meanwhile is not told.
func (s *Service) Deliver(ctx context.Context, e Published) error {
	if e.Alone {
		if inboxes, err := s.everybody(ctx, e.Author, true); err != nil || len(inboxes) == 0 {
			return err
		}
	}
	status, err := one(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	if status.LocalOnly || !status.Local {
		return nil
	}
	return s.broadcast(ctx, status, news{"create/" + status.URI, status.ID, true}, func() (activitypub.Activity, error) {
		create, err := s.CreateOf(ctx, status)
		if err != nil {
			return activitypub.Activity{}, err
		}
		return *create, nil
	})
}

// DeliverBoost tells other servers of a new boost.
func (s *Service) DeliverBoost(ctx context.Context, e Boosted) error {
	boost, err := one(ctx, s.db, e.Boost)
	if err != nil {
		return ignoreNotFound(err)
	}
	return ignoreNotFound(s.broadcast(ctx, boost, news{"announce/" + boost.URI, boost.ID, true}, func() (activitypub.Activity, error) {
		announce, err := s.AnnounceOf(ctx, boost)
		if err != nil {
			return activitypub.Activity{}, err
		}
		return *announce, nil
	}))
}

// DeliverUnboost tells other servers that a boost was taken back.
func (s *Service) DeliverUnboost(ctx context.Context, e Unboosted) error {
	boost, err := evenDeleted(ctx, s.db, e.Boost)
	if err != nil {
		return ignoreNotFound(err)
	}
	author, err := s.accounts.ByID(ctx, boost.Author)
	if err != nil {
		return err
	}
	original, err := evenDeleted(ctx, s.db, e.Original)
	if err != nil {
		return ignoreNotFound(err)
	}
	to, cc := address(author, boost.Visibility, nil)
	announce := activitypub.NewAnnounce(boost.URI, author.URI, activitypub.Timestamp(boost.CreatedAt), to, cc, original.URI)
	undo := activitypub.NewAnswer("Undo", author.URI+"#announces/"+boost.ID.String()+"/undo", author.URI, announce)
	return s.broadcast(ctx, boost, news{key: "undo/" + boost.URI}, is(undo))
}

// DeliverDelete tells whoever was told of a status that it is gone.
func (s *Service) DeliverDelete(ctx context.Context, e Deleted) error {
	status, err := evenDeleted(ctx, s.db, e.Status)
	if err != nil {
		return ignoreNotFound(err)
	}
	author, err := s.accounts.ByID(ctx, status.Author)
	if err != nil {
		return err
	}
	return s.broadcast(ctx, status, news{key: "delete/" + status.URI}, is(activitypub.NewDelete(status.URI+"#delete", author.URI, status.URI)))
}

// broadcast enqueues an activity for everybody who gets a status: followers, people whom it mentions or once did, the
// author answered or boosted, and those who passed it on, favoured it, answered it or voted in it. What is said is composed when
// there is anybody to tell: most posts of most members stay among neighbours.
func (s *Service) broadcast(ctx context.Context, status *Status, n news, compose func() (activitypub.Activity, error)) error {
	inboxes, err := s.audience(ctx, status, n.fresh)
	if err != nil {
		return fmt.Errorf("audience of status %d: %w", status.ID, err)
	}
	if len(inboxes) == 0 {
		return nil
	}
	activity, err := compose()
	if err != nil {
		return err
	}
	body, err := s.accounts.Seal(ctx, status.Author, activity, status.Visibility.Distributable())
	if err != nil {
		return err
	}
	if status.Visibility == Private {
		n.key = activitypub.ToFollowers + n.key
	}
	return s.courier.EnqueueAll(ctx, activitypub.Delivery{Author: int64(status.Author), EventKey: n.key, Body: body, Inboxes: inboxes, Status: int64(n.dropWith)})
}

// news is what others are told of a status.
type news struct {
	key      string    // by which the same news is known
	dropWith id.Status // it is not told any more when that is gone; 0: it is told in any case
	fresh    bool      // that the status is there: nobody elsewhere has done anything with it
}

// is composes what is known already.
func is(activity activitypub.Activity) func() (activitypub.Activity, error) {
	return func() (activitypub.Activity, error) { return activity, nil }
}

// touchedSQL gives those elsewhere who did something with a status; touchedMost bounds each kind of them.
const (
	touchedMost = 1000
	touchedSQL  = `SELECT author_id FROM (SELECT author_id FROM statuses WHERE boost_of_id = $1 AND NOT local LIMIT $2) AS passed
		UNION SELECT author_id FROM (SELECT author_id FROM statuses WHERE in_reply_to_id = $1 AND NOT local LIMIT $2) AS answered
		UNION SELECT id FROM (SELECT a.id FROM favourites f JOIN accounts a ON a.id = f.account_id WHERE f.status_id = $1 AND a.domain <> '' LIMIT $2) AS liked
		UNION SELECT id FROM (SELECT a.id FROM poll_votes v JOIN accounts a ON a.id = v.account_id WHERE v.status_id = $1 AND a.domain <> '' LIMIT $2) AS voted
		UNION SELECT account_id FROM (SELECT account_id FROM reactions WHERE status_id = $1 LIMIT $2) AS reacted
		UNION SELECT account_id FROM (SELECT account_id FROM quotes WHERE quoted_id = $1 LIMIT $2) AS quoters`
)

func (s *Service) audience(ctx context.Context, status *Status, fresh bool) ([]string, error) {
	var inboxes []string
	var err error
	if status.Visibility != Direct && status.Visibility != Limited {
		if inboxes, err = s.everybody(ctx, status.Author, status.Visibility == Public && !status.IsBoost()); err != nil {
			return nil, err
		}
	}
	loud, silent, err := Mentioned(ctx, s.db, status.ID)
	if err != nil {
		return nil, err
	}
	people, err := s.accounts.ByIDs(ctx, append(loud, silent...))
	if err != nil {
		return nil, err
	}
	var more []id.Account
	if status.Visibility.Distributable() {
		more = append(more, status.InReplyToAccount, status.BoostedAuthor)
		quoted, err := db.All(ctx, s.db, db.Value[id.Account], `SELECT quoted_account_id FROM quotes WHERE status_id = $1`, status.ID)
		if err != nil {
			return nil, err
		}
		more = append(more, quoted...)
		if !fresh {
			touched, err := db.All(ctx, s.db, db.Value[id.Account], touchedSQL, status.ID, touchedMost)
			if err != nil {
				return nil, err
			}
			more = append(more, touched...)
		}
	}
	more = slices.DeleteFunc(more, func(one id.Account) bool { return one == 0 })
	others, err := s.accounts.ByIDs(ctx, more)
	if err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for _, inbox := range inboxes {
		seen[inbox] = true
	}
	for _, person := range append(people, others...) {
		if inbox := person.DeliverTo(); !person.Local() && inbox != "" && !seen[inbox] {
			seen[inbox] = true
			inboxes = append(inboxes, inbox)
		}
	}
	return inboxes, nil
}

// everybody gives where an author's statuses go that are not for certain people: the followers, and the relays where it is public.
func (s *Service) everybody(ctx context.Context, author id.Account, public bool) ([]string, error) {
	inboxes, err := relationships.FollowerInboxes(ctx, s.db, author)
	if err != nil || !public {
		return inboxes, err
	}
	passing, err := relays.Inboxes(ctx, s.db)
	return append(inboxes, passing...), err
}

// Gone tells the delivery queue whether a status needs no Create any more.
func (s *Service) Gone(ctx context.Context, status int64) (bool, error) {
	_, err := one(ctx, s.db, id.Status(status))
	if fault.Is(err, fault.NotFound) {
		return true, nil
	}
	return false, err
}

func evenDeleted(ctx context.Context, q db.Q, status id.Status) (*Status, error) {
	return db.One(ctx, q, scan, `SELECT `+columns+` FROM statuses WHERE id = $1`, status)
}

func ignoreNotFound(err error) error {
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	return err
}

// LocalByPath finds a local status by the number in its address; the author must be the one in the address too.
func (s *Service) LocalByPath(ctx context.Context, author id.Account, number string) (*Status, error) {
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return nil, fault.RecordNotFound()
	}
	status, err := one(ctx, s.db, id.Status(n))
	if err != nil {
		return nil, err
	}
	if !status.Local || status.Author != author {
		return nil, fault.RecordNotFound()
	}
	return status, nil
}

// byPath finds a local status by any path its address has: /ap/users/ID/statuses/N, /users/NAME/statuses/N, /@NAME/N.
func (s *Service) byPath(ctx context.Context, path string) (*Status, error) {
	parts := strings.Split(strings.Trim(path, "/"), "/")
	var author *accounts.Account
	var number string
	var err error
	switch {
	case len(parts) == 5 && parts[0] == "ap" && parts[1] == "users" && parts[3] == "statuses":
		n, parseErr := id.Parse[id.Account](parts[2])
		if parseErr != nil {
			return nil, parseErr
		}
		author, err = s.accounts.ByID(ctx, n)
		number = parts[4]
	case len(parts) == 4 && parts[0] == "users" && parts[2] == "statuses":
		author, err = s.accounts.Local(ctx, parts[1])
		number = parts[3]
	case len(parts) == 2 && strings.HasPrefix(parts[0], "@"):
		author, err = s.accounts.Local(ctx, parts[0][1:])
		number = parts[1]
	default:
		return nil, fault.RecordNotFound()
	}
	if err != nil {
		return nil, err
	}
	return s.LocalByPath(ctx, author.ID, number)
}
