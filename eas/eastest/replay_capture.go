package eastest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/archive"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// authKind says how a request authorizes itself, without the secret: "" not at all, "Bearer" by
// an empty token, "Bearer redacted-1" by a token that a response held, "Bearer …" by another;
// "+user" follows where a user is named.
func (rec *Recording) authKind(h http.Header) string {
	kind := describe(h)
	if scheme, secret, ok := strings.Cut(h.Get("Authorization"), " "); ok {
		for token, name := range rec.handed {
			if secret == token || secret == name {
				kind = scheme + " " + name
			}
		}
	}
	if h.Get("X-User-Identity") != "" {
		kind += "+user"
	}
	return kind
}

// readTLS reads what an archive keeps of the connection: when the certificate ends.
func readTLS(files map[string][]byte, name string) (*tls.ConnectionState, error) {
	data, ok := files[name]
	if !ok {
		return nil, nil
	}
	at, ok := strings.CutPrefix(strings.TrimSpace(string(data)), "not-after: ")
	t, err := time.Parse(time.RFC3339, at)
	if !ok || err != nil {
		return nil, fmt.Errorf(`%w: %q is not "not-after:" with a time`, ErrArchive, name)
	}
	return &tls.ConnectionState{Version: tls.VersionTLS13, HandshakeComplete: true, PeerCertificates: []*x509.Certificate{{NotAfter: t}}}, nil
}

// recordedTokens are unsigned tokens by the names of those that were redacted.
type recordedTokens map[string]string

var redactedToken = regexp.MustCompile(archive.Redacted + `\d+`)

func readTokens(files map[string][]byte) (recordedTokens, error) {
	out := recordedTokens{}
	encode := base64.RawURLEncoding.EncodeToString
	for file, data := range files {
		name, ok := strings.CutPrefix(file, "tokens/")
		if !ok {
			continue
		}
		name, ok = strings.CutSuffix(name, ".json")
		var claims map[string]any
		if !ok || json.Unmarshal(data, &claims) != nil || claims == nil {
			return nil, fmt.Errorf("%w: %q does not hold the claims of a token", ErrArchive, file)
		}
		claims["jti"] = name
		payload, err := json.Marshal(claims)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", ErrArchive, file, err)
		}
		out[name] = encode([]byte(`{"alg":"none","typ":"JWT"}`)) + "." + encode(payload) + "." + encode([]byte("recorded"))
	}
	return out, nil
}

// fill puts the tokens into a response, and notes which.
func (t recordedTokens) fill(answer []byte, handed map[string]string) []byte {
	if len(t) == 0 {
		return answer
	}
	return redactedToken.ReplaceAllFunc(answer, func(name []byte) []byte {
		if token, ok := t[string(name)]; ok {
			handed[token] = string(name)
			return []byte(token)
		}
		return name
	})
}

// failure is an error such as a transport has it for the fault that cut the connection.
func (e *exchanged) failure() error {
	host := e.url.Hostname()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	var err error
	id, name, _ := strings.Cut(e.cut, " ")
	switch id {
	case "DNS_NXDOMAIN":
		err = dial(&net.DNSError{Err: "no such host", Name: host, IsNotFound: true})
	case "DNS_FAILED":
		err = dial(&net.DNSError{Err: "server misbehaving", Name: host, IsTemporary: true})
	case "TCP_UNREACHABLE":
		err = dial(errRefused)
	case "PROXY_UNREACHABLE":
		err = &net.OpError{Op: "proxyconnect", Net: "tcp", Err: errRefused}
	case "PRIVATE_ADDRESS":
		err = dial(safehttp.ErrPrivateAddress)
	case "TLS_CERT_INVALID":
		err = &tls.CertificateVerificationError{Err: errors.New("as recorded")}
		if name != "" {
			err = &tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{DNSNames: []string{name}}, Host: host}}
		}
	case "NOT_TLS":
		err = tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}
	case "CLIENT_CERT":
		err = &net.OpError{Op: "remote error", Err: tls.AlertError(116)}
	case "TLS_VERSION":
		err = &net.OpError{Op: "remote error", Err: tls.AlertError(70)}
	case "TLS_HANDSHAKE_CUT":
		err = errors.New("net/http: TLS handshake timeout")
	case "NO_RESPONSE":
		err = context.DeadlineExceeded
	default:
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("eastest: the recorded connection was cut: %w", err)
}
