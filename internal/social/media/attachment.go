package media

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/id"
)

// Kind says how an attachment is shown.
type Kind string

// The kinds. Unknown comes from elsewhere only: apps show a link to it.
const (
	Image   Kind = "image"
	GIFV    Kind = "gifv" // a silent film that plays by itself, again and again
	Video   Kind = "video"
	Audio   Kind = "audio"
	Unknown Kind = "unknown"
)

// plays tells whether an attachment must be the only one of its status.
func (k Kind) plays() bool { return k == Video || k == Audio }

// State says how far an attachment is.
type State string

// The states.
const (
	Waiting State = "waiting" // to be processed
	Ready   State = "ready"
	Failed  State = "failed"
)

// Attachment is a picture, film or sound that a status shows, or will.
type Attachment struct {
	ID            id.Attachment
	Account       id.Account
	Status        id.Status    // 0: of none yet
	Scheduled     id.Scheduled // 0: of none
	Position      int64        // in its status; takenOut when an edit took it out
	Kind          Kind
	State         State
	Failure       string // what its author is told
	Type          string // media type
	Description   string
	Blurhash      string
	Focus         *mastodon.MediaFocus // nil: nobody chose one
	Meta          mastodon.MediaMeta   // without the focus
	Upload        string               // keys of files; "" for none
	Original      string
	Small         string
	Remote        string // where another server has it; "" for ours
	RemotePreview string
	Domain        string // of the author's server; "" for ours
	CreatedAt     time.Time
}

// takenOut is the position of what an edit took out of a status, which its history still shows.
const takenOut = -1

// Local tells whether a member sent it.
func (a *Attachment) Local() bool { return a.Remote == "" }

const attachmentColumns = `id, account_id, status_id, scheduled_id, position, kind, state, failure, type, description, blurhash, focus, meta,
	upload_key, original_key, small_key, remote_url, remote_preview, domain, created_at`

func scanAttachment(r db.Row) (*Attachment, error) {
	a := &Attachment{}
	var status *id.Status
	var scheduled *id.Scheduled
	var kind, state, focus, meta string
	var created int64
	err := r.Scan(&a.ID, &a.Account, &status, &scheduled, &a.Position, &kind, &state, &a.Failure, &a.Type, &a.Description, &a.Blurhash, &focus, &meta,
		&a.Upload, &a.Original, &a.Small, &a.Remote, &a.RemotePreview, &a.Domain, &created)
	if err != nil {
		return nil, err
	}
	if status != nil {
		a.Status = *status
	}
	if scheduled != nil {
		a.Scheduled = *scheduled
	}
	a.Kind, a.State, a.CreatedAt = Kind(kind), State(state), clock.FromMilli(created)
	a.Focus, _ = parseFocus(focus)
	if err := json.Unmarshal([]byte(meta), &a.Meta); err != nil {
		return nil, fmt.Errorf("attachment %d: %w", a.ID, err)
	}
	return a, nil
}

// insert writes a new attachment; loose tells that it is of no status yet.
func insert(ctx context.Context, tx *db.Tx, a *Attachment) error {
	meta, err := json.Marshal(a.Meta)
	if err != nil {
		return err
	}
	var status, scheduled, loose any
	if a.Status != 0 {
		status = a.Status
	}
	if a.Scheduled != 0 {
		scheduled = a.Scheduled
	}
	if status == nil && scheduled == nil {
		loose = clock.Milli(tx.Now())
	}
	_, err = db.Exec(ctx, tx, `INSERT INTO attachments (`+attachmentColumns+`, loose_since) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21)`,
		a.ID, a.Account, status, scheduled, a.Position, string(a.Kind), string(a.State), a.Failure, a.Type, a.Description, a.Blurhash, writeFocus(a.Focus), string(meta),
		a.Upload, a.Original, a.Small, a.Remote, a.RemotePreview, a.Domain, clock.Milli(a.CreatedAt), loose)
	return err
}

