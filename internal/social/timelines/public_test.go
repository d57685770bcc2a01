package timelines

import (
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

func TestPublicTimelinesShowWhatIsPublic(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(8)
		w.publish(post{id: 10, author: 3}, post{id: 20, author: 4})
		w.wantGet(w.Public, 0, "", "20 10")
		w.wantGet(w.Public, 0, "local=true", "10")
		w.publish(
			post{id: 30, author: 4, parent: 10, answers: 3},
			post{id: 40, author: 4, parent: 20, answers: 4},
			post{id: 50, author: 5, seen: statuses.Unlisted},
			post{id: 60, author: 5, localOnly: true},
			post{id: 70, author: 6},
			post{id: 15, author: 6}, // written before, arrived now
			post{id: 80, author: 5, unknown: "https://x.example/lost"},
		)
		w.boost(90, 5, 70, 6)
		w.wantGet(w.Public, 0, "", "70 40 20 15 10")
		w.wantGet(w.Public, 1, "", "70 60 40 20 15 10")
		w.wantGet(w.Public, 0, "local=true", "10")
		w.wantGet(w.Public, 1, "local=true", "60 10")
		w.wantGet(w.Public, 0, "remote=true", "70 40 20 15")
		w.wantGet(w.Public, 0, "only_media=true", "")
		w.wantGet(w.Public, 0, "limit=2", "70 40")
		w.wantGet(w.Public, 0, "limit=2&max_id=40", "20 15")
		w.wantGet(w.Public, 0, "limit=2&min_id=15", "40 20")
		w.wantGet(w.Public, 0, "since_id=20", "70 40")

		w.mute(1, 6)
		w.block(7, 1) // no status of theirs
		w.block(4, 1)
		w.wantGet(w.Public, 1, "", "60 10")
		w.remove(10, 3)
		w.wantGet(w.Public, 1, "", "60")
		w.wantGet(w.Public, 0, "local=true", "")
		w.exec(accounts.Gone{Account: 6}, `UPDATE accounts SET suspended_at = 1 WHERE id = 6`)
		w.exec(accounts.Gone{Account: 5}, `UPDATE accounts SET limited_at = 1 WHERE id = 5`)
		w.wantGet(w.Public, 0, "", "40 20")
		w.wantGet(w.Public, 3, "", "40 20")
	})
}

func TestAPublicTimelineShowsAnAnswerToOneselfThatCameBeforeWhatItAnswers(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(6)
		w.publish(post{id: 10, author: 4})
		w.wantGet(w.Public, 0, "", "10")
		w.publish(post{id: 20, author: 4, unknown: uriOf(40)}, post{id: 30, author: 6, unknown: uriOf(40)})
		w.wantGet(w.Public, 0, "", "10")
		w.publish(post{id: 40, author: 4})
		w.wantGet(w.Public, 0, "", "40 20 10")
	})
}

func TestPublicTimelinesReadOnInTheDatabase(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(2)
		w.do(nil, func(tx *db.Tx) error {
			for i := range 2 * publicLimit {
				p := post{id: 1000 + i, author: id.Account(i%2 + 1)}
				if i%4 == 1 { // answers are not shown
					p.parent, p.answers = 1000, 1
				}
				if err := p.write(tx); err != nil {
					return err
				}
			}
			return nil
		})
		want := []int{}
		for i := 2*publicLimit - 1; i >= 0; i-- {
			if i%4 != 1 {
				want = append(want, 1000+i)
			}
		}
		read := func(r *facts) []int {
			return w.whole(func(p pageOf) (found, error) { return w.public(t.Context(), w.all, r, p) }, 37)
		}
		w.want("public timeline", read(nil), want)
		w.publish(post{id: 5000, author: 1}, post{id: 1001000, author: 2})
		w.want("public timeline", read(nil), append([]int{1001000, 5000}, want...))
		w.want("public timeline upward", w.upward(func(p pageOf) (found, error) { return w.public(t.Context(), w.all, nil, p) }, 37), append([]int{1001000, 5000}, want...))
	})
}

func TestTagTimelines(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		w := newWorld(t, d)
		w.people(6)
		w.publish(
			post{id: 10, author: 3, tags: []id.Tag{1}},
			post{id: 20, author: 4, tags: []id.Tag{1, 2}},
			post{id: 30, author: 4, tags: []id.Tag{2}, parent: 10, answers: 3},
			post{id: 40, author: 3, tags: []id.Tag{1, 3}, parent: 10, answers: 3},
			post{id: 50, author: 3, tags: []id.Tag{1}, seen: statuses.Unlisted},
			post{id: 60, author: 5, tags: []id.Tag{1, 2, 3}, localOnly: true},
		)
		tag := func(reader id.Account, query, want string) {
			t.Helper()
			w.wantGet(w.Tag, reader, query, want, "hashtag", "TAG1")
		}
		tag(0, "", "40 20 10")
		tag(1, "", "60 40 20 10")
		tag(0, "any[]=tag2&any[]=tag3", "40 30 20 10")
		tag(0, "any[]=tag2&limit=2", "40 30")
		tag(0, "any[]=tag2&limit=2&max_id=30", "20 10")
		tag(0, "any[]=tag2&limit=2&min_id=10", "30 20")
		tag(0, "all[]=tag2", "20")
		tag(1, "all[]=tag2&all[]=tag3", "60")
		tag(0, "none[]=tag3", "20 10")
		tag(0, "all[]=nobodywrotethis", "")
		tag(0, "none[]=nobodywrotethis", "40 20 10")
		tag(0, "local=true", "40 10")
		tag(0, "remote=true", "20")
		tag(0, "only_media=true", "")
		w.mute(1, 3)
		tag(1, "", "60 20")
		w.wantGet(w.Tag, 0, "", "", "hashtag", "nobodywrotethis")
	})
}
