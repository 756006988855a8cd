package eastest_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// A battery is a client that knows nothing of the library, and notes all that it sees.
type battery struct {
	t    *testing.T
	tn   *eastest.Tenant
	c    *http.Client
	seen []string
}

// counted are the identifiers that the tenant counts: they differ from request to request.
var counted = regexp.MustCompile(`[0-9a-f]{8}-0000-4000-8000-[0-9a-f]{12}|\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ|0\.AX\w+|[A-Z2-7]{26,52}|eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// note notes what came of a request.
func (b *battery) note(name string, resp *http.Response, body []byte, err error) {
	if err != nil {
		b.seen = append(b.seen, name+": "+counted.ReplaceAllString(err.Error(), "…"))
	}
	if resp == nil {
		return
	}
	h := resp.Header.Clone()
	for _, k := range []string{"Date", "Set-Cookie", "Request-Id", "X-Ms-Request-Id", "Client-Request-Id", "Content-Length"} {
		h.Del(k)
	}
	s := fmt.Sprintf("%s: %d %v %s", name, resp.StatusCode, h, body)
	if resp.TLS != nil {
		s += " until " + resp.TLS.PeerCertificates[0].NotAfter.Format(time.DateOnly)
	}
	b.seen = append(b.seen, counted.ReplaceAllString(s, "…"))
}

func (b *battery) send(method, u, body string, header ...string) (status int, answer []byte) {
	req, err := http.NewRequestWithContext(b.t.Context(), method, u, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	name := method + " " + req.URL.Host + req.URL.Path + " " + strings.Join(header, " ")
	resp, err := b.c.Do(req)
	if err != nil {
		b.note(name, nil, nil, err)
		return 0, nil
	}
	defer resp.Body.Close()
	answer, err = io.ReadAll(resp.Body)
	b.note(name, resp, answer, err)
	return resp.StatusCode, answer
}

func (b *battery) form(u string, form url.Values) []byte {
	_, answer := b.send("POST", u, form.Encode(), "Content-Type", "application/x-www-form-urlencoded")
	return answer
}

var member = regexp.MustCompile(`"(\w+)":"([^"]*)"`)

// members are the strings of a JSON object, as far as it goes.
func members(answer []byte) map[string]string {
	out := map[string]string{}
	for _, m := range member.FindAllSubmatch(answer, -1) {
		out[string(m[1])] = string(m[2])
	}
	return out
}

// claims notes what stands in a token.
func (b *battery) claims(name, raw string) {
	if c, err := token.Inspect(raw); err == nil {
		b.seen = append(b.seen, fmt.Sprintf("%s: aud %v scp %s upn %s", name, c.Audience, c.Scope, c.Username))
	}
}

