package server_test

import (
	"net/http"
	"sync/atomic"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/kit/fault"
	"anancus/internal/protocol/activitypub/aptest"
	"anancus/internal/server/keeper"
	"anancus/internal/server/servertest"
)

func TestKeepersSeeWhatWaitsForOtherServersAndTryAgain(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		here := servertest.New(t, engine)
		ada := here.Join("ada")
		host := aptest.NewServer(t)
		newOutsider(t, host, "sam", 0)
		var away atomic.Bool
		var got atomic.Int64
		host.Answer("/users/sam/inbox", func(w http.ResponseWriter, _ *http.Request) {
			if away.Load() {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			got.Add(1)
			w.WriteHeader(http.StatusAccepted)
		})
		keepers := here.Keeper()
		if list, err := keepers.ListDeliveries(t.Context(), keeper.DeliveryHost{}); err != nil || len(list) != 0 {
			t.Fatalf("before anything was sent: %+v, %v", list, err)
		}
		away.Store(true)
		ada.Post("/api/v1/accounts/"+ada.Find("@sam@"+host.Host).ID+"/follow", nil, nil)
		servertest.Settle(t, here)

		list, err := keepers.ListDeliveries(t.Context(), keeper.DeliveryHost{})
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		if one := list[0]; one.Host != host.Host || one.State != "failing" || one.Waiting != 1 || one.Failures != 1 || one.NextAt == nil || one.Oldest == nil ||
			one.LastError != "answered 503 Service Unavailable" || len(one.FailureDays) != 1 {
			t.Errorf("a server that fails: %+v", one)
		}
		servertest.Settle(t, here)
		if got.Load() != 0 {
			t.Error("it was tried again before its time")
		}
		away.Store(false)
		if one, err := keepers.RetryDeliveries(t.Context(), keeper.DeliveryHost{Host: host.Host}); err != nil || one.Failures != 0 || one.State != "waiting" || one.Waiting != 1 {
			t.Errorf("made due: %+v, %v", one, err)
		}
		servertest.Settle(t, here)
		if got.Load() != 1 {
			t.Errorf("%d deliveries came after the keeper asked", got.Load())
		}
		if list, err := keepers.ListDeliveries(t.Context(), keeper.DeliveryHost{Host: host.Host}); err != nil || len(list) != 1 || list[0].State != "idle" || list[0].Waiting != 0 {
			t.Errorf("afterwards: %+v, %v", list, err)
		}
		for name, kind := range map[string]fault.Kind{"": fault.Invalid, "never.example": fault.NotFound, "no host": fault.Invalid, "a/b": fault.Invalid, "@a": fault.Invalid} {
			if _, err := keepers.RetryDeliveries(t.Context(), keeper.DeliveryHost{Host: name}); !fault.Is(err, kind) {
				t.Errorf("%q: %v, want %v", name, err, kind)
			}
		}
	})
}
