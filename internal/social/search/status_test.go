package search_test

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// names gives what a person finds, by the names their statuses have in the test.
func names(p *servertest.Person, known map[string]string, q string, more ...string) []string {
	p.On.T.Helper()
	var list []string
	for _, s := range search(p, q, append([]string{"type", "statuses"}, more...)...).Statuses {
		list = append(list, known[s.ID])
	}
	return list
}

func indexable(p *servertest.Person, value string) {
	p.On.T.Helper()
	if got := p.Do(http.MethodPatch, "/api/v1/accounts/update_credentials", url.Values{"indexable": {value}}, nil); got.StatusCode != http.StatusOK {
		p.On.T.Fatalf("update_credentials is answered %d", got.StatusCode)
	}
}

func TestStatusesAreFoundByWhatTheySay(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		indexable(ada, "true")
		known := map[string]string{}
		for name, text := range map[string]string{
			"tower": "今日は東京タワーへ行った。", "kyoto": "東京と京都のあいだ", "cafe": "Le café CRÈME est bon, https://example.com/menu?utm=1",
			"korean": "서울특별시에서 만나요", "fox": "the quick brown fox #Animals", "dog": "a brown and quick dog"} {
			known[ada.Publish(text).ID] = name
		}
		servertest.Settle(t, s)
		for q, want := range map[string][]string{
			"東京": {"kyoto", "tower"}, "京": {"kyoto", "tower"}, "タワー": {"tower"}, "東京タワー": {"tower"}, "京都": {"kyoto"}, "東京都": nil, "ﾀﾜｰ": {"tower"},
			"特別": nil, "특별시": {"korean"}, "시에": {"korean"}, "cafe": {"cafe"}, "CAFÉ creme": {"cafe"}, "example.com": {"cafe"}, "menu": {"cafe"}, "utm": nil,
			"quick brown": {"dog", "fox"}, `"quick brown"`: {"fox"}, "“quick brown”": {"fox"}, "brown -dog": {"fox"}, `brown -"quick brown"`: {"dog"}, "+brown +fox": {"fox"},
			"animals": {"fox"}, "#animals": {"fox"}, "#ANIMALS": {"fox"}, "#animal": nil, "brow": nil, "zebra": nil, "!!!": nil, "-": nil, `"`: nil, `""`: nil, "東京 -京都": {"tower"},
			"nothing:brown": nil, "unknown:": nil, ":": nil, "' OR 1=1": nil, `fox" OR "dog`: nil, "fox\\": {"fox"}, "fox'": {"fox"}, "NOT": nil, "brown*": {"dog", "fox"},
		} {
			got := names(bo, known, q)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", q, got, want)
			}
		}
		if got := search(s.Nobody(), "東京"); len(got.Statuses) != 0 {
			t.Errorf("a guest finds %v", got.Statuses)
		}
	})
}

func TestOperatorsNarrowASearch(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		indexable(ada, "true")
		indexable(bo, "true")
		known := map[string]string{}
		publish := func(p *servertest.Person, name, text string, more ...string) string {
			made := p.Publish(text, more...)
			known[made.ID] = name
			return made.ID
		}
		first := publish(ada, "plain", "word plain", "language", "de")
		publish(ada, "link", "word https://example.com/x")
		publish(ada, "warned", "word", "spoiler_text", "beware", "sensitive", "true")
		publish(bo, "reply", "word @ada", "in_reply_to_id", first)
		publish(bo, "secret", "word between us", "visibility", "private")
		servertest.Settle(t, s)
		today, tomorrow, yesterday := time.Now().UTC().Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, 1).Format(time.DateOnly), time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
		all := []string{"link", "plain", "reply", "secret", "warned"}
		for q, want := range map[string][]string{
			"word": all, "word has:link": {"link"}, "word -has:link": {"plain", "reply", "secret", "warned"}, "word has:media": nil, "word has:nonsense": nil, "has:link": {"link"},
			"word is:reply": {"reply"}, "word is:sensitive": {"warned"}, "beware": {"warned"}, "word language:de": {"plain"}, "word LANGUAGE:DE": {"plain"}, "word -language:de": {"link", "reply", "secret", "warned"},
			"word from:ada": {"link", "plain", "warned"}, "word from:@ada": {"link", "plain", "warned"}, "from:me": {"reply", "secret"}, "word -from:me": {"link", "plain", "warned"}, "word from:@nobody": nil, "from:@ada@" + s.Domain: {"link", "plain", "warned"},
			"word in:library": {"reply", "secret"}, "word in:public": {"link", "plain", "reply", "warned"}, "word in:all": all, "word in:elsewhere": all, "word in:library in:public": nil, "-in:library word": {"link", "plain", "reply", "warned"},
			"word before:" + today: nil, "word before:" + tomorrow: all, "word after:" + yesterday: all, "word after:" + today: nil, "word during:" + today: all, "word during:" + yesterday: nil,
			"word -during:" + today: nil, "word -during:" + yesterday: all, "word -before:" + today: all, "word -after:" + today: all, "word after:0": all, "word before:1000": nil,
			`word from:"ada"`: {"link", "plain", "warned"}, "word has: link": nil, "word is:": nil,
		} {
			got := names(bo, known, q)
			slices.Sort(got)
			if !slices.Equal(got, want) {
				t.Errorf("%q finds %q, want %q", q, got, want)
			}
		}
		for _, q := range []string{"before:yesterday", "word after:2024-13-45", "during:2024-1-1", "before:99999999999999999999"} {
			if got := bo.Do("GET", "/api/v2/search?type=statuses&q="+url.QueryEscape(q), nil, nil); got.StatusCode != http.StatusUnprocessableEntity {
				t.Errorf("%q is answered %d", q, got.StatusCode)
			}
		}
		if got := names(bo, known, "word", "account_id", ada.ID); !slices.Equal(got, []string{"warned", "link", "plain"}) {
			t.Errorf("of one account: %q", got)
		}
	})
}

