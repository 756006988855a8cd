// Package check puts real devices in front of a real mail server and has examples/hmacheck, as a
// process, say which device is in the way and what to do; and it has what the check writes judged
// by programs and libraries that are not this project's.
package check

import (
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/interop/servers"
)

// A report is what -json prints.
type report struct {
	Root     string `json:"root"`
	Findings []struct {
		Fault, By, Cause, Remedy, Probe string
	} `json:"findings"`
	Probes []struct {
		Name, Verdict, Fault, Seen, By string
	} `json:"probes"`
}

// TestDevices has SOGo behind examples/gateway, and in front of both a device as Debian has it.
func TestDevices(t *testing.T) {
	const user = "ada"
	mail := servers.Dovecot(t, user)
	sogo := servers.SOGo(t, mail, user)
	site := servers.NewSite(t)
	gateway := site.PlainGateway(t, site.URL, sogo, user)
	insecure := site.PlainGateway(t, &url.URL{Scheme: "http", Host: site.URL.Host, Path: site.URL.Path}, sogo, user)
	checker := site.Checker(t)
	closed := "127.0.0.1:1" // where nothing listens

	pass := func(to, more string) string {
		return "location / {\n proxy_pass http://" + to + ";\n proxy_set_header Host $host;\n" + more + "\n}"
	}
	eas := func(directives string) string {
		return "\nlocation /Microsoft-Server-ActiveSync {\n" + directives + "\n}"
	}
	dir := servers.Dir(t, "nobody")
	file := func(name, text string) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return name
	}
	demand := "auth_basic closed;\n auth_basic_user_file " + file("passwords", "ada:{PLAIN}secret\n") + ";"
	form := "http-request return status 200 content-type text/html file " +
		file("form.html", `<html><title>Contoso</title><form method=post><input name=user><input type="password" name=password></form></html>`) + " if { path /login }"
	const login = "http-request redirect location https://mail.contoso.test/login"
	const activeSync = "{ path_beg -i /microsoft-server-activesync }"
	nginx := func(directives string) func(*testing.T) string {
		return func(t *testing.T) string { return site.Nginx(t, directives) }
	}
	haproxy := func(to, directives string) func(*testing.T) string {
		return func(t *testing.T) string { return site.HAProxy(t, to, directives) }
	}
	for _, tt := range []struct {
		name   string
		device func(*testing.T) string
		root   string
		by     string // of the root's finding
		remedy string // a part of it
	}{
		{"HAProxy passes through", haproxy(gateway, ""), "healthy", "", ""},
		{"nginx passes through", nginx(pass(gateway, "")), "healthy", "", ""},
		{"nginx strips the challenge", nginx(pass(gateway, "proxy_hide_header WWW-Authenticate;")),
			"EAS_NO_WWW_AUTH", "nginx", "let WWW-Authenticate pass"},
		{"nginx ends TLS before a server that takes itself for http", nginx(pass(insecure, "")), "AD_WRONG_URL", "nginx", "external URL"},
		{"nginx ends TLS before a server that takes tokens for http", nginx(pass(insecure, "") + "\nlocation /autodiscover {\n proxy_pass http://" + gateway + ";\n}"),
			"TLS_OFFLOAD", "nginx", "end TLS offloading"},
		{"nginx redirects to http", nginx("return 301 http://$host$request_uri;"), "AD_REDIRECT_DOWNGRADE", "nginx", "https"},
		{"nginx demands a password", nginx(pass(gateway, demand)), "AD_PREAUTH", "nginx", "pre-authentication"},
		{"nginx demands a password for ActiveSync", nginx(pass(gateway, "") + eas(demand)), "EAS_NOT_EXCHANGE", "nginx", "pre-authentication"},
		{"nginx denies", nginx(pass(gateway, "deny all;")), "WAF_BLOCK", "nginx", "allow GET on /autodiscover"},
		{"nginx denies ActiveSync", nginx(pass(gateway, "") + eas("deny all;")), "EAS_NOT_EXCHANGE", "nginx", "pass /Microsoft-Server-ActiveSync"},
		{"nginx limits what is sent", nginx(pass(gateway, "client_max_body_size 16k;")), "EAS_MAXREQUEST", "nginx", "limit of the device in front"},
		{"nginx serves its own site", nginx(""), "EAS_NOT_EXCHANGE", "nginx", "pass /Microsoft-Server-ActiveSync and /autodiscover through"},
		{"nginx serves its own site at ActiveSync", nginx(pass(gateway, "") + eas("")), "EAS_NOT_EXCHANGE", "nginx", "pass /Microsoft-Server-ActiveSync"},
		{"nginx finds nothing behind", nginx(pass(closed, "")), "SERVER_FAILED", "nginx", "back end"},
		{"nginx finds nothing behind ActiveSync", nginx(pass(gateway, "") + eas("proxy_pass http://"+closed+";")), "EAS_UNREACHABLE", "nginx", "health"},
		{"nginx that hides its version", nginx("server_tokens off; return 502;"), "SERVER_FAILED", "nginx", "back end"},
		{"HAProxy redirects to a form", haproxy(gateway, form+"\n  "+login+" unless { path /login }"), "AD_PREAUTH", "HAProxy", "pre-authentication"},
		{"HAProxy redirects ActiveSync to a form", haproxy(gateway, form+"\n  "+login+" if "+activeSync), "EAS_NOT_EXCHANGE", "HAProxy", "pre-authentication"},
		{"HAProxy finds nothing behind", haproxy(closed, ""), "SERVER_FAILED", "HAProxy", "back end"},
		{"HAProxy demands a password", haproxy(gateway, "http-request auth realm Contoso"), "AD_PREAUTH", "HAProxy", "pre-authentication"},
		{"HAProxy demands a password for ActiveSync", haproxy(gateway, "http-request auth realm Contoso if "+activeSync), "EAS_NOT_EXCHANGE", "HAProxy", "pre-authentication"},
		{"HAProxy denies", haproxy(gateway, "http-request deny"), "WAF_BLOCK", "HAProxy", "allow GET on /autodiscover"},
		{"HAProxy denies ActiveSync", haproxy(gateway, "http-request deny if "+activeSync), "EAS_NOT_EXCHANGE", "HAProxy", "pass /Microsoft-Server-ActiveSync"},
		{"HAProxy strips the challenge", haproxy(gateway, "http-response del-header WWW-Authenticate"), "EAS_NO_WWW_AUTH", "", "let WWW-Authenticate pass"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			device := tt.device(t)
			run := func(args ...string) (out, log []byte, code int) {
				t.Helper()
				return checker.Run(t, device, append(args, "-no-cloud", "-sign-in", "-large", "32", "-client-id", eastest.ClientID, user+"@"+servers.Domain)...)
			}
			out, log, code := run("-json")
			var r report
			if err := json.Unmarshal(out, &r); err != nil {
				t.Fatalf("exit status %d: %v\n%s\n%s", code, err, out, log)
			}
			defer func() {
				if t.Failed() {
					t.Logf("%s%s", out, log)
				}
			}()
			if r.Root != tt.root {
				t.Fatalf("the root is %s, want %s", r.Root, tt.root)
			}
			if tt.root == "healthy" {
				if code != 0 {
					t.Errorf("exit status %d", code)
				}
				return
			}
			f := r.Findings[0]
			if code != 1 || !strings.HasSuffix(f.By, tt.by) || tt.by == "" && f.By != "" || !strings.Contains(f.Remedy, tt.remedy) {
				t.Errorf("exit status %d: by %q, remedy %q", code, f.By, f.Remedy)
			}
			text, _, _ := run()
			if tt.by != "" && !strings.Contains(string(text), tt.by+".") || !strings.Contains(strings.ToLower(strings.Join(strings.Fields(string(text)), " ")), strings.ToLower(tt.remedy)) {
				t.Errorf("the report for a person:\n%s", text)
			}
		})
	}
}
