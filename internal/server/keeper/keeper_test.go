package keeper

import (
	"context"
	"errors"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"anancus/internal/kit/control"
	"anancus/internal/kit/fault"
)

// house answers with what it was asked, so that a test sees both ways.
type house struct {
	FrontdoorOps
	MeasureOps
	MediaOps
	TrendOps
}

func (house) MoveAccount(_ context.Context, in MoveAccount) (MovedAccount, error) {
	return MovedAccount{Username: in.Name, To: in.To, ToURI: "https://" + in.To}, nil
}

func (house) ChangeAlias(_ context.Context, in ChangeAlias) (Aliases, error) {
	return Aliases{Username: in.Name, Aliases: []string{in.Do, in.Alias}}, nil
}

func (house) AddRelay(_ context.Context, in RelayInbox) (Relay, error) {
	return Relay{ID: "7", Inbox: in.Inbox, State: "pending"}, nil
}

func (house) EnableRelay(_ context.Context, in RelayInbox) (Relay, error) {
	return Relay{}, fault.New(fault.NotFound, "There is no relay "+in.Inbox)
}

func (house) DisableRelay(_ context.Context, in RelayInbox) (Relay, error) {
	return Relay{Inbox: in.Inbox, State: "idle"}, nil
}

func (house) RemoveRelay(_ context.Context, in RelayInbox) (Relay, error) {
	return Relay{Inbox: in.Inbox, Actor: "https://relay.example/actor"}, nil
}

func (house) ListRelays(context.Context) (Relays, error) {
	return Relays{Relays: []Relay{{ID: "7", Inbox: "https://relay.example/inbox", State: "accepted"}}, SecureMode: true}, nil
}

func (house) TakeMeasure(_ context.Context, in Measure) (Standing, error) {
	return Standing{Handle: in.Handle, Changed: in.Measure == "limit", Limited: true, LimitedBy: []string{in.Reason}, SuspendedBy: []string{}}, nil
}

func (house) BlockDomain(_ context.Context, in DomainBlock) (DomainBlock, error) { return in, nil }

func (house) ImportDomains(_ context.Context, in ImportDomains) (ImportedDomains, error) {
	return ImportedDomains{Lines: len(in.Text), Changed: []string{in.Text}, Dry: in.Dry && in.Allows && in.Overwrite}, nil
}

func (house) CreateAccount(_ context.Context, in CreateAccount) (CreatedAccount, error) {
	return CreatedAccount{ID: "1", Username: in.Name, Email: in.Email, Role: in.Role, Password: in.Password, Created: in.Confirmed && in.Approved && in.IfMissing}, nil
}

func (house) ResetPassword(_ context.Context, in ResetPassword) (NewPassword, error) {
	return NewPassword{Username: in.Name, Password: "new"}, nil
}

func (house) AddEmoji(_ context.Context, in AddEmoji) (Emoji, error) {
	return Emoji{ID: string(in.Picture), Shortcode: in.Shortcode, Category: in.Category, Listed: !in.Unlisted, Disabled: in.Overwrite}, nil
}

func (house) ListEmoji(_ context.Context, in ListEmoji) (EmojiList, error) {
	return EmojiList{Emoji: []Emoji{{Shortcode: in.Category, Domain: in.Domain, Listed: in.Remote}}, After: in.After}, nil
}

func (house) ChangeEmoji(_ context.Context, in ChangeEmoji) (Emoji, error) {
	return Emoji{ID: string(in.Picture), Shortcode: in.Name, Category: *in.Category, Featured: *in.Featured, Listed: *in.Listed, Disabled: *in.Disabled}, nil
}

func (house) RemoveEmoji(_ context.Context, in EmojiName) (EmojiName, error) {
	return EmojiName{}, fault.New(fault.NotFound, "There is no emoji "+in.Name)
}

func (house) ReadEmoji(_ context.Context, in EmojiName) (EmojiPicture, error) {
	return EmojiPicture{Emoji: Emoji{Shortcode: in.Name}, Type: "image/png", Picture: []byte{0, 255, 13}}, nil
}

func (house) CopyEmoji(_ context.Context, in CopyEmoji) (Emoji, error) {
	return Emoji{ID: in.Name, Shortcode: in.Shortcode, Category: in.Category, Listed: in.Overwrite}, nil
}

