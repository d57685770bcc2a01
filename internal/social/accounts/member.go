package accounts

import (
	"context"
	"fmt"
	"net/mail"
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
	ByKeeper  bool // reserved names are allowed, registrations may be closed
}

// Joined is the event of a new member.
type Joined struct{ Account id.Account }

// check gives field errors in Mastodon's shape: {"username":[{"error":"ERR_TAKEN","description":…}]}.
func (s SignUp) check() error {
	p := Problems{}
	name := s.Username
	switch {
	case name == "":
		p.Add("username", "ERR_BLANK", "Username can't be blank")
	case !text.ValidUsername(name):
		p.Add("username", "ERR_INVALID", "Username must contain only letters, numbers and underscores, and at most 30 of them")
	case !s.ByKeeper && text.ReservedUsername(name):
		p.Add("username", "ERR_RESERVED", "Username is reserved")
	}
	if _, err := EmailKey(s.Email); err != nil {
		p.Add("email", "ERR_INVALID", "E-mail address is not valid")
	}
	switch {
	case s.Password == "":
		p.Add("password", "ERR_BLANK", "Password can't be blank")
	case utf8.RuneCountInString(s.Password) < MinPassword:
		p.Add("password", "ERR_TOO_SHORT", fmt.Sprintf("Password is too short (minimum is %d characters)", MinPassword))
	case len(s.Password) > MaxPassword:
		p.Add("password", "ERR_TOO_LONG", fmt.Sprintf("Password is too long (maximum is %d bytes)", MaxPassword))
	}
	if utf8.RuneCountInString(s.Reason) > maxReason {
		p.Add("reason", "ERR_TOO_LONG", fmt.Sprintf("Reason is too long (maximum is %d characters)", maxReason))
	}
	switch s.Role {
	case "", RoleMember, RoleModerator, RoleAdmin, RoleOwner:
	default:
		p.Add("role", "ERR_INCLUSION", "Role must be member, moderator, admin or owner")
	}
	return p.Fault()
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
	if err := form.check(); err != nil {
		return nil, err
	}
	emailKey, err := EmailKey(form.Email)
	if err != nil {
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
			p.Add("username", "ERR_TAKEN", "Username has already been taken")
			return p.Fault()
		}
		member := &Member{Account: account.ID, Email: strings.TrimSpace(form.Email), PasswordHash: hash, Role: form.Role, Locale: form.Locale,
			Reason: form.Reason, DefaultVisibility: "public", CreatedAt: now}
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
			p.Add("email", "ERR_TAKEN", "E-mail address has already been taken")
			return p.Fault()
		}
		if err := insertKey(ctx, tx, tx.NextID(), account.ID, s.keyURI(account), pair.public, &pair.private, clock.Milli(now)); err != nil {
			return err
		}
		return tx.Emit(Joined{account.ID})
	})
	if err != nil {
		return nil, err
	}
	return account, nil
}

// newLocal is an account of ours with every address that follows from its id.
func (s *Service) newLocal(account id.Account, username string, now time.Time) *Account {
	uri := s.site.ActorURI(account)
	return &Account{
		ID: account, Username: username, URI: uri, URL: s.site.ProfileURL(username), Kind: "Person",
		InboxURL: uri + "/inbox", SharedInboxURL: s.site.URL("/inbox"), OutboxURL: uri + "/outbox",
		FollowersURL: uri + "/followers", FollowingURL: uri + "/following", FeaturedURL: uri + "/collections/featured",
		CreatedAt: now, UpdatedAt: now,
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

// Problem is one thing wrong with a field: Mastodon's code, and a sentence.
type Problem struct {
	Error       string `json:"error"`
	Description string `json:"description"`
}

// Add notes that something is wrong with a field.
func (p Problems) Add(field, code, sentence string) {
	p[field] = append(p[field], Problem{code, sentence})
}

// Fault is nil when nothing is wrong, else an Invalid fault with details.
func (p Problems) Fault() error {
	if len(p) == 0 {
		return nil
	}
	var sentences []string
	for _, field := range []string{"username", "email", "password", "reason", "role", "agreement", "code"} {
		for _, problem := range p[field] {
			sentences = append(sentences, problem.Description)
		}
	}
	f := fault.New(fault.Invalid, "Validation failed: "+strings.Join(sentences, ", "))
	f.Details = map[string]any{"details": p}
	return f
}
