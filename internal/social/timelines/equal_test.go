package timelines

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/lists"
	"anancus/internal/social/relationships"
	"anancus/internal/social/statuses"
	"pgregory.net/rapid"
)

// oracle reads everything there is and decides slowly and plainly.
func (w *world) oracle(k key) []int {
	w.tb.Helper()
	ctx := context.Background()
	r, err := loadFacts(ctx, w.d, k)
	if err != nil {
		w.tb.Fatal(err)
	}
	list, err := db.All(ctx, w.d, scan, `SELECT `+columns+` FROM statuses s`+joins+` ORDER BY s.id`)
	if err != nil {
		w.tb.Fatal(err)
	}
	if err := addMentions(ctx, w.d, list, nil); err != nil {
		w.tb.Fatal(err)
	}
	has, err := carried(ctx, w.d, list, []id.Tag{1, 2, 3})
	if err != nil {
		w.tb.Fatal(err)
	}
	for i := range list {
		list[i].tags = has[list[i].status]
	}
	kept := keepIf(list, func(c *candidate) bool { return wants(r, c) })
	all := []int{}
	for i := range kept {
		if !grouped(kept, i, w.bounds.group, itself) {
			all = append(all, int(kept[i].status))
		}
	}
	slices.Reverse(all)
	return all
}

// check compares the live feed with a fresh one, with the database's pages and with the oracle.
func (w *world) check(k key) {
	w.tb.Helper()
	want := w.oracle(k)
	fresh := w.fresh()
	r, err := loadFacts(context.Background(), w.d, k)
	if err != nil {
		w.tb.Fatal(err)
	}
	pages := func(p keyset.Page) (found, error) { return w.ownWalk(r).read(context.Background(), p) }
	live := w.own(w.Service, k)
	for _, limit := range []int{3, 7} {
		w.want("live feed", w.whole(live, limit), want)
		w.want("fresh feed", w.whole(w.own(fresh, k), limit), want)
		w.want("pages of the database", w.whole(pages, limit), want)
		w.want("live feed upward", w.upward(live, limit), want)
		w.want("pages of the database upward", w.upward(pages, limit), want)
	}
	if f := w.feeds[k]; f != nil && !equalFacts(f.facts, r) {
		w.tb.Errorf("facts of %v are %+v, want %+v", k, f.facts, r)
	}
	w.checkPool()
	heard := 0
	for _, f := range w.feeds {
		if len(f.entries) > w.bounds.feed {
			w.tb.Errorf("a feed holds %d entries", len(f.entries))
		}
		heard += len(f.facts.sources())
	}
	for _, list := range w.byAuthor {
		heard -= len(list)
	}
	for _, f := range w.feeds {
		heard += len(f.facts.heardTags()) + 1 // by its reader
	}
	for _, list := range w.byTag {
		heard -= len(list)
	}
	for _, list := range w.byReader {
		heard -= len(list)
	}
	if heard != 0 {
		w.tb.Errorf("the indexes are %d feeds off", heard)
	}
}

// checkPool counts how many feeds hold each entry, and what all of them take.
func (w *world) checkPool() {
	w.tb.Helper()
	w.mu.Lock()
	defer w.mu.Unlock()
	holders, held := map[entry]int{}, uint64(0)
	for _, f := range w.feeds {
		for e := range f.all() {
			holders[e]++
		}
		held += f.size()
	}
	counted := map[entry]int{}
	boosts := 0
	for _, block := range w.pool.blocks {
		for i := range block {
			if n := int(block[i].holders); n > 0 {
				counted[block[i].entry] = n
			}
		}
	}
	for e := range counted {
		if e.boostOf != 0 {
			boosts++
		}
	}
	for _, n := range w.pool.boosts {
		boosts -= n
	}
	if !maps.Equal(holders, counted) || w.pool.used != len(counted) || boosts != 0 {
		w.tb.Errorf("feeds hold %v, and the pool %v, %d used, with %d boosts too many", holders, counted, w.pool.used, boosts)
	}
	if held != w.held {
		w.tb.Errorf("feeds take %d bytes, and are counted for %d", held, w.held)
	}
}

