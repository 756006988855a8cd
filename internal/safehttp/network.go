package safehttp

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/easoauth/easoauth/internal/fault"
)

// A Layer is where an exchange failed.
type Layer string

// The layers of [RequestError].
const (
	LayerDNS         Layer = "DNS"
	LayerAddress     Layer = "address" // refused before it was dialled
	LayerTCP         Layer = "TCP"
	LayerProxy       Layer = "proxy"
	LayerTLS         Layer = "TLS"
	LayerCertificate Layer = "certificate"
	LayerHTTP        Layer = "HTTP"
	LayerContext     Layer = "context" // the caller's context, or a time limit, ended it
)

// A RequestError wraps the failure of an exchange that brought no response: it names the
// layer, the fault where one is known, and what to do. URL is redacted. The text quotes
// nothing that came from the network.
type RequestError struct {
	Method string
	URL    string
	Layer  Layer
	Fault  fault.ID // "" if none is known by name
	Err    error    // the cause; its text may hold anything
	text   string
}

func (e *RequestError) Error() string { return fmt.Sprintf("%s %s: %s", e.Method, e.URL, e.Reason()) }

func (e *RequestError) Unwrap() error { return e.Err }

// Reason says what failed and what to do, without method and URL.
func (e *RequestError) Reason() string {
	s := e.Detail()
	switch {
	case e.Fault == "":
		return s
	case s == "":
		return fault.Get(e.Fault).String()
	case e.text == "":
		return s + ": " + fault.Get(e.Fault).String()
	}
	return s + "; " + fault.Get(e.Fault).String()
}

// Detail names the layer, and what the exchange shows beyond what the fault says: "TCP: the
// connection was refused".
func (e *RequestError) Detail() string {
	switch {
	case e.Layer == LayerContext || e.Layer == LayerAddress:
		return e.text
	case e.text == "":
		return string(e.Layer)
	}
	return string(e.Layer) + ": " + e.text
}

// Cause returns the error without method and URL, for a caller whose own text names them.
// What it wraps is the same. An error of the caller's context is returned as it is.
func (e *RequestError) Cause() error {
	if e.Layer == LayerContext {
		return e.Err
	}
	return cause{e}
}

type cause struct{ e *RequestError }

func (c cause) Error() string { return c.e.Reason() }

func (c cause) Unwrap() error { return c.e.Err }

// requestError explains why req brought no response. It drops the *url.Error that net/http
// adds, since that prints the whole URL.
func requestError(req *http.Request, err error, at stage) *RequestError {
	var ue *url.Error
	if errors.As(err, &ue) {
		err = ue.Err
	}
	e := &RequestError{Method: req.Method, URL: Redact(req.URL), Err: err}
	e.Layer, e.Fault, e.text = explain(err, at)
	return e
}