// parseFocus reads "x,y", each from -1 to 1; false for anything else.
func parseFocus(text string) (*mastodon.MediaFocus, bool) {
	x, y, two := strings.Cut(text, ",")
	if !two {
		return nil, false
	}
	fx, errX := strconv.ParseFloat(strings.TrimSpace(x), 64)
	fy, errY := strconv.ParseFloat(strings.TrimSpace(y), 64)
	if errX != nil || errY != nil || !(math.Abs(fx) <= 1) || !(math.Abs(fy) <= 1) { // NaN is neither
		return nil, false
	}
	return &mastodon.MediaFocus{X: round(fx), Y: round(fy)}, true
}

func round(x float64) float64 { return math.Round(x*maxFocusDenominator) / maxFocusDenominator }

func writeFocus(f *mastodon.MediaFocus) string {
	if f == nil {
		return ""
	}
	return strconv.FormatFloat(f.X, 'f', -1, 64) + "," + strconv.FormatFloat(f.Y, 'f', -1, 64)
}

// Of gives what statuses show, in their order, in one query.
func Of(ctx context.Context, q db.Q, statuses []id.Status) (map[id.Status][]*Attachment, error) {
	if len(statuses) == 0 {
		return nil, nil
	}
	list, err := db.All(ctx, q, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE status_id {in $1} AND position >= 0 ORDER BY status_id, position, id`, statuses)
	if err != nil {
		return nil, fmt.Errorf("media of statuses: %w", err)
	}
	all := make(map[id.Status][]*Attachment, len(statuses))
	for _, a := range list {
		all[a.Status] = append(all[a.Status], a)
	}
	return all, nil
}

// EverOf gives all that a status shows and showed, by id.
func EverOf(ctx context.Context, q db.Q, status id.Status) (map[id.Attachment]*Attachment, error) {
	list, err := db.All(ctx, q, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE status_id = $1`, status)
	if err != nil {
		return nil, fmt.Errorf("media of status: %w", err)
	}
	all := make(map[id.Attachment]*Attachment, len(list))
	for _, a := range list {
		all[a.ID] = a
	}
	return all, nil
}