func equalFacts(a, b *facts) bool {
	return slices.Equal(a.follows, b.follows) && slices.Equal(a.quiet, b.quiet) && slices.Equal(a.blocking, b.blocking) &&
		slices.Equal(a.blockedBy, b.blockedBy) && slices.Equal(a.muting, b.muting) && slices.Equal(a.domains, b.domains) &&
		slices.Equal(a.exclusive, b.exclusive) && slices.Equal(a.tags, b.tags) && maps.EqualFunc(a.languages, b.languages, slices.Equal) && reflect.DeepEqual(a.list, b.list)
}

// checkFacts compares what is remembered of readers, whether or not a feed of theirs is open, with what the database says.
func (w *world) checkFacts() {
	w.tb.Helper()
	for _, reader := range []id.Account{1, 3} {
		now, err := loadFacts(context.Background(), w.d, homeOf(reader))
		if err != nil {
			w.tb.Fatal(err)
		}
		if kept, err := w.factsFor(context.Background(), reader); err != nil || !equalFacts(kept, now) {
			w.tb.Errorf("facts of %d are remembered as %+v, want %+v: %v", reader, kept, now, err)
		}
	}
}

// theLists are two lists of reader 1.
var theLists = []key{{1, 51}, {1, 52}}

// readAll opens the feeds that events may edit.
func (w *world) readAll() {
	w.tb.Helper()
	for _, k := range append([]key{homeOf(1), homeOf(3)}, theLists...) {
		if _, err := w.Service.own(context.Background(), k, keyset.First(3)); err != nil {
			w.tb.Fatal(err)
		}
	}
}

func someTags(rt *rapid.T) []id.Tag {
	switch rapid.IntRange(0, 5).Draw(rt, "tags") {
	case 0:
		return []id.Tag{1}
	case 1:
		return []id.Tag{2}
	case 2:
		return []id.Tag{1, 3}
	}
	return nil
}

// made is what a random story has made so far.
type made struct {
	next  int
	posts []post // not deleted
	lost  []int  // parents that may still come
	boost []madeBoost
}

type madeBoost struct {
	id, original int
	booster      id.Account
}

func TestALiveFeedIsWhatAFreshOneWouldBe(t *testing.T) {
	if testing.Short() {
		t.Skip("the short run is for the race detector: this walk is long and has one goroutine")
	}
	dbtest.EachEngine(t, func(t *testing.T, engine db.Engine) {
		d := dbtest.Open(t, engine)
		w := newWorld(t, d)
		w.bounds = bounds{feed: 9, merge: 2, group: 2, profile: 5, turn: 1}
		const people = 6
		w.people(people)
		w.makeTags()
		rapid.Check(t, func(rt *rapid.T) {
			w.tb = failing{t, rt}
			w.Forget()
			w.do(nil, func(tx *db.Tx) error {
				for _, table := range []string{"mentions", "list_members", "lists", "tag_follows", "follows", "follow_requests", "blocks", "mutes", "account_domain_blocks", "status_tags"} {
					if _, err := db.Exec(context.Background(), tx, `DELETE FROM `+table); err != nil {
						return err
					}
				}
				if _, err := db.Exec(context.Background(), tx, `UPDATE accounts SET suspended_at = NULL`); err != nil {
					return err
				}
				if _, err := db.Exec(context.Background(), tx, `DELETE FROM statuses WHERE boost_of_id IS NOT NULL`); err != nil {
					return err
				}
				_, err := db.Exec(context.Background(), tx, `DELETE FROM statuses`)
				return err
			})
			m := &made{next: 1000}
			for target := id.Account(2); target <= people; target++ {
				if rapid.IntRange(0, 3).Draw(rt, "follows") > 0 {
					w.follow(1, target, true)
				}
			}
			for _, list := range theLists {
				w.makeList(list.list, list.reader, lists.ToMembers, false)
			}
			w.before(rt, m, people)
			w.readAll()
			for range rapid.IntRange(1, 40).Draw(rt, "after") {
				w.step(rt, m, people)
				w.checkFacts()
				switch rapid.IntRange(0, 14).Draw(rt, "read") {
				case 0:
					w.check(homeOf(1))
				case 1:
					w.check(theLists[0])
				case 2, 3:
					w.readAll()
				case 4:
					w.checkProfiles(people)
				}
			}
			w.check(homeOf(1))
			w.check(homeOf(3))
			for _, list := range theLists {
				w.check(list)
			}
			w.checkProfiles(people)
			w.Forget()
			w.checkPool()
		})
	})
}

