package statuses

import (
	"context"
	"fmt"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/kit/keyset"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
	"anancus/internal/social/media"
	"anancus/internal/social/viewer"
)

func (s *Service) scheduledEntity(one *Scheduled, shown []*media.Attachment) mastodon.ScheduledStatus {
	d := one.Draft
	params := mastodon.ScheduledParams{Text: d.Text, Sensitive: d.Sensitive, Visibility: string(d.Visibility), LocalOnly: d.LocalOnly, QuotePolicy: d.QuotePolicy,
		ApplicationID: int64(d.App), SpoilerText: orNull(d.ContentWarning), Language: orNull(d.Language), InReplyToID: orNil(d.InReplyTo)}
	if d.Quote != 0 {
		params.QuotedStatusID = orNull(d.Quote.String())
	}
	if d.Poll != nil {
		params.Poll = &mastodon.ScheduledPoll{Options: d.Poll.Options, ExpiresIn: int64(d.Poll.ExpiresIn / time.Second), Multiple: d.Poll.Multiple, HideTotals: d.Poll.HideTotals}
	}
	if d.AllowedMentions != nil {
		allowed := []string{}
		for _, who := range *d.AllowedMentions {
			allowed = append(allowed, who.String())
		}
		params.AllowedMentions = &allowed
	}
	params.MediaIDs = nil
	for _, file := range d.Media {
		params.MediaIDs = append(params.MediaIDs, file.String())
	}
	return mastodon.ScheduledStatus{ID: one.ID.String(), ScheduledAt: mastodon.Time(one.At), Params: params, MediaAttachments: s.media.PresentAll(shown)}
}

// presentScheduled shows a scheduled status with what it will show.
func (s *Service) presentScheduled(ctx context.Context, one *Scheduled) (*mastodon.ScheduledStatus, error) {
	rows, err := s.presentAllScheduled(ctx, []*Scheduled{one})
	if err != nil {
		return nil, err
	}
	return &rows[0], nil
}

func (s *Service) presentAllScheduled(ctx context.Context, list []*Scheduled) ([]mastodon.ScheduledStatus, error) {
	var files []id.Attachment
	for _, one := range list {
		files = append(files, one.Draft.Media...)
	}
	found, err := media.ByIDs(ctx, s.db, files)
	if err != nil {
		return nil, fmt.Errorf("media of scheduled statuses: %w", err)
	}
	rows := make([]mastodon.ScheduledStatus, len(list))
	for i, one := range list {
		var shown []*media.Attachment
		for _, file := range one.Draft.Media {
			if a := found[file]; a != nil && a.Scheduled == one.ID {
				shown = append(shown, a)
			}
		}
		rows[i] = s.scheduledEntity(one, shown)
	}
	return rows, nil
}

func orNull(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// madeBefore gives what the call's idempotency key made already; nil for nothing.
func (s *Service) madeBefore(c *viewer.Call) (any, error) {
	key := idempotencyKey(c)
	if key == "" {
		return nil, nil
	}
	made, err := keyed(c.Context(), s.db, c.Viewer.Account, key, s.clock.Now())
	if err != nil || made == 0 {
		return nil, err
	}
	scheduled, err := scheduledOf(c.Context(), s.db, c.Viewer.Account, id.Scheduled(made))
	if err == nil {
		return s.presentScheduled(c.Context(), scheduled)
	}
	if !fault.Is(err, fault.NotFound) {
		return nil, err
	}
	return s.PresentOne(c.Context(), c.Viewer, id.Status(made))
}

// ScheduledStatuses serves GET /api/v1/scheduled_statuses.
func (s *Service) ScheduledStatuses(c *viewer.Call) (any, error) {
	p := keyset.Read(c, ListLimit, ListMax)
	rows, err := listScheduled(c.Context(), s.db, c.Viewer.Account, p)
	if err != nil {
		return nil, fmt.Errorf("list scheduled statuses: %w", err)
	}
	shown, err := s.presentAllScheduled(c.Context(), rows)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return shown, nil
	}
	return keyset.Answer(c, p, shown, len(rows), int64(rows[0].ID), int64(rows[len(rows)-1].ID), keyset.ByMinID, true), nil
}

// scheduledInPath gives the viewer's scheduled status that the path names.
func (s *Service) scheduledInPath(c *viewer.Call) (*Scheduled, error) {
	wanted, err := id.Parse[id.Scheduled](c.Path("id"))
	if err != nil {
		return nil, err
	}
	return scheduledOf(c.Context(), s.db, c.Viewer.Account, wanted)
}

// ShowScheduled serves GET /api/v1/scheduled_statuses/{id}.
func (s *Service) ShowScheduled(c *viewer.Call) (any, error) {
	one, err := s.scheduledInPath(c)
	if err != nil {
		return nil, err
	}
	return s.presentScheduled(c.Context(), one)
}

type rescheduleForm struct {
	ScheduledAt *string `form:"scheduled_at"`
}

// RescheduleStatus serves PUT /api/v1/scheduled_statuses/{id}: the time is all that can be changed. Without one nothing is.
func (s *Service) RescheduleStatus(c *viewer.Call) (any, error) {
	form, err := rest.Decode[rescheduleForm](c)
	if err != nil {
		return nil, err
	}
	one, err := s.scheduledInPath(c)
	if err != nil {
		return nil, err
	}
	if form.ScheduledAt == nil {
		return s.presentScheduled(c.Context(), one)
	}
	at, err := readDate(*form.ScheduledAt)
	if err != nil {
		return nil, err
	}
	if one, err = s.Reschedule(c.Context(), c.Viewer.Account, one.ID, at); err != nil {
		return nil, err
	}
	return s.presentScheduled(c.Context(), one)
}

// CancelScheduled serves DELETE /api/v1/scheduled_statuses/{id}.
func (s *Service) CancelScheduled(c *viewer.Call) (any, error) {
	wanted, err := id.Parse[id.Scheduled](c.Path("id"))
	if err != nil {
		return nil, err
	}
	if err := s.Cancel(c.Context(), c.Viewer.Account, wanted); err != nil {
		return nil, err
	}
	return rest.Empty{}, nil
}
