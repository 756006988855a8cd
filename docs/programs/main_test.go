package main

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// The programs run as they are. As any Go program on Linux, they reach the tenant through the
// proxy, and trust the certificate authority, that their environment names.
var (
	tenant *eastest.Tenant
	ca     = eastest.NewCA()
)

func TestMain(m *testing.M) {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		fmt.Println("skipped: on this system a program takes no certificate authority from its environment")
		return
	}
	os.Exit(inTenant(m.Run))
}

func inTenant(f func() int) int {
	tenant = eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, CA: ca})
	defer tenant.Close()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go tenant.ServeProxy(ln)
	dir, err := os.MkdirTemp("", "programs")
	must(err)
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "ca.pem")
	must(os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: tenant.Certificate().Raw}), 0o600))
	must(os.Setenv("SSL_CERT_FILE", file))
	must(os.Setenv("HTTPS_PROXY", "http://"+ln.Addr().String()))
	must(os.Setenv("NO_PROXY", ""))
	must(os.Setenv("no_proxy", ""))
	person = func(email string) token.Flow {
		return &token.Browser{LoginHint: email, Open: tenant.Browser()}
	}
	slog.SetDefault(slog.New(slog.DiscardHandler))
	return f()
}

// must ends the tests when what they need is missing.
func must(err error) {
	if err != nil {
		panic(err)
	}
}

// made counts the mailboxes of the tenant, which is one for all tests.
var made int

// mailbox makes a mailbox of the test's own.
func mailbox(items ...eas.Item) *eastest.Mailbox {
	made++
	return tenant.AddMailbox(fmt.Sprintf("user%d@contoso.com", made), items...)
}

// started runs a program and returns what it printed.
func started(t *testing.T, dir, name string, addresses ...string) string {
	t.Helper()
	var w strings.Builder
	args := append([]string{"-client-id", eastest.ClientID, "-dir", dir, name}, addresses...)
	if err := run(t.Context(), &w, args); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return w.String()
}

func TestUnread(t *testing.T) {
	read, unread := true, false
	box := mailbox(
		&eas.Email{Subject: "Minutes", Read: &read},
		&eas.Email{Subject: "Lunch?", From: "bob@contoso.com", Read: &unread})
	got := started(t, t.TempDir(), "unread", box.Address())
	if _, rest, _ := strings.Cut(got, ":"); len(got) < 16 || rest[3:] != "bob@contoso.com Lunch?\n" {
		t.Errorf("unread prints %q, want the line of the one unread mail", got)
	}
}

func TestBackup(t *testing.T) {
	box := mailbox(&eas.Email{Subject: "One"}, &eas.Email{Subject: "Two"})
	dir := t.TempDir()
	subjects := func() (all []string) {
		started(t, dir, "backup", box.Address())
		files, err := filepath.Glob(filepath.Join(dir, "mail", "*.eml"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(string(b), "Subject: ")
			subject, _, _ := strings.Cut(rest, "\r\n")
			all = append(all, subject)
		}
		slices.Sort(all)
		return all
	}
	if diff := cmp.Diff([]string{"One", "Two"}, subjects()); diff != "" {
		t.Errorf("the first backup (-want +got):\n%s", diff)
	}
	box.Deliver(&eas.Email{Subject: "Three"})
	tenant.ForgetRequests()
	if diff := cmp.Diff([]string{"One", "Three", "Two"}, subjects()); diff != "" {
		t.Errorf("the second backup (-want +got):\n%s", diff)
	}
	if n := count("ItemOperations"); n != 1 {
		t.Errorf("the second backup fetches %d messages, want the new one alone", n)
	}
}

func TestAway(t *testing.T) {
	address := mailbox().Address()
	started(t, t.TempDir(), "away", address)
	client := &eas.Client{URL: tenant.URL(), User: address, HTTPClient: tenant.Client(), Token: bearer.Static(tenant.Token(address))}
	got, err := client.OutOfOffice(t.Context(), eas.BodyPlain)
	if err != nil {
		t.Fatal(err)
	}
	if got.State != eas.OutOfOfficeTimed || !got.Internal.Enabled || !got.Known.Enabled || got.Unknown.Enabled {
		t.Errorf("automatic replies are %+v, want timed ones, and none to strangers", got)
	}
}

func TestCheck(t *testing.T) {
	address := mailbox().Address()
	if got := started(t, t.TempDir(), "check", address); got != "" {
		t.Errorf("check of a healthy deployment prints %q", got)
	}
	fault := tenant.Switch(eastest.Fault{ID: "EAS_NO_AUTHORIZATION_URI"})
	defer fault.Lift()
	var w strings.Builder
	err := run(t.Context(), &w, []string{"check", address})
	if err == nil || err.Error() != "mend EAS_NO_AUTHORIZATION_URI first" || !strings.Contains(w.String(), "EAS_NO_AUTHORIZATION_URI: ") {
		t.Errorf("check = %v and prints %q, want the fault", err, w.String())
	}
}

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	var addresses []string
	for _, name := range []string{"fay", "gil", "hal"} {
		box := mailbox(&eas.Email{Subject: "First of " + name})
		addresses = append(addresses, box.Address())
		if name != "hal" { // who has not signed in yet
			started(t, dir, "unread", box.Address())
		}
	}
	watch := func(until string, deliver func()) string {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		w := &ending{until: until, cancel: cancel}
		deliver()
		watchAll(ctx, w, eastest.ClientID, dir, addresses)
		if !strings.Contains(w.String(), until) {
			t.Errorf("watch prints %q, want %q", w.String(), until)
		}
		return w.String()
	}
	first := watch("First of fay", func() {})
	if strings.Contains(first, "hal") {
		t.Errorf("watch prints %q", first)
	}
	second := watch("Second of fay", func() { tenant.Mailbox(addresses[0]).Deliver(&eas.Email{Subject: "Second of fay"}) })
	if strings.Contains(second, "First of fay") {
		t.Errorf("after a restart watch prints %q again", second)
	}
}

