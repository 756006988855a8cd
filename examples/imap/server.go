package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/emersion/go-sasl"

	"github.com/easoauth/easoauth/token"
)

// A server is an IMAP server in the likeness of Exchange Online's: it accepts tokens and
// nothing else.
type server struct {
	addr       string
	roots      *x509.CertPool // that sign its certificate
	mechanisms []string
	verifier   *token.Verifier
	imap       *imapserver.Server

	mu      sync.Mutex
	users   map[string]*imapmemserver.User
	revoked map[string]bool // access tokens
	last    string          // access token that came
}

func newServer(verifier *token.Verifier, mechanisms ...string) (*server, error) {
	// net/http/httptest has a certificate for 127.0.0.1.
	web := httptest.NewTLSServer(nil)
	config := &tls.Config{Certificates: web.TLS.Certificates}
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	web.Close()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		return nil, err
	}
	s := &server{
		addr: l.Addr().String(), roots: roots, mechanisms: mechanisms, verifier: verifier,
		users: map[string]*imapmemserver.User{}, revoked: map[string]bool{},
	}
	s.imap = imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return &session{server: s}, nil, nil
		},
		Caps:   imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapSASLIR: {}},
		Logger: log.New(io.Discard, "", 0),
		// The connection is TLS, which the package cannot see from outside of its listener.
		InsecureAuth: true,
	})
	go func() { _ = s.imap.Serve(l) }()
	return s, nil
}

func (s *server) Close() error { return s.imap.Close() }

// add delivers messages to a user, who gets a mailbox if there is none.
func (s *server) add(address string, subjects ...string) error {
	u := imapmemserver.NewUser(address, "")
	if err := u.Create("INBOX", nil); err != nil {
		return err
	}
	for i, subject := range subjects {
		b := []byte("From: bob@contoso.com\r\nTo: " + address + "\r\nSubject: " + subject + "\r\nDate: " +
			time.Date(2026, 3, 1+i, 9, 0, 0, 0, time.UTC).Format(time.RFC1123Z) + "\r\n\r\nHello\r\n")
		if _, err := u.Append("INBOX", literal{bytes.NewReader(b)}, &imap.AppendOptions{}); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.users[address] = u
	return nil
}

type literal struct{ *bytes.Reader }

func (l literal) Size() int64 { return l.Reader.Size() }

// revokeLast refuses the access token that came last, from now on.
func (s *server) revokeLast() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.revoked[s.last] = true
}

// login returns the mailbox of a user whose token holds.
func (s *server) login(user, raw string) (*imapmemserver.User, error) {
	claims, err := s.verifier.Verify(context.Background(), raw)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = raw
	u := s.users[strings.ToLower(user)]
	if s.revoked[raw] || u == nil || !strings.EqualFold(user, claims.Username) {
		return nil, errors.New("revoked, or for another user")
	}
	return u, nil
}

// A session is one connection, which has no mailbox until a token has come.
type session struct {
	*imapmemserver.UserSession
	server *server
}

func (s *session) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

// Login refuses passwords.
func (s *session) Login(string, string) error { return imapserver.ErrAuthFailed }

// AuthenticateMechanisms are announced.
func (s *session) AuthenticateMechanisms() []string { return s.server.mechanisms }

// Authenticate begins an exchange.
func (s *session) Authenticate(name string) (sasl.Server, error) {
	for _, m := range s.server.mechanisms {
		if m == name {
			return &exchange{session: s, name: name}, nil
		}
	}
	return nil, imapserver.ErrAuthFailed
}

// An exchange is a SASL exchange under OAUTHBEARER or XOAUTH2.
type exchange struct {
	session *session
	name    string
	refused bool
}

// Next accepts a token, or refuses it with a challenge to which the client must respond.
func (e *exchange) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case e.refused:
		return nil, false, imapserver.ErrAuthFailed
	case response == nil:
		return []byte{}, false, nil // without SASL-IR it comes next
	}
	user, raw := e.read(string(response))
	u, err := e.session.server.login(user, raw)
	if err != nil {
		e.refused = true
		if e.name == xoauth2 {
			return []byte(`{"status":"400","schemes":"Bearer","scope":"https://outlook.office.com/IMAP.AccessAsUser.All"}`), false, nil
		}
		return []byte(`{"status":"invalid_token","scope":"https://outlook.office.com/IMAP.AccessAsUser.All"}`), false, nil
	}
	e.session.UserSession = imapmemserver.NewUserSession(u)
	return nil, true, nil
}

// read takes user and token from a response.
func (e *exchange) read(response string) (user, raw string) {
	for field := range strings.SplitSeq(response, "\x01") {
		if v, ok := strings.CutPrefix(field, "user="); ok {
			user = v
		}
		if v, ok := strings.CutPrefix(field, "n,a="); ok {
			user = strings.NewReplacer("=2C", ",", "=3D", "=").Replace(strings.TrimSuffix(v, ","))
		}
		if v, ok := strings.CutPrefix(field, "auth=Bearer "); ok {
			raw = v
		}
	}
	return user, raw
}
