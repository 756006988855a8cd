package servers

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// Provider starts npm's oidc-provider, which is certified, and returns its port of loopback.
// Arguments beyond the lifetime of access tokens are a domain and a tenant; see provider.mjs.
func Provider(t testing.TB, lifetime time.Duration, more ...string) int {
	t.Helper()
	node := Need(t, "node")
	dir := filepath.Join("..", "provider")
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "oidc-provider")); err != nil {
		t.Skip("oidc-provider is not installed")
	}
	port := FreePort(t)
	cmd := exec.Command(node, append([]string{"provider.mjs", fmt.Sprint(port), fmt.Sprint(int(lifetime.Seconds()))}, more...)...)
	cmd.Dir = dir
	out := Start(t, cmd)
	Await(t, "oidc-provider", out, func() bool { return bytes.Contains(out.Bytes(), []byte("listening")) })
	return port
}

// Provider has the gateways that come after it trust oidc-provider in the place of the tenant, and
// returns the URL of the tenant of that name there.
func (s *Site) Provider(t testing.TB, lifetime time.Duration, tenant string) string {
	t.Helper()
	host := "login." + Domain
	to := &url.URL{Scheme: "http", Host: fmt.Sprintf("127.0.0.1:%d", Provider(t, lifetime, Domain, tenant))}
	server := httptest.NewUnstartedServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.SetXForwarded()
	}})
	cert, key := certificate(t, host)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	t.Cleanup(server.Close)
	address := server.Listener.Addr().String()
	s.hosts.Store(host+":443", address)
	s.ca = append(s.ca, cert...)
	s.front.authority = &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool(cert)},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}
	t.Cleanup(s.front.authority.CloseIdleConnections)
	s.authority = []string{"-authority", "https://" + host + "/" + tenant + "/auth", "-trust", host, "-tenants", tenant}
	return "https://" + host + "/" + tenant
}

var (
	formAction = regexp.MustCompile(`<form[^>]*action="([^"]*)"`)
	hidden     = regexp.MustCompile(`<input[^>]*type="hidden"[^>]*name="([^"]*)"[^>]*value="([^"]*)"`)
)

// FillIn fills in whatever forms come, from target on, as a user of oidc-provider at a browser
// would.
func FillIn(ctx context.Context, c *http.Client, target, login string) error {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return err
	}
	client := &http.Client{Transport: browser{c}, Jar: jar, Timeout: 30 * time.Second}
	req, err := http.NewRequestWithContext(context.WithoutCancel(ctx), http.MethodGet, target, nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	for range 12 {
		if err != nil {
			return err
		}
		page, readErr := io.ReadAll(resp.Body)
		resp.Body.Close()
		if readErr != nil {
			return readErr
		}
		form := formAction.FindSubmatch(page)
		if form == nil {
			if resp.StatusCode != 200 {
				return fmt.Errorf("status %d at %s", resp.StatusCode, resp.Request.URL.Path)
			}
			return nil
		}
		values := url.Values{}
		for _, m := range hidden.FindAllSubmatch(page, -1) {
			values.Set(string(m[1]), string(m[2]))
		}
		if bytes.Contains(page, []byte(`name="login"`)) {
			values.Set("login", login)
			values.Set("password", "any")
		}
		to, parseErr := resp.Request.URL.Parse(string(form[1]))
		if parseErr != nil {
			return parseErr
		}
		resp, err = client.PostForm(to.String(), values)
	}
	return errors.New("forms without end")
}

// A browser reaches what a client does, and the programs of its own machine.
type browser struct{ *http.Client }

func (b browser) RoundTrip(req *http.Request) (*http.Response, error) {
	if ip := net.ParseIP(req.URL.Hostname()); b.Transport == nil || ip != nil && ip.IsLoopback() {
		return http.DefaultTransport.RoundTrip(req)
	}
	return b.Transport.RoundTrip(req)
}
