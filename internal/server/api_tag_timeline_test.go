package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

// shared reads a timeline and gives what its statuses are called, their Link header and the whole answer.
func shared(t *testing.T, p *servertest.Person, known map[string]string, path string) (names, link string, answer *http.Response) {
	t.Helper()
	var list []servertest.Status
	answer = p.Do(http.MethodGet, path, nil, &list)
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("%s answered %d", path, answer.StatusCode)
	}
	var all []string
	for _, one := range list {
		all = append(all, known[one.URI])
	}
	return strings.Join(all, " "), answer.Header.Get("Link"), answer
}

// again asks with the tag of an answer.
func again(t *testing.T, p *servertest.Person, path, tag string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.On.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("If-None-Match", tag)
	if p.Token != "" {
		req.Header.Set("Authorization", "Bearer "+p.Token)
	}
	return p.Send(req, nil)
}

// sharedWorld is a server with ada, who follows bo of another server; both wrote with hashtags.
func sharedWorld(t *testing.T, engine db.Engine) (here *servertest.Server, ada *servertest.Person, known map[string]string) {
	t.Helper()
	now := clock.NewManual(time.Now()) // ids of what came from elsewhere tell whole seconds
	here, there := servertest.NewAt(t, engine, now), servertest.NewAt(t, engine, now)
	ada, bo := here.Join("ada"), there.Join("bo")
	ada.Follow(bo)
	servertest.Settle(t, here, there)
	known = map[string]string{}
	publish := func(p *servertest.Person, name, text string, more ...string) {
		now.Advance(2 * time.Second)
		known[p.Publish(text, more...).URI] = name
		servertest.Settle(t, here, there)
	}
	publish(ada, "a1", "#cats")
	publish(bo, "b1", "#Cats #dogs")
	publish(ada, "a2", "#dogs alone")
	publish(ada, "a3", "#cats #dogs #birds")
	publish(bo, "b2", "#CATS #birds")
	publish(ada, "hidden", "#cats", "visibility", "unlisted")
	return here, ada, known
}

func TestAHashtagTimelineTakesEveryParameter(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		_, ada, known := sharedWorld(t, engine)
		ids := map[string]string{}
		var all []servertest.Status
		ada.Get("/api/v1/timelines/tag/cats?any[]=dogs&limit=40", &all)
		for _, one := range all {
			ids[known[one.URI]] = one.ID
		}
		for query, want := range map[string]string{
			"":                              "b2 a3 b1 a1",
			"any[]=dogs":                    "b2 a3 a2 b1 a1",
			"any[]=nobodywrotethis":         "b2 a3 b1 a1",
			"all[]=dogs":                    "a3 b1",
			"all[]=dogs&all[]=birds":        "a3",
			"all[]=nobodywrotethis":         "",
			"none[]=dogs":                   "b2 a1",
			"none[]=%23DOGS&none[]=birds":   "a1",
			"none[]=nobodywrotethis":        "b2 a3 b1 a1",
			"all[]=birds&none[]=dogs":       "b2",
			"local=true":                    "a3 a1",
			"remote=true":                   "b2 b1",
			"local=true&remote=true":        "b2 a3 b1 a1",
			"local=true&any[]=dogs":         "a3 a2 a1",
			"only_media=true":               "",
			"limit=2":                       "b2 a3",
			"limit=2&max_id=" + ids["a3"]:   "b1 a1",
			"since_id=" + ids["b1"]:         "b2 a3",
			"limit=1&min_id=" + ids["a1"]:   "b1",
			"limit=1&since_id=" + ids["a1"]: "b2",
			"min_id=" + ids["a1"] + "&max_id=" + ids["b2"]:            "a3 b1",
			"any[]=x1&any[]=x2&any[]=x3&any[]=x4&any[]=dogs":          "b2 a3 b1 a1", // the fifth does not count
			"none[]=x1&none[]=x2&none[]=x3&none[]=x4&none[]=dogs":     "b2 a3 b1 a1",
			"all[]=dogs&all[]=cats&all[]=dogs&all[]=dogs&all[]=birds": "a3 b1",
		} {
			got, _, _ := shared(t, ada, known, "/api/v1/timelines/tag/CATS?"+query)
			if got != want {
				t.Errorf("%s shows %q, want %q", query, got, want)
			}
		}
		_, link, _ := shared(t, ada, known, "/api/v1/timelines/tag/cats?limit=2&any[]=dogs")
		if !strings.Contains(link, "max_id="+ids["a3"]) || !strings.Contains(link, "min_id="+ids["b2"]) || !strings.Contains(link, "any%5B%5D=dogs") {
			t.Errorf("its links are %s", link)
		}
		got, link, _ := shared(t, ada, known, "/api/v1/timelines/tag/nobodywrotethis")
		if got != "" || link != "" {
			t.Errorf("an unknown hashtag shows %q with links %q", got, link)
		}
	})
}

