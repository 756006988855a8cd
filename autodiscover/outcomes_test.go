package autodiscover_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/internal/golden"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// matches names the sentinels that err matches.
func matches(err error) string {
	all := maps.Clone(sentinels)
	all["ErrNotFound"], all["ErrAddress"], all["ErrTooLarge"] = autodiscover.ErrNotFound, autodiscover.ErrAddress, safehttp.ErrTooLarge
	var names []string
	for name, s := range all {
		if errors.Is(err, s) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// describe renders all that a hop says but the time it took, and for a fault of the table its id alone.
func describe(h autodiscover.Hop) string {
	s := strings.TrimPrefix(fmt.Sprintf("%d", h.Status), "0")
	if h.Next != "" {
		s += " to " + h.Next
	}
	if h.By != "" {
		s += " by " + h.By
	}
	if h.Server != (autodiscover.Trace{}) {
		s += fmt.Sprintf(" %+v", h.Server)
	}
	var he *autodiscover.HopError
	switch {
	case errors.As(h.Err, &he):
		s += fmt.Sprintf(": %s %d [%s]", he.Fault, he.Status, matches(h.Err))
		if he.RetryAfter != 0 {
			s += fmt.Sprint(" after ", he.RetryAfter)
		}
		if he.Reason != "" {
			s += " " + he.Reason
		}
	case h.Err != nil:
		s += ": " + h.Err.Error()
	}
	return s
}

var outcomeStatuses = []int{200, 201, 204, 299, 300, 302, 399, 400, 401, 403, 404, 405, 407, 408, 421, 425, 429, 499, 500, 501, 502, 503, 504, 599}

// A sender is who responds, and what with.
type sender struct {
	name   string
	header http.Header
	body   string
}

var html = http.Header{"Content-Type": {"text/html"}}

var senders = []sender{
	{"nobody in particular", http.Header{}, ""},
	{"Exchange", http.Header{"Request-Id": {"r1"}, "X-Owa-Version": {"15.2.2562.17"}, "X-Feserver": {"FE1", "FE2"}, "X-Beserver": {"BE1"}, "X-Calculatedbetarget": {"BE2"},
		"X-Diaginfo": {"D1"}, "Date": {"Wed, 25 Nov 2026 10:00:00 GMT"}}, found},
	{"Exchange by its ActiveSync version", http.Header{"Ms-Server-Activesync": {"15.2"}}, found},
	{"Exchange with a page", http.Header{"Request-Id": {"r1"}, "Content-Type": {"text/html"}}, "<html>"},
	{"a server", http.Header{}, found},
	{"a server that waits", http.Header{"Retry-After": {"7"}}, ""},
	{"an error code", http.Header{"Retry-After": {"7"}}, `{"ErrorCode":"Oops","ErrorMessage":"no"}`},
	{"an unknown user", http.Header{}, `{"ErrorCode":"UserNotFound"}`},
	{"a web site", html, "<html><title>Contoso</title>"},
	{"a web site that declares nothing", http.Header{}, "<html><title>Contoso</title>"},
	{"a web site with a challenge", http.Header{"Content-Type": {"text/html"}, "Www-Authenticate": {"Basic"}}, "<html>"},
	{"an empty page", html, " \n"},
	{"a login page", html, `<html><title>Sign in</title>`},
	{"nginx", http.Header{"Server": {"nginx"}}, ""},
	{"nginx itself", http.Header{"Server": {"nginx"}}, "<html><center>nginx</center>"},
	{"nginx itself with a challenge", http.Header{"Server": {"nginx"}, "Www-Authenticate": {"Basic"}}, "<html><center>nginx</center>"},
	{"nginx itself with a sign-in", http.Header{"Server": {"nginx"}}, `<html><center>nginx</center><input type="password">`},
	{"HAProxy without a server behind", http.Header{"Retry-After": {"7"}}, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n"},
	{"IIS that refuses the address", http.Header{"Server": {"Microsoft-IIS/10.0"}}, "403.6 - Forbidden: IP address rejected"},
	{"IIS whose application pool has stopped", http.Header{"Server": {"Microsoft-HTTPAPI/2.0"}}, "HTTP Error 503. The service is unavailable."},
	{"Cloudflare", http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8c1d-FRA"}}, ""},
	{"Akamai", http.Header{"Server": {"AkamaiGHost"}}, ""},
	{"a captive portal", html, "<html>captive portal"},
	{"the routing plane", http.Header{"X-Nanoproxy": {"1"}}, ""},
	{"a redirect to a root", http.Header{"Location": {"https://www.contoso.com/"}}, ""},
	{"a redirect to a host", http.Header{"Location": {"https://www.contoso.com"}}, ""},
	{"a redirect to a path", http.Header{"Location": {"https://sso.contoso.com/login"}}, ""},
	{"a redirect to ActiveSync", http.Header{"Location": {"https://mail.contoso.com/microsoft-server-activesync/?a=b#c"}}, ""},
	{"a redirect to http", http.Header{"Location": {" HTTP://mail.contoso.com/autodiscover/autodiscover.json"}}, ""},
	{"a redirect that does not parse", http.Header{"Location": {"https://%zz/"}}, ""},
	{"a redirect away", http.Header{"Location": {"https://evil.example/autodiscover/autodiscover.json"}}, ""},
}

// byStatus writes what becomes of each status, the statuses of one text together.
func byStatus(b *strings.Builder, outcome func(status int) string) {
	statuses := map[string]string{}
	var texts []string
	for _, status := range outcomeStatuses {
		text := outcome(status)
		text = regexp.MustCompile(fmt.Sprintf(`\b%d\b`, status)).ReplaceAllString(text, "N")
		if statuses[text] == "" {
			texts = append(texts, text)
		}
		statuses[text] += fmt.Sprint(" ", status)
	}
	for _, text := range texts {
		fmt.Fprintf(b, "%s: %s\n", strings.TrimSpace(statuses[text]), text)
	}
	b.WriteString("\n")
}

// respondAs responds in the way of a sender.
func respondAs(s sender, status int) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		h := s.header.Clone()
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(s.body)), Request: r}, nil
	}
}

