package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// many is a server where every list that ada may ask for has something in it: with each round, one more of every kind.
// Every statement that it takes is noted.
type many struct {
	*servertest.Server
	t                     *testing.T
	ada, eve              *servertest.Person // eve lets nobody follow her unasked
	post, deepest, chat   servertest.Status  // ada's, and those who answer
	list, filter, members string             // ids: a list, a filter, a collection
	group                 string             // the key of ada's largest group of notifications
	people, strangers     []string           // ids
	statuses              []string
	first                 *servertest.Person // whom everybody has on a list
}

func newMany(t *testing.T, engine db.Engine, rounds int, note map[string][]any) *many {
	t.Helper()
	m := &many{Server: servertest.New(t, engine), t: t}
	if note != nil {
		var lock sync.Mutex
		m.DB().Trace(func(sql string, args []any) {
			lock.Lock()
			defer lock.Unlock()
			note[sql] = args
		})
	}
	m.ada, m.eve = owner(t, m.Server, "ada"), m.Join("eve")
	lock(m.eve)
	found(m.ada)
	m.ada.Do(http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_not_following": {"filter"}}, nil)
	m.post = m.ada.Publish("the one that all answer #common", "language", "en")
	m.chat = m.ada.Publish("a long talk begins")
	m.deepest = m.chat
	m.list = makeList(t, m.ada, url.Values{"title": {"Everybody"}}).ID
	var made struct{ ID string }
	m.ada.Post("/api/v2/filters", url.Values{"title": {"All"}, "context[]": {"home"}}, &made)
	m.filter = made.ID
	m.members = makeCollection(t, m.ada, url.Values{"name": {"Friends"}}).ID
	for n := range rounds {
		m.more(n)
	}
	servertest.Settle(t, m.Server)
	m.DB().Trace(nil)
	for _, sql := range []string{ // what keepers and time would do
		`UPDATE tags SET trendable = TRUE`,
		`INSERT INTO trends (kind, subject_id, peak, peak_at, score) SELECT 'tag', id, 9000000, 0, 9000000 + id % 1000 FROM tags`,
		`INSERT INTO trends (kind, subject_id, peak, peak_at, score) SELECT 'link', id, 9000000, 0, 9000000 + id % 1000 FROM links`,
		`INSERT INTO link_statuses (status_id, link_id) SELECT status_id, 1 FROM status_tags WHERE NOT EXISTS (SELECT 1 FROM link_statuses l WHERE l.status_id = status_tags.status_id) GROUP BY status_id`,
		`INSERT INTO trending_statuses (status_id, account_id, language, score, trendable)
			SELECT id, author_id, 'en', 9000000 + id % 1000, TRUE FROM statuses WHERE visibility = 'public' AND boost_of_id IS NULL`,
	} {
		write(t, m.Server, sql)
	}
	for _, g := range groups(m.ada, "types[]=favourite").Groups {
		if *g.StatusID == m.post.ID {
			m.group = g.Key
		}
	}
	return m
}

// more adds one of everything to every list.
func (m *many) more(n int) {
	t, ada := m.t, m.ada
	t.Helper()
	bo, cy, dan := m.Join(fmt.Sprint("bob", n)), m.Join(fmt.Sprint("cy", n)), m.Join(fmt.Sprint("dan", n))
	discover(bo, cy)
	if n == 0 {
		m.first = bo
	}
	m.people = append(m.people, bo.ID, cy.ID, dan.ID)
	m.strangers = append(m.strangers, cy.ID)

	// Who is what to whom.
	for _, follow := range [][2]*servertest.Person{{ada, bo}, {bo, ada}, {bo, cy}, {cy, m.eve}} {
		follow[0].Post("/api/v1/accounts/"+follow[1].ID+"/follow", nil, nil)
	}
	ada.Post("/api/v1/accounts/"+bo.ID+"/endorse", nil, nil)
	ada.Post("/api/v1/accounts/"+dan.ID+"/"+[]string{"block", "mute"}[n%2], nil, nil)
	fay := m.Join(fmt.Sprint("fay", n))
	ada.Post("/api/v1/accounts/"+fay.ID+"/"+[]string{"mute", "block"}[n%2], nil, nil)
	ada.Post("/api/v1/domain_blocks", url.Values{"domain": {fmt.Sprintf("blocked%d.example", n)}}, nil)
	write(t, m.Server, `INSERT INTO suggestion_picks (account_id, created_at) VALUES ($1,0)`, number(t, cy.ID))

	// What they write: every kind of status there is, by friends, by strangers and elsewhere.
	tag := fmt.Sprintf("#common #number%d", n)
	says := func(p *servertest.Person, text string, pairs ...string) servertest.Status {
		made := p.Publish(text, append(pairs, "language", "en")...)
		m.statuses = append(m.statuses, made.ID)
		return made
	}
	face := fmt.Sprintf(":face%d:", n)
	hasEmoji(m.Server, keeper.AddEmoji{Shortcode: strings.Trim(face, ":"), Category: "Faces"})
	want200(bo, http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"display_name": {bo.Name + " " + face}})
	plain := says(bo, "a word "+tag+" "+face)
	poll := says(bo, "which word "+tag, "poll[options][]", "yes "+face, "poll[options][]", "no", "poll[expires_in]", "3600")
	votes(cy, poll.ID, "1")
	warned := says(bo, "a careful word "+tag, "spoiler_text", "careful", "sensitive", "true")
	edit(bo, warned.ID, "status", "a changed word "+tag)
	says(bo, "hello @ada @"+cy.Name, "in_reply_to_id", m.post.ID)
	quoting := quoted(bo, m.post.ID, "look "+tag)
	m.statuses = append(m.statuses, quoting.ID)
	m.deepest = says([]*servertest.Person{ada, bo}[n%2], "and so on", "in_reply_to_id", m.deepest.ID)
	says(cy, "hello @ada, I am new "+tag)
	says(bo, "between us, @ada @"+cy.Name, "visibility", "direct")
	edit(ada, m.post.ID, "status", fmt.Sprintf("the one that all answer, take %d #common", n))
	mine := says(ada, fmt.Sprintf("of mine #mine%d", n))
	says(ada, fmt.Sprintf("of mine again #mine%d", n))
	for _, what := range []string{"favourite", "reblog"} {
		bo.Act(m.post.ID, what)
		bo.Act(mine.ID, what)
		cy.Act(plain.ID, what)
	}
	for _, one := range []string{plain.ID, poll.ID, quoting.ID} {
		ada.Act(one, "favourite")
		ada.Act(one, "bookmark")
	}
	if n < 5 { // the limit of pins
		bo.Act(plain.ID, "pin")
		ada.Act(mine.ID, "pin")
	}
	sam := newOutsider(t, aptest.NewServer(t), fmt.Sprint("sam", n), n)
	note := sam.public("1", "from far away")
	note.Content += " " + face
	note.Tag = []activitypub.Tag{activitypub.NewMention(m.URL+"/ap/users/"+ada.ID, abroad(ada)),
		activitypub.NewEmoji("", strings.Trim(face, ":"), "", activitypub.NewImage(fmt.Sprintf("https://many.example/%d.png", n), "image/png", ""))}
	note.To = append(note.To, m.URL+"/ap/users/"+ada.ID)
	sam.post(m.Server, sam.create(note), http.StatusAccepted)

	sam.post(m.Server, sam.reacts("EmojiReact", "1", m.post.URI, "👍"), http.StatusAccepted)
	sam.post(m.Server, sam.reacts("Like", "2", m.post.URI, face), http.StatusAccepted)

	// What ada keeps.
	ada.Act(plain.ID, "mute")
	ada.Post("/api/v1/lists/"+m.list+"/accounts", url.Values{"account_ids[]": {bo.ID}}, nil)
	other := makeList(t, ada, url.Values{"title": {fmt.Sprint("List ", n)}}).ID
	if n > 0 {
		ada.Post("/api/v1/lists/"+other+"/accounts", url.Values{"account_ids[]": {m.first.ID}}, nil)
	}
	ada.Post("/api/v2/filters", url.Values{"title": {fmt.Sprint("Filter ", n)}, "context[]": {"home", "public"}, "keywords_attributes[][keyword]": {fmt.Sprint("nothing", n)}}, nil)
	ada.Post("/api/v2/filters/"+m.filter+"/keywords", url.Values{"keyword": {fmt.Sprint("nowhere", n)}}, nil)
	ada.Post("/api/v2/filters/"+m.filter+"/statuses", url.Values{"status_id": {warned.ID}}, nil)
	ada.Post(fmt.Sprintf("/api/v1/tags/number%d/follow", n), nil, nil)
	ada.Post("/api/v1/featured_tags", url.Values{"name": {fmt.Sprint("featured", n)}}, nil)
	mustSchedule(ada, time.Now().Add(time.Duration(n+1)*time.Hour))
	ada.Post("/api/v1/collections/"+m.members+"/items", url.Values{"account_id": {bo.ID}}, nil)
	makeCollection(t, ada, url.Values{"name": {fmt.Sprint("Collection ", n)}, "account_ids[]": {m.first.ID}})

	// What keepers do, and links that many share.
	told, err := m.Keeper().Announce(t.Context(), keeper.Announcement{Text: fmt.Sprintf("News %d for @%s #common %s", n, bo.Name, face)})
	wants(t, err)
	want200(bo, http.MethodPut, "/api/v1/announcements/"+told.ID+"/reactions/%F0%9F%91%8D", nil)
	_, err = m.Keeper().AddRule(t.Context(), keeper.Rule{Text: fmt.Sprint("Rule ", n)})
	wants(t, err)
	write(t, m.Server, `INSERT INTO links (id, url, last_day, trendable, created_at) VALUES ($1,$2,0,TRUE,0)`, n+1, fmt.Sprintf("https://many.example/%d", n+1))
	servertest.Settle(t, m.Server)
}

// fill writes the ids of this server into a path.
func (m *many) fill(path string) string {
	several := func(name string, ids []string) string {
		return name + "[]=" + strings.Join(ids, "&"+name+"[]=")
	}
	return strings.NewReplacer("{ada}", m.ada.ID, "{first}", m.first.ID, "{post}", m.post.ID, "{chat}", m.chat.ID, "{deepest}", m.deepest.ID, "{list}", m.list,
		"{filter}", m.filter, "{collection}", m.members, "{people}", several("id", m.people), "{strangers}", several("id", m.strangers), "{statuses}", several("id", m.statuses[:min(20, len(m.statuses))]),
		"{group}", m.group).Replace(path)
}
