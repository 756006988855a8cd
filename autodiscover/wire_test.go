package autodiscover_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
)

// What is on the wire: HTTP/2 where the server has it, the User-Agent of the library or of
// the caller, and neither a Referer nor a cookie.
func TestOnTheWire(t *testing.T) {
	var seen []*http.Request
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = append(seen, r)
		if len(seen)%2 == 1 {
			http.Redirect(w, r, "https://b.contoso.com/autodiscover/autodiscover.json", http.StatusFound)
			return
		}
		jsonAnswer(200, found)(w, r)
	}))
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	base := srv.Client().Transport.(*http.Transport).Clone()
	base.TLSClientConfig.ServerName = "example.com"
	base.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, srv.Listener.Addr().String())
	}
	for _, agent := range []string{"", "Contoso/1.0"} {
		seen = nil
		_, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: base}, NoCloud: true, UserAgent: agent}).Lookup(t.Context(), "ada@contoso.com")
		if err != nil || len(seen) != 2 {
			t.Fatalf("Lookup = %v after %d requests", err, len(seen))
		}
		want := agent
		if want == "" {
			want = "easoauth"
		}
		for _, r := range seen {
			if r.ProtoMajor != 2 || !strings.HasPrefix(r.UserAgent(), want) || r.Referer() != "" || r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
				t.Errorf("%s was asked over %s with %v", r.Host, r.Proto, r.Header)
			}
		}
	}
}

// A proxy that demands a sign-in, refuses, or is not there is named as what it is; it
// is sent no credential, and the zero Resolver says that it ignores HTTPS_PROXY.
func TestS023Proxy(t *testing.T) {
	for status, fault := range map[int]string{http.StatusProxyAuthRequired: "PROXY_AUTH", http.StatusForbidden: "PROXY_UNREACHABLE", http.StatusBadGateway: "PROXY_UNREACHABLE"} {
		var seen []*http.Request
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			seen = append(seen, r)
			w.Header().Set("Proxy-Authenticate", "Bearer")
			w.Header().Set("WWW-Authenticate", `Bearer authorization_uri="https://evil.example/"`)
			w.WriteHeader(status)
		}))
		u, err := url.Parse(proxy.URL)
		if err != nil {
			t.Fatal(err)
		}
		_, err = (&autodiscover.Resolver{Proxy: http.ProxyURL(u), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		var he *autodiscover.HopError
		if !errors.As(err, &he) || he.Fault != fault || !errors.Is(err, autodiscover.ErrUnreachable) {
			t.Errorf("status %d: %v, want %s", status, err, fault)
		}
		if len(seen) != 1 || seen[0].Method != http.MethodConnect || seen[0].Header.Get("Proxy-Authorization") != "" || strings.Contains(seen[0].RequestURI, "ada") {
			t.Errorf("the proxy was sent %v", seen)
		}
		proxy.Close()
		if status != http.StatusForbidden {
			continue
		}
		_, err = (&autodiscover.Resolver{Proxy: http.ProxyURL(u), NoCloud: true}).Lookup(t.Context(), "ada@contoso.com")
		if !errors.As(err, &he) || he.Fault != "PROXY_UNREACHABLE" {
			t.Errorf("no proxy: %v, want PROXY_UNREACHABLE", err)
		}
	}
}

// TLS that is too old, or cut off, is named, and nothing is tried without it.
func TestS019TLSThatFails(t *testing.T) {
	for name, tt := range map[string]struct {
		serve func(net.Conn)
		fault string
	}{
		"plain http": {func(c net.Conn) {
			buf := make([]byte, 1)
			_, _ = c.Read(buf)
			_, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
		}, "NOT_TLS"},
		"cut off": {func(c net.Conn) {
			buf := make([]byte, 64)
			_, _ = c.Read(buf)
		}, "TLS_HANDSHAKE_CUT"},
		"too old": {func(c net.Conn) {
			srv := tls.Server(c, &tls.Config{MaxVersion: tls.VersionTLS11, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("no") }})
			_ = srv.Handshake()
		}, "TLS_VERSION"},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			dials := 0
			go func() {
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					dials++
					tt.serve(c)
					c.Close()
				}
			}()
			_, err = (&autodiscover.Resolver{Host: l.Addr().String(), AllowPrivate: true, Timeout: 10 * time.Second}).Lookup(t.Context(), "ada@contoso.com")
			var he *autodiscover.HopError
			if !errors.As(err, &he) || he.Fault != tt.fault {
				t.Errorf("%v, want %s", err, tt.fault)
			}
		})
	}
}
