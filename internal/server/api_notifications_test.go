package server_test

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type notice struct {
	ID, Type string
	GroupKey string `json:"group_key"`
	Filtered *bool
	Account  servertest.Account
	Status   *servertest.Status
	Fallback map[string]any
}

type noticeGroup struct {
	Key      string `json:"group_key"`
	Type     string
	Count    int      `json:"notifications_count"`
	Samples  []string `json:"sample_account_ids"`
	StatusID *string  `json:"status_id"`
	MinID    *string  `json:"page_min_id"`
	MaxID    *string  `json:"page_max_id"`
	LatestAt *string  `json:"latest_page_notification_at"`
	Newest   int64    `json:"most_recent_notification_id"`
	Fallback map[string]any
}

type noticeGroups struct {
	Accounts []servertest.Account
	Partial  *[]map[string]any `json:"partial_accounts"`
	Statuses []servertest.Status
	Groups   []noticeGroup `json:"notification_groups"`
}

func notices(p *servertest.Person, query string) []notice {
	p.On.T.Helper()
	var list []notice
	p.Get("/api/v1/notifications?"+query, &list)
	return list
}

func groups(p *servertest.Person, query string) noticeGroups {
	p.On.T.Helper()
	var answer noticeGroups
	p.Get("/api/v2/notifications?"+query, &answer)
	return answer
}

func countOf(p *servertest.Person, path string) int {
	p.On.T.Helper()
	var answer struct{ Count int }
	p.Get(path, &answer)
	return answer.Count
}

func TestNotificationsAreCountedAndDismissedTogether(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for i := range 5 {
			bo.Publish(fmt.Sprintf("@ada number %d", i))
		}
		bo.Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
		servertest.Settle(t, s)
		const unread = "/api/v1/notifications/unread_count"
		list := notices(ada, "")
		if len(list) != 6 || list[0].GroupKey == "" || list[5].GroupKey != "ungrouped-"+list[5].ID || list[0].Filtered != nil || list[0].Fallback != nil {
			t.Fatalf("ada is told %+v", list)
		}
		for query, want := range map[string]int{"": 6, "?limit=4": 4, "?types[]=mention": 5, "?exclude_types[]=mention": 1, "?account_id=" + bo.ID: 6, "?types[]=nothing": 0} {
			if n := countOf(ada, unread+query); n != want {
				t.Errorf("unread%s is %d, want %d", query, n, want)
			}
		}
		ada.Post("/api/v1/markers", url.Values{"notifications[last_read_id]": {list[2].ID}}, nil)
		if n := countOf(ada, unread); n != 2 {
			t.Errorf("past the marker are %d", n)
		}
		bo.Do(http.MethodDelete, "/api/v1/notifications/destroy_multiple?ids[]="+list[0].ID, nil, nil)
		if got := ada.Do(http.MethodDelete, "/api/v1/notifications/destroy_multiple?ids[]="+list[1].ID+"&ids[]="+list[4].ID+"&ids[]=1", nil, nil); got.StatusCode != http.StatusOK {
			t.Errorf("dismissing two is answered %d", got.StatusCode)
		}
		if left := notices(ada, ""); len(left) != 4 || left[0].ID != list[0].ID || left[1].ID != list[2].ID {
			t.Errorf("left are %+v", left)
		}
		if answer := ada.Do(http.MethodGet, "/api/v1/notifications?types[]=mention&limit=1", nil, nil); !strings.Contains(answer.Header.Get("Link"), "max_id="+list[2].ID) ||
			!strings.Contains(answer.Header.Get("Link"), "min_id="+list[2].ID) {
			t.Errorf("the links are %q", answer.Header.Get("Link"))
		}
		if up := notices(ada, "types[]=mention&limit=1&min_id="+list[5].ID); len(up) != 1 || up[0].ID != list[3].ID {
			t.Errorf("upward of the oldest is %+v", up)
		}
		for _, ask := range [][2]string{{"GET", unread}, {"DELETE", "/api/v1/notifications/destroy_multiple"}, {"POST", "/api/v2/notifications/clear"}} {
			if got := s.Nobody().Do(ask[0], ask[1], nil, nil); got.StatusCode != http.StatusUnauthorized {
				t.Errorf("nobody's %s is answered %d", ask[1], got.StatusCode)
			}
		}
		ada.Post("/api/v2/notifications/clear", nil, nil)
		if left := groups(ada, "include_filtered=true"); len(left.Groups)+len(notices(ada, "")) != 0 {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestOneNotificationIsDismissedByItself(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		for i := range 3 {
			bo.Publish(fmt.Sprintf("@ada number %d", i))
		}
		servertest.Settle(t, s)
		list := notices(ada, "")
		const at = "/api/v1/notifications/"
		for _, ask := range []struct {
			who          *servertest.Person
			method, path string
			code         int
		}{{bo, "POST", list[0].ID + "/dismiss", 404}, {bo, "DELETE", list[0].ID, 404}, {s.Nobody(), "POST", list[0].ID + "/dismiss", 401}, {s.Nobody(), "DELETE", list[0].ID, 401},
			{ada, "POST", list[0].ID + "/dismiss", 200}, {ada, "DELETE", list[2].ID, 200}, {ada, "POST", list[0].ID + "/dismiss", 404}, {ada, "DELETE", "x", 404}} {
			var body map[string]any
			if got := ask.who.Do(ask.method, at+ask.path, nil, &body); got.StatusCode != ask.code || ask.code == 200 && len(body) != 0 {
				t.Errorf("%s %s is answered %d %v, want %d", ask.method, ask.path, got.StatusCode, body, ask.code)
			}
		}
		if left := notices(ada, ""); len(left) != 1 || left[0].ID != list[1].ID {
			t.Errorf("left are %+v", left)
		}
	})
}

