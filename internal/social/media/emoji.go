package media

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"strconv"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/images"
	"anancus/internal/kit/rest"
	"anancus/internal/social/emoji"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
	"anancus/internal/social/viewer"
)

// Bounds of the pictures of emoji.
const (
	emojiSide      = 512  // pixels of a still one; larger ones are made smaller
	maxEmojiFrames = 2000 // of one that moves
)

// EmojiPictures lets the room of emoji have its files kept here.
func (s *Service) EmojiPictures() emoji.Pictures {
	return emoji.Pictures{Draw: s.drawEmoji, Drop: drop, Addresses: s.emojiAddresses, Copy: s.copyEmoji, Read: s.readFile}
}

// drawEmoji keeps the picture of one of ours: PNG, GIF or WebP, as on Mastodon.
func (s *Service) drawEmoji(ctx context.Context, of id.Emoji, body []byte) (*emoji.Picture, error) {
	h, err := images.Inspect(bytes.NewReader(body))
	if err != nil {
		return nil, refusal(err)
	}
	if h.Format != images.PNG && h.Format != images.GIF && h.Format != images.WebP {
		return nil, fault.New(fault.Invalid, "Validation failed: Image content type is invalid: it must be PNG, GIF or WebP")
	}
	return s.keepEmoji(ctx, of, h, body, false)
}

// keepEmoji writes the files of an emoji: a still one anew, one that moves as it is without what cannot be seen, and its first picture beside it.
func (s *Service) keepEmoji(ctx context.Context, of id.Emoji, h images.Header, body []byte, remote bool) (*emoji.Picture, error) {
	most := int64(MaxImagePixels)
	if h.Animated() {
		most = MaxGIFPixels
	}
	switch {
	case h.Pixels() > most:
		return nil, refusal(fmt.Errorf("%w: %d × %d", images.ErrPixels, h.Width, h.Height))
	case h.Format == images.GIF && h.Frames > maxEmojiFrames:
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Image has more than %d frames", maxEmojiFrames))
	}
	made, err := s.workshop.Process(ctx, bytes.NewReader(body), images.Options{MaxPixels: most, MaxMemory: maxPictureMemory, Sizes: []images.Size{{Width: emojiSide, Height: emojiSide}}})
	if err != nil {
		return nil, refusal(err)
	}
	files := []*file{{kind: string(made.Outputs[0].Format)}}
	bodies := [][]byte{made.Outputs[0].Body}
	if h.Animated() {
		moving, err := images.StripMoving(bytes.NewReader(body), h.Format)
		if err != nil {
			return nil, refusal(err)
		}
		files, bodies = append(files, &file{kind: string(h.Format)}), append(bodies, moving)
	}
	for i, f := range files {
		f.noun, f.owner, f.size, f.remote = nounEmoji, int64(of), int64(len(bodies[i])), remote
		if files[i], err = s.put(ctx, f, bytes.NewReader(bodies[i])); err != nil {
			return nil, err
		}
	}
	shown := files[len(files)-1]
	p := &emoji.Picture{Key: shown.key, Type: shown.kind, Settle: func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx, files...) }}
	if len(files) > 1 {
		p.Static = files[0].key
	}
	return p, nil
}

// emojiAddresses are where an emoji is shown: its file here, or where that is fetched.
func (s *Service) emojiAddresses(e *emoji.Emoji) (picture, static string) {
	if e.Local() {
		picture, static = s.url(e.PictureKey), s.url(e.StaticKey)
	} else {
		switch mode := s.ModeOf(e.Domain); {
		case e.Remote == "" || mode == settings.RejectMedia:
			return "", ""
		case e.PictureKey != "" && mode == settings.StoreMedia:
			picture, static = s.url(e.PictureKey), s.url(e.StaticKey)
		default: // whoever kept the picture of this address must ask again when there is another one
			sum := fnv.New32a()
			_, _ = sum.Write([]byte(e.Remote + " " + strconv.FormatInt(e.UpdatedAt.UnixMilli(), 36))) // never fails
			at := s.site.MediaURL("/media_proxy/emojis/" + e.ID.String() + "/")
			version := "?v=" + strconv.FormatUint(uint64(sum.Sum32()), 36)
			return at + "original" + version, at + "static" + version
		}
	}
	if static == "" {
		static = picture
	}
	return picture, static
}

