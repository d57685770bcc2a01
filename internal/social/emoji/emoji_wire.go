package emoji

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// tag writes one of ours as other servers read it.
func (s *Service) tag(e *Emoji, picture string) activitypub.Tag {
	return activitypub.NewEmoji(s.site.URL("/emojis/"+e.ID.String()), e.Shortcode, activitypub.Timestamp(e.UpdatedAt), activitypub.NewImage(picture, e.Type, ""))
}

// Tags are those of ours that texts use, as other servers read them.
func (s *Service) Tags(ctx context.Context, texts ...string) ([]activitypub.Tag, error) {
	codes := Codes(texts...)
	found, err := s.Of(ctx, Names("", codes)) // of a nil room: none
	if err != nil {
		return nil, err
	}
	var tags []activitypub.Tag
	for _, code := range codes {
		if one := found[Name{Shortcode: code}]; one != nil {
			tags = append(tags, one.tag)
		}
	}
	return tags, nil
}

// Document serves GET /emojis/{emoji}: one of ours by itself.
func (s *Service) Document(c *viewer.Call) (any, error) {
	which, err := id.Parse[id.Emoji](c.Path("emoji"))
	if err != nil {
		return nil, err
	}
	e, err := byID(c.Context(), s.db, which)
	if err != nil {
		return nil, err
	}
	picture, _ := s.pictures.Addresses(e)
	if !e.Local() || e.Disabled || picture == "" {
		return nil, fault.RecordNotFound()
	}
	tag := s.tag(e, picture)
	tag.Context = activitypub.ContextEmoji
	body, err := activitypub.Encode(tag)
	if err != nil {
		return nil, err
	}
	c.SetHeader("Cache-Control", "max-age=180, public")
	return rest.Bytes{Code: http.StatusOK, Type: activitypub.ContentType, Body: body}, nil
}

// Receive writes down what a server told of the emoji that texts of its people use. Whatever it calls them, they are that server's: nobody
// speaks for another. Pictures are fetched when somebody looks.
func (s *Service) Receive(ctx context.Context, tx *db.Tx, domain string, told []activitypub.RemoteEmoji, texts ...string) error {
	if s == nil || domain == "" || len(told) == 0 {
		return nil
	}
	byCode := map[string]activitypub.RemoteEmoji{}
	for _, one := range told {
		if isShortcode(one.Shortcode) && len(one.Shortcode) <= maxToldCode && one.Image.URL != "" {
			byCode[one.Shortcode] = one
		}
	}
	var codes []string
	for _, code := range Codes(texts...) {
		if _, tagged := byCode[code]; tagged {
			codes = append(codes, code)
		}
	}
	if len(codes) == 0 {
		return nil
	}
	rows, err := named(ctx, tx, []string{domain}, codes)
	if err != nil {
		return fmt.Errorf("emoji of another server: %w", err)
	}
	known := map[string]*Emoji{}
	for _, e := range rows {
		known[e.Shortcode] = e
	}
	room := int64(len(codes))
	if len(known) < len(codes) {
		n, err := countOf(ctx, tx, domain)
		if err != nil {
			return err
		}
		room = maxOfDomain - n
	}
	changed := Changed{Domain: domain}
	for _, code := range codes {
		e, one := known[code], byCode[code]
		switch {
		case e == nil && room <= 0:
			continue
		case e == nil:
			room--
			e = &Emoji{ID: id.Emoji(tx.NextID()), Name: Name{domain, code}, Listed: true, CreatedAt: tx.Now()}
		case !e.outdatedBy(one):
			continue
		}
		if err := s.pictures.Drop(ctx, tx, e.PictureKey, e.StaticKey); err != nil {
			return err
		}
		e.Remote, e.PictureKey, e.StaticKey, e.Type, e.UpdatedAt = one.Image.URL, "", "", "", tx.Now()
		e.URI, e.ToldAt = one.ID, one.Updated
		if e.ToldAt.After(tx.Now()) { // or nothing would ever be newer
			e.ToldAt = tx.Now()
		}
		stored, err := put(ctx, tx, e)
		if err != nil {
			return fmt.Errorf("emoji of another server: %w", err)
		}
		if stored {
			changed.Shortcodes = append(changed.Shortcodes, code)
		}
	}
	if len(changed.Shortcodes) == 0 {
		return nil
	}
	return tx.Emit(changed)
}

// outdatedBy tells whether a server told something newer of an emoji than is known: texts may come late, and out of order.
func (e *Emoji) outdatedBy(told activitypub.RemoteEmoji) bool {
	at, before := told.Updated.Truncate(time.Millisecond), e.ToldAt
	switch {
	case at.IsZero() || before.IsZero() || at.Equal(before):
		return told.Image.URL != e.Remote
	default:
		return at.After(before)
	}
}
