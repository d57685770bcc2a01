package server_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/servertest"
)

var update = flag.Bool("update", false, "write the golden files of foreign servers anew")

// foreignBodies is where bodies of software that we did not write are kept; how they are read is tested where they lie.
const foreignBodies = "../protocol/activitypub/testdata/foreign"

// TestWhatForeignSoftwareSendsIsShown lets a member follow an actor of each software, delivers what that software sends, and compares what the
// member is shown of it, whole. In the bodies ours.example is the member's server: /ada is the member, /post a post of theirs.
//
// Files that begin with actor are served; of the others activities are delivered, in the order of their names, and documents are found by
// their address.
func TestWhatForeignSoftwareSendsIsShown(t *testing.T) {
	here := servertest.New(t, db.SQLite)
	ada := here.Join("ada")
	folders, err := os.ReadDir(foreignBodies)
	if err != nil {
		t.Fatal(err)
	}
	for i, folder := range folders {
		t.Run(folder.Name(), func(t *testing.T) { newForeigner(t, ada, filepath.Join(foreignBodies, folder.Name()), i).walk() })
	}
}

// foreigner is one server of a software, with what it has to say.
type foreigner struct {
	t       *testing.T
	host    *aptest.Server
	name    string // as the bodies call the host
	files   []string
	body    map[string]*aptest.Foreign
	ada     *servertest.Person
	post    servertest.Status
	key     int
	keyOf   map[string]string // of actors
	account map[string]string // ids, of actors
	known   sync.Map          // documents ([]byte) by path and query
}

func newForeigner(t *testing.T, ada *servertest.Person, folder string, key int) *foreigner {
	t.Helper()
	f := &foreigner{t: t, host: aptest.NewServer(t), ada: ada, key: key, body: map[string]*aptest.Foreign{}, keyOf: map[string]string{}, account: map[string]string{}}
	f.post = ada.Publish("a post that others answer")
	servertest.Settle(t, ada.On)
	var err error
	if f.files, err = filepath.Glob(folder + "/*.json"); err != nil || len(f.files) == 0 {
		t.Fatal(f.files, err)
	}
	for _, file := range f.files {
		f.body[file] = aptest.ReadForeign(t, file)
		if o := f.object(f.body[file].Body); f.name == "" && isActor(file) {
			if f.name, err = activitypub.HostOf(o.ID()); err != nil {
				t.Fatal(err)
			}
		}
	}
	return f
}

func isActor(file string) bool { return strings.HasPrefix(filepath.Base(file), "actor") }

func (f *foreigner) object(body []byte) activitypub.Object {
	f.t.Helper()
	o, err := activitypub.Parse(body)
	if err != nil {
		f.t.Fatal(err)
	}
	return o
}

// local puts the names of this run into a body; abroad takes them out again.
func (f *foreigner) local(body []byte) []byte {
	pem, err := json.Marshal(aptest.PEM(f.key))
	if err != nil {
		f.t.Fatal(err)
	}
	return []byte(strings.NewReplacer("https://ours.example/ada", f.ada.On.URL+"/ap/users/"+f.ada.ID, "https://ours.example/post", f.post.URI, "ours.example", f.ada.On.Domain,
		"https://"+f.name, f.host.URL, "http://"+f.name, f.host.URL, "@"+f.name, "@"+f.host.Host, `"PEM"`, string(pem)).Replace(string(body)))
}

func (f *foreigner) abroad(text []byte) []byte {
	return []byte(strings.NewReplacer(f.post.URI, "https://ours.example/post", f.ada.On.URL+"/@ada/"+f.post.ID, "https://ours.example/@ada/post", f.ada.On.URL+"/ap/users/"+f.ada.ID, "https://ours.example/ada",
		f.ada.On.URL, "https://ours.example", f.ada.On.Domain, "ours.example", f.host.URL, "https://"+f.name, f.host.Host, f.name).Replace(string(text)))
}

