package bearer

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// XOAUTH2 returns the initial response of the SASL mechanism XOAUTH2, which Exchange Online and
// Gmail accept for IMAP, POP and SMTP, before it is encoded in base64:
//
//	user=<user> ^A auth=Bearer <token> ^A ^A
//
// The user is the address of the mailbox. The result is nil, which no server accepts, if user or
// token is empty or holds a control character, with which a user could add fields, or bytes that
// are not UTF-8.
func XOAUTH2(user, token string) []byte {
	if !isSASLText(user) || !isSASLText(token) {
		return nil
	}
	return []byte("user=" + user + "\x01auth=Bearer " + token + "\x01\x01")
}

// OAUTHBEARER returns the initial response of the SASL mechanism OAUTHBEARER (RFC 7628 section
// 3.1), before it is encoded in base64. The user, the identity to act as, may be empty if the
// token says it. Host and port are those of the server, and are left out if empty and 0.
//
// The result is nil, which no server accepts, if the token is empty, or if user, host or token
// holds a control character, with which a user could add fields, or bytes that are not UTF-8.
func OAUTHBEARER(user, host string, port int, token string) []byte {
	if user != "" && !isSASLText(user) || host != "" && !isSASLText(host) || !isSASLText(token) {
		return nil
	}
	var b strings.Builder
	b.WriteString("n,")
	if user != "" {
		b.WriteString("a=" + strings.NewReplacer("=", "=3D", ",", "=2C").Replace(user)) // saslname, RFC 5801 section 4
	}
	b.WriteString(",\x01")
	if host != "" {
		b.WriteString("host=" + host + "\x01")
	}
	if port != 0 {
		b.WriteString("port=" + strconv.Itoa(port) + "\x01")
	}
	b.WriteString("auth=Bearer " + token + "\x01\x01")
	return []byte(b.String())
}

func isSASLText(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
}

// maxSASL bounds a challenge, in bytes.
const maxSASL = 16 << 10

// ErrSASL is matched when a SASL challenge is not the JSON object of at most 16 KiB in which
// servers say why they refuse a token.
var ErrSASL = errors.New("bearer: not a SASL error challenge")

// A SASLError is the challenge by which a server refuses a token under XOAUTH2 or OAUTHBEARER
// (RFC 7628 section 3.2.2). All texts have been made safe to print.
//
// The client must respond to the challenge, with nothing under XOAUTH2 and with the byte 0x01
// under OAUTHBEARER, and the server then ends the exchange with its failure. Renew the token
// ([Refresher]) and try once more if [SASLError.Refreshable] reports true.
type SASLError struct {
	Status              string   // "invalid_token", "insufficient_scope", or an HTTP status such as "400" or "401"
	Schemes             []string // authentication schemes, such as "bearer", in lower case
	Scope               string   // that a token needs
	OpenIDConfiguration string   // https URL of the metadata of the server's authority, or ""; the word of a stranger
}

func (e *SASLError) Error() string {
	s := "bearer: SASL: the server refuses the token"
	if e.Status != "" {
		s += ": status " + e.Status
	}
	if e.Scope != "" {
		s += ": it needs the scope " + e.Scope
	}
	if e.Refreshable() {
		return s + ": renew the token, and check that it is for this server and that the mailbox may use this protocol"
	}
	return s + ": check the scope of the token and the user's permission"
}

// Refreshable reports whether another token may be accepted: the status is invalid_token, 400
// or 401.
func (e *SASLError) Refreshable() bool {
	return e.Status == "invalid_token" || e.Status == "400" || e.Status == "401"
}

// ParseSASLError reads a challenge, in base64 as it is on the wire or decoded as SASL libraries
// hand it on. The error matches [ErrSASL] and quotes nothing.
func ParseSASLError(challenge []byte) (*SASLError, error) {
	if len(challenge) > 2*maxSASL {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrSASL, maxSASL)
	}
	s := strings.TrimSpace(string(challenge))
	if !strings.HasPrefix(s, "{") {
		b, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			return nil, fmt.Errorf("%w: it is neither JSON nor base64", ErrSASL)
		}
		s = string(b)
	}
	if len(s) > maxSASL {
		return nil, fmt.Errorf("%w: it is longer than %d bytes", ErrSASL, maxSASL)
	}
	var m *struct {
		Status, Scope, Schemes json.RawMessage
		OpenIDConfiguration    json.RawMessage `json:"openid-configuration"`
	}
	if err := json.Unmarshal([]byte(s), &m); err != nil || m == nil {
		return nil, fmt.Errorf("%w: it is not a JSON object", ErrSASL)
	}
	e := &SASLError{Status: saslText(m.Status), Scope: saslText(m.Scope)}
	if e.Status == "" {
		return nil, fmt.Errorf("%w: it has no status", ErrSASL)
	}
	for _, scheme := range strings.Fields(saslText(m.Schemes)) {
		e.Schemes = append(e.Schemes, strings.ToLower(scheme))
	}
	if u, err := url.Parse(saslText(m.OpenIDConfiguration)); err == nil && safehttp.CheckURL(u) == nil {
		e.OpenIDConfiguration = u.String()
	}
	return e, nil
}

// saslText reads a string, or a whole number, as servers send the status. It returns "" for others.
func saslText(raw json.RawMessage) string {
	var text string
	var number float64
	switch {
	case json.Unmarshal(raw, &text) == nil:
		return safehttp.Clean(text, 512)
	case json.Unmarshal(raw, &number) == nil && number == float64(int(number)):
		return strconv.Itoa(int(number))
	}
	return ""
}
