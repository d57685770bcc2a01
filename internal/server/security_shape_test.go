package server_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"sort"
	"strings"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

// Clients decode strictly: a key that is missing, or null where none is expected, breaks them.
// A shape is a line for each key: its name, its JSON type, and ? where null may stand instead.
// What is not listed must not be there.
type shape map[string]string

func shapeOf(text string) shape {
	s := shape{}
	words := strings.Fields(text)
	for i := 0; i+1 < len(words); i += 2 {
		s[words[i]] = words[i+1]
	}
	return s
}

const accountKeys = `id id username text acct text display_name text locked bool bot bool discoverable bool? indexable bool group bool created_at text
	note text url text? uri text avatar text avatar_static text avatar_description text header text header_static text header_description text
	followers_count number following_count number statuses_count number last_status_at text? hide_collections bool? show_media bool
	show_media_replies bool show_featured bool emojis list fields list feature_approval object `

const localAccountKeys = accountKeys + `noindex bool? roles list `

const statusKeys = `id id created_at text in_reply_to_id id? in_reply_to_account_id id? sensitive bool spoiler_text text visibility text language text?
	uri text url text? replies_count number reblogs_count number favourites_count number quotes_count number edited_at text? content text reblog object?
	account object media_attachments list mentions list tags list emojis list card object? poll object? quote object? quote_approval object tagged_collections list application optional `

const viewedStatusKeys = statusKeys + `favourited bool reblogged bool muted bool bookmarked bool filtered list `

var shapes = map[string]shape{
	"Account":           shapeOf(localAccountKeys),
	"CredentialAccount": shapeOf(localAccountKeys + `source object role object`),
	"Source": shapeOf(`privacy text sensitive bool language text? note text fields list follow_requests_count number hide_collections bool? discoverable bool?
		indexable bool attribution_domains list quote_policy text`),
	"Role":            shapeOf(`id id name text color text permissions id highlighted bool collection_limit number`),
	"Field":           shapeOf(`name text value text verified_at text?`),
	"FeatureApproval": shapeOf(`automatic list manual list current_user text`),
	"Status":          shapeOf(statusKeys),
	"ViewedStatus":    shapeOf(viewedStatusKeys),
	"OwnStatus":       shapeOf(viewedStatusKeys + `pinned bool`),
	"Mention":         shapeOf(`id id username text url text acct text`),
	"StatusTag":       shapeOf(`name text url text`),
	"Context":         shapeOf(`ancestors list descendants list`),
	"Relationship": shapeOf(`id id following bool showing_reblogs bool notifying bool languages list? followed_by bool blocking bool blocked_by bool
		muting bool muting_notifications bool muting_expires_at text? requested bool requested_by bool domain_blocking bool endorsed bool note text`),
	"Notification":   shapeOf(`id id type text group_key text created_at text account object`),
	"StatusNotice":   shapeOf(`id id type text group_key text created_at text account object status object`),
	"Search":         shapeOf(`accounts list statuses list hashtags list collections list`),
	"Application":    shapeOf(`id id name text website text? scopes list redirect_uris list redirect_uri text vapid_key text`),
	"Token":          shapeOf(`access_token text token_type text scope text created_at number`),
	"Preferences":    shapeOf(`posting:default:visibility text posting:default:sensitive bool posting:default:language text? posting:default:quote_policy text reading:expand:media text reading:expand:spoilers bool reading:autoplay:gifs bool`),
	"Instance2":      shapeOf(`domain text title text version text source_url text description text usage object thumbnail object icon list languages list configuration object registrations object api_versions object contact object rules list wrapstodon text?`),
	"Instance1":      shapeOf(`uri text title text short_description text description text email text version text urls object stats object thumbnail text? languages list registrations bool approval_required bool invites_enabled bool configuration object contact_account object? rules list`),
	"Registrations":  shapeOf(`enabled bool approval_required bool reason_required bool? message text? min_age number? url text?`),
	"Configuration2": shapeOf(`urls object vapid object accounts object statuses object media_attachments object polls object translation object timelines_access object limited_federation bool`),
	"StatusLimits":   shapeOf(`max_characters number max_media_attachments number characters_reserved_per_url number`),
	"MediaLimits":    shapeOf(`supported_mime_types list description_limit number image_size_limit number image_matrix_limit number video_size_limit number video_frame_rate_limit number video_matrix_limit number`),
	"PollLimits":     shapeOf(`max_options number max_characters_per_option number min_expiration number max_expiration number`),
	"Error":          shapeOf(`error text`),
	"Tag":            shapeOf(`id id name text url text history list`),
}

