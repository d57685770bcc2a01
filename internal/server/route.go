package server

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/streaming"
	"anancus/internal/social/viewer"
)

// door says who may come in by a route.
type door int

const (
	anyone   door = iota // nobody in particular, or a viewer whose token covers one of the scopes
	member               // a member, by cookie or by a token that covers one of the scopes
	waiting              // a member, also one who still waits to be confirmed or approved
	app                  // any token, an app's own too
	page                 // a page or form for people, by cookie alone
	peer                 // another server, or anybody: no viewer at all
	document             // another server that reads a document: in secure mode it must sign
	stream               // a member who opens a stream, whose token may come in the address too; the scopes are looked at for each channel
)

// route is one line of the table.
type route struct {
	method string
	path   string
	door   door
	scopes string // separated by spaces, any one is enough; "" asks for none
	do     rest.Handler[viewer.Viewer]
}

const outOfScope = "This action is outside the authorized scopes"

// parts are lists within a filter. The mux cannot tell /filters/{id}/keywords from /filters/keywords/{id}, so
// they are mounted together and told apart by their last word.
const parts = "/api/v2/filters/{id}/"

// mount puts the table on a mux.
func (s *Server) mount(mux *http.ServeMux, table []route) {
	lists := map[string]http.HandlerFunc{}
	for _, r := range table {
		if word, within := strings.CutPrefix(r.path, parts); within && r.method == http.MethodGet {
			lists[word] = s.serve(r)
			continue
		}
		mux.HandleFunc(r.method+" "+r.path, s.serve(r))
	}
	mux.HandleFunc("GET "+parts+"{list}", func(w http.ResponseWriter, req *http.Request) {
		do := lists[req.PathValue("list")]
		if do == nil {
			do = s.unknown
		}
		do(w, req)
	})
}

func (s *Server) serve(r route) http.HandlerFunc {
	wanted := strings.Fields(r.scopes)
	waits := r.door != peer && r.door != stream // a person does
	return func(w http.ResponseWriter, req *http.Request) {
		if waits {
			defer s.courtesy.Answering()()
		}
		c := &viewer.Call{W: w, R: req, Log: s.log, Base: s.site.Base()}
		err := s.admit(c, r.door, wanted)
		if err == nil {
			err = s.closed(c, r)
		}
		if !s.withinLimits(c, r) { // those who are refused too: or tokens could be guessed for nothing
			return
		}
		if err != nil {
			s.fail(w, req, r.door, err)
			return
		}
		answer, err := r.do(c)
		if err != nil {
			s.fail(w, req, r.door, err)
			return
		}
		keep(c, r)
		switch a := answer.(type) {
		case rest.Answer:
			a.Write(w, req)
		default:
			rest.WriteJSON(w, http.StatusOK, answer)
		}
	}
}

// keep says who may keep an answer of the API that does not say it itself: what nobody in particular asked for anybody, for a
// moment, as Mastodon has it; what is made for somebody nobody.
func keep(c *viewer.Call, r route) {
	if !strings.HasPrefix(r.path, "/api/") || r.door == peer {
		return
	}
	h := c.W.Header()
	known := c.Viewer.Token != 0 || c.Viewer.Session != 0
	if r.door != anyone || r.method != http.MethodGet || known {
		if h.Get("Cache-Control") == "" {
			h.Set("Cache-Control", "private, no-store")
		}
		return
	}
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "max-age=15, public, stale-while-revalidate=30")
	}
	if !strings.Contains(strings.Join(h.Values("Vary"), ","), "Authorization") {
		h.Add("Vary", "Authorization, Cookie")
	}
}

// admit finds out who asks and whether they may come in here.
func (s *Server) admit(c *viewer.Call, d door, wanted []string) (err error) {
	switch d {
	case peer:
		return nil
	case document:
		return s.admitReader(c)
	case stream:
		c.Viewer, err = s.access.StreamViewer(c.Context(), c.R)
		return streaming.Refuse(c.Viewer, err)
	case page:
		if c.R.Method != http.MethodGet && c.R.Method != http.MethodHead {
			if err := s.access.CrossOrigin(c.R); err != nil {
				return err
			}
		}
		c.Viewer, err = s.access.PageViewer(c.Context(), c.R)
		return err
	}
	who := s.access.Viewer
	if d == waiting {
		who = s.access.WaitingViewer
	}
	if c.Viewer, err = who(c.Context(), c.R); err != nil {
		return err
	}
	known := c.Viewer.Token != 0 || c.Viewer.Session != 0
	if d == member || d == waiting {
		if err := c.Viewer.MustBeMember(); err != nil {
			return err
		}
	}
	switch {
	case d == app && !known:
		return fault.New(fault.Unauthorized, viewer.NotSignedIn)
	case known && len(wanted) > 0 && !c.Viewer.Allows(wanted...):
		return fault.New(fault.Forbidden, outOfScope)
	}
	return nil
}

