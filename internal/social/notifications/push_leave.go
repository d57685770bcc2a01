package notifications

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"time"

	"anancus/internal/kit/clock"
	"anancus/internal/kit/fault"
	"anancus/internal/kit/rest"
	"anancus/internal/social/id"
	"anancus/internal/social/viewer"
)

// leaveFor is how long a push service can end a subscription by an address that came with a message.
const leaveFor = 48 * time.Hour

const leavePath = "/api/web/push_subscriptions/"

// leaveAddress is where whoever has it can end a subscription. It says nothing about the member, and is signed.
func (p *Pusher) leaveAddress(which id.PushSubscription, now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(which))
	b = binary.BigEndian.AppendUint64(b, uint64(clock.Milli(now.Add(leaveFor))))
	return p.Site.URL(leavePath + base64.RawURLEncoding.EncodeToString(append(b, p.leaveSum(b)...)))
}

func (p *Pusher) leaveSum(b []byte) []byte {
	mac := hmac.New(sha256.New, p.Key)
	_, _ = mac.Write([]byte("end push subscription\x00"))
	_, _ = mac.Write(b)
	return mac.Sum(nil)[:16]
}

// Leave serves DELETE /api/web/push_subscriptions/{id}, by which a push service ends a subscription that nobody wants any more.
func (p *Pusher) Leave(c *viewer.Call) (any, error) {
	b, err := base64.RawURLEncoding.DecodeString(c.Path("id"))
	if err != nil || len(b) != 32 || !hmac.Equal(b[16:], p.leaveSum(b[:16])) || int64(binary.BigEndian.Uint64(b[8:])) < clock.Milli(p.clock.Now()) {
		return nil, fault.RecordNotFound()
	}
	return rest.Empty{}, p.endSubscription(c.Context(), id.PushSubscription(binary.BigEndian.Uint64(b)))
}