// TestOutcomes holds what each status means from each sender: of AutoDiscover v2 at a host of the
// organization, and of the cloud, of v1, of AutoDetect and of the federation provider.
// testdata/outcomes.txt shows it.
func TestOutcomes(t *testing.T) {
	var b strings.Builder
	hops := func(r autodiscover.Resolver, s sender, status int) string {
		requests := 0
		r.HTTPClient = &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
			if requests++; requests > 1 {
				return nil, context.Canceled
			}
			return respondAs(s, status)(req)
		})}
		e, err := r.Lookup(t.Context(), "ada@contoso.com")
		var le *autodiscover.LookupError
		switch {
		case errors.As(err, &le):
			text := describe(le.Hops[0])
			if advice, _, ok := strings.Cut(err.Error(), "\n  GET"); ok && strings.Contains(advice, "\n") {
				_, advice, _ = strings.Cut(advice, "\n")
				text += "; advice: " + strings.Join(strings.Fields(advice), " ")
			}
			return text
		case err != nil:
			t.Fatal(err)
		}
		return fmt.Sprintf("%s %s, foreign %v: %s %v", e.URL, e.Protocol, e.Foreign, describe(e.Hops[0]), e.Warnings)
	}
	for _, s := range senders {
		fmt.Fprintf(&b, "-- v2: %s --\n", s.name)
		byStatus(&b, func(status int) string { return hops(autodiscover.Resolver{NoCloud: true}, s, status) })
	}
	for _, s := range senders {
		if strings.Contains(s.name, "page") || strings.Contains(s.name, "web site") || strings.Contains(s.name, "redirect") {
			fmt.Fprintf(&b, "-- the cloud: %s --\n", s.name)
			byStatus(&b, func(status int) string { return hops(autodiscover.Resolver{NoHost: true}, s, status) })
		}
	}
	for _, s := range []sender{
		{"nothing", http.Header{}, ""}, {"an endpoint", http.Header{"Request-Id": {"r1"}}, poxFound}, {"a wait", http.Header{"Retry-After": {"7"}}, ""},
		{"an error in a field", http.Header{"X-Autodiscovery-Error": {"LiveIdBasicAuth:AADSTS50053"}}, poxFound},
		{"an endpoint that is another service", http.Header{}, strings.Replace(poxFound, "Microsoft-Server-ActiveSync", "EWS/Exchange.asmx", 1)},
	} {
		fmt.Fprintf(&b, "-- v1: %s --\n", s.name)
		byStatus(&b, func(status int) string {
			return hops(autodiscover.Resolver{NoCloud: true, NoHost: true, Authorize: bearerT}, s, status)
		})
	}
	service := &url.URL{Scheme: "https", Host: "detect.example", Path: "/detect", RawQuery: "a=b"}
	for _, s := range []sender{
		{"nothing", http.Header{}, ""}, {"a wait", http.Header{"Retry-After": {"7"}}, ""},
		{"no service", http.Header{}, `{}`},
		{"a server on-premises", http.Header{}, `{"services":[{"service":"Office365","hostname":"outlook.office.com","onprem":"https://mail.contoso.com/x?y"}]}`},
		{"the cloud", http.Header{}, `{"services":[{"service":"office365","hostname":"outlook.office.com"}]}`},
		{"no host", http.Header{}, `{"services":[{"service":"office365"}]}`},
		{"a protocol without a host", http.Header{}, `{"protocols":[{"protocol":"eas"},{"protocol":"EAS","onprem":"https://mail.contoso.com"}]}`},
		{"a local name", http.Header{}, `{"services":[{"service":"office365","hostname":"ex01.local"}]}`},
		{"a URL that does not parse", http.Header{}, `{"services":[{"service":"office365","onprem":"https://%zz"}]}`},
		{"another service", http.Header{}, `{"services":[{"service":"office365","onprem":"https://mail.contoso.com/owa/x"}]}`},
	} {
		fmt.Fprintf(&b, "-- AutoDetect: %s --\n", s.name)
		byStatus(&b, func(status int) string {
			d := &autodiscover.AutoDetect{URL: service, HTTPClient: &http.Client{Transport: roundTripper(respondAs(s, status))}}
			e, err := d.Lookup(t.Context(), "ada@contoso.com")
			var le *autodiscover.LookupError
			if errors.As(err, &le) {
				return describe(le.Hops[0]) + " " + matches(err)
			}
			return fmt.Sprintf("%s %s: %s", e.URL, e.Protocol, describe(e.Hops[0]))
		})
	}
	for _, s := range []sender{
		{"nothing", http.Header{}, ""}, {"a wait", http.Header{"Retry-After": {"7"}}, ""}, {"no cloud", http.Header{}, `{}`},
		{"a cloud", http.Header{}, `{"configProviderName":"Partner.MicrosoftOnline.CN"}`}, {"an unknown cloud", http.Header{}, `{"configProviderName":"Contoso"}`},
	} {
		fmt.Fprintf(&b, "-- federation provider: %s --\n", s.name)
		byStatus(&b, func(status int) string {
			p := &autodiscover.FederationProvider{URL: service, HTTPClient: &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				if r.URL.String() != "https://detect.example/detect?domain=contoso.com" || r.Header.Get("Accept") != "application/json" {
					t.Errorf("asked %s with %v", r.URL, r.Header)
				}
				return respondAs(s, status)(r)
			})}}
			c, err := p.Cloud(t.Context(), "ada@contoso.com")
			if err != nil {
				return fmt.Sprintf("%v [%s]", err, matches(err))
			}
			return c.Name
		})
	}
	if service.RawQuery != "a=b" {
		t.Errorf("the URL of the service is now %v", service)
	}
	golden.Check(t, "testdata/outcomes.txt", b.String(), *update)
}

