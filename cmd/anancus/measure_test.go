package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/server/keeper"
)

func (ops) TakeMeasure(_ context.Context, in keeper.Measure) (keeper.Standing, error) {
	if in.Handle == "nobody" {
		return keeper.Standing{}, fault.New(fault.NotFound, "There is no account")
	}
	return keeper.Standing{Handle: "@" + in.Handle, Changed: in.Reason != "", Limited: in.Measure == "limit", Suspended: in.Measure == "suspend", Frozen: in.Measure == "freeze",
		Sensitive: in.Measure == "mark-sensitive", LimitedBy: []string{"keepers"}, SuspendedBy: []string{"keepers", "origin"}}, nil
}

func (ops) BlockDomain(_ context.Context, in keeper.DomainBlock) (keeper.DomainBlock, error) {
	return in, nil
}

func (ops) UnblockDomain(_ context.Context, in keeper.DomainName) (keeper.DomainBlock, error) {
	return keeper.DomainBlock{Domain: in.Domain, Severity: "silence"}, nil
}

func (ops) ListDomains(context.Context) (keeper.Domains, error) {
	return keeper.Domains{Blocks: []keeper.DomainBlock{{Domain: "evil.example", Severity: "suspend"}}, Allowed: []string{"good.example"}, Limited: true}, nil
}

func (ops) ShowDomain(_ context.Context, in keeper.DomainName) (keeper.Domain, error) {
	return keeper.Domain{Domain: in.Domain, Block: &keeper.DomainBlock{Domain: in.Domain, Severity: "suspend"}, Servers: []string{in.Domain}, Accounts: 12, Settled: 3}, nil
}

func (ops) AllowDomain(_ context.Context, in keeper.DomainName) (keeper.DomainName, error) {
	return in, nil
}

func (ops) DisallowDomain(_ context.Context, in keeper.DomainName) (keeper.DomainName, error) {
	return in, nil
}

func (ops) ImportDomains(_ context.Context, in keeper.ImportDomains) (keeper.ImportedDomains, error) {
	return keeper.ImportedDomains{Lines: strings.Count(in.Text, "\n"), Changed: []string{"evil.example"}, Dry: in.Dry}, nil
}

func (ops) ExportDomains(_ context.Context, in keeper.ExportDomains) (keeper.DomainFile, error) {
	if in.Allows {
		return keeper.DomainFile{Text: "#domain\n", Lines: 0}, nil
	}
	return keeper.DomainFile{Text: "#domain,#severity\nevil.example,suspend\n", Lines: 1}, nil
}

func TestKeepersTakeMeasures(t *testing.T) {
	fresh(t)
	csv := filepath.Join(t.TempDir(), "blocks.csv")
	for _, c := range []struct {
		args []string
		says string
	}{
		{[]string{"account", "limit", "bo@there.example", "--reason", "loud"}, "@bo@there.example: limited by keepers\n"},
		{[]string{"account", "suspend", "ada"}, "@ada: suspended by keepers and origin (as before)"},
		{[]string{"account", "freeze", "ada", "--reason", "x"}, "@ada: frozen\n"},
		{[]string{"account", "mark-sensitive", "ada", "--reason", "x"}, "@ada: marked as sensitive\n"},
		{[]string{"account", "unmark-sensitive", "ada", "--reason", "x"}, "@ada: nothing is done about it\n"},
		{[]string{"account", "thaw", "ada", "--json"}, `"frozen":false`},
		{[]string{"domain", "block", "evil.example", "--severity", "suspend", "--reject-reports", "--comment", "spam", "--obfuscate"}, "evil.example  suspend  reports rejected  name obfuscated  private: spam"},
		{[]string{"domain", "block", "loud.example", "--json"}, `"severity":"silence"`},
		{[]string{"domain", "unblock", "loud.example"}, "No more: loud.example  silence"},
		{[]string{"domain", "list"}, "evil.example  suspend\ngood.example  allowed\nFederation is limited"},
		{[]string{"domain", "show", "evil.example"}, "accounts: 12, settled: 3"},
		{[]string{"domain", "allow", "good.example"}, "Allowed: good.example"},
		{[]string{"domain", "disallow", "good.example"}, "Allowed no more: good.example"},
		{[]string{"domain", "export", csv}, "Wrote 1 servers"},
		{[]string{"domain", "import", csv, "--dry-run"}, "Would change 1 of 2 servers.\nevil.example"},
		{[]string{"domain", "export", "-", "--allows"}, "#domain\n"},
	} {
		if code, out, errs := anancus(t, newTown(), c.args...); code != exitFine || !strings.Contains(out, c.says) {
			t.Errorf("%v: %d %q %q, want %q", c.args, code, out, errs, c.says)
		}
	}
	if text, err := os.ReadFile(csv); err != nil || !strings.HasPrefix(string(text), "#domain,#severity\n") {
		t.Errorf("the file holds %q (%v)", text, err)
	}
	for _, args := range [][]string{{"account", "limit", "nobody"}, {"domain", "block", "evil.example", "--severity", "harshly"}, {"domain", "export", csv}, {"domain", "import", csv + ".none"}} {
		if code, _, errs := anancus(t, newTown(), args...); code == exitFine || errs == "" {
			t.Errorf("%v: %d %q", args, code, errs)
		}
	}
}