// walk serves, delivers and compares.
func (f *foreigner) walk() {
	f.t.Helper()
	f.serve()
	for _, file := range f.files {
		if isActor(file) {
			f.compare(file, f.follow(f.object(f.local(f.body[file].Body))))
		}
	}
	for _, file := range f.files {
		if isActor(file) {
			continue
		}
		o := f.object(f.local(f.body[file].Body))
		if activitypub.IsNoteType(o.Type()) {
			f.compare(file, f.found(o.ID()))
			continue
		}
		f.happened(o)
		f.deliver(o)
		about := o.Link("object")
		if o.Is("Undo") {
			about = f.post.URI
		}
		if inner := o.Object("object"); inner.Is("Create", "Update", "Delete", "Like", "Dislike", "Lock") && inner.Link("object") != "" {
			about = inner.Link("object")
		}
		var shown any
		switch {
		case activitypub.IsActorType(o.Object("object").Type()):
			shown = f.profile(o.Object("object"))
		case o.Is("Announce"):
			shown = map[string]any{"status": f.found(about), "boosted": f.boosted(o.Link("actor"), about)}
		default:
			shown = f.found(about)
		}
		f.compare(file, shown)
	}
}

// serve answers with every document by its id, and knows the actors by their names.
func (f *foreigner) serve() {
	f.t.Helper()
	fingers := map[string][]byte{}
	for _, file := range f.files {
		body := f.local(f.body[file].Body)
		o := f.object(body)
		f.keep(o.ID(), body)
		if isActor(file) {
			handle := activitypub.Handle{Username: o.String("preferredUsername"), Domain: f.host.Host}
			finger, err := activitypub.Encode(activitypub.WebFinger(handle, f.host.URL, o.ID(), o.ID(), "", ""))
			if err != nil {
				f.t.Fatal(err)
			}
			fingers["acct:"+strings.ToLower(handle.String())] = finger
			f.keyOf[o.ID()] = o.Object("publicKey").ID()
			f.keep(f.keyOf[o.ID()], body)
		}
	}
	f.host.Answer("/.well-known/webfinger", func(w http.ResponseWriter, r *http.Request) {
		body := fingers[strings.ToLower(r.URL.Query().Get("resource"))]
		if body == nil {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", activitypub.ContentTypeJRD)
		_, _ = w.Write(body)
	})
}

// keep has the host answer to an id with a document.
func (f *foreigner) keep(id string, body []byte) {
	f.known.Store(requestOf(id), body)
	path, _, _ := strings.Cut(requestOf(id), "?")
	f.host.Answer(path, func(w http.ResponseWriter, r *http.Request) {
		body, ok := f.known.Load(r.URL.RequestURI())
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", activitypub.ContentType)
		_, _ = w.Write(body.([]byte))
	})
}

// happened has the host answer as it does once an activity was done there.
func (f *foreigner) happened(o activitypub.Object) {
	f.t.Helper()
	if inner := o.Object("object"); o.Is("Announce") && inner != nil {
		o = inner
	}
	object := o.Object("object")
	switch {
	case o.Is("Delete"):
		f.known.Delete(requestOf(o.Link("object")))
	case o.Is("Create", "Update") && object.ID() != "":
		object["@context"] = activitypub.Namespace
		text, err := activitypub.Encode(object)
		if err != nil {
			f.t.Fatal(err)
		}
		f.keep(object.ID(), text)
		delete(object, "@context")
	}
}

func requestOf(id string) string {
	u, err := url.Parse(id)
	if err != nil {
		return ""
	}
	return u.RequestURI()
}

// follow has the member follow an actor, and gives the account as the member sees it.
func (f *foreigner) follow(actor activitypub.Object) map[string]any {
	f.t.Helper()
	account := f.ada.Find("@" + actor.String("preferredUsername") + "@" + f.host.Host)
	f.account[actor.ID()] = account.ID
	f.ada.Post("/api/v1/accounts/"+account.ID+"/follow", nil, nil)
	servertest.Settle(f.t, f.ada.On)
	me := f.ada.On.URL + "/ap/users/" + f.ada.ID
	f.deliver(map[string]any{"@context": activitypub.Namespace, "id": actor.ID() + "#accept", "type": "Accept", "actor": actor.ID(),
		"object": map[string]any{"type": "Follow", "actor": me, "object": actor.ID()}})
	if !f.ada.Towards(account.ID).Following {
		f.t.Fatalf("the follow of %s does not hold", actor.ID())
	}
	return f.profile(actor)
}

// profile is an actor as the member sees it.
func (f *foreigner) profile(actor activitypub.Object) map[string]any {
	f.t.Helper()
	var shown map[string]any
	f.ada.Get("/api/v1/accounts/"+f.account[actor.ID()], &shown)
	return shown
}

// deliver sends an activity as its actor would.
func (f *foreigner) deliver(activity map[string]any) {
	f.t.Helper()
	body, err := json.Marshal(activity)
	if err != nil {
		f.t.Fatal(err)
	}
	actor := activitypub.Object(activity).Link("actor")
	if f.keyOf[actor] == "" {
		f.t.Fatalf("%s has no file", actor)
	}
	req := aptest.Post(f.t, f.ada.On.URL+"/inbox", f.keyOf[actor], f.key, body, time.Now())
	var said string
	if answer := f.ada.On.Nobody().Send(req, &said); answer.StatusCode != http.StatusAccepted {
		f.t.Fatalf("the inbox answered %d to %s: %s", answer.StatusCode, body, said)
	}
	servertest.Settle(f.t, f.ada.On)
	if n := count(f.t, f.ada.On, `SELECT COUNT(*) FROM inbox`); n != 0 {
		f.t.Errorf("%d activities wait for another try", n)
		write(f.t, f.ada.On, `DELETE FROM inbox`)
	}
}

// found is a status as the member sees it, nil if the server does not have it.
func (f *foreigner) found(uri string) any {
	f.t.Helper()
	var answer struct{ Statuses []map[string]any }
	f.ada.Get("/api/v2/search?resolve=true&type=statuses&q="+url.QueryEscape(uri), &answer)
	if len(answer.Statuses) == 0 {
		return nil
	}
	servertest.Settle(f.t, f.ada.On)
	var shown map[string]any
	id := answer.Statuses[0]["id"].(string)
	f.ada.Get("/api/v1/statuses/"+id, &shown)
	var reactions []any
	f.ada.Get("/api/anancus/v1/statuses/"+id+"/reactions", &reactions)
	shown["reactions"] = reactions // told apart, of those who ask
	return shown
}

// boosted tells whether an actor's posts have a boost of a status. The home timeline leaves out the boost of what it just had.
func (f *foreigner) boosted(actor, uri string) bool {
	f.t.Helper()
	var posts []servertest.Status
	f.ada.Get("/api/v1/accounts/"+f.account[actor]+"/statuses?limit=40", &posts)
	for _, s := range posts {
		if s.Reblog != nil && s.Reblog.URI == uri {
			return true
		}
	}
	return false
}

func (f *foreigner) compare(file string, shown any) {
	f.t.Helper()
	text := f.abroad(aptest.Pruned(f.t, lasting(shown)))
	body := f.body[file]
	if *update {
		body.Shown = text
		body.Write(f.t, file)
	}
	var want bytes.Buffer
	if len(body.Shown) > 0 {
		if err := json.Compact(&want, body.Shown); err != nil {
			f.t.Fatal(err)
		}
	}
	if !bytes.Equal(text, want.Bytes()) {
		f.t.Errorf("%s is shown as\n%s, want\n%s", filepath.Base(file), text, want.Bytes())
	}
}

// passing are the keys of entities that another run answers differently, or that tell how this server keeps things.
var passing = map[string]bool{"id": true, "in_reply_to_account_id": true, "last_status_at": true, "avatar": true, "avatar_static": true, "header": true, "header_static": true,
	"avatar_description": true, "header_description": true, "preview_url": true, "static_url": true, "filtered": true, "application": true, "roles": true,
	"followers_count": true, "following_count": true, "statuses_count": true, "feature_approval": true}

// lasting is what of an entity is the same in every run; accounts in statuses are their handles, and an answered status only that it is known.
func lasting(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, member := range v {
			switch account, isEntity := member.(map[string]any); {
			case key == "account" && isEntity:
				out[key] = account["acct"]
			case key == "in_reply_to_id" && member != nil:
				out[key] = "known"
			case key == "url" && (v["remote_url"] != nil || v["static_url"] != nil): // our address of a file
			case key == "created_at" && time.Since(when(member)) < 25*time.Hour: // of this run; an account's is of its day
			case !passing[key]:
				out[key] = lasting(member)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = lasting(v[i])
		}
		return out
	}
	return v
}

func when(v any) time.Time {
	text, _ := v.(string)
	at, _ := time.Parse(time.RFC3339, text)
	return at
}
