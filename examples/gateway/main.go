// Gateway puts modern authentication in front of an ActiveSync server that knows only
// passwords: a reverse proxy that demands a bearer token, with Exchange's challenge, and
// passes a request on with the login of the user.
//
//	go run ./examples/gateway                    a demonstration, with an embedded tenant
//	go run ./examples/gateway -public https://mail.example.org/Microsoft-Server-ActiveSync \
//		-upstream http://127.0.0.1:20000/SOGo/Microsoft-Server-ActiveSync -users users.txt \
//		-authority https://login.microsoftonline.com/common/oauth2/authorize -tenants …
//
// The file of users has a line for each, of the address, the login and the password,
// separated by spaces; nobody but its owner may read it. The URL in -public is what tokens
// must be issued for: the authority has to know its origin as a resource. Without
// -authority's own host among the Microsoft clouds, name it with -trust, and for an OpenID
// provider the issuer with -issuer.
//
// TLS is the gateway's with -cert and -key. Without them it listens on loopback alone, for
// a TLS server in front of it. It also answers AutoDiscover v2.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

type settings struct {
	listen, cert, key           string
	public, upstream, users     string
	authority, issuer, trust    string
	tenants, clients, audiences string
	scope                       string
	loopback                    bool
}

func main() {
	var s settings
	(&account.Tool{
		Name:  "gateway",
		Usage: "gateway -public https://… -upstream … -users … -authority …",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&s.listen, "listen", "127.0.0.1:8443", "address to listen on")
			fs.StringVar(&s.cert, "cert", "", "file with the TLS certificate")
			fs.StringVar(&s.key, "key", "", "file with its key")
			fs.StringVar(&s.public, "public", "", "ActiveSync URL under which clients reach the gateway")
			fs.StringVar(&s.upstream, "upstream", "", "ActiveSync URL of the server behind it")
			fs.StringVar(&s.users, "users", "", "file of addresses, logins and passwords")
			fs.StringVar(&s.authority, "authority", "", "authorization_uri of the authority")
			fs.StringVar(&s.issuer, "issuer", "", "issuer of an OpenID provider")
			fs.StringVar(&s.trust, "trust", "", "further hosts that may be the authority, with commas")
			fs.StringVar(&s.tenants, "tenants", "", "tenants whose users may come, with commas; all if empty")
			fs.StringVar(&s.clients, "clients", "", "client IDs that may come, with commas; all if empty")
			fs.StringVar(&s.audiences, "audiences", "", "audiences that are accepted besides the origin of -public, with commas")
			fs.StringVar(&s.scope, "scope", "", "permission that a token must have; if empty, EAS.AccessAsUser.All")
			fs.BoolVar(&s.loopback, "loopback-authority", false, "let the authority be plain http on loopback, for tests")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, _ io.Reader, out, errs io.Writer) error {
			if fs.NFlag() == 0 {
				return demonstrate(ctx, out)
			}
			return serve(ctx, errs, s)
		},
	}).Main()
}

// serve runs the gateway until ctx ends.
func serve(ctx context.Context, out io.Writer, s settings) error {
	log := slog.New(slog.NewTextHandler(out, nil))
	g, err := s.gateway(ctx, log)
	if err != nil {
		return err
	}
	if (s.cert == "") != (s.key == "") {
		return account.Misuse("-cert and -key go together")
	}
	l, err := net.Listen("tcp", s.listen)
	if err != nil {
		return err
	}
	if s.cert == "" && !l.Addr().(*net.TCPAddr).IP.IsLoopback() {
		l.Close()
		return account.Misuse("without -cert and -key the gateway listens on loopback alone: tokens would cross the network in clear")
	}
	server := &http.Server{
		Handler: g, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	log.Info("listening", "address", l.Addr().String(), "public", g.public.String())
	if s.cert != "" {
		err = server.ServeTLS(l, s.cert, s.key)
	} else {
		err = server.Serve(l)
	}
	if ctx.Err() != nil {
		return nil
	}
	return err
}

func (s settings) gateway(ctx context.Context, log *slog.Logger) (*gateway, error) {
	public, err := parseURL("-public", s.public)
	if err != nil {
		return nil, err
	}
	upstream, err := parseURL("-upstream", s.upstream)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(upstream.Hostname()); upstream.Scheme != "https" && upstream.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, account.Misuse("-upstream must be https, or on loopback: passwords would cross the network in clear")
	}
	logins, err := readLogins(s.users)
	if err != nil {
		return nil, err
	}
	a, err := token.Discover(ctx, s.authority, &token.Options{
		TrustedAuthorities: list(s.trust), Issuer: s.issuer, AllowLoopback: s.loopback,
	})
	if err != nil {
		return nil, err
	}
	v := &token.Verifier{
		Authority: a, Endpoint: public, Tenants: list(s.tenants), Clients: list(s.clients),
		Audiences: list(s.audiences), Scope: s.scope,
	}
	return newGateway(v, upstream, logins, log), nil
}

func parseURL(name, s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" {
		return nil, account.Misuse("%s must be an https URL", name)
	}
	return u, nil
}

func list(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
}

// readLogins reads the file of users. Its errors quote nothing of it.
func readLogins(name string) (map[string]login, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("-users: %w", err)
	}
	defer f.Close()
	fi, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("-users: %w", err)
	}
	if fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return nil, fmt.Errorf("-users: %s may be read by others: chmod go-rwx", name)
	}
	logins := map[string]login{}
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) == 0 || strings.HasPrefix(fields[0], "#"):
			continue
		case len(fields) != 3:
			return nil, fmt.Errorf("-users: %s, line %d: not an address, a login and a password", name, n)
		}
		logins[strings.ToLower(fields[0])] = login{fields[1], fields[2]}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("-users: %s: %w", name, err)
	}
	if len(logins) == 0 {
		return nil, fmt.Errorf("-users: %s names nobody", name)
	}
	return logins, nil
}
