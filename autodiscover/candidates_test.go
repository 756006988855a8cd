package autodiscover_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/autodiscover"
)

// late answers after d, unless the request is cancelled before.
func late(d time.Duration, h http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(d):
			h(w, r)
		case <-r.Context().Done():
		}
	}
}

func hosts(w *world) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	var out []string
	for _, r := range w.asked {
		// A leading "s" stands for https.
		out = append(out, strings.TrimPrefix(r.URL.Scheme, "http")+r.URL.Host)
	}
	return strings.Join(out, " ")
}

// The preferred candidate's answer counts, however late; others begin after its head start
// and are cancelled.
func TestHeadStart(t *testing.T) {
	other := jsonAnswer(200, `{"Protocol":"ActiveSync","Url":"https://other.contoso.com/Microsoft-Server-ActiveSync"}`)
	for _, tt := range []struct {
		name       string
		cloud, own http.HandlerFunc
		want       string
		after      time.Duration
		asked      string
	}{
		{"the cloud is quick", jsonAnswer(200, found), other, "mail.contoso.com", 0, "s" + cloud},
		{"the cloud is slow and right", late(5*time.Second, jsonAnswer(200, found)), other, "mail.contoso.com", 5 * time.Second, "s" + cloud + " s" + own},
		{"the cloud is slow and wrong", late(5*time.Second, plain(404)), other, "other.contoso.com", 5 * time.Second, "s" + cloud + " s" + own},
		{"the cloud fails at once", plain(404), other, "other.contoso.com", 0, "s" + cloud + " s" + own},
		{"the loser is cancelled", late(3*time.Second, jsonAnswer(200, found)), late(time.Hour, other), "mail.contoso.com", 3 * time.Second, "s" + cloud + " s" + own},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &world{hosts: map[string]http.HandlerFunc{cloud: tt.cloud, own: tt.own}}
			start := time.Now()
			e, err := (&autodiscover.Resolver{HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com")
			if err != nil {
				t.Fatal(err)
			}
			if e.URL.Host != tt.want || time.Since(start) != tt.after || hosts(w) != tt.asked {
				t.Errorf("%s: %s after %v from %s", tt.name, e.URL, time.Since(start), hosts(w))
			}
		})
	}
}

