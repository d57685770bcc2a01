package media

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"sync"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// Bounds of fetching avatars and headers of other servers.
const (
	portraitWithin  = 20 * time.Second // a reader waits for it
	portraitsAtOnce = 16
	notAskedAgain   = 5 * time.Minute // after it could not be had
	notAskedMost    = 10_000
	cachePortrait   = "public, max-age=300" // it may be purged, or another one is chosen
)

// PortraitKept tells that an avatar or a header of another server is shown from our copy.
type PortraitKept struct{ Account id.Account }

// RemotePortrait gives the address here of an avatar or a header of another server: of our copy, or the one at which it is fetched.
// "" where none is shown.
func (s *Service) RemotePortrait(a *accounts.Account, noun string) string {
	address, key := a.AvatarURL, a.AvatarKey
	if noun == nounHeader {
		address, key = a.HeaderURL, a.HeaderKey
	}
	switch mode := s.ModeOf(a.Domain); {
	case address == "" || mode == settings.RejectMedia:
		return ""
	case key != "" && mode == settings.StoreMedia:
		return s.url(key)
	}
	// Whoever kept the picture of this address must ask again when there is another one.
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(address)) // never fails
	return s.site.MediaURL("/media_proxy/accounts/" + a.ID.String() + "/" + noun + "?v=" + strconv.FormatUint(uint64(sum.Sum32()), 36))
}

// portraitOf are the facts of an avatar or a header of another server.
type portraitOf struct{ address, key, domain string }

func readPortrait(ctx context.Context, q db.Q, account id.Account, noun string) (portraitOf, error) {
	sql := `SELECT avatar_url, avatar_key, domain FROM accounts WHERE id = $1 AND domain <> '' AND suspended_at IS NULL AND deleted_at IS NULL`
	if noun == nounHeader {
		sql = `SELECT header_url, header_key, domain FROM accounts WHERE id = $1 AND domain <> '' AND suspended_at IS NULL AND deleted_at IS NULL`
	}
	return db.One(ctx, q, func(r db.Row) (p portraitOf, err error) {
		err = r.Scan(&p.address, &p.key, &p.domain)
		return p, err
	}, sql, account)
}

// ProxyPortrait serves GET /media_proxy/accounts/{account}/{picture}: the avatar or the header of an account of another server, which is
// fetched when it is not here. One that cannot be had is shown as none, without leading the reader elsewhere.
func (s *Service) ProxyPortrait(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Account](c.Path("account"))
	if err != nil {
		return nil, err
	}
	noun := c.Path("picture")
	if noun != nounAvatar && noun != nounHeader {
		return nil, fault.RecordNotFound()
	}
	if to, moved := s.elsewhere(c, ""); moved {
		return to, nil
	}
	p, err := readPortrait(c.Context(), s.db, which, noun)
	if err != nil {
		return nil, err
	}
	mode := s.ModeOf(p.domain)
	if p.address != "" && mode == settings.ProxyMedia {
		return s.passPortrait(c, p.address)
	}
	c.SetHeader("Cache-Control", cachePortrait)
	if p.address == "" || mode == settings.RejectMedia {
		return s.noPortrait(noun), nil
	}
	if p.key != "" {
		return rest.Redirect{To: s.url(p.key)}, nil
	}
	key, err := s.FetchPortrait(c.Context(), which, noun)
	var unkept *unkeptError
	switch {
	case err == nil && key != "":
		return rest.Redirect{To: s.url(key)}, nil
	case errors.As(err, &unkept): // it is there, and only cannot be kept here
		s.log.WarnContext(c.Context(), "a picture of another server cannot be kept", "account", which, "noun", noun, "error", err)
		return s.passPortrait(c, p.address)
	case c.Context().Err() != nil:
		return nil, c.Context().Err()
	}
	return s.noPortrait(noun), nil
}

func (s *Service) noPortrait(noun string) rest.Redirect {
	return rest.Redirect{To: s.site.URL("/" + noun + "s/missing.svg")}
}

// unkeptError says that a file was had and could not be kept.
type unkeptError struct{ error }

// Unwrap gives the reason.
func (e *unkeptError) Unwrap() error { return e.error }

// FetchPortrait keeps a copy of an avatar or a header of another server and gives its key; one at a time of each.
// "" where the account shows none any more.
func (s *Service) FetchPortrait(ctx context.Context, account id.Account, noun string) (string, error) {
	done := s.fetches.DoChan(noun+account.String(), func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), portraitWithin)
		defer cancel()
		select {
		case s.portraits <- struct{}{}:
			defer func() { <-s.portraits }()
		case <-within.Done():
			return "", within.Err()
		}
		return s.fetchPortrait(within, account, noun)
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-done:
		key, _ := got.Val.(string)
		return key, got.Err
	}
}

