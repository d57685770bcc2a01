package media

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

// Document writes a file of a local status as other servers read it (federation.md §6).
func (s *Service) Document(a *Attachment) activitypub.Document {
	d := activitypub.Document{Type: "Document", MediaType: a.Type, URL: s.url(a.Original), Name: a.Description, Blurhash: a.Blurhash}
	if a.Focus != nil {
		d.FocalPoint = []float64{a.Focus.X, a.Focus.Y}
	}
	if size := a.Meta.Original; size != nil {
		d.Width, d.Height = size.Width, size.Height
		if size.Duration > 0 {
			d.Duration = "PT" + strconv.FormatFloat(size.Duration, 'f', -1, 64) + "S"
		}
	}
	if a.Kind == Audio && a.Small != "" {
		d.Icon = activitypub.NewImage(s.url(a.Small), "image/jpeg", "")
	}
	return d
}

// kindOf tells how another server's file is shown, by the type it has there.
func kindOf(file activitypub.RemoteAttachment) Kind {
	kind, _, _ := strings.Cut(strings.ToLower(file.MediaType), ";")
	switch strings.TrimSpace(kind) {
	case "image/jpeg", "image/jpg", "image/png", "image/webp", "image/gif", "image/avif", "image/heic", "image/heif":
		return Image
	case "video/mp4", "video/webm", "video/quicktime", "video/ogg", "video/x-m4v":
		return Video
	case "audio/mpeg", "audio/mp3", "audio/ogg", "audio/wav", "audio/wave", "audio/x-wav", "audio/x-pn-wave", "audio/vnd.wave", "audio/flac", "audio/opus", "audio/aac",
		"audio/m4a", "audio/x-m4a", "audio/mp4", "audio/3gpp", "audio/webm", "video/x-ms-asf":
		return Audio
	case "":
		switch file.Type {
		case "Image":
			return Image
		case "Video":
			return Video
		case "Audio":
			return Audio
		}
	}
	return Unknown
}

// Receive writes down what a status of another server shows. Its files are fetched when somebody looks.
func Receive(ctx context.Context, tx *db.Tx, author id.Account, status id.Status, files []activitypub.RemoteAttachment) error {
	domain := ""
	if len(files) > 0 {
		var err error
		if domain, err = db.One(ctx, tx, db.Value[string], `SELECT domain FROM accounts WHERE id = $1`, author); err != nil {
			return fmt.Errorf("media of another server: %w", err)
		}
	}
	for i, file := range files {
		if i == MaxAttachments {
			break
		}
		a := &Attachment{ID: id.Attachment(tx.NextID()), Account: author, Status: status, Position: int64(i), Kind: kindOf(file), State: Ready, Type: file.MediaType,
			Description: text.Truncate(text.StripControl(file.Alt), MaxRemoteText), Blurhash: file.Blurhash, Remote: file.URL, RemotePreview: file.Thumbnail, Domain: domain, CreatedAt: tx.Now()}
		if len(file.FocalPoint) == 2 {
			a.Focus = &mastodon.MediaFocus{X: round(file.FocalPoint[0]), Y: round(file.FocalPoint[1])}
		}
		a.Meta.Original = sizeOf(file.Width, file.Height)
		if err := insert(ctx, tx, a); err != nil {
			return fmt.Errorf("media of another server: %w", err)
		}
	}
	if len(files) == 0 {
		return nil
	}
	if _, err := db.Exec(ctx, tx, `UPDATE statuses SET with_media = TRUE WHERE id = $1`, status); err != nil {
		return err
	}
	return tx.Emit(Received{status})
}
