package archive_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/internal/archive"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// capture records one exchange.
func capture(t *testing.T, req *http.Request, h http.HandlerFunc) string {
	t.Helper()
	r := &archive.Recorder{Base: roundTrip(func(req *http.Request) (*http.Response, error) {
		rec := httptest.NewRecorder()
		h(rec, req)
		return rec.Result(), nil
	})}
	resp, err := r.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		t.Fatal(err)
	}
	var s archive.StandIn
	s.Address("ada.lovelace@berlin.contoso.com")
	return string(r.Write("test", &s))
}

// What a real deployment may say about itself, in all the places where it may.
func TestCaptureHoldsNobody(t *testing.T) {
	const jwt = "eyJhbGciOiJSUzI1NiJ9.eyJ1cG4iOiJhZGEubG92ZWxhY2VAYmVybGluLmNvbnRvc28uY29tIiwibmFtZSI6IkFkYSJ9.c2ln"
	bad := regexp.MustCompile(`(?i)contoso|ada\.?lovelace|berlin|exch01|fe-hamburg|10\.1\.2\.3|203\.0\.113\.77|2a01:4f8|eyJ|5d2f0c1e|S3cret|MIIC`)
	for name, c := range map[string]struct {
		header map[string]string
		body   string
	}{
		"machines":            {map[string]string{"X-FEServer": "EXCH01", "X-BEServer": "fe-hamburg.contoso.local", "X-DiagInfo": "EXCH01"}, "exch01 and EXCH01.contoso.local"},
		"unknown fields":      {map[string]string{"X-Backend": "exch01.contoso.local", "X-Forwarded-For": "203.0.113.77", "Set-Cookie": "BIGipServerpool_contoso=S3cret; path=/", "X-Site": "Contoso GmbH"}, ""},
		"known fields":        {map[string]string{"Via": "1.1 proxy.contoso.local (10.1.2.3)", "WWW-Authenticate": `Basic realm="EXCH01.contoso.local"`, "Location": "https://sso.contoso.com/login?u=ada.lovelace%40berlin.contoso.com&code=S3cret-S3cret", "X-MS-Diagnostics": `2000003;reason="Expected 'https://mail.berlin.contoso.com'. Actual 'http://exch01'";error_category="invalid_resource"`}, "see https://exch01/owa"},
		"page":                {map[string]string{"Content-Type": "text/html"}, `<title>CONTOSO login</title><a href="https://sso.contoso.com/?a=ada.lovelace@berlin.contoso.com">10.1.2.3 2a01:4f8:1:2::3</a> ADA.LOVELACE&#64;BERLIN.contoso.com <input name="__VIEWSTATE" value="/wEPDwUKMTY1NDU2MTA1MmRkS3cretMIICxyzAbcDef0123456789">`},
		"JSON, escaped":       {map[string]string{"Content-Type": "application/json"}, `{"Url":"https:\/\/mail.berlin.contoso.com\/x","who":"ada.lovelace\u0040berlin.contoso.com","at":"\u0022mail.contoso.com\u0022","n":"\nada.lovelace@contoso.com"}`},
		"token":               {map[string]string{"Content-Type": "application/json"}, `{"access_token":"` + jwt + `","id_token":"` + jwt + `"}`},
		"token in a text":     {map[string]string{"Content-Type": "text/plain"}, "got " + jwt},
		"keys":                {map[string]string{"Content-Type": "application/json"}, `{"keys":[{"kid":"EXCH01","n":"S3cret","x5c":["MIICcontoso"],"e":"AQAB"}]}`},
		"tenant":              {map[string]string{"Content-Type": "application/json"}, `{"issuer":"https://sts.windows.net/5d2f0c1e-2b3c-4d5e-8f90-a1b2c3d4e5f6/","h":"5d2f0c1e2b3c4d5e8f90a1b2c3d4e5f6","p":"00000001-0000-0000-c000-000000000000@5d2f0c1e-2b3c-4d5e-8f90-a1b2c3d4e5f6"}`},
		"v1":                  {map[string]string{"Content-Type": "text/xml"}, `<User><DisplayName>Ada Lovelace</DisplayName><EMailAddress>ada.lovelace@berlin.contoso.com</EMailAddress></User>`},
		"shared suffixes":     {map[string]string{"Content-Type": "text/plain"}, "contoso.mail.onmicrosoft.com contoso-com.mail.protection.outlook.com 5d2f0c1e-2b3c-4d5e-8f90-a1b2c3d4e5f6.msappproxy.net contoso.sharepoint.com"},
		"claims":              {map[string]string{"WWW-Authenticate": `Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnsieG1zX3JwX2lwYWRkciI6IjEwLjEuMi4zIn19"`}, ""},
		"binary":              {map[string]string{"Content-Type": "application/octet-stream"}, "\xff contoso"},
		"a document, broken":  {map[string]string{"Content-Type": archive.WBXML}, "\x03\x01\x6a\x00\x00\x07\x56\x03contoso"},
		"a document, a name":  {map[string]string{"Content-Type": archive.WBXML}, "\x03\x01\x6a\x00\x00\x07\x56\x4f\x47\x03Projekt Contoso\x00\x01\x01\x01"},
		"a document, as data": {map[string]string{"Content-Type": archive.WBXML}, "\x03\x01\x6a\x00\x00\x07\x56\x4f\x47\xc3\x07Contoso\x01\x01\x01"},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("POST", "https://mail.berlin.contoso.com/owa?User=ada.lovelace%40berlin.contoso.com&x=https%3A%2F%2Fmail.contoso.com%2F", strings.NewReader("scope=https%3A%2F%2Fmail.berlin.contoso.com%2FEAS.AccessAsUser.All&refresh_token=S3cret&username=ada.lovelace%40berlin.contoso.com"))
			req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			req.Header.Set("Authorization", "Bearer "+jwt)
			req.Header.Set("X-Internal", "EXCH01")
			out := capture(t, req, func(w http.ResponseWriter, _ *http.Request) {
				for k, v := range c.header {
					w.Header().Set(k, v)
				}
				io.WriteString(w, c.body)
			})
			if m := bad.FindAllString(out, -1); m != nil {
				t.Errorf("%q is in\n%s", m, out)
			}
		})
	}
}