func TestManyOfAKindAreOneGroup(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		first, second := ada.Publish("first"), ada.Publish("second")
		var crowd []*servertest.Person
		for i := range 10 {
			bo := s.Join(fmt.Sprintf("bo%d", i))
			crowd = append(crowd, bo)
			bo.Act(first.ID, "favourite")
			servertest.Settle(t, s)
			if i == 4 {
				bo.Act(second.ID, "reblog")
				bo.Publish("@ada hello")
			}
		}
		crowd[0].Act(second.ID, "favourite")
		crowd[1].Post("/api/v1/accounts/"+ada.ID+"/follow", nil, nil)
		servertest.Settle(t, s)
		all := groups(ada, "")
		types := func(list []noticeGroup) (names []string) {
			for _, g := range list {
				names = append(names, fmt.Sprint(g.Type, " ", g.Count))
			}
			return names
		}
		if got := types(all.Groups); len(got) != 5 || !slices.Contains(got, "favourite 10") || !slices.Contains(got, "favourite 1") || !slices.Contains(got, "mention 1") || !slices.Contains(got, "follow 1") {
			t.Fatalf("the groups are %v", got)
		}
		var ten noticeGroup
		for _, g := range all.Groups {
			if g.Count == 10 {
				ten = g
			}
			if (g.StatusID == nil) != (g.Type == "follow") || g.MinID == nil || g.MaxID == nil || g.LatestAt == nil {
				t.Errorf("the group %+v", g)
			}
			if strings.HasPrefix(g.Key, "ungrouped-") != (g.Type == "mention") {
				t.Errorf("the key of a %s is %s", g.Type, g.Key)
			}
		}
		if !strings.HasPrefix(ten.Key, "favourite-"+first.ID+"-") || len(ten.Samples) != 8 || ten.Samples[0] != crowd[9].ID || *ten.StatusID != first.ID || *ten.MaxID != fmt.Sprint(ten.Newest) || *ten.MinID >= *ten.MaxID {
			t.Errorf("ten favourites are %+v", ten)
		}
		if len(all.Statuses) != 3 || len(all.Accounts) != 10 || all.Partial != nil {
			t.Errorf("with them come %d statuses and %d accounts", len(all.Statuses), len(all.Accounts))
		}
		if half := groups(ada, "expand_accounts=partial_avatars&types[]=favourite"); half.Partial == nil || len(*half.Partial)+len(half.Accounts) != 9 || len((*half.Partial)[0]) != 8 || len(half.Groups) != 2 {
			t.Errorf("with faces: %+v", half)
		}
		if got := ada.Do(http.MethodGet, "/api/v2/notifications?expand_accounts=none", nil, nil); got.StatusCode != http.StatusBadRequest {
			t.Errorf("another expansion is answered %d", got.StatusCode)
		}
		for query, want := range map[string]int{"types[]=favourite": 2, "exclude_types[]=favourite": 3, "grouped_types[]=reblog": 14, "grouped_types[]=favourite&types[]=favourite": 2,
			"account_id=" + crowd[4].ID: 3, "account_id=" + crowd[0].ID: 2, "types[]=nothing": 0, "limit=2": 2} {
			if got := groups(ada, query); len(got.Groups) != want {
				t.Errorf("?%s gives %v, want %d", query, types(got.Groups), want)
			}
			if n := countOf(ada, "/api/v2/notifications/unread_count?"+query); n != want {
				t.Errorf("unread of ?%s are %d, want %d", query, n, want)
			}
		}

		// Pages: downward every row once, a group that goes on below a bound again with what is below.
		answer := ada.Do(http.MethodGet, "/api/v2/notifications?limit=2", nil, nil)
		page := groups(ada, "limit=2")
		last := *page.Groups[1].MaxID
		if link := answer.Header.Get("Link"); !strings.Contains(link, "max_id="+last) || !strings.Contains(link, "min_id="+*page.Groups[0].MaxID) {
			t.Errorf("the links are %q", link)
		}
		if rest := groups(ada, "limit=40&max_id="+last); len(rest.Groups) != 3 {
			t.Errorf("below are %v", types(rest.Groups))
		}
		middle := notices(ada, "types[]=favourite")[6] // of the ten, the sixth from above
		below := groups(ada, "types[]=favourite&max_id="+middle.ID)
		if len(below.Groups) != 1 || below.Groups[0].Count != 4 || *below.Groups[0].MaxID >= middle.ID || below.Groups[0].Samples[0] != crowd[3].ID {
			t.Errorf("below the sixth are %+v", below.Groups)
		}
		if up := groups(ada, "limit=1&min_id="+last); len(up.Groups) != 1 || up.Groups[0].Key != page.Groups[0].Key {
			t.Errorf("above the first page's last is %v", types(up.Groups))
		}

		// One group.
		at := "/api/v2/notifications/" + ten.Key
		var one noticeGroups
		ada.Get(at, &one)
		if len(one.Groups) != 1 || one.Groups[0].Count != 10 || one.Groups[0].MinID != nil || len(one.Statuses) != 1 {
			t.Errorf("alone it is %+v", one)
		}
		mention := notices(ada, "types[]=mention")[0]
		ada.Get("/api/v2/notifications/ungrouped-"+mention.ID, &one)
		if one.Groups[0].Key != "ungrouped-"+mention.ID || one.Groups[0].Count != 1 {
			t.Errorf("a mention is %+v", one)
		}
		var people []servertest.Account
		answer = ada.Do(http.MethodGet, at+"/accounts?limit=3", nil, &people)
		if len(people) != 3 || people[0].ID != crowd[9].ID || !strings.Contains(answer.Header.Get("Link"), `rel="next"`) {
			t.Errorf("its people are %v, %q", people, answer.Header.Get("Link"))
		}
		bo := crowd[0]
		for _, ask := range []struct {
			who          *servertest.Person
			method, path string
			code         int
		}{{bo, "GET", at, 404}, {ada, "GET", "/api/v2/notifications/ungrouped-1", 404}, {ada, "GET", "/api/v2/notifications/nothing", 404}, {bo, "GET", at + "/accounts", 200}, {s.Nobody(), "GET", at, 401},
			{s.Nobody(), "GET", at + "/accounts", 401}, {s.Nobody(), "POST", at + "/dismiss", 401}, {s.Nobody(), "GET", "/api/v2/notifications", 401}, {s.Nobody(), "GET", "/api/v2/notifications/unread_count", 401}, {bo, "POST", at + "/dismiss", 200}} {
			if got := ask.who.Do(ask.method, ask.path, nil, nil); got.StatusCode != ask.code {
				t.Errorf("%s %s is answered %d, want %d", ask.method, ask.path, got.StatusCode, ask.code)
			}
		}
		// What is taken back leaves the group, and the last takes it along.
		crowd[9].Act(first.ID, "unfavourite")
		servertest.Settle(t, s)
		ada.Get(at, &one)
		if one.Groups[0].Count != 9 || one.Groups[0].Samples[0] != crowd[8].ID {
			t.Errorf("after one is taken back it is %+v", one.Groups[0])
		}
		ada.Post(at+"/dismiss", nil, nil)
		ada.Post("/api/v2/notifications/ungrouped-"+mention.ID+"/dismiss", nil, nil)
		if left := groups(ada, ""); len(left.Groups) != 3 {
			t.Errorf("left are %v", types(left.Groups))
		}
		if n, err := db.One(t.Context(), s.DB(), db.Int64, `SELECT COUNT(*) FROM notification_groups`); err != nil || n != 3 {
			t.Errorf("%d groups are kept, %v", n, err)
		}
	})
}

