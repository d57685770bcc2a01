package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/lxzan/gws"

	"anancus/bench/town"
	"anancus/internal/kit/db"
)

// A soak: what an afternoon's members do, for some minutes at a pace that a small machine keeps up with, to see what grows.
const (
	soakPlenty   = 80  // things done in a second
	soakClients  = 16  // at once at most
	soakMembers  = 300 // who take part
	soakStreams  = 100 // open at once, each for a while
	soakLongest  = 20 * time.Second
	soakLetters  = 5   // received in a second
	soakKnown    = 400 // statuses that something may be done to, the latest
	maxSoakRatio = 1.1 // what the tenth minute may hold beside the second
	soakCache    = "8MB"
)

// soak lets members live on a server, and compares what it holds in the last tenth of the time with the second.
func (b *bench) soak(ctx context.Context, engine db.Engine) error {
	p, err := b.place(ctx, engine, "soak", false)
	if err != nil {
		return err
	}
	d, err := p.open(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(town.Build(ctx, d, town.Plan{Statuses: b.towns[0], Now: time.Now()}), d.Close()); err != nil {
		return err
	}
	if err := p.index(ctx); err != nil {
		return err
	}
	// What may be remembered is full soon: from then on all that grows is a leak.
	s, err := p.serve(ctx, "--cache-memory="+soakCache)
	if err != nil {
		return err
	}
	return errors.Join(b.soaked(ctx, s), s.stop())
}

// soaking is one such run.
type soaking struct {
	s       *server
	client  *http.Client
	picture []byte
	reader  string // who follows somebody elsewhere
	done    atomic.Int64
	refused atomic.Int64
	heard   atomic.Int64
	letters atomic.Int64

	mu     sync.Mutex
	known  []deed
	failed error
}

// deed is a status, and the token of its author where that is known.
type deed struct{ id, token string }

func (b *bench) soaked(ctx context.Context, s *server) error {
	other, err := newPeer(ctx)
	if err != nil {
		return err
	}
	defer other.close()
	k := &soaking{s: s, client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: soakClients, MaxConnsPerHost: soakClients}}}
	defer k.client.CloseIdleConnections()
	if k.picture, err = photograph(); err != nil {
		return err
	}
	if k.reader, err = s.member(ctx, "reader"); err != nil { // those of the town have no keys to sign with
		return err
	}
	if _, err := s.follow(ctx, k.reader, other); err != nil {
		return err
	}
	before, err := s.look(ctx)
	if err != nil {
		return err
	}
	within, end := context.WithTimeout(ctx, b.soakFor)
	defer end()
	var all sync.WaitGroup
	turns := make(chan int, soakClients)
	for range soakClients {
		all.Go(func() {
			for n := range turns {
				k.live(ctx, n)
			}
		})
	}
	all.Go(func() {
		defer close(turns)
		every(within, time.Second/soakPlenty, func(n int) { turns <- n })
	})
	all.Go(func() {
		every(within, time.Second/soakLetters, func(n int) {
			letter, err := other.create(ctx, s.address, other.sam(), n, "")
			if err == nil {
				err = post(k.client, letter)
			}
			k.letters.Add(1)
			k.fail(err)
		})
	})
	for range soakStreams {
		all.Go(func() { k.listen(within) })
	}
	var early, late looks
	failed := k.watch(within, b.soakFor, &early, &late)
	all.Wait()
	k.mu.Lock()
	failed = errors.Join(failed, k.failed)
	k.mu.Unlock()
	if failed != nil {
		return failed
	}
	k.client.CloseIdleConnections()
	if _, err := s.streamsAre(ctx, 0, hearWithin); err != nil {
		return err
	}
	after, err := s.look(ctx)
	if err != nil {
		return err
	}
	name := fmt.Sprintf("soak of %v: ", b.soakFor)
	for i, what := range lookedAt {
		measure, end, begin := name+what.says+", last tenth of the time beside the second", late.mean(i)/what.unit, early.mean(i)/what.unit
		if what.swings {
			b.row(s.engine, measure, "-", fmt.Sprintf("%.4g", end), fmt.Sprintf("%.2f", end/begin), true)
		} else {
			b.compared(s.engine, measure, maxSoakRatio, end, begin)
		}
	}
	for i, what := range lookedAt {
		b.told(s.engine, name+what.says+" before", before[i]/what.unit)
		b.told(s.engine, name+what.says+" after", after[i]/what.unit)
	}
	for _, one := range []struct {
		what string
		n    int64
	}{{"things done", k.done.Load()}, {"of them refused", k.refused.Load()}, {"activities received", k.letters.Load()}, {"events heard", k.heard.Load()}} {
		b.told(s.engine, name+one.what, float64(one.n))
	}
	if least := int64(b.soakFor.Seconds() * soakPlenty * 0.9); k.done.Load() < least || k.heard.Load() == 0 || k.refused.Load()*5 > k.done.Load() {
		return fmt.Errorf("that was no soak: %d of %d things were done, %d of them refused, %d events heard", k.done.Load(), least, k.refused.Load(), k.heard.Load())
	}
	return nil
}

