package notifications

import (
	"context"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
)

// staffSQL lists the members who may do more than others, a few on any server.
const staffSQL = `SELECT account_id, role FROM members
	WHERE role IN ('moderator', 'admin', 'owner') AND confirmed_at IS NOT NULL AND approved_at IS NOT NULL AND disabled_at IS NULL`

// tellStaff tells everybody whose role permits something, apart from whom it is about.
func (s *Service) tellStaff(ctx context.Context, permission access.Permission, n Notification) error {
	type keeper struct {
		account id.Account
		role    string
	}
	staff, err := db.All(ctx, s.db, func(r db.Row) (k keeper, err error) {
		err = r.Scan(&k.account, &k.role)
		return k, err
	}, staffSQL)
	if err != nil {
		return err
	}
	for _, one := range staff {
		if access.PermissionsOf(one.role)&(permission|access.Administrator) == 0 {
			continue
		}
		n.Account = one.account
		if err := s.tell(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// TellSignedUp tells those who manage members of a new one. Who still waits for approval or confirmation is no news yet.
func (s *Service) TellSignedUp(ctx context.Context, e accounts.Joined) error {
	m, err := s.accounts.Member(ctx, e.Account)
	if err != nil {
		return ignoreNotFound(err)
	}
	if m.ConfirmedAt.IsZero() || m.ApprovedAt.IsZero() {
		return nil
	}
	return s.tellStaff(ctx, access.ManageUsers, Notification{Kind: SignUp, From: e.Account, about: int64(e.Account)})
}

// TellReported tells those who manage reports of a new one.
func (s *Service) TellReported(ctx context.Context, reporter id.Account, report id.Report) error {
	return s.tellStaff(ctx, access.ManageReports, Notification{Kind: Report, From: reporter, about: int64(report)})
}

// Reports gives reports as clients see them.
type Reports func(ctx context.Context, wanted []id.Report) (map[id.Report]*mastodon.Report, error)

// ShowReports tells the room how reports are shown; called once at assembly.
func (s *Service) ShowReports(show Reports) { s.showReports = show }

// reported gives the reports that some notifications are about.
func (s *Service) reported(ctx context.Context, rows []*Notification) (map[id.Report]*mastodon.Report, error) {
	var wanted []id.Report
	for _, n := range rows {
		if n.Kind == Report {
			wanted = append(wanted, id.Report(n.about))
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return s.showReports(ctx, wanted)
}