// Rate limits, Mastodon's (behaviours.md §5).
const (
	userLimit   = 1500
	tokenLimit  = 300
	guestLimit  = 300
	limitWindow = 5 * time.Minute
	// Mastodon's is 30; it copies everything at once, while here pictures of strangers come when somebody looks, and
	// apps ask for them without saying for whom.
	proxyLimit = 300
)

// withinLimits counts a request of the API; the answer is written when there were too many.
func (s *Server) withinLimits(c *viewer.Call, r route) bool {
	switch {
	case s.limiter == nil:
		return true
	case strings.HasPrefix(r.path, "/media_proxy/"):
		if c.Viewer.IsMember() {
			return true
		}
		return s.limiter.Admit(c.W, rest.Rule{Key: "fetching " + rest.ClientOf(c.Context()).Key(), Limit: proxyLimit, Per: 10 * time.Minute})
	case !strings.HasPrefix(r.path, "/api/"):
		return true
	case r.door == stream && c.Viewer.IsMember(): // the hub bounds how many are open; as on Mastodon only guessing is counted
		return true
	}
	var rules []rest.Rule
	if c.Viewer.IsMember() {
		rules = append(rules, rest.Rule{Key: "user " + c.Viewer.Account.String(), Limit: userLimit, Per: limitWindow})
		if c.Viewer.Session == 0 {
			rules = append(rules, rest.Rule{Key: "token " + c.Viewer.Token.String(), Limit: tokenLimit, Per: limitWindow})
		}
	} else {
		rules = append(rules, rest.Rule{Key: "guest " + rest.ClientOf(c.Context()).Key(), Limit: guestLimit, Per: limitWindow})
	}
	who := rules[0].Key
	if turnsPage(c) {
		rules = append(rules, rest.Rule{Key: "paging " + who, Limit: 300, Per: 15 * time.Minute})
	}
	switch {
	case r.method == http.MethodPost && r.path == "/api/v1/statuses", strings.HasSuffix(r.path, "/reblog"):
		rules = append(rules, rest.Rule{Key: "posting " + c.Viewer.Account.String(), Limit: 300, Per: 3 * time.Hour})
	case r.path == "/api/v1/reports":
		rules = append(rules, rest.Rule{Key: "reports " + c.Viewer.Account.String(), Limit: 400, Per: 24 * time.Hour})
	case r.method == http.MethodPost && r.path == "/api/v1/accounts":
		rules = append(rules, rest.Rule{Key: "joining " + rest.ClientOf(c.Context()).Key(), Limit: 5, Per: 30 * time.Minute})
	case r.method == http.MethodPost && strings.HasSuffix(r.path, "/media"):
		rules = append(rules, rest.Rule{Key: "uploading " + c.Viewer.Account.String(), Limit: 30, Per: 30 * time.Minute})
	case strings.HasSuffix(r.path, "/follow") && c.Viewer.IsMember():
		rules = append(rules, rest.Rule{Key: "follows " + c.Viewer.Account.String(), Limit: 400, Per: 24 * time.Hour})
	case (r.method == http.MethodDelete && r.path == "/api/v1/statuses/{id}") || strings.HasSuffix(r.path, "/unreblog"):
		rules = append(rules, rest.Rule{Key: "deleting " + c.Viewer.Account.String(), Limit: 30, Per: 30 * time.Minute})
	}
	return s.limiter.Admit(c.W, rules...)
}

// turnsPage tells whether a request asks for another page of a list.
func turnsPage(c *viewer.Call) bool {
	for _, name := range []string{"page", "min_id", "max_id", "since_id"} {
		if c.Query(name) != "" {
			return true
		}
	}
	return false
}

// fail writes an error as a page for people, as JSON for everybody else.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, d door, err error) {
	if d == page {
		s.pages.Error(r, s.log, s.settings.Now().Title, err).Write(w, r)
		return
	}
	rest.WriteError(w, r, s.log, err)
}

// unknown answers what no route and no page knows: with a page to browsers, with JSON to programs.
func (s *Server) unknown(w http.ResponseWriter, r *http.Request) {
	d := anyone
	reading := r.Method == http.MethodGet || r.Method == http.MethodHead
	if reading && acceptsHTML(r) && !strings.HasPrefix(r.URL.Path, "/api/") && !strings.HasPrefix(r.URL.Path, "/.well-known/") && !strings.HasPrefix(r.URL.Path, "/oauth/") {
		d = page
	}
	s.fail(w, r, d, fault.New(fault.NotFound, "Not Found"))
}

// wrongMethod answers a known path that does not take the method.
func wrongMethod(w http.ResponseWriter, allowed string) {
	w.Header().Set("Allow", allowed)
	rest.WriteJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": fmt.Sprintf("This address takes %s only", allowed)})
}
