package frontdoor

import (
	"strings"

	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
	"anancus/internal/social/viewer"
)

type statusView struct {
	shell
	Entry   entry
	Parent  *entry
	ReplyTo string // "In reply to …", when Parent is there
	Excerpt string
	Replies []entry
	Heading string // "3 replies"
	Boosts  string
	Favours string
}

// StatusPage serves GET /@{username}/{status} to people. What is not there and what visitors may
// not read are answered alike: with the same error, before anything else is said or looked up.
func (s *Service) StatusPage(c *viewer.Call, username, number string) (any, error) {
	if strings.Contains(username, "@") {
		return s.statusElsewhere(c, username, number)
	}
	a, err := s.member(c, username)
	if err != nil {
		return nil, err
	}
	status, err := s.visitors.statuses.LocalByPath(c.Context(), a.ID, number)
	if err != nil {
		return nil, err
	}
	if status, err = s.visitors.statuses.See(c.Context(), 0, status.ID); err != nil {
		return nil, err
	}
	if status.IsBoost() {
		return nil, fault.RecordNotFound()
	}
	shown, err := s.entries(c, []*statuses.Status{status})
	if err != nil {
		return nil, err
	}
	if len(shown) == 0 {
		return nil, fault.RecordNotFound()
	}
	v := &statusView{Entry: shown[0], Boosts: shown[0].Boosts.Words, Favours: shown[0].Favourites.Words}
	v.Entry.Main, v.Entry.Reason = true, ""
	if err := s.addParent(c, v, status); err != nil {
		return nil, err
	}
	if err := s.addReplies(c, v, status); err != nil {
		return nil, err
	}
	picture, large := s.absolute(v.Entry.Author.Avatar), v.Entry.portrait()
	if large != nil {
		picture = s.absolute(large.Preview)
	}
	v.shell = s.shell(c, head{Large: large, Description: describe(&v.Entry), Canonical: s.site.StatusURL(a.Username, status.ID), Kind: "article",
		Image: picture, Published: v.Entry.At.Machine, Author: a.URL, Alternate: status.URI,
		Hidden: !a.Indexable || a.Limited() || status.Visibility != statuses.Public})
	page := s.page("status.html", titleOf(&v.Entry), v)
	page.links = []string{alternate(status.URI)}
	return page, nil
}

// titleOf names a status by its author and its first words; a content warning stands for them.
func titleOf(e *entry) string {
	words := e.Text
	if e.HasWarning {
		words = e.PlainCW
	}
	if words = excerpt(words, 60); words == "" {
		return e.Author.Plain
	}
	return e.Author.Plain + ": “" + words + "”"
}

// describe is what previews tell of a status: nothing of what a content warning covers.
func describe(e *entry) string {
	if e.HasWarning {
		return excerpt(e.PlainCW, 200)
	}
	return excerpt(e.Text, 300)
}

// absolute is the address of a picture for programs that read the page elsewhere.
func (s *Service) absolute(address string) string {
	if strings.HasPrefix(address, "/") {
		return s.site.URL(address)
	}
	return address
}

// addParent says what the status answers, when visitors may read that.
func (s *Service) addParent(c *viewer.Call, v *statusView, status *statuses.Status) error {
	if status.InReplyTo == 0 {
		return nil
	}
	parent, err := s.visitors.statuses.See(c.Context(), 0, status.InReplyTo)
	if fault.Is(err, fault.NotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	shown, err := s.entries(c, []*statuses.Status{parent})
	if err != nil || len(shown) == 0 {
		return err
	}
	v.Parent, v.ReplyTo, v.Excerpt = &shown[0], s.text(c, "reply_to", shown[0].Author.Plain), excerpt(describe(&shown[0]), 80)
	return nil
}

func (s *Service) addReplies(c *viewer.Call, v *statusView, status *statuses.Status) error {
	list, err := s.visitors.statuses.PublicAnswers(c.Context(), status, onePage)
	if err != nil {
		return err
	}
	if v.Replies, err = s.entries(c, list); err != nil {
		return err
	}
	for i := range v.Replies {
		if one := &v.Replies[i]; one.InReplyTo == v.Entry.ID {
			one.Reason = ""
		} else {
			one.Below = true
		}
	}
	if len(v.Replies) > 0 {
		v.Heading = s.amount(c, "replies", int64(len(v.Replies)))
	}
	return nil
}

// statusElsewhere leads to a status where it was written.
func (s *Service) statusElsewhere(c *viewer.Call, handle, number string) (any, error) {
	wanted, err := id.Parse[id.Status](number)
	if err != nil {
		return nil, err
	}
	username, domain, err := accounts.SplitHandle(handle)
	if err != nil {
		return nil, fault.RecordNotFound()
	}
	a, err := s.accounts.ByHandle(c.Context(), username, domain)
	if err != nil {
		return nil, err
	}
	status, err := s.visitors.statuses.See(c.Context(), 0, wanted)
	if err != nil {
		return nil, err
	}
	if a.Local() || status.Author != a.ID || status.IsBoost() {
		return nil, fault.RecordNotFound()
	}
	return s.leaving(c, a.Domain, "elsewhere.status", status.URL, status.URI)
}