// lookedAt is what a server tells of what it holds.
var lookedAt = []struct {
	metric, says string
	unit         float64
	swings       bool // garbage is in it, which comes and goes by half: told without a target
}{
	{"process_resident_memory_bytes", "memory (MB)", mb, false},
	{"go_memstats_heap_inuse_bytes", "heap in use (MB)", mb, true},
	{"go_goroutines", "goroutines", 1, false},
	{"process_open_fds", "open files", 1, false},
}

// look asks for all of these.
func (s *server) look(ctx context.Context) ([]float64, error) {
	var found []float64
	for _, one := range lookedAt {
		n, err := metric(ctx, s.metrics, one.metric)
		if err != nil {
			return nil, err
		}
		found = append(found, n)
	}
	return found, nil
}

// looks are many of them.
type looks [][]float64

func (l looks) mean(of int) (sum float64) {
	for _, one := range l {
		sum += one[of]
	}
	return sum / float64(len(l))
}

// watch looks every second, and keeps what it sees in the second and the last tenth of the time.
func (k *soaking) watch(ctx context.Context, whole time.Duration, early, late *looks) (err error) {
	begin := time.Now()
	told := begin
	every(ctx, time.Second, func(int) {
		one, failed := k.s.look(context.WithoutCancel(ctx))
		if failed != nil {
			err = failed
			return
		}
		switch tenth := int(10 * time.Since(begin) / whole); {
		case tenth == 1:
			*early = append(*early, one)
		case tenth >= 9:
			*late = append(*late, one)
		}
		if time.Since(told) >= time.Minute {
			told = time.Now()
			fmt.Printf("  %v: %.0f MB, heap %.0f MB, %.0f goroutines, %.0f files, %d things done\n", time.Since(begin).Round(time.Second), one[0]/mb, one[1]/mb, one[2], one[3], k.done.Load())
		}
	})
	if err == nil && (len(*early) == 0 || len(*late) == 0) {
		err = errors.New("the soak was too short to look at")
	}
	return err
}

// every does something again and again, at a pace, until the context ends.
func every(ctx context.Context, pace time.Duration, do func(n int)) {
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for n := 0; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			do(n)
		}
	}
}