func TestOptIns(t *testing.T) {
	yes := func(context.Context, *url.URL, *url.URL) error { return nil }
	srv := func(records ...*net.SRV) func(context.Context, string, string, string) (string, []*net.SRV, error) {
		return func(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
			if service != "autodiscover" || proto != "tcp" || name != "contoso.com" {
				return "", nil, errors.New("another name was asked for")
			}
			if records == nil {
				return "", nil, &net.DNSError{IsNotFound: true}
			}
			return "", records, nil
		}
	}
	for _, tt := range []struct {
		name  string
		r     autodiscover.Resolver
		hosts map[string]http.HandlerFunc
		want  string // the endpoint's host; "" for an error
		is    error
		asked string
	}{
		{"the domain itself", autodiscover.Resolver{NoCloud: true, AskDomain: true}, map[string]http.HandlerFunc{"contoso.com": jsonAnswer(200, found)},
			"mail.contoso.com", nil, "s" + own + " scontoso.com"},
		{"not unless told to", autodiscover.Resolver{NoCloud: true}, map[string]http.HandlerFunc{"contoso.com": jsonAnswer(200, found)}, "", autodiscover.ErrNotV2, "s" + own},
		{"nothing at all", autodiscover.Resolver{NoCloud: true, NoHost: true}, nil, "", nil, ""},
		{"the path form", autodiscover.Resolver{NoCloud: true, PathForm: true}, map[string]http.HandlerFunc{own: func(w http.ResponseWriter, r *http.Request) {
			if r.URL.EscapedPath() != "/autodiscover/autodiscover.json/v1.0/ada@contoso.com" || r.URL.RawQuery != "Protocol=ActiveSync" {
				w.WriteHeader(500)
				return
			}
			jsonAnswer(200, found)(w, r)
		}}, "mail.contoso.com", nil, "s" + own},
		{"SRV: lowest priority, then greatest weight, the port kept", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, Confirm: yes, LookupSRV: srv(
			&net.SRV{Target: "c.hoster.example.", Port: 443, Priority: 20}, &net.SRV{Target: "a.hoster.example.", Port: 443, Priority: 5, Weight: 1},
			&net.SRV{Target: "B.hoster.example.", Port: 8443, Priority: 5, Weight: 9}, nil, &net.SRV{Target: ".", Port: 443})},
			map[string]http.HandlerFunc{"b.hoster.example:8443": jsonAnswer(200, found)}, "mail.contoso.com", nil, "sb.hoster.example:8443"},
		{"S040 SRV without Confirm", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, LookupSRV: srv(&net.SRV{Target: "mail.contoso.com.", Port: 443})}, nil, "", autodiscover.ErrUnconfirmed, ""},
		{"SRV refused", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, LookupSRV: srv(&net.SRV{Target: "x.example.", Port: 443}),
			Confirm: func(context.Context, *url.URL, *url.URL) error { return io.EOF }}, nil, "", io.EOF, ""},
		{"S040 SRV to a private address", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, Confirm: yes, LookupSRV: srv(&net.SRV{Target: "127.0.0.1.", Port: 443})}, nil, "", autodiscover.ErrRedirect, ""},
		{"S040 SRV to a public suffix", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, Confirm: yes, LookupSRV: srv(&net.SRV{Target: "co.uk.", Port: 443})}, nil, "", autodiscover.ErrRedirect, ""},
		{"no SRV record", autodiscover.Resolver{NoCloud: true, NoHost: true, AskSRV: true, Confirm: yes, LookupSRV: srv()}, nil, "", autodiscover.ErrNotV2, ""},
		{"http redirects", autodiscover.Resolver{NoCloud: true, NoHost: true, AskHTTP: true, Confirm: yes}, map[string]http.HandlerFunc{
			"http://" + own: redirectTo("https://ad.hoster.example/autodiscover/autodiscover.xml"), "ad.hoster.example": jsonAnswer(200, found)},
			"mail.contoso.com", nil, own + " sad.hoster.example"},
		{"http without Confirm", autodiscover.Resolver{NoCloud: true, NoHost: true, AskHTTP: true}, map[string]http.HandlerFunc{
			"http://" + own: redirectTo("https://ad.hoster.example/autodiscover/autodiscover.xml")}, "", autodiscover.ErrUnconfirmed, own},
		{"http redirects to http", autodiscover.Resolver{NoCloud: true, NoHost: true, AskHTTP: true, Confirm: yes}, map[string]http.HandlerFunc{
			"http://" + own: redirectTo("http://ad.hoster.example/")}, "", nil, own},
		{"http answers a page", autodiscover.Resolver{NoCloud: true, NoHost: true, AskHTTP: true, Confirm: yes}, map[string]http.HandlerFunc{
			"http://" + own: plain(200)}, "", nil, own},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{hosts: tt.hosts}
			tt.r.HTTPClient = w.client()
			e, err := tt.r.Lookup(t.Context(), "ada@contoso.com")
			if tt.want == "" {
				if err == nil || tt.is != nil && !errors.Is(err, tt.is) && !strings.Contains(err.Error(), "no such host") {
					t.Errorf("Lookup = %v, %v; want %v", e, err, tt.is)
				}
			} else if err != nil || e.URL.Host != tt.want {
				t.Errorf("Lookup = %v, %v; want %s", e, err, tt.want)
			}
			if hosts(w) != tt.asked {
				t.Errorf("asked %q, want %q", hosts(w), tt.asked)
			}
			for _, r := range w.asked {
				if r.URL.Scheme == "http" && (len(r.Header) != 1 || r.UserAgent() == "" || r.URL.RawQuery != "" || r.Method != "GET") {
					t.Errorf("plain http was told %v %v", r.URL, r.Header)
				}
			}
		})
	}
}

func pox(inner string) string {
	return `<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006">` + inner + `</Response></Autodiscover>`
}

// The shape of [MS-ASCMD] 4.2.4, white space around the values included.
var poxFound = pox(`<Culture>en:us</Culture><User><DisplayName>Ada</DisplayName><EMailAddress>ada@contoso.com</EMailAddress></User><Action><Settings>
<Server><Type>CertEnroll</Type><Url>https://cert.contoso.com/CertEnroll</Url></Server>
<Server><Type>MobileSync</Type><Url>
      https://mail.contoso.com/Microsoft-Server-ActiveSync
    </Url><Name>x</Name></Server></Settings></Action>`)

func xmlAnswer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		if r.Method != "POST" || r.Header.Get("Content-Type") != "text/xml; charset=utf-8" || r.Header.Get("Authorization") != "Bearer t" ||
			!strings.Contains(string(b), "<EMailAddress>a&amp;da@contoso.com</EMailAddress>") && !strings.Contains(string(b), "@fabrikam.com</EMailAddress>") {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "text/html") // Z-Push sends this
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func bearerT(_ context.Context, r *http.Request) error {
	r.Header.Set("Authorization", "Bearer t")
	return nil
}

