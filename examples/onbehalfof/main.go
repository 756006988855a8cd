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
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/easoauth/easoauth/token"
)

type settings struct {
	listen, clientID, tenant, endpoint, secretFile, dir string
}

func main() {
	var s settings
	flag.StringVar(&s.listen, "listen", "127.0.0.1:8080", "loopback address to listen on")
	flag.StringVar(&s.clientID, "client-id", "", "client ID of the service's app registration")
	flag.StringVar(&s.tenant, "tenant", "", "tenant whose users may come: a GUID or a domain")
	flag.StringVar(&s.endpoint, "endpoint", "", "ActiveSync URL of the mailboxes")
	flag.StringVar(&s.secretFile, "secret-file", "", "file with the client secret")
	flag.StringVar(&s.dir, "dir", "", "folder for the sign-ins")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch {
	case len(os.Args) == 1:
		err = demonstrate(ctx, os.Stdout)
	case flag.NArg() > 0 || s.clientID == "" || s.tenant == "" || s.endpoint == "" || s.secretFile == "" || s.dir == "":
		fmt.Fprintln(os.Stderr, "onbehalfof: -client-id, -tenant, -endpoint, -secret-file and -dir are needed; -h explains")
		os.Exit(2)
	default:
		err = s.serve(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "onbehalfof:", err)
		stop()
		os.Exit(1)
	}
}

// serve runs the service until ctx ends.
func (s *settings) serve(ctx context.Context) error {
	host, _, err := net.SplitHostPort(s.listen)
	if err != nil {
		return fmt.Errorf("-listen: %w", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return errors.New("-listen: tokens do not travel in the clear: listen on loopback, behind a TLS server")
	}
	secret, err := os.ReadFile(s.secretFile)
	if err != nil {
		return err
	}
	endpoint, err := url.Parse(s.endpoint)
	if err != nil {
		return errors.New("-endpoint is not a URL")
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
