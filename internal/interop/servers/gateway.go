package servers

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// Domain is that of the users at the servers.
const Domain = "contoso.test"

// A Site is an ActiveSync server behind examples/gateway, and the authority that it trusts.
type Site struct {
	URL    *url.URL
	Client *http.Client // reaches the site and the authority
	Tenant *eastest.Tenant
}

// Gateway runs examples/gateway, as a process, in front of a server that knows passwords. The
// users' logins are what stands before the @ of their addresses, and their passwords
// "secret-" and that.
func Gateway(t testing.TB, upstream string, users ...string) *Site {
	t.Helper()
	dir := Dir(t, "")
	tn := eastest.New(t, &eastest.Tenant{Hybrid: true, Domain: Domain})
	var lines strings.Builder
	for _, u := range users {
		tn.AddMailbox(u + "@" + Domain)
		fmt.Fprintf(&lines, "%s@%s %s secret-%s\n", u, Domain, u, u)
	}
	authority, client, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	proxy := httptest.NewServer(connect(authority))
	t.Cleanup(proxy.Close)
	write := func(name string, b []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	public := &url.URL{Scheme: "https", Host: "mail." + Domain, Path: "/Microsoft-Server-ActiveSync"}
	cert, key := certificate(t, public.Host)
	port := FreePort(t)
	listen := fmt.Sprintf("127.0.0.1:%d", port)

	binary := filepath.Join(dir, "gateway")
	build := exec.Command("go", "build", "-o", binary, "github.com/easoauth/easoauth/examples/gateway")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	cmd := exec.Command(binary, "-listen", listen, "-public", public.String(), "-upstream", upstream,
		"-users", write("users", []byte(lines.String())), "-authority", "https://login.microsoftonline.com/common/oauth2/authorize",
		"-cert", write("cert.pem", cert), "-key", write("key.pem", key), "-tenants", eastest.TenantID)
	ca := write("ca.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tn.Certificate().Raw}))
	cmd.Env = append(os.Environ(), "SSL_CERT_FILE="+ca, "SSL_CERT_DIR="+dir, "HTTPS_PROXY="+proxy.URL, "NO_PROXY=")
	out := Start(t, cmd)
	Await(t, "the gateway", out, Listening(port))

	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	front := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listen)
		},
	}
	t.Cleanup(front.CloseIdleConnections)
	return &Site{URL: public, Tenant: tn, Client: &http.Client{Transport: route{public.Host, front, client.Transport}}}
}

// Mailbox does the dance for a user, from the challenge to a client.
func (s *Site) Mailbox(t testing.TB, user string, versions ...eas.Version) *eas.Client {
	t.Helper()
	address := user + "@" + Domain
	offer, err := bearer.Probe(t.Context(), s.Client, s.URL, address)
	if err != nil {
		t.Fatal(err)
	}
	config, err := token.Configure(t.Context(), eastest.ClientID, offer, s.URL, &token.Options{HTTPClient: s.Client})
	if err != nil {
		t.Fatal(err)
	}
	source := &token.Source{Config: config, Flow: &token.Browser{Open: s.Tenant.Browser(), LoginHint: address}}
	if _, err := source.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return &eas.Client{URL: s.URL, User: address, Token: source, HTTPClient: s.Client, Versions: versions,
		Device: eas.Device{ID: eas.NewDeviceID(), Type: "interop", Model: "interop"}}
}

type route struct {
	host         string
	here, others http.RoundTripper
}

func (r route) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == r.host {
		return r.here.RoundTrip(req)
	}
	return r.others.RoundTrip(req)
}

// connect is a proxy to one address, whatever is asked for: to a process the tenant is the
// internet.
func connect(address string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		to, err := net.Dial("tcp", address)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		from, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			to.Close()
			return
		}
		_, _ = io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { _, _ = io.Copy(to, from); to.Close() }()
		_, _ = io.Copy(from, to)
		from.Close()
	})
}

// certificate returns a certificate for a host that signs itself, and its key.
func certificate(t testing.TB, host string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &k.PublicKey, k)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
}
