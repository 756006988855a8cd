package eastest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
)

const plainURL = "http://autodiscover.contoso.com/autodiscover/autodiscover.xml"

// The name of a customer of the cloud leads there, with a certificate that does not fit, and over
// plain http on to a host whose does.
func TestAliasOfTheCloud(t *testing.T) {
	for nation, want := range map[string]struct{ certificate, to string }{
		"":         {"autodiscover.outlook.com", "autodiscover-s.outlook.com"},
		"GCC High": {"autodiscover.office365.us", "autodiscover-s.office365.us"},
		"DoD":      {"autodiscover-dod.office365.us", "autodiscover-s-dod.office365.us"},
		"China":    {"autodiscover.partner.outlook.cn", "autodiscover-s.partner.outlook.cn"},
	} {
		tn := eastest.New(t, &eastest.Options{Nation: nation, Domains: []string{"fabrikam.com"}})
		_, err := tn.Client().Get("https://autodiscover.contoso.com/autodiscover/autodiscover.xml")
		var name x509.HostnameError
		if !errors.As(err, &name) {
			t.Fatalf("%q: %v", nation, err)
		}
		if diff := cmp.Diff([]string{want.certificate}, name.Certificate.DNSNames); diff != "" {
			t.Errorf("%q: the certificate (-want +got):\n%s", nation, diff)
		}
		location := "https://" + want.to + "/autodiscover/autodiscover.xml"
		for _, u := range []string{plainURL, "http://autodiscover.fabrikam.com/autodiscover/autodiscover.xml", "http://" + want.certificate + "/"} {
			if status, h, _ := ask(t, tn, "GET", u); status != 302 || h.Get("Location") != location {
				t.Errorf("%q: %s: %d %s", nation, u, status, h.Get("Location"))
			}
		}
		if r := tn.Requests(); len(r) != 3 || r[0].Host != "autodiscover.contoso.com" {
			t.Errorf("%q: transcript %v", nation, r)
		}
	}
}

// Other ports and hosts are closed, and those on-premises do not listen at port 80.
func TestPlainClosed(t *testing.T) {
	for _, tt := range []struct {
		topology eastest.Topology
		url      string
	}{{eastest.Cloud, "http://outlook.office365.com/"}, {eastest.Cloud, "http://autodiscover.contoso.com:8080/"}, {eastest.Hybrid, plainURL}, {eastest.OnPremises, plainURL}} {
		tn := eastest.New(t, &eastest.Options{Topology: tt.topology})
		var op *net.OpError
		if _, err := tn.Client().Get(tt.url); !errors.As(err, &op) || op.Op != "dial" {
			t.Errorf("%s: %v", tt.url, err)
		}
	}
}

// Plain http vouches for nobody.
func TestUnconfirmed(t *testing.T) {
	for value, want := range map[string]string{"": "https://autodiscover.fabrikam.example/autodiscover/autodiscover.xml", "mail.fabrikam.example:444": "https://mail.fabrikam.example:444/autodiscover/autodiscover.xml"} {
		for _, topology := range []eastest.Topology{eastest.Cloud, eastest.Hybrid, eastest.OnPremises} {
			tn := faulty(t, eastest.Options{Topology: topology}, eastest.Fault{ID: "AD_UNCONFIRMED", Value: value})
			if status, h, _ := ask(t, tn, "GET", plainURL); status != 302 || h.Get("Location") != want {
				t.Errorf("%s: %d %s", topology, status, h.Get("Location"))
			}
		}
	}
}

// The library finds a mailbox by plain http, if the program vouches for the host.
func TestLookupByPlainHTTP(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox(ada)
	tn.Switch(eastest.Fault{ID: "AD_NOT_V2", Host: "outlook.office365.com"})
	r := &autodiscover.Resolver{HTTPClient: tn.Client(), AskHTTP: true, Confirm: func(_ context.Context, from, to *url.URL) error {
		if from.Scheme != "http" || to.Host != "autodiscover-s.outlook.com" {
			return errors.New("another host")
		}
		return nil
	}}
	e, err := r.Lookup(t.Context(), ada)
	if err != nil || e.URL.String() != tn.URL().String() {
		t.Errorf("%v, %v", e, err)
	}
}

// A program of its own reaches port 80 through the proxy, and by the client of Listen.
func TestPlainThroughProxy(t *testing.T) {
	tn := eastest.New(t, nil)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := tn.ServeProxy(ln); err != nil {
		t.Fatal(err)
	}
	tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: ln.Addr().String()}), TLSClientConfig: &tls.Config{RootCAs: tn.CertPool()}}
	defer tr.CloseIdleConnections()
	_, listen, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]*http.Client{"proxy": {Transport: tr}, "Listen": listen} {
		c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		resp, err := c.Get(plainURL)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		resp.Body.Close()
		if resp.StatusCode != 302 || !strings.HasPrefix(resp.Header.Get("Location"), "https://autodiscover-s.outlook.com/") {
			t.Errorf("%s: %d %v", name, resp.StatusCode, resp.Header)
		}
	}
	resp, err := (&http.Client{Transport: tr}).Get("http://outlook.office365.com/")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a host that does not listen: %d", resp.StatusCode)
	}
}
