package safehttp_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

const canaryAddress, canaryCode = "ada.lovelace@contoso.com", "0.AXoACANARYcodeCANARYcodeCANARYcodeCANARYcodeCANARY"

// raw serves whatever write does to each connection, over TLS if cert is set.
func raw(t *testing.T, cert *tls.Certificate, write func(net.Conn)) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if cert != nil {
					c = tls.Server(c, &tls.Config{Certificates: []tls.Certificate{*cert}})
				}
				write(c)
			}()
		}
	}()
	return &url.URL{Scheme: "https", Host: l.Addr().String(), Path: "/x", RawQuery: "Email=" + canaryAddress}
}

// certificate makes a self-signed one.
func certificate(t *testing.T, notAfter time.Time, names ...string) tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "x"}, DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: notAfter, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature}
	if len(names) > 0 {
		c.IPAddresses = nil
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, _ := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

func trusting(c tls.Certificate) *http.Client {
	pool := x509.NewCertPool()
	pool.AddCert(c.Leaf)
	return &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, TLSHandshakeTimeout: time.Second}}
}

func respond(text string) func(net.Conn) {
	return func(c net.Conn) {
		if _, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			io.WriteString(c, text)
		}
	}
}

// Each failure names its layer, its fault and what to do, and nothing that the network
// said. The cases of the attack list have their ids.
func TestRequestError(t *testing.T) {
	good := certificate(t, time.Now().Add(time.Hour))
	other := certificate(t, time.Now().Add(time.Hour), "www.contoso.com")
	past := certificate(t, time.Now().Add(-time.Hour))
	chain := good
	for range 1000 {
		chain.Certificate = append(chain.Certificate, good.Certificate[0])
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	get := func(u *url.URL) *http.Request {
		r, _ := http.NewRequestWithContext(t.Context(), "GET", u.String(), nil)
		return r
	}
	failing := func(err error) *http.Client {
		return &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, err })}
	}
	any := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/x", RawQuery: "Email=" + canaryAddress}
	for _, tt := range []struct {
		name   string
		client *http.Client
		url    *url.URL
		layer  safehttp.Layer
		fault  fault.ID
		text   string
	}{
		{"a name that does not exist", failing(&net.DNSError{Err: "no such host", Name: "mail.contoso.com", IsNotFound: true}), any, safehttp.LayerDNS, "DNS_NXDOMAIN", "does not exist in DNS"},
		{"S040 a DNS server that does not respond", failing(&net.DNSError{Err: "i/o timeout", IsTimeout: true}), any, safehttp.LayerDNS, "DNS_FAILED", "check the network"},
		{"refused", http.DefaultClient, &url.URL{Scheme: "https", Host: closed.Addr().String()}, safehttp.LayerTCP, "TCP_UNREACHABLE", "the connection was refused"},
		{"a proxy", failing(&net.OpError{Op: "proxyconnect", Err: errors.New("x")}), any, safehttp.LayerProxy, "PROXY_UNREACHABLE", "HTTPS_PROXY"},
		{"S019 self-signed", &http.Client{Transport: &http.Transport{}}, raw(t, &good, respond("")), safehttp.LayerCertificate, "TLS_CERT_INVALID", "unknown authority"},
		{"S019 another name", trusting(other), raw(t, &other, respond("")), safehttp.LayerCertificate, "TLS_CERT_INVALID", "(www.contoso.com)"},
		{"S019 expired", trusting(past), raw(t, &past, respond("")), safehttp.LayerCertificate, "TLS_CERT_INVALID", "it expired on "},
		{"plain http", trusting(good), raw(t, nil, func(c net.Conn) { io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n") }), safehttp.LayerTLS, "NOT_TLS", "over https"},
		{"S020 a handshake that is cut", trusting(good), raw(t, nil, func(net.Conn) {}), safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", "another network"},
		{"S020 a certificate chain without end", trusting(good), raw(t, &chain, respond("")), safehttp.LayerTLS, "", "the handshake breaks the protocol"},
		{"a version that the client does not know", failing(errors.New("tls: server selected unsupported protocol version 305")), any, safehttp.LayerTLS, "TLS_VERSION", "TLS 1.2"},
		{"a certificate that cannot be read", failing(errors.New("tls: failed to parse certificate from server: x509: malformed certificate")), any, safehttp.LayerCertificate, "TLS_CERT_INVALID", "does not verify"},
		{"a client certificate is demanded", failing(tls.AlertError(116)), any, safehttp.LayerTLS, "CLIENT_CERT", "client certificate"},
		{"S019 an old TLS version", failing(tls.AlertError(70)), any, safehttp.LayerTLS, "TLS_VERSION", "TLS 1.2"},
		{"closed before the response", trusting(good), raw(t, &good, respond("")), safehttp.LayerHTTP, "CONN_RESET", "closed before a response"},
		{"S018 a malformed field", trusting(good), raw(t, &good, respond("HTTP/1.1 302 Found\r\n: "+canaryAddress+"\r\n\r\n")), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"S018 two lengths", trusting(good), raw(t, &good, respond("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab")), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"S018 NUL in a field", trusting(good), raw(t, &good, respond("HTTP/1.1 200 OK\r\nX: a\x00"+canaryAddress+"\r\n\r\n")), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"S015 a header of megabytes", trusting(good), raw(t, &good, respond("HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 70<<10)+"\r\n\r\n")), safehttp.LayerHTTP, "", "header longer than"},
		{"S039 a private address", &http.Client{Transport: &http.Transport{DialContext: (&net.Dialer{Control: safehttp.PublicOnly}).DialContext}}, &url.URL{Scheme: "https", Host: "127.0.0.1"}, safehttp.LayerAddress, "PRIVATE_ADDRESS", "private address"},
		{"canceled", failing(context.Canceled), any, safehttp.LayerContext, "", "canceled"},
		{"timed out", failing(context.DeadlineExceeded), any, safehttp.LayerContext, "", "no response in time"},
		{"S133 an unknown error that quotes", failing(errors.New("cannot follow https://x/?code=" + canaryCode + " of " + canaryAddress)), any, safehttp.LayerHTTP, "", "cannot follow"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := safehttp.Do(tt.client, get(tt.url))
			var re *safehttp.RequestError
			if !errors.As(err, &re) {
				t.Fatalf("Do = %v", err)
			}
			if re.Layer != tt.layer || re.Fault != tt.fault || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("Do = %v\n layer %s, fault %s (%#v); want %s, %s, %q", err, re.Layer, re.Fault, re.Err, tt.layer, tt.fault, tt.text)
			}
			if s := err.Error(); strings.Contains(s, "lovelace") || strings.Contains(s, "CANARY") || len(s) > 500 || strings.ContainsAny(s, "\r\n") {
				t.Errorf("%q holds a secret, a line break or too much", s)
			}
		})
	}
}

// TestAlerts has the server end the handshake with each alert of RFC 8446 section 6.2. net/http
// gives an alert as a text, a transport over QUIC as a number.
func TestAlerts(t *testing.T) {
	for alert := range 256 {
		want := fault.ID("TLS_HANDSHAKE_CUT")
		switch alert {
		case 42, 43, 44, 45, 46, 48, 111, 113, 114, 116:
			want = "CLIENT_CERT"
		case 40, 70, 71:
			want = "TLS_VERSION"
		}
		number := tls.AlertError(alert)
		for _, cause := range []error{number, errors.New("remote error: " + number.Error())} {
			c := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, cause })}
			req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://mail.contoso.com/", nil)
			_, err := safehttp.Do(c, req)
			var re *safehttp.RequestError
			if !errors.As(err, &re) || re.Layer != safehttp.LayerTLS || re.Fault != want {
				t.Errorf("alert %d: %v, want %s", alert, err, want)
			}
		}
	}
}

// The parts of the text, with which other errors are built.
func TestRequestErrorTexts(t *testing.T) {
	const remedy = "the certificate does not verify: its name, its chain or its dates are wrong: install a certificate that names this host and whose chain is complete and trusted"
	for _, tt := range []struct {
		err            error
		detail, reason string
	}{
		{&tls.CertificateVerificationError{Err: errors.New("x")}, "certificate", "certificate: " + remedy},
		{x509.UnknownAuthorityError{}, "certificate: it is signed by an unknown authority", "certificate: it is signed by an unknown authority; " + remedy},
		{context.Canceled, "canceled", "canceled"},
		{safehttp.ErrPrivateAddress, "", "the name leads to a private address: allow private addresses if the program runs inside the organization; " +
			"otherwise correct the public DNS record"},
		{errors.New("odd"), "HTTP: odd", "HTTP: odd"},
	} {
		c := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, tt.err })}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://mail.contoso.com/", nil)
		_, err := safehttp.Do(c, req)
		var re *safehttp.RequestError
		if !errors.As(err, &re) {
			t.Fatalf("Do = %v", err)
		}
		if re.Detail() != tt.detail || re.Reason() != tt.reason {
			t.Errorf("%v: Detail %q, Reason %q; want %q, %q", tt.err, re.Detail(), re.Reason(), tt.detail, tt.reason)
		}
		cause := re.Cause()
		if _, own := cause.(interface{ Unwrap() error }); !errors.Is(cause, tt.err) || own == (tt.err == context.Canceled) || own && cause.Error() != tt.reason {
			t.Errorf("%v: Cause = %#v", tt.err, cause)
		}
	}
}

