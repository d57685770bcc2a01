package accounts

import (
	"context"
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/text"
	"anancus/internal/social/id"
	"anancus/internal/social/settings"
)

// Roles, lowest first.
const (
	RoleMember    = "member"
	RoleModerator = "moderator"
	RoleAdmin     = "admin"
	RoleOwner     = "owner"
)

// Limits of sign-up.
const (
	MinPassword = 8   // characters, Mastodon's
	MaxPassword = 72  // bytes, Mastodon's (bcrypt's, kept so that people can move either way)
	maxEmail    = 254 // RFC 5321
	maxReason   = 420
	maxUsername = 30
)

// Member is an account of this server that can sign in.
type Member struct {
	Account            id.Account
	Email              string
	PasswordHash       string
	Role               string
	Locale             string
	Reason             string
	DefaultVisibility  string
	DefaultSensitive   bool
	DefaultLanguage    string
	DefaultQuotePolicy string // public, followers or nobody
	TimeZone           string // its IANA name, "" when the member never said
	App                id.App // which the member joined with; 0: our own pages
	ExpandMedia        string // default, show_all or hide_all
	ExpandWarnings     bool   // open what has a content warning
	AutoplayGIFs       bool
	CreatedAt          time.Time
	ConfirmedAt        time.Time
	ApprovedAt         time.Time
	DisabledAt         time.Time
}

// MayAct tells whether the member may use the server now; the fault says why not in Mastodon's words.
func (m *Member) MayAct() error {
	switch {
	case m.ConfirmedAt.IsZero():
		return fault.New(fault.Forbidden, "Your login is missing a confirmed e-mail address")
	case m.ApprovedAt.IsZero():
		return fault.New(fault.Forbidden, "Your login is currently pending approval")
	case !m.DisabledAt.IsZero():
		return fault.New(fault.Forbidden, "Your login is currently disabled")
	}
	return nil
}

// Waits tells whether the member may not use the server yet, and is not kept from it for good either.
func (m *Member) Waits() bool {
	return (m.ConfirmedAt.IsZero() || m.ApprovedAt.IsZero()) && m.DisabledAt.IsZero()
}

// SignUp is what somebody gives to become a member.
type SignUp struct {
	Username  string
	Email     string
	Password  string
	Reason    string
	Locale    string
	Role      string // "" means member
	Confirmed bool
	Approved  bool
	TimeZone  string // one that is not known counts as none
	App       id.App // the app by which somebody joins; 0: our own pages
	ByKeeper  bool   // reserved names are allowed, registrations may be closed

	Unwilling   bool // the rules were not agreed to
	NeedsReason bool // keepers want to know why
	// Also is done in the transaction that makes the member.
	Also func(ctx context.Context, tx *db.Tx, account id.Account) error
}

// Joined is the event of a new member.
type Joined struct{ Account id.Account }

