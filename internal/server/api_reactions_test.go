package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// reacts makes an activity that brings an emoji: kind is EmojiReact or Like. A custom one comes along with its picture.
func (x *outsider) reacts(kind, number, uri, content string) map[string]any {
	x.t.Helper()
	o := altered(x.t, activitypub.NewActivity(kind, x.actor.ID+"#reactions/"+number, x.actor.ID, uri), "content", content)
	if code := strings.Trim(content, ":"); code != content && !strings.Contains(code, "@") {
		o["tag"] = []any{activitypub.NewEmoji("", code, "", activitypub.NewImage(x.host.URL+"/"+code+".png", "image/png", ""))}
	}
	return o
}

// undoes takes an activity back, as a whole or by its id.
func (x *outsider) undoes(on *servertest.Server, what map[string]any, whole bool) {
	x.t.Helper()
	var object any = what["id"]
	if whole {
		object = what
	}
	x.post(on, map[string]any{"@context": activitypub.Namespace, "id": x.actor.ID + "#undo/" + url.QueryEscape(fmt.Sprint(what["id"])), "type": "Undo", "actor": x.actor.ID, "object": object}, http.StatusAccepted)
}

type reaction struct {
	Name      string
	Count     int
	URL       string
	StaticURL string `json:"static_url"`
}

// reactionsTo reads the reactions to a status: each emoji, and how many; those that have a picture with a star.
func reactionsTo(p *servertest.Person, status string) string {
	p.On.T.Helper()
	var list []reaction
	p.Get("/api/anancus/v1/statuses/"+status+"/reactions", &list)
	var words []string
	for _, one := range list {
		word := fmt.Sprint(one.Name, " ", one.Count)
		if one.URL != "" && one.StaticURL != "" {
			word += "*"
		}
		words = append(words, word)
	}
	return strings.Join(words, ", ")
}