// A Location that does not parse is not printed, whoever would.
func TestS008S133LocationIsNotParsed(t *testing.T) {
	for _, location := range []string{
		"https://%zz/" + canaryAddress + "?code=" + canaryCode,
		"http://[::1/?Email=" + canaryAddress,
		"%zz" + strings.Repeat(canaryAddress, 2000),
		": //" + canaryAddress,
	} {
		srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Location"] = []string{location}
			w.WriteHeader(http.StatusFound)
		}))
		req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		resp, err := safehttp.Do(srv.Client(), req)
		if err != nil {
			t.Errorf("Do = %v, want the response", err)
			srv.Close()
			continue
		}
		if got := resp.Header.Get("Location"); got != location {
			t.Errorf("Location = %.40q, want %.40q", got, location)
		}
		_, err = safehttp.Location(resp)
		if !errors.Is(err, safehttp.ErrURL) || strings.Contains(err.Error(), "lovelace") || strings.Contains(err.Error(), "CANARY") || len(err.Error()) > 300 {
			t.Errorf("Location = %v", err)
		}
		resp.Body.Close()
		srv.Close()
	}
}

// What follows a response on its connection is never read as the response to the next request.
func TestS018NoSecondResponse(t *testing.T) {
	good := certificate(t, time.Now().Add(time.Hour))
	const forged = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
	for name, first := range map[string]string{
		"chunked beside a length":        "HTTP/1.1 200 OK\r\nContent-Length: 12\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"chunked beside a length, after": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n2\r\nok\r\n0\r\n\r\n",
		"a response without a request":   "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
		"no body":                        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
		"bare CR":                        "HTTP/1.1 200 OK\r\nX: a\rContent-Length: 0\r\n\r\n",
	} {
		var requests atomic.Int32
		ended := make(chan struct{}, 2) // a connection did
		u := raw(t, &good, func(c net.Conn) {
			defer func() { ended <- struct{}{} }()
			for r := bufio.NewReader(c); ; {
				if _, err := http.ReadRequest(r); err != nil {
					return
				}
				if requests.Add(1) == 1 {
					io.WriteString(c, first+forged)
				} else {
					io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nours")
				}
				if name == "bare CR" {
					return
				}
			}
		})
		client := trusting(good)
		for n := range 2 {
			req, _ := http.NewRequestWithContext(t.Context(), "GET", u.String(), nil)
			resp, err := safehttp.Do(client, req)
			if err != nil {
				continue
			}
			body, _ := safehttp.ReadAll(resp.Body, 100)
			resp.Body.Close()
			if n == 0 { // net/http sees what follows when it looks for it, which may be after a request that comes at once
				select {
				case <-ended:
				case <-time.After(10 * time.Second):
					t.Errorf("%s: the connection goes on", name)
				}
			}
			if n == 1 && string(body) != "ours" {
				t.Errorf("%s: the second response is %q", name, body)
			}
		}
	}
}