// failing fails the property, not the test.
type failing struct {
	*testing.T
	rt *rapid.T
}

func (f failing) Errorf(format string, args ...any) { f.rt.Errorf(format, args...) }
func (f failing) Fatal(args ...any)                 { f.rt.Fatal(args...) }
func (f failing) Fatalf(format string, args ...any) { f.rt.Fatalf(format, args...) }
func (f failing) Error(args ...any)                 { f.rt.Error(args...) }

// before writes statuses and boosts that were there before anybody read.
func (w *world) before(rt *rapid.T, m *made, people int) {
	var list []post
	for range rapid.IntRange(0, 40).Draw(rt, "before") {
		m.next += 10
		p := post{id: m.next, author: id.Account(rapid.IntRange(1, people).Draw(rt, "author")), tags: someTags(rt)}
		if len(m.posts) > 0 && rapid.IntRange(0, 3).Draw(rt, "reply") == 0 {
			parent := rapid.SampledFrom(m.posts).Draw(rt, "parent")
			p.parent, p.answers = parent.id, parent.author
		}
		m.posts, list = append(m.posts, p), append(list, p)
	}
	w.do(nil, func(tx *db.Tx) error {
		for _, p := range list {
			if err := p.write(tx); err != nil {
				return err
			}
		}
		return nil
	})
}

// step does one thing that can happen. Reader 1, and sometimes 3, is who it happens to.
func (w *world) step(rt *rapid.T, m *made, people int) {
	someone := func(label string) id.Account { return id.Account(rapid.IntRange(1, people).Draw(rt, label)) }
	reader := id.Account(1)
	if rapid.IntRange(0, 4).Draw(rt, "other reader") == 0 {
		reader = 3
	}
	switch kind := rapid.SampledFrom([]string{"publish", "publish", "publish", "publish", "publish", "late", "boost", "boost", "boost", "parent", "unboost", "delete", "follow", "follow", "unfollow",
		"options", "block", "unblock", "mute", "unmute", "blocked", "unblocked", "parent", "suspend", "close", "block server", "unblock server",
		"ask", "accept", "accept", "follow tag", "follow tag", "unfollow tag", "languages", "enlist", "enlist", "strike off", "change list"}).Draw(rt, "kind"); kind {
	case "publish", "late", "parent":
		m.next += 10
		p := post{id: m.next, author: someone("author"), seen: statuses.Public, tags: someTags(rt), language: rapid.SampledFrom([]string{"", "de", "en"}).Draw(rt, "language")}
		if kind == "late" { // a remote one that was written earlier
			p.id = m.next - 10*rapid.IntRange(1, 20).Draw(rt, "age") - rapid.IntRange(1, 9).Draw(rt, "low")
		}
		if kind == "parent" {
			if len(m.lost) == 0 {
				return
			}
			p.id, m.lost = m.lost[0], m.lost[1:]
		}
		if slices.ContainsFunc(m.posts, func(one post) bool { return one.id == p.id }) || slices.ContainsFunc(m.boost, func(b madeBoost) bool { return b.id == p.id }) {
			return
		}
		if n, err := db.One(context.Background(), w.d, db.Int64, `SELECT COUNT(*) FROM statuses WHERE id = $1`, p.id); err != nil || n > 0 { // a deleted one
			return
		}
		switch rapid.IntRange(0, 7).Draw(rt, "shape") {
		case 0:
			p.seen = rapid.SampledFrom([]statuses.Visibility{statuses.Unlisted, statuses.Private, statuses.Direct, statuses.Limited}).Draw(rt, "visibility")
		case 1, 2:
			if len(m.posts) > 0 {
				parent := rapid.SampledFrom(m.posts).Draw(rt, "parent")
				p.parent, p.answers = parent.id, parent.author
			}
		case 3:
			lost := p.id - 5
			if !slices.Contains(m.lost, lost) {
				m.lost = append(m.lost, lost)
			}
			p.unknown = uriOf(lost)
		case 4:
			p.mentions = append(p.mentions, someone("mentioned"))
		case 5:
			p.silent = append(p.silent, someone("silently mentioned"))
		}
		m.posts = append(m.posts, p)
		w.publish(p)
	case "boost":
		if len(m.posts) == 0 {
			return
		}
		original, booster := rapid.SampledFrom(m.posts).Draw(rt, "boosted"), someone("booster")
		if slices.ContainsFunc(m.boost, func(b madeBoost) bool { return b.original == original.id && b.booster == booster }) {
			return
		}
		m.next += 10
		m.boost = append(m.boost, madeBoost{m.next, original.id, booster})
		w.boost(m.next, booster, original.id, original.author)
	case "unboost":
		if len(m.boost) == 0 {
			return
		}
		at := rapid.IntRange(0, len(m.boost)-1).Draw(rt, "undone")
		b := m.boost[at]
		m.boost = slices.Delete(m.boost, at, at+1)
		w.unboost(b.id, b.booster, b.original)
	case "delete":
		if len(m.posts) == 0 {
			return
		}
		at := rapid.IntRange(0, len(m.posts)-1).Draw(rt, "deleted")
		p := m.posts[at]
		m.posts = slices.Delete(m.posts, at, at+1)
		w.remove(p.id, p.author)
	case "close":
		w.Forget()
	case "follow tag":
		w.followTag(reader, id.Tag(rapid.IntRange(1, 3).Draw(rt, "tag")))
	case "unfollow tag":
		w.unfollowTag(reader, id.Tag(rapid.IntRange(1, 3).Draw(rt, "tag")))
	case "languages":
		w.speak(reader, someone("spoken to"), rapid.SampledFrom([]string{"", "de", "de,en"}).Draw(rt, "languages"))
	case "enlist":
		w.enlist(rapid.SampledFrom(theLists).Draw(rt, "list").list, 1, someone("enlisted"))
	case "strike off":
		w.strikeOff(rapid.SampledFrom(theLists).Draw(rt, "list").list, 1, someone("struck off"))
	case "change list":
		w.makeList(rapid.SampledFrom(theLists).Draw(rt, "list").list, 1, rapid.SampledFrom([]lists.Policy{lists.ToFollowed, lists.ToMembers, lists.ToNobody}).Draw(rt, "policy"),
			rapid.Bool().Draw(rt, "exclusive"))
	case "suspend":
		if rapid.IntRange(0, 5).Draw(rt, "really") > 0 {
			return
		}
		who := id.Account(rapid.IntRange(4, people).Draw(rt, "suspended"))
		w.exec(accounts.Gone{Account: who}, `UPDATE accounts SET suspended_at = 1 WHERE id = $1`, who)
	default:
		w.relate(rt, kind, reader, someone("target"))
	}
}

