package keeper

import (
	"context"

	"anancus/internal/kit/control"
)

// MeasureOps is what keepers do about accounts and about whole servers.
type MeasureOps interface {
	TakeMeasure(ctx context.Context, in Measure) (Standing, error)
	BlockDomain(ctx context.Context, in DomainBlock) (DomainBlock, error)
	UnblockDomain(ctx context.Context, in DomainName) (DomainBlock, error)
	ListDomains(ctx context.Context) (Domains, error)
	ShowDomain(ctx context.Context, in DomainName) (Domain, error)
	AllowDomain(ctx context.Context, in DomainName) (DomainName, error)
	DisallowDomain(ctx context.Context, in DomainName) (DomainName, error)
	ImportDomains(ctx context.Context, in ImportDomains) (ImportedDomains, error)
	ExportDomains(ctx context.Context, in ExportDomains) (DomainFile, error)
}

// Measure asks to do something about an account.
type Measure struct {
	Handle  string `json:"handle"`  // name, or name@domain
	Measure string `json:"measure"` // limit, unlimit, suspend, unsuspend, freeze, thaw, mark-sensitive, unmark-sensitive
	Reason  string `json:"reason,omitempty"`
}

// Standing is how an account stands.
type Standing struct {
	ID        string `json:"id"`
	Handle    string `json:"handle"`
	Changed   bool   `json:"changed"` // false when it stood so before
	Limited   bool   `json:"limited"`
	Suspended bool   `json:"suspended"`
	Frozen    bool   `json:"frozen"`
	Sensitive bool   `json:"sensitive"`
	// Whoever limited or suspended it: keepers, origin (its own server), domain (its whole server is).
	LimitedBy   []string `json:"limited_by"`
	SuspendedBy []string `json:"suspended_by"`
}

// DomainBlock is what keepers decided about a server and those below it.
type DomainBlock struct {
	ID             string `json:"id,omitempty"`
	Domain         string `json:"domain"`
	Severity       string `json:"severity"` // noop, silence, suspend
	RejectMedia    bool   `json:"reject_media"`
	RejectReports  bool   `json:"reject_reports"`
	PrivateComment string `json:"private_comment,omitempty"`
	PublicComment  string `json:"public_comment,omitempty"`
	Obfuscate      bool   `json:"obfuscate"`
	CreatedAt      string `json:"created_at,omitempty"`
}

// DomainName names a server.
type DomainName struct {
	Domain string `json:"domain"`
}

// Domains is everything that keepers decided about servers.
type Domains struct {
	Blocks  []DomainBlock `json:"blocks"`
	Allowed []string      `json:"allowed"`
	Limited bool          `json:"limited_federation"` // whether only allowed servers are spoken with
}

// Domain is what holds for a server, and how far it has come.
type Domain struct {
	Domain     string       `json:"domain"`
	Block      *DomainBlock `json:"block"` // the one that holds for it, perhaps of a name above; null where there is none
	Allowed    bool         `json:"allowed"`
	Spoken     bool         `json:"spoken_with"`
	Servers    []string     `json:"servers"` // known ones of this name and below it
	Accounts   int64        `json:"accounts"`
	Settled    int64        `json:"settled"`    // accounts for which it holds already
	Follows    int64        `json:"follows"`    // between members and them
	Deliveries int64        `json:"deliveries"` // that wait to be sent there
}

// ImportDomains asks to take a file of servers.
type ImportDomains struct {
	Text      string `json:"text"`
	Allows    bool   `json:"allows,omitempty"` // a list of allowed servers, not of blocks
	Overwrite bool   `json:"overwrite,omitempty"`
	Dry       bool   `json:"dry,omitempty"`
}

// ImportedDomains tells what became of it.
type ImportedDomains struct {
	Lines   int      `json:"lines"`
	Changed []string `json:"changed"` // or what would change
	Dry     bool     `json:"dry"`
}

// ExportDomains asks for a file of servers.
type ExportDomains struct {
	Allows bool `json:"allows,omitempty"`
}

// DomainFile is one.
type DomainFile struct {
	Text  string `json:"text"`
	Lines int    `json:"lines"`
}

func measureHandlers(ops MeasureOps) map[string]control.Handler {
	return map[string]control.Handler{
		"account.measure": control.Handle(ops.TakeMeasure),
		"domain.block":    control.Handle(ops.BlockDomain),
		"domain.unblock":  control.Handle(ops.UnblockDomain),
		"domain.list":     control.Handle(func(ctx context.Context, _ nothing) (Domains, error) { return ops.ListDomains(ctx) }),
		"domain.show":     control.Handle(ops.ShowDomain),
		"domain.allow":    control.Handle(ops.AllowDomain),
		"domain.disallow": control.Handle(ops.DisallowDomain),
		"domain.import":   control.Handle(ops.ImportDomains),
		"domain.export":   control.Handle(ops.ExportDomains),
	}
}

// TakeMeasure does something about an account.
func (c Client) TakeMeasure(ctx context.Context, in Measure) (Standing, error) {
	return ask[Standing](ctx, c, "account.measure", in)
}

// BlockDomain decides about a server.
func (c Client) BlockDomain(ctx context.Context, in DomainBlock) (DomainBlock, error) {
	return ask[DomainBlock](ctx, c, "domain.block", in)
}

// UnblockDomain takes that back.
func (c Client) UnblockDomain(ctx context.Context, in DomainName) (DomainBlock, error) {
	return ask[DomainBlock](ctx, c, "domain.unblock", in)
}

// ListDomains tells everything that is decided about servers.
func (c Client) ListDomains(ctx context.Context) (Domains, error) {
	return ask[Domains](ctx, c, "domain.list", nothing{})
}

// ShowDomain tells what holds for a server.
func (c Client) ShowDomain(ctx context.Context, in DomainName) (Domain, error) {
	return ask[Domain](ctx, c, "domain.show", in)
}

// AllowDomain puts a server on the list of allowed ones.
func (c Client) AllowDomain(ctx context.Context, in DomainName) (DomainName, error) {
	return ask[DomainName](ctx, c, "domain.allow", in)
}

// DisallowDomain takes it off.
func (c Client) DisallowDomain(ctx context.Context, in DomainName) (DomainName, error) {
	return ask[DomainName](ctx, c, "domain.disallow", in)
}

// ImportDomains takes a file of servers.
func (c Client) ImportDomains(ctx context.Context, in ImportDomains) (ImportedDomains, error) {
	return ask[ImportedDomains](ctx, c, "domain.import", in)
}

// ExportDomains writes one.
func (c Client) ExportDomains(ctx context.Context, in ExportDomains) (DomainFile, error) {
	return ask[DomainFile](ctx, c, "domain.export", in)
}
