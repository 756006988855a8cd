package eastest_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
)

func TestAutoDiscoverV1(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Faults: []eastest.Fault{{ID: "AD_NOT_V2"}}})
	tn.AddMailbox(ada)
	const host = "autodiscover.contoso.com"
	post := func(auth, body string) (int, string) {
		req, _ := http.NewRequest("POST", "https://"+host+"/Autodiscover/Autodiscover.xml", strings.NewReader(body))
		if auth != "" {
			req.Header.Set("Authorization", auth)
		}
		resp, err := tn.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return resp.StatusCode, string(b)
	}
	request := func(email, schema string) string {
		return `<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/mobilesync/requestschema/2006"><Request><EMailAddress>` +
			email + `</EMailAddress><AcceptableResponseSchema>` + schema + `</AcceptableResponseSchema></Request></Autodiscover>`
	}
	const mobile = "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/responseschema/2006"
	good := "Bearer " + tn.TokenFor(ada, host).AccessToken
	for name, tt := range map[string]struct {
		auth, body string
		status     int
		want       string
	}{
		"good":                       {good, request(ada, mobile), 200, "<Type>MobileSync</Type><Url>https://mail.contoso.com/Microsoft-Server-ActiveSync</Url><Name>https://mail.contoso.com/Microsoft-Server-ActiveSync</Name>"},
		"another schema":             {good, request(ada, "x"), 200, "<ErrorCode>601</ErrorCode>"},
		"two requests":               {good, strings.Replace(request(ada, mobile), "<Request>", "<Request/><Request>", 1), 200, "<ErrorCode>600</ErrorCode>"},
		"no XML":                     {good, "x", 200, "<ErrorCode>600</ErrorCode>"},
		"another user":               {good, request("bob@contoso.com", mobile), 200, "<Status>2</Status>"},
		"no token":                   {"", request(ada, mobile), 401, ""},
		"a token for the EAS server": {"Bearer " + tn.Token(ada).AccessToken, request(ada, mobile), 401, ""},
	} {
		if status, body := post(tt.auth, tt.body); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: %d %s", name, status, body)
		}
	}
	// The client finds it, with a token for each host.
	r := &autodiscover.Resolver{HTTPClient: tn.Client(), Authorize: func(_ context.Context, req *http.Request) error {
		req.Header.Set("Authorization", "Bearer "+tn.TokenFor(ada, req.URL.Host).AccessToken)
		return nil
	}}
	e, err := r.Lookup(t.Context(), ada)
	if err != nil || e.URL.String() != tn.URL().String() || e.Hops[len(e.Hops)-1].Candidate != "v1" {
		t.Errorf("Lookup = %v, %v", e, err)
	}
}

func TestServices(t *testing.T) {
	for _, topology := range []eastest.Topology{eastest.Cloud, eastest.Hybrid} {
		tn := eastest.New(t, &eastest.Options{Topology: topology})
		tn.AddMailbox(ada)
		u := &url.URL{Scheme: "https", Host: "prod.autodetect.outlook.cloud.microsoft", Path: "/detect"}
		d := &autodiscover.AutoDetect{URL: u, HTTPClient: tn.Client()}
		e, err := d.Lookup(t.Context(), ada)
		want := "https://outlook.office.com/Microsoft-Server-ActiveSync"
		if topology == eastest.Hybrid {
			want = "https://mail.contoso.com/Microsoft-Server-ActiveSync"
		}
		if err != nil || e.URL.String() != want {
			t.Errorf("AutoDetect = %v, %v; want %s", e, err, want)
		}
		if _, err := d.Lookup(t.Context(), "eve@contoso.com"); err == nil {
			t.Error("AutoDetect places a stranger")
		}
		c, err := (&autodiscover.FederationProvider{HTTPClient: tn.Client()}).Cloud(t.Context(), ada)
		if err != nil || c.Name != autodiscover.Worldwide.Name {
			t.Errorf("Cloud = %+v, %v", c, err)
		}
	}
}
