package config

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// refuse says what is allowed, and what was found instead.
func refuse(text, allowed string) error { return fmt.Errorf("%s, not %q", allowed, text) }

// Switch is a fact that is on or off.
type Switch bool

// UnmarshalText reads on, off, true or false.
func (s *Switch) UnmarshalText(text []byte) error {
	switch strings.ToLower(string(text)) {
	case "on", "true":
		*s = true
	case "off", "false":
		*s = false
	default:
		return refuse(string(text), "must be on, off, true or false")
	}
	return nil
}

func (s Switch) String() string {
	if s {
		return "on"
	}
	return "off"
}

// Networks is a list of addresses and networks.
type Networks []netip.Prefix

// UnmarshalText reads a list separated by commas, such as 10.0.0.0/8,::1.
func (n *Networks) UnmarshalText(text []byte) error {
	var list Networks
	for word := range strings.SplitSeq(string(text), ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		prefix, err := readNetwork(word)
		if err != nil {
			return refuse(word, "must be a list of networks and addresses such as 10.0.0.0/8 and ::1")
		}
		list = append(list, prefix)
	}
	*n = list
	return nil
}

func readNetwork(word string) (netip.Prefix, error) {
	if prefix, err := netip.ParsePrefix(word); err == nil {
		return prefix.Masked(), nil
	}
	addr, err := netip.ParseAddr(word)
	if err != nil {
		return netip.Prefix{}, err
	}
	addr = addr.Unmap().WithZone("")
	return netip.PrefixFrom(addr, addr.BitLen()), nil
}

func (n Networks) String() string {
	words := make([]string, len(n))
	for i, prefix := range n {
		words[i] = prefix.String()
	}
	return strings.Join(words, ",")
}

// Size is a number of bytes.
type Size int64

// Units of a Size; powers of two, as memory is counted.
const (
	KB Size = 1 << 10
	MB Size = 1 << 20
	GB Size = 1 << 30
)

// minCache is the least memory with which pages are still shown from it: a few hundred feeds.
const minCache = 8 * MB

// UnmarshalText reads a number of bytes, or one with KB, MB or GB behind it.
func (s *Size) UnmarshalText(text []byte) error {
	word := strings.ToUpper(strings.ReplaceAll(string(text), " ", ""))
	unit := Size(1)
	for _, u := range []struct {
		suffix string
		size   Size
	}{{"KIB", KB}, {"MIB", MB}, {"GIB", GB}, {"KB", KB}, {"MB", MB}, {"GB", GB}} {
		if number, found := strings.CutSuffix(word, u.suffix); found {
			word, unit = number, u.size
			break
		}
	}
	number, err := strconv.ParseInt(word, 10, 64)
	if err != nil || number < 0 || number > int64(1<<50/unit) {
		return refuse(string(text), "must be a size such as 64MB or 1GB")
	}
	size := Size(number) * unit
	if size < minCache {
		return refuse(string(text), "must be at least "+minCache.String())
	}
	*s = size
	return nil
}

func (s Size) String() string {
	switch {
	case s >= GB && s%GB == 0:
		return strconv.FormatInt(int64(s/GB), 10) + "GB"
	case s >= MB && s%MB == 0:
		return strconv.FormatInt(int64(s/MB), 10) + "MB"
	case s >= KB && s%KB == 0:
		return strconv.FormatInt(int64(s/KB), 10) + "KB"
	}
	return strconv.FormatInt(int64(s), 10)
}
