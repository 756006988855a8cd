package tenant

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// TestChromiumLook sees how the page looks after a dance that ends in a refusal: on a telephone and on
// a wide screen, in light and dark, with JavaScript and without. EASOAUTH_SCREENSHOTS names a folder
// for pictures.
func TestChromiumLook(t *testing.T) {
	tn := start(t)
	c := tn.client(t)
	challenge(t, c, tn)
	if status, _ := folders(t, c, tn, tn.token(t, ada)); status != 200 {
		t.Fatalf("FolderSync: status %d", status)
	}
	tn.api(t, "POST", "faults", `{"id":"TLS_OFFLOAD"}`, nil)
	if status, _ := folders(t, c, tn, tn.token(t, ada)); status != 401 {
		t.Fatalf("FolderSync with the fault: status %d", status)
	}
	tab := tab(t, tn)
	var mu sync.Mutex
	var complaints []string
	chromedp.ListenTarget(tab, func(ev any) {
		mu.Lock()
		defer mu.Unlock()
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complaints = append(complaints, "exception: "+ev.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			complaints = append(complaints, "console: "+ev.Type.String())
		case *log.EventEntryAdded:
			complaints = append(complaints, "log: "+ev.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, tn.Page) && !strings.HasPrefix(u, "data:") {
				complaints = append(complaints, "the page loads "+u)
			}
		}
	})
	if err := chromedp.Run(tab, network.Enable(), log.Enable()); err != nil {
		t.Fatal(err)
	}
	for _, screen := range []struct {
		name          string
		width, height int64
		dark, script  bool
	}{{"telephone", 360, 740, false, true}, {"wide", 1400, 900, false, true}, {"dark", 1400, 900, true, true}, {"without JavaScript", 360, 740, true, false}} {
		scheme := "light"
		if screen.dark {
			scheme = "dark"
		}
		var page struct {
			Width, Height, Smallest, Scroll float64
			Broken, Failed, Seen            int
			Overflowing                     []string
		}
		var picture []byte
		browse(t, tab, screen.name,
			emulation.SetDeviceMetricsOverride(screen.width, screen.height, 1, screen.width < 500),
			emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
			emulation.SetScriptExecutionDisabled(!screen.script),
			chromedp.Navigate(tn.Page), chromedp.WaitVisible("#dance", chromedp.ByQuery), chromedp.Evaluate(look, &page),
			chromedp.ActionFunc(func(ctx context.Context) (err error) {
				if os.Getenv("EASOAUTH_SCREENSHOTS") != "" {
					err = chromedp.FullScreenshot(&picture, 100).Do(ctx)
				}
				return err
			}))
		if to := os.Getenv("EASOAUTH_SCREENSHOTS"); to != "" {
			if err := os.WriteFile(filepath.Join(to, "tenant "+screen.name+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if page.Scroll > 0 || page.Width < 300 || page.Height < 80 || page.Smallest < 10 || page.Failed != 1 || page.Broken != 1 || page.Seen != 1 || len(page.Overflowing) > 0 {
			t.Errorf("%s: %s", screen.name, fmt.Sprintf("%+v", page))
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for _, c := range complaints {
		t.Error(c)
	}
}

// What the browser is asked about the page and its picture.
const look = `(() => {
  const svg = [...document.querySelectorAll("#dance svg")].find(x => x.getBoundingClientRect().width > 0), box = svg.getBoundingClientRect();
  return {
    width: box.width, height: box.height,
    smallest: Math.min(...[...svg.querySelectorAll("text")].filter(x => x.textContent).map(x => x.getBoundingClientRect().height)),
    broken: svg.querySelectorAll("g.break").length,
    failed: svg.querySelectorAll("g.step.fail").length, seen: svg.querySelectorAll("g.step.pass").length,
    overflowing: [...svg.querySelectorAll("g.step")].filter(g => {
      const r = g.querySelector("rect").getBoundingClientRect();
      return [...g.querySelectorAll("text")].some(x => x.getBoundingClientRect().right > r.right || x.getBoundingClientRect().left < r.left);
    }).map(g => g.textContent),
    scroll: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  };
})()`
