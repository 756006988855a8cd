package servers

import (
	"context"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// Chromium starts Debian's Chromium, headless, and returns a tab of it. proxy, unless it is "", is
// the internet to it, whose certificates are accepted.
func Chromium(t testing.TB, proxy string) context.Context {
	t.Helper()
	path := Need(t, "chromium")
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun,
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.UserDataDir(Dir(t, "")))
	if proxy != "" {
		// Chromium reads authorities from a store of the user's alone, which is not a test's to change.
		options = append(options, chromedp.ProxyServer(proxy), chromedp.IgnoreCertErrors)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	// chromedp does not know all that a newer Chromium reports.
	ctx, cancel = chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 3*time.Minute)
	t.Cleanup(cancel)
	if err := chromedp.Run(ctx); err != nil {
		t.Skipf("Chromium does not start here: %v", err)
	}
	return ctx
}
