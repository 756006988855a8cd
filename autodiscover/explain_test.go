package autodiscover_test

import (
	"context"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/golden"
)

var update = flag.Bool("update", false, "rewrite testdata/explanations.txt")

// fails is a host that brings no response.
func fails(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) { return nil, err }
}

// explanations are look-ups that fail, each in the way of one kind of error.
var explanations = []struct {
	name  string
	r     autodiscover.Resolver
	hosts map[string]http.HandlerFunc
	dead  map[string]func(*http.Request) (*http.Response, error)
	is    string // the name of the error that it must match
}{
	{name: "a user that neither the cloud nor the organization places", is: "ErrSelfRedirect", hosts: map[string]http.HandlerFunc{
		cloud: redirectTo("https://" + own + "/autodiscover/autodiscover.json?RedirectCount=2"),
		own:   redirectTo("https://" + cloud + "/autodiscover/autodiscover.json?RedirectCount=3")}},
	{name: "offline", is: "ErrUnreachable", dead: map[string]func(*http.Request) (*http.Response, error){
		cloud: fails(&net.DNSError{Err: "server misbehaving", Name: cloud, IsTemporary: true}), own: fails(&net.DNSError{Err: "server misbehaving", Name: own, IsTemporary: true})}},
	{name: "no record for the organization's AutoDiscover", is: "ErrUnreachable", hosts: map[string]http.HandlerFunc{cloud: redirectTo("https://" + cloud + "/autodiscover/autodiscover.json?RedirectCount=2")},
		dead: map[string]func(*http.Request) (*http.Response, error){own: fails(&net.DNSError{Err: "no such host", Name: own, IsNotFound: true})}},
	{name: "a closed port and an expired certificate", is: "ErrUnreachable", r: autodiscover.Resolver{AskDomain: true, NoCloud: true}, dead: map[string]func(*http.Request) (*http.Response, error){
		own:           fails(&net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"contoso.com": fails(x509.CertificateInvalidError{Cert: &x509.Certificate{NotAfter: time.Date(1999, 1, 2, 0, 0, 0, 0, time.UTC)}, Reason: x509.Expired})}},
	{name: "a server without v2", is: "ErrNotV2", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: plain(404, "Server", "Apache")}},
	{name: "a device demands a sign-in", is: "ErrPreAuthentication", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: plain(401, "WWW-Authenticate", `Basic realm="Kemp"`)}},
	{name: "a firewall", is: "ErrDevice", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: page(200, "<html>Request Rejected. Your support ID is: 1439692")}},
	{name: "the server fails", is: "ErrServer", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: plain(502, "Server", "nginx")}},
	{name: "the server is busy", is: "ErrThrottled", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: plain(503, "Retry-After", "120")}},
	{name: "a typing error in the address", is: "ErrUserUnknown", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(404, `{"ErrorCode":"UserNotFound","ErrorMessage":"ada@contoso.com"}`)}},
	{name: "no URL", is: "ErrBadEndpoint", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, `{"Protocol":"ActiveSync","Url":""}`)}},
	{name: "another service", is: "ErrBadEndpoint", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, `{"Url":"https://mail.contoso.com/EWS/Exchange.asmx"}`)}},
	{name: "an endpoint elsewhere", is: "ErrUnconfirmed", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: jsonAnswer(200, foreign)}},
	{name: "a redirect to http", is: "ErrRedirect", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: redirectTo("http://" + own + "/autodiscover/autodiscover.json?Email=ada@contoso.com")}},
	{name: "a redirect that does not parse", is: "ErrRedirect", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{own: redirectTo("https://%zz?Email=ada@contoso.com")}},
	{name: "a host that DNS names", is: "ErrUnconfirmed", r: autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true,
		LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) {
			return "", []*net.SRV{{Target: "mail.hoster.example.", Port: 443}}, nil
		}}},
	{name: "a host with a long name", is: "ErrUnconfirmed", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{
		own: redirectTo("https://" + strings.Repeat("a.very.long.name.", 14) + "example/autodiscover/autodiscover.json")}},
	{name: "a protocol that the server lacks", r: autodiscover.Resolver{NoCloud: true}, hosts: map[string]http.HandlerFunc{
		own: jsonAnswer(400, `{"ErrorCode":"ProtocolNotSupported","ErrorMessage":"Supported values are 'Rest,Ews'"}`)}},
}

