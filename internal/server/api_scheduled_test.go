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
	"anancus/internal/server/servertest"
)

// scheduled is what the API tells of a status for later, or of one that was published instead.
type scheduled struct {
	ID          string
	URI         string
	ScheduledAt string `json:"scheduled_at"`
	CreatedAt   string `json:"created_at"`
	Params      map[string]any
	Media       []any `json:"media_attachments"`
	Error       string
}

// morning is when these stories begin.
var morning = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)

func stamp(at time.Time) string { return at.UTC().Format("2006-01-02T15:04:05.000Z") }

// schedules asks to publish later; key is an idempotency key or "".
func schedules(p *servertest.Person, at, key string, pairs ...string) (made scheduled, code int) {
	p.On.T.Helper()
	form := url.Values{"status": {"for later"}, "scheduled_at": {at}}
	for i := 0; i+1 < len(pairs); i += 2 {
		if !strings.HasSuffix(pairs[i], "[]") {
			form.Del(pairs[i])
		}
		form.Add(pairs[i], pairs[i+1])
	}
	req, err := http.NewRequestWithContext(p.On.T.Context(), http.MethodPost, p.On.URL+"/api/v1/statuses", strings.NewReader(form.Encode()))
	if err != nil {
		p.On.T.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+p.Token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return made, p.Send(req, &made).StatusCode
}

func mustSchedule(p *servertest.Person, at time.Time, pairs ...string) scheduled {
	p.On.T.Helper()
	made, code := schedules(p, stamp(at), "", pairs...)
	if code != http.StatusOK || made.ScheduledAt == "" {
		p.On.T.Fatalf("answered %d %+v", code, made)
	}
	return made
}

func publishDue(t *testing.T, s *servertest.Server) {
	t.Helper()
	if err := s.PublishDue(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func statusesOf(asker, author *servertest.Person) (list []servertest.Status) {
	asker.On.T.Helper()
	asker.Get("/api/v1/accounts/"+author.ID+"/statuses?limit=40", &list)
	return list
}

func waiting(p *servertest.Person) (list []scheduled) {
	p.On.T.Helper()
	p.Get("/api/v1/scheduled_statuses", &list)
	return list
}

func TestAScheduledStatusIsPublishedAtItsTimeAsItWasWritten(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(morning)
		s := servertest.NewAt(t, engine, now)
		ada, bo := s.Join("ada"), s.Join("bo")
		ada.Follow(bo)
		parent := ada.Publish("what do you say?")
		due := morning.Add(10 * time.Minute)
		made, code := schedules(bo, stamp(due), "key", "status", "@ada this #later", "in_reply_to_id", parent.ID, "visibility", "unlisted", "spoiler_text", "mind",
			"language", "de", "poll[options][]", "yes", "poll[options][]", "no", "poll[expires_in]", "3600", "allowed_mentions[]", ada.ID)
		if code != http.StatusOK || made.ID == "" || made.ScheduledAt != stamp(due) || made.Media == nil || len(made.Media) != 0 {
			t.Fatalf("answered %d %+v", code, made)
		}
		for key, want := range map[string]any{"text": "@ada this #later", "visibility": "unlisted", "spoiler_text": "mind", "language": "de", "sensitive": nil, "media_ids": nil,
			"scheduled_at": nil, "idempotency": nil, "with_rate_limit": false, "quoted_status_id": nil, "quote_approval_policy": "public",
			"in_reply_to_id": float64(number(t, parent.ID)), "allowed_mentions": fmt.Sprint([]any{ada.ID}),
			"poll": fmt.Sprint(map[string]any{"options": []any{"yes", "no"}, "expires_in": 3600, "multiple": false, "hide_totals": false})} {
			got, there := made.Params[key]
			if _, text := want.(string); text && got != nil && fmt.Sprintf("%T", got) != "string" {
				got = fmt.Sprint(got)
			}
			if !there || got != want {
				t.Errorf("%s is %v (%v), want %v", key, got, there, want)
			}
		}
		if _, number := made.Params["application_id"].(float64); !number {
			t.Errorf("application_id is %v", made.Params["application_id"])
		}
		again, _ := schedules(bo, stamp(due), "key", "status", "@ada this #later")
		if again.ID != made.ID || len(waiting(bo)) != 1 || len(waiting(ada)) != 0 {
			t.Errorf("again gives %s, want %s; %d wait", again.ID, made.ID, len(waiting(bo)))
		}
		now.Advance(7 * time.Minute) // nearer than could be scheduled anew
		publishDue(t, s)
		if again, code = schedules(bo, stamp(due), "key"); code != http.StatusOK || again.ID != made.ID {
			t.Errorf("later the same key gives %d %s", code, again.ID)
		}
		now.Advance(3*time.Minute - time.Millisecond)
		publishDue(t, s)
		if len(statusesOf(bo, bo)) != 0 {
			t.Error("published before its time")
		}
		now.Advance(time.Millisecond)
		publishDue(t, s)
		servertest.Settle(t, s)
		list := statusesOf(ada, bo)
		if len(list) != 1 || list[0].InReplyTo != parent.ID || list[0].Visibility != "unlisted" || !strings.Contains(list[0].Content, "this") {
			t.Fatalf("published are %+v", list)
		}
		var shown struct {
			CreatedAt string `json:"created_at"`
			Language  string
			Warning   string `json:"spoiler_text"`
			Poll      *struct {
				ExpiresAt string `json:"expires_at"`
				Options   []struct{ Title string }
			}
			Tags []struct{ Name string }
		}
		ada.Get("/api/v1/statuses/"+list[0].ID, &shown)
		if shown.CreatedAt != stamp(due) || shown.Language != "de" || shown.Warning != "mind" || len(shown.Tags) != 1 || shown.Poll == nil ||
			len(shown.Poll.Options) != 2 || shown.Poll.ExpiresAt != stamp(due.Add(time.Hour)) {
			t.Errorf("published is %+v", shown)
		}
		if told := ada.Notifications(); len(told) != 1 || told[0].Type != "mention" {
			t.Errorf("ada is told %+v", told)
		}
		if home := ada.Home(); len(home) == 0 || home[0].ID != list[0].ID {
			t.Errorf("home begins with %+v", home)
		}
		if len(waiting(bo)) != 0 || bo.Do(http.MethodGet, "/api/v1/scheduled_statuses/"+made.ID, nil, nil).StatusCode != http.StatusNotFound {
			t.Error("it waits still")
		}
		if again, code = schedules(bo, stamp(due), "key"); code != http.StatusOK || again.ID != list[0].ID {
			t.Errorf("after it the same key gives %d %s, want the status %s", code, again.ID, list[0].ID)
		}
		now.Advance(time.Hour)
		publishDue(t, s)
		if len(statusesOf(ada, bo)) != 1 {
			t.Error("published twice")
		}
	})
}

func TestManyProcessesPublishAStatusOnceAndAFailureLosesNone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(morning)
		s := servertest.NewAt(t, engine, now)
		ada := s.Join("ada")
		for n := range 20 {
			mustSchedule(ada, morning.Add(time.Hour), "status", fmt.Sprint("number ", n))
		}
		alter := func(from, to string) {
			t.Helper()
			if err := s.DB().Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, `ALTER TABLE `+from+` RENAME TO `+to)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		now.Advance(time.Hour)
		alter("status_counts", "status_counts_away") // a transaction that breaks off in its midst
		if err := s.OtherPublishDue(t.Context()); err != nil {
			t.Fatal(err)
		}
		alter("status_counts_away", "status_counts")
		if n := count(t, s, `SELECT COUNT(*) FROM statuses`); n != 0 || len(waiting(ada)) != 20 {
			t.Fatalf("after a failure there are %d statuses, and %d wait", n, len(waiting(ada)))
		}
		now.Advance(5 * time.Minute)
		failed := make(chan error, 4)
		for range cap(failed) {
			go func() { failed <- s.OtherPublishDue(t.Context()) }()
		}
		for range cap(failed) {
			if err := <-failed; err != nil {
				t.Error(err)
			}
		}
		if n := len(statusesOf(ada, ada)); n != 20 || len(waiting(ada)) != 0 {
			t.Errorf("%d are published of 20, and %d wait", n, len(waiting(ada)))
		}
		if n := count(t, s, `SELECT statuses FROM account_counts WHERE account_id = $1`, number(t, ada.ID)); n != 20 {
			t.Errorf("%d are counted", n)
		}
	})
}

