package accounts

import (
	"context"

	"anancus/internal/kit/memo"
	"anancus/internal/social/id"
)

// Author is a member who writes: the account, and the defaults of what it writes.
type Author struct {
	Account *Account
	Member  *Member
}

// authorsMemory bounds what is remembered of members who write, in bytes.
const authorsMemory = 2 << 20

func newAuthors() *memo.Memo[id.Account, Author] {
	return memo.New[id.Account](authorsMemory, func(a Author) uint32 {
		return uint32(len(a.Account.Note)+len(a.Account.URI)*6) + 3000
	})
}

// Author gives a member who writes, from memory where that is known. It is as old as the last change of the profile, the defaults or the
// standing; what came with the sign-in (e-mail address, password, role) may be older and is not for here. Both are the caller's own copies.
func (s *Service) Author(ctx context.Context, account id.Account) (*Account, *Member, error) {
	one, ok := s.authors.Peek(account)
	if !ok {
		epoch := s.authors.Epoch(account)
		a, err := s.ByID(ctx, account)
		if err != nil {
			return nil, nil, err
		}
		m, err := s.Member(ctx, account)
		if err != nil {
			return nil, nil, err
		}
		one = Author{a, m}
		s.authors.Offer(account, one, epoch)
	}
	a, m := *one.Account, *one.Member
	m.Email, m.PasswordHash, m.Role = "", "", ""
	return &a, &m, nil
}
