package eastest_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/eas/eastest"
)

// What net/http shows of each fault between client and server, in memory and on loopback, and
// that the hosts it is not bound to, and the host after it is lifted, are well.
func TestWireFaults(t *testing.T) {
	const host = "mail.contoso.com"
	for _, tt := range []struct {
		id, value, text string
		check           func(err error) bool
	}{
		{id: "DNS_NXDOMAIN", text: "no such host", check: func(err error) bool {
			var dns *net.DNSError
			return errors.As(err, &dns) && dns.IsNotFound && dns.Name == host
		}},
		{id: "DNS_FAILED", text: "server misbehaving", check: func(err error) bool {
			var dns *net.DNSError
			return errors.As(err, &dns) && !dns.IsNotFound && dns.IsTemporary
		}},
		{id: "TCP_UNREACHABLE", text: "connection refused", check: func(err error) bool {
			var op *net.OpError
			return errors.As(err, &op) && op.Op == "dial" && !op.Timeout()
		}},
		{id: "TCP_UNREACHABLE", value: "timeout", text: "i/o timeout", check: func(err error) bool {
			var op *net.OpError
			return errors.As(err, &op) && op.Op == "dial" && op.Timeout()
		}},
		{id: "TLS_HANDSHAKE_CUT", text: "EOF", check: func(err error) bool { return errors.Is(err, io.EOF) }},
		{id: "NOT_TLS", text: "server gave HTTP response to HTTPS client"},
		{id: "TLS_VERSION", text: "remote error: tls: protocol version not supported"},
		{id: "CLIENT_CERT", text: "remote error: tls: certificate required"},
		{id: "TLS_CERT_INVALID", text: "certificate has expired", check: invalid(x509.Expired)},
		{id: "TLS_CERT_INVALID", value: "early", text: "is not yet valid", check: invalid(x509.Expired)},
		{id: "TLS_CERT_INVALID", value: "name", text: "valid for www.fabrikam.example, not mail.contoso.com", check: func(err error) bool {
			var name x509.HostnameError
			return errors.As(err, &name)
		}},
		{id: "TLS_CERT_INVALID", value: "authority", text: "certificate signed by unknown authority", check: unknownAuthority},
		{id: "TLS_CERT_INVALID", value: "chain", text: "certificate signed by unknown authority", check: unknownAuthority},
		{id: "TLS_CERT_INVALID", value: "sha1", text: "insecure algorithm ECDSA-SHA1", check: unknownAuthority},
		{id: "CONN_RESET", text: "EOF", check: func(err error) bool { return errors.Is(err, io.EOF) }},
	} {
		t.Run(tt.id+tt.value, func(t *testing.T) {
			tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
			_, loopback, err := tn.Listen()
			if err != nil {
				t.Fatal(err)
			}
			for name, c := range map[string]*http.Client{"in memory": tn.Client(), "loopback": loopback} {
				get(t, c, "https://"+host+"/") // an idle connection must not hide the fault
				c.CloseIdleConnections()
				s := tn.Switch(eastest.Fault{ID: tt.id, Value: tt.value, Host: host})
				if resp, err := c.Get("https://" + host + "/"); err == nil {
					resp.Body.Close()
					t.Errorf("%s: status %d, want %q", name, resp.StatusCode, tt.text)
				} else if !strings.Contains(err.Error(), tt.text) || tt.check != nil && !tt.check(err) {
					t.Errorf("%s: %v, want %q", name, err, tt.text)
				}
				if s.Fired() == 0 {
					t.Errorf("%s: the fault did not count", name)
				}
				get(t, c, "https://outlook.office365.com/")
				s.Lift()
				get(t, c, "https://"+host+"/")
			}
		})
	}
}

