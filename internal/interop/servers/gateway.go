package servers

import (
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// Domain is that of the users at the servers.
const Domain = "contoso.test"

// A Site is one address at which ActiveSync servers stand, each for its users, and the authority
// that they trust. A user whom no gateway serves has the mailbox of the tenant.
type Site struct {
	URL    *url.URL
	Client *http.Client // reaches the site and the authority
	Tenant *eastest.Tenant

	users     []string // with mailboxes
	front     *front
	cert, key []byte    // of the site, PEM
	ca        []byte    // what programs trust, PEM
	proxy     string    // the internet to programs
	hosts     *sync.Map // addresses of what is there, by host and port
	authority []string  // flags of gateways that name it
}

// NewSite makes a site without servers.
func NewSite(t testing.TB) *Site {
	t.Helper()
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domain: Domain})
	authority, client, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "https", Host: "mail." + Domain, Path: "/Microsoft-Server-ActiveSync"}
	f := &front{host: public.Host, tenant: client.Transport, users: map[string]http.RoundTripper{}}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{
		Transport: f, FlushInterval: -1,
		Rewrite: func(r *httputil.ProxyRequest) { r.Out.URL.Scheme, r.Out.URL.Host = public.Scheme, public.Host },
	})
	cert, key := certificate(t, public.Host, "autodiscover."+Domain)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	hosts := new(sync.Map)
	hosts.Store(public.Host+":443", server.Listener.Addr().String())
	proxy := httptest.NewServer(connect(hosts, authority))
	t.Cleanup(proxy.Close)
	return &Site{URL: public, Tenant: tn, Client: &http.Client{Transport: f}, front: f, proxy: proxy.URL, cert: cert, key: key, hosts: hosts,
		authority: []string{"-authority", "https://login.microsoftonline.com/common/oauth2/authorize", "-tenants", eastest.TenantID},
		ca:        append(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tn.Certificate().Raw})...)}
}

// Gateway returns a site with one server, see [Site.Gateway].
func Gateway(t testing.TB, upstream string, users ...string) *Site {
	t.Helper()
	s := NewSite(t)
	s.Gateway(t, upstream, users...)
	return s
}

// Gateway runs examples/gateway, as a process, in front of a server that knows passwords. The
// users' logins are what stands before the @ of their addresses, and their passwords
// "secret-" and that.
func (s *Site) Gateway(t testing.TB, upstream string, users ...string) {
	t.Helper()
	dir := Dir(t, "")
	cert, key := certificate(t, s.URL.Host)
	listen := s.gateway(t, dir, s.URL, upstream, users, "-cert", write(t, dir, "cert.pem", cert), "-key", write(t, dir, "key.pem", key))
	to := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool(cert)},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listen)
		},
	}
	t.Cleanup(to.CloseIdleConnections)
	for _, u := range users {
		s.front.users[u] = to
	}
}

// PlainGateway is [Site.Gateway] for a device to stand in front of: it speaks http without TLS at
// the address that it returns, and the site does not lead there. It takes public for its URL.
func (s *Site) PlainGateway(t testing.TB, public *url.URL, upstream string, users ...string) string {
	t.Helper()
	return s.gateway(t, Dir(t, ""), public, upstream, users)
}

func (s *Site) gateway(t testing.TB, dir string, public *url.URL, upstream string, users []string, more ...string) string {
	t.Helper()
	var lines strings.Builder
	for _, u := range users {
		if !slices.Contains(s.users, u) {
			s.users = append(s.users, u)
			s.Tenant.AddMailbox(u + "@" + Domain)
		}
		fmt.Fprintf(&lines, "%s@%s %s secret-%s\n", u, Domain, u, u)
	}
	port := FreePort(t)
	listen := fmt.Sprintf("127.0.0.1:%d", port)
	cmd := exec.Command(Build(t, dir, "gateway"), append([]string{"-listen", listen, "-public", public.String(), "-upstream", upstream,
		"-users", write(t, dir, "users", []byte(lines.String()))}, slices.Concat(s.authority, more)...)...)
	cmd.Env = s.Environment(t, dir)
	out := Start(t, cmd)
	Await(t, "the gateway", out, Listening(port))
	return listen
}

// write writes a file that nobody else reads and returns its name.
func write(t testing.TB, dir, name string, b []byte) string {
	t.Helper()
	name = filepath.Join(dir, name)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// Mailbox does the dance for a user, from the challenge to a client.
func (s *Site) Mailbox(t testing.TB, user string, versions ...eas.Version) *eas.Client {
	t.Helper()
	source := s.signIn(t, user, new(token.MemoryStore))
	return &eas.Client{URL: s.URL, User: user + "@" + Domain, Token: source, HTTPClient: s.Client, Versions: versions,
		Device: eas.Device{ID: eas.NewDeviceID(), Type: "interop", Model: "interop"}}
}

// signIn signs a user in and keeps the sign-in as the programs do.
func (s *Site) signIn(t testing.TB, user string, store token.Store) *token.Source {
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
	source := &token.Source{Config: config, Key: address, Store: store}
	source.Flow = &token.Browser{Open: s.Tenant.Browser(), LoginHint: address}
	if _, err := source.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	return source
}

// A front passes a request on to the server of its user, or to the authority, and to the tenant
// what is of nobody.
type front struct {
	host      string
	tenant    http.RoundTripper
	authority *http.Transport // of login.Domain, if there is one
	users     map[string]http.RoundTripper
}

func (f *front) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host == f.host {
		if to := f.users[userOf(req)]; to != nil {
			return to.RoundTrip(req)
		}
	}
	if f.authority != nil && req.URL.Host == "login."+Domain {
		return f.authority.RoundTrip(req)
	}
	return f.tenant.RoundTrip(req)
}

// userOf returns what stands before the @ of the address of a request's user: OPTIONS has it in
// the token alone, a request without a token in the query, and a probe in a field of the header.
func userOf(req *http.Request) string {
	address := cmp.Or(req.URL.Query().Get("User"), req.Header.Get("X-User-Identity"))
	if parts := strings.Split(req.Header.Get("Authorization"), "."); len(parts) == 3 {
		var claims struct {
			Name string `json:"preferred_username"`
			UPN  string `json:"upn"`
		}
		if b, err := base64.RawURLEncoding.DecodeString(parts[1]); err == nil && json.Unmarshal(b, &claims) == nil {
			address = cmp.Or(claims.UPN, claims.Name, address)
		}
	}
	user, _, _ := strings.Cut(address, "@")
	return user
}

// connect is a proxy to the addresses of the hosts that have one, and to another for all others:
// to a process the site and the tenant are the internet.
func connect(hosts *sync.Map, others string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		address, ok := hosts.Load(r.Host)
		if !ok {
			address = others
		}
		to, err := net.Dial("tcp", address.(string))
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

// pool holds one certificate, in PEM.
func pool(cert []byte) *x509.CertPool {
	p := x509.NewCertPool()
	p.AppendCertsFromPEM(cert)
	return p
}

// certificate returns a certificate for hosts that signs itself, and its key.
func certificate(t testing.TB, hosts ...string) (cert, key []byte) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: hosts[0]}, DNSNames: hosts,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), IsCA: true, BasicConstraintsValid: true}
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
