package provider

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/internal/interop/servers"
	"github.com/easoauth/easoauth/token"
)

// chromium starts Debian's Chromium, headless, and returns the context of a tab.
func chromium(t *testing.T, more ...chromedp.ExecAllocatorOption) context.Context {
	t.Helper()
	path := servers.Need(t, "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(servers.Dir(t, "")))
	options = append(options, more...)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(cancel)
	// chromedp does not know all that a newer Chromium tells.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 90*time.Second)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Skipf("Chromium does not start here: %v", err)
	}
	return ctx
}

// TestChromium signs in with a real browser, through the provider's pages for login and
// consent, to the page that the library shows at the end.
func TestChromium(t *testing.T) {
	config := configure(t, start(t, time.Hour), &counter{})
	tab := chromium(t)
	last := make(chan string, 1)
	open := func(_ context.Context, target string) error {
		go func() {
			var text string
			err := chromedp.Run(tab,
				chromedp.Navigate(target),
				chromedp.WaitVisible(`input[name=login]`), chromedp.SendKeys(`input[name=login]`, "ada"), chromedp.SendKeys(`input[name=password]`, "any"),
				chromedp.Submit(`input[name=login]`),
				chromedp.WaitVisible(`//button[contains(., "Continue")]`, chromedp.BySearch), chromedp.Click(`//button[contains(., "Continue")]`, chromedp.BySearch),
				chromedp.Sleep(time.Second), chromedp.Text(`body`, &text),
			)
			if err != nil {
				text = err.Error()
			}
			last <- text
		}()
		return nil
	}
	source := &token.Source{Config: config, Flow: &token.Browser{Open: open}}
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	if _, err := source.SignIn(ctx); err != nil {
		t.Fatalf("SignIn = %v; the browser shows %q", err, receive(last))
	}
	if text := receive(last); !strings.Contains(text, "The response has arrived") {
		t.Errorf("the browser shows %q", text)
	}
}

func receive(c chan string) string {
	select {
	case s := <-c:
		return s
	case <-time.After(30 * time.Second):
		return ""
	}
}

// TestChromiumAtTheFake signs in at the fake tenant, whose names the browser is told to find
// on loopback.
func TestChromiumAtTheFake(t *testing.T) {
	tn := eastest.New(t, nil)
	tn.AddMailbox("ada@contoso.com")
	address, client, err := tn.Listen()
	if err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	tab := chromium(t, chromedp.Flag("host-resolver-rules", "MAP login.microsoftonline.com 127.0.0.1:"+port), chromedp.IgnoreCertErrors)
	offer, err := bearer.Probe(t.Context(), client, tn.URL(), "ada@contoso.com")
	if err != nil {
		t.Fatal(err)
	}
	config, err := token.Configure(t.Context(), eastest.ClientID, offer, tn.URL(), &token.Options{HTTPClient: client})
	if err != nil {
		t.Fatal(err)
	}
	last := make(chan string, 1)
	open := func(_ context.Context, target string) error {
		go func() {
			var text string
			if err := chromedp.Run(tab, chromedp.Navigate(target), chromedp.WaitReady(`body`), chromedp.Sleep(500*time.Millisecond), chromedp.Text(`body`, &text)); err != nil {
				text = err.Error()
			}
			last <- text
		}()
		return nil
	}
	source := &token.Source{Config: config, Flow: &token.Browser{Open: open, LoginHint: "ada@contoso.com"}}
	ctx, cancel := context.WithTimeout(t.Context(), 60*time.Second)
	defer cancel()
	if _, err := source.SignIn(ctx); err != nil {
		t.Fatalf("SignIn = %v; the browser shows %q", err, receive(last))
	}
	if text := receive(last); !strings.Contains(text, "The response has arrived") {
		t.Errorf("the browser shows %q", text)
	}
}
