package server

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
	"anancus/internal/social/accounts"
	"anancus/internal/social/domains"
	"anancus/internal/social/moderation"
)

// TakeMeasure does something about an account.
func (k *Keeper) TakeMeasure(ctx context.Context, in keeper.Measure) (keeper.Standing, error) {
	a, err := k.known(ctx, in.Handle)
	if err != nil {
		return keeper.Standing{}, err
	}
	changed, err := k.server.moderation.Take(ctx, moderation.Decision{Account: a.ID, Measure: moderation.Measure(in.Measure), Reason: in.Reason})
	if err != nil {
		return keeper.Standing{}, err
	}
	if a, err = k.server.accounts.ByID(ctx, a.ID); err != nil {
		return keeper.Standing{}, err
	}
	out := keeper.Standing{ID: a.ID.String(), Handle: k.handle(a), Changed: changed, Limited: a.Limited(), Suspended: !a.SuspendedAt.IsZero(), Sensitive: !a.SensitiveAt.IsZero(),
		LimitedBy: causes(a.LimitedBy), SuspendedBy: causes(a.SuspendedBy)}
	if a.Local() {
		m, err := k.server.accounts.Member(ctx, a.ID)
		if err != nil {
			return out, err
		}
		out.Frozen = !m.DisabledAt.IsZero()
	}
	return out, nil
}

// known finds an account that this server has met, without asking another.
func (k *Keeper) known(ctx context.Context, handle string) (*accounts.Account, error) {
	missing := fault.New(fault.NotFound, fmt.Sprintf("There is no account %q here. One of another server must have been seen here before", handle))
	username, domain, err := accounts.SplitHandle(handle)
	if err != nil {
		return nil, missing
	}
	a, err := k.server.accounts.ByHandle(ctx, username, domain)
	if fault.Is(err, fault.NotFound) {
		return nil, missing
	}
	return a, err
}

func (k *Keeper) handle(a *accounts.Account) string {
	if a.Local() {
		return "@" + a.Username + "@" + k.server.site.Domain
	}
	return "@" + a.Acct()
}

func causes(by accounts.Cause) []string {
	list := []string{}
	for _, one := range []struct {
		cause accounts.Cause
		name  string
	}{{accounts.ByKeepers, "keepers"}, {accounts.ByOrigin, "origin"}, {accounts.ByDomain, "domain"}} {
		if by&one.cause != 0 {
			list = append(list, one.name)
		}
	}
	return list
}

// BlockDomain decides about a server.
func (k *Keeper) BlockDomain(ctx context.Context, in keeper.DomainBlock) (keeper.DomainBlock, error) {
	wanted := domains.Block{Domain: in.Domain, Severity: domains.Severity(in.Severity), RejectMedia: in.RejectMedia, RejectReports: in.RejectReports,
		PrivateComment: in.PrivateComment, PublicComment: in.PublicComment, Obfuscate: in.Obfuscate}
	if _, err := k.server.moderation.BlockDomains(ctx, 0, []domains.Block{wanted}, true); err != nil {
		return in, err
	}
	b, err := k.server.domains.Block(ctx, in.Domain)
	if err != nil {
		return in, err
	}
	return shownBlock(b), nil
}

func shownBlock(b *domains.Block) keeper.DomainBlock {
	return keeper.DomainBlock{ID: fmt.Sprint(int64(b.ID)), Domain: b.Domain, Severity: string(b.Severity), RejectMedia: b.RejectMedia, RejectReports: b.RejectReports,
		PrivateComment: b.PrivateComment, PublicComment: b.PublicComment, Obfuscate: b.Obfuscate, CreatedAt: b.CreatedAt.Format(time.RFC3339)}
}

// UnblockDomain takes that back.
func (k *Keeper) UnblockDomain(ctx context.Context, in keeper.DomainName) (keeper.DomainBlock, error) {
	b, err := k.server.moderation.UnblockDomain(ctx, 0, in.Domain)
	if fault.Is(err, fault.NotFound) {
		return keeper.DomainBlock{}, fault.New(fault.NotFound, fmt.Sprintf("Nothing was decided about %q by this name", in.Domain))
	}
	if err != nil {
		return keeper.DomainBlock{}, err
	}
	return shownBlock(b), nil
}

