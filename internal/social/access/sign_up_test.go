package access

import (
	"net/http"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
	"anancus/internal/social/settings"
)

func (r *room) set(name, value string) {
	r.t.Helper()
	if err := r.settings.Set(r.t.Context(), name, value); err != nil {
		r.t.Fatal(err)
	}
}

func TestSomebodySignsUpAndIsIn(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("keeper")
		b := r.browser()
		wantText(t, b.get("/auth/sign_up?return_to=/explore"), `name="return_to" value="/explore"`)
		w := b.post("/auth/sign_up", "username", " @Ada_L ", "email", "ada@mail.example", "password", testPassword, "return_to", "/explore")
		wantCode(t, w, http.StatusSeeOther)
		if w.Header().Get("Location") != "/explore" {
			t.Errorf("led to %s", w.Header().Get("Location"))
		}
		wantCode(t, b.get("/test/who"), 200)
		a, err := r.accounts.Local(t.Context(), "ada_l")
		if err != nil || a.Username != "ada_l" {
			t.Errorf("the name is %v, %v", a, err)
		}
	})
}

func TestWhatIsWrongStandsBesideTheFieldAndNothingTypedIsLost(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("ada")
		for name, c := range map[string]struct{ username, email, password, want string }{
			"taken name":     {"Ada", "new@mail.example", testPassword, "This name is taken."},
			"taken address":  {"newada", "ADA@Mail.example", testPassword, "This address already has an account."},
			"reserved name":  {"admin", "new@mail.example", testPassword, "This name is reserved."},
			"postmaster":     {"PostMaster", "new@mail.example", testPassword, "This name is reserved."},
			"confusable":     {"аdmin", "new@mail.example", testPassword, "Only letters, numbers and underscores"},
			"strange name":   {"a b", "new@mail.example", testPassword, "Only letters, numbers and underscores"},
			"bad address":    {"newada", "new", testPassword, "This is not an e-mail address."},
			"short password": {"newada", "new@mail.example", "short", "Too short: at least 8 characters."},
			"no name":        {"", "new@mail.example", testPassword, "Please choose a username."},
		} {
			t.Run(name, func(t *testing.T) {
				b := r.browser()
				w := b.post("/auth/sign_up", "username", c.username, "email", c.email, "password", c.password)
				wantCode(t, w, http.StatusUnprocessableEntity)
				wantText(t, w, c.want)
				wantText(t, w, `value="`+strings.ToLower(c.username)+`"`)
				wantText(t, w, `value="`+c.email+`"`)
				if strings.Contains(w.Body.String(), `"`+c.password+`"`) {
					t.Error("the password came back")
				}
				if len(b.cookies) != 0 {
					t.Error("a cookie was set")
				}
			})
		}
	})
}

func TestWhatIsTypedIsNeverMarkup(t *testing.T) {
	r := inMemory(t)
	r.join("ada")
	bad := `"><script>alert(1)</script>`
	for _, path := range []string{"/auth/sign_up", "/auth/sign_in"} {
		w := r.browser().post(path, "username", bad, "login", bad, "email", bad, "password", "x", "return_to", bad)
		if strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s shows a script:\n%s", path, w.Body)
		}
	}
}

func TestInApprovalModeAReasonIsAskedAndNobodyIsInYet(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		r.join("keeper")
		r.set("registrations", "approval")
		b := r.browser()
		wantText(t, b.get("/auth/sign_up"), "Why do you want to join?")
		w := b.post("/auth/sign_up", "username", "ada", "email", "ada@mail.example", "password", testPassword)
		wantCode(t, w, 422)
		wantText(t, w, "Please say why you want to join.")
		w = b.post("/auth/sign_up", "username", "ada", "email", "ada@mail.example", "password", testPassword, "reason", "Proboscideans")
		wantCode(t, w, 200)
		wantText(t, w, "Waiting for approval")
		if len(b.cookies) != 0 {
			t.Error("a cookie was set")
		}
		wantCode(t, b.post("/auth/sign_in", "login", "ada", "password", testPassword), http.StatusForbidden)
	})
}

