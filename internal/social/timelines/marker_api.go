package timelines

import (
	"fmt"
	"strconv"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/viewer"
)

// ShowMarkers serves GET /api/v1/markers: those asked for by timeline[], and none when none is.
func (s *Service) ShowMarkers(c *viewer.Call) (any, error) {
	list, err := markers(c.Context(), s.db, c.Viewer.Account, c.QueryList("timeline"))
	if err != nil {
		return nil, fmt.Errorf("show markers: %w", err)
	}
	return presentMarkers(list), nil
}

type markerForm struct {
	Home          *readForm `form:"home"`
	Notifications *readForm `form:"notifications"`
}

type readForm struct {
	LastRead string `form:"last_read_id"`
}

// SaveMarkers serves POST /api/v1/markers.
func (s *Service) SaveMarkers(c *viewer.Call) (any, error) {
	form, err := rest.Decode[markerForm](c)
	if err != nil {
		return nil, err
	}
	read := map[string]int64{}
	for timeline, asked := range map[string]*readForm{HomeMarker: form.Home, NotificationsMarker: form.Notifications} {
		if asked == nil {
			continue
		}
		if read[timeline], err = strconv.ParseInt(asked.LastRead, 10, 64); err != nil || read[timeline] < 0 {
			return nil, fault.New(fault.Invalid, "Validation failed: Last read is not a number")
		}
	}
	moved, err := s.Mark(c.Context(), c.Viewer.Account, read)
	if err != nil {
		return nil, err
	}
	return presentMarkers(moved), nil
}

func presentMarkers(list []Marker) map[string]mastodon.Marker {
	shown := map[string]mastodon.Marker{}
	for _, m := range list {
		shown[m.Timeline] = mastodon.Marker{LastReadID: strconv.FormatInt(m.LastRead, 10), Version: m.Version, UpdatedAt: mastodon.Time(clock.FromMilli(m.UpdatedAt))}
	}
	return shown
}