// Entities, depth and addresses in a circle; and what servers say.
func TestV1(t *testing.T) {
	yes := func(context.Context, *url.URL, *url.URL) error { return nil }
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		more   map[string]http.HandlerFunc
		r      autodiscover.Resolver
		want   string
		is     error
		text   string
	}{
		{name: "MobileSync", answer: xmlAnswer(200, poxFound), want: "mail.contoso.com"},
		{name: "at the domain itself", answer: plain(404), more: map[string]http.HandlerFunc{"contoso.com": xmlAnswer(200, poxFound)}, want: "mail.contoso.com"},
		{name: "600 invalid request", answer: xmlAnswer(200, pox(`<Error Time="1" Id="2"><ErrorCode>600</ErrorCode><Message>Invalid Request</Message><DebugData/></Error>`)), text: "600: Invalid Request"},
		{name: "601 no provider", answer: xmlAnswer(200, pox(`<Error><ErrorCode>601</ErrorCode><Message>Provider is not available</Message></Error>`)), text: "601"},
		{name: "501 (gromox)", answer: xmlAnswer(200, pox(`<Error><ErrorCode>501</ErrorCode><Message>Bad Address</Message></Error>`)), text: "501: Bad Address"},
		{name: "a mobilesync error", answer: xmlAnswer(200, pox(`<Action><Error><Status>2</Status><Message>no</Message><DebugData>d</DebugData><ErrorCode>2</ErrorCode></Error></Action>`)), text: "status 2: no"},
		{name: "another address, confirmed", answer: xmlAnswer(200, pox(`<Action><Redirect>ada@fabrikam.com</Redirect></Action>`)),
			more: map[string]http.HandlerFunc{"autodiscover.fabrikam.com": xmlAnswer(200, poxFound)}, r: autodiscover.Resolver{Confirm: yes}, want: "mail.contoso.com"},
		{name: "another address, not confirmed", answer: xmlAnswer(200, pox(`<Action><Redirect>ada@fabrikam.com</Redirect></Action>`)), is: autodiscover.ErrUnconfirmed, text: "another address"},
		{name: "S038 addresses in a circle", answer: xmlAnswer(200, pox(`<Action><Redirect>a&amp;da@contoso.com</Redirect></Action>`)), r: autodiscover.Resolver{Confirm: yes}, is: autodiscover.ErrRedirect, text: "circle"},
		{name: "no address", answer: xmlAnswer(200, pox(`<Action><Redirect>nobody</Redirect></Action>`)), is: autodiscover.ErrAddress, text: "another address"},
		{name: "401", answer: plain(401, "WWW-Authenticate", "Basic realm=x"), is: autodiscover.ErrPreAuthentication, text: "401"},
		{name: "302", answer: redirectTo("https://evil.example/"), is: autodiscover.ErrRedirect, text: "token is not sent"},
		{name: "503", answer: plain(503, "Retry-After", "5"), is: autodiscover.ErrThrottled, text: "retry after 5s"},
		{name: "X-AutoDiscovery-Error", answer: plain(401, "X-AutoDiscovery-Error", "LiveIdBasicAuth:AADSTS50053"), is: autodiscover.ErrNotV2, text: "AADSTS50053"},
		{name: "S036 a DOCTYPE", answer: xmlAnswer(200, `<!DOCTYPE a [<!ENTITY x "y">]>`+poxFound), text: "declaration"},
		{name: "S036 an entity", answer: xmlAnswer(200, strings.Replace(poxFound, "mail.contoso.com", "&x;", 1)), text: "syntax"},
		{name: "S037 too deep", answer: xmlAnswer(200, strings.Repeat("<Autodiscover>", 100)), text: "deeper"},
		{name: "another root", answer: xmlAnswer(200, "<html/>"), text: "another root"},
		{name: "nothing", answer: xmlAnswer(200, ""), text: "no document"},
		{name: "no MobileSync", answer: xmlAnswer(200, pox(`<Action><Settings><Server><Type>CertEnroll</Type><Url>https://x/</Url></Server></Settings></Action>`)), is: autodiscover.ErrBadEndpoint, text: "MobileSync"},
		{name: "an http URL", answer: xmlAnswer(200, strings.Replace(poxFound, "https://mail", "http://mail", 1)), is: autodiscover.ErrBadEndpoint, text: "http"},
		{name: "a private URL", answer: xmlAnswer(200, strings.Replace(poxFound, "mail.contoso.com", "192.168.0.1", 1)), is: autodiscover.ErrBadEndpoint, text: "private"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := &world{hosts: map[string]http.HandlerFunc{own: tt.answer, "contoso.com": plain(404)}}
			for k, v := range tt.more {
				w.hosts[k] = v
			}
			tt.r.HTTPClient, tt.r.NoCloud, tt.r.NoHost, tt.r.Authorize = w.client(), true, true, bearerT
			e, err := tt.r.Lookup(t.Context(), "a&da@contoso.com")
			if tt.want != "" {
				if err != nil || e.URL.Host != tt.want {
					t.Fatalf("Lookup = %v, %v", e, err)
				}
				return
			}
			if err == nil || tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text) || strings.Contains(err.Error(), "da@") {
				t.Errorf("Lookup = %v, %v; want %v and %q", e, err, tt.is, tt.text)
			}
			if strings.Contains(hosts(w), "evil") {
				t.Error("the token went along a redirect")
			}
		})
	}
	// Only bearer tokens, and only to where the request was made for.
	for name, f := range map[string]func(context.Context, *http.Request) error{
		"nothing": func(context.Context, *http.Request) error { return nil },
		"Basic":   func(_ context.Context, r *http.Request) error { r.SetBasicAuth("a", "b"); return nil },
		"moved":   func(ctx context.Context, r *http.Request) error { r.URL.Host = "evil.example"; return bearerT(ctx, r) },
		"error":   func(context.Context, *http.Request) error { return io.EOF },
	} {
		w := &world{}
		_, err := (&autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: f}).Lookup(t.Context(), "ada@contoso.com")
		if err == nil || len(w.asked) != 0 {
			t.Errorf("%s: %v, %d requests", name, err, len(w.asked))
		}
	}
}

func TestCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{hosts: map[string]http.HandlerFunc{cloud: jsonAnswer(200, found)}}
		cache := &autodiscover.MemoryCache{}
		r := &autodiscover.Resolver{HTTPClient: w.client(), Cache: cache, OneEndpoint: true}
		look := func(addr string, want int) {
			t.Helper()
			e, err := r.Lookup(t.Context(), addr)
			if err != nil || e.URL.Host != "mail.contoso.com" || len(w.asked) != want {
				t.Errorf("Lookup = %v, %v after %d requests, want %d", e, err, len(w.asked), want)
			}
		}
		look("ada@contoso.com", 1)
		look("bob@contoso.com", 1)
		look("ada@fabrikam.com", 2)
		cache.Forget("contoso.com")
		look("ada@contoso.com", 3)
		look("ada@fabrikam.com", 3)
		time.Sleep(25 * time.Hour)
		look("ada@contoso.com", 4)
		// A cache that was tampered with is asked in vain.
		cache.Put(t.Context(), "contoso.com outlook.office365.com  ActiveSync", "http://evil.example/")
		look("ada@contoso.com", 5)
	})
}

func TestAutoDetect(t *testing.T) {
	u, _ := url.Parse("https://detect.example/detect")
	for _, tt := range []struct {
		status int
		body   string
		want   string
		is     error
	}{
		{200, `{"email":"x","services":[{"service":"office365","protocol":"rest","hostname":"outlook.office.com","aad":"https://login.microsoftonline.com/common/oauth2/authorize","onprem":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}]}`, "https://mail.contoso.com/Microsoft-Server-ActiveSync", nil},
		{200, `{"services":[{"service":"imap","hostname":"x"},{"service":"office365","hostname":"outlook.office.com"}]}`, "https://outlook.office.com/Microsoft-Server-ActiveSync", nil},
		{200, `{"services":[],"protocols":[{"service":"","protocol":"eas","hostname":"mail.contoso.com"}]}`, "https://mail.contoso.com/Microsoft-Server-ActiveSync", nil}, // CSS-Exchange#1910
		{200, `{"services":[],"protocols":[{"service":"","protocol":"imap","hostname":"mail.contoso.com"}]}`, "", autodiscover.ErrNotFound},
		{200, `{"services":[{"service":"office365","onprem":"http://x/"}]}`, "", autodiscover.ErrBadEndpoint},
		{202, "", "", autodiscover.ErrThrottled}, {204, "", "", autodiscover.ErrNotFound}, {503, "", "", autodiscover.ErrThrottled}, {404, "", "", autodiscover.ErrNotFound},
		{200, "<html>", "", autodiscover.ErrNotFound},
	} {
		w := &world{hosts: map[string]http.HandlerFunc{"detect.example": jsonAnswer(tt.status, tt.body)}}
		e, err := (&autodiscover.AutoDetect{URL: u, HTTPClient: w.client()}).Lookup(t.Context(), "ada@contoso.com")
		if tt.want == "" && !errors.Is(err, tt.is) || tt.want != "" && (err != nil || e.URL.String() != tt.want) {
			t.Errorf("%d %s: %v, %v", tt.status, tt.body, e, err)
		}
		if w.asked[0].Header.Get("X-Email") != "ada@contoso.com" || w.asked[0].Header.Get("Authorization") != "" {
			t.Errorf("header %v", w.asked[0].Header)
		}
	}
	if _, err := (&autodiscover.AutoDetect{}).Lookup(t.Context(), "ada@contoso.com"); err == nil {
		t.Error("AutoDetect without a URL sends a request")
	}
	if _, err := (&autodiscover.AutoDetect{URL: u}).Lookup(t.Context(), "ada"); !errors.Is(err, autodiscover.ErrAddress) {
		t.Errorf("AutoDetect of no address = %v", err)
	}
}

