package activitypub

import "testing"

func TestWhoFollowsIsToldInAHeader(t *testing.T) {
	var d Digest
	if d.String() != "0000000000000000000000000000000000000000000000000000000000000000" {
		t.Errorf("nobody is %s", d)
	}
	// The example of FEP-8fcf.
	d.Add("https://testing.example.org/users/1")
	d.Add("https://testing.example.org/users/2")
	const example = "c33f48cd341ef046a206b8a72ec97af65079f9a3a9b90eef79c5920dce45c61f"
	if d.String() != example {
		t.Errorf("the digest is %s, want %s", d, example)
	}
	var other Digest
	other.Add("https://testing.example.org/users/2")
	other.Add("https://testing.example.org/users/1")
	if other != d {
		t.Error("the order matters")
	}
	s := Synchronization{"https://testing.example.org/users/1/followers", example, "https://testing.example.org/users/1/followers_synchronization"}
	const header = `collectionId="https://testing.example.org/users/1/followers", digest="` + example + `", url="https://testing.example.org/users/1/followers_synchronization"`
	if s.String() != header {
		t.Errorf("the header is %s", s)
	}
	if got, ok := ParseSynchronization(header); !ok || got != s {
		t.Errorf("it is read as %+v, %v", got, ok)
	}
	if got, ok := ParseSynchronization(`url="https://a.example/f",digest="` + "C33F48CD341EF046A206B8A72EC97AF65079F9A3A9B90EEF79C5920DCE45C61F" + `",collectionId="https://a.example/c"`); !ok || got.Digest != example {
		t.Errorf("another spelling is read as %+v, %v", got, ok)
	}
	for _, bad := range []string{"", "x", header + ",", `collectionId="https://a.example/c", digest="` + example + `"`, `collectionId="https://a.example/c", digest="abc", url="https://a.example/f"`,
		`collectionId="https://a.example/c", digest="` + example + `00", url="https://a.example/f"`, `collectionId="javascript:x", digest="` + example + `", url="https://a.example/f"`,
		`collectionId="https://a.example/c", digest="` + example + `", url="https://u:p@a.example/f"`} {
		if got, ok := ParseSynchronization(bad); ok {
			t.Errorf("%q is read as %+v", bad, got)
		}
	}
	for id, want := range map[string]string{"https://a.example/users/1": "https://a.example/", "HTTPS://A.Example:443/x?y#z": "https://a.example/", "http://127.0.0.1:8080/a": "http://127.0.0.1:8080/", "acct:a@b": ""} {
		if got := OriginOf(id); got != want {
			t.Errorf("OriginOf(%q) = %q, want %q", id, got, want)
		}
	}
}
