package easoauth_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/token"
)

// What must not be in any text: a mail address, a code, a token. The address of the canary
// is in every form in which a server may echo it.
const (
	canaryCode  = "0.AXkAcanaryCODEcanaryCODEcanaryCODEcanaryCODEcanaryCODE"
	canaryToken = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJjYW5hcnlUT0tFTiJ9.c2lnbmF0dXJl"
	canaryUser  = "canary.user@contoso.com"
)

var canaryWords = []string{"canary.user", "canaryCODE", "canaryTOKEN", "eyJhbGci", "Y2FuYXJ5LnVzZXJ"}

// A fixed is a source of one token, which is a canary.
type fixed struct{}

func (fixed) Token(context.Context) (*oauth2.Token, error) {
	return &oauth2.Token{AccessToken: canaryToken, TokenType: "Bearer", Expiry: time.Now().Add(time.Hour)}, nil
}

// contacts are the ways in which the library speaks to a server for the first time.
var contacts = map[string]func(ctx context.Context, c *http.Client) (any, error){
	"Lookup": func(ctx context.Context, c *http.Client) (any, error) {
		return (&autodiscover.Resolver{HTTPClient: c, AllowPrivate: true, AskDomain: true, AskHTTP: true,
			Confirm: func(context.Context, *url.URL, *url.URL) error { return nil }}).Lookup(ctx, canaryUser)
	},
	"Lookup by path": func(ctx context.Context, c *http.Client) (any, error) {
		return (&autodiscover.Resolver{HTTPClient: c, PathForm: true}).Lookup(ctx, canaryUser)
	},
	"Lookup by v1": func(ctx context.Context, c *http.Client) (any, error) {
		return (&autodiscover.Resolver{HTTPClient: c, NoCloud: true, NoHost: true, Authorize: func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+canaryToken)
			return nil
		}}).Lookup(ctx, canaryUser)
	},
	"AutoDetect": func(ctx context.Context, c *http.Client) (any, error) {
		return (&autodiscover.AutoDetect{HTTPClient: c, URL: &url.URL{Scheme: "https", Host: "detect.example"}}).Lookup(ctx, canaryUser)
	},
	"FederationProvider": func(ctx context.Context, c *http.Client) (any, error) {
		return (&autodiscover.FederationProvider{HTTPClient: c}).Cloud(ctx, canaryUser)
	},
	"Probe": func(ctx context.Context, c *http.Client) (any, error) {
		_, err := bearer.Probe(ctx, c, &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}, canaryUser)
		return nil, err
	},
	"Transport": func(ctx context.Context, c *http.Client) (any, error) {
		u := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/EWS/Exchange.asmx"}
		req, err := http.NewRequestWithContext(ctx, "GET", u.String(), nil)
		if err != nil {
			return nil, err
		}
		resp, err := (&bearer.Transport{Source: fixed{}, Endpoint: u, Base: c.Transport}).RoundTrip(req)
		if resp != nil {
			resp.Body.Close()
		}
		return nil, err
	},
	"FolderSync": func(ctx context.Context, c *http.Client) (any, error) {
		_, err := (&eas.Client{URL: &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"},
			User: canaryUser, Token: fixed{}, HTTPClient: c}).FolderSync(ctx, eas.InitialSyncKey)
		return nil, err
	},
	"Discover": func(ctx context.Context, c *http.Client) (any, error) {
		_, err := token.Discover(ctx, "https://login.microsoftonline.com/contoso.com/oauth2/authorize", &token.Options{HTTPClient: c})
		return nil, err
	},
}

