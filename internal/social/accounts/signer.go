package accounts

import (
	"context"
	"crypto"
	"strings"

	"github.com/maypok86/otter/v2"

	"anancus/internal/kit/db"
	"anancus/internal/kit/memo"
	"anancus/internal/protocol/activitypub"
	"anancus/internal/social/id"
)

// Signer is an account of another server with a key that it showed, ready to check a signature with.
type Signer struct {
	Account *Account
	Key     Key
	Public  crypto.PublicKey
	Unread  error // why Public is nil: the key that is stored cannot be read
}

// signers remembers those who sign: whoever writes much has their key and their account read once.
type signers struct {
	owners *otter.Cache[string, id.Account] // whose a key or an address was: a hint, which those who are known confirm
	known  *memo.Memo[id.Account, []Signer]
}

// Bounds of what is remembered of signers: bytes, and keys.
const (
	signersMemory = 4 << 20
	maxOwners     = 20_000
)

func newSigners() signers {
	return signers{
		owners: otter.Must(&otter.Options[string, id.Account]{MaximumSize: maxOwners}),
		known: memo.New[id.Account](signersMemory, func(list []Signer) uint32 {
			size := uint32(0)
			for _, s := range list { // all share one account
				size = uint32(len(s.Account.Note)+len(s.Account.URI)*6) + 2000 + uint32(len(list)*(2*len(s.Key.PublicPEM)+len(s.Key.URI)+200))
			}
			return size
		}),
	}
}

// Signer gives who signs with a key of this id; NotFound when no account showed it. What is remembered is as old as the last change of the
// account, its keys or its standing. The account is the caller's own copy.
func (s *Service) Signer(ctx context.Context, keyURI string) (Signer, error) {
	if owner, ok := s.signers.owners.GetIfPresent(keyURI); ok {
		list, _ := s.signers.known.Peek(owner)
		for _, one := range list {
			if one.Key.URI == keyURI {
				return one.copied(), nil
			}
		}
	}
	key, err := s.keyByURI(ctx, keyURI)
	if err != nil {
		return Signer{}, err
	}
	epoch := s.signers.known.Epoch(key.Account)
	a, err := s.ByID(ctx, key.Account)
	if err != nil {
		return Signer{}, err
	}
	if page, _, _ := strings.Cut(keyURI, "#"); a.Local() || page != a.URI { // another actor may come to own it, of which this one's memory hears nothing
		return signer(a, key), nil
	}
	keys, err := db.All(ctx, s.db, scanKey, `SELECT `+keyColumns+` FROM account_keys WHERE account_id = $1`, a.ID) // again: since the epoch
	if err != nil {
		return Signer{}, err
	}
	var list []Signer
	for _, one := range keys {
		if page, _, _ := strings.Cut(one.URI, "#"); page == a.URI {
			list = append(list, signer(a, one))
		}
	}
	s.signers.known.Offer(a.ID, list, epoch)
	s.signers.owners.Set(keyURI, a.ID)
	s.signers.owners.Set(a.URI, a.ID)
	for _, one := range list {
		if one.Key.URI == keyURI {
			return one.copied(), nil
		}
	}
	return signer(a, key), nil
}

// Writer is ByURI for whose activities come in: from memory where their signature was checked lately. It is as new as what Signer gives.
func (s *Service) Writer(ctx context.Context, uri string) (*Account, error) {
	if owner, ok := s.signers.owners.GetIfPresent(uri); ok {
		if list, ok := s.signers.known.Peek(owner); ok && len(list) > 0 && list[0].Account.URI == uri {
			return list[0].copied().Account, nil
		}
	}
	return s.ByURI(ctx, uri)
}

func signer(a *Account, key Key) Signer {
	one := Signer{Account: a, Key: key}
	one.Public, one.Unread = activitypub.ParsePublicKey(key.PublicPEM)
	return one
}

func (s Signer) copied() Signer {
	a := *s.Account
	s.Account = &a
	return s
}
