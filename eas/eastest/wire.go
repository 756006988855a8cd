package eastest

import (
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// shownByWire are the faults of what lies between client and server: names, connections, TLS,
// and devices that respond whatever the host.
var shownByWire = []shownFault{
	{"DNS_NXDOMAIN", "", anywhere},
	{"DNS_FAILED", "", anywhere},
	{"TCP_UNREACHABLE", `"refused" or "timeout"; if "", refused`, anywhere},
	{"PROXY_UNREACHABLE", "", anywhere},
	{"PROXY_AUTH", "", anywhere},
	{"TLS_HANDSHAKE_CUT", "", anywhere},
	{"NOT_TLS", "", anywhere},
	{"TLS_VERSION", "", anywhere},
	{"CLIENT_CERT", "", anywhere},
	{"TLS_CERT_INVALID", `what is wrong: "expired", "early", "name", "authority", "chain" or "sha1"; if "", expired`, anywhere},
	{"TLS_CERT_EXPIRING", `in how many days; if "", 7`, anywhere},
	{"CAPTIVE_PORTAL", `"redirect" or "page"; if "", redirect`, anywhere},
	{"WILDCARD_DNS", "", premises},
	{"CONN_RESET", "", anywhere},
	{"NO_RESPONSE", `what is silent: "request" or "connection", with PINGs of HTTP/2; if "", the request`, anywhere},
}

// prepareWire makes a fault of the wire show at the next request of [Tenant.Client]: idle
// connections would hide those of names, TCP and TLS.
func (tn *Tenant) prepareWire(f Fault) {
	if slices.ContainsFunc(shownByWire, func(s shownFault) bool { return string(s.id) == f.ID }) {
		tn.client.CloseIdleConnections()
	}
}

// has is shows for a caller that does not hold tn.mu and knows no user.
func (tn *Tenant) has(id fault.ID, host string) (value string, ok bool) {
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.shows(id, host, "")
}

// unreached returns why a host is not reached by a client that looks it up, or nil.
func (tn *Tenant) unreached(host string) error {
	if _, ok := tn.has("DNS_NXDOMAIN", host); ok {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}}
	}
	if _, ok := tn.has("DNS_FAILED", host); ok {
		return &net.OpError{Op: "dial", Net: "tcp", Err: &net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true}}
	}
	switch value, ok := tn.has("TCP_UNREACHABLE", host); {
	case !ok:
		return nil
	case value == "timeout":
		return &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
	}
	return &net.OpError{Op: "dial", Net: "tcp", Err: errRefused}
}

// proxyFails reports whether the proxy itself refused.
func (tn *Tenant) proxyFails(w http.ResponseWriter, r *http.Request) bool {
	host, _, _ := strings.Cut(strings.ToLower(r.Host), ":")
	if _, ok := tn.has("PROXY_UNREACHABLE", host); ok {
		panic(http.ErrAbortHandler)
	}
	_, ok := tn.has("PROXY_AUTH", host)
	if ok {
		w.Header().Set("Proxy-Authenticate", `Basic realm="proxy"`)
		http.Error(w, "Proxy Authentication Required", http.StatusProxyAuthRequired)
	}
	return ok
}

// errCut ends a handshake whose connection is closed already.
var errCut = errors.New("eastest: the fault cut the handshake")

// handshake returns how a client's handshake goes on, or nil for as usual. It has the host from
// the client's hello, so that a fault shows for it alone although all hosts share a listener.
func (tn *Tenant) handshake(hello *tls.ClientHelloInfo, host string) (*tls.Config, error) {
	if _, ok := tn.has("TLS_HANDSHAKE_CUT", host); ok {
		hello.Conn.Close()
		return nil, errCut
	}
	if _, ok := tn.has("NOT_TLS", host); ok {
		_, _ = io.WriteString(hello.Conn, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request")
		hello.Conn.Close()
		return nil, errCut
	}
	if _, ok := tn.has("TLS_VERSION", host); ok {
		_, _ = hello.Conn.Write([]byte{21, 3, 1, 0, 2, 2, 70}) // the fatal alert protocol_version, RFC 8446 section 6
		hello.Conn.Close()
		return nil, errCut
	}
	if _, ok := tn.has("CLIENT_CERT", host); ok {
		return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: tn.at.protocols(), GetCertificate: tn.certificate, ClientAuth: tls.RequireAnyClientCert}, nil
	}
	if value, ok := tn.has("TLS_CERT_INVALID", host); ok {
		return tn.presenting(tn.ca.invalid(host, value))
	}
	if value, ok := tn.has("TLS_CERT_EXPIRING", host); ok {
		days, err := strconv.Atoi(value)
		if err != nil {
			days = 7
		}
		return tn.presenting(tn.ca.mint(host, tn.ca.cert.NotBefore, tn.now().Add(time.Duration(days)*24*time.Hour), 0))
	}
	return nil, nil
}

