package notifications

import (
	"context"
	"fmt"
	"slices"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
)

// groupable are the kinds of which many become one row: alike, about the same status, within half a day.
var groupable = []Kind{Favourite, Boost, Follow, SignUp}

// groupHours is how long a group stays open, counted in hours from that of its first notification.
const groupHours = 12

// group is where a notification belongs; the zero group is that of one that stands alone.
type group struct {
	key, subject string
	hour         int64
}

// subject is what a group is about: the key of the group without its hour.
func subject(n Notification) string {
	if n.Status != 0 {
		return string(n.Kind) + "-" + n.Status.String()
	}
	return string(n.Kind)
}

// groupFor gives the group that a new notification joins: the open one about the same, or a new one.
// What is filtered stands alone, so that groups hold only what is shown.
func groupFor(ctx context.Context, tx *db.Tx, n Notification) (group, error) {
	if n.Filtered || !slices.Contains(groupable, n.Kind) {
		return group{}, nil
	}
	g := group{subject: subject(n), hour: clock.FromMilli(n.CreatedAt).Unix() / int64(time.Hour/time.Second)}
	open, err := openGroup(ctx, tx, n.Account, g.subject, g.hour-groupHours)
	if err != nil {
		return group{}, err
	}
	if open != 0 {
		g.hour = open
	}
	g.key = fmt.Sprintf("%s-%d", g.subject, g.hour)
	return g, nil
}

// alone begins the key of a notification that stands alone; its id follows.
const alone = "ungrouped-"

// groupKey is what the API calls the notification's group.
func (n *Notification) groupKey() string {
	if n.GroupKey == "" {
		return alone + n.ID.String()
	}
	return n.GroupKey
}