func TestWhatCanNoLongerBePublishedIsDropped(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(morning)
		s := servertest.NewAt(t, engine, now)
		ada, bo, off, out := s.Join("ada"), s.Join("bo"), s.Join("off"), s.Join("out")
		parent, other := ada.Publish("soon gone"), ada.Publish("soon gone too")
		at := morning.Add(time.Hour)
		mustSchedule(bo, at, "in_reply_to_id", parent.ID)
		mustSchedule(bo, at, "quoted_status_id", other.ID)
		mustSchedule(off, at)
		mustSchedule(out, at)
		mustSchedule(bo, at, "status", "on its own")
		ada.Delete(parent.ID)
		ada.Delete(other.ID)
		for _, sql := range []string{`UPDATE members SET disabled_at = 1 WHERE account_id = ` + off.ID, `UPDATE accounts SET suspended_at = 1 WHERE id = ` + out.ID} {
			if err := s.DB().Tx(t.Context(), func(tx *db.Tx) error {
				_, err := db.Exec(t.Context(), tx, sql)
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		now.Advance(time.Hour)
		publishDue(t, s)
		if n := count(t, s, `SELECT COUNT(*) FROM scheduled_statuses`); n != 0 {
			t.Errorf("%d wait still", n)
		}
		if list := statusesOf(bo, bo); len(list) != 1 || !strings.Contains(list[0].Content, "on its own") {
			t.Errorf("bo published %+v", list)
		}
		if n := count(t, s, `SELECT COUNT(*) FROM statuses WHERE author_id IN (`+off.ID+`,`+out.ID+`)`); n != 0 {
			t.Errorf("%d statuses are of members who may not write", n)
		}
	})
}

func TestWhenAndHowMuchMayBeScheduled(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.NewAt(t, engine, clock.NewManual(morning))
		ada, bo := s.Join("ada"), s.Join("bo")
		const soon, noDate = "Validation failed: Scheduled at date must be in the future", "Invalid date supplied"
		for at, want := range map[string]string{
			stamp(morning.Add(time.Minute)):                      soon,
			stamp(morning.Add(5 * time.Minute)):                  soon,
			stamp(morning.Add(5*time.Minute + time.Millisecond)): "",
			"2026-11-22T12:04:59+02:00":                          soon,
			"2026-11-22T12:05:01.5+01:00":                        "",
			"2026-11-22T10:30":                                   "",
			"2026-11-22 10:30:00 UTC":                            "",
			"2026-11-23":                                         "",
			"tomorrow":                                           noDate,
			"1795341600":                                         noDate,
		} {
			made, code := schedules(ada, at, "")
			if made.Error != want || (code != http.StatusOK) != (want != "") || want != "" && code != http.StatusUnprocessableEntity || want == "" && made.ScheduledAt == "" {
				t.Errorf("%s: answered %d %+v", at, code, made)
			}
		}
		for _, past := range []string{"", "2020-01-01T00:00:00Z", stamp(morning)} {
			if made, code := schedules(bo, past, ""); code != http.StatusOK || made.URI == "" || made.ScheduledAt != "" {
				t.Errorf("%q: answered %d %+v", past, code, made)
			}
		}
		for what, pairs := range map[string][]string{"Validation failed: Text can't be blank": {"status", " "},
			"The post you are trying to reply to does not appear to exist.":                    {"in_reply_to_id", "1"},
			"Validation failed: Visibility is not one of public, unlisted, private, direct":    {"visibility", "x"},
			"Validation failed: Media 1 not found or already attached to another post":         {"media_ids[]", "1"},
			"Post would be sent to unexpected accounts":                                        {"status", "@ada", "allowed_mentions[]", bo.ID},
			"Validation failed: Quote approval policy is not one of public, followers, nobody": {"quote_approval_policy", "x"}} {
			if made, code := schedules(bo, stamp(morning.Add(time.Hour)), "", pairs...); made.Error != what || code < 400 {
				t.Errorf("%v: answered %d %q", pairs, code, made.Error)
			}
		}

		day := time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)
		var last scheduled
		for n := range 25 {
			last = mustSchedule(bo, day.Add(time.Duration(n)*57*time.Minute))
		}
		const full, most = "Validation failed: You have exceeded the limit of 25 scheduled posts for today", "Validation failed: You have exceeded the limit of 300 scheduled posts"
		if made, code := schedules(bo, stamp(day.Add(24*time.Hour-time.Second)), ""); code != http.StatusUnprocessableEntity || made.Error != full {
			t.Errorf("the 26th of a day: answered %d %+v", code, made)
		}
		tomorrow := mustSchedule(bo, day.Add(24*time.Hour))
		move := func(p *servertest.Person, id string, at time.Time) (moved scheduled, code int) {
			t.Helper()
			return moved, p.Do(http.MethodPut, "/api/v1/scheduled_statuses/"+id, url.Values{"scheduled_at": {stamp(at)}}, &moved).StatusCode
		}
		if moved, code := move(bo, tomorrow.ID, day); code != http.StatusUnprocessableEntity || moved.Error != full {
			t.Errorf("moved into a full day: answered %d %+v", code, moved)
		}
		if moved, code := move(bo, last.ID, day.Add(time.Minute)); code != http.StatusOK || moved.ScheduledAt != stamp(day.Add(time.Minute)) {
			t.Errorf("moved within a full day: answered %d %+v", code, moved)
		}
		if made, code := schedules(ada, stamp(day), ""); code != http.StatusOK {
			t.Errorf("another's day: answered %d %+v", code, made)
		}
		for n := 26; n < 300; n++ {
			mustSchedule(bo, day.Add(time.Duration(n-20)*5*time.Hour))
		}
		if made, code := schedules(bo, stamp(day.Add(1000*24*time.Hour)), ""); code != http.StatusUnprocessableEntity || made.Error != most {
			t.Errorf("the 301st: answered %d %+v", code, made)
		}
		if _, code := move(bo, last.ID, day.Add(1000*24*time.Hour)); code != http.StatusOK {
			t.Errorf("with 300 one is moved with %d", code)
		}
	})
}