func TestKeepersSayWhoReadsSharedTimelines(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, ada, known := sharedWorld(t, engine)
		nobody, app, owner := s.Nobody(), &servertest.Person{On: s, Token: s.AppToken("read")}, &servertest.Person{On: s, Name: "owner"}
		_, err := s.Keeper().CreateAccount(t.Context(), keeper.CreateAccount{Name: "owner", Email: "owner@mail.example", Role: "owner", Confirmed: true, Approved: true})
		wants(t, err)
		owner.Token = s.TokenFor("owner", "read")
		set := func(name, value string) {
			t.Helper()
			_, err := s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: name, Value: value})
			wants(t, err)
		}
		const guest, noMember = "The access token is invalid", "This method requires an authenticated user"
		for _, one := range []struct{ path, kind, both, local, remote string }{
			{"/api/v1/timelines/public", "live", "b2 a3 a2 b1 a1", "a3 a2 a1", "b2 b1"}, {"/api/v1/timelines/tag/cats", "topic", "b2 a3 b1 a1", "a3 a1", "b2 b1"},
		} {
			ofLocal, ofRemote := "local-"+one.kind+"-feed-access", "remote-"+one.kind+"-feed-access"
			check := func(p *servertest.Person, who, both, local, remote string) {
				t.Helper()
				for query, want := range map[string]string{"": both, "?local=true": local, "?remote=true": remote} {
					if want == guest || want == noMember {
						saysNo(t, p, http.MethodGet, one.path+query, nil, map[string]int{guest: 401, noMember: 422}[want], want)
					} else if got, _, _ := shared(t, p, known, one.path+query); got != want {
						t.Errorf("%s%s shows %s %q, want %q", one.path, query, who, got, want)
					}
				}
			}
			check(nobody, "nobody", one.both, one.local, one.remote)
			set(ofLocal, "authenticated")
			check(nobody, "nobody", guest, guest, one.remote)
			check(app, "an app", noMember, noMember, one.remote)
			check(ada, "a member", one.both, one.local, one.remote)
			set(ofLocal, "public")
			set(ofRemote, "authenticated")
			check(nobody, "nobody", guest, one.local, guest)
			set(ofRemote, "disabled")
			check(nobody, "nobody", guest, one.local, guest)
			check(ada, "a member", one.local, one.local, "")
			check(owner, "the owner", one.both, one.local, one.remote)
			if one.kind == "live" {
				set(ofLocal, "disabled")
				check(nobody, "nobody", guest, guest, guest)
				check(ada, "a member", "", "", "")
				check(owner, "the owner", one.both, one.local, one.remote)
			} else if _, err := s.Keeper().SetSetting(t.Context(), keeper.Setting{Name: ofLocal, Value: "disabled"}); err == nil {
				t.Error("hashtags of members were closed to members")
			}
		}
		var instance struct {
			Configuration struct {
				Access map[string]struct{ Local, Remote string } `json:"timelines_access"`
			}
		}
		nobody.Get("/api/v2/instance", &instance)
		if got := fmt.Sprint(instance.Configuration.Access); got != "map[hashtag_feeds:{public disabled} live_feeds:{disabled disabled} trending_link_feeds:{public disabled}]" {
			t.Errorf("the instance tells %s", got)
		}

		// The page of visitors shows what they may read, and asks nobody to sign in for the rest.
		page := func() string {
			t.Helper()
			var body string
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/tags/cats", nil)
			wants(t, err)
			req.Header.Set("Accept", "text/html")
			if answer := nobody.Send(req, &body); answer.StatusCode != http.StatusOK {
				t.Fatalf("the page answers %d", answer.StatusCode)
			}
			return body
		}
		const closed, local, remote = "is for members of", "/@ada/", "@bo@"
		for _, one := range []struct {
			local, remote string
			want          [3]bool
		}{{"public", "public", [3]bool{false, true, true}}, {"public", "disabled", [3]bool{false, true, false}}, {"authenticated", "public", [3]bool{false, false, true}},
			{"authenticated", "authenticated", [3]bool{true, false, false}}} {
			set("local-topic-feed-access", one.local)
			set("remote-topic-feed-access", one.remote)
			body := page()
			if got := [3]bool{strings.Contains(body, closed), strings.Contains(body, local), strings.Contains(body, remote)}; got != one.want {
				t.Errorf("local %s, remote %s: the page says it is closed, shows ours, shows others': %v, want %v", one.local, one.remote, got, one.want)
			}
		}
	})
}

