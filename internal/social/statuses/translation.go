package statuses

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/safehttp"
	"anancus/internal/kit/text"
	"anancus/internal/protocol/mastodon"
	"anancus/internal/social/accounts"
	"anancus/internal/social/id"

	"golang.org/x/sync/singleflight"
)

const (
	keepTranslation    = 24 * time.Hour // as Mastodon
	maxTranslations    = 100_000        // kept at a time
	maxTranslatable    = 64 << 10       // bytes of one status; backends refuse more
	translateWithin    = 25 * time.Second
	keepLanguages      = time.Hour
	keepLanguageFailed = time.Minute // so that a dead backend is not asked at every request
)

// undetermined is how clients are told what can be translated whose language is not known.
const undetermined = "und"

// backend is a service that translates. Texts are HTML; an empty source lets it find out the language, which it tells.
type backend interface {
	// name is how the service wants to be called.
	name() string
	// identity tells two configurations apart.
	identity() string
	languages(ctx context.Context) (pairs, error)
	translate(ctx context.Context, texts []string, source, target string) (translated []string, detected string, err error)
}

// translations is what the room remembers of its backend.
type translations struct {
	client *safehttp.Client
	flight singleflight.Group

	mu     sync.Mutex
	of     string // the backend's identity
	known  pairs
	failed error
	until  time.Time
}

// backend gives the service that the keepers chose; nil for none.
func (s *Service) backend() backend {
	v := s.settings.Now()
	switch {
	case v.DeepLKey != "":
		return deepL{s.translations.client, deepLBases[v.DeepLPlan], v.DeepLKey}
	case v.LibreTranslateURL != "":
		return libreTranslate{s.translations.client, strings.TrimRight(v.LibreTranslateURL, "/"), v.LibreTranslateKey}
	}
	return nil
}

// once lets callers who want the same at the same time share one answer, also when the first of them goes away.
func (t *translations) once(ctx context.Context, key string, do func(ctx context.Context) (any, error)) (any, error) {
	answer := t.flight.DoChan(key, func() (any, error) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), translateWithin)
		defer cancel()
		return do(within)
	})
	select {
	case <-ctx.Done():
		return nil, ctx.Err()
	case a := <-answer:
		return a.Val, a.Err
	}
}

// Languages gives what can be translated into what; nothing without a backend.
func (s *Service) Languages(ctx context.Context) (map[string][]string, error) {
	b := s.backend()
	if b == nil {
		return pairs{}, nil
	}
	return s.pairs(ctx, b)
}

func (s *Service) pairs(ctx context.Context, b backend) (pairs, error) {
	t := &s.translations
	recall := func() (pairs, error, bool) {
		t.mu.Lock()
		defer t.mu.Unlock()
		return t.known, t.failed, t.of == b.identity() && s.clock.Now().Before(t.until)
	}
	if known, err, fresh := recall(); fresh {
		return known, err
	}
	known, err := t.once(ctx, "languages "+b.identity(), func(ctx context.Context) (any, error) {
		if known, err, fresh := recall(); fresh { // another was quicker
			return known, err
		}
		known, err := b.languages(ctx)
		keep := keepLanguages
		if err != nil {
			keep = keepLanguageFailed
			s.log.WarnContext(ctx, "the translation service does not tell its languages", "service", b.name(), "error", err)
		}
		t.mu.Lock()
		defer t.mu.Unlock()
		t.of, t.known, t.failed, t.until = b.identity(), known, err, s.clock.Now().Add(keep)
		return known, err
	})
	if err != nil {
		return nil, err
	}
	return known.(pairs), nil
}

// pairs are the languages a backend translates, each with those it translates into.
type pairs map[string][]string

// otherNames are how some backends call what we call otherwise.
var otherNames = map[string][]string{
	"zh": {"zh-Hans"}, "zh-CN": {"zh-Hans"}, "zh-TW": {"zh-Hant", "zt"}, "zh-HK": {"zh-Hant", "zt"}, "no": {"nb"}, "nb": {"no"}, "nn": {"no", "nb"}, "tl": {"fil"},
}