func TestClosedRegistrationsSaySo(t *testing.T) {
	r := inMemory(t)
	r.join("keeper")
	r.set("registrations", string(settings.Closed))
	w := r.browser().get("/auth/sign_up")
	wantCode(t, w, http.StatusForbidden)
	wantText(t, w, "Registrations are closed")
	wantCode(t, r.browser().post("/auth/sign_up", "username", "ada", "email", "ada@mail.example", "password", testPassword), http.StatusForbidden)
	if _, err := r.accounts.Local(t.Context(), "ada"); !fault.Is(err, fault.NotFound) {
		t.Errorf("the account: %v", err)
	}
	if strings.Contains(r.browser().get("/auth/sign_in").Body.String(), "/auth/sign_up") {
		t.Error("the sign-in page leads to a closed door")
	}
}

func TestTheFirstPersonNeedsTheCodeOfTheTerminal(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		code, needed, err := r.SetupCode(t.Context())
		if err != nil || !needed || len(code) != 14 {
			t.Fatalf("code %q, %v, %v", code, needed, err)
		}
		if again, _, _ := r.SetupCode(t.Context()); again != code {
			t.Errorf("the code changed from %s to %s", code, again)
		}
		b := r.browser()
		for _, path := range []string{"/auth/sign_in", "/auth/sign_up"} {
			if to := b.get(path).Header().Get("Location"); to != "/auth/setup" {
				t.Errorf("%s leads to %q", path, to)
			}
		}
		wantCode(t, b.get("/auth/setup"), 200)
		for _, wrong := range []string{"", "AAAA-AAAA-AAAA", code[:13]} {
			w := b.post("/auth/setup", "code", wrong, "username", "ada", "email", "ada@mail.example", "password", testPassword)
			wantCode(t, w, 422)
			wantText(t, w, "This is not the code the terminal shows.")
			wantText(t, w, `value="ada"`)
		}
		typed := strings.ToLower(strings.ReplaceAll(code, "-", " "))
		w := b.post("/auth/setup", "code", typed, "username", "ada", "email", "ada", "password", testPassword)
		wantCode(t, w, 422)
		wantText(t, w, "This is not an e-mail address.")
		w = b.post("/auth/setup", "code", typed, "username", "ada", "email", "ada@mail.example", "password", testPassword)
		wantCode(t, w, http.StatusSeeOther)
		if who := body[map[string]any](t, b.get("/test/who")); who["Role"] != "owner" {
			t.Errorf("signed in as %v", who)
		}

		// The door is closed behind the owner.
		other := r.browser()
		if to := other.get("/auth/setup").Header().Get("Location"); to != "/auth/sign_in" {
			t.Errorf("the page leads to %q", to)
		}
		w = other.post("/auth/setup", "code", code, "username", "eve", "email", "eve@mail.example", "password", testPassword)
		if w.Code != http.StatusSeeOther || w.Header().Get("Location") != "/auth/sign_in" || len(other.cookies) != 0 {
			t.Errorf("a second owner: %d", w.Code)
		}
		if _, needed, err := r.SetupCode(t.Context()); needed || err != nil {
			t.Errorf("still needed: %v, %v", needed, err)
		}
		if left, err := settings.Fact(t.Context(), r.db, setupFact); left != "" || err != nil {
			t.Errorf("the code is kept: %q, %v", left, err)
		}
	})
}

func TestTwoPeopleWithTheCodeMakeOneOwner(t *testing.T) {
	each(t, func(t *testing.T, r *room) {
		code, _, err := r.SetupCode(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		done := make(chan bool)
		for _, name := range []string{"ada", "bo", "cy"} {
			go func() {
				r.browser().post("/auth/setup", "code", code, "username", name, "email", name+"@mail.example", "password", testPassword)
				done <- true
			}()
		}
		for range 3 {
			<-done
		}
		if owners, err := countOwners(t.Context(), r.db); owners != 1 || err != nil {
			t.Errorf("%d owners, %v", owners, err)
		}
	})
}

func TestWithoutACodeNobodyBecomesOwner(t *testing.T) {
	r := inMemory(t) // the code was never made
	w := r.browser().post("/auth/setup", "code", "", "username", "eve", "email", "eve@mail.example", "password", testPassword)
	wantCode(t, w, 422)
	w = r.browser().post("/auth/setup", "code", "---", "username", "eve", "email", "eve@mail.example", "password", testPassword)
	wantCode(t, w, 422)
}