func TestReactionsOfOtherServersAreKeptAndShown(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada, bo := here.Join("ada"), here.Join("bo")
		hasEmoji(here, keeper.AddEmoji{Shortcode: "party"})
		sam, tess := newOutsider(t, aptest.NewServer(t), "sam", 0), newOutsider(t, aptest.NewServer(t), "tess", 1)
		tom := newOutsider(t, tess.host, "tom", 2)
		post := ada.Publish("what do you think?")
		does := func(x *outsider, what map[string]any) map[string]any {
			t.Helper()
			x.post(here, what, http.StatusAccepted)
			return what
		}
		wants := func(p *servertest.Person, want string) {
			t.Helper()
			if got := reactionsTo(p, post.ID); got != want {
				t.Errorf("%s is shown %q, want %q", p.Name, got, want)
			}
		}
		favoured := func(want int) {
			t.Helper()
			if now, _ := ada.Show(post.ID); now.Favourites != want {
				t.Errorf("the post has %d favourites, want %d", now.Favourites, want)
			}
		}

		fire := does(tess, tess.reacts("EmojiReact", "1", post.URI, "🔥"))
		does(tess, tess.reacts("EmojiReact", "2", post.URI, "🔥"))
		favoured(0)
		blob := does(sam, sam.reacts("Like", "1", post.URI, ":blob:"))
		favoured(1)
		wantTold(t, ada, "favourite", "sam@"+sam.host.Host, 1)
		misskey := tom.reacts("Like", "1", post.URI, "👍")
		misskey["_misskey_reaction"] = "❤"
		does(tom, misskey)
		heart := does(tess, tess.reacts("EmojiReact", "3", post.URI, "❤️"))
		favoured(2)
		ours := does(tess, tess.reacts("EmojiReact", "4", post.URI, ":party@"+here.Domain+":"))
		its := "blob@" + sam.host.Host
		wants(ada, "🔥 1, "+its+" 1*, ❤️ 2, party 1*")
		wants(bo, "🔥 1, "+its+" 1*, ❤️ 2, party 1*")
		if boost := bo.Act(post.ID, "reblog"); reactionsTo(ada, boost.ID) != reactionsTo(ada, post.ID) {
			t.Error("a boost shows others")
		}

		// What is no emoji, or too many of them.
		for i, bad := range []string{"", "hello", "🔥🔥", "<b>🔥</b>", ":no", ":a b:", ":" + strings.Repeat("x", 3000) + ":", ":party@:", "::"} {
			does(tess, tess.reacts("EmojiReact", fmt.Sprint("bad", i), post.URI, bad))
		}
		wants(ada, "🔥 1, "+its+" 1*, ❤️ 2, party 1*")
		for i := range 12 {
			does(tess, tess.reacts("EmojiReact", fmt.Sprint("many", i), post.URI, string(rune(0x1f400+i))))
		}
		if n := count(t, here, `SELECT COUNT(*) FROM reactions r JOIN accounts a ON a.id = r.account_id WHERE a.username = 'tess'`); n != 8 {
			t.Errorf("one person has %d reactions", n)
		}
		for i := range 12 {
			tess.undoes(here, tess.reacts("EmojiReact", fmt.Sprint("many", i), post.URI, ""), i%2 == 0)
		}

		// Who it was, in pages.
		by := "/api/anancus/v1/statuses/" + post.ID + "/reactions/" + url.PathEscape("❤")
		var people []servertest.Account
		answer := ada.Do(http.MethodGet, by+"?limit=1", nil, &people)
		if len(people) != 1 || people[0].Acct != "tess@"+tess.host.Host || !strings.Contains(answer.Header.Get("Link"), `rel="next"`) {
			t.Errorf("the first page is %+v, %s", people, answer.Header.Get("Link"))
		}
		next, _, _ := strings.Cut(strings.TrimPrefix(answer.Header.Get("Link"), "<"), ">")
		ada.Get(strings.TrimPrefix(next, here.URL), &people)
		if len(people) != 1 || people[0].Acct != "tom@"+tom.host.Host {
			t.Errorf("the second page is %+v", people)
		}
		ada.Get("/api/anancus/v1/statuses/"+post.ID+"/reactions/"+its, &people)
		if len(people) != 1 || people[0].Acct != "sam@"+sam.host.Host {
			t.Errorf("of a custom emoji it is %+v", people)
		}
		if ada.Get("/api/anancus/v1/statuses/"+post.ID+"/reactions/unknown", &people); len(people) != 0 {
			t.Errorf("of an unknown emoji it is %+v", people)
		}

		// Whoever is blocked or suspended.
		account := bo.Find("@tom@" + tom.host.Host)
		bo.Post("/api/v1/accounts/"+account.ID+"/block", nil, nil)
		servertest.Settle(t, here)
		wants(bo, "🔥 1, "+its+" 1*, ❤️ 1, party 1*")
		wants(ada, "🔥 1, "+its+" 1*, ❤️ 2, party 1*")
		take(t, here, "suspend", "sam@"+sam.host.Host)
		wants(ada, "🔥 1, ❤️ 2, party 1*")
		take(t, here, "unsuspend", "sam@"+sam.host.Host)
		blocked := bo.Publish("not for tom")
		does(tom, tom.reacts("EmojiReact", "5", blocked.URI, "🔥"))
		hidden := ada.Publish("for followers", "visibility", "private")
		does(tess, tess.reacts("EmojiReact", "6", hidden.URI, "🔥"))
		does(sam, sam.reacts("Like", "7", hidden.URI, "🔥"))
		for _, one := range []servertest.Status{blocked, hidden} {
			if n := count(t, here, `SELECT COUNT(*) FROM reactions WHERE status_id = $1`, one.ID); n != 0 {
				t.Errorf("%q has %d reactions", one.Content, n)
			}
		}
		saysNo(t, bo, http.MethodGet, "/api/anancus/v1/statuses/"+hidden.ID+"/reactions", nil, 404, "Record not found")
		saysNo(t, bo, http.MethodGet, "/api/anancus/v1/statuses/"+hidden.ID+"/reactions/x", nil, 404, "Record not found")

		// Taken back: by another it is not, by themselves it is, also before it comes.
		sam.undoes(here, fire, false)
		tom.undoes(here, fire, true)
		wants(ada, "🔥 1, "+its+" 1*, ❤️ 2, party 1*")
		tess.undoes(here, heart, true)
		tess.undoes(here, ours, false)
		sam.undoes(here, blob, true)
		wants(ada, "🔥 1, ❤️ 1")
		favoured(1)
		early := sam.reacts("EmojiReact", "9", post.URI, "🎉")
		sam.undoes(here, early, true)
		does(sam, early)
		wants(ada, "🔥 1, ❤️ 1")

		// Who reacted hears of the end.
		ada.Delete(post.ID)
		servertest.Settle(t, here)
		if n := len(tess.got("Delete")); n != 1 {
			t.Errorf("the server of who reacted is told %d times of the end", n)
		}
		saysNo(t, ada, http.MethodGet, "/api/anancus/v1/statuses/"+post.ID+"/reactions", nil, 404, "Record not found")
		if n := count(t, here, `SELECT COUNT(*) FROM inbox`); n != 0 {
			t.Errorf("%d activities wait", n)
		}
	})
}
