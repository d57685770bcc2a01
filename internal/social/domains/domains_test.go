package domains

import (
	"strings"
	"testing"

	"anancus/internal/kit/bus"
	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/db/dbtest"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/log"
	"anancus/internal/social/settings"
)

var site = settings.Site{Domain: "social.example", WebDomain: "web.social.example:8443", MediaHost: "files.other.example"}

func room(t *testing.T, d *db.DB) *Service {
	t.Helper()
	b := bus.New(d, clock.System{}, log.Discard())
	bus.On[settings.Changed](b, "settings.changed")
	bus.On[Changed](b, "domain.changed")
	bus.On[AllowsChanged](b, "domain.allows_changed")
	return New(d, settings.New(d, site))
}

func (s *Service) put(t *testing.T, list ...Block) (changed []*Block) {
	t.Helper()
	err := s.db.Tx(t.Context(), func(tx *db.Tx) (err error) {
		changed, err = s.Put(t.Context(), tx, list)
		return err
	})
	if err == nil {
		err = s.Load(t.Context())
	}
	if err != nil {
		t.Fatal(err)
	}
	return changed
}

func TestABlockHoldsHoweverAHostIsSpelt(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		s.put(t, Block{Domain: "Evil.Example.", Severity: Suspend}, Block{Domain: "bücher.example", Severity: Silence, RejectMedia: true},
			Block{Domain: "good.evil.example", Severity: Noop, RejectReports: true}, Block{Domain: "port.example:8080", Severity: Suspend})
		for host, want := range map[string]Severity{
			"evil.example": Suspend, "EVIL.example": Suspend, "evil.example.": Suspend, "evil.example:8443": Suspend, "a.b.evil.example": Suspend,
			"a.b.c.d.e.f.g.h.i.j.k.l.m.evil.example": Suspend, "ｅｖｉｌ.example": Suspend, "notevil.example": "", "evil.example.other": "", "example": "",
			"xn--bcher-kva.example": Silence, "BÜCHER.example": Silence, "good.evil.example": Noop, "x.good.evil.example": Noop, "port.example": "",
			"port.example:8080": Suspend, "port.example:8081": "", "": "",
		} {
			got := Severity("")
			if b := s.Of(host); b != nil {
				got = b.Severity
			}
			if got != want {
				t.Errorf("%q: %q, want %q", host, got, want)
			}
		}
		if !s.Refuses("x.evil.example") || s.Refuses("good.evil.example") || s.Refuses("bücher.example") || !s.RejectsMedia("bücher.example") || !s.RejectsMedia("evil.example") ||
			!s.RejectsReports("evil.example") || !s.RejectsReports("good.evil.example") || s.RejectsReports("bücher.example") || !s.Limits("bücher.example") || s.Limits("evil.example") {
			t.Error("what follows from a block is wrong")
		}
		if err := s.RefuseFetch("evil.example:443"); !fault.Is(err, fault.Forbidden) {
			t.Error(err)
		}
		again := New(d, settings.New(d, site))
		if err := again.Load(t.Context()); err != nil || !again.Suspends("evil.example") {
			t.Errorf("after a start it is forgotten: %v", err)
		}
	})
}

func TestWhatIsNoOtherServerCannotBeDecidedAbout(t *testing.T) {
	for _, name := range []string{"", " ", "social.example", "SOCIAL.example.", "web.social.example", "web.social.example:8443", "files.other.example", "other.example", "example", "a b", "a@b.example", "https://evil.example", "evil.example/x", "-a.example"} {
		if got, err := Name(site, name); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q is %q (%v)", name, got, err)
		}
	}
	for name, want := range map[string]string{" Evil.example. ": "evil.example", "a.social.example": "a.social.example", "notsocial.example": "notsocial.example"} {
		if got, err := Name(site, name); err != nil || got != want {
			t.Errorf("%q is %q (%v)", name, got, err)
		}
	}
}

