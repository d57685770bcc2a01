package timelines

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/keyset"
	"anancus/internal/social/accounts"
	"anancus/internal/social/filters"
	"anancus/internal/social/id"
	"anancus/internal/social/lists"
	"anancus/internal/social/relationships"
	"anancus/internal/social/settings"
	"anancus/internal/social/statuses"
	"anancus/internal/social/tags"
)

var start = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// world is a room on a real database, with events that reach it as the server wires them. Rows are
// written directly: what the rooms below do with them is tested there.
type world struct {
	tb    testing.TB
	d     *db.DB
	clock *clock.Manual
	*Service
}

func newWorld(tb testing.TB, d *db.DB) *world {
	tb.Helper()
	c := clock.NewManual(start)
	site := settings.Site{Domain: "here.example", WebDomain: "here.example"}
	decided := settings.New(d, site)
	people := accounts.New(accounts.Config{DB: d, Clock: c, Site: site})
	shown := statuses.New(statuses.Config{DB: d, Clock: c, Settings: decided, Accounts: people, Filters: filters.New(d, c, nil)})
	w := &world{tb: tb, d: d, clock: c, Service: New(Config{DB: d, Clock: c, Settings: decided, Accounts: people, Statuses: shown})}
	b := bus.New(d, c, slog.New(slog.DiscardHandler))
	bus.On[settings.Changed](b, "settings.changed")
	bus.On(b, "published", bus.Live(w.AddStatus))
	bus.On(b, "deleted", bus.Live(w.DropStatus))
	bus.On(b, "boosted", bus.Live(w.AddBoost))
	bus.On(b, "unboosted", bus.Live(w.DropBoost))
	bus.On(b, "followed", bus.Live(w.OnFollowed))
	bus.On(b, "follow_changed", bus.Live(w.OnFollowChanged))
	bus.On(b, "unfollowed", bus.Live(w.OnUnfollowed))
	bus.On(b, "blocked", bus.Live(w.OnBlocked))
	bus.On(b, "unblocked", bus.Live(w.OnUnblocked))
	bus.On(b, "muted", bus.Live(w.OnMuted))
	bus.On(b, "unmuted", bus.Live(w.OnUnmuted))
	bus.On(b, "domain_blocked", bus.Live(w.OnDomainBlocked))
	bus.On(b, "domain_unblocked", bus.Live(w.OnDomainUnblocked))
	bus.On(b, "adopted", bus.Live(w.AddAnswers))
	bus.On(b, "list_changed", bus.Live(w.OnListChanged))
	bus.On(b, "list_deleted", bus.Live(w.OnListDeleted))
	bus.On(b, "list_members_changed", bus.Live(w.OnListMembersChanged))
	bus.On(b, "tag_followed", bus.Live(w.OnTagFollowed))
	bus.On(b, "tag_unfollowed", bus.Live(w.OnTagUnfollowed))
	bus.On(b, "gone", bus.Live(w.OnAccountGone))
	return w
}

// fresh is a room on the same database that has heard of nothing.
func (w *world) fresh() *Service {
	s := New(Config{DB: w.d, Clock: w.clock, Settings: w.settings, Accounts: w.accounts, Statuses: w.statuses})
	s.bounds = w.bounds
	return s
}

// do runs statements and emits an event, in one transaction.
func (w *world) do(event any, run func(tx *db.Tx) error) {
	w.tb.Helper()
	err := w.d.Tx(context.Background(), func(tx *db.Tx) error {
		if err := run(tx); err != nil || event == nil {
			return err
		}
		return tx.Emit(event)
	})
	if err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) exec(event any, sql string, args ...any) {
	w.tb.Helper()
	w.do(event, func(tx *db.Tx) error { _, err := db.Exec(context.Background(), tx, sql, args...); return err })
}