func (house) CreateToken(_ context.Context, in CreateToken) (CreatedToken, error) {
	return CreatedToken{Token: "t-" + in.Name, Scopes: in.Scopes}, nil
}
func (house) SetSetting(_ context.Context, in Setting) (Setting, error) { return in, nil }
func (house) GetSetting(_ context.Context, in SettingName) (Setting, error) {
	return Setting{}, fault.New(fault.Invalid, "There is no setting "+in.Name)
}

func (house) ReindexSearch(_ context.Context, in ReindexSearch) (SearchProgress, error) {
	return SearchProgress{Done: 7, Left: 3, Finished: in.Restart}, nil
}

func (house) Profile(_ context.Context, in Profile) (Profiled, error) {
	return Profiled{Kind: in.Kind, Data: []byte{0, 1, 0xff, byte(in.Seconds)}}, nil
}

func (house) ListSettings(context.Context) ([]Setting, error) {
	return []Setting{{"title", "Home"}, {"registrations", "open"}}, nil
}

func (house) ListReports(_ context.Context, in ReportList) ([]Report, error) {
	return []Report{{ID: in.Before, Forward: in.All, Statuses: []ReportedStatus{{ID: "7", URI: "u", Text: "t"}}}}, nil
}

func (house) ShowReport(_ context.Context, in ReportID) (Report, error) {
	return Report{}, fault.New(fault.NotFound, "There is no report "+in.ID)
}

func (house) ListDeliveries(_ context.Context, in DeliveryHost) ([]Delivery, error) {
	at := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	return []Delivery{{Host: in.Host, State: "failing", Waiting: 2, Oldest: &at, NextAt: &at, Failures: 3, FailureDays: []string{"2026-11-22"}, LastError: "answered 500"}}, nil
}

func (house) RetryDeliveries(_ context.Context, in DeliveryHost) (Delivery, error) {
	return Delivery{}, fault.New(fault.NotFound, "Nothing was ever sent to "+in.Host)
}

func (house) AddSuggestion(_ context.Context, in Suggestion) (Suggestion, error) {
	return Suggestion{ID: "7", Handle: in.Handle, Shown: true}, nil
}

func (house) RemoveSuggestion(_ context.Context, in Suggestion) (Suggestion, error) {
	return Suggestion{ID: "7", Handle: in.Handle}, nil
}

func (house) ListSuggestions(context.Context) ([]Suggestion, error) {
	return []Suggestion{{ID: "7", Handle: "bo@there.example", Shown: true}, {ID: "8", Handle: "cy"}}, nil
}

func (house) ResolveReport(_ context.Context, in ReportID) (Report, error) {
	return Report{ID: in.ID, ResolvedAt: "now"}, nil
}

