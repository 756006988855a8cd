package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/programtest"
	"github.com/easoauth/easoauth/token"
)

func TestMain(m *testing.M) { programtest.Main(m, main) }

func start(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	return programtest.Start(t, "", nil, args...)
}

func TestProcess(t *testing.T) {
	begin := time.Now()
	out, errs, code := start(t)
	if code != 0 || errs != "" || time.Since(begin) > 20*time.Second {
		t.Fatalf("exit code %d after %v\n%s%s", code, time.Since(begin), out, errs)
	}
	if strings.Count(out, `status 200 ["Through the service"] (exchanges so far 1, renewals 0)`) != 2 || !strings.Contains(out, "status 401 Bearer") || strings.Contains(out, "eyJ") {
		t.Errorf("output\n%s", out)
	}
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("s3cret-value\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	all := []string{"-client-id", "c", "-tenant", "contoso.com", "-endpoint", "https://mail.contoso.com/x", "-secret-file", secret, "-dir", t.TempDir()}
	for _, tt := range []struct {
		args    []string
		code    int
		mention string
	}{
		{[]string{"-x"}, 2, "onbehalfof: flag provided but not defined: -x"},
		{[]string{"-client-id", "c"}, 2, "onbehalfof: -tenant is missing"},
		{append(all[:len(all):len(all)], "x"), 2, `onbehalfof: unexpected argument "x"`},
		{append(all[:len(all):len(all)], "-listen", "0.0.0.0:0"), 2, "loopback"},
		{append(all[:len(all):len(all)], "-listen", "8080"), 2, "-listen: "},
		{append(all[:len(all):len(all)], "-secret-file", secret+"x"), 1, "secretx"},
	} {
		out, errs, code := start(t, tt.args...)
		if code != tt.code || !strings.Contains(errs, tt.mention) || out != "" || strings.Contains(errs, "s3cret") {
			t.Errorf("%q: exit code %d\n%s%s", tt.args, code, out, errs)
		}
	}
}

func TestHelp(t *testing.T) {
	if out, errs, code := start(t, "-h"); code != 0 || errs != "" || !strings.Contains(out, "-secret-file") {
		t.Errorf("-h: exit code %d\n%s%s", code, out, errs)
	}
}

func TestService(t *testing.T) {
	d, err := newDemo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer d.close()
	const eve = "eve@contoso.com"
	d.tenant.AddMailbox(eve, &eas.Email{Subject: "Eve's own"})
	signIn := func(address string) string {
		t.Helper()
		tok, err := (&token.Source{Config: d.front, Flow: &token.Browser{Open: d.tenant.Browser(), LoginHint: address}}).Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return tok.AccessToken
	}
	call := func(accessToken string, want int) (challenge, body string) {
		t.Helper()
		status, challenge, body, err := d.get(t.Context(), accessToken)
		if err != nil || status != want {
			t.Errorf("status %d %s, %v; want %d", status, body, err, want)
		}
		return challenge, body
	}

	// However many calls come at once, a user's token is exchanged once.
	at1 := signIn(ada)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { call(at1, 200) })
	}
	wg.Wait()
	if exchanged, renewed := d.exchanges(); exchanged != 1 || renewed != 0 {
		t.Errorf("%d exchanges and %d renewals, want 1 and 0", exchanged, renewed)
	}
	// Each user has their own mailbox.
	if _, body := call(signIn(eve), 200); body != `["Eve's own"]` {
		t.Errorf("eve gets %s", body)
	}
	if _, body := call(at1, 200); body != `["Through the service"]` {
		t.Errorf("ada gets %s", body)
	}
	// When Exchange ends the access token, the service renews by itself.
	d.tenant.ExpireAccessTokens()
	at1 = signIn(ada)
	call(at1, 200)
	if exchanged, renewed := d.exchanges(); exchanged != 2 || renewed != 1 {
		t.Errorf("%d exchanges and %d renewals, want 2 and 1", exchanged, renewed)
	}

	// What is not for the service is refused, and the reason stays in the log.
	for name, raw := range map[string]string{"nothing": "", "not a token": "x", "for Exchange": d.tenant.Token(ada).AccessToken, "changed": at1[:len(at1)-4] + "AAAA"} {
		if challenge, body := call(raw, 401); challenge != `Bearer error="invalid_token"` || body != "Unauthorized" {
			t.Errorf("%s: challenge %q, body %q", name, challenge, body)
		}
	}
	if exchanged, _ := d.exchanges(); exchanged != 2 {
		t.Errorf("%d exchanges, want 2: tokens were sent on that are not for the service", exchanged)
	}
}

// What the authority demands reaches the front client.
func TestDemands(t *testing.T) {
	for number, want := range map[string]struct {
		status    int
		challenge string
	}{
		"50076": {401, `Bearer error="insufficient_claims", claims="`}, // a second factor
		"65001": {403, ""},                                             // consent
		"50173": {401, `Bearer error="invalid_token"`},                 // a revoked sign-in
	} {
		d, err := newDemo(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer d.close()
		tok, err := (&token.Source{Config: d.front, Flow: &token.Browser{Open: d.tenant.Browser(), LoginHint: ada}}).Token(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		d.tenant.Switch(eastest.Fault{ID: "SIGN_IN_REFUSED", Value: number})
		status, challenge, _, err := d.get(t.Context(), tok.AccessToken)
		if err != nil || status != want.status || !strings.HasPrefix(challenge, want.challenge) {
			t.Errorf("%s: status %d, challenge %s, %v; want %d %s", number, status, challenge, err, want.status, want.challenge)
		}
		if _, claims, ok := strings.Cut(challenge, `claims="`); ok {
			if b, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(claims, `"`)); err != nil || !strings.HasPrefix(string(b), "{") {
				t.Errorf("claims %s, %v", b, err)
			}
		}
	}
}
