package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/examples/internal/programtest"
	"github.com/easoauth/easoauth/token"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

// start runs the program as a process that has no display.
func start(t *testing.T, in string, args ...string) (out, errs string, code int) {
	t.Helper()
	return programtest.Start(t, in, []string{"DISPLAY=", "WAYLAND_DISPLAY="}, args...)
}

func TestDemonstration(t *testing.T) {
	begin := time.Now()
	out, errs, code := start(t, "")
	if code != account.OK || errs != "" || time.Since(begin) > 20*time.Second {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, errs)
	}
	for _, want := range []string{"exit code 3: ", "ada@contoso.com is signed in", "requests to the authority: 0", "1 new token, 1 refresh", "logout done"} {
		if !strings.Contains(out, want) {
			t.Errorf("the output does not say %q:\n%s", want, out)
		}
	}
	if strings.Contains(out, "eyJ") || strings.Contains(out, "dXNlcj") {
		t.Error("the output holds a token")
	}
}

func TestExitCodes(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tokens")
	for _, tt := range []struct {
		name, args, in string
		code           int
		mention        string
	}{
		{"unknown flag", "-x", "", account.Misused, "-x"},
		{"no client", "get ada@contoso.com", "", account.Misused, "token: -client-id is missing"},
		{"no verb", "-client-id c", "", account.Misused, "token: the verb is missing"},
		{"unknown verb", "-client-id c -no-keychain -dir DIR dance ada@contoso.com", "", account.Misused, `token: "dance" is not a verb`},
		{"too many addresses", "-client-id c get a b", "", account.Misused, `token: unexpected argument "b"`},
		{"no address", "-client-id c status", "", account.Misused, "token: status needs an address"},
		{"an address for git", "-client-id c erase a", "", account.Misused, "token: erase reads git's attributes"},
		{"unknown form", "-client-id c -as jwt get a", "", account.Misused, `token: -as is "jwt"`},
		{"no sign-in", "-client-id c -no-keychain -dir DIR get ada@contoso.com", "", account.LogIn, "sign"},
		{"no sign-in, status", "-client-id c -no-keychain -dir DIR status ada@contoso.com", "", account.LogIn, "sign"},
		{"no sign-in, git", "-client-id c -no-keychain -dir DIR get", "protocol=smtp\nhost=smtp.office365.com:587\nusername=ada@contoso.com\n\n", account.LogIn, "sign"},
		{"git without a user", "-client-id c -no-keychain -dir DIR get", "protocol=smtp\n", account.Misused, "address"},
		{"git about another host", "-client-id c -no-keychain -dir DIR -email ada@contoso.com get", "protocol=https\nhost=evil.contoso.com\n\n", account.OK, ""},
		{"git without TLS", "-client-id c -no-keychain -dir DIR -email ada@contoso.com get", "protocol=http\nhost=smtp.office365.com\n\n", account.OK, ""},
		{"git with a host of -host alone", "-client-id c -no-keychain -dir DIR -host mail.contoso.com get", "protocol=smtp\nhost=smtp.office365.com\nusername=a\n\n", account.OK, ""},
		{"git stores", "-client-id c -no-keychain -dir DIR store", "username=ada@contoso.com\npassword=x\n", account.OK, ""},
		{"strange authority", "-client-id c -no-keychain -dir DIR -authority https://login.contoso.com/common get ada@contoso.com", "", account.Deployment, "not a known authority"},
		{"two resources", "-client-id c -no-keychain -dir DIR -for imap,graph get ada@contoso.com", "", account.Deployment, "another resource"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			out, errs, code := start(t, tt.in, strings.Fields(strings.ReplaceAll(tt.args, "DIR", dir))...)
			if code != tt.code || !strings.Contains(errs, tt.mention) || out != "" {
				t.Errorf("exit code %d, output %q, errors\n%s\nwant %d, %q among the errors, and no output", code, out, errs, tt.code, tt.mention)
			}
			if strings.Contains(errs, "token: token:") {
				t.Errorf("%s", errs)
			}
		})
	}
}

func TestHelp(t *testing.T) {
	if out, errs, code := start(t, "", "-help"); code != account.OK || errs != "" || !strings.Contains(out, "usage: token") || !strings.Contains(out, "-client-id") {
		t.Errorf("-help: exit code %d\n%s%s", code, out, errs)
	}
}

