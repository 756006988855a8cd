package tenant

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// tab is a tab of a Chromium whose proxy is the tenant's.
func tab(t *testing.T, tn *tenant) context.Context {
	t.Helper()
	return servers.Chromium(t, tn.Proxy)
}

func browse(t *testing.T, tab context.Context, what string, actions ...chromedp.Action) {
	t.Helper()
	if err := chromedp.Run(tab, actions...); err != nil {
		var text, location string
		_ = chromedp.Run(tab, chromedp.Location(&location), chromedp.Text("body", &text))
		t.Fatalf("%s: %v; the browser shows %s: %.400q", what, err, location, text)
	}
}

// button is the button of the form of a fault.
func button(fault, name string) string {
	return `//form[input[@name="id" and @value="` + fault + `"]]//button[normalize-space()="` + name + `"]`
}

// TestChromiumPage drives the page: a fault is switched on and lifted, a mail delivered, the clock set,
// and the log shows a request that comes while the page is open.
func TestChromiumPage(t *testing.T) {
	for _, script := range []bool{true, false} {
		name := "with JavaScript"
		if !script {
			name = "without JavaScript"
		}
		t.Run(name, func(t *testing.T) {
			tn := start(t)
			c := tn.client(t)
			tab := tab(t, tn)
			if got := challenge(t, c, tn); !strings.Contains(got, "Bearer client_id=") {
				t.Fatalf("the challenge is %q", got)
			}
			var text string
			browse(t, tab, "the page", emulation.SetScriptExecutionDisabled(!script), chromedp.Navigate(tn.Page), chromedp.WaitVisible("#dance"), chromedp.Text("body", &text))
			if !strings.Contains(text, "A fake Microsoft 365 tenant") || !strings.Contains(text, "For tests") {
				t.Errorf("the page does not say what it is: %.200q", text)
			}

			browse(t, tab, "switching on", chromedp.Click(button("EAS_NO_WWW_AUTH", "Switch on"), chromedp.BySearch), chromedp.WaitVisible(button("EAS_NO_WWW_AUTH", "Lift"), chromedp.BySearch))
			if got := challenge(t, c, tn); got != "" {
				t.Errorf("with the fault the challenge is %q", got)
			}
			browse(t, tab, "lifting", chromedp.Click(button("EAS_NO_WWW_AUTH", "Lift"), chromedp.BySearch), chromedp.WaitVisible(button("EAS_NO_WWW_AUTH", "Switch on"), chromedp.BySearch))
			if got := challenge(t, c, tn); !strings.Contains(got, "Bearer client_id=") {
				t.Errorf("after the fault the challenge is %q", got)
			}

			browse(t, tab, "delivering", chromedp.SetValue(`form[action="/deliver"] input[name=subject]`, "From the page", chromedp.ByQuery),
				chromedp.Click(`form[action="/deliver"] button`, chromedp.ByQuery), chromedp.WaitReady(`//li[contains(., "From the page")]`, chromedp.BySearch))
			var boxes []struct {
				Address string
				Inbox   []struct{ Subject string }
			}
			tn.api(t, "GET", "mailboxes", "", &boxes)
			if n := len(boxes[0].Inbox); n != 2 {
				t.Errorf("%s has %d mails, want 2", boxes[0].Address, n)
			}

			var before, after struct{ Now time.Time }
			tn.api(t, "GET", "clock", "", &before)
			browse(t, tab, "the clock", chromedp.SetValue(`form[action="/clock"] input[name=advance]`, "48h", chromedp.ByQuery),
				chromedp.Click(`form[action="/clock"] button`, chromedp.ByQuery), chromedp.WaitVisible(`//output[starts-with(., "`+before.Now.Add(48*time.Hour).Format(time.DateOnly)+`")]`, chromedp.BySearch))
			tn.api(t, "GET", "clock", "", &after)
			if d := after.Now.Sub(before.Now); d < 48*time.Hour {
				t.Errorf("the clock went forward by %v", d)
			}

			if status, _ := folders(t, c, tn, tn.token(t, ada)); status != 200 {
				t.Errorf("FolderSync: status %d", status)
			}
			if !script {
				browse(t, tab, "the log", chromedp.Reload())
			}
			browse(t, tab, "the log", chromedp.WaitReady(`//div[@id="log"]//summary[contains(., "FolderSync")]`, chromedp.BySearch))
		})
	}
}