// relate changes what the reader and another are to each other.
func (w *world) relate(rt *rapid.T, kind string, reader, target id.Account) {
	if reader == target {
		return
	}
	is := func(table string, a, b id.Account) bool {
		n, err := db.One(context.Background(), w.d, db.Int64, `SELECT COUNT(*) FROM `+table+` WHERE account_id = $1 AND target_id = $2`, a, b)
		return err == nil && n > 0
	}
	switch kind {
	case "follow":
		if !is("follows", reader, target) && !is("follow_requests", reader, target) && !is("blocks", reader, target) && !is("blocks", target, reader) {
			w.follow(reader, target, rapid.IntRange(0, 3).Draw(rt, "boosts") > 0)
		}
	case "ask":
		if !is("follows", reader, target) && !is("blocks", reader, target) && !is("blocks", target, reader) {
			w.ask(reader, target)
		}
	case "accept":
		if is("follow_requests", reader, target) {
			w.accept(reader, target)
		}
	case "options":
		w.exec(relationships.FollowChanged{Follower: reader, Target: target}, `UPDATE follows SET show_boosts = NOT show_boosts, languages = $3 WHERE account_id = $1 AND target_id = $2`, reader, target,
			rapid.SampledFrom([]string{"", "en", "de,en"}).Draw(rt, "languages"))
	case "unfollow":
		w.unfollow(reader, target)
	case "block":
		if !is("blocks", reader, target) {
			w.block(reader, target)
		}
	case "unblock":
		w.unblock(reader, target)
	case "blocked":
		if !is("blocks", target, reader) {
			w.block(target, reader)
		}
	case "unblocked":
		w.unblock(target, reader)
	case "mute":
		if !is("mutes", reader, target) {
			w.mute(reader, target)
		}
	case "unmute":
		w.unmute(reader, target)
	case "block server":
		w.blockThere(reader)
	case "unblock server":
		w.unblockThere(reader)
	}
}