func TestOnlyAllowedServersAreSpokenWithWhereFederationIsLimited(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		if s.Refuses("friend.example") {
			t.Error("somebody is refused although nothing is decided")
		}
		if err := s.settings.Set(t.Context(), "limited-federation", "true"); err != nil {
			t.Fatal(err)
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			added, err := s.AddAllows(t.Context(), tx, []string{"Friend.example", "friend.example", "both.example"})
			if len(added) != 2 {
				t.Errorf("%d are new", len(added))
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		s.put(t, Block{Domain: "both.example", Severity: Suspend})
		for host, refused := range map[string]bool{"friend.example": false, "FRIEND.example.": false, "friend.example:443": false, "a.friend.example": true, "other.example": true, "both.example": true, "social.example": false, "": false} {
			if s.Refuses(host) != refused {
				t.Errorf("%q refused is %v", host, !refused)
			}
		}
		if s.RefuseFetch("other.example") != nil || s.RefuseFederation("other.example") == nil {
			t.Error("pages of others may be read, their documents not")
		}
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := s.RemoveAllow(t.Context(), tx, "friend.example")
			return err
		})
		if err == nil {
			err = s.Load(t.Context())
		}
		if err != nil || !s.Refuses("friend.example") {
			t.Errorf("it is spoken with still (%v)", err)
		}
		err = d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := s.RemoveAllow(t.Context(), tx, "friend.example")
			return err
		})
		if !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestADecisionMadeAgainChangesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		s := room(t, d)
		first := s.put(t, Block{Domain: "evil.example", Severity: Silence, PublicComment: " spam "})
		if len(first) != 1 || first[0].PublicComment != "spam" || first[0].ID == 0 {
			t.Fatalf("%+v", first)
		}
		if again := s.put(t, Block{Domain: "EVIL.example", Severity: Silence, PublicComment: "spam"}); len(again) != 0 {
			t.Errorf("the same changes %+v", again)
		}
		other := s.put(t, Block{Domain: "evil.example", Severity: Suspend})
		if len(other) != 1 || other[0].ID != first[0].ID {
			t.Errorf("another decision is %+v", other)
		}
		err := d.Tx(t.Context(), func(tx *db.Tx) error {
			_, err := s.Put(t.Context(), tx, []Block{{Domain: "new.example", Severity: Suspend}, {Domain: "social.example", Severity: Suspend}})
			return err
		})
		if list, listed := s.Blocks(t.Context()); !fault.Is(err, fault.Invalid) || listed != nil || len(list) != 1 {
			t.Errorf("of a bad list %d are kept (%v, %v)", len(list), err, listed)
		}
		remove := func() error {
			return d.Tx(t.Context(), func(tx *db.Tx) error {
				_, err := s.Remove(t.Context(), tx, "Evil.example")
				return err
			})
		}
		if err := remove(); err != nil {
			t.Error(err)
		}
		if err := remove(); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	})
}

func TestAnObfuscatedNameIsShownInPart(t *testing.T) {
	for domain, want := range map[string]string{"evil.example": "evil.****ple", "abcdefgh.ij": "abc*****.ij", "a.b": "a.*"} {
		if got := (&Block{Domain: domain, Obfuscate: true}).Shown(); got != want {
			t.Errorf("%s is shown as %s, want %s", domain, got, want)
		}
		if got := (&Block{Domain: domain}).Shown(); got != domain {
			t.Errorf("%s is shown as %s", domain, got)
		}
	}
	if got := (&Block{Domain: "example.com"}).Digest(); got != "a379a6f6eeafb9a55e378c118034e2751e682fab9f2d30ab13d2125586ce1947" {
		t.Errorf("the digest is %s", got)
	}
}

