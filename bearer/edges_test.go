package bearer_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
)

// TestLimitsAreExact tries what is as long as a limit allows, and what is one longer.
func TestLimitsAreExact(t *testing.T) {
	x := func(n int) string { return strings.Repeat("x", n) }
	format := func(c ...bearer.Challenge) error { _, err := bearer.Format(c...); return err }
	params := func(n int) (list []bearer.Param) {
		for i := range n {
			list = append(list, bearer.Param{Name: fmt.Sprint("p", i)})
		}
		return list
	}
	offer := func(claims string) error {
		o, err := bearer.FromResponse(response(401, http.Header{"Www-Authenticate": {
			bearer.Challenge{Scheme: "Bearer", Params: []bearer.Param{{Name: "authorization_uri", Value: "https://a"}, {Name: "claims", Value: claims}}}.String()}}))
		if err == nil && o.Claims != strings.TrimSpace(claims) {
			return fmt.Errorf("claims of %d bytes", len(o.Claims))
		}
		return err
	}
	object := func(n int) string { return `{"a":"` + x(n-8) + `"}` }
	sasl := func(s string) error { _, err := bearer.ParseSASLError([]byte(s)); return err }
	refusal := func(n int) string { return `{"status":"` + x(n-13) + `"}` }
	mail := &url.URL{Scheme: "https", Host: "mail.contoso.com"}
	probe := func(user string) error {
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.Header.Get("X-User-Identity") != user {
				t.Errorf("X-User-Identity has %d bytes", len(r.Header.Get("X-User-Identity")))
			}
			resp := response(401, http.Header{"Www-Authenticate": seed004})
			resp.Request = r
			return resp, nil
		})}
		_, err := bearer.Probe(t.Context(), c, mail, user)
		return err
	}
	metadata := func(n int) error {
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			doc := `{"resource":"https://mail.contoso.com","authorization_servers":["https://a"]}`
			return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(doc + strings.Repeat(" ", n-len(doc)))), Request: r}, nil
		})}
		_, _, err := bearer.FollowMetadata(t.Context(), c, mail, &bearer.Offer{ResourceMetadata: "https://mail.contoso.com/m"}, nil)
		return err
	}
	for _, tt := range []struct {
		name string
		n    int // the limit
		try  func(n int) error
		want error
	}{
		{"scheme", bearer.MaxNameBytes, func(n int) error { return format(bearer.Challenge{Scheme: x(n)}) }, bearer.ErrFormat},
		{"name", bearer.MaxNameBytes, func(n int) error {
			return format(bearer.Challenge{Scheme: "A", Params: []bearer.Param{{Name: x(n)}}})
		}, bearer.ErrFormat},
		{"parameters", bearer.MaxParams, func(n int) error { return format(bearer.Challenge{Scheme: "A", Params: params(n)}) }, bearer.ErrFormat},
		{"challenges", bearer.MaxChallenges, func(n int) error {
			list := make([]bearer.Challenge, n)
			for i := range list {
				list[i].Scheme = "A"
			}
			return format(list...)
		}, bearer.ErrFormat},
		{"bytes", bearer.MaxBytes, func(n int) error {
			return format(bearer.Challenge{Scheme: "A", Params: []bearer.Param{{Name: "a", Value: x(n - len(`A a=""`))}}})
		}, bearer.ErrFormat},
		{"claims", bearer.MaxClaimsBytes, func(n int) error { return offer(object(n)) }, bearer.ErrClaims},
		{"claims with white space", 2 * bearer.MaxClaimsBytes, func(n int) error { return offer(object(100) + strings.Repeat(" ", n-100)) }, bearer.ErrClaims},
		{"diagnostics", bearer.MaxDiagnosticsBytes, func(n int) error {
			_, err := bearer.ParseDiagnostics("1;" + x(n-2))
			return err
		}, bearer.ErrDiagnostics},
		{"diagnostics number", 1<<31 - 1, func(n int) error {
			d, err := bearer.ParseDiagnostics(fmt.Sprint(n))
			if err == nil && d.Code != n {
				return fmt.Errorf("code %d", d.Code)
			}
			return err
		}, bearer.ErrDiagnostics},
		{"SASL", 16 << 10, func(n int) error { return sasl(refusal(n)) }, bearer.ErrSASL},
		{"SASL with white space", 32 << 10, func(n int) error { return sasl(refusal(100) + strings.Repeat(" ", n-100)) }, bearer.ErrSASL},
		{"SASL in base64", 16 << 10, func(n int) error { return sasl(base64.StdEncoding.EncodeToString([]byte(refusal(n)))) }, bearer.ErrSASL},
		{"user", 1024, func(n int) error { return probe(x(n)) }, nil},
		{"metadata", bearer.MaxMetadataBytes, metadata, nil},
	} {
		if err := tt.try(tt.n); err != nil {
			t.Errorf("%s of %d = %v", tt.name, tt.n, err)
		}
		if err := tt.try(tt.n + 1); err == nil || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s of %d = %v, want %v", tt.name, tt.n+1, err, tt.want)
		}
	}
}

