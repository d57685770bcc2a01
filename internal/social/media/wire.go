package media

import (
	"context"
	"strconv"
	"strings"

	"anancus/internal/kit/db"
	"anancus/internal/protocol/activitypub"
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
	if len(files) == 0 {
		return nil
	}
	domain, err := domainOf(ctx, tx, author)
	if err != nil {
		return err
	}
	for i, file := range files[:min(len(files), MaxAttachments)] {
		if _, err := receiveOne(ctx, tx, author, status, domain, i, file); err != nil {
			return err
		}
	}
	if _, err := db.Exec(ctx, tx, `UPDATE statuses SET with_media = TRUE WHERE id = $1`, status); err != nil {
		return err
	}
	return tx.Emit(Received{status})
}