func TestWhatAPolicyHoldsBackWaitsForAnAnswer(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy, dee, eve := s.Join("ada"), s.Join("bo"), s.Join("cy"), s.Join("dee"), s.Join("eve")
		const policy, requests = "/api/v2/notifications/policy", "/api/v1/notifications/requests"
		type summary struct {
			Requests      int `json:"pending_requests_count"`
			Notifications int `json:"pending_notifications_count"`
		}
		var shown map[string]any
		ada.Get(policy, &shown)
		if shown["for_not_following"] != "accept" || shown["for_private_mentions"] != "filter" || shown["for_limited_accounts"] != "filter" || shown["for_bots"] != "accept" || len(shown) != 7 {
			t.Errorf("by default the policy is %v", shown)
		}
		if got := ada.Do(http.MethodPatch, policy, url.Values{"for_not_following": {"some"}}, nil); got.StatusCode != http.StatusUnprocessableEntity {
			t.Errorf("another verdict is answered %d", got.StatusCode)
		}
		ada.Do(http.MethodPatch, policy, url.Values{"for_not_following": {"filter"}}, &shown)
		if shown["for_not_following"] != "filter" || shown["for_private_mentions"] != "filter" {
			t.Errorf("then %v", shown)
		}
		ada.Post("/api/v1/accounts/"+eve.ID+"/follow", nil, nil)
		mine := ada.Publish("mine")
		said := bo.Publish("@ada one")
		bo.Publish("@ada two")
		bo.Act(mine.ID, "favourite")
		cy.Publish("@ada three")
		dee.Act(mine.ID, "favourite") // held back, and no request: applause is no word
		eve.Publish("@ada four")
		servertest.Settle(t, s)
		if list := notices(ada, "types[]=mention&types[]=favourite"); len(list) != 1 || list[0].Account.ID != eve.ID {
			t.Errorf("ada is told %+v", list)
		}
		held := notices(ada, "include_filtered=true&types[]=mention&types[]=favourite")
		if len(held) != 6 || held[len(held)-1].Filtered == nil || !*held[len(held)-1].Filtered {
			t.Errorf("with what is held back %+v", held)
		}
		type request struct {
			ID      string
			Count   any `json:"notifications_count"`
			Account servertest.Account
			Last    *servertest.Status `json:"last_status"`
		}
		list := func(query string) (rows []request) {
			t.Helper()
			ada.Get(requests+query, &rows)
			return rows
		}
		rows := list("")
		if len(rows) != 2 || rows[0].Account.ID != cy.ID || rows[1].Account.ID != bo.ID || rows[1].Count != "2" || rows[1].Last == nil {
			t.Fatalf("the requests are %+v", rows)
		}
		answer := ada.Do(http.MethodGet, requests+"?limit=1", nil, nil)
		if link := answer.Header.Get("Link"); !strings.Contains(link, "max_id="+rows[0].Last.ID) || !strings.Contains(link, "min_id="+rows[0].Last.ID) {
			t.Errorf("the links are %q", link)
		}
		if down, up := list("?max_id="+rows[0].Last.ID), list("?limit=1&min_id="+said.ID); len(down) != 1 || down[0].ID != rows[1].ID || len(up) != 1 || up[0].ID != rows[1].ID {
			t.Errorf("below is %+v, above %+v", down, up)
		}
		var counted struct{ Summary summary }
		ada.Get(policy, &counted)
		if counted.Summary != (summary{2, 3}) {
			t.Errorf("pending are %+v", counted.Summary)
		}
		var one request
		ada.Get(requests+"/"+rows[1].ID, &one)
		if one.ID != rows[1].ID || one.Count != "2" {
			t.Errorf("one is %+v", one)
		}
		for _, ask := range []struct {
			who          *servertest.Person
			method, path string
			code         int
		}{{bo, "GET", "/" + rows[1].ID, 404}, {bo, "POST", "/" + rows[1].ID + "/accept", 404}, {bo, "POST", "/" + rows[1].ID + "/dismiss", 404}, {ada, "POST", "/x/accept", 404}, {s.Nobody(), "GET", "", 401},
			{s.Nobody(), "GET", "/merged", 401}, {s.Nobody(), "POST", "/accept", 401}, {s.Nobody(), "POST", "/dismiss", 401}} {
			if got := ask.who.Do(ask.method, requests+ask.path, nil, nil); got.StatusCode != ask.code {
				t.Errorf("%s %s is answered %d, want %d", ask.method, ask.path, got.StatusCode, ask.code)
			}
		}
		merged := func() bool {
			var answer struct{ Merged bool }
			ada.Get(requests+"/merged", &answer)
			return answer.Merged
		}
		if !merged() {
			t.Error("something is said to be merging")
		}
		ada.Post(requests+"/"+rows[1].ID+"/accept", nil, nil)
		if merged() {
			t.Error("all is said to be merged before it is")
		}
		servertest.Settle(t, s)
		if !merged() || len(notices(ada, "account_id="+bo.ID)) != 3 || len(list("")) != 1 {
			t.Errorf("after the acceptance ada is told %+v", notices(ada, ""))
		}
		bo.Publish("@ada five")
		servertest.Settle(t, s)
		if len(notices(ada, "account_id="+bo.ID)) != 4 {
			t.Error("whom ada accepted is held back again")
		}
		ada.Post(requests+"/"+rows[0].ID+"/dismiss", nil, nil)
		servertest.Settle(t, s)
		if len(list("")) != 0 || len(notices(ada, "include_filtered=true&account_id="+cy.ID)) != 0 {
			t.Error("what ada dismissed is there")
		}
		// A later word asks anew; many are answered together; a status that goes takes its request along.
		gone := cy.Publish("@ada six")
		dee.Publish("@ada seven")
		servertest.Settle(t, s)
		rows = list("")
		ada.Post(requests+"/accept", url.Values{"id[]": {rows[0].ID, "1"}}, nil)
		servertest.Settle(t, s)
		if left := list(""); len(left) != 1 || left[0].Account.ID != cy.ID || len(notices(ada, "account_id="+dee.ID)) != 2 {
			t.Errorf("left are %+v", left)
		}
		cy.Delete(gone.ID)
		servertest.Settle(t, s)
		if left := list(""); len(left) != 0 {
			t.Errorf("of a status that is gone is left %+v", left)
		}
		cy.Publish("@ada eight")
		servertest.Settle(t, s)
		ada.Post(requests+"/dismiss", url.Values{"id[]": {list("")[0].ID}}, nil)
		if len(list("")) != 0 {
			t.Error("a request is there after many were dismissed")
		}

		// Dropped is never stored.
		ada.Do(http.MethodPut, policy, url.Values{"for_not_following": {"drop"}}, nil)
		cy.Publish("@ada nine")
		servertest.Settle(t, s)
		if list := notices(ada, "include_filtered=true&account_id="+cy.ID); len(list) != 0 {
			t.Errorf("what is dropped is there: %+v", list)
		}
		// The old form of the policy.
		var old map[string]any
		ada.Get("/api/v1/notifications/policy", &old)
		if old["filter_not_following"] != true || old["filter_new_accounts"] != false || old["filter_private_mentions"] != true || len(old) != 6 {
			t.Errorf("in its old form the policy is %v", old)
		}
		for i, method := range []string{http.MethodPut, http.MethodPatch} {
			ada.Do(method, "/api/v1/notifications/policy", url.Values{"filter_not_following": {fmt.Sprint(i)}, "filter_bots": {"true"}}, &old)
			ada.Get(policy, &shown)
			if want := []string{"accept", "filter"}[i]; shown["for_not_following"] != want || shown["for_bots"] != "filter" || old["filter_not_following"] != (i == 1) {
				t.Errorf("changed in its old form it is %v, %v", old, shown)
			}
		}
		for _, path := range []string{policy, "/api/v1/notifications/policy"} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodPatch} {
				if got := s.Nobody().Do(method, path, nil, nil); got.StatusCode != http.StatusUnauthorized {
					t.Errorf("nobody's %s %s is answered %d", method, path, got.StatusCode)
				}
			}
		}
	})
}