func (s *Service) fetchPortrait(ctx context.Context, account id.Account, noun string) (string, error) {
	p, err := readPortrait(ctx, s.db, account, noun)
	if err != nil || p.key != "" || p.address == "" || s.ModeOf(p.domain) != settings.StoreMedia {
		return p.key, err
	}
	if s.unheard.has(p.address, s.clock.Now()) {
		return "", fault.New(fault.Unavailable, "The other server's picture could not be had a moment ago")
	}
	from, err := s.download(ctx, p.address, MaxAvatarBytes)
	if err != nil {
		s.unheard.note(p.address, s.clock.Now().Add(notAskedAgain))
		return "", err
	}
	defer func() { _ = errors.Join(from.Close(), os.Remove(from.Name())) }()
	d := drawing{noun: noun, owner: int64(account), remote: true, fill: [2]int{avatarSide, avatarSide}}
	if noun == nounHeader {
		d.fill = [2]int{headerWidth, headerHeight}
	}
	made, err := s.draw(ctx, from, d)
	if fault.KindOf(err) == fault.Invalid { // nothing that we can read
		s.unheard.note(p.address, s.clock.Now().Add(notAskedAgain))
		return "", err
	}
	if err != nil {
		return "", &unkeptError{err}
	}
	sql := `UPDATE accounts SET avatar_key = $2 WHERE id = $1 AND avatar_url = $3 AND avatar_key = '' AND domain <> '' AND deleted_at IS NULL`
	if noun == nounHeader {
		sql = `UPDATE accounts SET header_key = $2 WHERE id = $1 AND header_url = $3 AND header_key = '' AND domain <> '' AND deleted_at IS NULL`
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		n, err := db.Exec(ctx, tx, sql, account, made.original.key, p.address)
		if err != nil || n == 0 { // another picture meanwhile, or kept by another process: this file is swept
			return err
		}
		if err := settle(ctx, tx, made.original); err != nil {
			return err
		}
		return tx.Emit(PortraitKept{account})
	})
	if err != nil {
		return "", fmt.Errorf("keep portrait of another server: %w", err)
	}
	p, err = readPortrait(ctx, s.db, account, noun)
	return p.key, err
}

// PortraitsWanted tells, in the transaction that changes it, whether the pictures of an account of another server are fetched at once:
// where members follow it, and keepers wish so.
func (s *Service) PortraitsWanted(ctx context.Context, tx *db.Tx, account id.Account) (bool, error) {
	if s.settings.Now().MediaFetch != settings.FetchFollowed {
		return false, nil
	}
	n, err := db.One(ctx, tx, db.Value[int64], `SELECT COUNT(*) FROM accounts a WHERE a.id = $1 AND a.domain <> ''
		AND (a.avatar_url <> '' AND a.avatar_key = '' OR a.header_url <> '' AND a.header_key = '')
		AND EXISTS (SELECT 1 FROM follows f JOIN members m ON m.account_id = f.account_id WHERE f.target_id = a.id)`, account)
	return n > 0, err
}

// FetchPortraits fetches the pictures of an account of another server. What cannot be had is left to whoever looks.
func (s *Service) FetchPortraits(ctx context.Context, account id.Account) error {
	for _, noun := range []string{nounAvatar, nounHeader} {
		_, err := s.FetchPortrait(ctx, account, noun)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		var unkept *unkeptError
		if err != nil && fault.KindOf(err) == fault.Internal && !errors.As(err, &unkept) {
			return err
		}
	}
	return nil
}

// unheard remembers for a while what could not be had, so that a dead server is not asked for every reader.
type unheard struct {
	mu    sync.Mutex
	until map[string]time.Time
}

func (u *unheard) has(address string, now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	until, known := u.until[address]
	if known && !now.Before(until) {
		delete(u.until, address)
	}
	return known && now.Before(until)
}

func (u *unheard) note(address string, until time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.until == nil || len(u.until) >= notAskedMost {
		u.until = map[string]time.Time{}
	}
	u.until[address] = until
}

// passKey belongs to an attachment: who was shown its address may ask for it without saying who they are, as with the addresses of files.
func (s *Service) passKey(which id.Attachment) string {
	sum := hmac.New(sha256.New, s.secret)
	_, _ = sum.Write([]byte("media proxy " + which.String())) // never fails
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

func (s *Service) knows(which id.Attachment, key string) bool {
	return len(s.secret) > 0 && hmac.Equal([]byte(key), []byte(s.passKey(which)))
}

// proxyURL is where a file of another server is asked for.
func (s *Service) proxyURL(which id.Attachment, size string) string {
	address := s.site.MediaURL("/media_proxy/" + which.String() + "/" + size)
	if len(s.secret) > 0 {
		address += "?key=" + s.passKey(which)
	}
	return address
}
