package accounts

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/memo"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
)

// shownAccounts keeps accounts as clients see them; the same for every viewer.
type shownAccounts = memo.Memo[id.Account, shownAccount]

// shownAccount is an account encoded, and what it depends on beside itself.
type shownAccount struct {
	body   json.RawMessage
	domain string
	codes  []string   // shortcodes in its texts
	moved  id.Account // where to; that account is joined whenever this one is shown
	glance Glance
	least  int64 // statuses that its own server tells of
}

func newShownAccounts(bytes uint64) *shownAccounts {
	return memo.New[id.Account](bytes, func(a shownAccount) uint32 {
		size := len(a.body)
		for _, code := range a.codes {
			size += len(code) + 16
		}
		return uint32(size)
	})
}

// Forget drops what is remembered of accounts whose profile, keys, standing or counts changed.
func (s *Service) Forget(ids ...id.Account) {
	s.shown.Forget(ids...)
	s.signers.known.Forget(ids...)
	s.authors.Forget(ids...)
}

// Posted notes how many statuses an account has after its newest, so that it need not be read again for that.
func (s *Service) Posted(account id.Account, p Posts) {
	s.shown.Update(account, func(a shownAccount) (shownAccount, bool) {
		var ok bool
		a.body, ok = withPosts(a.body, max(p.Count, a.least), p.Last)
		return a, ok && a.glance.Available
	})
}

// withPosts is an encoded account with another number of statuses. In a string these words would stand with a backslash.
func withPosts(body json.RawMessage, count int64, last *int64) (json.RawMessage, bool) {
	from := bytes.Index(body, []byte(`,"statuses_count":`))
	to := bytes.Index(body, []byte(`,"hide_collections":`))
	if from < 0 || to < from || last == nil {
		return nil, false
	}
	b := make(json.RawMessage, 0, len(body)+20)
	b = append(append(b, body[:from]...), `,"statuses_count":`...)
	b = append(strconv.AppendInt(b, count, 10), `,"last_status_at":"`...)
	b = append(append(b, mastodon.Date(clock.FromMilli(*last))...), '"')
	return append(b, body[to:]...), true
}

// ForgetAll drops what is remembered of all accounts: something changed how each of them is shown.
func (s *Service) ForgetAll() {
	s.shown.Clear()
	s.signers.known.Clear()
	s.authors.Clear()
}

// ForgetEmoji drops what is remembered of accounts whose texts have any of these shortcodes of their server.
func (s *Service) ForgetEmoji(domain string, codes ...string) {
	s.shown.ForgetWhere(func(a shownAccount) bool {
		return a.domain == domain && slices.ContainsFunc(a.codes, func(code string) bool { return slices.Contains(codes, code) })
	})
}

// Shown gives accounts as clients see them, encoded, by id. Warm accounts cost no query, cold ones two together, and one more where they
// use emoji of other servers that are not remembered; those that moved cost as much again.
func (s *Service) Shown(ctx context.Context, ids []id.Account) (map[id.Account]json.RawMessage, error) {
	shown := make(map[id.Account]json.RawMessage, len(ids))
	return shown, s.ShownAlso(ctx, shown, ids, nil)
}

// ShownAlso adds accounts to some that are shown, for whoever shows texts of these accounts too: also gives the shortcodes in those of one
// of them, whose emoji are read in the same query as the accounts'.
func (s *Service) ShownAlso(ctx context.Context, shown map[id.Account]json.RawMessage, ids []id.Account, also func(id.Account) []string) error {
	var moved, targets []id.Account // each with where it moved to
	err := s.shown.Each(ids, func(missing []id.Account) (map[id.Account]shownAccount, error) { return s.encode(ctx, missing, also) },
		func(which id.Account, a shownAccount) {
			if shown[which] = a.body; a.moved != 0 {
				moved, targets = append(moved, which), append(targets, a.moved)
			}
		})
	if err != nil || len(moved) == 0 {
		return err
	}
	there, err := s.remembered(ctx, targets)
	for i, which := range moved {
		if target, known := there[targets[i]]; known {
			shown[which] = withMoved(shown[which], target.body)
		}
	}
	return err
}

// withMoved adds to an encoded account the one that it moved to, which is not followed further.
func withMoved(body, target json.RawMessage) json.RawMessage {
	joined := make(json.RawMessage, 0, len(body)+len(target)+len(`,"moved":`))
	joined = append(joined, body[:len(body)-1]...)
	joined = append(joined, `,"moved":`...)
	return append(append(joined, target...), '}')
}

// Domains tells whose servers accounts are of: "" of members. It costs no query for those that were shown lately.
func (s *Service) Domains(ctx context.Context, ids []id.Account) (map[id.Account]string, error) {
	all, err := s.remembered(ctx, ids)
	domains := make(map[id.Account]string, len(all))
	for which, a := range all {
		domains[which] = a.domain
	}
	return domains, err
}

func (s *Service) remembered(ctx context.Context, ids []id.Account) (map[id.Account]shownAccount, error) {
	return s.shown.All(ids, func(missing []id.Account) (map[id.Account]shownAccount, error) { return s.encode(ctx, missing, nil) })
}

