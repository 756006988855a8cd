package check

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/easoauth/easoauth/internal/interop/servers"
)

// What the browser is asked about a page.
const look = `(() => {
  const svg = [...document.querySelectorAll("svg")].find(x => x.getBoundingClientRect().width > 0), box = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(x => x.getBoundingClientRect());
  const wide = [...svg.querySelectorAll("g.step")].filter(g => {
    const r = g.querySelector("rect").getBoundingClientRect();
    return [...g.querySelectorAll("text")].some(x => x.getBoundingClientRect().right > r.right);
  });
  const cards = [...svg.querySelectorAll("g.step")].map(g => g.getBoundingClientRect());
  return {
    width: box.width, height: box.height, boxes: cards.length,
    broken: svg.querySelectorAll("g.break").length,
    failed: svg.querySelectorAll("g.fail, g.warn").length,
    outside: cards.filter(r => r.bottom > box.bottom + 1 || r.right > box.right + 1).length,
    overflowing: wide.map(g => g.textContent),
    smallest: Math.min(...texts.map(r => r.height)),
    scroll: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    title: document.title, text: document.body.innerText,
    first: (document.querySelector(".finding h2") || {}).innerText || "",
  };
})()`

type seen struct {
	Width, Height, Smallest, Scroll float64
	Boxes, Failed, Broken, Outside  int
	Overflowing                     []string
	Title, Text, First              string
}

// TestPage has Chromium show the report as a page: of a healthy deployment, and of faults along the
// dance, on a telephone, on a wide screen and in the dark, with JavaScript and without. It is one
// file that loads nothing. EASOAUTH_SCREENSHOTS names a folder for pictures of what was seen.
func TestPage(t *testing.T) {
	program := build(t)
	tab := servers.Chromium(t, "")
	var mu sync.Mutex
	var complaints []string
	complain := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		complaints = append(complaints, fmt.Sprintf(format, args...))
	}
	chromedp.ListenTarget(tab, func(ev any) {
		switch ev := ev.(type) {
		case *runtime.EventExceptionThrown:
			complain("exception: %s", ev.ExceptionDetails.Error())
		case *runtime.EventConsoleAPICalled:
			complain("console: %s", ev.Type)
		case *log.EventEntryAdded:
			complain("log: %s", ev.Entry.Text)
		case *network.EventRequestWillBeSent:
			if u := ev.Request.URL; !strings.HasPrefix(u, "file:") && !strings.HasPrefix(u, "data:") {
				complain("the page loads %s", u)
			}
		}
	})
	if err := chromedp.Run(tab, network.Enable(), log.Enable()); err != nil {
		t.Fatal(err)
	}
	folder := servers.Dir(t, "")
	for _, id := range []string{
		"healthy", "healthy-cloud", "DNS_NXDOMAIN", "TLS_CERT_INVALID", "AD_PREAUTH", "EAS_UNREACHABLE", "EAS_NO_WWW_AUTH", "EAS_BASIC_ONLY_EMPTY_BEARER",
		"EXPOSED_BASIC", "SPN_MISSING", "ADMIN_CONSENT", "TLS_OFFLOAD", "EAS_403",
	} {
		t.Run(id, func(t *testing.T) {
			file := filepath.Join(folder, id+".html")
			if err := os.WriteFile(file, program.run(t, "-demo", id, "-html"), 0o644); err != nil {
				t.Fatal(err)
			}
			address := (&url.URL{Scheme: "file", Path: file}).String()
			for _, screen := range []struct {
				name          string
				width, height int64
				dark, script  bool
			}{{"telephone", 360, 740, false, true}, {"wide", 1400, 900, false, true}, {"dark", 1400, 900, true, true}, {"without JavaScript", 360, 740, true, false}} {
				scheme := "light"
				if screen.dark {
					scheme = "dark"
				}
				var page seen
				var picture []byte
				ctx, cancel := context.WithTimeout(tab, 30*time.Second)
				err := chromedp.Run(ctx,
					emulation.SetDeviceMetricsOverride(screen.width, screen.height, 1, screen.width < 500),
					emulation.SetEmulatedMedia().WithFeatures([]*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}),
					emulation.SetScriptExecutionDisabled(!screen.script),
					chromedp.Navigate(address), chromedp.WaitVisible("h1", chromedp.ByQuery), chromedp.Evaluate(look, &page),
					chromedp.ActionFunc(func(ctx context.Context) (err error) {
						if os.Getenv("EASOAUTH_SCREENSHOTS") != "" {
							err = chromedp.FullScreenshot(&picture, 100).Do(ctx)
						}
						return err
					}))
				cancel()
				if err != nil {
					t.Fatalf("%s: %v", screen.name, err)
				}
				if to := os.Getenv("EASOAUTH_SCREENSHOTS"); to != "" {
					if err := os.WriteFile(filepath.Join(to, id+" "+screen.name+".png"), picture, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				healthy := strings.HasPrefix(id, "healthy")
				switch {
				case page.Scroll > 0:
					t.Errorf("%s: the page is %v pixels too wide", screen.name, page.Scroll)
				case page.Width < 300 || page.Height < 100 || page.Boxes < 5 || page.Outside > 0:
					t.Errorf("%s: the picture is %vx%v with %d steps, %d of them outside", screen.name, page.Width, page.Height, page.Boxes, page.Outside)
				case len(page.Overflowing) > 0:
					t.Errorf("%s: text leaves its box: %q", screen.name, page.Overflowing)
				case page.Smallest < 10:
					t.Errorf("%s: the smallest text of the picture is %v pixels high", screen.name, page.Smallest)
				case !strings.Contains(page.Title, "contoso.com"):
					t.Errorf("%s: the title is %q", screen.name, page.Title)
				case (page.Broken == 1) == (healthy || id == "EXPOSED_BASIC"), page.Broken > 1:
					t.Errorf("%s: %d links are marked as broken", screen.name, page.Broken)
				case healthy && (page.Failed > 0 || page.First != "" || !strings.Contains(page.Text, "Nothing is wrong.")),
					!healthy && (!strings.Contains(page.First, id) || !strings.Contains(page.Text, "To do:")):
					t.Errorf("%s: %d steps failed, the first finding is %q: %s", screen.name, page.Failed, page.First, page.Text)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for _, c := range complaints {
				t.Error(c)
			}
			complaints = nil
		})
	}
}
