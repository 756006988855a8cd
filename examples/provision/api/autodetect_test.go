package api_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/api"
	"github.com/easoauth/easoauth/examples/provision/internal/world"
)

// AutoDetect finds what the tenant's own AutoDetect finds, on both sides of a hybrid
// organization; and the library's client of that service understands both.
func TestAutoDetect(t *testing.T) {
	w := open(t, nil)
	w.Tenant.AddMailbox(eve)
	w.Tenant.Mailbox(eve).Move() // to the cloud
	ours := httptest.NewTLSServer(w.API)
	defer ours.Close()
	for address, want := range map[string]api.Detected{
		ada: {Endpoint: "https://mail.contoso.com/Microsoft-Server-ActiveSync", Location: "own", Rule: "cloud"},
		eve: {Endpoint: "https://outlook.office365.com/Microsoft-Server-ActiveSync", Location: "cloud", Rule: "cloud"},
	} {
		v := world.Body[api.Detected](t, call(t, w, "GET", "/autodetect?email="+url.QueryEscape(address), "", "", 200).Body)
		if v.Endpoint != want.Endpoint || v.Location != want.Location || v.Rule != want.Rule || !strings.EqualFold(v.Protocol, "ActiveSync") ||
			!strings.HasPrefix(v.Authority, "https://login.windows.net/") {
			t.Errorf("%s: %+v, want %+v", address, v, want)
		}
		for name, d := range map[string]*autodiscover.AutoDetect{
			"Microsoft's": {URL: &url.URL{Scheme: "https", Host: "prod.autodetect.outlook.cloud.microsoft", Path: "/detect"}, HTTPClient: w.Tenant.Client()},
			"ours":        {URL: parse(t, ours.URL+"/autodetect"), HTTPClient: ours.Client()},
		} {
			e, err := d.Lookup(t.Context(), address)
			if err != nil {
				t.Errorf("%s by %s: %v", address, name, err)
				continue
			}
			// Microsoft's names outlook.office.com for every mailbox in the cloud.
			if host := e.URL.Host; host != parse(t, want.Endpoint).Host && (want.Location != "cloud" || host != "outlook.office.com") {
				t.Errorf("%s by %s: %s, want %s", address, name, e.URL, want.Endpoint)
			}
		}
	}
	call(t, w, "GET", "/autodetect?email=x", "", "", 400)
	call(t, w, "GET", "/autodetect", "", "", 400)
}

func parse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// lookups counts.
type lookups struct {
	autodiscover.Lookuper
	n int
}

func (l *lookups) Lookup(ctx context.Context, address string) (*autodiscover.Endpoint, error) {
	l.n++
	return l.Lookuper.Lookup(ctx, address)
}

// A response is remembered, for the address or for the domain; who asks too often waits; and
// the log has no address.
func TestDetector(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
	tn.AddMailbox(ada)
	tn.AddMailbox(eve)
	for _, one := range []bool{false, true} {
		var log bytes.Buffer
		l := &lookups{Lookuper: &autodiscover.Resolver{HTTPClient: tn.Client()}}
		d := &api.Detector{Lookup: l, HTTPClient: tn.Client(), OneEndpoint: one, Rate: 8, Logger: slog.New(slog.NewTextHandler(&log, nil))}
		detect := func(address string) *httptest.ResponseRecorder {
			r := httptest.NewRequest(http.MethodGet, "/autodetect", nil)
			r.Header.Set("X-Email", address)
			out := httptest.NewRecorder()
			d.ServeHTTP(out, r)
			return out
		}
		for _, address := range []string{ada, ada, strings.ToUpper(ada), eve} {
			if out := detect(address); out.Code != 200 {
				t.Errorf("status %d %s", out.Code, out.Body)
			}
		}
		if want := map[bool]int{false: 2, true: 1}[one]; l.n != want {
			t.Errorf("one endpoint %v: %d look-ups, want %d", one, l.n, want)
		}
		l.Lookuper = failing{}
		if out := detect("bob@fabrikam.com"); out.Code != 404 || strings.Contains(out.Body.String(), "bob@") {
			t.Errorf("status %d %s, want 404 without the address", out.Code, out.Body)
		}
		last := 0
		for range 5 {
			out := detect(ada)
			if last = out.Code; last == 429 && out.Header().Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
		}
		if last != 429 {
			t.Errorf("the tenth request in a moment has status %d, want 429", last)
		}
		if strings.Contains(log.String(), "@") {
			t.Errorf("the log names an address:\n%s", &log)
		}
	}
}

type failing struct{}

func (failing) Lookup(context.Context, string) (*autodiscover.Endpoint, error) {
	return nil, &autodiscover.LookupError{Hops: []autodiscover.Hop{{Candidate: "cloud", URL: "https://outlook.office365.com/autodiscover/autodiscover.json", Err: autodiscover.ErrUserUnknown}}}
}

// An authority that is not trusted is not passed on.
func TestUntrusted(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.OnPremises})
	tn.AddMailbox(ada, &eas.Email{Subject: "One"})
	d := &api.Detector{Lookup: &autodiscover.Resolver{HTTPClient: tn.Client(), NoCloud: true}, HTTPClient: tn.Client()}
	if v, err := d.Detect(t.Context(), ada); err == nil {
		t.Errorf("Detect = %+v, want an error: AD FS is not in the list", v)
	}
	d.Authorities = []string{"fs.contoso.com", "adfs.contoso.com", "sts.contoso.com"}
	if v, err := d.Detect(t.Context(), ada); err != nil || v.Rule == "cloud" {
		t.Errorf("Detect = %+v, %v", v, err)
	}
}