func TestSharedTimelinesAreNotSentTwiceToGuests(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s, ada, known := sharedWorld(t, engine)
		nobody := s.Nobody()
		for _, path := range []string{"/api/v1/timelines/public", "/api/v1/timelines/public?local=true", "/api/v1/timelines/public?remote=true", "/api/v1/timelines/tag/cats", "/api/v1/timelines/tag/nobodywrotethis"} {
			_, link, first := shared(t, nobody, known, path)
			tag := first.Header.Get("ETag")
			if tag == "" || first.Header.Get("Cache-Control") != "max-age=15, public, stale-while-revalidate=30" || !strings.Contains(strings.Join(first.Header.Values("Vary"), ", "), "Authorization") {
				t.Errorf("%s answers with %v", path, first.Header)
			}
			if (link == "") != strings.Contains(path, "nobody") {
				t.Errorf("%s has the links %q", path, link)
			}
			if second := again(t, nobody, path, tag); second.StatusCode != http.StatusNotModified || second.Header.Get("ETag") != tag {
				t.Errorf("%s answers %d the second time", path, second.StatusCode)
			}
			// Whatever a token shows is nobody else's.
			if mine := again(t, ada, path, tag); mine.StatusCode != http.StatusOK || mine.Header.Get("ETag") != "" || strings.Contains(mine.Header.Get("Cache-Control"), "public") {
				t.Errorf("%s answers a member %d with %v", path, mine.StatusCode, mine.Header)
			}
		}
		_, _, before := shared(t, nobody, known, "/api/v1/timelines/public")
		known[ada.Publish("one more #cats").URI] = "a4"
		for _, path := range []string{"/api/v1/timelines/public", "/api/v1/timelines/tag/cats"} {
			if got, _, after := shared(t, nobody, known, path); !strings.HasPrefix(got, "a4 ") || after.Header.Get("ETag") == before.Header.Get("ETag") {
				t.Errorf("%s shows %q after a new status", path, got)
			}
		}
		for _, limit := range []int{1, 5} {
			for _, path := range []string{"/api/v1/timelines/public?limit=%d", "/api/v1/timelines/public?local=true&limit=%d"} {
				path = fmt.Sprintf(path, limit)
				nobody.Get(path, nil)
				asked := s.DB().Queries()
				nobody.Get(path, nil)
				if n := s.DB().Queries() - asked; n != 0 {
					t.Errorf("a warm %s costs %d statements", path, n)
				}
			}
			costs := map[string]int64{}
			path := "/api/v1/timelines/tag/cats?any[]=dogs&none[]=" + url.QueryEscape("nobodywrotethis")
			for _, limit := range []int{1, 40} {
				nobody.Get(path, nil)
				asked := s.DB().Queries()
				nobody.Get(fmt.Sprintf("%s&limit=%d", path, limit), nil)
				costs[fmt.Sprint(limit)] = s.DB().Queries() - asked
			}
			if costs["1"] != costs["40"] {
				t.Errorf("a hashtag's page costs %v statements by its length", costs)
			}
		}
	})
}