// must compares a JSON object with a shape and gives the object's parts.
func must(t *testing.T, name string, raw json.RawMessage) map[string]json.RawMessage {
	t.Helper()
	var have map[string]json.RawMessage
	if err := json.Unmarshal(raw, &have); err != nil {
		t.Fatalf("%s is no object: %v: %.200s", name, err, raw)
	}
	want := shapes[name]
	if want == nil {
		t.Fatalf("there is no shape %s", name)
	}
	for key, kind := range want {
		value, there := have[key]
		if kind == "optional" { // only where the author shows it
			continue
		}
		if !there {
			t.Errorf("%s has no %s", name, key)
		} else if err := isKind(value, kind); err != nil {
			t.Errorf("%s.%s %v", name, key, err)
		}
	}
	var more []string
	for key := range have {
		if _, known := want[key]; !known {
			more = append(more, key)
		}
	}
	sort.Strings(more)
	if len(more) > 0 {
		t.Errorf("%s has keys that Mastodon's has not: %v", name, more)
	}
	return have
}

func isKind(raw json.RawMessage, kind string) error {
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return err
	}
	if v == nil {
		if strings.HasSuffix(kind, "?") {
			return nil
		}
		return fmt.Errorf("is null, want a %s", kind)
	}
	fine := false
	switch strings.TrimSuffix(kind, "?") {
	case "text":
		_, fine = v.(string)
	case "id": // a number in a string
		s, ok := v.(string)
		fine = ok && s != "" && strings.Trim(s, "-0123456789") == ""
	case "number":
		_, fine = v.(float64)
	case "bool":
		_, fine = v.(bool)
	case "list":
		_, fine = v.([]any)
	case "object":
		_, fine = v.(map[string]any)
	}
	if !fine {
		return fmt.Errorf("is %.60s, want a %s", raw, kind)
	}
	return nil
}

func each(t *testing.T, name string, raw json.RawMessage) []map[string]json.RawMessage {
	t.Helper()
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		t.Fatalf("there is no list of %s: %v: %.200s", name, err, raw)
	}
	var parts []map[string]json.RawMessage
	for _, one := range list {
		parts = append(parts, must(t, name, one))
	}
	return parts
}