// The bytes that a client gets in place of a handshake.
func TestHandshakeBytes(t *testing.T) {
	for id, want := range map[string]string{
		"TLS_HANDSHAKE_CUT": "",
		"TLS_VERSION":       "\x15\x03\x01\x00\x02\x02\x46",
		"NOT_TLS":           "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request",
	} {
		tn := eastest.New(t, nil)
		tn.Switch(eastest.Fault{ID: id})
		inner, err := tn.Client().Transport.(*http.Transport).DialContext(t.Context(), "tcp", "outlook.office365.com:443")
		if err != nil {
			t.Fatal(err)
		}
		var got bytes.Buffer
		c := tls.Client(&tapped{inner, &got}, &tls.Config{ServerName: "outlook.office365.com"})
		if err := c.HandshakeContext(t.Context()); err == nil {
			t.Errorf("%s: a handshake", id)
		}
		if _, err := io.Copy(&got, inner); err != nil {
			t.Errorf("%s: %v", id, err)
		}
		inner.Close()
		if got.String() != want {
			t.Errorf("%s: %q, want %q", id, got.String(), want)
		}
	}
}

// A tapped connection keeps what is read from it.
type tapped struct {
	net.Conn
	got *bytes.Buffer
}

func (c *tapped) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.got.Write(p[:n])
	return n, err
}

func invalid(reason x509.InvalidReason) func(error) bool {
	return func(err error) bool {
		var inv x509.CertificateInvalidError
		return errors.As(err, &inv) && inv.Reason == reason
	}
}

func unknownAuthority(err error) bool {
	var unknown x509.UnknownAuthorityError
	return errors.As(err, &unknown)
}

// A fault that is switched on shows to the tenant's client although it has an idle connection.
func TestWireFaultsCloseIdleConnections(t *testing.T) {
	tn := eastest.New(t, nil)
	get(t, tn.Client(), "https://outlook.office365.com/")
	tn.Switch(eastest.Fault{ID: "TLS_HANDSHAKE_CUT"})
	if resp, err := tn.Client().Get("https://outlook.office365.com/"); err == nil {
		resp.Body.Close()
		t.Errorf("status %d, want a cut handshake", resp.StatusCode)
	}
}

// The certificate verifies, and ends on the day that the value names, by the tenant's clock.
func TestCertificateExpiring(t *testing.T) {
	for value, days := range map[string]int{"": 7, "3": 3} {
		tn := eastest.New(t, nil)
		tn.Switch(eastest.Fault{ID: "TLS_CERT_EXPIRING", Value: value})
		resp, err := tn.Client().Get("https://outlook.office365.com/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		left := resp.TLS.PeerCertificates[0].NotAfter.Sub(tn.Now())
		if want := time.Duration(days) * 24 * time.Hour; left > want || left < want-time.Minute {
			t.Errorf("value %q: expires in %v, want %v", value, left, want)
		}
	}
}

// A captive portal and a web site under a wildcard record are pages where none should be.
func TestForeignPages(t *testing.T) {
	for _, tt := range []struct {
		id, value, url string
		status         int
		header, body   string
	}{
		{"CAPTIVE_PORTAL", "", lookupURL, 302, "http://portal.fabrikam.example/login", ""},
		{"CAPTIVE_PORTAL", "page", "https://login.microsoftonline.com/common/oauth2/v2.0/authorize", 200, "", "<title>Guest network</title>"},
		{"WILDCARD_DNS", "", lookupURL, 200, "", "<title>Welcome to contoso.com</title>"},
	} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid})
		tn.Switch(eastest.Fault{ID: tt.id, Value: tt.value})
		status, h, body := ask(t, tn, "GET", tt.url)
		if status != tt.status || h.Get("Location") != tt.header || !strings.Contains(body, tt.body) {
			t.Errorf("%s %q: %d %v %s", tt.id, tt.value, status, h, body)
		}
		if why := tn.Requests()[0].Why; len(why) != 1 || why[0] != "fault "+tt.id {
			t.Errorf("%s: why %q", tt.id, why)
		}
		if tt.id == "WILDCARD_DNS" {
			if status, _, body := ask(t, tn, "GET", "https://mail.contoso.com/"); strings.Contains(body, "Welcome") {
				t.Errorf("the mail host is the web site: %d", status)
			}
		}
	}
}