func TestEveryOperationArrivesWholeThroughTheSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := control.Listen(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- l.Serve(ctx, Handlers(house{})) }()
	t.Cleanup(func() { cancel(); <-done })

	here, there := Ops(house{}), Ops(Client{Socket: path})
	same := func(name string, do func(Ops) (any, error)) {
		t.Helper()
		want, wantErr := do(here)
		got, err := do(there)
		if !reflect.DeepEqual(got, want) || fault.KindOf(err) != fault.KindOf(wantErr) || (err == nil) != (wantErr == nil) {
			t.Errorf("%s through the socket: %+v, %v; want %+v, %v", name, got, err, want, wantErr)
		}
	}
	yes, blobs := true, "Blobs"
	same("ListDeliveries", func(o Ops) (any, error) { return o.ListDeliveries(ctx, DeliveryHost{Host: "there.example"}) })
	same("RetryDeliveries", func(o Ops) (any, error) { return o.RetryDeliveries(ctx, DeliveryHost{Host: "there.example"}) })
	same("AddEmoji", func(o Ops) (any, error) {
		return o.AddEmoji(ctx, AddEmoji{Shortcode: "blob", Picture: []byte("GIF"), Category: "Blobs", Unlisted: true, Overwrite: true})
	})
	same("ListEmoji", func(o Ops) (any, error) {
		return o.ListEmoji(ctx, ListEmoji{Domain: "there.example", Remote: true, Category: "Blobs", After: "blob"})
	})
	same("ChangeEmoji", func(o Ops) (any, error) {
		return o.ChangeEmoji(ctx, ChangeEmoji{Name: "blob", Picture: []byte("GIF"), Category: &blobs, Featured: &yes, Listed: &yes, Disabled: &yes})
	})
	same("RemoveEmoji", func(o Ops) (any, error) { return o.RemoveEmoji(ctx, EmojiName{"blob"}) })
	same("ReadEmoji", func(o Ops) (any, error) { return o.ReadEmoji(ctx, EmojiName{"blob"}) })
	same("CopyEmoji", func(o Ops) (any, error) {
		return o.CopyEmoji(ctx, CopyEmoji{Name: "blob@there.example", Shortcode: "b", Category: "Blobs", Overwrite: true})
	})
	same("TakeMeasure", func(o Ops) (any, error) {
		return o.TakeMeasure(ctx, Measure{Handle: "bo@there.example", Measure: "limit", Reason: "spam"})
	})
	same("BlockDomain", func(o Ops) (any, error) {
		return o.BlockDomain(ctx, DomainBlock{Domain: "there.example", Severity: "suspend", RejectMedia: true, RejectReports: true, PrivateComment: "a", PublicComment: "b", Obfuscate: true})
	})
	same("ImportDomains", func(o Ops) (any, error) {
		return o.ImportDomains(ctx, ImportDomains{Text: "there.example", Allows: true, Overwrite: true, Dry: true})
	})
	same("CreateAccount", func(o Ops) (any, error) {
		return o.CreateAccount(ctx, CreateAccount{Name: "ada", Email: "a@b", Password: "p", Role: "owner", Confirmed: true, Approved: true, IfMissing: true})
	})
	same("ResetPassword", func(o Ops) (any, error) { return o.ResetPassword(ctx, ResetPassword{Name: "ada"}) })
	same("MoveAccount", func(o Ops) (any, error) { return o.MoveAccount(ctx, MoveAccount{Name: "ada", To: "@ada@b"}) })
	same("ChangeAlias", func(o Ops) (any, error) {
		return o.ChangeAlias(ctx, ChangeAlias{Name: "ada", Do: "add", Alias: "@ada@b"})
	})
	same("AddRelay", func(o Ops) (any, error) { return o.AddRelay(ctx, RelayInbox{"https://relay.example/inbox"}) })
	same("EnableRelay", func(o Ops) (any, error) { return o.EnableRelay(ctx, RelayInbox{"https://relay.example/inbox"}) })
	same("DisableRelay", func(o Ops) (any, error) { return o.DisableRelay(ctx, RelayInbox{"https://relay.example/inbox"}) })
	same("RemoveRelay", func(o Ops) (any, error) { return o.RemoveRelay(ctx, RelayInbox{"https://relay.example/inbox"}) })
	same("ListRelays", func(o Ops) (any, error) { return o.ListRelays(ctx) })
	same("CreateToken", func(o Ops) (any, error) { return o.CreateToken(ctx, CreateToken{Name: "ada", Scopes: "read"}) })
	same("SetSetting", func(o Ops) (any, error) { return o.SetSetting(ctx, Setting{"title", "Haus"}) })
	same("GetSetting", func(o Ops) (any, error) { return o.GetSetting(ctx, SettingName{"x"}) })
	same("AddSuggestion", func(o Ops) (any, error) { return o.AddSuggestion(ctx, Suggestion{Handle: "bo"}) })
	same("RemoveSuggestion", func(o Ops) (any, error) { return o.RemoveSuggestion(ctx, Suggestion{Handle: "bo"}) })
	same("ListSuggestions", func(o Ops) (any, error) { return o.ListSuggestions(ctx) })
	same("ListReports", func(o Ops) (any, error) { return o.ListReports(ctx, ReportList{All: true, Before: "9"}) })
	same("ShowReport", func(o Ops) (any, error) { return o.ShowReport(ctx, ReportID{"9"}) })
	same("ResolveReport", func(o Ops) (any, error) { return o.ResolveReport(ctx, ReportID{"9"}) })
	same("ReindexSearch", func(o Ops) (any, error) { return o.ReindexSearch(ctx, ReindexSearch{Restart: true}) })
	same("Profile", func(o Ops) (any, error) { return o.Profile(ctx, Profile{"cpu", 7}) })
	same("ListSettings", func(o Ops) (any, error) { return o.ListSettings(ctx) })
}

func TestWithoutAServerTheClientSaysSo(t *testing.T) {
	_, err := Client{Socket: filepath.Join(t.TempDir(), "s")}.ListSettings(t.Context())
	if !errors.Is(err, control.ErrNoServer) {
		t.Error(err)
	}
}