// check gives field errors in Mastodon's shape: {"username":[{"error":"ERR_TAKEN","description":…}]}.
func (s SignUp) check() Problems {
	p := Problems{}
	name := s.Username
	switch {
	case name == "":
		p.Add("username", "ERR_BLANK", "can't be blank")
	case len(name) > maxUsername:
		p.Add("username", "ERR_TOO_LONG", fmt.Sprintf("is too long (maximum is %d characters)", maxUsername))
	case !text.ValidUsername(name):
		p.Add("username", "ERR_INVALID", "must contain only letters, numbers and underscores")
	case !s.ByKeeper && text.ReservedUsername(name):
		p.Add("username", "ERR_RESERVED", "is reserved")
	}
	if strings.TrimSpace(s.Email) == "" {
		p.Add("email", "ERR_BLANK", "can't be blank")
	} else if _, err := EmailKey(s.Email); err != nil {
		p.Add("email", "ERR_INVALID", "is not valid")
	}
	switch {
	case s.Password == "":
		p.Add("password", "ERR_BLANK", "can't be blank")
	case utf8.RuneCountInString(s.Password) < MinPassword:
		p.Add("password", "ERR_TOO_SHORT", fmt.Sprintf("is too short (minimum is %d characters)", MinPassword))
	case len(s.Password) > MaxPassword:
		p.Add("password", "ERR_TOO_LONG", fmt.Sprintf("is too long (maximum is %d bytes)", MaxPassword))
	}
	switch {
	case s.NeedsReason && strings.TrimSpace(s.Reason) == "":
		p.Add("reason", "ERR_BLANK", "can't be blank")
	case utf8.RuneCountInString(s.Reason) > maxReason:
		p.Add("reason", "ERR_TOO_LONG", fmt.Sprintf("is too long (maximum is %d characters)", maxReason))
	}
	if s.Unwilling {
		p.Add("agreement", "ERR_ACCEPTED", "must be accepted")
	}
	switch s.Role {
	case "", RoleMember, RoleModerator, RoleAdmin, RoleOwner:
	default:
		p.Add("role", "ERR_INCLUSION", "must be member, moderator, admin or owner")
	}
	return p
}

// EmailKey is the form of an address by which two spellings are known to be one:
// trimmed, lower case, no trailing dot. Errors when it is not a plain address.
func EmailKey(address string) (string, error) {
	address = strings.TrimSpace(address)
	parsed, err := mail.ParseAddress(address)
	if err != nil || parsed.Address != address || len(address) > maxEmail || strings.ContainsAny(address, "\r\n\t <>") {
		return "", fault.New(fault.Invalid, "Validation failed: E-mail address is not valid")
	}
	at := strings.LastIndexByte(address, '@')
	domain, err := text.NormalizeDomain(address[at+1:])
	if err != nil {
		return "", fault.New(fault.Invalid, "Validation failed: E-mail address is not valid")
	}
	return strings.ToLower(address[:at]) + "@" + domain, nil
}

// Register makes a member with its account, key pair and counts. The password
// is hashed and the keys are made before the transaction, as both are slow.
func (s *Service) Register(ctx context.Context, form SignUp) (*Account, error) {
	p := form.check()
	emailKey, _ := EmailKey(form.Email) // what is wrong with it was told
	if err := s.findTaken(ctx, form.Username, emailKey, p); err != nil {
		return nil, fmt.Errorf("register %s: %w", form.Username, err)
	}
	if err := p.Fault(); err != nil {
		return nil, err
	}
	hash, err := s.passwords.Hash(ctx, form.Password)
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", form.Username, err)
	}
	pair, err := s.newKeyPair()
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", form.Username, err)
	}
	var account *Account
	err = s.db.Tx(ctx, func(tx *db.Tx) error {
		now := tx.Now()
		account = s.newLocal(id.Account(tx.NextID()), form.Username, now)
		inserted, err := insert(ctx, tx, account)
		if err != nil {
			return err
		}
		p := Problems{}
		if !inserted {
			p.Add("username", "ERR_TAKEN", "has already been taken")
			return p.Fault()
		}
		member := &Member{Account: account.ID, Email: strings.TrimSpace(form.Email), PasswordHash: hash, Role: form.Role, Locale: form.Locale,
			Reason: form.Reason, DefaultVisibility: "public", CreatedAt: now, TimeZone: knownZone(form.TimeZone), App: form.App}
		if member.Role == "" {
			member.Role = RoleMember
		}
		if member.Locale == "" {
			member.Locale = "en"
		}
		if form.Confirmed {
			member.ConfirmedAt = now
		}
		if form.Approved {
			member.ApprovedAt = now
		}
		if inserted, err = insertMember(ctx, tx, member, emailKey); err != nil {
			return err
		}
		if !inserted {
			p.Add("email", "ERR_TAKEN", "has already been taken")
			return p.Fault()
		}
		if err := insertKey(ctx, tx, tx.NextID(), account.ID, s.keyURI(account), pair.public, &pair.private, clock.Milli(now)); err != nil {
			return err
		}
		if form.Also != nil {
			if err := form.Also(ctx, tx, account.ID); err != nil {
				return err
			}
		}
		return tx.Emit(Joined{account.ID})
	})
	if err != nil {
		return nil, err
	}
	return account, nil
}