func TestIMAP(t *testing.T) {
	address := mailbox().Address()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{leaf(t)}})
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan string, 1)
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		io.WriteString(conn, "* OK ready\r\n")
		b := make([]byte, 1<<16)
		n, _ := conn.Read(b)
		got <- string(b[:n])
		io.WriteString(conn, "a OK AUTHENTICATE completed\r\n")
	}()
	var w strings.Builder
	if err := imapLogin(t.Context(), &w, eastest.ClientID, address, ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if line := <-got; !strings.HasPrefix(line, "a AUTHENTICATE XOAUTH2 "+base64.StdEncoding.EncodeToString([]byte("user=" + address))[:16]) || w.String() != "a OK AUTHENTICATE completed\n" {
		t.Errorf("imap sends %q and prints %q", line, w.String())
	}
}

func TestEWS(t *testing.T) {
	address := mailbox().Address()
	source, err := ewsSource(t.Context(), eastest.ClientID, address)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := source.Token(t.Context()); err != nil {
		t.Errorf("no token for EWS: %v", err)
	}
	const good = `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<m:GetFolderResponse xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages" xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">
<m:ResponseMessages><m:GetFolderResponseMessage ResponseClass="Success"><m:ResponseCode>NoError</m:ResponseCode><m:Folders><t:Folder>
<t:UnreadCount>3</t:UnreadCount></t:Folder></m:Folders></m:GetFolderResponseMessage></m:ResponseMessages></m:GetFolderResponse></s:Body></s:Envelope>`
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer good" && r.Header.Get("Content-Type") == "text/xml; charset=utf-8" {
			io.WriteString(w, good)
			return
		}
		w.Header().Set("X-MS-Diagnostics", `2000003;reason="The hostname component of the audience claim value is invalid.";error_category="invalid_resource"`)
		w.Header().Set("WWW-Authenticate", `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", error="invalid_token"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf(t)}}
	server.StartTLS()
	defer server.Close()
	for _, tt := range []struct{ token, want, fails string }{
		{token: "good", want: "3 unread\n", fails: "<nil>"},
		{token: "bad", fails: "EWS: HTTP status 401 Unauthorized\nthe token's audience is not the URL"},
	} {
		var w strings.Builder
		err := unreadByEWS(t.Context(), &w, bearer.Static(&oauth2.Token{AccessToken: tt.token}), server.URL+"/EWS/Exchange.asmx")
		if w.String() != tt.want || !strings.HasPrefix(fmt.Sprint(err), tt.fails) {
			t.Errorf("with the token %q EWS prints %q, %v; want %q, %s", tt.token, w.String(), err, tt.want, tt.fails)
		}
	}
}

// leaf is a certificate of this machine, signed by the tenant's authority.
func leaf(t *testing.T) tls.Certificate {
	t.Helper()
	root, err := x509.ParseCertificate(ca.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}, root, root.PublicKey, ca.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: ca.PrivateKey}
}

// ending is a writer that ends the program when it has seen a text.
type ending struct {
	mu     sync.Mutex
	b      strings.Builder
	until  string
	cancel context.CancelFunc
}

func (s *ending) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Write(p)
	if strings.Contains(s.b.String(), s.until) {
		s.cancel()
	}
	return len(p), nil
}

func (s *ending) String() string { return s.b.String() }

// count returns how many requests of a command the tenant got.
func count(command string) (n int) {
	for _, r := range tenant.Requests() {
		if r.Command == command {
			n++
		}
	}
	return n
}