// pick finds a language in a list by its own name, its others, or without its region.
func pick(list []string, code string) (string, bool) {
	base, _, _ := strings.Cut(code, "-")
	for _, name := range slices.Concat([]string{code}, otherNames[code], []string{base}) {
		for _, one := range list {
			if strings.EqualFold(one, name) {
				return one, true
			}
		}
	}
	return "", false
}

// find gives the backend's names of two languages where it can translate from one into the other.
func (p pairs) find(source, target string) (from, into string, ok bool) {
	if from = undetermined; source != "" {
		sources := make([]string, 0, len(p))
		for one := range p {
			sources = append(sources, one)
		}
		slices.Sort(sources)
		if from, ok = pick(sources, source); !ok {
			return "", "", false
		}
	}
	into, ok = pick(p[from], target)
	return from, into, ok
}

// translatable is what a status says, as HTML.
type translatable struct {
	texts   []string // warning, content, options, descriptions
	codes   []string // shortcodes in them
	warned  bool
	content bool
	poll    *Poll
	media   []mastodon.TranslatedAttachment
}

func (s *Service) translatable(ctx context.Context, status *Status) (*translatable, error) {
	what := &translatable{}
	plain := func(source string) { what.texts = append(what.texts, text.EscapeHTML(source)) }
	if what.warned = strings.TrimSpace(status.ContentWarning) != ""; what.warned {
		plain(status.ContentWarning)
	}
	if what.content = strings.TrimSpace(text.PlainText(status.Content)) != ""; what.content {
		what.texts = append(what.texts, status.Content)
	}
	polls, err := pollsOf(ctx, s.db, []id.Status{status.ID})
	if err != nil {
		return nil, err
	}
	if what.poll = polls[status.ID]; what.poll != nil {
		for _, option := range what.poll.Options {
			plain(option)
		}
	}
	if what.media, err = s.described(ctx, status.ID); err != nil {
		return nil, err
	}
	for _, file := range what.media {
		plain(file.Description)
	}
	size := 0
	for i, one := range what.texts {
		what.codes = append(what.codes, text.EmojiCodes(text.PlainText(one))...)
		what.texts[i] = text.ShieldEmoji(one)
		size += len(one)
	}
	switch {
	case size == 0:
		return nil, fault.RecordNotFound() // nothing to translate
	case size > maxTranslatable:
		return nil, fault.New(fault.NotFound, "This post is too long to be translated")
	}
	return what, nil
}

// described gives the media of a status that say what they show, from the shown status.
func (s *Service) described(ctx context.Context, status id.Status) ([]mastodon.TranslatedAttachment, error) {
	shown, err := s.segments(ctx, []id.Status{status})
	if err != nil {
		return nil, err
	}
	if shown[status] == nil {
		return nil, fault.RecordNotFound()
	}
	var entity struct {
		Media []mastodon.TranslatedAttachment `json:"media_attachments"`
	}
	if err := json.Unmarshal(slices.Concat(shown[status].body, []byte("}")), &entity); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(entity.Media, func(m mastodon.TranslatedAttachment) bool { return m.Description == "" }), nil
}

