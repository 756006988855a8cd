package safehttp_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
)

type timeout struct{}

func (timeout) Error() string   { return "i/o timeout" }
func (timeout) Timeout() bool   { return true }
func (timeout) Temporary() bool { return true }

// What an error means depends on how far the exchange had come.
func TestStages(t *testing.T) {
	steps := []struct {
		name string
		do   func(*httptrace.ClientTrace)
	}{
		{"DNS", func(c *httptrace.ClientTrace) { c.DNSStart(httptrace.DNSStartInfo{}) }},
		{"TCP", func(c *httptrace.ClientTrace) { c.ConnectStart("tcp", "192.0.2.1:443") }},
		{"connected", func(c *httptrace.ClientTrace) { c.ConnectDone("tcp", "192.0.2.1:443", nil) }},
		{"TLS", func(c *httptrace.ClientTrace) { c.TLSHandshakeStart() }},
		{"ready", func(c *httptrace.ClientTrace) { c.TLSHandshakeDone(tls.ConnectionState{}, nil) }},
	}
	gotConn := func(c *httptrace.ClientTrace) { c.GotConn(httptrace.GotConnInfo{}) }
	failedConnect := func(c *httptrace.ClientTrace) { c.ConnectDone("tcp", "192.0.2.1:443", errors.New("refused")) }
	failedTLS := func(c *httptrace.ClientTrace) { c.TLSHandshakeDone(tls.ConnectionState{}, errors.New("cut")) }
	secondDial := func(c *httptrace.ClientTrace) { c.DNSStart(httptrace.DNSStartInfo{}); c.ConnectStart("tcp", "x") }
	proxy407 := errors.New(http.StatusText(http.StatusProxyAuthRequired))
	dial := func(err error) error { return &net.OpError{Op: "dial", Err: err} }
	for _, tt := range []struct {
		to    string // the last step
		more  func(*httptrace.ClientTrace)
		err   error
		layer safehttp.Layer
		fault fault.ID
		text  string
	}{
		{"", nil, timeout{}, safehttp.LayerContext, "", "no response in time"},
		{"DNS", nil, timeout{}, safehttp.LayerDNS, "DNS_FAILED", ""},
		{"TCP", nil, timeout{}, safehttp.LayerTCP, "TCP_UNREACHABLE", "the connection took too long"},
		{"TCP", failedConnect, timeout{}, safehttp.LayerTCP, "TCP_UNREACHABLE", "the connection took too long"},
		{"connected", nil, timeout{}, safehttp.LayerContext, "", "no response in time"},
		{"TLS", nil, timeout{}, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", "the handshake took too long"},
		{"TLS", failedTLS, timeout{}, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", "the handshake took too long"},
		{"ready", nil, timeout{}, safehttp.LayerContext, "", "no response in time"},
		{"ready", secondDial, timeout{}, safehttp.LayerContext, "", "no response in time"},
		{"TCP", gotConn, context.DeadlineExceeded, safehttp.LayerContext, "", "no response in time"},
		{"", nil, dial(timeout{}), safehttp.LayerTCP, "TCP_UNREACHABLE", "the connection took too long"},
		{"", nil, dial(errors.New("no route")), safehttp.LayerTCP, "TCP_UNREACHABLE", "TCP: "},
		{"", nil, dial(syscall.ECONNREFUSED), safehttp.LayerTCP, "TCP_UNREACHABLE", "the connection was refused"},
		{"", nil, &net.OpError{Op: "read", Err: syscall.ECONNREFUSED}, safehttp.LayerHTTP, "", "HTTP: "},
		{"", nil, errors.New("net/http: TLS handshake timeout"), safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", "the handshake took too long"},
		{"TLS", nil, io.EOF, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"TLS", nil, io.ErrUnexpectedEOF, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"TLS", nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"TLS", nil, &net.OpError{Op: "write", Err: syscall.EPIPE}, safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"ready", nil, io.EOF, safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, fmt.Errorf("read: %w", io.ErrUnexpectedEOF), safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, &net.OpError{Op: "write", Err: syscall.EPIPE}, safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, errors.New("http: server closed idle connection"), safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, errors.New("http2: client connection lost"), safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, errors.New("http2: server sent GOAWAY and closed the connection"), safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, errors.New("stream error: stream ID 1; INTERNAL_ERROR"), safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, errors.New(`unsupported transfer encoding: "x"`), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"ready", nil, errors.New("bad Content-Length"), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"ready", nil, errors.New("net/http: server response headers exceeded 64 bytes"), safehttp.LayerHTTP, "", "breaks the protocol"},
		{"connected", nil, proxy407, safehttp.LayerProxy, "PROXY_AUTH", ""},
		{"connected", nil, errors.New("Forbidden"), safehttp.LayerProxy, "PROXY_UNREACHABLE", "it opens no connection"},
		{"connected", nil, &net.OpError{Op: "read", Err: syscall.ECONNRESET}, safehttp.LayerHTTP, "CONN_RESET", ""},
		{"ready", nil, proxy407, safehttp.LayerHTTP, "", "Proxy Authentication Required"},
		{"", nil, tls.AlertError(41), safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"", nil, tls.AlertError(42), safehttp.LayerTLS, "CLIENT_CERT", ""},
		{"", nil, tls.AlertError(46), safehttp.LayerTLS, "CLIENT_CERT", ""},
		{"", nil, tls.AlertError(47), safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"", nil, tls.AlertError(40), safehttp.LayerTLS, "TLS_VERSION", ""},
		{"", nil, tls.AlertError(71), safehttp.LayerTLS, "TLS_VERSION", ""},
		{"", nil, errors.New("remote error: tls: certificate required"), safehttp.LayerTLS, "CLIENT_CERT", ""},
		{"", nil, errors.New("remote error: tls: bad certificate"), safehttp.LayerTLS, "CLIENT_CERT", ""},
		{"", nil, errors.New("remote error: tls: protocol version not supported"), safehttp.LayerTLS, "TLS_VERSION", ""},
		{"", nil, errors.New("remote error: tls: handshake failure"), safehttp.LayerTLS, "TLS_VERSION", ""},
		{"", nil, errors.New("remote error: tls: internal error"), safehttp.LayerTLS, "TLS_HANDSHAKE_CUT", ""},
		{"", nil, errors.New("tls: server selected unsupported protocol version 301"), safehttp.LayerTLS, "TLS_VERSION", ""},
		{"", nil, tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, safehttp.LayerTLS, "NOT_TLS", ""},
		{"", nil, errors.New("http: server gave HTTP response to HTTPS client"), safehttp.LayerTLS, "NOT_TLS", ""},
		{"", nil, &tls.CertificateVerificationError{Err: errors.New("too many")}, safehttp.LayerCertificate, "TLS_CERT_INVALID", ""},
		{"", nil, x509.CertificateInvalidError{Reason: x509.Expired}, safehttp.LayerCertificate, "TLS_CERT_INVALID", "its dates are wrong"},
		{"", nil, x509.CertificateInvalidError{Reason: x509.Expired, Cert: &x509.Certificate{NotBefore: time.Now().Add(48 * time.Hour), NotAfter: time.Now().Add(96 * time.Hour)}},
			safehttp.LayerCertificate, "TLS_CERT_INVALID", "check the local clock"},
		{"", nil, x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, safehttp.LayerHTTP, "", "HTTP: "},
		{"", nil, x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{"a.example", "b.example", "c.example", "d.example"}}, Host: "x"},
			safehttp.LayerCertificate, "TLS_CERT_INVALID", "(a.example, b.example, c.example)"},
		{"", nil, x509.HostnameError{Certificate: &x509.Certificate{}, Host: "x"}, safehttp.LayerCertificate, "TLS_CERT_INVALID", "it is for other names;"},
	} {
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			trace := httptrace.ContextClientTrace(r.Context())
			for _, s := range steps {
				if tt.to == "" {
					break
				}
				s.do(trace)
				if s.name == tt.to {
					break
				}
			}
			if tt.more != nil {
				tt.more(trace)
			}
			return nil, tt.err
		})}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://mail.contoso.com/x?Email=ada", nil)
		_, err := safehttp.Do(c, req)
		var re *safehttp.RequestError
		if !errors.As(err, &re) || !errors.Is(err, tt.err) {
			t.Fatalf("Do = %v, want a RequestError over %v", err, tt.err)
		}
		if re.Layer != tt.layer || re.Fault != tt.fault || !strings.Contains(re.Reason(), tt.text) {
			t.Errorf("%v at %q: layer %s, fault %q, %q; want %s, %q, %q", tt.err, tt.to, re.Layer, re.Fault, re.Reason(), tt.layer, tt.fault, tt.text)
		}
		// The text: layer, what the exchange shows, what the fault says; each once.
		want := re.Detail()
		switch says := fault.Get(tt.fault).String(); {
		case tt.fault == "":
		case strings.HasSuffix(want, string(tt.layer)) || want == "":
			want = strings.TrimPrefix(want+": "+says, ": ")
		default:
			want += "; " + says
		}
		if tt.layer != safehttp.LayerAddress && re.Reason() != want {
			t.Errorf("%v: Reason() = %q, want %q", tt.err, re.Reason(), want)
		}
		if got := err.Error(); got != "GET https://mail.contoso.com/x: "+re.Reason() {
			t.Errorf("Error() = %q", got)
		}
		switch cause := re.Cause(); {
		case re.Layer == safehttp.LayerContext && cause != re.Err:
			t.Errorf("%v: Cause() = %v, want the error as it is", tt.err, cause)
		case re.Layer != safehttp.LayerContext && (cause.Error() != re.Reason() || !errors.Is(cause, tt.err)):
			t.Errorf("%v: Cause() = %v", tt.err, cause)
		}
	}
}