// ByIDs gives attachments by their ids.
func ByIDs(ctx context.Context, q db.Q, ids []id.Attachment) (map[id.Attachment]*Attachment, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	list, err := db.All(ctx, q, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE id {in $1}`, ids)
	if err != nil {
		return nil, err
	}
	all := make(map[id.Attachment]*Attachment, len(list))
	for _, a := range list {
		all[a.ID] = a
	}
	return all, nil
}

// For is where attachments are wanted.
type For struct {
	Status    id.Status    // 0: of a status that is not published yet
	Scheduled id.Scheduled // the scheduled status that has them already; 0 for none
}

// Choose gives what an author wants to show, in their order, or says why it cannot be shown: as Mastodon, at most four
// files, films and sounds alone, of the author, of no other status, and processed.
func Choose(ctx context.Context, q db.Q, author id.Account, wanted []id.Attachment, where For) ([]*Attachment, error) {
	wanted = distinct(wanted)
	if len(wanted) > MaxAttachments {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Cannot attach more than %d files", MaxAttachments))
	}
	found, err := ByIDs(ctx, q, wanted)
	if err != nil {
		return nil, err
	}
	var missing []string
	list := make([]*Attachment, 0, len(wanted))
	for _, one := range wanted {
		a := found[one]
		if a == nil || a.Account != author || !a.Local() || (a.Status != 0 && a.Status != where.Status) || (a.Scheduled != 0 && a.Scheduled != where.Scheduled) {
			missing = append(missing, one.String())
			continue
		}
		list = append(list, a)
	}
	if len(missing) > 0 {
		return nil, fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Media %s not found or already attached to another post", strings.Join(missing, ", ")))
	}
	for _, a := range list {
		switch {
		case a.State == Waiting:
			return nil, fault.New(fault.Invalid, "Validation failed: Cannot attach files that have not finished processing. Try again in a moment!")
		case a.State == Failed:
			return nil, fault.New(fault.Invalid, "Validation failed: A file could not be processed and cannot be attached: "+a.Failure)
		case len(list) > 1 && a.Kind.plays():
			return nil, fault.New(fault.Invalid, "Validation failed: Cannot attach a video to a post that already contains images")
		}
	}
	return list, nil
}

func distinct(list []id.Attachment) []id.Attachment {
	var once []id.Attachment
	for _, one := range list {
		if !slices.Contains(once, one) {
			once = append(once, one)
		}
	}
	return once
}

// Attach makes a status show these attachments in this order, and no others: those it showed before are taken out, but kept for its history.
// hidden tells that not everybody may read it. Conflict when one of them was taken by another status meanwhile.
func Attach(ctx context.Context, tx *db.Tx, status id.Status, list []*Attachment, hidden bool) error {
	_, err := db.Exec(ctx, tx, `UPDATE attachments SET position = $2 WHERE status_id = $1`, status, takenOut)
	if err != nil {
		return err
	}
	var files []id.File
	for i, a := range list {
		n, err := db.Exec(ctx, tx, `UPDATE attachments SET status_id = $2, scheduled_id = NULL, position = $3, loose_since = NULL
			WHERE id = $1 AND (status_id IS NULL OR status_id = $2)`, a.ID, status, i)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Media %s not found or already attached to another post", a.ID))
		}
		a.Status, a.Position = status, int64(i)
		for _, key := range []string{a.Original, a.Small} {
			if which, ok := idOfKey(key); ok {
				files = append(files, which)
			}
		}
	}
	if len(files) > 0 {
		if _, err := db.Exec(ctx, tx, `UPDATE files SET hidden = $2 WHERE id {in $1}`, files, hidden); err != nil {
			return err
		}
		if err := tx.Emit(FilesChanged{files}); err != nil {
			return err
		}
	}
	_, err = db.Exec(ctx, tx, `UPDATE statuses SET with_media = $2 WHERE id = $1`, status, len(list) > 0)
	return err
}

// Reserve keeps attachments for a scheduled status, and frees those that it had before.
func Reserve(ctx context.Context, tx *db.Tx, scheduled id.Scheduled, list []*Attachment) error {
	if err := Unreserve(ctx, tx, scheduled); err != nil {
		return err
	}
	for _, a := range list {
		n, err := db.Exec(ctx, tx, `UPDATE attachments SET scheduled_id = $2, loose_since = NULL WHERE id = $1 AND status_id IS NULL AND scheduled_id IS NULL`, a.ID, scheduled)
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.New(fault.Invalid, fmt.Sprintf("Validation failed: Media %s not found or already attached to another post", a.ID))
		}
	}
	return nil
}

// Unreserve frees the attachments of a scheduled status that will not be published.
func Unreserve(ctx context.Context, tx *db.Tx, scheduled id.Scheduled) error {
	_, err := db.Exec(ctx, tx, `UPDATE attachments SET scheduled_id = NULL, loose_since = $2 WHERE scheduled_id = $1`, scheduled, clock.Milli(tx.Now()))
	return err
}

// Loosen parts a deleted status from what it showed. Its author may show that again for a day.
func Loosen(ctx context.Context, tx *db.Tx, status id.Status) error {
	_, err := db.Exec(ctx, tx, `UPDATE attachments SET status_id = NULL, position = 0, loose_since = $2 WHERE status_id = $1`, status, clock.Milli(tx.Now()))
	return err
}

// Remove removes what a deleted status showed.
func Remove(ctx context.Context, tx *db.Tx, status id.Status) error {
	list, err := db.All(ctx, tx, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE status_id = $1`, status)
	if err != nil {
		return err
	}
	return removeAll(ctx, tx, list)
}

func removeAll(ctx context.Context, tx *db.Tx, list []*Attachment) error {
	var keys []string
	for _, a := range list {
		keys = append(keys, a.Upload, a.Original, a.Small)
		if _, err := db.Exec(ctx, tx, `DELETE FROM attachments WHERE id = $1`, a.ID); err != nil {
			return err
		}
	}
	return drop(ctx, tx, keys...)
}

// SweepLoose removes what no status took within a day.
func (s *Service) SweepLoose(ctx context.Context) error {
	for {
		var n int
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			list, err := db.All(ctx, tx, scanAttachment, `SELECT `+attachmentColumns+` FROM attachments WHERE loose_since <= $1 ORDER BY loose_since LIMIT $2`,
				clock.Milli(s.clock.Now().Add(-keepLoose)), sweepAtOnce)
			n = len(list)
			if err != nil {
				return err
			}
			return removeAll(ctx, tx, list)
		})
		if err != nil || n < sweepAtOnce {
			return err
		}
	}
}
