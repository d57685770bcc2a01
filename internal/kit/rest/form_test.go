package rest

import (
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"anancus/internal/kit/fault"
)

type profile struct {
	Name   *string           `form:"name"`
	Age    int               `form:"age"`
	Locked *bool             `form:"locked"`
	Tags   []string          `form:"tags"`
	Fields []line            `form:"fields"`
	Extra  map[string]string `form:"extra"`
	Source *source           `form:"source"`
}

type line struct {
	Name  string `form:"name"`
	Value string `form:"value"`
}

type source struct {
	Privacy string `form:"privacy"`
}

func decode(t testing.TB, method, query, kind, body string) (profile, error) {
	t.Helper()
	r := httptest.NewRequest(method, "/?"+query, strings.NewReader(body))
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	return Decode[profile](&Call[int]{W: httptest.NewRecorder(), R: r})
}

const urlencoded = "application/x-www-form-urlencoded"

func TestOneFormIsReadAlikeInEverySpelling(t *testing.T) {
	name, locked := "Ada", true
	want := profile{Name: &name, Age: 36, Locked: &locked, Tags: []string{"a", "b"}, Fields: []line{{"Web", "x"}, {"Town", "y"}},
		Extra: map[string]string{"k": "v"}, Source: &source{"unlisted"}}
	flat := url.Values{"name": {"Ada"}, "age": {"36"}, "locked": {"on"}, "tags[]": {"a", "b"}, "fields[0][name]": {"Web"}, "fields[0][value]": {"x"},
		"fields[1][name]": {"Town"}, "fields[1][value]": {"y"}, "extra[k]": {"v"}, "source[privacy]": {"unlisted"}}
	multi := "--x\r\n"
	for k, list := range flat {
		for _, v := range list {
			multi += "Content-Disposition: form-data; name=\"" + k + "\"\r\n\r\n" + v + "\r\n--x\r\n"
		}
	}
	multi = strings.TrimSuffix(multi, "\r\n") + "--\r\n"
	for how, c := range map[string]struct{ method, query, kind, body string }{
		"a query":          {"GET", flat.Encode(), "", ""},
		"a form":           {"POST", "", urlencoded, flat.Encode()},
		"a form unnamed":   {"POST", "", "", flat.Encode()},
		"multipart":        {"POST", "", "multipart/form-data; boundary=x", multi},
		"JSON":             {"POST", "", "application/json; charset=utf-8", `{"name":"Ada","age":36,"locked":true,"tags":["a","b"],"fields":[{"name":"Web","value":"x"},{"name":"Town","value":"y"}],"extra":{"k":"v"},"source":{"privacy":"unlisted"}}`},
		"JSON, by numbers": {"POST", "", "application/vnd.x+json", `{"name":"Ada","age":"36","locked":"1","tags[]":["a","b"],"fields":{"0":{"name":"Web","value":"x"},"1":{"name":"Town","value":"y"}},"extra":{"k":"v"},"source":{"privacy":"unlisted"}}`},
		"query and form": {"POST", "age=36&name=Nobody", urlencoded, func() string {
			rest := url.Values{}
			for k, v := range flat {
				if k != "age" {
					rest[k] = v
				}
			}
			return rest.Encode()
		}()},
		"lists of objects": {"POST", "", urlencoded, "name=Ada&age=36&locked=t&tags[]=a&tags[]=b&fields[][name]=Web&fields[][value]=x&fields[][name]=Town&fields[][value]=y&extra[k]=v&source[privacy]=unlisted"},
	} {
		got, err := decode(t, c.method, c.query, c.kind, c.body)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s gives %+v (%v)", how, got, err)
		}
	}
}

func TestAFieldThatComesAgainBeginsTheNextObjectOfAList(t *testing.T) {
	fields := []string{"fields[][name]", "Web", "fields[][name]", "Town", "fields[][value]", "y", "fields[][value]", "z"}
	var flat, multi string
	for i := 0; i < len(fields); i += 2 {
		flat += "&" + url.QueryEscape(fields[i]) + "=" + fields[i+1]
		multi += "--x\r\nContent-Disposition: form-data; name=\"" + fields[i] + "\"\r\n\r\n" + fields[i+1] + "\r\n"
	}
	want := []line{{"Web", ""}, {"Town", "y"}, {"", "z"}}
	for how, c := range map[string]struct{ query, kind, body string }{
		"a query": {flat, "", ""}, "a form": {"", urlencoded, flat}, "multipart": {"", "multipart/form-data; boundary=x", multi + "--x--\r\n"},
	} {
		got, err := decode(t, "POST", c.query, c.kind, c.body)
		if err != nil || !reflect.DeepEqual(got.Fields, want) {
			t.Errorf("%s gives %+v (%v), want %+v", how, got.Fields, err, want)
		}
	}
}

func TestANullWasSent(t *testing.T) {
	r := httptest.NewRequest("POST", "/", strings.NewReader(`{"age":null}`))
	r.Header.Set("Content-Type", "application/json")
	form, err := (&Call[int]{W: httptest.NewRecorder(), R: r}).Form()
	if err != nil || !form.Has("age") || form.Has("name") {
		t.Errorf("age %v, name %v (%v)", form.Has("age"), form.Has("name"), err)
	}
}