// hostile are responses of a server, or a device, that puts what it was told into whatever
// it can.
func hostile() map[string]http.HandlerFunc {
	out := map[string]http.HandlerFunc{}
	const said = "Email=canary.user%40contoso.com&code=" + canaryCode
	long := strings.Repeat("canary.user@contoso.com,"+canaryCode+"/", 1000) // 80 kB and more
	for name, location := range map[string]string{
		"does not parse":        "https://sso.contoso.com/%zz?" + said,
		"has a bad port":        "https://sso.contoso.com:x/?" + said,
		"has a bad host":        "https://canary.user%40contoso.com.evil.example/" + canaryCode,
		"holds user info":       "https://canary.user:" + canaryCode + "@evil.example/",
		"has a control byte":    "https://sso.contoso.com/\x7f?" + said,
		"is a mail address":     "mailto:canary.user@contoso.com?" + said,
		"is plain http":         "http://autodiscover.contoso.com/autodiscover/autodiscover.json?" + said,
		"holds it in the path":  "https://sso.contoso.com/canary.user@contoso.com/" + canaryCode,
		"holds it in a label":   "https://canary.user@contoso.com/autodiscover/autodiscover.json",
		"holds it in fragments": "https://autodiscover.contoso.com/autodiscover/autodiscover.json#" + said,
		"is very long":          "https://sso.contoso.com/" + long,
		"long and unparsable":   "https://sso.contoso.com/%zz" + long,
	} {
		for _, status := range []int{301, 302, 307, 308, 451} {
			out[fmt.Sprintf("%d whose Location %s", status, name)] = func(w http.ResponseWriter, _ *http.Request) {
				w.Header()["Location"], w.Header()["X-Ms-Location"] = []string{location}, []string{location}
				w.WriteHeader(status)
			}
		}
	}
	echo := "no such user canary.user@contoso.com; token " + canaryToken + "; code=" + canaryCode
	body := func(status int, contentType, body string, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			for i := 0; i < len(header); i += 2 {
				w.Header().Add(header[i], header[i+1])
			}
			w.WriteHeader(status)
			io.WriteString(w, body)
		}
	}
	for _, status := range []int{200, 400, 401, 403, 404, 407, 421, 429, 456, 500, 503} {
		out[fmt.Sprintf("%d JSON", status)] = body(status, "application/json", fmt.Sprintf(
			`{"ErrorCode":"canary.user@contoso.com","ErrorMessage":%q,"error":"canary.user@contoso.com","error_description":%q,"issuer":"https://canary.user@contoso.com/"}`, echo, echo))
		out[fmt.Sprintf("%d a page", status)] = body(status, "text/html", "<html>"+echo+"<input type=password>")
		out[fmt.Sprintf("%d header fields", status)] = body(status, "text/xml", echo,
			"X-AutoDiscovery-Error", echo, "request-id", "canary.user@contoso.com", "X-FEServer", "canary.user@contoso.com", "X-DiagInfo", "canary.user@contoso.com",
			"X-OWA-Version", "canary.user@contoso.com", "MS-Server-ActiveSync", "canary.user@contoso.com", "X-MS-ASThrottle", "canary.user@contoso.com",
			"WWW-Authenticate", `Bearer error="canary.user@contoso.com", error_description="`+echo+`", authorization_uri="https://canary.user@contoso.com/?`+canaryCode+`"`,
			"X-MS-Diagnostics", `2000005;reason="The user canary.user@contoso.com does not exist";error_category="invalid_user"`, "Server", "canary.user@contoso.com")
		out[fmt.Sprintf("%d v1", status)] = body(status, "text/xml", `<Autodiscover><Response><Error><ErrorCode>canary.user@contoso.com</ErrorCode><Message>`+echo+`</Message></Error></Response></Autodiscover>`)
	}
	out["v1 another address"] = body(200, "text/xml", `<Autodiscover><Response><Action><Redirect>canary.user@contoso.com</Redirect></Action></Response></Autodiscover>`)
	for name, u := range map[string]string{
		"in the query":    "https://mail.contoso.com/Microsoft-Server-ActiveSync?User=canary.user@contoso.com",
		"in the fragment": "https://mail.contoso.com/Microsoft-Server-ActiveSync#canary.user@contoso.com",
		"in the path":     "https://mail.contoso.com/canary.user@contoso.com/Microsoft-Server-ActiveSync",
		"as user info":    "https://canary.user@mail.contoso.com/Microsoft-Server-ActiveSync",
		"unparsable":      "https://mail.contoso.com/%zz?canary.user@contoso.com",
	} {
		out["an endpoint with the address "+name] = body(200, "application/json", fmt.Sprintf(`{"Protocol":"ActiveSync","Url":%q,"services":[{"service":"office365","onprem":%q}],"configProviderName":"canary.user@contoso.com"}`, u, u))
		out["v1 endpoint with the address "+name] = body(200, "text/xml", fmt.Sprintf(`<Autodiscover><Response><Action><Settings><Server><Type>MobileSync</Type><Url>%s</Url></Server></Settings></Action></Response></Autodiscover>`, u))
	}
	out["another protocol"] = body(200, "application/json", `{"Protocol":"canary.user@contoso.com","Url":"https://mail.contoso.com/Microsoft-Server-ActiveSync"}`)
	return out
}