// TestChromiumSignIn signs in through the pages of Entra ID, of AD FS to which Entra ID sends the
// browser, and of AD FS alone, as a program with golang.org/x/oauth2 has it, to the folders.
func TestChromiumSignIn(t *testing.T) {
	for _, c := range []struct {
		name  string
		args  []string
		title string // of the page that asks for the password
		host  string
	}{
		{"Entra ID", nil, "Sign in to your account", "login.microsoftonline.com"},
		{"Entra ID, federated", []string{"-identity", "federated"}, "Sign in with your organizational account", ""},
		{"AD FS", []string{"-topology", "on-premises"}, "Sign in with your organizational account", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			tn := start(t, append(c.args, "-pages", "-no-policy")...)
			client := tn.client(t)
			tab := tab(t, tn)
			m := regexp.MustCompile(`authorization_uri="([^"]+)"`).FindStringSubmatch(challenge(t, client, tn))
			if m == nil {
				t.Fatal("the challenge names no authority")
			}
			authority, err := url.Parse(m[1])
			if err != nil {
				t.Fatal(err)
			}
			ctx := oidc.ClientContext(t.Context(), client)
			var provider *oidc.Provider
			if strings.HasPrefix(authority.Path, "/adfs/") {
				provider, err = oidc.NewProvider(ctx, "https://"+authority.Host+"/adfs")
			} else {
				provider, err = oidc.NewProvider(ctx, issuer)
			}
			if err != nil {
				t.Fatal(err)
			}

			// The redirect URI is a listener of the test.
			ln, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			received := make(chan url.Values, 1)
			server := &http.Server{ReadHeaderTimeout: time.Minute, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/" {
					select {
					case received <- r.URL.Query():
					default:
					}
				}
				_, _ = w.Write([]byte("signed in"))
			})}
			go func() { _ = server.Serve(ln) }()
			t.Cleanup(func() { server.Close() })

			resource := strings.TrimSuffix(tn.ActiveSync, "/Microsoft-Server-ActiveSync")
			config := oauth2.Config{ClientID: tn.ClientID, Endpoint: provider.Endpoint(), RedirectURL: "http://" + ln.Addr().String() + "/",
				Scopes: []string{resource + "/EAS.AccessAsUser.All", oidc.ScopeOpenID, oidc.ScopeOfflineAccess}}
			verifier := oauth2.GenerateVerifier()
			var title, location, problem string
			browse(t, tab, "the sign-in page",
				chromedp.Navigate(config.AuthCodeURL("state", oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("login_hint", ada), oauth2.SetAuthURLParam("resource", resource))),
				chromedp.WaitVisible(`input[name=password]`), chromedp.Title(&title), chromedp.Location(&location))
			if title != c.title {
				t.Errorf("the page is %q, want %q", title, c.title)
			}
			if u, err := url.Parse(location); err != nil || c.host != "" && u.Host != c.host || c.host == "" && !strings.HasPrefix(u.Path, "/adfs/") {
				t.Errorf("the page is at %s", location)
			}
			browse(t, tab, "a wrong password", chromedp.SendKeys(`input[name=password]`, "wrong"), chromedp.Click(`//button[.="Sign in"]`, chromedp.BySearch),
				chromedp.WaitVisible(`[role=alert]`), chromedp.Text(`[role=alert]`, &problem))
			wrong := "50126"
			if c.host == "" { // AD FS has no numbers of Entra's
				wrong = "Incorrect user ID or password"
			}
			if !strings.Contains(problem, wrong) {
				t.Errorf("after a wrong password the page shows %q", problem)
			}
			var text string
			browse(t, tab, "the password", chromedp.SendKeys(`input[name=password]`, tn.Users[0].Password), chromedp.Click(`//button[.="Sign in"]`, chromedp.BySearch),
				chromedp.WaitVisible(`//body[contains(., "signed in")]`, chromedp.BySearch), chromedp.Text("body", &text))
			values := <-received
			if values.Get("state") != "state" || values.Get("code") == "" {
				t.Fatalf("the redirect URI receives %v", values)
			}
			token, err := config.Exchange(ctx, values.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			if status, _ := folders(t, client, tn, token.AccessToken); status != 200 {
				t.Errorf("FolderSync: status %d", status)
			}
		})
	}
}