// TestWhoFindsWhat is the matrix of §11: public statuses of those who let everybody find them, and one's own library.
func TestWhoFindsWhat(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		open, shut := s.Join("open"), s.Join("shut")
		stranger, mentioned, fan, keeper, booster := s.Join("stranger"), s.Join("mentioned"), s.Join("fan"), s.Join("keeper"), s.Join("booster")
		indexable(open, "true")
		everybody := []*servertest.Person{open, shut, stranger, mentioned, fan, keeper, booster}
		for _, follower := range []*servertest.Person{fan, keeper, booster} {
			for _, author := range []*servertest.Person{open, shut} {
				follower.Post("/api/v1/accounts/"+author.ID+"/follow", nil, nil)
			}
		}
		servertest.Settle(t, s)
		type row struct {
			author     *servertest.Person
			visibility string
			id         string
		}
		var rows []row
		for _, author := range []*servertest.Person{open, shut} {
			for _, visibility := range []string{"public", "unlisted", "private", "direct"} {
				made := author.Publish("needle @mentioned", "visibility", visibility)
				rows = append(rows, row{author, visibility, made.ID})
				if visibility != "direct" {
					fan.Act(made.ID, "favourite")
					keeper.Act(made.ID, "bookmark")
				}
				if visibility == "public" || visibility == "unlisted" {
					booster.Act(made.ID, "reblog")
				}
			}
		}
		check := func(when string, want func(p *servertest.Person, r row) bool) {
			t.Helper()
			servertest.Settle(t, s)
			for _, p := range everybody {
				found := map[string]bool{}
				for _, one := range search(p, "needle", "type", "statuses").Statuses {
					found[one.ID] = true
				}
				for _, r := range rows {
					if found[r.id] != want(p, r) {
						t.Errorf("%s: %s finds the %s status of %s: %v", when, p.Name, r.visibility, r.author.Name, found[r.id])
					}
				}
			}
		}
		library := func(p *servertest.Person, r row) bool {
			switch p {
			case r.author, mentioned:
				return true
			case fan, keeper:
				return r.visibility != "direct"
			case booster:
				return r.visibility == "public" || r.visibility == "unlisted"
			}
			return false
		}
		check("at first", func(p *servertest.Person, r row) bool {
			return library(p, r) || r.author == open && r.visibility == "public"
		})
		indexable(open, "false")
		indexable(shut, "true")
		check("after both changed their minds", func(p *servertest.Person, r row) bool {
			return library(p, r) || r.author == shut && r.visibility == "public"
		})
		for _, r := range rows {
			if r.visibility != "direct" {
				fan.Act(r.id, "unfavourite")
				keeper.Act(r.id, "unbookmark")
			}
			if r.visibility == "public" || r.visibility == "unlisted" {
				booster.Act(r.id, "unreblog")
			}
		}
		check("after it was taken back", func(p *servertest.Person, r row) bool {
			return p == r.author || p == mentioned || r.author == shut && r.visibility == "public"
		})
		stranger.Post("/api/v1/accounts/"+shut.ID+"/mute", nil, nil)
		fan.Post("/api/v1/accounts/"+shut.ID+"/block", nil, nil)
		shut.Post("/api/v1/accounts/"+keeper.ID+"/block", nil, nil)
		check("after mutes and blocks", func(p *servertest.Person, r row) bool {
			return p == r.author || p == mentioned || r.author == shut && r.visibility == "public" && p != stranger && p != fan && p != keeper
		})
		for _, r := range rows {
			if r.author == shut {
				shut.Delete(r.id)
			}
		}
		check("after they are deleted", func(p *servertest.Person, r row) bool {
			return r.author == open && (p == open || p == mentioned)
		})
	})
}

func TestResultsArePagedNewestFirst(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		var all []string
		for range 45 {
			all = append(all, ada.Publish("今日の天気").ID)
		}
		slices.Reverse(all)
		servertest.Settle(t, s)
		ids := func(more ...string) (list []string) {
			for _, one := range search(ada, "天気", more...).Statuses {
				list = append(list, one.ID)
			}
			return list
		}
		for _, one := range []struct {
			more []string
			want []string
		}{
			{nil, all[:20]}, {[]string{"limit", "40"}, all[:40]}, {[]string{"limit", "99"}, all[:40]}, {[]string{"limit", "3"}, all[:3]},
			{[]string{"type", "statuses", "offset", "20"}, all[20:40]}, {[]string{"type", "statuses", "offset", "40"}, all[40:]}, {[]string{"type", "statuses", "offset", "45"}, nil},
			{[]string{"offset", "20"}, all[:20]}, {[]string{"max_id", all[9], "limit", "5"}, all[10:15]}, {[]string{"min_id", all[5]}, all[:5]}, {[]string{"max_id", all[2], "min_id", all[5]}, all[3:5]},
			{[]string{"type", "statuses", "offset", "1001"}, nil}, {[]string{"max_id", "nonsense", "limit", "1"}, all[:1]},
		} {
			if got := ids(one.more...); !slices.Equal(got, one.want) {
				t.Errorf("%v: %d of them, want %d", one.more, len(got), len(one.want))
			}
		}
	})
}