// run sends every kind of request that a client sends.
func (b *battery) run() {
	const query = "/autodiscover/autodiscover.json?Email=ada%40contoso.com&Protocol=ActiveSync"
	target := b.tn.URL()
	b.send("GET", "https://outlook.office365.com"+query, "")
	b.send("GET", "https://autodiscover.contoso.com"+query, "")
	b.send("GET", plainURL, "")
	b.send("GET", "https://autodiscover.com"+query, "") // as no client should
	b.send("GET", "https://prod.autodetect.outlook.cloud.microsoft/detect", "", "X-Email", ada)
	b.send("GET", "https://"+target.Host+"/EWS/Exchange.asmx", "")

	login, auth := loginURL+"/oauth2/v2.0", loginURL+"/oauth2/v2.0/authorize"
	if b.tn.Topology() == eastest.OnPremises {
		login, auth = "https://adfs.contoso.com/adfs/oauth2", "https://adfs.contoso.com/adfs/oauth2/authorize/"
	}
	b.send("GET", "https://login.microsoftonline.com/contoso.com/v2.0/.well-known/openid-configuration", "")
	scope := "https://" + target.Host + "/EAS.AccessAsUser.All"
	q := authorizeQuery(ada)
	q.Set("scope", scope)
	b.send("GET", auth+"?"+q.Encode(), "")
	d := members(b.form(login+"/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {scope + " offline_access"}}))
	poll := url.Values{"client_id": {eastest.ClientID}, "grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "device_code": {d["device_code"]}}
	b.form(login+"/token", poll)
	time.Sleep(6 * time.Second)
	m := members(b.form(login+"/token", poll))
	b.claims("device code", m["access_token"])
	b.form(login+"/token", url.Values{"client_id": {eastest.ClientID}, "grant_type": {"refresh_token"}, "refresh_token": {m["refresh_token"]}})

	user := b.tn.Token(ada).AccessToken
	basic := base64.StdEncoding.EncodeToString([]byte(ada + ":" + eastest.Password))
	for _, header := range [][]string{nil, {"Authorization", "Bearer"}, {"Authorization", "Bearer", "X-User-Identity", ada},
		{"Authorization", "Bearer forged"}, {"Authorization", "Basic " + basic}, {"Authorization", "Bearer " + user}} {
		b.send("OPTIONS", target.String(), "", header...)
	}
	for _, v := range []string{"12.1", "16.1"} {
		b.send("POST", target.String()+"?Cmd=FolderSync&User=ada&DeviceId=x1&DeviceType=t", "\x03\x01\x6a\x00\x00\x07\x56\x52\x030\x00\x01\x01",
			"Authorization", "Bearer "+user, "MS-ASProtocolVersion", v, "Content-Type", "application/vnd.ms-sync.wbxml")
	}
	large := strings.Repeat("x", 200<<20>>10)
	b.send("POST", target.String()+"?Cmd=SendMail&User=ada&DeviceId=x1&DeviceType=t", large, "Authorization", "Bearer "+user, "MS-ASProtocolVersion", "12.1", "Content-Type", "message/rfc822")
	v1 := `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request><EMailAddress>` + ada +
		`</EMailAddress><AcceptableResponseSchema>http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006</AcceptableResponseSchema></Request></Autodiscover>`
	host := "outlook.office365.com"
	if b.tn.Topology() != eastest.Cloud {
		host = "autodiscover.contoso.com"
	}
	b.send("POST", "https://"+host+"/autodiscover/autodiscover.xml", v1, "Authorization", "Bearer "+b.tn.TokenFor(ada, host).AccessToken, "Content-Type", "text/xml")

	// A service, on behalf of the user.
	d = members(b.form(login+"/devicecode", url.Values{"client_id": {eastest.ClientID}, "scope": {"api://" + service + "/access"}}))
	time.Sleep(6 * time.Second)
	poll.Set("device_code", d["device_code"])
	b.form(login+"/token", poll)
	time.Sleep(6 * time.Second)
	m = members(b.form(login+"/token", poll))
	m = members(b.form(login+"/token", url.Values{"client_id": {service}, "client_secret": {serviceSecret}, "requested_token_use": {"on_behalf_of"},
		"grant_type": {"urn:ietf:params:oauth:grant-type:jwt-bearer"}, "assertion": {m["access_token"]}, "scope": {scope}}))
	b.claims("on behalf of", m["access_token"])
	b.send("OPTIONS", target.String(), "", "Authorization", "Bearer "+m["access_token"])
}

// invisible are faults that a battery of requests cannot see, and where they are seen.
var invisible = map[string]string{
	"PROXY_UNREACHABLE": "TestProxyFaults goes through a proxy",
	"PROXY_AUTH":        "TestProxyFaults goes through a proxy",
	"EAS_MAXREQUEST":    "TestFaultMaxRequest sends what is too large",
}

// hardToSee are the options under which a fault shows, where those of the others hide it.
var hardToSee = map[string]func(o *eastest.Options){
	"EAS_BASIC_ONLY": func(o *eastest.Options) { o.Product = eastest.Exchange2016 },
}

// usual are faults that are how a healthy organization of a topology is.
var usual = map[string]eastest.Topology{
	"EXO_161_ONLY": eastest.Cloud,      // Exchange Online offers 16.1 alone
	"AUD_SLASH":    eastest.OnPremises, // AD FS writes the audience with its slash
}

// A client sees every fault: a battery of requests to a tenant that has it does not come out as
// one to a tenant that has none, and the tenant counts what it showed. In a bubble with a seed
// nothing else makes a difference.
func TestEveryFaultIsSeen(t *testing.T) {
	run := func(t *testing.T, o eastest.Options, f *eastest.Fault) (seen []string) {
		synctest.Test(t, func(t *testing.T) {
			o.Seed, o.DevicePolicies, o.Apps = 1, []eastest.DevicePolicy{{None: true}}, []eastest.App{{ID: service, Secret: serviceSecret}}
			tn := eastest.New(t, &o)
			tn.AddMailbox(ada, &eas.Email{Subject: "one"})
			tn.AddMailbox("bob@contoso.com")
			if f != nil {
				tn.Switch(*f)
			}
			c := *tn.Client()
			c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
			c.Timeout = time.Minute
			b := &battery{t: t, tn: tn, c: &c}
			b.run()
			seen = b.seen
		})
		return seen
	}
	healthy := map[string][]string{}
	for _, info := range eastest.Faults() {
		if invisible[info.ID] != "" {
			continue
		}
		topologies := info.Where
		if !full { // one of them
			topologies = topologies[:1]
			if slices.Contains(info.Where, eastest.Hybrid) {
				topologies = []eastest.Topology{eastest.Hybrid}
			}
		}
		for _, topology := range topologies {
			o := eastest.Options{Topology: topology}
			if change := hardToSee[info.ID]; change != nil {
				change(&o)
			}
			key := fmt.Sprint(o.Topology, o.Product)
			if healthy[key] == nil {
				healthy[key] = run(t, o, nil)
				// Else the comparison would say nothing.
				if diff := cmp.Diff(healthy[key], run(t, o, nil)); diff != "" {
					t.Fatalf("two healthy tenants differ (-first +second):\n%s", diff)
				}
			}
			if usual[info.ID] == topology {
				continue
			}
			if seen := run(t, o, &eastest.Fault{ID: info.ID}); slices.Equal(seen, healthy[key]) {
				t.Errorf("%s, %s: nothing of it is seen", info.ID, topology)
			}
		}
	}
}
