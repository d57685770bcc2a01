package media

import (
	"context"
	"os"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// Sizes of avatars and headers in pixels, Mastodon's.
const (
	avatarSide   = 400
	headerWidth  = 1500
	headerHeight = 500
)

// ReceivePortraits reads the form of a profile with the pictures it carries. What it gives is closed by its Close.
func (s *Service) ReceivePortraits(c *viewer.Call) (*accounts.Portraits, error) {
	files, err := s.Receive(c, map[string]int64{"avatar": MaxAvatarBytes, "header": MaxAvatarBytes})
	if err != nil {
		return nil, err
	}
	defer files.Close()
	var got accounts.Portraits
	if got.Avatar, err = s.portrait(c.Context(), c.Viewer.Account, nounAvatar, files["avatar"]); err != nil {
		return nil, err
	}
	if got.Header, err = s.portrait(c.Context(), c.Viewer.Account, nounHeader, files["header"]); err != nil {
		return nil, err
	}
	return &got, nil
}

// portrait makes an avatar or a header of a file; nil for none.
func (s *Service) portrait(ctx context.Context, of id.Account, noun string, from *os.File) (*accounts.Portrait, error) {
	if from == nil {
		return nil, nil
	}
	h, err := inspect(from)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fault.New(fault.Invalid, "Validation failed: "+noun+" must be a picture, such as JPEG or PNG")
	}
	d := drawing{noun: noun, owner: int64(of), fill: [2]int{avatarSide, avatarSide}}
	if noun == nounHeader {
		d.fill = [2]int{headerWidth, headerHeight}
	}
	made, err := s.draw(ctx, from, d)
	if err != nil {
		return nil, err
	}
	return &accounts.Portrait{URL: s.url(made.original.key), Settle: func(ctx context.Context, tx *db.Tx) error { return settle(ctx, tx, made.original) }}, nil
}

// DropPortrait removes the file of an avatar or a header of ours that is shown no more; other addresses are left alone.
func (s *Service) DropPortrait(ctx context.Context, tx *db.Tx, address string) error {
	key, ours := s.site.FileKey(address)
	if !ours {
		return nil
	}
	return drop(ctx, tx, key)
}