// people makes accounts 1 to n; even ones live elsewhere.
func (w *world) people(n int) {
	w.tb.Helper()
	w.do(nil, func(tx *db.Tx) error {
		for i := 1; i <= n; i++ {
			domain := ""
			if i%2 == 0 {
				domain = "there.example"
			}
			name := fmt.Sprint("p", i)
			_, err := db.Exec(context.Background(), tx, `INSERT INTO accounts (id, username, username_key, domain, uri, created_at, updated_at) VALUES ($1,$2,$2,$3,$4,0,0)`,
				i, name, domain, "https://x.example/"+name)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// post is a status to write; the zero value of what is left out is a public one.
type post struct {
	id        int
	author    id.Account
	seen      statuses.Visibility
	parent    int        // the status it answers
	answers   id.Account // whom it answers
	unknown   string     // the uri of a parent that is not known
	mentions  []id.Account
	silent    []id.Account
	tags      []id.Tag
	language  string
	localOnly bool
}

func orNil[T ~int | ~int64](v T) *int64 {
	if v == 0 {
		return nil
	}
	n := int64(v)
	return &n
}

func uriOf(status int) string { return fmt.Sprint("https://x.example/s/", status) }

func (p post) write(tx *db.Tx) error {
	ctx := context.Background()
	if p.seen == "" {
		p.seen = statuses.Public
	}
	_, err := db.Exec(ctx, tx, `INSERT INTO statuses (id, uri, author_id, local, visibility, local_only, in_reply_to_id, in_reply_to_account_id, in_reply_to_uri, thread_id, created_at, language)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$1,0,$10)`, p.id, uriOf(p.id), p.author, p.author%2 == 1, string(p.seen), p.localOnly, orNil(p.parent), orNil(p.answers), p.unknown, p.language)
	if err != nil {
		return err
	}
	for i, list := range [][]id.Account{p.mentions, p.silent} {
		for _, a := range list {
			if _, err := db.Exec(ctx, tx, `INSERT INTO mentions (id, status_id, account_id, silent) VALUES ($1,$2,$3,$4)`, tx.NextID(), p.id, a, i == 1); err != nil {
				return err
			}
		}
	}
	for _, tag := range p.tags {
		if _, err := db.Exec(ctx, tx, `INSERT INTO tags (id, name, shown, created_at) VALUES ($1,$2,$2,0) ON CONFLICT DO NOTHING`, tag, fmt.Sprint("tag", tag)); err != nil {
			return err
		}
		if _, err := db.Exec(ctx, tx, `INSERT INTO status_tags (tag_id, status_id) VALUES ($1,$2)`, tag, p.id); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, tx, `UPDATE statuses SET in_reply_to_id = $2, in_reply_to_account_id = $3, in_reply_to_uri = '' WHERE in_reply_to_uri = $1`, uriOf(p.id), p.id, p.author)
	return err
}

func (w *world) publish(list ...post) {
	w.tb.Helper()
	for _, p := range list {
		waited, err := db.All(context.Background(), w.d, db.Value[id.Status], `SELECT id FROM statuses WHERE in_reply_to_uri = $1`, uriOf(p.id))
		if err != nil {
			w.tb.Fatal(err)
		}
		w.do(statuses.Published{Status: id.Status(p.id), Author: p.author, Tags: p.tags}, p.write)
		if len(waited) > 0 {
			w.do(statuses.Adopted{Parent: id.Status(p.id), Answers: waited}, func(*db.Tx) error { return nil })
		}
	}
}

func (w *world) boost(boost int, booster id.Account, original int, author id.Account) {
	w.tb.Helper()
	w.exec(statuses.Boosted{Boost: id.Status(boost), Author: booster, Original: id.Status(original)},
		`INSERT INTO statuses (id, uri, author_id, local, visibility, thread_id, boost_of_id, boosted_author_id, created_at) VALUES ($1,$2,$3,$4,'public',$5,$5,$6,0)`,
		boost, uriOf(boost), booster, booster%2 == 1, original, author)
}

func (w *world) unboost(boost int, booster id.Account, original int) {
	w.tb.Helper()
	w.exec(statuses.Unboosted{Boost: id.Status(boost), Author: booster, Original: id.Status(original)}, `UPDATE statuses SET deleted_at = 1 WHERE id = $1`, boost)
}

func (w *world) remove(status int, author id.Account) {
	w.tb.Helper()
	w.exec(statuses.Deleted{Status: id.Status(status), Author: author}, `UPDATE statuses SET deleted_at = 1 WHERE id = $1`, status)
}

func (w *world) follow(follower, target id.Account, boosts bool) {
	w.tb.Helper()
	w.do(relationships.Followed{Follower: follower, Target: target}, func(tx *db.Tx) error {
		_, err := db.Exec(context.Background(), tx, `INSERT INTO follows (id, account_id, target_id, show_boosts, created_at) VALUES ($1,$2,$3,$4,0)`, tx.NextID(), follower, target, boosts)
		return err
	})
}

func (w *world) unfollow(follower, target id.Account) {
	w.tb.Helper()
	w.do(relationships.Unfollowed{Follower: follower, Target: target}, func(tx *db.Tx) error {
		for _, table := range []string{"follows", "follow_requests"} {
			if _, err := db.Exec(context.Background(), tx, `DELETE FROM `+table+` WHERE account_id = $1 AND target_id = $2`, follower, target); err != nil {
				return err
			}
		}
		return nil
	})
}

// ask makes a request to follow, and accept makes a follow of it, which keeps its id.
func (w *world) ask(follower, target id.Account) {
	w.tb.Helper()
	w.do(nil, func(tx *db.Tx) error {
		_, err := db.Exec(context.Background(), tx, `INSERT INTO follow_requests (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0) ON CONFLICT DO NOTHING`, tx.NextID(), follower, target)
		return err
	})
}

func (w *world) accept(follower, target id.Account) {
	w.tb.Helper()
	w.do(relationships.Followed{Follower: follower, Target: target}, func(tx *db.Tx) error {
		row, err := db.One(context.Background(), tx, db.Int64, `DELETE FROM follow_requests WHERE account_id = $1 AND target_id = $2 RETURNING id`, follower, target)
		if err != nil {
			return err
		}
		_, err = db.Exec(context.Background(), tx, `INSERT INTO follows (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0)`, row, follower, target)
		return err
	})
}

// makeList makes a list; whom its owner follows, or asked to follow, can be enlisted.
func (w *world) makeList(list id.List, owner id.Account, policy lists.Policy, exclusive bool) {
	w.tb.Helper()
	w.exec(lists.Changed{List: list, Owner: owner}, `INSERT INTO lists (id, account_id, title, replies_policy, exclusive, created_at) VALUES ($1,$2,'A list',$3,$4,0)
		ON CONFLICT (id) DO UPDATE SET replies_policy = excluded.replies_policy, exclusive = excluded.exclusive`, list, owner, string(policy), exclusive)
}

func (w *world) enlist(list id.List, owner, account id.Account) {
	w.tb.Helper()
	w.exec(lists.MembersChanged{List: list, Owner: owner}, `INSERT INTO list_members (list_id, account_id, follow_id, created_at)
		SELECT $1, $3, (SELECT id FROM follows WHERE account_id = $2 AND target_id = $3 UNION ALL SELECT id FROM follow_requests WHERE account_id = $2 AND target_id = $3), 0
		WHERE $2 = $3 OR EXISTS (SELECT 1 FROM follows WHERE account_id = $2 AND target_id = $3) OR EXISTS (SELECT 1 FROM follow_requests WHERE account_id = $2 AND target_id = $3)
		ON CONFLICT (list_id, account_id) DO UPDATE SET follow_id = excluded.follow_id`, list, owner, account)
}

func (w *world) strikeOff(list id.List, owner, account id.Account) {
	w.tb.Helper()
	w.exec(lists.MembersChanged{List: list, Owner: owner}, `DELETE FROM list_members WHERE list_id = $1 AND account_id = $2`, list, account)
}

func (w *world) followTag(reader id.Account, tag id.Tag) {
	w.tb.Helper()
	w.do(tags.Followed{Account: reader, Tag: tag}, func(tx *db.Tx) error {
		_, err := db.Exec(context.Background(), tx, `INSERT INTO tag_follows (id, account_id, tag_id, created_at) VALUES ($1,$2,$3,0) ON CONFLICT DO NOTHING`, tx.NextID(), reader, tag)
		return err
	})
}

func (w *world) unfollowTag(reader id.Account, tag id.Tag) {
	w.tb.Helper()
	w.exec(tags.Unfollowed{Account: reader, Tag: tag}, `DELETE FROM tag_follows WHERE account_id = $1 AND tag_id = $2`, reader, tag)
}

// speak makes a follow for some languages alone.
func (w *world) speak(reader, target id.Account, languages string) {
	w.tb.Helper()
	w.exec(relationships.FollowChanged{Follower: reader, Target: target}, `UPDATE follows SET languages = $3 WHERE account_id = $1 AND target_id = $2`, reader, target, languages)
}

// block ends follows both ways first, as relationships does.
func (w *world) block(blocker, target id.Account) {
	w.tb.Helper()
	ctx := context.Background()
	w.do(relationships.Blocked{Blocker: blocker, Target: target}, func(tx *db.Tx) error {
		for _, way := range [][2]id.Account{{blocker, target}, {target, blocker}} {
			n, err := db.Exec(ctx, tx, `DELETE FROM follows WHERE account_id = $1 AND target_id = $2`, way[0], way[1])
			if err != nil {
				return err
			}
			if _, err := db.Exec(ctx, tx, `DELETE FROM follow_requests WHERE account_id = $1 AND target_id = $2`, way[0], way[1]); err != nil {
				return err
			}
			if n > 0 {
				if err := tx.Emit(relationships.Unfollowed{Follower: way[0], Target: way[1]}); err != nil {
					return err
				}
			}
		}
		_, err := db.Exec(ctx, tx, `INSERT INTO blocks (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0)`, tx.NextID(), blocker, target)
		return err
	})
}

func (w *world) unblock(blocker, target id.Account) {
	w.tb.Helper()
	w.exec(relationships.Unblocked{Blocker: blocker, Target: target}, `DELETE FROM blocks WHERE account_id = $1 AND target_id = $2`, blocker, target)
}

func (w *world) mute(muter, target id.Account) {
	w.tb.Helper()
	w.do(relationships.Muted{Muter: muter, Target: target}, func(tx *db.Tx) error {
		_, err := db.Exec(context.Background(), tx, `INSERT INTO mutes (id, account_id, target_id, created_at) VALUES ($1,$2,$3,0)`, tx.NextID(), muter, target)
		return err
	})
}

func (w *world) unmute(muter, target id.Account) {
	w.tb.Helper()
	w.exec(relationships.Unmuted{Muter: muter, Target: target}, `DELETE FROM mutes WHERE account_id = $1 AND target_id = $2`, muter, target)
}

// blockThere makes a reader block the server of everybody with an even number.
func (w *world) blockThere(reader id.Account) {
	w.tb.Helper()
	w.do(relationships.DomainBlocked{Account: reader, Domain: "there.example"}, func(tx *db.Tx) error {
		_, err := db.Exec(context.Background(), tx, `INSERT INTO account_domain_blocks (id, account_id, domain, created_at) VALUES ($1,$2,'there.example',0)
			ON CONFLICT (account_id, domain) DO NOTHING`, tx.NextID(), reader)
		return err
	})
}

func (w *world) unblockThere(reader id.Account) {
	w.tb.Helper()
	w.exec(relationships.DomainUnblocked{Account: reader, Domain: "there.example"}, `DELETE FROM account_domain_blocks WHERE account_id = $1`, reader)
}

// page reads one page of a reader's home feed.
func (w *world) page(s *Service, reader id.Account, p keyset.Page) []int {
	w.tb.Helper()
	page, err := s.own(context.Background(), homeOf(reader), p)
	if err != nil {
		w.tb.Fatal(err)
	}
	return idsOf(page.rows)
}

func idsOf(rows []entry) []int {
	ids := make([]int, len(rows))
	for i, e := range rows {
		ids[i] = int(e.status)
	}
	return ids
}

// whole reads a feed to its end, page by page.
func (w *world) whole(read func(p keyset.Page) (found, error), limit int) []int {
	w.tb.Helper()
	all := []int{}
	p := keyset.First(limit)
	for {
		page, err := read(p)
		if err != nil {
			w.tb.Fatal(err)
		}
		if page.last == 0 {
			return all
		}
		if len(page.rows) > limit || int64(page.last) >= p.Before {
			w.tb.Fatalf("page of %d after %d has %d rows and ends at %d", limit, p.Before, len(page.rows), page.last)
		}
		all = append(all, idsOf(page.rows)...)
		p.Before = int64(page.last)
	}
}

// upward reads a feed from its oldest entry, by min_id.
func (w *world) upward(read func(p keyset.Page) (found, error), limit int) []int {
	w.tb.Helper()
	all := []int{}
	p := keyset.Page{Before: math.MaxInt64, Upward: true, Limit: limit}
	for {
		page, err := read(p)
		if err != nil {
			w.tb.Fatal(err)
		}
		if page.first == 0 {
			slices.Reverse(all)
			return all
		}
		rows := idsOf(page.rows)
		slices.Reverse(rows)
		all = append(all, rows...)
		p.After = int64(page.first)
	}
}

func (w *world) own(s *Service, k key) func(p keyset.Page) (found, error) {
	return func(p keyset.Page) (found, error) { return s.own(context.Background(), k, p) }
}

func (w *world) want(what string, got, want []int) {
	w.tb.Helper()
	if !slices.Equal(got, want) {
		w.tb.Errorf("%s = %v, want %v", what, got, want)
	}
}

func (w *world) wantHome(reader id.Account, want ...int) {
	w.tb.Helper()
	w.want("home", w.page(w.Service, reader, keyset.First(40)), want)
}