func TestScheduledStatusesAreListedMovedAndCancelledByTheirAuthorAlone(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		now := clock.NewManual(morning)
		s := servertest.NewAt(t, engine, now)
		ada, bo := s.Join("ada"), s.Join("bo")
		const path = "/api/v1/scheduled_statuses"
		var none string
		if answer := ada.Do(http.MethodGet, path, nil, &none); strings.TrimSpace(none) != "[]" || answer.Header.Get("Link") != "" {
			t.Errorf("none are %s with %q", none, answer.Header.Get("Link"))
		}
		var made []scheduled
		for n := range 5 {
			made = append(made, mustSchedule(ada, morning.Add(time.Duration(10-n)*time.Hour), "status", fmt.Sprint("number ", n)))
		}
		page := func(query string) (ids string, link string) {
			t.Helper()
			var list []scheduled
			answer := ada.Do(http.MethodGet, path+"?limit=2"+query, nil, &list)
			for _, one := range list {
				for n := range made {
					if made[n].ID == one.ID {
						ids += fmt.Sprint(n)
					}
				}
			}
			return ids, answer.Header.Get("Link")
		}
		for _, step := range []struct{ query, want, next, prev string }{
			{"", "43", "max_id=" + made[3].ID, "min_id=" + made[4].ID},
			{"&max_id=" + made[3].ID, "21", "max_id=" + made[1].ID, "min_id=" + made[2].ID},
			{"&max_id=" + made[1].ID, "0", "", "min_id=" + made[0].ID},
			{"&min_id=" + made[0].ID, "21", "max_id=" + made[1].ID, "min_id=" + made[2].ID},
			{"&since_id=" + made[0].ID, "43", "max_id=" + made[3].ID, "min_id=" + made[4].ID},
		} {
			ids, link := page(step.query)
			if ids != step.want || strings.Contains(link, `rel="next"`) != (step.next != "") || !strings.Contains(link, step.next) || !strings.Contains(link, step.prev+`>; rel="prev"`) {
				t.Errorf("%q gives %s with %s", step.query, ids, link)
			}
		}
		cost := func(limit string) int64 {
			before := s.DB().Queries()
			ada.Get(path+"?limit="+limit, nil)
			return s.DB().Queries() - before
		}
		if one, all := cost("1"), cost("5"); all > one {
			t.Errorf("five cost %d statements, one %d", all, one)
		}

		var shown scheduled
		one := path + "/" + made[0].ID
		ada.Get(one, &shown)
		if shown.ScheduledAt != made[0].ScheduledAt || shown.Params["text"] != "number 0" {
			t.Errorf("shown is %+v", shown)
		}
		at := morning.Add(30 * time.Minute)
		put := func(p *servertest.Person, form url.Values) (moved scheduled, code int) {
			t.Helper()
			return moved, p.Do(http.MethodPut, one, form, &moved).StatusCode
		}
		if moved, code := put(ada, url.Values{"scheduled_at": {stamp(at)}, "status": {"something else"}}); code != http.StatusOK || moved.ScheduledAt != stamp(at) || moved.Params["text"] != "number 0" {
			t.Errorf("moved is %d %+v", code, moved)
		}
		if moved, code := put(ada, url.Values{}); code != http.StatusOK || moved.ScheduledAt != stamp(at) {
			t.Errorf("without a time: %d %+v", code, moved)
		}
		for _, bad := range []string{stamp(morning.Add(time.Minute)), stamp(morning.Add(-time.Hour)), "soon", ""} {
			if moved, code := put(ada, url.Values{"scheduled_at": {bad}}); code != http.StatusUnprocessableEntity || moved.Error == "" {
				t.Errorf("%q: %d %+v", bad, code, moved)
			}
		}
		for _, who := range []struct {
			person *servertest.Person
			code   int
		}{{bo, http.StatusNotFound}, {s.Nobody(), http.StatusUnauthorized}} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
				if answer := who.person.Do(method, one, url.Values{"scheduled_at": {stamp(at.Add(time.Hour))}}, nil); answer.StatusCode != who.code {
					t.Errorf("%s as %q answered %d", method, who.person.Name, answer.StatusCode)
				}
			}
		}
		if answer := s.Nobody().Do(http.MethodGet, path, nil, nil); answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("the list answered nobody %d", answer.StatusCode)
		}
		now.Advance(45 * time.Minute)
		publishDue(t, s)
		if list := statusesOf(bo, ada); len(list) != 1 || !strings.Contains(list[0].Content, "number 0") {
			t.Errorf("at the new time there are %+v", list)
		}
		for _, p := range made[1:] {
			var empty string
			if answer := ada.Do(http.MethodDelete, path+"/"+p.ID, nil, &empty); answer.StatusCode != http.StatusOK || strings.TrimSpace(empty) != "{}" {
				t.Errorf("cancelled with %d %s", answer.StatusCode, empty)
			}
		}
		if answer := ada.Do(http.MethodDelete, path+"/"+made[1].ID, nil, nil); answer.StatusCode != http.StatusNotFound {
			t.Errorf("cancelled twice with %d", answer.StatusCode)
		}
		now.Advance(24 * time.Hour)
		publishDue(t, s)
		if n := len(statusesOf(bo, ada)); n != 1 {
			t.Errorf("of cancelled ones %d were published", n-1)
		}
	})
}
