package main

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/easoauth/easoauth/examples/internal/account"
)

// checkListen holds -listen to loopback: the protocol is plain HTTP here.
func checkListen(listen string) error {
	if listen == "" {
		return nil
	}
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return account.Misuse("-listen: %v", err)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return account.Misuse("-listen is not a loopback address, such as 127.0.0.1:8123: mail would cross the network in clear")
	}
	return nil
}

// serveHTTP serves HTTP until ctx ends.
func serveHTTP(ctx context.Context, server *mcp.Server, listen, file string, log io.Writer) error {
	secret, err := readSecret(file)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	h := &http.Server{
		Handler:           guard(mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return server }, &mcp.StreamableHTTPOptions{SessionTimeout: time.Hour, MaxRequestBodyBytes: 1 << 20}), secret),
		ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 5 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	defer context.AfterFunc(ctx, func() { h.Close() })()
	fmt.Fprintf(log, "listening at http://%s; clients send the content of %s as bearer token\n", l.Addr(), file)
	if err = h.Serve(l); ctx.Err() != nil {
		return nil
	}
	return err
}

// guard lets requests through that have the secret and do not come from a web page. The handler
// refuses names of other hosts.
func guard(h http.Handler, secret string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind, got, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		switch {
		case len(r.Header.Values("Origin")) > 0:
			http.Error(w, "requests of web pages are refused", http.StatusForbidden)
		case !strings.EqualFold(kind, "Bearer") || subtle.ConstantTimeCompare([]byte(got), []byte(secret)) != 1:
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "the secret is missing or wrong", http.StatusUnauthorized)
		default:
			h.ServeHTTP(w, r)
		}
	})
}

// readSecret returns the secret in a file that its owner alone may read; it makes one if there is
// no file.
func readSecret(file string) (string, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return "", err
		}
		secret := rand.Text()
		return secret, account.WriteFile(file, []byte(secret+"\n"))
	}
	if err != nil {
		return "", err
	}
	fi, err := os.Stat(file)
	if err != nil {
		return "", err
	}
	if fi.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		return "", fmt.Errorf("%s may be read by others: chmod go-rwx", file)
	}
	secret := strings.TrimSpace(string(b))
	if len(secret) < 20 {
		return "", fmt.Errorf("%s holds less than 20 characters: delete it, and a new secret is made", file)
	}
	return secret, nil
}