// A transport asks what its error shows, by the context that Do gave it.
func TestFaultOf(t *testing.T) {
	for _, tt := range []struct {
		do   func(*httptrace.ClientTrace)
		err  error
		want fault.ID
	}{
		{nil, &net.DNSError{IsNotFound: true}, "DNS_NXDOMAIN"},
		{nil, timeout{}, "NO_RESPONSE"},
		{nil, context.Canceled, "NO_RESPONSE"},
		{nil, io.EOF, "CONN_RESET"},
		{nil, errors.New("odd"), ""},
		{func(c *httptrace.ClientTrace) { c.TLSHandshakeStart() }, io.EOF, "TLS_HANDSHAKE_CUT"},
		{func(c *httptrace.ClientTrace) { c.DNSStart(httptrace.DNSStartInfo{}) }, timeout{}, "DNS_FAILED"},
	} {
		var got fault.ID
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if tt.do != nil {
				tt.do(httptrace.ContextClientTrace(r.Context()))
			}
			got = safehttp.FaultOf(r.Context(), tt.err)
			return nil, tt.err
		})}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://mail.contoso.com/", nil)
		_, _ = safehttp.Do(c, req)
		if got != tt.want {
			t.Errorf("FaultOf(%v) = %q, want %q", tt.err, got, tt.want)
		}
	}
	if got := safehttp.FaultOf(t.Context(), io.EOF); got != "CONN_RESET" {
		t.Errorf("FaultOf without a stage = %q", got)
	}
}