// key names a translation: another text, backend or language gives another.
func (w *translatable) key(b backend, from string) string {
	sum := sha256.New()
	for _, part := range append([]string{b.name(), b.identity(), from}, w.texts...) {
		fmt.Fprintf(sum, "%d %s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// entity puts the translated texts where the original ones were. What a backend gives is a stranger's HTML.
func (w *translatable) entity(translated []string) (*mastodon.Translation, error) {
	if len(translated) != len(w.texts) {
		return nil, fmt.Errorf("%d texts were translated of %d", len(translated), len(w.texts))
	}
	next := func() string {
		one := text.Unshield(translated[0], w.codes)
		translated = translated[1:]
		return one
	}
	plain := func() string { return strings.TrimSpace(text.PlainText(next())) }
	m := &mastodon.Translation{MediaAttachments: []mastodon.TranslatedAttachment{}}
	if w.warned {
		m.SpoilerText = plain()
	}
	if w.content {
		m.Content = text.Sanitize(next())
	}
	if w.poll != nil {
		m.Poll = &mastodon.TranslatedPoll{ID: w.poll.Status.String(), Options: make([]mastodon.TranslatedOption, len(w.poll.Options))}
		for i := range m.Poll.Options {
			m.Poll.Options[i].Title = plain()
		}
	}
	for _, file := range w.media {
		m.MediaAttachments = append(m.MediaAttachments, mastodon.TranslatedAttachment{ID: file.ID, Description: plain()})
	}
	return m, nil
}

// Translate gives a status that everybody may read in another language, encoded for clients. What is not to leave this server is not sent to a
// backend either.
func (s *Service) Translate(ctx context.Context, status *Status, language string) (raw, error) {
	b := s.backend()
	if b == nil || !status.Visibility.Distributable() || status.LocalOnly {
		return nil, fault.RecordNotFound()
	}
	known, err := s.pairs(ctx, b)
	if err != nil {
		return nil, err
	}
	from, into, ok := known.find(status.Language, language)
	if !ok {
		return nil, fault.RecordNotFound()
	}
	what, err := s.translatable(ctx, status)
	if err != nil {
		return nil, err
	}
	key := what.key(b, from)
	recall := func(ctx context.Context) (raw, error) {
		return keptTranslation(ctx, s.db, status.ID, into, key, s.clock.Now().Add(-keepTranslation))
	}
	kept, err := recall(ctx)
	if err != nil || kept != nil {
		return kept, err
	}
	made, err := s.translations.once(ctx, strings.Join([]string{status.ID.String(), into, key}, " "), func(ctx context.Context) (any, error) {
		if kept, err := recall(ctx); err != nil || kept != nil { // another was quicker
			return kept, err
		}
		return s.translate(ctx, b, status.ID, what, from, into, key)
	})
	if err != nil {
		return nil, err
	}
	return made.(raw), nil
}

// translate asks the backend and keeps what it says.
func (s *Service) translate(ctx context.Context, b backend, status id.Status, what *translatable, from, into, key string) (raw, error) {
	source := from
	if source == undetermined {
		source = ""
	}
	translated, detected, err := b.translate(ctx, what.texts, source, into)
	var m *mastodon.Translation
	if err == nil {
		m, err = what.entity(translated)
	}
	if err != nil {
		s.log.WarnContext(ctx, "the translation service failed", "service", b.name(), "error", err)
		if fault.KindOf(err) == fault.Internal {
			err = unexpected(err)
		}
		return nil, err
	}
	m.Language, m.Detected, m.Provider = into, cmp.Or(strings.ToLower(detected), from), b.name()
	body, err := accounts.Encode(m)
	if err != nil {
		return nil, err
	}
	err = s.db.Tx(ctx, func(tx *db.Tx) error { return keepTranslated(ctx, tx, status, into, key, body) })
	if err != nil {
		return nil, fmt.Errorf("keep translation: %w", err)
	}
	return body, nil
}

func unexpected(err error) error {
	return fault.Wrap(err, fault.Unavailable, "The translation service cannot answer now")
}

// PurgeTranslations forgets translations after a day, and the oldest where there are too many.
func (s *Service) PurgeTranslations(ctx context.Context) error {
	for more := true; more; {
		err := s.db.Tx(ctx, func(tx *db.Tx) error {
			n, err := purgeTranslations(ctx, tx, tx.Now().Add(-keepTranslation), purgeAtOnce)
			more = n == purgeAtOnce
			return err
		})
		if err != nil {
			return fmt.Errorf("forget translations: %w", err)
		}
	}
	n, err := countTranslations(ctx, s.db)
	for ; err == nil && n > maxTranslations; n -= purgeAtOnce {
		err = s.db.Tx(ctx, func(tx *db.Tx) error {
			_, err := purgeTranslations(ctx, tx, tx.Now(), min(n-maxTranslations, purgeAtOnce))
			return err
		})
	}
	if err != nil {
		return fmt.Errorf("forget translations: %w", err)
	}
	return nil
}