// The same name has the same stand-in wherever it stands, and what says who responded stays.
func TestStandIn(t *testing.T) {
	var s archive.StandIn
	s.Address("ada@contoso.com")
	s.Host("exch01.contoso.local")
	for _, tt := range []struct{ text, want string }{
		{"ada@contoso.com ADA@Contoso.com ada%40contoso.com bob@contoso.com", "user1@domain1.example user1@domain1.example user1%40domain1.example user2@domain1.example"},
		{"https%3A%2F%2Fmail.contoso.com%2F", "https%3A%2F%2Fmail.domain1.example%2F"},
		{"https://exch02.contoso.com/ https://exch02.contoso.com:8443", "https://host1.domain1.example/ https://host1.domain1.example:8443"},
		{"exch02.contoso.local", "host1.domain2.example"},
		{"autodiscover.contoso.com", "autodiscover.domain1.example"},
		{"outlook.office365.com login.windows.net", "outlook.office365.com login.windows.net"},
		{"00000002-0000-0ff1-ce00-000000000000 F8CDEF31-a31e-4b4a-93e4-5f571e91255a", "00000002-0000-0ff1-ce00-000000000000 00000001-0000-4000-8000-000000000000"},
		{"10.0.0.1 10.0.0.2 10.0.0.1 2a01:4f8::1 127.0.0.1", "192.0.2.1 192.0.2.2 192.0.2.1 2001:db8::3 127.0.0.1"},
		{"CONTOSO\\ada Contoso GmbH", "domain1\\user1 domain1 GmbH"},
		{"EAS.AccessAsUser.All User.Read default.eas Exchange.asmx autodiscover.json 09:00:00", "EAS.AccessAsUser.All User.Read default.eas Exchange.asmx autodiscover.json 09:00:00"},
		{"fabrikam.de and xn--mnchen-3ya.de", "domain3.example and domain4.example"},
	} {
		if got := s.Text(tt.text); got != tt.want {
			t.Errorf("Text(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

func FuzzStandIn(f *testing.F) {
	for _, s := range []string{"ada@contoso.com", "https://exch01/", "%40ada%40contoso.com", "::1", "1.2.3.4.5", "\\u0040", "a@b@c", "5d2f0c1e-2b3c-4d5e-8f90-a1b2c3d4e5f6@contoso.com"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var s archive.StandIn
		s.Address("ada.lovelace@contoso.com")
		s.Notice(text)
		if out := s.Text(text); strings.Contains(strings.ToLower(out), "contoso") {
			t.Errorf("%q", out)
		}
	})
}

// What a recorder does not change: the request as the server gets it, the response as the
// client gets it, whatever their size; of what is too long for an archive nothing, or the beginning, is kept.
func TestRecorderPasses(t *testing.T) {
	for _, size := range []int{0, 1, 256 << 10, 256<<10 + 1, 1 << 20} {
		body := strings.Repeat("x", size)
		r := &archive.Recorder{Base: roundTrip(func(req *http.Request) (*http.Response, error) {
			rec := httptest.NewRecorder()
			if req.Body != nil {
				if _, err := io.Copy(rec, req.Body); err != nil {
					return nil, err
				}
			}
			return rec.Result(), nil
		})}
		for range 2 { // a second request finds the recorder free
			req, err := http.NewRequest("POST", "https://mail.contoso.com/", strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			resp, err := r.RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(resp.Body)
			if err != nil || string(got) != body {
				t.Errorf("%d bytes: %d, %v", size, len(got), err)
			}
		}
		if kept := size > 0 && size <= 256<<10; r.Has("x") != kept {
			t.Errorf("%d bytes: kept %v", size, !kept)
		}
	}
	// A request without a body, and one that fails.
	r := &archive.Recorder{
		Base:  roundTrip(func(*http.Request) (*http.Response, error) { return nil, io.ErrUnexpectedEOF }),
		Fault: func(context.Context, error) string { return "CONN_RESET" },
	}
	for _, body := range []io.Reader{nil, http.NoBody} {
		req, err := http.NewRequest("", "https://mail.contoso.com/", body)
		if err != nil {
			t.Fatal(err)
		}
		req.Method = ""
		if _, err := r.RoundTrip(req); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%v", err)
		}
	}
	var s archive.StandIn
	if out := string(r.Write("test", &s)); !strings.Contains(out, "-- 001/request.http --\nGET https://mail.domain1.example/ HTTP/1.1\n") || !strings.Contains(out, "-- 002/response.http --\ncut CONN_RESET\n") {
		t.Errorf("%s", out)
	}
}

// What a client acts on stays, with stand-ins: the structure of documents, keys of synchronization,
// the form of a token request, the interval of a device code as short as can be.
func TestCaptureKeeps(t *testing.T) {
	for name, c := range map[string]struct{ kind, body, want string }{
		"a document": {archive.WBXML, "\x03\x01\x6a\x00\x00\x07\x56\x52\x031\x00\x01\x4f\x47\x03Inbox\x00\x01\x01\x01", "<SyncKey>1</SyncKey>"},
		"its words":  {archive.WBXML, "\x03\x01\x6a\x00\x00\x07\x56\x52\x031\x00\x01\x4f\x47\x03Inbox\x00\x01\x01\x01", ">text-1</"},
		"interval":   {"application/json", `{"device_code":"S3cret","interval":5}`, `"interval":1}`},
		"the last":   {"application/json", `{"expires_in":3600,"id_token":"abc"}`, `{"expires_in":3600}`},
		"flags":      {"application/json", `{"authorization_response_iss_parameter_supported":true}`, `{"authorization_response_iss_parameter_supported":true}`},
	} {
		t.Run(name, func(t *testing.T) {
			req := httptest.NewRequest("POST", "https://mail.berlin.contoso.com/", strings.NewReader("S3cret eyJh.eyJi.c"))
			req.Header.Set("Content-Type", "text/plain")
			out := capture(t, req, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", c.kind)
				io.WriteString(w, c.body)
			})
			if !strings.Contains(out, c.want) || strings.Contains(out, "eyJ") {
				t.Errorf("%q is not in, or a token is in\n%s", c.want, out)
			}
			files := archive.Parse([]byte(out))
			if len(files) < 4 || files[0].Name != "001/request.http" || !strings.HasPrefix(string(files[0].Data), "POST https://") {
				t.Errorf("%+v", files)
			}
		})
	}
}