// ProxyEmoji serves GET /media_proxy/emojis/{emoji}/{picture}: the picture of an emoji of another server, which is fetched when it is not here.
func (s *Service) ProxyEmoji(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Emoji](c.Path("emoji"))
	if err != nil {
		return nil, err
	}
	still := c.Path("picture") == "static"
	if !still && c.Path("picture") != "original" {
		return nil, fault.RecordNotFound()
	}
	e, err := emoji.ByID(c.Context(), s.db, which)
	if err != nil {
		return nil, err
	}
	if e.Local() || e.Disabled || e.Remote == "" {
		return nil, fault.RecordNotFound()
	}
	switch s.ModeOf(e.Domain) {
	case settings.RejectMedia:
		return nil, fault.RecordNotFound()
	case settings.ProxyMedia:
		return s.pass(c, passage{from: e.Remote, kind: Image, most: emoji.MaxPictureBytes, cache: cachePortrait})
	}
	if e.PictureKey == "" {
		err := s.copyEmoji(c.Context(), which)
		var unkept *unkeptError
		switch {
		case errors.As(err, &unkept): // it is there, and only cannot be kept here
			s.log.WarnContext(c.Context(), "an emoji of another server cannot be kept", "emoji", e.String(), "error", err)
			return s.pass(c, passage{from: e.Remote, kind: Image, most: emoji.MaxPictureBytes, cache: cachePortrait})
		case err != nil:
			return nil, err
		}
		if e, err = emoji.ByID(c.Context(), s.db, which); err != nil {
			return nil, err
		}
		if e.PictureKey == "" {
			return nil, fault.RecordNotFound()
		}
	}
	c.SetHeader("Cache-Control", cachePortrait)
	to := s.url(e.PictureKey)
	if still && e.StaticKey != "" {
		to = s.url(e.StaticKey)
	}
	return rest.Redirect{To: to}, nil
}

// copyEmoji keeps a copy of the picture of an emoji of another server; one at a time of each.
func (s *Service) copyEmoji(ctx context.Context, which id.Emoji) error {
	done := s.fetches.DoChan(nounEmoji+which.String(), func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), portraitWithin)
		defer cancel()
		select {
		case s.portraits <- struct{}{}:
			defer func() { <-s.portraits }()
		case <-within.Done():
			return nil, within.Err()
		}
		return nil, s.fetchEmoji(within, which)
	})
	select {
	case <-ctx.Done():
		return ctx.Err()
	case got := <-done:
		return got.Err
	}
}

func (s *Service) fetchEmoji(ctx context.Context, which id.Emoji) error {
	e, err := emoji.ByID(ctx, s.db, which)
	if err != nil || e.Local() || e.PictureKey != "" || e.Remote == "" || s.ModeOf(e.Domain) != settings.StoreMedia {
		return err
	}
	if s.unheard.has(e.Remote, s.clock.Now()) {
		return fault.New(fault.Unavailable, "The other server's emoji could not be had a moment ago")
	}
	body, h, err := s.downloadEmoji(ctx, e.Remote)
	if err != nil {
		s.unheard.note(e.Remote, s.clock.Now().Add(notAskedAgain))
		return err
	}
	picture, err := s.keepEmoji(ctx, which, h, body, true)
	if fault.KindOf(err) == fault.Invalid { // nothing that we can read
		s.unheard.note(e.Remote, s.clock.Now().Add(notAskedAgain))
		return err
	}
	if err != nil {
		return &unkeptError{err}
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		kept, err := emoji.Kept(ctx, tx, e, picture)
		if err != nil || !kept { // another picture meanwhile, or kept by another process: these files are swept
			return err
		}
		return picture.Settle(ctx, tx)
	})
	if err != nil {
		return fmt.Errorf("keep emoji of another server: %w", err)
	}
	return nil
}

// downloadEmoji reads the picture of an emoji, as JPEG where it is one that another program must convert.
func (s *Service) downloadEmoji(ctx context.Context, address string) ([]byte, images.Header, error) {
	from, err := s.download(ctx, address, emoji.MaxPictureBytes)
	if err != nil {
		return nil, images.Header{}, err
	}
	defer func() { _ = errors.Join(from.Close(), os.Remove(from.Name())) }()
	still, err := s.decodable(ctx, from)
	if err != nil {
		return nil, images.Header{}, err
	}
	if still != from {
		defer func() { _ = discard(still) }()
	}
	h, err := images.Inspect(still)
	if err != nil {
		return nil, h, refusal(err)
	}
	body, err := io.ReadAll(still)
	return body, h, err
}

// readFile gives a file that is small.
func (s *Service) readFile(ctx context.Context, key string) ([]byte, error) {
	b, err := s.store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { _ = b.Close() }() // it was only read
	return io.ReadAll(io.LimitReader(b, MaxImageBytes))
}

// forgetEmoji takes the keys of copies from emoji of other servers.
func forgetEmoji(ctx context.Context, tx *db.Tx, owners []int64, gone *CopiesDropped) error {
	which := make([]id.Emoji, len(owners))
	for i, owner := range owners {
		which[i] = id.Emoji(owner)
	}
	names, err := emoji.ForgetCopies(ctx, tx, which)
	gone.Emoji = append(gone.Emoji, names...)
	return err
}