// elsewhere are the errors that no hop matches: they come before a request, or from another
// service.
var elsewhere = map[string]string{"ErrAddress": "TestS034Address", "ErrHost": "TestHost", "ErrNotFound": "TestAutoDetect"}

// A look-up that fails reads like an explanation: one screen, 80 columns, a remedy for each
// kind of error, said once, and no address. testdata/explanations.txt shows them.
func TestExplanations(t *testing.T) {
	var b strings.Builder
	shown := map[string]bool{}
	for _, tt := range explanations {
		synctest.Test(t, func(t *testing.T) {
			w := &world{hosts: tt.hosts}
			tt.r.HTTPClient = &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if dead := tt.dead[r.URL.Host]; dead != nil {
					return dead(r)
				}
				return w.RoundTrip(r)
			})}
			_, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
			var le *autodiscover.LookupError
			if !errors.As(err, &le) {
				t.Fatalf("%s: %v", tt.name, err)
			}
			if want := sentinels[tt.is]; tt.is != "" && !errors.Is(err, want) {
				t.Errorf("%s: %v does not match %s", tt.name, err, tt.is)
			}
			shown[tt.is] = true
			text := err.Error()
			fmt.Fprintf(&b, "-- %s --\n%s\n\n", tt.name, text)
			if n := strings.Count(text, "\n") + 1; n > 24 {
				t.Errorf("%s: %d lines", tt.name, n)
			}
			said := map[string]bool{}
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
					t.Errorf("%s: a line of %d columns: %s", tt.name, n, line)
				}
				if strings.Contains(line, "Remedy:") && said[line] {
					t.Errorf("%s: said twice: %s", tt.name, line)
				}
				said[line] = true
			}
			if strings.Contains(text, "ada") {
				t.Errorf("%s: the address is in %s", tt.name, text)
			}
			for _, h := range le.Hops {
				var he *autodiscover.HopError
				if h.Err == nil {
					continue
				}
				if !errors.As(h.Err, &he) || !fault.Known(fault.ID(he.Fault)) {
					t.Errorf("%s: %v has no fault of the table, and so no remedy", tt.name, h)
				} else if !strings.Contains(h.Err.Error(), fault.Get(fault.ID(he.Fault)).Remedy) {
					t.Errorf("%s: %v does not say the remedy", tt.name, h)
				}
			}
		})
	}
	for _, name := range sentinelNames(t) {
		if !shown[name] && elsewhere[name] == "" {
			t.Errorf("no look-up of this test ends in %s: add one", name)
		}
		if sentinels[name] == nil && elsewhere[name] == "" {
			t.Errorf("%s is not in sentinels", name)
		}
	}
	golden.Check(t, "testdata/explanations.txt", b.String(), *update)
}

var sentinels = map[string]error{
	"ErrNotV2": autodiscover.ErrNotV2, "ErrServer": autodiscover.ErrServer, "ErrUserUnknown": autodiscover.ErrUserUnknown, "ErrDevice": autodiscover.ErrDevice,
	"ErrPreAuthentication": autodiscover.ErrPreAuthentication, "ErrUnreachable": autodiscover.ErrUnreachable, "ErrRedirect": autodiscover.ErrRedirect,
	"ErrSelfRedirect": autodiscover.ErrSelfRedirect, "ErrThrottled": autodiscover.ErrThrottled, "ErrBadEndpoint": autodiscover.ErrBadEndpoint,
	"ErrUnconfirmed": autodiscover.ErrUnconfirmed,
}

// sentinelNames returns the exported errors of the package, by its source.
func sentinelNames(t *testing.T) []string {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			for _, s := range g.Specs {
				for _, n := range s.(*ast.ValueSpec).Names {
					if strings.HasPrefix(n.Name, "Err") {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	if len(names) < 12 {
		t.Fatalf("found only %v", names)
	}
	return names
}