func TestWhatClientsReadHasEveryKeyThatTheyExpect(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		c := gather(t, engine)
		var raw json.RawMessage
		c.ada.Do("PATCH", "/api/v1/accounts/update_credentials", url.Values{"fields_attributes[0][name]": {"Web"}, "fields_attributes[0][value]": {"https://ada.example"}, "note": {"I #code"}}, &raw)
		get := func(p *servertest.Person, path string) json.RawMessage {
			t.Helper()
			p.Get(path, &raw)
			return append(json.RawMessage(nil), raw...)
		}
		post := func(p *servertest.Person, path string) json.RawMessage {
			t.Helper()
			p.Post(path, url.Values{}, &raw)
			return append(json.RawMessage(nil), raw...)
		}

		own := must(t, "CredentialAccount", get(c.ada, "/api/v1/accounts/verify_credentials"))
		each(t, "Field", must(t, "Source", own["source"])["fields"])
		must(t, "Role", own["role"])
		each(t, "Field", own["fields"])
		must(t, "FeatureApproval", own["feature_approval"])
		must(t, "Account", get(c.Nobody(), "/api/v1/accounts/"+c.ada.ID))
		must(t, "Account", get(c.Nobody(), "/api/v1/accounts/lookup?acct=bo"))
		each(t, "Account", get(c.bo, "/api/v1/accounts?id[]="+c.ada.ID+"&id[]="+c.bo.ID))

		status := must(t, "Status", get(c.Nobody(), "/api/v1/statuses/"+c.status.ID))
		must(t, "Account", status["account"])
		each(t, "StatusTag", status["tags"])
		must(t, "FeatureApproval", status["quote_approval"])
		must(t, "ViewedStatus", get(c.ada, "/api/v1/statuses/"+c.status.ID))
		must(t, "OwnStatus", get(c.bo, "/api/v1/statuses/"+c.status.ID))
		context := must(t, "Context", get(c.ada, "/api/v1/statuses/"+c.status.ID+"/context"))
		reply := each(t, "OwnStatus", context["descendants"])[0]
		each(t, "Mention", reply["mentions"])
		boost := must(t, "ViewedStatus", post(c.ada, "/api/v1/statuses/"+c.status.ID+"/reblog"))
		must(t, "ViewedStatus", boost["reblog"])
		for _, act := range []string{"favourite", "bookmark"} {
			must(t, "ViewedStatus", post(c.ada, "/api/v1/statuses/"+c.status.ID+"/"+act))
		}
		post(c.ada, "/api/v1/accounts/"+c.bo.ID+"/follow")
		servertest.Settle(t, c.Server)

		seen := map[string]bool{}
		var notices []json.RawMessage
		if err := json.Unmarshal(get(c.bo, "/api/v1/notifications"), &notices); err != nil {
			t.Fatal(err)
		}
		for _, notice := range notices {
			var kind struct{ Type string }
			if err := json.Unmarshal(notice, &kind); err != nil {
				t.Fatal(err)
			}
			seen[kind.Type] = true
			if kind.Type == "follow" {
				must(t, "Account", must(t, "Notification", notice)["account"])
				continue
			}
			must(t, "Account", must(t, "StatusNotice", notice)["account"])
		}
		for _, kind := range []string{"mention", "reblog", "favourite", "follow"} {
			if !seen[kind] {
				t.Errorf("bo was not told of a %s", kind)
			}
		}
		each(t, "Relationship", get(c.ada, "/api/v1/accounts/relationships?id[]="+c.bo.ID+"&id[]="+c.ada.ID))
		must(t, "Relationship", post(c.ada, "/api/v1/accounts/"+c.bo.ID+"/mute"))
		must(t, "Relationship", post(c.ada, "/api/v1/accounts/"+c.bo.ID+"/unmute"))
		found := must(t, "Search", get(c.Nobody(), "/api/v2/search?q=cats"))
		each(t, "Tag", found["hashtags"])
		each(t, "Account", must(t, "Search", get(c.Nobody(), "/api/v2/search?q=bo"))["accounts"])
		must(t, "Preferences", get(c.ada, "/api/v1/preferences"))
		must(t, "Application", get(&servertest.Person{On: c.Server, Token: appToken(t, c.Server, "read")}, "/api/v1/apps/verify_credentials"))
		c.Nobody().Do("GET", "/api/v1/statuses/1", nil, &raw)
		must(t, "Error", raw)

		about := must(t, "Instance2", get(c.Nobody(), "/api/v2/instance"))
		must(t, "Registrations", about["registrations"])
		conf := must(t, "Configuration2", about["configuration"])
		must(t, "StatusLimits", conf["statuses"])
		must(t, "MediaLimits", conf["media_attachments"])
		must(t, "PollLimits", conf["polls"])
		var contact struct{ Account json.RawMessage }
		if err := json.Unmarshal(about["contact"], &contact); err != nil {
			t.Fatal(err)
		}
		must(t, "Account", contact.Account)
		old := must(t, "Instance1", get(c.Nobody(), "/api/v1/instance"))
		must(t, "Account", old["contact_account"])
		var limits, stats map[string]int64
		if err := json.Unmarshal(old["stats"], &stats); err != nil || stats["user_count"] != 2 || stats["status_count"] != 3 {
			t.Errorf("the server counts %s (%v)", old["stats"], err)
		}
		if err := json.Unmarshal(conf["statuses"], &limits); err != nil || limits["max_characters"] != 500 || limits["characters_reserved_per_url"] != 23 {
			t.Errorf("the limits are %s (%v)", conf["statuses"], err)
		}
	})
}