// checkCanary holds that no text of v or err has a canary, or is longer than a screen.
func checkCanary(t *testing.T, name string, v any, err error) {
	t.Helper()
	var texts []string
	if err != nil {
		texts = append(texts, err.Error(), fmt.Sprintf("%v", err))
	}
	if e, ok := v.(*autodiscover.Endpoint); ok && e != nil {
		texts = append(texts, e.String())
		for _, h := range e.Hops {
			texts = append(texts, h.String())
		}
	}
	for _, s := range texts {
		if len(s) > 6<<10 {
			t.Errorf("%s: %d bytes: %.200s", name, len(s), s)
		}
		for _, word := range canaryWords {
			if strings.Contains(s, word) {
				t.Errorf("%s: %s is in %.2000s", name, word, s)
			}
		}
	}
}

// Whatever a server puts into a response, no address, code or token leaves through an
// error or a result, at any contact.
func TestS133Canaries(t *testing.T) {
	for name, h := range hostile() {
		c := &http.Client{Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
			rec := httptest.NewRecorder()
			h(rec, r)
			resp := rec.Result()
			resp.Request = r
			return resp, nil
		})}
		for contact, f := range contacts {
			v, err := f(t.Context(), c)
			checkCanary(t, contact+", "+name, v, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// Nor does what is not HTTP at all, and is quoted by net/http.
func TestS133CanariesOnTheWire(t *testing.T) {
	const echo = "canary.user@contoso.com code=" + canaryCode + " " + canaryToken
	// The certificate of httptest is for example.com, whatever the host's name is here.
	srv := httptest.NewTLSServer(nil)
	defer srv.Close()
	roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	config := &tls.Config{Certificates: srv.TLS.Certificates}
	for name, raw := range map[string]string{
		"not HTTP":        echo + "\r\n\r\n",
		"a status":        "HTTP/1.1 " + echo + "\r\n\r\n",
		"a status text":   "HTTP/1.1 500 " + echo + "\r\nContent-Length: 0\r\n\r\n",
		"a field":         "HTTP/1.1 200 OK\r\n" + echo + "\r\n\r\n",
		"a length":        "HTTP/1.1 200 OK\r\nContent-Length: " + echo + "\r\n\r\n",
		"an encoding":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + echo + "\r\n\r\n",
		"a chunk":         "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + echo + "\r\n",
		"the same length": "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n" + echo,
	} {
		l, err := tls.Listen("tcp", "127.0.0.1:0", config)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			for {
				conn, err := l.Accept()
				if err != nil {
					return
				}
				go func() {
					defer conn.Close()
					if _, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
						io.WriteString(conn, raw)
					}
				}()
			}
		}()
		c := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "example.com"}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, network, l.Addr().String())
			}}}
		for contact, f := range contacts {
			if contact == "Transport" {
				continue // a RoundTripper hands out net/http's own errors, as net/http demands
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			v, err := f(ctx, c)
			cancel()
			checkCanary(t, contact+", "+name+" on the wire", v, err)
		}
		l.Close()
	}
}