// PlainRedirect sends a bare GET, and nothing of the caller's.
func TestPlainRedirect(t *testing.T) {
	var sent *http.Request
	body := &closing{}
	answer := func(status int, location string) *http.Client {
		return &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			sent = r
			h := http.Header{}
			if location != "" {
				h.Set("Location", location)
			}
			return &http.Response{StatusCode: status, Header: h, Body: body, Request: r}, nil
		})}
	}
	const good, to = "http://autodiscover.contoso.com/autodiscover/autodiscover.xml", "https://mail.contoso.com/x"
	for _, tt := range []struct {
		url, location string
		status        int
		ok, asked     bool
	}{
		{good, to, 302, true, true},
		{good, to, 300, true, true},
		{good, to, 399, true, true},
		{good, to, 299, false, true},
		{good, to, 400, false, true},
		{good, "http://mail.contoso.com/x", 302, false, true},
		{good, "", 302, false, true},
		{good + "?Email=ada", to, 302, false, false},
		{good + "#ada", to, 302, false, false},
		{"https://autodiscover.contoso.com/", to, 302, false, false},
		{"http://ada@autodiscover.contoso.com/", to, 302, false, false},
		{"http:///x", to, 302, false, false},
	} {
		sent, body.times, body.read = nil, 0, 0
		body.Reader = strings.NewReader("moved")
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		got, status, err := safehttp.PlainRedirect(t.Context(), answer(tt.status, tt.location), u)
		if tt.ok && (err != nil || got.String() != to) || !tt.ok && !errors.Is(err, safehttp.ErrURL) {
			t.Errorf("PlainRedirect(%s), status %d to %q = %v, %v", tt.url, tt.status, tt.location, got, err)
		}
		if (sent != nil) != tt.asked || tt.asked && status != tt.status {
			t.Errorf("PlainRedirect(%s): sent %v, status %d", tt.url, sent != nil, status)
		}
		if sent != nil && (body.times != 1 || body.read != len("moved")) {
			t.Errorf("PlainRedirect(%s), status %d: %d bytes read, closed %d times", tt.url, tt.status, body.read, body.times)
		}
		if sent != nil && (sent.Method != "GET" || sent.Body != nil || len(sent.Header) != 1) {
			t.Errorf("PlainRedirect sent %s with %v", sent.Method, sent.Header)
		}
	}
	broken := errors.New("broken")
	u, _ := url.Parse(good)
	c := &http.Client{Transport: roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken })}
	if _, _, err := safehttp.PlainRedirect(t.Context(), c, u); !errors.Is(err, broken) {
		t.Errorf("PlainRedirect = %v, want the transport's error", err)
	}
}

