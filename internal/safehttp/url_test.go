package safehttp_test

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// A host that net/url takes and that no host name may be.
func TestCheckURLHost(t *testing.T) {
	for _, u := range []*url.URL{
		{Scheme: "https", Host: "mail contoso.com"},
		{Scheme: "https", Host: "mail.contoso.com\r\nX: y"},
		{Scheme: "https", Host: "mail\x7f.contoso.com"},
		{Scheme: "https", Host: `mail.contoso.com\@evil.example`},
		{Scheme: "https", Host: "evil%2eexample"},
		{Scheme: "https", Opaque: "mail.contoso.com", Host: "mail.contoso.com"},
	} {
		if err := safehttp.CheckURL(u); !errors.Is(err, safehttp.ErrURL) {
			t.Errorf("CheckURL(%#v) = %v, want ErrURL", u, err)
		}
	}
	long := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/"}
	long.Path += strings.Repeat("a", safehttp.MaxURL-len(long.String()))
	if err := safehttp.CheckURL(long); err != nil {
		t.Errorf("CheckURL of %d bytes = %v", len(long.String()), err)
	}
	long.Path += "a"
	if err := safehttp.CheckURL(long); !errors.Is(err, safehttp.ErrURL) {
		t.Errorf("CheckURL of %d bytes = %v, want ErrURL", len(long.String()), err)
	}
}

func TestLocation(t *testing.T) {
	from, _ := url.Parse("https://mail.contoso.com/a/b?Email=x")
	const near, far = "https://mail.contoso.com/a/c", "https://evil.example/"
	for _, tt := range []struct {
		name   string
		values []string
		want   string // "" if it is refused
	}{
		{"absolute", []string{far}, far},
		{"relative", []string{"c"}, near},
		{"white space around it", []string{" \t" + near + " "}, near},
		{"none", nil, ""},
		{"empty", []string{""}, ""},
		{"the same twice", []string{near, near}, near},
		{"two", []string{near, far}, ""},
		{"two, the second empty", []string{near, ""}, ""},
		{"three, the last another", []string{near, near, far}, ""},
		{"another scheme", []string{"http://mail.contoso.com/"}, ""},
		{"at the limit", []string{near + strings.Repeat("a", safehttp.MaxURL-len(near))}, near + strings.Repeat("a", safehttp.MaxURL-len(near))},
		{"over the limit", []string{near + strings.Repeat("a", safehttp.MaxURL-len(near)+1)}, ""},
		{"over the limit, though it is short when trimmed", []string{near + strings.Repeat(" ", safehttp.MaxURL)}, ""},
	} {
		got, err := safehttp.Location(&http.Response{Header: http.Header{"Location": tt.values}, Request: &http.Request{URL: from}})
		if tt.want == "" {
			if !errors.Is(err, safehttp.ErrURL) || len(err.Error()) > 300 {
				t.Errorf("%s: Location = %v, %v; want ErrURL", tt.name, got, err)
			}
		} else if err != nil || got.String() != tt.want {
			t.Errorf("%s: Location = %v, %v; want %.60s", tt.name, got, err, tt.want)
		}
	}
	if u, err := safehttp.Resolve(nil, near); err != nil || u.String() != near {
		t.Errorf("Resolve without a base = %v, %v", u, err)
	}
}

func TestIsLoopback(t *testing.T) {
	for s, want := range map[string]bool{
		"http://127.0.0.1:80/": true, "http://127.9.9.9/": true, "http://[::1]/": true,
		"http://localhost/": false, "http://10.0.0.1/": false, "http://127.0.0.1.evil.example/": false, "http:///": false,
	} {
		u, err := url.Parse(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := safehttp.IsLoopback(u); got != want {
			t.Errorf("IsLoopback(%s) = %v, want %v", s, got, want)
		}
	}
}

func TestRedact(t *testing.T) {
	seg := strings.Repeat("a", 64)
	for in, want := range map[string]string{
		"https://mail.contoso.com:8443/a/b?Email=ada#x":            "https://mail.contoso.com:8443/a/b",
		"https://ada:pw@mail.contoso.com/":                         "https://mail.contoso.com/",
		"https://mail.contoso.com":                                 "https://mail.contoso.com",
		"https://mail.contoso.com/u/ada@contoso.com/x":             "https://mail.contoso.com/u/…/x",
		"https://mail.contoso.com/" + seg + "/x":                   "https://mail.contoso.com/" + seg + "/x",
		"https://mail.contoso.com/" + seg + "a/x":                  "https://mail.contoso.com/…/x",
		"mailto:ada@contoso.com":                                   "mailto:…",
		"https://h/" + strings.Repeat("aaaaaaa/", 62) + "aaaaa/b":  "https://h/" + strings.Repeat("aaaaaaa/", 62) + "aaaaa/…",
		"https://h/" + strings.Repeat("aaaaaaa/", 62) + "aaaa/b/c": "https://h/" + strings.Repeat("aaaaaaa/", 62) + "aaaa/b/…",
	} {
		u, err := url.Parse(in)
		if err != nil {
			t.Fatal(err)
		}
		if got := safehttp.Redact(u); got != want {
			t.Errorf("Redact(%q) = %q, want %q", in, got, want)
		}
	}
	if got := safehttp.Redact(nil); got != `""` {
		t.Errorf("Redact(nil) = %q", got)
	}
}
