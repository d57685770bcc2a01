package server

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/film"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/access"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/statuses"
)

// Line is a line of the table of routes, for tests that walk it.
type Line struct {
	Method, Path, Scopes string
	Door                 string // anyone, member, app, page, peer or stream
}

// Table gives every line.
func (s *Server) Table() []Line {
	names := map[door]string{anyone: "anyone", member: "member", waiting: "member", app: "app", page: "page", peer: "peer", document: "peer", stream: "stream"}
	var lines []Line
	for _, r := range s.routes() {
		lines = append(lines, Line{Method: r.method, Path: r.path, Scopes: r.scopes, Door: names[r.door]})
	}
	return lines
}

// Effects lets everything that follows from events happen, and delivers nothing.
func (s *Server) Effects(ctx context.Context) error { return s.bus.Drain(ctx) }

// Chore does a line of the schedule now.
func (s *Server) Chore(ctx context.Context, name string) error {
	for _, c := range s.schedule() {
		if c.name == name {
			return c.do(ctx)
		}
	}
	return errors.New("no such chore: " + name)
}

// Forget drops what is remembered of timelines.
func (s *Server) Forget() { s.timelines.Forget() }

// ForgetAccounts drops what is remembered of accounts.
func (s *Server) ForgetAccounts() { s.accounts.ForgetAll() }

// Cold answers as this server would after a start: nothing is remembered. What happens through s afterwards has no effects.
func (s *Server) Cold(ctx context.Context) (http.Handler, error) {
	fresh, err := s.cold(ctx)
	if err != nil {
		return nil, err
	}
	return fresh.handler, nil
}

func (s *Server) cold(ctx context.Context) (*Server, error) {
	secret, err := secretKey(filepath.Join(s.config.Data, "secret.key"))
	if err != nil {
		return nil, err
	}
	wrapper, err := accounts.NewWrapper(secret)
	if err != nil {
		return nil, err
	}
	fresh := &Server{config: s.config, version: s.version, log: s.log, clock: s.clock, db: s.db, site: s.site, keyroom: newKeyroom(),
		limiter: rest.NewLimiter(s.clock, false), pages: s.pages, listening: make(chan struct{})}
	err = fresh.assemble(ctx, secret, wrapper, Parts{Clock: s.clock, Passwords: accounts.CheapPasswords(), MakeKey: accounts.MakeKey,
		Films: new(film.Tools)}) // looking for the programs of the machine each time would cost more than all else
	return fresh, err
}

// DB lets tests count rows.
func (s *Server) DB() *db.DB { return s.db }

// MaxHostRows is how many activities of one host may wait.
const MaxHostRows = maxHostRows

// KeyRefreshGap is how soon a key is asked for again.
const KeyRefreshGap = keyRefreshGap

// Dispatch gives an activity to the function that takes it, as the queue does.
func (s *Server) Dispatch(ctx context.Context, actor *accounts.Account, activity activitypub.Object) error {
	return s.receive(ctx, accounts.Received{Actor: actor, Activity: activity})
}

// AccountByURI finds an account that is known.
func (s *Server) AccountByURI(ctx context.Context, uri string) (*accounts.Account, error) {
	return s.accounts.ByURI(ctx, uri)
}