// encode makes what is remembered of accounts.
func (s *Service) encode(ctx context.Context, ids []id.Account, also func(id.Account) []string) (map[id.Account]shownAccount, error) {
	list, err := s.ByIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	entities, err := s.presentAlso(ctx, list, also)
	if err != nil {
		return nil, err
	}
	out := make(map[id.Account]shownAccount, len(list))
	for i, a := range list {
		body, err := Encode(entities[i])
		if err != nil {
			return nil, err
		}
		out[a.ID] = shownAccount{body, a.Domain, emoji.Codes(a.emojified()...), a.movedTo(), a.glance(), atLeast(0, a.RemoteStatuses)}
	}
	return out, nil
}

// Rows gives accounts as clients see them in the order of ids; unknown ones are left out.
func (s *Service) Rows(ctx context.Context, ids []id.Account) ([]json.RawMessage, error) {
	shown, err := s.Shown(ctx, ids)
	if err != nil {
		return nil, err
	}
	rows := make([]json.RawMessage, 0, len(ids))
	for _, want := range ids {
		if row, ok := shown[want]; ok {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

// Encode writes a value as the API does, without HTML escaping.
func Encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

// Present shapes accounts for the API, with their counts, roles and emoji in two queries.
func (s *Service) Present(ctx context.Context, list []*Account) ([]*mastodon.Account, error) {
	return s.presentAlso(ctx, list, nil)
}

func (s *Service) presentAlso(ctx context.Context, list []*Account, also func(id.Account) []string) ([]*mastodon.Account, error) {
	ids := make([]id.Account, len(list))
	for i, a := range list {
		ids[i] = a.ID
	}
	counts, err := countsOf(ctx, s.db, ids)
	if err != nil {
		return nil, fmt.Errorf("counts of accounts: %w", err)
	}
	at := make(map[id.Account]Counts, len(counts))
	for _, c := range counts {
		at[c.Account] = c
	}
	codes := make([][]string, len(list))
	var names []emoji.Name
	for i, a := range list {
		if a.Available() {
			codes[i] = emoji.Codes(a.emojified()...)
			names = append(names, emoji.Names(a.Domain, codes[i])...)
		}
		if also != nil {
			names = append(names, emoji.Names(a.Domain, also(a.ID))...)
		}
	}
	found, err := s.emoji.Of(ctx, names)
	if err != nil {
		return nil, err
	}
	shown := make([]*mastodon.Account, len(list))
	for i, a := range list {
		shown[i] = s.present(a, at[a.ID])
		shown[i].Emojis = found.Entities(a.Domain, codes[i])
	}
	return shown, nil
}

// emojified are the texts of an account in which shortcodes stand for emoji.
func (a *Account) emojified() []string {
	texts := []string{a.DisplayName, a.Note}
	for _, f := range a.Fields {
		texts = append(texts, f.Name, f.Value)
	}
	return texts
}

func (s *Service) present(a *Account, counts Counts) *mastodon.Account {
	m := &mastodon.Account{
		ID: a.ID.String(), Username: a.Username, Acct: s.shownAcct(a), URI: a.URI, URL: a.URL,
		DisplayName: a.DisplayName, Locked: a.Locked, Bot: a.Bot || a.Kind == "Service" || a.Kind == "Application",
		Group: a.Kind == "Group", Discoverable: a.Discoverable, Indexable: a.Indexable, HideCollections: &a.HideCollections,
		CreatedAt: mastodon.Midnight(a.CreatedAt), Note: s.noteHTML(a),
		Avatar: s.portrait(a, a.AvatarURL, "avatar"), AvatarDescription: a.AvatarDescription,
		Header: s.portrait(a, a.HeaderURL, "header"), HeaderDescription: a.HeaderDescription,
		StatusesCount: counts.Statuses, FollowersCount: counts.Followers, FollowingCount: counts.Following,
		ShowMedia: a.ShowMedia, ShowMediaReplies: a.ShowMediaReplies, ShowFeatured: a.ShowFeatured,
		Fields:          s.presentFields(a),
		FeatureApproval: featureApproval(a),
		Memorial:        a.Memorial, Limited: a.Limited(),
	}
	m.AvatarStatic, m.HeaderStatic = m.Avatar, m.Header
	if !counts.LastStatusAt.IsZero() {
		day := mastodon.Date(counts.LastStatusAt)
		m.LastStatusAt = &day
	}
	if a.Local() {
		noindex := !a.Indexable
		m.NoIndex, m.Roles = &noindex, s.shownRoles(a, counts.Role)
	} else {
		// What the origin told is nearer the truth than the few we know of.
		m.StatusesCount = atLeast(m.StatusesCount, a.RemoteStatuses)
		m.FollowersCount = atLeast(m.FollowersCount, a.RemoteFollowers)
		m.FollowingCount = atLeast(m.FollowingCount, a.RemoteFollowing)
	}
	if !a.Available() {
		m.Suspended, m.DisplayName, m.Note = true, "", ""
		m.Fields = []mastodon.Field{}
		m.Avatar, m.Header = s.picture("", "avatar"), s.picture("", "header")
		m.AvatarStatic, m.HeaderStatic, m.AvatarDescription, m.HeaderDescription = m.Avatar, m.Header, "", ""
		no := false
		m.Locked, m.Bot, m.Discoverable, m.Indexable = false, false, &no, false
	}
	return m
}

// shownRoles are the roles that a profile tells of: the keepers' own, not that of everybody.
func (s *Service) shownRoles(a *Account, role string) *[]mastodon.AccountRole {
	roles := []mastodon.AccountRole{}
	if role != "" && a.Available() && s.neighbours.RoleOf != nil {
		if one := s.neighbours.RoleOf(role); one.Highlighted {
			roles = append(roles, mastodon.AccountRole{ID: one.ID, Name: one.Name, Color: one.Color})
		}
	}
	return &roles
}

func atLeast(known int64, told *int64) int64 {
	if told != nil && *told > known {
		return *told
	}
	return known
}

// shownAcct is the handle with its domain in Unicode, as people read it.
func (s *Service) shownAcct(a *Account) string {
	if a.Local() {
		return a.Username
	}
	return a.Username + "@" + text.DisplayDomain(a.Domain)
}

// portrait gives the address of an account's picture on this server.
func (s *Service) portrait(a *Account, address, kind string) string {
	switch {
	case a.Local():
		address = s.site.FileNow(address)
	case address != "" && s.neighbours.RemotePortrait != nil:
		address = s.neighbours.RemotePortrait(a, kind)
	}
	return s.picture(address, kind)
}

// picture gives the address of a profile picture, or of the one everybody starts with.
func (s *Service) picture(address, kind string) string {
	if address != "" {
		return address
	}
	return s.site.URL("/" + kind + "s/missing.svg")
}

// NoteHTML is the bio as safe HTML.
func (s *Service) noteHTML(a *Account) string {
	if !a.Local() || a.Note == "" {
		return a.Note
	}
	return text.Render(a.Note, s.links())
}

// links leads mentions in a bio nowhere and hashtags to their pages: bios mention nobody in a way that tells them.
func (s *Service) links() text.Links {
	return text.Links{
		Mention: func(string, string) (string, string, bool) { return "", "", false },
		Tag:     s.site.TagURL,
	}
}

func (s *Service) presentFields(a *Account) []mastodon.Field {
	fields := make([]mastodon.Field, len(a.Fields))
	for i, f := range a.Fields {
		value := f.Value
		if a.Local() {
			value = text.RenderField(value, s.links())
		}
		fields[i] = mastodon.Field{Name: f.Name, Value: value, VerifiedAt: f.verifiedAt()}
	}
	return fields
}

// PresentOwn shapes an account for its own member.
func (s *Service) PresentOwn(ctx context.Context, a *Account, m *Member, role mastodon.Role, followRequests int64) (*mastodon.CredentialAccount, error) {
	shown, err := s.Present(ctx, []*Account{a})
	if err != nil {
		return nil, err
	}
	source := mastodon.Source{
		Privacy: m.DefaultVisibility, Sensitive: m.DefaultSensitive, Note: a.Note,
		FollowRequestsCount: min(followRequests, maxCountedRequests), HideCollections: &a.HideCollections, Discoverable: a.Discoverable,
		Indexable: a.Indexable, AttributionDomains: orEmpty(a.AttributionDomains), QuotePolicy: m.DefaultQuotePolicy,
	}
	if m.DefaultLanguage != "" {
		source.Language = &m.DefaultLanguage
	}
	source.Fields = plainFields(a)
	if to := a.movedTo(); to != 0 {
		target, err := s.ByID(ctx, to)
		if err != nil {
			return nil, err
		}
		there, err := s.Present(ctx, []*Account{target})
		if err != nil {
			return nil, err
		}
		shown[0].Moved = there[0]
	}
	return &mastodon.CredentialAccount{Account: *shown[0], Source: source, Role: role}, nil
}

// verifiedAt is when a field was verified as clients see it; nil while it is not.
func (f Field) verifiedAt() *string {
	if f.VerifiedAt == 0 {
		return nil
	}
	at := mastodon.Time(clock.FromMilli(f.VerifiedAt))
	return &at
}

// plainFields are the fields of a profile as they were typed.
func plainFields(a *Account) []mastodon.Field {
	fields := make([]mastodon.Field, len(a.Fields))
	for i, f := range a.Fields {
		fields[i] = mastodon.Field{Name: f.Name, Value: f.Value, VerifiedAt: f.verifiedAt()}
	}
	return fields
}

// orEmpty is a list in JSON even when there is nothing.
func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// maxCountedRequests is where Mastodon stops counting follow requests.
const maxCountedRequests = 40

// SplitHandle reads name, @name, name@domain and @name@domain.
func SplitHandle(handle string) (username, domain string, err error) {
	handle = strings.TrimPrefix(strings.TrimSpace(handle), "@")
	username, domain, _ = strings.Cut(handle, "@")
	if !text.ValidRemoteUsername(username) || strings.Contains(domain, "@") {
		return "", "", errNoHandle
	}
	return username, domain, nil
}
