package search_test

import (
	"net/http"
	"net/url"
	"testing"

	"anancus/internal/kit/db"
	"anancus/internal/server/servertest"
)

type found struct {
	Accounts []servertest.Account
	Statuses []servertest.Status
	Hashtags []struct{ Name, URL string }
}

func search(p *servertest.Person, q string, more ...string) found {
	p.On.T.Helper()
	v := url.Values{"q": {q}}
	for i := 0; i+1 < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	var f found
	p.Get("/api/v2/search?"+v.Encode(), &f)
	return f
}

func TestPeopleAreFoundByHandleAddressAndBeginning(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, adam := s.Join("ada"), s.Join("adam")
		for q, want := range map[string][]string{"ada": {ada.ID, adam.ID}, "@ADA": {ada.ID, adam.ID}, "@ada@" + s.Domain: {ada.ID}, s.URL + "/@ada": {ada.ID}, s.URL + "/users/adam": {adam.ID},
			s.URL + "/ap/users/" + ada.ID: {ada.ID}, "adam": {adam.ID}, "ad": nil, "nobody": nil, "ad%": nil, "ad_m": nil, "@ada@elsewhere.example": nil, s.URL + "/@nobody": nil, "https://": nil, "@": nil, "' OR 1=1 --": nil} {
			got := search(ada, q)
			if len(got.Accounts) != len(want) {
				t.Errorf("%q finds %v", q, got.Accounts)
				continue
			}
			for i, id := range want {
				if got.Accounts[i].ID != id {
					t.Errorf("%q finds %v", q, got.Accounts)
				}
			}
		}
	})
}

func TestStatusesAreFoundByTheirAddressByThoseWhoMaySeeThem(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada, bo := s.Join("ada"), s.Join("bo")
		public, secret := ada.Publish("For all"), ada.Publish("@ada a secret", "visibility", "direct")
		for _, p := range []*servertest.Person{ada, bo, s.Nobody()} {
			for _, address := range []string{public.URI, s.URL + "/@ada/" + public.ID} {
				if got := search(p, address); len(got.Statuses) != 1 || got.Statuses[0].ID != public.ID {
					t.Errorf("%q finds %v at %s", p.Name, got.Statuses, address)
				}
			}
		}
		if got := search(ada, secret.URI); len(got.Statuses) != 1 {
			t.Error("the author does not find it")
		}
		for _, p := range []*servertest.Person{bo, s.Nobody()} {
			for _, address := range []string{secret.URI, s.URL + "/@ada/" + secret.ID} {
				if got := search(p, address); len(got.Statuses) != 0 {
					t.Errorf("%q finds the secret", p.Name)
				}
			}
		}
	})
}

func TestHashtagsAreFoundByTheirBeginning(t *testing.T) {
	servertest.Each(t, func(t *testing.T, engine db.Engine) {
		s := servertest.New(t, engine)
		ada := s.Join("ada")
		ada.Publish("#Cats and #catalogue and #Ölung and #dogs")
		for q, want := range map[string]int{"cat": 2, "#cats": 1, "CATS": 1, "#": 0, "öl": 1, "@cat": 0, "zebra": 0} {
			if got := search(ada, q, "type", "hashtags"); len(got.Hashtags) != want || len(got.Accounts)+len(got.Statuses) != 0 {
				t.Errorf("%q finds %v", q, got)
			}
		}
	})
}

func TestGuestsMaySearchOnlyWhatIsHere(t *testing.T) {
	s := servertest.New(t, db.SQLite)
	s.Join("ada")
	for _, more := range []string{"&resolve=true", "&offset=5"} {
		if got := s.Nobody().Do("GET", "/api/v2/search?q=ada"+more, nil, nil); got.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s is answered %d", more, got.StatusCode)
		}
	}
	if got := search(s.Nobody(), "ada"); len(got.Accounts) != 1 {
		t.Errorf("a guest finds %v", got)
	}
}