// Many processes share one sign-in: the refresh token is spent once, and every one of them
// prints the token that it brought.
func TestManyProcesses(t *testing.T) {
	var mu sync.Mutex
	spent := 0
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	defer server.Close()
	mux.HandleFunc("/adfs/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		json.NewEncoder(w).Encode(map[string]string{"issuer": server.URL + "/adfs", "authorization_endpoint": server.URL + "/adfs/a",
			"token_endpoint": server.URL + "/adfs/token", "jwks_uri": server.URL + "/adfs/keys"})
	})
	mux.HandleFunc("/adfs/token", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if got := r.FormValue("refresh_token"); got != fmt.Sprintf("rt%d", spent) {
			http.Error(w, `{"error":"invalid_grant"}`, http.StatusBadRequest)
			return
		}
		spent++
		fmt.Fprintf(w, `{"access_token":"at%d","refresh_token":"rt%d","token_type":"Bearer","expires_in":3600}`, spent, spent)
	})
	ctx := t.Context()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := filepath.Join(t.TempDir(), "tokens")
	config, err := token.ConfigureResource(ctx, "client", server.URL+"/adfs", nil, []string{token.ScopeIMAP},
		&token.Options{TrustedAuthorities: []string{host}, AllowLoopback: true})
	if err != nil {
		t.Fatal(err)
	}
	store := &token.FileStore{Dir: dir}
	source := &token.Source{Config: config, Key: "ada@contoso.com", Store: store}
	source.Flow = token.RefreshToken("rt0")
	if _, err := source.SignIn(ctx); err != nil {
		t.Fatal(err)
	}
	r, err := store.Load(ctx, "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	r.Access = nil
	if _, err := store.Save(ctx, "ada@contoso.com", r); err != nil {
		t.Fatal(err)
	}
	args := []string{"-client-id", "client", "-no-keychain", "-dir", dir, "-authority", server.URL + "/adfs", "-trust", host}
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			out, errs, code := start(t, "", append(args, "get", "Ada@contoso.com")...)
			if out != "at2\n" || errs != "" || code != account.OK {
				t.Errorf("get = %q, %q, exit code %d; want the one new token", out, errs, code)
			}
		})
	}
	wg.Wait()
	if spent != 2 {
		t.Errorf("%d refresh tokens were spent, want 2", spent)
	}

	for form, want := range map[string]string{
		"token": "at2", "header": "Authorization: Bearer at2",
		"xoauth2":     base64.StdEncoding.EncodeToString([]byte("user=ada@contoso.com\x01auth=Bearer at2\x01\x01")),
		"oauthbearer": base64.StdEncoding.EncodeToString([]byte("n,a=ada@contoso.com,\x01auth=Bearer at2\x01\x01")),
	} {
		if out, errs, code := start(t, "", append(args, "-as", form, "get", "ada@contoso.com")...); out != want+"\n" || code != account.OK {
			t.Errorf("-as %s = %q, %q, exit code %d; want %q", form, out, errs, code, want)
		}
	}
	attributes := "protocol=smtp\nhost=smtp.office365.com:587\nusername=ada@contoso.com\n"
	out, _, code := start(t, attributes+"\n", append(args, "get")...)
	if !strings.HasPrefix(out, "username=ada@contoso.com\npassword=at2\npassword_expiry_utc=") || code != account.OK {
		t.Errorf("git get = %q, exit code %d", out, code)
	}
	if _, errs, code := start(t, attributes+"password=at2\n\n", append(args, "erase")...); code != account.OK {
		t.Errorf("git erase: %s, exit code %d", errs, code)
	}
	// Git may say no user, and other hosts have nothing to get.
	if out, _, code := start(t, "host=MAIL.contoso.com\r\n\r\nusername=eve", append(args, "-email", "ada@contoso.com", "-host", "x,mail.contoso.com", "get")...); !strings.HasPrefix(out, "username=ada@contoso.com\npassword=at3\n") || code != account.OK {
		t.Errorf("git get without a user = %q, exit code %d", out, code)
	}
	if out, _, _ := start(t, attributes+"\n", append(args, "get")...); !strings.Contains(out, "password=at3\n") {
		t.Errorf("git get after erase = %q, want a new token", out)
	}
	if _, errs, code := start(t, "", append(args, "logout", "ada@contoso.com")...); code != account.OK {
		t.Errorf("logout: %s, exit code %d", errs, code)
	}
	if _, _, code := start(t, "", append(args, "get", "ada@contoso.com")...); code != account.LogIn {
		t.Errorf("get after logout: exit code %d, want %d", code, account.LogIn)
	}
}
