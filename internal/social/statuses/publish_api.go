package statuses

import (
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

type publishForm struct {
	Status          string    `form:"status"`
	SpoilerText     string    `form:"spoiler_text"`
	Visibility      string    `form:"visibility"`
	LocalOnly       bool      `form:"local_only"`
	Sensitive       *bool     `form:"sensitive"`
	Language        string    `form:"language"`
	InReplyToID     string    `form:"in_reply_to_id"`
	AllowedMentions *[]string `form:"allowed_mentions"`
	MediaIDs        []string  `form:"media_ids"`
	ScheduledAt     string    `form:"scheduled_at"`
	QuotedStatusID  string    `form:"quoted_status_id"`
	QuotePolicy     string    `form:"quote_approval_policy"`
	Poll            *pollForm `form:"poll"`
}

func (f *publishForm) draft(c *viewer.Call) (Draft, error) {
	d := Draft{
		Text: f.Status, ContentWarning: f.SpoilerText, Visibility: Visibility(f.Visibility), LocalOnly: f.LocalOnly, Sensitive: f.Sensitive,
		Language: f.Language, QuotePolicy: f.QuotePolicy, Poll: f.Poll.draft(), App: c.Viewer.App, IdempotencyKey: idempotencyKey(c),
	}
	var err error
	if d.Media, err = attachmentIDs(f.MediaIDs); err != nil {
		return d, err
	}
	if f.InReplyToID != "" {
		parent, err := id.Parse[id.Status](f.InReplyToID)
		if err != nil {
			return d, fault.New(fault.NotFound, "The post you are trying to reply to does not appear to exist.")
		}
		d.InReplyTo = parent
	}
	if f.QuotedStatusID != "" {
		quoted, err := id.Parse[id.Status](f.QuotedStatusID)
		if err != nil || quoted == 0 {
			return d, quoteNotFound()
		}
		d.Quote = quoted
	}
	if f.AllowedMentions != nil {
		allowed := []id.Account{}
		for _, text := range *f.AllowedMentions {
			if one, err := id.Parse[id.Account](text); err == nil {
				allowed = append(allowed, one)
			}
		}
		d.AllowedMentions = &allowed
	}
	return d, nil
}

func idempotencyKey(c *viewer.Call) string {
	key := c.R.Header.Get("Idempotency-Key")
	return key[:min(len(key), maxIdempotencyKey)]
}

// CreateStatus serves POST /api/v1/statuses: the answer is a ScheduledStatus where the status is for later. What an idempotency key made
// is given again before anything is checked, since what was right then may not be now.
func (s *Service) CreateStatus(c *viewer.Call) (any, error) {
	form, err := rest.Decode[publishForm](c)
	if err != nil {
		return nil, err
	}
	if made, err := s.madeBefore(c); made != nil || err != nil {
		return made, err
	}
	draft, err := form.draft(c)
	if err != nil {
		return nil, err
	}
	at, later, err := s.later(form.ScheduledAt)
	if err != nil {
		return nil, err
	}
	author, member, err := s.accounts.Author(c.Context(), c.Viewer.Account)
	if err != nil {
		return nil, err
	}
	if later {
		scheduled, err := s.Schedule(c.Context(), author, member, draft, at)
		if err != nil {
			return nil, err
		}
		return s.presentScheduled(c.Context(), scheduled)
	}
	status, err := s.Publish(c.Context(), author, member, draft)
	if err != nil {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, status.ID)
}
