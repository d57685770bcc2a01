// Package media keeps what people show: pictures, films and sounds of statuses, avatars and
// headers, and copies of those of other servers. Files lie in a blob store; the table of files
// knows every one of them.
package media

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"anancus/internal/kit/blob"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/film"
	"anancus/internal/kit/images"
	"anancus/internal/kit/memo"
	"anancus/internal/kit/safehttp"
	"anancus/internal/social/domains"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"

	"golang.org/x/sync/semaphore"
	"golang.org/x/sync/singleflight"
)

// Limits, Mastodon's (behaviours.md §17).
const (
	MaxAttachments      = 4 // of a status
	MaxDescription      = 1500
	MaxRemoteText       = 10_000           // characters of another server's description
	MaxImageBytes       = 16 << 20         //
	MaxFilmBytes        = 99 << 20         // of films and sounds
	MaxImagePixels      = 33_177_600       // of what is sent
	MaxGIFPixels        = 921_600          // of a GIF, which is decoded frame by frame
	MaxFilmPixels       = 8_294_400        //
	MaxFrameRate        = 120              //
	MaxAvatarBytes      = 8 << 20          // of headers too
	originalPixels      = 8_294_400        // 3840x2160
	smallPixels         = 230_400          // 640x360
	maxPictureMemory    = 160 << 20        // bytes that one may need while it is decoded
	keepLoose           = 24 * time.Hour   // what nobody attached
	uploadWithin        = 10 * time.Minute // at 99 MiB that is 1.4 Mbit/s
	maxFocusDenominator = 1e6              // digits of a focus that are kept
)

// Service is the room of media.
type Service struct {
	db       *db.DB
	clock    clock.Clock
	site     settings.Site
	store    blob.Store
	workshop *images.Workshop
	films    film.Tools
	spool    string // folder for what is being received
	log      *slog.Logger
	known    *memo.Memo[id.File, *file]
	seen     seen
	remote   *safehttp.Client
	sees     func(ctx context.Context, reader id.Account, status id.Status) (bool, error)
	person   func(ctx context.Context, handle string) (id.Account, error)
	fetches  singleflight.Group
	awaited  awaited

	reading    *semaphore.Weighted // looking at films and converting pictures by programs of the machine
	copying    *semaphore.Weighted // films of other servers that fit as they are
	converting *semaphore.Weighted // one film at a time: it takes all the processors, and at 4K most of a gigabyte

	settings  *settings.Service
	domains   *domains.Service
	secret    []byte // of the addresses at which files of other servers are asked for
	modes     atomic.Pointer[map[string]settings.MediaMode]
	portraits chan struct{} // one for each that is fetched
	passing   chan struct{} // one for each file that is passed on
	unheard   unheard
	types     passedTypes
}

// Config is what the room needs.
type Config struct {
	DB       *db.DB
	Clock    clock.Clock
	Site     settings.Site
	Settings *settings.Service
	Domains  *domains.Service // nil: nothing was decided about any
	Secret   []byte
	Store    blob.Store
	Workshop *images.Workshop
	Films    film.Tools
	Spool    string // a folder of this room alone, emptied at the start
	Log      *slog.Logger
	Memory   uint64 // bytes of rows of files to remember; 0 chooses
	Remote   *safehttp.Client
	Sees     func(ctx context.Context, reader id.Account, status id.Status) (bool, error) // whether a reader may see a status; 0 is a visitor
	Person   func(ctx context.Context, handle string) (id.Account, error)                 // finds an account by its handle, wherever it is
}

const defaultMemory = 2 << 20

// New opens the room.
func New(c Config) (*Service, error) {
	if c.Memory == 0 {
		c.Memory = defaultMemory
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if err := emptySpool(c.Spool); err != nil {
		return nil, err
	}
	s := &Service{reading: semaphore.NewWeighted(readAtOnce), copying: semaphore.NewWeighted(readAtOnce), converting: semaphore.NewWeighted(1),
		settings: c.Settings, domains: c.Domains, secret: c.Secret, portraits: make(chan struct{}, portraitsAtOnce), passing: make(chan struct{}, passAtOnce),
		db: c.DB, clock: c.Clock, site: c.Site, store: c.Store, workshop: c.Workshop, films: c.Films, spool: c.Spool, log: c.Log, remote: c.Remote, sees: c.Sees, person: c.Person,
		known: memo.New[id.File](c.Memory, func(f *file) uint32 { return uint32(len(f.key) + len(f.kind) + 64) })}
	s.modes.Store(&map[string]settings.MediaMode{})
	return s, nil
}

// The events of this room.
type (
	// Processed tells that an attachment is ready, or failed.
	Processed struct {
		Attachment id.Attachment
		Status     id.Status // 0: of none yet
	}
	// FilesChanged tells that files are gone, or that others may read them now.
	FilesChanged struct{ Files []id.File }
	// Received tells that a status of another server shows files.
	Received struct{ Status id.Status }
	// Sent tells that a file lies here to be converted.
	Sent struct {
		Attachment id.Attachment
		Remote     bool // of another server
	}
	// Described tells that the words or the focus of an attachment changed.
	Described struct {
		Attachment id.Attachment
		Status     id.Status
	}
)

// hour is how exactly it is known when a file was last asked for.
const hour = time.Hour

// Types are the media types that members may send.
func (s *Service) Types() []string {
	types := []string{"image/jpeg", "image/png", "image/gif", "image/webp"}
	if s.films.Stills() {
		types = append(types, "image/heic", "image/heif", "image/avif")
	}
	if s.films.Films() {
		types = append(types, "video/mp4", "video/webm", "video/quicktime", "video/ogg",
			"audio/wave", "audio/wav", "audio/x-wav", "audio/x-pn-wave", "audio/vnd.wave", "audio/ogg", "audio/vorbis", "audio/mpeg", "audio/mp3", "audio/webm",
			"audio/flac", "audio/aac", "audio/m4a", "audio/x-m4a", "audio/mp4", "audio/3gpp", "video/x-ms-asf")
	}
	return types
}
