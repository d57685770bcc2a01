package accounts

import (
	"context"

	"anancus/internal/kit/memo"
	"anancus/internal/social/id"
)

// author is a member who writes: the account, and the defaults of what it writes.
type author struct {
	account *Account
	member  *Member
}

// authorsMemory bounds what is remembered of members who write, in bytes.
const authorsMemory = 2 << 20

func newAuthors() *memo.Memo[id.Account, author] {
	return memo.New[id.Account](authorsMemory, func(a author) uint32 {
		return uint32(len(a.account.Note)+len(a.account.URI)*6) + 3000
	})
}

// Author gives a member who writes, from memory where that is known. It is as old as the last change of the profile, the defaults or the
// standing; what came with the sign-in (e-mail address, password, role) is left out. Both are the caller's own copies.
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
		m.Email, m.PasswordHash, m.Role = "", "", ""
		one = author{a, m}
		s.authors.Offer(account, one, epoch)
	}
	a, m := *one.account, *one.member
	return &a, &m, nil
}