// explain finds the layer, the fault, and a few words that are not the table's.
func explain(err error, at stage) (Layer, fault.ID, string) {
	var (
		dns      *net.DNSError
		op       *net.OpError
		cert     *tls.CertificateVerificationError
		record   tls.RecordHeaderError
		alert    tls.AlertError
		limit    *LimitError
		hostname x509.HostnameError
		invalid  x509.CertificateInvalidError
		unknown  x509.UnknownAuthorityError
	)
	isOp := errors.As(err, &op)
	text := err.Error()
	switch {
	case errors.Is(err, context.Canceled):
		return LayerContext, "", "canceled"
	case isOp && op.Op == "proxyconnect":
		return LayerProxy, "PROXY_UNREACHABLE", ""
	case errors.Is(err, ErrPrivateAddress):
		return LayerAddress, "PRIVATE_ADDRESS", ""
	case errors.As(err, &dns) && dns.IsNotFound:
		return LayerDNS, "DNS_NXDOMAIN", ""
	case errors.As(err, &dns):
		return LayerDNS, "DNS_FAILED", ""
	case errors.As(err, &hostname):
		return LayerCertificate, "TLS_CERT_INVALID", "it is for other names" + names(hostname.Certificate)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return LayerCertificate, "TLS_CERT_INVALID", expired(invalid)
	case errors.As(err, &unknown):
		return LayerCertificate, "TLS_CERT_INVALID", "it is signed by an unknown authority"
	case errors.As(err, &cert):
		return LayerCertificate, "TLS_CERT_INVALID", ""
	case errors.As(err, &record), strings.Contains(text, "server gave HTTP response to HTTPS client"):
		return LayerTLS, "NOT_TLS", ""
	case errors.As(err, &alert) || strings.Contains(text, "remote error: tls: "):
		// RFC 8446 section 6.2, in the words of crypto/tls. What a server says of a certificate is about the client's.
		switch {
		case strings.Contains(text, "certificate"):
			return LayerTLS, "CLIENT_CERT", ""
		case strings.Contains(text, "protocol version"), strings.Contains(text, "handshake failure"), strings.Contains(text, "insufficient security"):
			return LayerTLS, "TLS_VERSION", ""
		}
		return LayerTLS, "TLS_HANDSHAKE_CUT", ""
	case strings.Contains(text, "tls: "):
		// What the client itself found wrong.
		switch {
		case strings.Contains(text, "version"), strings.Contains(text, "cipher suite"), strings.Contains(text, "curve"), strings.Contains(text, "group"):
			return LayerTLS, "TLS_VERSION", ""
		case strings.Contains(text, "certificate"):
			return LayerCertificate, "TLS_CERT_INVALID", ""
		}
		return LayerTLS, "", "the handshake breaks the protocol"
	case errors.As(err, &limit):
		return LayerHTTP, "", limit.Error()
	case isOp && op.Op == "dial" && errors.Is(err, syscall.ECONNREFUSED):
		return LayerTCP, "TCP_UNREACHABLE", "the connection was refused"
	case strings.Contains(text, "TLS handshake timeout"):
		return LayerTLS, "TLS_HANDSHAKE_CUT", "the handshake took too long"
	case errors.Is(err, context.DeadlineExceeded), os.IsTimeout(err), isTimeout(err):
		switch {
		case at == stageDNS:
			return LayerDNS, "DNS_FAILED", ""
		case at == stageTCP, isOp && op.Op == "dial":
			return LayerTCP, "TCP_UNREACHABLE", "the connection took too long"
		case at == stageTLS:
			return LayerTLS, "TLS_HANDSHAKE_CUT", "the handshake took too long"
		}
		return LayerContext, "", "no response in time"
	case at == stageTLS && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)):
		return LayerTLS, "TLS_HANDSHAKE_CUT", ""
	case at == stageConnected && text == http.StatusText(http.StatusProxyAuthRequired):
		return LayerProxy, "PROXY_AUTH", ""
	case at == stageConnected && !isOp:
		// The response to CONNECT; its text is the proxy's own.
		return LayerProxy, "PROXY_UNREACHABLE", "it opens no connection to the host"
	case isOp && op.Op == "dial":
		return LayerTCP, "TCP_UNREACHABLE", ""
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE),
		strings.Contains(text, "server closed idle connection"), strings.Contains(text, "connection lost"), strings.Contains(text, "GOAWAY"), strings.Contains(text, "stream error"):
		return LayerHTTP, "CONN_RESET", ""
	case strings.Contains(text, "malformed"), strings.Contains(text, "transfer encoding"), strings.Contains(text, "Content-Length"), strings.Contains(text, "headers exceeded"):
		return LayerHTTP, "", "the response breaks the protocol"
	}
	return LayerHTTP, "", Plain(text, 160)
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// names lists the first names of a certificate, such as the web site's.
func names(c *x509.Certificate) string {
	if c == nil || len(c.DNSNames) == 0 {
		return ""
	}
	return " (" + Clean(strings.Join(c.DNSNames[:min(len(c.DNSNames), 3)], ", "), 128) + ")"
}

func expired(e x509.CertificateInvalidError) string {
	if e.Cert == nil {
		return "its dates are wrong"
	}
	if time.Now().Before(e.Cert.NotBefore) {
		return "it is valid only from " + e.Cert.NotBefore.Format(time.DateOnly) + " on; check the local clock"
	}
	return "it expired on " + e.Cert.NotAfter.Format(time.DateOnly)
}

var (
	address = regexp.MustCompile(`[^\s'"<>()\[\],;:=&?/\\]+(@|%(?:25)*40|&#(?:64|[xX]40);)[^\s'"<>()\[\],;:=&?/\\]*`)
	query   = regexp.MustCompile(`\?[^\s'"<>]+`)
	jwt     = regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}(\.[A-Za-z0-9_-]*)*`)
	opaque  = regexp.MustCompile(`[A-Za-z0-9+_~%=-]{41,}`)
)

// Plain makes a text that others wrote fit for an error: what looks like a mail address, a
// query, or a token is replaced by "…", and the rest is cleaned and bounded by [Clean].
func Plain(s string, limit int) string {
	s = s[:min(len(s), 4*limit)]
	s = query.ReplaceAllString(s, "?…")
	s = address.ReplaceAllString(s, "…")
	s = jwt.ReplaceAllString(s, "…")
	s = opaque.ReplaceAllString(s, "…")
	return Clean(s, limit)
}