// The limit of the header is exact: name, value and four bytes a field. The body of what is
// refused is closed.
func TestHeaderLimit(t *testing.T) {
	for _, tt := range []struct {
		size int
		ok   bool
	}{{safehttp.MaxHeader, true}, {safehttp.MaxHeader + 1, false}} {
		body := &closing{Reader: strings.NewReader("x")}
		c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			h := http.Header{"A": {"bc", "d"}}
			h.Set("X", strings.Repeat("x", tt.size-5-(1+2+4)-(1+1+4)))
			return &http.Response{StatusCode: 200, Header: h, Body: body}, nil
		})}
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "https://mail.contoso.com/", nil)
		_, err := safehttp.Do(c, req)
		if (err == nil) != tt.ok || err != nil && !errors.Is(err, safehttp.ErrTooLarge) || body.closed == tt.ok {
			t.Errorf("a header of %d bytes: %v, body closed %v", tt.size, err, body.closed)
		}
	}
}

func TestRequestID(t *testing.T) {
	for _, tt := range []struct {
		h    http.Header
		want string
	}{
		{http.Header{}, ""},
		{http.Header{"Request-Id": {"a"}, "X-Ms-Request-Id": {"b"}, "X-Request-Id": {"c"}, "Client-Request-Id": {"d"}}, "a"},
		{http.Header{"Request-Id": {""}, "X-Ms-Request-Id": {"b"}, "X-Request-Id": {"c"}}, "b"},
		{http.Header{"X-Request-Id": {"c"}, "Client-Request-Id": {"d"}}, "c"},
		{http.Header{"Client-Request-Id": {"d\r\n"}}, "d··"},
	} {
		if got := safehttp.RequestID(tt.h); got != tt.want {
			t.Errorf("RequestID(%v) = %q, want %q", tt.h, got, tt.want)
		}
	}
}