// TestRaces holds when each candidate is asked and when the result comes, for many combinations of
// how long each takes and whether it knows the mailbox. testdata/races.txt shows them.
func TestRaces(t *testing.T) {
	var b strings.Builder
	r := rand.New(rand.NewPCG(1, 2))
	// No two events are at the same time, but for those at once.
	delays := []time.Duration{0, 900 * time.Millisecond, 2300 * time.Millisecond, 3700 * time.Millisecond, 6100 * time.Millisecond, 9800 * time.Millisecond}
	names := map[string]string{cloud: "cloud", own: "host", "contoso.com": "domain"}
	for range 80 {
		synctest.Test(t, func(t *testing.T) {
			start := time.Now()
			var mu sync.Mutex
			var line, asked strings.Builder
			w := &world{hosts: map[string]http.HandlerFunc{}}
			for _, host := range []string{cloud, own, "contoso.com"} {
				delay, knows := delays[r.IntN(len(delays))], r.IntN(3) == 0
				answer := plain(404)
				if knows {
					answer = jsonAnswer(200, strings.ReplaceAll(found, "mail", names[host]))
				}
				fmt.Fprintf(&line, "%s %v %s, ", names[host], delay, map[bool]string{true: "knows", false: "does not"}[knows])
				w.hosts[host] = func(rw http.ResponseWriter, req *http.Request) {
					mu.Lock()
					fmt.Fprintf(&asked, " %s@%v", names[host], time.Since(start))
					mu.Unlock()
					late(delay, answer)(rw, req)
				}
			}
			e, err := (&autodiscover.Resolver{HTTPClient: &http.Client{Transport: roundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := w.RoundTrip(req)
				if req.Context().Err() != nil {
					return nil, req.Context().Err()
				}
				return resp, err
			})}, AskDomain: true}).Lookup(t.Context(), "ada@contoso.com")
			fmt.Fprintf(&b, "%s→", strings.TrimSuffix(line.String(), ", "))
			var hops []autodiscover.Hop
			var le *autodiscover.LookupError
			if errors.As(err, &le) {
				hops = le.Hops
				b.WriteString(" none")
			} else {
				hops = e.Hops
				fmt.Fprintf(&b, " %s", strings.TrimSuffix(e.URL.Host, ".contoso.com"))
			}
			fmt.Fprintf(&b, " after %v; asked%s; hops", time.Since(start), asked.String())
			for _, h := range hops {
				fmt.Fprintf(&b, " %s:%d+%v", names[strings.TrimPrefix(strings.TrimSuffix(h.URL, "/autodiscover/autodiscover.json"), "https://")], h.Status, h.Elapsed)
			}
			b.WriteString("\n")
		})
	}
	golden.Check(t, "testdata/races.txt", b.String(), *update)
}