func TestFederationProvider(t *testing.T) {
	for body, want := range map[string]string{
		`{"tenantId":"x"}`: "worldwide", `{"configProviderName":"gcc.microsoftonline.com"}`: "worldwide", `{"configProviderName":"microsoftonline.us"}`: "GCC High",
		`{"configProviderName":"Microsoftonline.MIL"}`: "DoD", `{"configProviderName":"partner.microsoftonline.cn"}`: "21Vianet", `{"configProviderName":"microsoftonline.de"}`: "",
	} {
		w := &world{hosts: map[string]http.HandlerFunc{"odc.officeapps.live.com": jsonAnswer(200, body)}}
		c, err := (&autodiscover.FederationProvider{HTTPClient: w.client()}).Cloud(t.Context(), "ada@contoso.com")
		if c.Name != want || (err != nil) != (want == "") || want == "" && !errors.Is(err, autodiscover.ErrNotFound) {
			t.Errorf("%s: %+v, %v; want %s", body, c, err, want)
		}
		if q := w.asked[0].URL.RawQuery; q != "domain=contoso.com" {
			t.Errorf("sent %s", q)
		}
	}
}

// The generated clouds must be those of the data file.
func TestGenerated(t *testing.T) {
	data, err := os.ReadFile("data/clouds.tsv")
	if err != nil {
		t.Fatal(err)
	}
	clouds := map[string]autodiscover.Cloud{"Worldwide": autodiscover.Worldwide, "GCCHigh": autodiscover.GCCHigh, "DoD": autodiscover.DoD,
		"China": autodiscover.China, "Bleu": autodiscover.Bleu, "Delos": autodiscover.Delos}
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")[1:]
	for _, line := range lines {
		f := strings.Split(line, "\t")
		if diff := cmp.Diff(autodiscover.Cloud{Name: f[1], Host: f[2], Hosts: strings.Fields(f[3])}, clouds[f[0]]); diff != "" {
			t.Errorf("%s (-want +got), run go generate:\n%s", f[0], diff)
		}
	}
	if len(lines) != len(clouds) {
		t.Errorf("%d rows, %d clouds", len(lines), len(clouds))
	}
}

// FuzzV1 gives the answer of AutoDiscover v1 to a fuzzer.
func FuzzV1(f *testing.F) {
	f.Add(poxFound)
	f.Add(pox(`<Action><Redirect>ada@fabrikam.com</Redirect></Action>`))
	f.Add(`<!DOCTYPE x><a/>`)
	f.Fuzz(func(t *testing.T, body string) {
		w := &world{hosts: map[string]http.HandlerFunc{own: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }}}
		r := &autodiscover.Resolver{HTTPClient: w.client(), NoCloud: true, NoHost: true, Authorize: bearerT}
		e, err := r.Lookup(t.Context(), "ada@contoso.com")
		if err == nil && (e.URL.Scheme != "https" || e.URL.Hostname() == "" || e.URL.User != nil) {
			t.Fatalf("endpoint %s", e.URL)
		}
		if strings.Contains(strings.ToLower(body), "<!doctype") && err == nil {
			t.Fatalf("a DOCTYPE was read: %q", body)
		}
		for _, r := range w.asked {
			if h := r.URL.Host; h != own && h != "contoso.com" {
				t.Fatalf("%s was asked", h)
			}
		}
	})
}
