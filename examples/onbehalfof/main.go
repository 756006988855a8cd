// Onbehalfof is a service between a front client and Exchange. The front client signs the user
// in to the service; the service verifies that token, exchanges it for one of Exchange (the
// on-behalf-of flow), and from then on renews by itself.
//
//	go run ./examples/onbehalfof         a demonstration, with an embedded tenant
//	onbehalfof -client-id … -tenant … -endpoint https://mail.contoso.com/Microsoft-Server-ActiveSync \
//		-secret-file … -dir …
//
// The front client requests api://<client ID>/access_as_user and sends its token to
//
//	GET /subjects
//
// which responds with the subjects of the messages in the inbox as JSON. It listens on loopback
// alone, for a TLS server in front of it. The file of the client secret, and the folder of the
// sign-ins, must be readable by the service alone.
package main

import (
	"context"
	"errors"
	"flag"
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
	listen, clientID, tenant, endpoint, secretFile, dir string
}

func main() {
	var s settings
	(&account.Tool{
		Name:  "onbehalfof",
		Usage: "onbehalfof -client-id … -tenant … -endpoint … -secret-file … -dir …",
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&s.listen, "listen", "127.0.0.1:8080", "loopback address to listen on")
			fs.StringVar(&s.clientID, "client-id", "", "client ID of the service's app registration")
			fs.StringVar(&s.tenant, "tenant", "", "tenant whose users may come: a GUID or a domain")
			fs.StringVar(&s.endpoint, "endpoint", "", "ActiveSync URL of the mailboxes")
			fs.StringVar(&s.secretFile, "secret-file", "", "file with the client secret")
			fs.StringVar(&s.dir, "dir", "", "folder for the sign-ins")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, _ io.Reader, out, _ io.Writer) error {
			if fs.NFlag() == 0 {
				return demonstrate(ctx, out)
			}
			for _, name := range []string{"client-id", "tenant", "endpoint", "secret-file", "dir"} {
				if fs.Lookup(name).Value.String() == "" {
					return account.Misuse("-%s is missing", name)
				}
			}
			return s.serve(ctx)
		},
	}).Main()
}

// serve runs the service until ctx ends.
func (s *settings) serve(ctx context.Context) error {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return account.Misuse("-listen: %v", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return account.Misuse("-listen: tokens do not travel in the clear: listen on loopback, behind a TLS server")
	}
	secret, err := os.ReadFile(s.secretFile)
	if err != nil {
		return err
	}
	endpoint, err := url.Parse(s.endpoint)
	if err != nil {
		return account.Misuse("-endpoint is not a URL")
	}
	svc, err := newService(ctx, s.clientID, s.tenant, endpoint, &token.FileStore{Dir: s.dir}, &token.Options{
		Auth: token.Secret(strings.TrimSpace(string(secret)))})
	if err != nil {
		return err
	}
	svc.log = slog.New(slog.NewTextHandler(os.Stderr, nil))
	server := &http.Server{Addr: s.listen, Handler: svc, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		ending, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = server.Shutdown(ending)
	})
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