func TestWhatIsAbsentIsNotWhatIsEmpty(t *testing.T) {
	got, err := decode(t, "POST", "", "application/json", `{"name":"","locked":null,"tags":""}`)
	if err != nil || got.Name == nil || *got.Name != "" || got.Locked != nil || got.Source != nil || got.Tags != nil {
		t.Errorf("%+v (%v)", got, err)
	}
	if got, err = decode(t, "GET", "locked=", "", `{"name":"Ada"}`); err != nil || got.Name != nil || got.Locked == nil || *got.Locked {
		t.Errorf("a GET reads its query alone: %+v (%v)", got, err)
	}
	if got, err = decode(t, "POST", "", "application/json", " \n"); err != nil || got.Name != nil {
		t.Errorf("nothing as JSON is %+v (%v)", got, err)
	}
}

func TestFormsThatCannotBeReadAreRefusedByKind(t *testing.T) {
	for name, c := range map[string]struct {
		kind, body string
		want       fault.Kind
	}{
		"broken JSON":         {"application/json", `{"name":`, fault.BadRequest},
		"a tail":              {"application/json", `{} x`, fault.BadRequest},
		"a list":              {"application/json", `[]`, fault.BadRequest},
		"null":                {"application/json", `null`, fault.BadRequest},
		"too deep":            {"application/json", strings.Repeat(`{"a":`, 17) + "1" + strings.Repeat("}", 17), fault.BadRequest},
		"deep in a form":      {urlencoded, "a" + strings.Repeat("[b]", 16) + "=1", fault.BadRequest},
		"too many fields":     {urlencoded, many("a%d=1&", 1001), fault.BadRequest},
		"too many values":     {urlencoded, strings.Repeat("a[]=1&", 4097), fault.BadRequest},
		"no UTF-8":            {urlencoded, "name=%FF", fault.BadRequest},
		"not encoded":         {urlencoded, "name=%zz", fault.BadRequest},
		"too large":           {urlencoded, "name=" + strings.Repeat("a", MaxBody), fault.TooLarge},
		"too large as JSON":   {"application/json", `"` + strings.Repeat("a", MaxBody), fault.TooLarge},
		"too large in parts":  {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\n" + strings.Repeat("a", MaxBody) + "\r\n--x--", fault.TooLarge},
		"a word for a number": {urlencoded, "age=old", fault.BadRequest},
		"a list for a text":   {"application/json", `{"name":["a"]}`, fault.BadRequest},
		"a text for objects":  {"application/json", `{"fields":["a"]}`, fault.BadRequest},
		"a text for one":      {"application/json", `{"source":"a"}`, fault.BadRequest},
		"a text for a map":    {"application/json", `{"extra":"a"}`, fault.BadRequest},
		"a file":              {"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"name\"; filename=\"a.png\"\r\n\r\nPNG\r\n--x--\r\n", fault.Invalid},
	} {
		if _, err := decode(t, "POST", "", c.kind, c.body); !fault.Is(err, c.want) {
			t.Errorf("%s: %v is of kind %v, want %v", name, err, fault.KindOf(err), c.want)
		}
	}
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.Replace(format, "%d", string(rune('a'+i%26))+strings.Repeat("x", i/26), 1))
	}
	return b.String()
}

func TestNULsAreTakenOutOfEveryText(t *testing.T) {
	for _, c := range []struct{ kind, body string }{{urlencoded, "name=a%00b&tags[]=%00"}, {"application/json", `{"name":"a\u0000b","tags":["\u0000"]}`}} {
		got, err := decode(t, "POST", "", c.kind, c.body)
		if err != nil || got.Name == nil || *got.Name != "ab" || len(got.Tags) != 1 || got.Tags[0] != "" {
			t.Errorf("%s: %+v (%v)", c.kind, got, err)
		}
	}
}

func TestBooleansAreReadAsRailsDoes(t *testing.T) {
	for _, word := range []string{"", "0", "f", "F", "false", "FALSE", "off", "OFF"} {
		if Truth(word) {
			t.Errorf("%q is true", word)
		}
	}
	for _, word := range []string{"1", "t", "true", "on", "yes", "no", "2", "x"} {
		if !Truth(word) {
			t.Errorf("%q is false", word)
		}
	}
}

func TestALimitIsAlwaysWithinItsBounds(t *testing.T) {
	for text, want := range map[string]int{"": 20, "5": 5, "-5": 5, "0": 20, "abc": 20, "41": 40, "99999999999999999999": 20, "-9223372036854775808": 40, "1e3": 20} {
		c := &Call[int]{R: httptest.NewRequest("GET", "/?limit="+text, nil)}
		if got := c.Limit(20, 40); got != want {
			t.Errorf("limit=%s gives %d, want %d", text, got, want)
		}
	}
}

func FuzzForms(f *testing.F) {
	f.Add("a[][b]=1&a[0]=2&a=3&name[x]=1", urlencoded)
	f.Add(`{"fields":{"0":{"name":1}},"tags":[null,{}]}`, "application/json")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--x--", "multipart/form-data; boundary=x")
	f.Fuzz(func(t *testing.T, body, kind string) {
		if _, err := decode(t, "POST", "", kind, body); err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("%q as %q is our own failure: %v", body, kind, err)
		}
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = body
		if _, err := Decode[profile](&Call[int]{W: httptest.NewRecorder(), R: r}); err != nil && fault.KindOf(err) == fault.Internal {
			t.Errorf("?%q is our own failure: %v", body, err)
		}
	})
}