// Suspend takes an account out, as keepers are able to.
func (s *Server) Suspend(ctx context.Context, uri string) error {
	defer s.accounts.ForgetAll()
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE accounts SET suspended_at = $2 WHERE uri = $1`, uri, tx.Now().UnixMilli())
		return err
	})
}

// DrainEffects lets the durable effects happen, and nothing be delivered.
func (s *Server) DrainEffects(ctx context.Context) error { return s.bus.Drain(ctx) }

// RevokeToken ends one token.
func (s *Server) RevokeToken(ctx context.Context, secret string) error {
	v, err := s.access.ViewerOfToken(ctx, secret)
	if err != nil {
		return err
	}
	return s.db.Tx(ctx, func(tx *db.Tx) error {
		if _, err := db.Exec(ctx, tx, `DELETE FROM tokens WHERE id = $1`, v.Token); err != nil {
			return err
		}
		return tx.Emit(access.TokenRevoked{Token: v.Token})
	})
}

// CloseStreams does what the end of the server does to them.
func (s *Server) CloseStreams() { s.streaming.Close() }

// Streamed tells how many streams are open, and how many payloads were encoded for them so far.
func (s *Server) Streamed() (open int, encoded int64) {
	return s.streaming.Open(), s.streaming.Encoded()
}

// ForgetStatus lets go of a shown status that a test changed behind the rooms' backs.
func (s *Server) ForgetStatus(status int64) { s.statuses.Forget(id.Status(status)) }

// EndPoll lets the time of a poll be over, and the chore that tells of it run.
func (s *Server) EndPoll(ctx context.Context, status string) error {
	number, err := id.Parse[id.Status](status)
	if err != nil {
		return err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		past := tx.Now().Add(-time.Second).UnixMilli()
		_, err := db.Exec(ctx, tx, `UPDATE polls SET expires_at = $2, tell_end_at = $2 WHERE status_id = $1`, number, past)
		return err
	})
	if err != nil {
		return err
	}
	s.statuses.Forget(number)
	return s.statuses.EndPolls(ctx)
}

// PurgeLater removes deleted statuses as the chore will a month later.
func (s *Server) PurgeLater(ctx context.Context) error {
	err := s.db.Tx(ctx, func(tx *db.Tx) error {
		_, err := db.Exec(ctx, tx, `UPDATE statuses SET deleted_at = 1 WHERE deleted_at IS NOT NULL`)
		return err
	})
	if err != nil {
		return err
	}
	return s.statuses.PurgeDeleted(ctx)
}

// Counts gives the number of rows of each table that requests may write to.
func (s *Server) Counts(ctx context.Context) (map[string]int64, error) {
	counts := map[string]int64{}
	for _, table := range []string{"accounts", "members", "account_keys", "statuses", "mentions", "follows", "follow_requests", "blocks", "mutes",
		"account_domain_blocks", "suggestion_dismissals", "severances", "account_notes", "endorsements", "reports",
		"thread_mutes", "quotes", "scheduled_statuses", "translations",
		"attachments", "files", "emojis", "favourites", "bookmarks", "notifications", "tags", "links", "link_statuses", "link_days", "trends", "trending_statuses", "inbox", "outbox", "deliveries", "apps", "tokens", "sessions", "grants"} {
		n, err := db.One(ctx, s.db, db.Value[int64], `SELECT COUNT(*) FROM `+table)
		if err != nil {
			return nil, err
		}
		counts[table] = n
	}
	return counts, nil
}

// KeepAnnouncements and CountActivity are chores.
func (s *Server) KeepAnnouncements(ctx context.Context) error {
	return s.frontdoor.KeepAnnouncements(ctx)
}

// FillSearch is one.
func (s *Server) FillSearch(ctx context.Context) error { return s.search.Fill(ctx) }

// ForgetMissing is a chore.
func (s *Server) ForgetMissing(ctx context.Context) error { return s.statuses.ForgetMissing(ctx) }

// CountActivity is one.
func (s *Server) CountActivity(ctx context.Context) error { return s.frontdoor.CountActivity(ctx) }

// SweepMedia does the chores that remove files.
func (s *Server) SweepMedia(ctx context.Context) error {
	return errors.Join(s.media.SweepLoose(ctx), s.media.SweepFiles(ctx), s.media.NoteSeen(ctx))
}

// ForgetShown drops all accounts, statuses and emoji that are remembered, as a start of the program does.
func (s *Server) ForgetShown(ctx context.Context) error {
	s.mediaModes(ctx)
	return s.emoji.Warm(ctx)
}

// PublishDue is a chore.
func (s *Server) PublishDue(ctx context.Context) error { return s.statuses.PublishDue(ctx) }

// OtherPublishDue is PublishDue as another process on the same database does it.
func (s *Server) OtherPublishDue(ctx context.Context) error {
	return statuses.New(statuses.Config{Media: s.media, DB: s.db, Clock: s.clock, Settings: s.settings, Accounts: s.accounts, Filters: s.filters, Remote: s.remote, Courier: s.courier, Log: s.log}).PublishDue(ctx)
}

// PurgeTranslations is a chore.
func (s *Server) PurgeTranslations(ctx context.Context) error {
	return s.statuses.PurgeTranslations(ctx)
}

// CountPopular is one.
func (s *Server) CountPopular(ctx context.Context) error { return s.suggestions.CountPopular(ctx) }

// PurgeLinks is a chore.

// PurgeLinks is one.
func (s *Server) PurgeLinks(ctx context.Context) error {
	return errors.Join(s.trends.PurgeLinks(ctx), s.media.PurgeLinks(ctx))
}

// TellVotes runs the chore that tells other servers how polls stand.
func (s *Server) TellVotes(ctx context.Context) error { return s.statuses.TellVotes(ctx) }

// ColdTwin is Cold for many questions, and what happens through s goes on to have its effects: forget lets go of all it remembers, so that what it answers next is what the database says.
func (s *Server) ColdTwin(ctx context.Context) (answer http.Handler, forget func(readers ...string), err error) {
	fresh, err := s.cold(ctx)
	if err != nil {
		return nil, nil, err
	}
	s.bus.Attach()
	return fresh.handler, func(readers ...string) {
		fresh.mediaModes(ctx) // the settings too
		for _, one := range readers {
			if reader, err := id.Parse[id.Account](one); err == nil {
				fresh.statuses.ForgetReader(reader)
				fresh.filters.Forget(reader)
			}
		}
	}, nil
}

// CountWaiting makes the inbox count what waits of each host anew, for tests that put letters there themselves.
func (s *Server) CountWaiting() {
	s.inbox.rooms.mu.Lock()
	defer s.inbox.rooms.mu.Unlock()
	s.inbox.rooms.left = nil
}