// fail keeps the first fault.
func (k *soaking) fail(err error) {
	if err == nil {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failed == nil {
		k.failed = err
	}
}

// do asks for something that may be refused: others may have deleted what it is about. It tells whether it was done.
func (k *soaking) do(ctx context.Context, method, path, token, kind string, body []byte, into any) bool {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+k.s.address+path, bytes.NewReader(body))
	if err != nil {
		k.fail(err)
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	answer, err := k.client.Do(req)
	if err != nil {
		k.fail(err)
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(answer.Body)
	k.done.Add(1)
	switch {
	case err != nil:
	case answer.StatusCode >= http.StatusInternalServerError:
		err = fmt.Errorf("%s %s answered %d: %.200s", method, path, answer.StatusCode, said)
	case answer.StatusCode != http.StatusOK:
		k.refused.Add(1)
		return false
	case into != nil:
		err = json.Unmarshal(said, into)
	}
	k.fail(err)
	return err == nil
}

func (k *soaking) form(ctx context.Context, method, path, token string, form url.Values, into any) bool {
	return k.do(ctx, method, path, token, "application/x-www-form-urlencoded", []byte(form.Encode()), into)
}

// learn keeps a status, of which something may be made.
func (k *soaking) learn(status, token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.known = append(k.known, deed{status, token}); len(k.known) > soakKnown {
		k.known = k.known[1:]
	}
}

// some gives a status; of a member of ours where that is needed.
func (k *soaking) some(ours bool) (deed, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for range 20 {
		if len(k.known) == 0 {
			break
		}
		if one := k.known[rand.IntN(len(k.known))]; one.token != "" || !ours {
			return one, true
		}
	}
	return deed{}, false
}

// live does one thing of what members do.
func (k *soaking) live(ctx context.Context, n int) {
	member := rand.IntN(soakMembers)
	token := town.Token(member)
	if member == 0 {
		token = k.reader
	}
	act := func(what string) {
		if one, ok := k.some(false); ok {
			k.form(ctx, http.MethodPost, "/api/v1/statuses/"+one.id+"/"+what, token, nil, nil)
		}
	}
	switch dice := rand.IntN(100); {
	case dice < 40:
		var page []struct {
			ID     string
			Reblog *struct{}
		}
		if k.do(ctx, http.MethodGet, "/api/v1/timelines/home", token, "", nil, &page) && len(page) > 0 && page[0].Reblog == nil {
			k.learn(page[0].ID, "")
		}
	case dice < 46:
		k.do(ctx, http.MethodGet, "/api/v1/timelines/public", token, "", nil, nil)
	case dice < 56:
		k.do(ctx, http.MethodGet, "/api/v1/notifications", token, "", nil, nil)
	case dice < 60:
		if one, ok := k.some(false); ok {
			k.do(ctx, http.MethodGet, "/api/v1/statuses/"+one.id+"/context", token, "", nil, nil)
		}
	case dice < 62:
		k.do(ctx, http.MethodGet, "/api/v2/search?q=morning", token, "", nil, nil)
	case dice < 71:
		k.write(ctx, token, n, member)
	case dice < 81:
		act("favourite")
	case dice < 85:
		act("unfavourite")
	case dice < 90:
		act("reblog")
	case dice < 92:
		act("unreblog")
	case dice < 94:
		act("bookmark")
	case dice < 97:
		if one, ok := k.some(true); ok {
			k.form(ctx, http.MethodPut, "/api/v1/statuses/"+one.id, one.token, url.Values{"status": {fmt.Sprintf("Said better the %dth time", n)}}, nil)
		}
	case dice < 99:
		if one, ok := k.some(true); ok {
			k.do(ctx, http.MethodDelete, "/api/v1/statuses/"+one.id, one.token, "", nil, nil)
		}
	default:
		k.form(ctx, http.MethodPatch, "/api/v1/accounts/update_credentials", token, url.Values{"note": {fmt.Sprintf("Still here at %d", n)}}, nil)
	}
}

// write posts something: an answer, to somebody, with a hashtag, or now and then a picture.
func (k *soaking) write(ctx context.Context, token string, n, member int) {
	form := url.Values{}
	text := fmt.Sprintf("Post %d, long enough to be like what people write on a morning with coffee.", n)
	switch rand.IntN(5) {
	case 0:
		if one, ok := k.some(false); ok {
			form.Set("in_reply_to_id", one.id)
		}
	case 1:
		text += " @" + town.Username((member+1)%soakMembers)
	case 2:
		text += fmt.Sprintf(" #morning%d", n%50)
	case 3:
		if rand.IntN(4) > 0 {
			break
		}
		var file struct{ ID string }
		if kind, body, err := upload(k.picture); err != nil {
			k.fail(err)
		} else if k.do(ctx, http.MethodPost, "/api/v2/media", token, kind, body, &file) {
			form.Set("media_ids[]", file.ID)
		}
	}
	form.Set("status", text)
	var made struct{ ID string }
	if k.form(ctx, http.MethodPost, "/api/v1/statuses", token, form, &made) {
		k.learn(made.ID, token)
	}
}

// listen has one stream open after another, each for a while.
func (k *soaking) listen(ctx context.Context) {
	for ctx.Err() == nil {
		channel := []string{"user", "public", "public:local"}[rand.IntN(3)]
		token := k.reader
		if rand.IntN(10) > 0 {
			token = town.Token(rand.IntN(soakMembers))
		}
		one, _, err := gws.NewClient(&listening{heard: &k.heard}, streamOf(k.s.address, token, channel))
		if err != nil {
			k.fail(err)
			return
		}
		ended := make(chan struct{})
		go func() { defer close(ended); one.ReadLoop() }()
		select {
		case <-ctx.Done():
		case <-time.After(time.Second + rand.N(soakLongest)):
		case <-ended:
			k.fail(errors.New("the server ended a stream"))
		}
		_ = one.NetConn().Close()
		<-ended
	}
}

// listening counts what a stream tells.
type listening struct {
	gws.BuiltinEventHandler
	heard *atomic.Int64
}

func (l *listening) OnPing(c *gws.Conn, payload []byte) { _ = c.WritePong(payload) }

func (l *listening) OnMessage(_ *gws.Conn, m *gws.Message) {
	l.heard.Add(1)
	_ = m.Close()
}

// photograph is a picture such as telephones send, but small.
func photograph() ([]byte, error) {
	canvas := image.NewRGBA(image.Rect(0, 0, 800, 600))
	for y := range 600 {
		for x := range 800 {
			canvas.Set(x, y, color.RGBA{uint8(x / 4), uint8(y / 3), uint8((x ^ y) & 0x7f), 255})
		}
	}
	var b bytes.Buffer
	err := jpeg.Encode(&b, canvas, nil)
	return b.Bytes(), err
}

// upload is the form that carries a picture.
func upload(picture []byte) (kind string, body []byte, err error) {
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	part, err := form.CreateFormFile("file", "morning.jpeg")
	if err != nil {
		return "", nil, err
	}
	if _, err := io.Copy(part, bytes.NewReader(picture)); err != nil {
		return "", nil, err
	}
	if err := form.Close(); err != nil { // which writes the end
		return "", nil, err
	}
	return form.FormDataContentType(), b.Bytes(), nil
}