// Without a response a client waits as long as its own limit, and the tenant's end ends it.
func TestNoResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, nil)
		tn.Switch(eastest.Fault{ID: "NO_RESPONSE"})
		began := time.Now()
		c := &http.Client{Transport: tn.Client().Transport, Timeout: time.Hour}
		resp, err := c.Get("https://outlook.office365.com/")
		if err == nil {
			resp.Body.Close()
			t.Fatalf("status %d, want none", resp.StatusCode)
		}
		var ne net.Error
		if d := time.Since(began); !errors.As(err, &ne) || !ne.Timeout() || d != time.Hour {
			t.Errorf("after %v: %v", d, err)
		}
		go func() {
			if resp, err := tn.Client().Get("https://outlook.office365.com/"); err == nil {
				resp.Body.Close()
				t.Error("a response came")
			}
		}()
		synctest.Wait()
		tn.Close()
	})
}

// A connection that died in silence does not reply to a PING of HTTP/2 either; one with a
// silent request does.
func TestSilentConnection(t *testing.T) {
	for value, want := range map[string]time.Duration{"request": time.Hour, "connection": 90 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			tn := eastest.New(t, nil)
			s := tn.Switch(eastest.Fault{ID: "NO_RESPONSE", Value: value, Times: 1})
			tr := tn.Client().Transport.(*http.Transport).Clone()
			tr.ForceAttemptHTTP2 = true
			tr.HTTP2 = &http.HTTP2Config{SendPingTimeout: time.Minute, PingTimeout: 30 * time.Second}
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			req, err := http.NewRequestWithContext(ctx, "POST", "https://outlook.office365.com/", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := tr.RoundTrip(req)
			if err == nil {
				resp.Body.Close()
				t.Fatalf("%s: status %d, want none", value, resp.StatusCode)
			}
			if d := time.Since(began); d != want || s.Fired() != 1 {
				t.Errorf("%s: after %v, want %v: %v", value, d, want, err)
			}
			get(t, &http.Client{Transport: tr}, "https://outlook.office365.com/")
			tr.CloseIdleConnections()
		})
	}
}

func proxyHeader(to *string) func(context.Context, *url.URL, *http.Request, *http.Response) error {
	return func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		*to = resp.Header.Get("Proxy-Authenticate")
		return nil
	}
}

// A proxy that wants credentials, and one that hangs up.
func TestProxyFaults(t *testing.T) {
	for id, text := range map[string]string{"PROXY_AUTH": "Proxy Authentication Required", "PROXY_UNREACHABLE": "EOF"} {
		tn := eastest.New(t, nil)
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		if err := tn.ServeProxy(ln); err != nil {
			t.Fatal(err)
		}
		tr := &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: ln.Addr().String()}), TLSClientConfig: &tls.Config{RootCAs: tn.CertPool()}}
		var authenticate string
		tr.OnProxyConnectResponse = proxyHeader(&authenticate)
		s := tn.Switch(eastest.Fault{ID: id})
		if resp, err := (&http.Client{Transport: tr}).Get("https://outlook.office365.com/"); err == nil {
			resp.Body.Close()
			t.Errorf("%s: status %d", id, resp.StatusCode)
		} else if !strings.Contains(err.Error(), text) {
			t.Errorf("%s: %v, want %q", id, err, text)
		}
		if want := map[string]string{"PROXY_AUTH": `Basic realm="proxy"`}[id]; authenticate != want {
			t.Errorf("%s: Proxy-Authenticate %q, want %q", id, authenticate, want)
		}
		s.Lift()
		get(t, &http.Client{Transport: tr}, "https://outlook.office365.com/")
		tr.CloseIdleConnections()
	}
}