// ListDomains tells everything that is decided about servers.
func (k *Keeper) ListDomains(ctx context.Context) (keeper.Domains, error) {
	out := keeper.Domains{Blocks: []keeper.DomainBlock{}, Allowed: []string{}, Limited: k.server.settings.Now().LimitedFederation}
	blocks, err := k.server.domains.Blocks(ctx)
	if err != nil {
		return out, err
	}
	for _, b := range blocks {
		out.Blocks = append(out.Blocks, shownBlock(b))
	}
	allows, err := k.server.domains.Allows(ctx)
	for _, a := range allows {
		out.Allowed = append(out.Allowed, a.Domain)
	}
	return out, err
}

// ShowDomain tells what holds for a server.
func (k *Keeper) ShowDomain(ctx context.Context, in keeper.DomainName) (keeper.Domain, error) {
	s := k.server
	name, err := domains.Name(s.site, in.Domain)
	if err != nil {
		return keeper.Domain{}, err
	}
	state, err := s.moderation.StateOf(ctx, name)
	if err != nil {
		return keeper.Domain{}, err
	}
	out := keeper.Domain{Domain: name, Allowed: s.domains.Allowed(name), Spoken: !s.domains.Refuses(name), Servers: state.Hosts, Accounts: state.Accounts, Settled: state.Settled,
		Follows: state.Follows, Deliveries: state.Deliveries}
	if out.Servers == nil {
		out.Servers = []string{}
	}
	if b := s.domains.Of(name); b != nil {
		shown := shownBlock(b)
		out.Block = &shown
	}
	return out, nil
}

// AllowDomain puts a server on the list of those that are spoken with while federation is limited.
func (k *Keeper) AllowDomain(ctx context.Context, in keeper.DomainName) (keeper.DomainName, error) {
	name, err := domains.Name(k.server.site, in.Domain)
	if err != nil {
		return in, err
	}
	_, err = k.server.moderation.AllowDomains(ctx, 0, []string{name})
	return keeper.DomainName{Domain: name}, err
}

// DisallowDomain takes it off.
func (k *Keeper) DisallowDomain(ctx context.Context, in keeper.DomainName) (keeper.DomainName, error) {
	gone, err := k.server.moderation.DisallowDomain(ctx, 0, in.Domain)
	if fault.Is(err, fault.NotFound) {
		return in, fault.New(fault.NotFound, fmt.Sprintf("%q is not on the list", in.Domain))
	}
	if err != nil {
		return in, err
	}
	return keeper.DomainName{Domain: gone.Domain}, nil
}

// ImportDomains takes a file of servers, all of it or nothing.
func (k *Keeper) ImportDomains(ctx context.Context, in keeper.ImportDomains) (keeper.ImportedDomains, error) {
	s, out := k.server, keeper.ImportedDomains{Changed: []string{}, Dry: in.Dry}
	if in.Allows {
		names, err := domains.ReadAllows(strings.NewReader(in.Text), s.site)
		if err != nil {
			return out, err
		}
		out.Lines = len(names)
		for _, name := range names {
			if !s.domains.Allowed(name) {
				out.Changed = append(out.Changed, name)
			}
		}
		if in.Dry {
			return out, nil
		}
		_, err = s.moderation.AllowDomains(ctx, 0, names)
		return out, err
	}
	list, err := domains.ReadBlocks(strings.NewReader(in.Text), s.site)
	if err != nil {
		return out, err
	}
	out.Lines = len(list)
	if in.Dry {
		known, err := domains.Known(ctx, s.db)
		for _, b := range list {
			if in.Overwrite || !known[b.Domain] {
				out.Changed = append(out.Changed, b.Domain)
			}
		}
		return out, err
	}
	changed, err := s.moderation.BlockDomains(ctx, 0, list, in.Overwrite)
	for _, b := range changed {
		out.Changed = append(out.Changed, b.Domain)
	}
	return out, err
}

// ExportDomains writes a file of servers, as Mastodon does.
func (k *Keeper) ExportDomains(ctx context.Context, in keeper.ExportDomains) (keeper.DomainFile, error) {
	var text bytes.Buffer
	if in.Allows {
		list, err := k.server.domains.Allows(ctx)
		if err != nil {
			return keeper.DomainFile{}, err
		}
		err = domains.WriteAllows(&text, list)
		return keeper.DomainFile{Text: text.String(), Lines: len(list)}, err
	}
	list, err := k.server.domains.Blocks(ctx)
	if err != nil {
		return keeper.DomainFile{}, err
	}
	err = domains.WriteBlocks(&text, list)
	return keeper.DomainFile{Text: text.String(), Lines: len(list)}, err
}