// findTaken adds what others have already, so that everything wrong with a form is told at once. Whoever is
// faster in between is found again when the member is stored.
func (s *Service) findTaken(ctx context.Context, username, emailKey string, p Problems) error {
	if len(p["username"]) == 0 {
		_, err := byHandle(ctx, s.db, username, "")
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			p.Add("username", "ERR_TAKEN", "has already been taken")
		}
	}
	if len(p["email"]) == 0 {
		_, err := memberByEmail(ctx, s.db, emailKey)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		if err == nil {
			p.Add("email", "ERR_TAKEN", "has already been taken")
		}
	}
	return nil
}

// knownZone is a time zone by its IANA name, "" when it is none that we know.
func knownZone(name string) string {
	if _, err := time.LoadLocation(name); err != nil || name == "Local" || len(name) > 100 {
		return ""
	}
	return name
}

// newLocal is an account of ours with every address that follows from its id.
func (s *Service) newLocal(account id.Account, username string, now time.Time) *Account {
	uri := s.site.ActorURI(account)
	return &Account{
		ID: account, Username: username, URI: uri, URL: s.site.ProfileURL(username), Kind: "Person",
		InboxURL: uri + "/inbox", SharedInboxURL: s.site.URL("/inbox"), OutboxURL: uri + "/outbox",
		FollowersURL: uri + "/followers", FollowingURL: uri + "/following", FeaturedURL: uri + "/collections/featured",
		CreatedAt: now, UpdatedAt: now, ShowMedia: true, ShowMediaReplies: true, ShowFeatured: true,
	}
}

// MayRegister tells what somebody who signs up by themselves gets: approved at
// once, or waiting; a fault when registrations are closed.
func MayRegister(v settings.Values) (approved bool, err error) {
	switch v.Registrations {
	case settings.Open:
		return true, nil
	case settings.Approval:
		return false, nil
	default:
		return false, fault.New(fault.Forbidden, "Registrations are closed on this server")
	}
}

// Problems collects what is wrong with the fields of a form.
type Problems map[string][]Problem

// Problem is one thing wrong with a field: Mastodon's code, and what to say of the field.
type Problem struct {
	Error       string `json:"error"`
	Description string `json:"description"`
}

// Add notes that something is wrong with a field. The words follow its name: "can't be blank".
func (p Problems) Add(field, code, words string) {
	p[field] = append(p[field], Problem{code, words})
}

// formOrder is in which order the fields of a sign-up are told of; others follow by name.
var formOrder = []string{"username", "email", "password", "reason", "role", "agreement", "code"}

// fieldNames are what people call fields whose names do not say it.
var fieldNames = map[string]string{"email": "E-mail address", "agreement": "Service agreement"}

// Fault is nil when nothing is wrong, else an Invalid fault with details.
func (p Problems) Fault() error {
	if len(p) == 0 {
		return nil
	}
	var fields []string
	for _, field := range formOrder {
		if len(p[field]) > 0 {
			fields = append(fields, field)
		}
	}
	for _, field := range slices.Sorted(maps.Keys(p)) {
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	var sentences []string
	for _, field := range fields {
		name := fieldNames[field]
		if name == "" {
			name = strings.ReplaceAll(strings.ToUpper(field[:1])+field[1:], "_", " ")
		}
		for _, problem := range p[field] {
			sentences = append(sentences, name+" "+problem.Description)
		}
	}
	f := fault.New(fault.Invalid, "Validation failed: "+strings.Join(sentences, ", "))
	f.Details = map[string]any{"details": p}
	return f
}