// A thousand interim responses cost what a long header does, and their number is bounded.
func TestS016InterimResponses(t *testing.T) {
	good := certificate(t, time.Now().Add(time.Hour))
	const hint, last = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	for _, tt := range []struct {
		name    string
		respond func(net.Conn)
		ok      bool
	}{
		{"a thousand", respond(strings.Repeat(hint, 1000) + last), true},
		{"without end", func(c net.Conn) {
			for many := strings.Repeat(hint, 1000); ; {
				if _, err := io.WriteString(c, many); err != nil {
					return
				}
			}
		}, false},
	} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", raw(t, &good, tt.respond).String(), nil)
		resp, err := safehttp.Do(trusting(good), req)
		if (err == nil) != tt.ok {
			t.Errorf("%s: Do = %v, want a response: %v", tt.name, err, tt.ok)
		}
		if err == nil {
			resp.Body.Close()
		} else if len(err.Error()) > 500 {
			t.Errorf("%s: an error of %d bytes", tt.name, len(err.Error()))
		}
	}
}

func TestUserAgent(t *testing.T) {
	var got []string
	srv := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = append(got, r.UserAgent()) }))
	defer srv.Close()
	for _, own := range []string{"", "mail/1"} {
		req, _ := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		if own != "" {
			req.Header.Set("User-Agent", own)
		}
		resp, err := safehttp.Do(srv.Client(), req)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
	}
	if len(got) != 2 || !strings.HasPrefix(got[0], "easoauth") || got[1] != "mail/1" {
		t.Errorf("User-Agent = %q", got)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		"":                          "",
		"a plain text":              "a plain text",
		"user ada@contoso.com here": "user … here",
		"user=ada%40contoso.com;x":  "user=…;x",
		"at ada%2540contoso.com, or ada%252540contoso.com":   "at …, or …",
		"<p>ada&#64;contoso.com, ada&#x40;contoso.com</p>":   "<p>…, …</p>",
		"see https://mail.contoso.com/a?code=secret now":     "see https://mail.contoso.com/a?… now",
		"Expected 'https://mail.contoso.com'.":               "Expected 'https://mail.contoso.com'.",
		"token eyJhbGciOiJub25lIn0.e30.x":                    "token …", // too short for an opaque one
		"token " + strings.Repeat("a", 40):                   "token " + strings.Repeat("a", 40),
		"token " + strings.Repeat("0", 41):                   "token …",
		"token eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiIsIng1dCI6": "token …",
	} {
		if got := safehttp.Plain(in, 100); got != want {
			t.Errorf("Plain(%q) = %q, want %q", in, got, want)
		}
	}
	// What is beyond the limit costs nothing.
	long := strings.Repeat("a?b ", 1e6)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	got := safehttp.Plain(long, 100)
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; len(got) > 110 || took > 2<<20 { // the detector of races takes some
		t.Errorf("Plain of %d bytes has %d and took %d", len(long), len(got), took)
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }
