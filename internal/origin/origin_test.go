package origin_test

import (
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/easoauth/easoauth/internal/origin"
)

func TestJudge(t *testing.T) {
	contoso := origin.Policy{Domain: "contoso.com", Cloud: []string{"outlook.office365.com", ".outlook.com"}, Trusted: []string{"eas.hoster.example"}}
	shared := origin.Policy{Domain: "kapsi.fi"}
	local := origin.Policy{Domain: "contoso.com", AllowPrivate: true}
	for _, tt := range []struct {
		p    origin.Policy
		url  string
		want origin.Verdict
	}{
		{contoso, "https://contoso.com/", origin.Own},
		{contoso, "https://mail.contoso.com:8443/", origin.Own},
		{contoso, "https://MAIL.CONTOSO.COM./", origin.Own},
		{contoso, "https://evilcontoso.com/", origin.Foreign},
		{contoso, "https://contoso.com.evil.example/", origin.Foreign},
		{contoso, "https://eas.hoster.example/", origin.Own},
		{contoso, "https://x.eas.hoster.example/", origin.Foreign},
		{contoso, "https://outlook.office365.com/", origin.Cloud},
		{contoso, "https://outlook.office365.com:443/", origin.Cloud},
		{contoso, "https://outlook.office365.com:8443/", origin.Foreign},
		{contoso, "https://eas.outlook.com/", origin.Cloud},
		{contoso, "https://outlook.com/", origin.Foreign},
		{contoso, "https://evil-outlook.com/", origin.Foreign},
		{contoso, "https://co.uk/", origin.Refused},
		{contoso, "https://com/", origin.Refused},
		{contoso, "https://mail/", origin.Refused},
		{contoso, "https://mail.contoso.local/", origin.Refused},
		{contoso, "https://mail.corp/", origin.Refused},
		{contoso, "https://localhost/", origin.Refused},
		{contoso, "https://10.0.0.1/", origin.Refused},
		{contoso, "https://[::1]/", origin.Refused},
		{contoso, "https://2130706433/", origin.Refused},
		{contoso, "https://0x7f.1/", origin.Refused},
		{contoso, "http://mail.contoso.com/", origin.Refused},
		{contoso, "https://a:b@mail.contoso.com/", origin.Refused},
		{contoso, "", origin.Refused},
		{local, "https://10.0.0.1/", origin.Own},
		{local, "https://mail.contoso.local/", origin.Own},
		{shared, "https://kapsi.fi/", origin.Own},
		{shared, "https://stranger.kapsi.fi/", origin.Foreign},
		{origin.Policy{}, "https://mail.contoso.com/", origin.Foreign},
	} {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		v, reason := tt.p.Judge(u)
		if v != tt.want || (reason != "") != (v == origin.Refused) {
			t.Errorf("%+v: Judge(%s) = %s, %q; want %s", tt.p, tt.url, v, reason, tt.want)
		}
	}
	if v, _ := contoso.Judge(nil); v != origin.Refused {
		t.Errorf("Judge(nil) = %s", v)
	}
}

func TestDomain(t *testing.T) {
	for address, want := range map[string]string{
		"ada@contoso.com": "contoso.com", "Ada@CONTOSO.com": "contoso.com", "ada@münchen.de": "xn--mnchen-3ya.de",
		"\"a@b\"@contoso.com": "contoso.com", "ada@kapsi.fi": "kapsi.fi",
		"ada": "", `CONTOSO\ada`: "", "": "", "ada@": "", "ada@co.uk": "", "ada@com": "", "ada@a b": "",
	} {
		if got := origin.Domain(address); got != want {
			t.Errorf("Domain(%q) = %q, want %q", address, got, want)
		}
	}
}

// The table of all clouds is that of package autodiscover.
func TestCloudHosts(t *testing.T) {
	data, err := os.ReadFile("../../autodiscover/data/clouds.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n")[1:] {
		want = append(want, strings.Fields(strings.Split(line, "\t")[3])...)
	}
	if diff := cmp.Diff(want, origin.CloudHosts); diff != "" {
		t.Errorf("CloudHosts (-want +got); go generate ./autodiscover:\n%s", diff)
	}
}

func TestSite(t *testing.T) {
	for host, want := range map[string][]string{
		"autodiscover.fabrikam.com": {"fabrikam.com", ".fabrikam.com"}, "fabrikam.co.uk": {"fabrikam.co.uk", ".fabrikam.co.uk"},
		"a.kapsi.fi": {"a.kapsi.fi", ".a.kapsi.fi"}, "kapsi.fi": {"kapsi.fi"}, "localhost": {"localhost"}, "198.51.100.7": {"198.51.100.7"},
	} {
		if diff := cmp.Diff(want, origin.Site(host)); diff != "" {
			t.Errorf("Site(%s) (-want +got):\n%s", host, diff)
		}
	}
}