func TestAFileOfBlocksIsReadAndWrittenAsMastodonDoes(t *testing.T) {
	const file = "\ufeff#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\n" +
		"Evil.example,suspend,False,TRUE,\"spam, and more\",false\nbücher.example,silence,true,false,,True\n\nnoop.example,noop,,,\n"
	list, err := ReadBlocks(strings.NewReader(file), site)
	if err != nil || len(list) != 3 {
		t.Fatalf("%+v (%v)", list, err)
	}
	if b := list[0]; b.Domain != "evil.example" || b.Severity != Suspend || b.RejectMedia || !b.RejectReports || b.PublicComment != "spam, and more" || b.Obfuscate {
		t.Errorf("%+v", b)
	}
	if b := list[1]; b.Domain != "xn--bcher-kva.example" || b.Severity != Silence || !b.RejectMedia || !b.Obfuscate {
		t.Errorf("%+v", b)
	}
	var out strings.Builder
	var all []*Block
	for i := range list {
		all = append(all, &list[i])
	}
	if err := WriteBlocks(&out, all); err != nil {
		t.Fatal(err)
	}
	const written = "#domain,#severity,#reject_media,#reject_reports,#public_comment,#obfuscate\nevil.example,suspend,false,true,\"spam, and more\",false\n" +
		"xn--bcher-kva.example,silence,true,false,,true\nnoop.example,noop,false,false,,false\n"
	if out.String() != written {
		t.Errorf("it is written as\n%s", out.String())
	}
	if again, err := ReadBlocks(strings.NewReader(written), site); err != nil || len(again) != 3 || !again[0].same(&list[0]) {
		t.Errorf("read again it is %+v (%v)", again, err)
	}
	if names, err := ReadBlocks(strings.NewReader("a.example\nb.example\n"), site); err != nil || len(names) != 2 || names[0].Severity != Suspend {
		t.Errorf("names alone are %+v (%v)", names, err)
	}
	allowed, err := ReadAllows(strings.NewReader("#domain\nA.example\na.example\nb.example\n"), site)
	if err != nil || len(allowed) != 2 || allowed[0] != "a.example" {
		t.Errorf("allowed are %v (%v)", allowed, err)
	}
	out.Reset()
	if err := WriteAllows(&out, []*Allow{{Domain: "a.example"}}); err != nil || out.String() != "#domain\na.example\n" {
		t.Errorf("%q (%v)", out.String(), err)
	}
}

func TestABadLineIsNamedAndNothingIsTaken(t *testing.T) {
	for file, want := range map[string]string{
		"#domain,#severity\ngood.example,suspend\nno name,suspend\n":                   "line 3: ",
		"#domain,#severity\ngood.example,harshly\n":                                    "line 2: Severity",
		"#domain,#reject_media\ngood.example,perhaps\n":                                "line 2: reject_media",
		"#domain\na.example\nb.example\nA.example.\n":                                  "line 4: a.example is there twice",
		"#domain\nsocial.example\n":                                                    "line 2: Domain is this server itself",
		"#domain\na.example,suspend\n":                                                 "line 2: there are more than 1 columns",
		"#severity\nsuspend\n":                                                         "there is no column #domain",
		"#domain\n\"a.example\n":                                                       "line ",
		"#domain\n" + strings.Repeat("x y\n", 30):                                      "and 10 more",
		"#domain\na.example\n" + strings.Repeat("b", maxComment) + ".example\n":        "line 3: ",
		"#domain,#public_comment\na.example," + strings.Repeat("é", maxComment+1) + "": "line 2: Comment is too long",
	} {
		list, err := ReadBlocks(strings.NewReader(file), site)
		if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q gives %d and %v, want %q", file, len(list), err, want)
		}
	}
	if _, err := ReadAllows(strings.NewReader("#domain\nok.example\n@x\n"), site); !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "line 3: ") {
		t.Error(err)
	}
	var many strings.Builder
	for i := range MaxLines + 1 {
		many.WriteString("a")
		many.WriteString(strings.Repeat("b", i%50))
		many.WriteString(".example\n")
	}
	if _, err := ReadAllows(strings.NewReader(many.String()), site); !fault.Is(err, fault.Invalid) {
		t.Errorf("a file without end: %v", err)
	}
}

func FuzzReadBlocks(f *testing.F) {
	for _, seed := range []string{"", "#domain\na.example", "#domain,#severity\n\"a\"\"", "\x00,\xff\n", "#domain,#domain\na.example,b.example", ",,,\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		list, err := ReadBlocks(strings.NewReader(file), site)
		if err != nil {
			return
		}
		for _, b := range list {
			if name, err := Name(site, b.Domain); err != nil || name != b.Domain {
				t.Errorf("%q was taken as %q", b.Domain, name)
			}
		}
	})
}
