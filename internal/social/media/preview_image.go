package media

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// previewURL is where the picture of a preview is asked for. Nobody can guess it who was not shown it, and whoever kept the picture of
// one address must ask again when there is another one.
func (s *Service) previewURL(link id.Link, picture string) string {
	sum := fnv.New32a()
	_, _ = sum.Write([]byte(picture)) // never fails
	return s.site.MediaURL("/media_proxy/links/" + id.String(link) + "?key=" + s.previewKey(link) + "&v=" + strconv.FormatUint(uint64(sum.Sum32()), 36))
}

func (s *Service) previewKey(link id.Link) string {
	sum := hmac.New(sha256.New, s.secret)
	_, _ = sum.Write([]byte("preview " + id.String(link))) // never fails
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// ProxyPreview serves GET /media_proxy/links/{link}: the picture of a preview, which is fetched when it is not here.
func (s *Service) ProxyPreview(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Link](c.Path("link"))
	if err != nil {
		return nil, err
	}
	if !hmac.Equal([]byte(c.Query("key")), []byte(s.previewKey(which))) {
		return nil, fault.RecordNotFound()
	}
	if to, moved := s.elsewhere(c, ""); moved {
		return to, nil
	}
	p, err := previewOf(c.Context(), s.db, which)
	if err != nil {
		return nil, err
	}
	switch mode := s.ModeOf(p.Host); {
	case p.ImageURL == "" || mode == settings.RejectMedia:
		return nil, fault.RecordNotFound()
	case mode == settings.ProxyMedia:
		return s.pass(c, passage{from: p.ImageURL, kind: Image, most: maxPreviewImage, cache: cachePortrait})
	}
	key := p.ImageKey
	if key == "" {
		if key, err = s.refetchImage(c.Context(), p); err != nil || key == "" {
			if c.Context().Err() != nil {
				return nil, c.Context().Err()
			}
			return nil, fault.RecordNotFound()
		}
	}
	c.SetHeader("Cache-Control", cachePortrait)
	return rest.Redirect{To: s.url(key)}, nil
}

// refetchImage keeps again a copy of a picture that went; one at a time of each.
func (s *Service) refetchImage(ctx context.Context, p *Preview) (string, error) {
	done := s.fetches.DoChan("preview"+id.String(p.Link), func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), imageWithin)
		defer cancel()
		select {
		case s.portraits <- struct{}{}:
			defer func() { <-s.portraits }()
		case <-within.Done():
			return "", within.Err()
		}
		if s.unheard.has(p.ImageURL, s.clock.Now()) {
			return "", fault.New(fault.Unavailable, "The picture could not be had a moment ago")
		}
		made, err := s.drawPreview(within, p.Link, p.ImageURL)
		if err != nil {
			s.unheard.note(p.ImageURL, s.clock.Now().Add(notAskedAgain))
			return "", err
		}
		err = s.db.Tx(within, func(tx *db.Tx) error {
			n, err := db.Exec(within, tx, `UPDATE links SET image_key = $2 WHERE id = $1 AND image_url = $3 AND image_key = ''`, p.Link, made.small.key, p.ImageURL)
			if err != nil || n == 0 { // another picture meanwhile, or kept by another process: this file is swept
				return err
			}
			if err := settle(within, tx, made.small); err != nil {
				return err
			}
			return tx.Emit(PreviewChanged{Link: p.Link})
		})
		if err != nil {
			return "", fmt.Errorf("keep picture of a preview: %w", err)
		}
		now, err := previewOf(within, s.db, p.Link)
		if err != nil {
			return "", err
		}
		return now.ImageKey, nil
	})
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got := <-done:
		key, _ := got.Val.(string)
		return key, got.Err
	}
}

// drawPreview fetches a picture and makes of it what previews show.
func (s *Service) drawPreview(ctx context.Context, link id.Link, address string) (*picture, error) {
	within, cancel := context.WithTimeout(ctx, imageWithin)
	defer cancel()
	at, err := s.reachable(within, address)
	if err != nil {
		return nil, err
	}
	from, err := s.download(within, at.String(), maxPreviewImage)
	if err != nil {
		return nil, err
	}
	defer func() { _ = discard(from) }()
	return s.draw(within, from, drawing{noun: nounPreview, owner: int64(link), remote: true, small: true})
}

// addImage fetches the picture of a preview; one that cannot be had, or is none, is left to whoever looks, or away.
func (s *Service) addImage(ctx context.Context, p, before *Preview) (*file, error) {
	if p.ImageURL == "" || s.ModeOf(p.Host) == settings.RejectMedia {
		p.ImageURL = ""
		return nil, nil
	}
	if before != nil && before.ImageURL == p.ImageURL && before.ImageWidth > 0 {
		p.ImageKey, p.ImageWidth, p.ImageHeight, p.Blurhash = before.ImageKey, before.ImageWidth, before.ImageHeight, before.Blurhash
		return nil, nil
	}
	made, err := s.drawPreview(ctx, p.Link, p.ImageURL)
	switch kind := fault.KindOf(err); {
	case err == nil:
	case kind == fault.Internal && ctx.Err() != nil:
		return nil, ctx.Err()
	case kind == fault.Internal && !errors.Is(err, context.DeadlineExceeded): // ours: the store is full, or away
		s.log.WarnContext(ctx, "a picture of a preview cannot be kept", "link", int64(p.Link), "error", err)
		return nil, nil
	default: // theirs: there is none that could be shown
		p.ImageURL = ""
		return nil, nil
	}
	p.ImageKey, p.Blurhash = made.small.key, made.blurhash
	if size := made.meta.Small; size != nil {
		p.ImageWidth, p.ImageHeight = size.Width, size.Height
	}
	if s.ModeOf(p.Host) == settings.ProxyMedia { // looked at for its size; nothing is kept, and the file is swept
		p.ImageKey = ""
		return nil, nil
	}
	return made.small, nil
}