// TestSecretsFrom16Bytes: a shorter token would be found in words.
func TestSecretsFrom16Bytes(t *testing.T) {
	for n, hidden := range map[int]bool{15: false, 16: true} {
		secret := strings.Repeat("s", n)
		header := http.Header{"Www-Authenticate": {`Bearer error="` + secret + `"`}}
		tr := &bearer.Transport{Source: &source{token: secret, err: errors.New("no other")}, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"},
			Base: roundTripper(func(*http.Request) (*http.Response, error) { return response(401, header), nil })}
		req, _ := http.NewRequest("GET", "https://mail.contoso.com/", nil)
		_, err := tr.RoundTrip(req)
		var re *bearer.RefreshError
		if !errors.As(err, &re) || strings.Contains(re.Offer.Error, secret) == hidden {
			t.Errorf("a token of %d bytes: %+v", n, err)
		}
		if !strings.Contains(header.Get("Www-Authenticate"), secret) {
			t.Errorf("a token of %d bytes: the header of the Base was changed", n)
		}
	}
}

// TestRefusalIsReadOrClosed: a body of up to 64 KiB is read to its end, so that the connection can
// be used again, and another is closed as it is.
func TestRefusalIsReadOrClosed(t *testing.T) {
	for length, want := range map[int64]bool{-1: false, 0: true, 1: true, 64 << 10: true, 64<<10 + 1: false} {
		read := false
		body := closer{readFunc(func([]byte) (int, error) { read = true; return 0, io.EOF }), func() {}}
		tr := &bearer.Transport{Source: &source{token: "old", next: "new"}, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"},
			Base: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.Header.Get("Authorization") == "Bearer new" {
					return response(200, nil), nil
				}
				return &http.Response{StatusCode: 401, ContentLength: length, Body: body}, nil
			})}
		req, _ := http.NewRequest("GET", "https://mail.contoso.com/", nil)
		if _, err := tr.RoundTrip(req); err != nil || read != want {
			t.Errorf("a body of %d bytes: %v, read %v, want %v", length, err, read, want)
		}
	}
}

type readFunc func([]byte) (int, error)

func (f readFunc) Read(b []byte) (int, error) { return f(b) }

// TestDuplicates: a second authority is a conflict, under whatever name it stands; another
// parameter that stands twice, or the same authority, is not.
func TestDuplicates(t *testing.T) {
	for second, conflict := range map[string]bool{
		`authorization_uri="https://b"`: true, `AUTHORIZATION_URI="https://b"`: true, `authorization_uri="https://a/"`: false, `authorization_uri=""`: false,
		`realm="https://b"`: false, `authority="https://b"`: true, `authorization="https://b"`: true, `authority="https://a"`: false, `authority=""`: false,
		`authority="https://%zz"`: true, `authorization_uri="https://%zz"`: true, `authority="https://a/?x"`: true, `authority="/"`: true,
	} {
		for _, field := range []string{`Bearer realm="r", authorization_uri="https://a", ` + second, `Bearer realm="r", authority="https://a", authorization_uri="https://a", authorization="https://a", ` + second} {
			o, err := bearer.FromResponse(response(401, http.Header{"Www-Authenticate": {field}}))
			if errors.Is(err, bearer.ErrConflict) != conflict || !conflict && (err != nil || o.AuthorizationURI != "https://a" || o.Realm != "r") {
				t.Errorf("%s: %+v, %v, want a conflict: %v", field, o, err, conflict)
			}
		}
	}
}

// TestMetadataRequest: one GET that says what it accepts, whose response is read and closed; of the
// document only what the offer lacks is taken, and what is not a plain https URL is not followed.
func TestMetadataRequest(t *testing.T) {
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
	for _, tt := range []struct {
		at, resource string
		scope, want  []string
		sent         int
		ok           bool
	}{
		{"https://mail.contoso.com/m", "https://mail.contoso.com", nil, []string{"eas"}, 1, true},
		{"https://mail.contoso.com/m", "https://mail.contoso.com", []string{"own"}, []string{"own"}, 1, true},
		{"https://mail.contoso.com/m", "https://mail.contoso.com/?a", nil, nil, 1, false},
		{"https://mail.contoso.com/m", "https://mail.contoso.com/#a", nil, nil, 1, false},
		{"https://mail.contoso.com/m", "https://ada@mail.contoso.com/", nil, nil, 1, false},
		{"https://mail.contoso.com/m", "https://%zz/", nil, nil, 1, false},
		{"https://ada@mail.contoso.com/m", "https://mail.contoso.com", nil, nil, 0, false},
		{"https://%zz/m", "https://mail.contoso.com", nil, nil, 0, false},
	} {
		sent, open := 0, 0
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent, open = sent+1, open+1
			if r.Method != "GET" || r.Header.Get("Accept") != "application/json" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s with %v", r.Method, r.Header)
			}
			doc := `{"resource":"` + tt.resource + `","authorization_servers":["https://%zz","https://a"],"scopes_supported":["eas"]}`
			return &http.Response{StatusCode: 200, Body: closer{strings.NewReader(doc), func() { open-- }}, Request: r}, nil
		})}
		o, _, err := bearer.FollowMetadata(t.Context(), c, endpoint, &bearer.Offer{ResourceMetadata: tt.at, Scope: tt.scope}, nil)
		if sent != tt.sent || open != 0 || (err == nil) != tt.ok || !tt.ok && !errors.Is(err, bearer.ErrMetadata) {
			t.Errorf("%+v: %v after %d requests, %d bodies are open", tt, err, sent, open)
		} else if tt.ok && (o.AuthorizationURI != "https://a" || strings.Join(o.Scope, " ") != strings.Join(tt.want, " ")) {
			t.Errorf("%+v: %+v", tt, o)
		}
	}
}