func (tn *Tenant) presenting(leaf *tls.Certificate, err error) (*tls.Config, error) {
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: tn.at.protocols(), Certificates: []tls.Certificate{*leaf}}, nil
}

// protocols are those that TLS agrees on.
func (o *Options) protocols() []string {
	if o.HTTP1 {
		return []string{"http/1.1"}
	}
	return []string{"h2", "http/1.1"}
}

// mint signs a certificate that is not kept.
func (c *ca) mint(name string, from, to time.Time, algorithm x509.SignatureAlgorithm) (*tls.Certificate, error) {
	key := c.chance.ecKey(name)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: from, NotAfter: to, SignatureAlgorithm: algorithm,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, c.cert, key.Public(), c.chance.signer(c.key))
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der, c.cert.Raw}, PrivateKey: key}, nil
}

// invalid returns a certificate that does not verify for name, by the value of TLS_CERT_INVALID.
func (c *ca) invalid(name, value string) (*tls.Certificate, error) {
	now := time.Now()
	year := 365 * 24 * time.Hour
	switch value {
	case "name":
		return c.mint("www.fabrikam.example", now.Add(-time.Hour), now.Add(year), 0)
	case "early":
		return c.mint(name, now.Add(24*time.Hour), now.Add(year), 0)
	case "authority":
		return newCA(nil, newChance(0)).mint(name, now.Add(-time.Hour), now.Add(year), 0)
	case "chain": // an intermediate authority signed it, whose certificate the server does not send
		key := c.chance.ecKey("an intermediate authority")
		template := &x509.Certificate{
			SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "eastest, an intermediate authority"},
			NotBefore: c.cert.NotBefore, NotAfter: c.cert.NotAfter,
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, template, c.cert, key.Public(), c.chance.signer(c.key))
		if err != nil {
			return nil, err
		}
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		leaf, err := (&ca{cert: cert, key: key, chance: c.chance}).mint(name, now.Add(-time.Hour), now.Add(year), 0)
		if err == nil {
			leaf.Certificate = leaf.Certificate[:1]
		}
		return leaf, err
	case "sha1":
		algorithm := x509.SHA1WithRSA
		if c.cert.PublicKeyAlgorithm == x509.ECDSA {
			algorithm = x509.ECDSAWithSHA1
		}
		return c.mint(name, now.Add(-time.Hour), now.Add(year), algorithm)
	}
	return c.mint(name, now.Add(-year), now.Add(-24*time.Hour), 0)
}

// onTheWay is h behind what responds, or is silent, in the place of any host.
func (tn *Tenant) onTheWay(host string, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if value, ok := tn.has("CAPTIVE_PORTAL", host); ok {
			because(r, "fault CAPTIVE_PORTAL")
			if value == "page" {
				page(w, http.StatusOK, "", `<title>Guest network</title>`, `<h1>Welcome</h1><form action="/login" method="post"><button>Connect</button></form>`)
				return
			}
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Location", "http://portal.fabrikam.example/login")
			w.WriteHeader(http.StatusFound)
			return
		}
		if strings.HasPrefix(host, "autodiscover.") {
			if _, ok := tn.has("WILDCARD_DNS", host); ok {
				because(r, "fault WILDCARD_DNS")
				page(w, http.StatusOK, "nginx", `<title>Welcome to `+strings.TrimPrefix(host, "autodiscover.")+`</title>`, `<h1>Our products</h1>`)
				return
			}
		}
		if _, ok := tn.has("CONN_RESET", host); ok {
			because(r, "fault CONN_RESET")
			panic(http.ErrAbortHandler)
		}
		if value, ok := tn.has("NO_RESPONSE", host); ok {
			because(r, "fault NO_RESPONSE")
			if c, ok := r.Context().Value(mutedKey{}).(*mutedConn); ok && value == "connection" {
				c.dead.Store(true)
			}
			select {
			case <-r.Context().Done():
			case <-tn.net.closed:
			}
			panic(http.ErrAbortHandler)
		}
		h.ServeHTTP(w, r)
	})
}