func TestAPrivateWordIsHeldBackUnlessItAnswersOne(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		cy.Publish("@ada psst", "visibility", "direct")
		asked := ada.Publish("@bo a word?", "visibility", "direct")
		answer := bo.Publish("@ada yes", "visibility", "direct", "in_reply_to_id", asked.ID)
		bo.Publish("@ada and more", "visibility", "direct", "in_reply_to_id", answer.ID)
		servertest.Settle(t, s)
		if list := notices(ada, ""); len(list) != 2 || list[0].Account.ID != bo.ID || list[1].Account.ID != bo.ID {
			t.Errorf("ada is told %+v", list)
		}
		if list := notices(ada, "include_filtered=true&account_id="+cy.ID); len(list) != 1 {
			t.Errorf("held back is %+v", list)
		}
	})
}

func TestTheBellRingsForPostsAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo, cy := s.Join("ada"), s.Join("bo"), s.Join("cy")
		ada.Post("/api/v1/accounts/"+bo.ID+"/follow", url.Values{"notify": {"true"}}, nil)
		cy.Post("/api/v1/accounts/"+bo.ID+"/follow", nil, nil)
		theirs := cy.Publish("something")
		servertest.Settle(t, s)
		first := bo.Publish("first")
		bo.Publish("second", "in_reply_to_id", first.ID)
		bo.Publish("@cy an answer", "in_reply_to_id", theirs.ID)
		bo.Publish("@cy in private", "visibility", "direct")
		bo.Act(theirs.ID, "reblog")
		bo.Publish("@ada you know", "visibility", "public")
		servertest.Settle(t, s)
		if got := len(notices(ada, "types[]=status")); got != 2 {
			t.Errorf("the bell rang %d times: %+v", got, notices(ada, ""))
		}
		if got := len(notices(cy, "types[]=status")); got != 0 {
			t.Errorf("without a bell it rang %d times", got)
		}
	})
}

func TestAPageOfNotificationsCostsAFixedNumberOfStatements(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		ada.Do(http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_not_followers": {"filter"}}, nil)
		for i := range 12 {
			bo := s.Join(fmt.Sprintf("bo%d", i))
			if i%2 == 0 {
				ada.Do(http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_not_followers": {"accept"}}, nil)
			}
			post := ada.Publish(fmt.Sprint("post ", i))
			bo.Act(post.ID, "favourite")
			bo.Publish(fmt.Sprintf("@ada %d", i))
			servertest.Settle(t, s)
			ada.Do(http.MethodPatch, "/api/v2/notifications/policy", url.Values{"for_not_followers": {"filter"}}, nil)
		}
		for _, path := range []string{"/api/v1/notifications?", "/api/v2/notifications?", "/api/v1/notifications/requests?"} {
			cost := func(limit int) int64 {
				answer := fmt.Sprintf("%slimit=%d", path, limit)
				ada.Get(answer, nil)
				before := s.DB().Queries()
				ada.Get(answer, nil)
				return s.DB().Queries() - before
			}
			if one, many := cost(2), cost(6); many > one {
				t.Errorf("%s costs %d statements for two and %d for six", path, one, many)
			}
		}
	})
}
