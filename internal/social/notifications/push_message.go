package notifications

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/rivo/uniseg"

	"anancus/internal/kit/pages"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/protocol/webpush"
)

//go:embed words/*.json
var wordsFS embed.FS

// words are the titles of what is pushed, by kind, and for who has no name for themselves.
var words = pages.MustWords(wordsFS, "words")

// Bounds of what is pushed, so that all of it fits into one message.
const (
	maxPushText    = 140 // characters, of a title and of a body
	maxPushAddress = 1000
)

// pushed is a message as apps read it (Mastodon's keys), and the last two as our own app does.
type pushed struct {
	Token  string `json:"access_token"`
	Locale string `json:"preferred_locale"`
	ID     int64  `json:"notification_id"`
	Kind   Kind   `json:"notification_type"`
	Icon   string `json:"icon"`
	Title  string `json:"title"`
	Body   string `json:"body"`
	Page   string `json:"page,omitempty"`
	Group  string `json:"group_key,omitempty"`
}

// message writes what a row tells, as its reader may see it now; nil when there is nothing to tell any more.
func (p *Pusher) message(ctx context.Context, row push) ([]byte, error) {
	locale, ok, err := p.mayBeTold(ctx, row.to.Account)
	if err != nil || !ok {
		return nil, err
	}
	shown, err := p.Stream(ctx, readerOf(row.to.Account, locale), row.notification)
	if err != nil || shown == nil || shown.Filtered {
		return nil, err
	}
	m := pushed{Locale: locale, ID: int64(row.notification), Kind: Kind(shown.Type)}
	if err := m.describe(shown, row.session); err != nil {
		return nil, err
	}
	if row.session { // nobody has the token of a web session, our own app included: the cookie stands for it
		m.Group = shown.GroupKey
	} else if m.Token, err = p.Secret(ctx, row.to.Token); err != nil {
		return nil, err
	}
	return m.encode()
}

// describe fills in who and what a notification is about, from what an app is shown of it.
func (m *pushed) describe(n *mastodon.Notification, ours bool) error {
	var from struct {
		Acct, Username, Note string
		Name                 string `json:"display_name"`
		Avatar               string `json:"avatar_static"`
	}
	if err := json.Unmarshal(n.Account, &from); err != nil {
		return fmt.Errorf("describe a notification: %w", err)
	}
	var about struct {
		ID, Content string
		Warning     string `json:"spoiler_text"`
		Account     struct{ Acct string }
	}
	if n.Status != nil {
		if err := json.Unmarshal(n.Status, &about); err != nil {
			return fmt.Errorf("describe a notification: %w", err)
		}
	}
	name := cmp.Or(strings.TrimSpace(from.Name), from.Username)
	title := words.Text(pages.LangOf(m.Locale), string(m.Kind))
	m.Title = shortened(strings.ReplaceAll(title, "{name}", shortened(name, maxPushText/2)), maxPushText)
	if n.Status != nil {
		m.Body = cmp.Or(about.Warning, text.PlainText(about.Content))
	} else if n.Event == nil {
		m.Body = text.PlainText(from.Note)
	}
	m.Body = shortened(m.Body, maxPushText)
	if len(from.Avatar) <= maxPushAddress {
		m.Icon = from.Avatar
	}
	if !ours {
		return nil
	}
	switch {
	case n.Status != nil:
		m.Page = "/@" + url.PathEscape(about.Account.Acct) + "/" + about.ID
	case m.Kind == FollowRequest:
		m.Page = "/follow_requests"
	case m.Kind == Follow || m.Kind == SignUp:
		m.Page = "/@" + url.PathEscape(from.Acct)
	}
	if m.Page == "" || len(m.Page) > maxPushAddress {
		m.Page = "/notifications"
	}
	return nil
}

// encode writes the message. Should it not fit after all, it does without its text.
func (m pushed) encode() ([]byte, error) {
	for {
		var out bytes.Buffer
		writer := json.NewEncoder(&out)
		writer.SetEscapeHTML(false) // <, > and & would be six bytes each
		if err := writer.Encode(m); err != nil {
			return nil, err
		}
		plain := bytes.TrimSpace(out.Bytes())
		if len(plain) <= webpush.MaxPlain || m.Body == "" {
			return plain, nil
		}
		m.Body, m.Icon = "", ""
	}
}

// shortened cuts a text to so many characters (code points), between those that readers see.
func shortened(s string, most int) string {
	s = strings.TrimSpace(s)
	if n := len([]rune(s)); n <= most {
		return s
	}
	var out strings.Builder
	left := most - 1 // for the ellipsis
	for rest, state := s, -1; rest != ""; {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if left -= len([]rune(cluster)); left < 0 {
			break
		}
		out.WriteString(cluster)
	}
	return strings.TrimSpace(out.String()) + "…"
}
