package eastest_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
)

// seeded drives a tenant in a bubble and returns all that is random in what came back.
func seeded(t *testing.T, seed uint64) (out []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Seed: seed})
		box := tn.AddMailbox(ada, &eas.Email{Subject: "one"})
		add := func(format string, a ...any) { out = append(out, fmt.Sprintf(format, a...)) }
		add("CA %x", tn.Certificate().Raw)
		_, d := post(t, tn, "/oauth2/v2.0/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {easScope}})
		add("device code %v %v", d["device_code"], d["user_code"])
		_, to, _ := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", url.Values{"response_mode": nil})
		add("code %s", to.Get("code"))
		m := redeem(t, tn, to.Get("code"), nil)
		add("tokens %v %v %v", m["access_token"], m["refresh_token"], m["id_token"])
		status, body := folderSync(t, tn, m["access_token"].(string), "16.1")
		add("FolderSync %d %q", status, body)
		_, _, page := browse(t, tn, loginURL+"/oauth2/v2.0/authorize", url.Values{"response_mode": {"form_post"}})
		add("form %s", page)
		_, _, keys := ask(t, tn, "GET", loginURL+"/discovery/v2.0/keys")
		add("keys %s", keys)
		_, h, _ := ask(t, tn, "OPTIONS", mailURL, "Authorization", "Bearer")
		add("request-id %s", h.Get("request-id"))
		resp, err := tn.Client().Get("https://mail.contoso.com/")
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		add("certificate %x", resp.TLS.PeerCertificates[0].Raw)
		tn.RollKeys()
		add("token after the roll %s", tn.Token(ada).AccessToken)
		_ = box
	})
	return out
}

// A seed makes a tenant repeat itself, byte for byte in a bubble; another one does not.
func TestSeed(t *testing.T) {
	first, again, other := seeded(t, 42), seeded(t, 42), seeded(t, 43)
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("the second time (-first +second):\n%s", diff)
	}
	for i := range first {
		same := first[i] == other[i]
		kind, _, _ := strings.Cut(first[i], " ")
		if fixed := kind == "FolderSync" || kind == "request-id"; same != fixed {
			t.Errorf("another seed, %s: the same is %v", kind, same)
		}
	}
	random, more := seeded(t, 0), seeded(t, 0)
	for i, s := range random {
		for _, kind := range []string{"CA", "device", "code", "form", "certificate"} {
			if strings.HasPrefix(s, kind+" ") && s == more[i] {
				t.Errorf("without a seed %s repeats", kind)
			}
		}
	}
}

// Keys of a seed are keys: tokens verify, and certificates as well.
func TestSeededKeys(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Seed: 7})
	tn.AddMailbox(ada)
	for range 4 { // every key, and the first again
		if status, h, _ := ask(t, tn, "OPTIONS", mailURL, bearerOf(tn)...); status != 200 {
			t.Errorf("%d %v", status, h)
		}
		tn.RollKeys()
	}
	for _, value := range []string{"chain", "authority", "sha1", "expired"} {
		s := tn.Switch(eastest.Fault{ID: "TLS_CERT_INVALID", Value: value})
		if _, err := tn.Client().Get("https://mail.contoso.com/"); err == nil {
			t.Errorf("%s: no error", value)
		}
		s.Lift()
		tn.Client().CloseIdleConnections()
	}
}
