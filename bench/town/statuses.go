package town

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"anancus/internal/kit/db"
)

// What statuses are like, in parts of a hundred.
const (
	boosts     = 25
	replies    = 25
	unlisted   = 15
	private    = 8
	direct     = 2
	pictured   = 15
	tagged     = 20
	favourited = 30 // have favourites, most of them one or two
)

// batch is what is written at once.
type batch struct {
	statuses, counts, mentions, tagUses, attachments, favourites, notifications, groups rows
}

// batch makes the statuses of some numbers, with what hangs on them, in one transaction.
func (b *builder) batch(ctx context.Context, from, to int) error {
	r := rand.New(rand.NewPCG(2, uint64(from)))
	oldest := b.plan.Now.AddDate(-years, 0, 0)
	span := b.plan.Now.Add(-time.Hour).Sub(oldest)
	members := b.members()
	isMember := make(map[int64]bool, len(members))
	for _, one := range members {
		isMember[one] = true
	}
	var w batch
	boosted := map[[2]int64]bool{}
	more := map[int64]*[3]int{} // replies, boosts, favourites, by status
	at := func(status int64) *[3]int {
		if more[status] == nil {
			more[status] = &[3]int{}
		}
		return more[status]
	}
	groups := map[string]int{} // where their rows are
	tell := func(to, by, status, about int64, kind string, created int64) {
		if !isMember[to] || to == by {
			return
		}
		group := ""
		if kind != "mention" {
			hour := created / time.Hour.Milliseconds()
			group = fmt.Sprintf("%s-%d-%d", kind, status, hour)
			if n, open := groups[group]; open {
				w.groups[n][6] = about
			} else {
				groups[group] = len(w.groups)
				w.groups.add(to, group, kind, fmt.Sprintf("%s-%d", kind, status), hour, status, about)
			}
		}
		w.notifications.add(about, to, kind, by, status, about, created, group)
	}
	for i := from; i < to; i++ {
		created := oldest.Add(span / time.Duration(b.plan.Statuses) * time.Duration(i)).UnixMilli()
		id := created<<16 | int64(i%0x1000)<<4 // what hangs on it takes the numbers after it
		author := b.people[rank(r, len(b.people))]
		p := post{id: id, author: author.id, thread: id, open: true}
		uri := fmt.Sprintf("https://town.example/statuses/%d", id)
		visibility := "public"
		switch u := r.IntN(100); {
		case u < unlisted:
			visibility = "unlisted"
		case u < unlisted+private:
			visibility, p.open = "private", false
		case u < unlisted+private+direct:
			visibility, p.open = "direct", false
		}
		kind := r.IntN(100)
		var about *post // what is boosted or answered
		if kind < boosts+replies && len(b.recent) > 0 {
			back := rank(r, len(b.recent))
			about = &b.recent[len(b.recent)-1-back]
			again := [2]int64{author.id, about.id}
			// Only what this batch made is boosted: nobody boosts twice, and who did is known.
			if !about.open || about.boost || kind < boosts && (back >= i-from || boosted[again]) {
				about = nil
			} else if kind < boosts {
				boosted[again] = true
			}
		}
		switch {
		case about != nil && kind < boosts:
			p.boost, p.open = true, true
			w.statuses.add(id, uri, "", author.id, author.local, "", "", "public", "", nil, nil, id, about.id, about.author, created, false)
			at(about.id)[1]++
			tell(about.author, author.id, about.id, id+1, "reblog", created)
		default:
			language := languages[rank(r, len(languages))]
			said := b.words.text(r, language)
			content := "<p>" + said
			var parent, parentAuthor any
			if about != nil {
				p.thread, parent, parentAuthor = about.thread, about.id, about.author
				at(about.id)[0]++
				if about.author != author.id {
					w.mentions.add(id+1, id, about.author, false)
					tell(about.author, author.id, id, id+1, "mention", created)
				}
			}
			if visibility == "direct" {
				other := members[r.IntN(len(members))]
				if about == nil || other != about.author {
					w.mentions.add(id+2, id, other, false)
					tell(other, author.id, id, id+2, "mention", created)
				}
			}
			if r.IntN(100) < tagged {
				tag := rank(r, tags)
				content += fmt.Sprintf(` <a href="https://town.example/tags/%d" class="mention hashtag" rel="tag">#<span>%d</span></a>`, tag, tag)
				var member any
				if author.local && p.open {
					member = author.id
				}
				w.tagUses.add(b.people[0].id+int64(tag), id, member)
			}
			pictures := r.IntN(100) < pictured
			if pictures {
				w.attachments.add(id+3, author.id, id, "image", "ready", "image/jpeg", "A picture: "+b.words.text(r, "en"), "LEHV6nWB2yk8pyo0adR*.7kCMdnj",
					`{"original":{"width":1200,"height":900},"small":{"width":600,"height":450}}`, fmt.Sprintf("https://media.example/%d.jpg", id), created, "media.example")
			}
			text := ""
			if author.local {
				text = said
			}
			w.statuses.add(id, uri, uri, author.id, author.local, text, content+"</p>", visibility, language, parent, parentAuthor, p.thread, nil, nil, created, pictures)
			if p.open && r.IntN(100) < favourited {
				n := min(1+rank(r, 12), 11)
				fans := map[int64]bool{author.id: true}
				for k := range n {
					fan := b.people[rank(r, len(b.people))].id
					if fans[fan] {
						continue
					}
					fans[fan] = true
					w.favourites.add(id+4+int64(k), fan, id, created+int64(k))
					at(id)[2]++
					tell(author.id, fan, id, id+4+int64(k), "favourite", created+int64(k))
				}
			}
		}
		b.recent = append(b.recent, p)
	}
	if extra := len(b.recent) - remembered; extra > 0 {
		b.recent = append([]post(nil), b.recent[extra:]...)
	}
	for status, n := range more {
		w.counts.add(status, n[0], n[1], n[2])
	}
	return b.d.Tx(ctx, func(tx *db.Tx) error { return w.write(ctx, tx, b.d.Engine(), to) })
}

// write puts a batch where it belongs. Counts of statuses from before are added to.
func (w *batch) write(ctx context.Context, tx *db.Tx, engine db.Engine, done int) error {
	for _, one := range []struct {
		into string
		rows rows
	}{
		{`statuses (id i, uri t, url t, author_id i, local b, text t, content t, visibility t, language t, in_reply_to_id i, in_reply_to_account_id i, thread_id i, boost_of_id i, boosted_author_id i, created_at i, with_media b)`, w.statuses},
		{`mentions (id i, status_id i, account_id i, silent b)`, w.mentions},
		{`status_tags (tag_id i, status_id i, member_id i)`, w.tagUses},
		{`attachments (id i, account_id i, status_id i, kind t, state t, type t, description t, blurhash t, meta t, remote_url t, created_at i, domain t)`, w.attachments},
		{`favourites (id i, account_id i, status_id i, created_at i)`, w.favourites},
		{`notifications (id i, account_id i, kind t, from_id i, status_id i, about_id i, created_at i, group_key t)`, w.notifications},
		{`notification_groups (account_id i, group_key t, kind t, subject t, hour i, status_id i, latest_id i)`, w.groups},
	} {
		if err := one.rows.insert(ctx, tx, engine, one.into); err != nil {
			return err
		}
	}
	if err := w.counts.insertAdding(ctx, tx, engine); err != nil {
		return err
	}
	_, err := db.Exec(ctx, tx, `UPDATE town SET statuses = $1 WHERE step = 'statuses'`, done)
	return err
}
