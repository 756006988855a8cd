package bearer_test

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/golden"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// meaningStatuses are those that mean something by themselves, and those beside them.
var meaningStatuses = []int{199, 200, 299, 300, 302, 399, 400, 401, 402, 403, 404, 405, 407, 408, 410, 415, 421, 429,
	440, 441, 449, 450, 451, 456, 457, 499, 500, 501, 502, 503, 504, 599, 600}

// meaningSenders are who can have sent a response, and what with.
var meaningSenders = []struct {
	name   string
	header http.Header
	body   string
}{
	{"nobody in particular", http.Header{}, ""},
	{"Exchange", http.Header{"Request-Id": {"r1"}, "X-Owa-Version": {"15.2.1748.24"}}, ""},
	{"Exchange with a page", http.Header{"Request-Id": {"r1"}, "Content-Type": {"text/html"}}, "<html>"},
	{"Exchange with a login page", http.Header{"Request-Id": {"r1"}, "Content-Type": {"text/html"}}, `<html><input type="password">`},
	{"Exchange that names no authority", http.Header{"Request-Id": {"r1"}, "Www-Authenticate": {`Bearer error="invalid_token"`}}, ""},
	{"Exchange that points to metadata", http.Header{"Request-Id": {"r1"}, "Www-Authenticate": {`Bearer resource_metadata="https://mail.contoso.com/m"`}}, ""},
	{"Exchange that offers no OAuth yet", http.Header{"X-Ms-Diagnostics": {`4000000;reason="Flighting"`}, "Www-Authenticate": {`Bearer error="invalid_token"`}}, ""},
	{"Exchange with another reason and no authority", http.Header{"X-Ms-Diagnostics": {`2000001;reason="x"`}, "Www-Authenticate": {`Bearer error="invalid_token"`}}, ""},
	{"Exchange with passwords alone", http.Header{"Request-Id": {"r1"}, "Www-Authenticate": {`Basic realm="mail.contoso.com"`, "NTLM"}}, ""},
	{"Exchange with a known reason and no challenge", http.Header{"X-Ms-Diagnostics": {`2000000;reason="x";error_category="invalid_signature"`}}, ""},
	{"Exchange with an unknown reason and no challenge", http.Header{"X-Ms-Diagnostics": {`2999999;reason="x"`}}, ""},
	{"Exchange behind nginx", http.Header{"Request-Id": {"r1"}, "Server": {"nginx/1.24"}}, ""},
	{"two authorities", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a"`, `Bearer authorization_uri="https://b"`}}, ""},
	{"claims that cannot be read", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a", claims="%"`}}, ""},
	{"a broken challenge", http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://a`}}, ""},
	{"a web site", http.Header{"Content-Type": {"text/html"}}, "<html><title>Contoso</title>"},
	{"a web site that declares nothing", http.Header{}, "<html><title>Contoso</title>"},
	{"a login page", http.Header{"Content-Type": {"text/html"}}, `<html><title>Sign in</title>`},
	{"a web site with passwords", http.Header{"Content-Type": {"text/html"}, "Www-Authenticate": {`Basic realm="x"`}}, "<html>"},
	{"a device with passwords", http.Header{"Www-Authenticate": {`Basic realm="x"`}}, ""},
	{"Kemp with passwords", http.Header{"Server": {"KEMP"}, "Www-Authenticate": {`Basic realm="ESP"`}}, ""},
	{"nginx with passwords", http.Header{"Server": {"nginx"}, "Www-Authenticate": {`Basic realm="x"`}}, ""},
	{"SOGo", http.Header{"Www-Authenticate": {`basic realm="SOGo"`}}, ""},
	{"nginx", http.Header{"Server": {"nginx/1.24"}}, ""},
	{"nginx itself", http.Header{"Server": {"nginx/1.24"}}, "<html><center>nginx/1.24</center>"},
	{"HAProxy without a server behind", http.Header{}, "<html><body><h1>503 Service Unavailable</h1>\nNo server is available to handle this request.\n"},
	{"IIS", http.Header{"Server": {"Microsoft-IIS/10.0"}}, ""},
	{"IIS that refuses the address", http.Header{"Server": {"Microsoft-IIS/10.0"}}, "403.6 - Forbidden: IP address rejected"},
	{"IIS whose application pool has stopped", http.Header{"Server": {"Microsoft-HTTPAPI/2.0"}}, "HTTP Error 503. The service is unavailable."},
	{"Cloudflare", http.Header{"Server": {"cloudflare"}, "Cf-Ray": {"8c1d-FRA"}}, ""},
	{"Akamai", http.Header{"Server": {"AkamaiGHost"}}, ""},
	{"a captive portal", http.Header{"Content-Type": {"text/html"}}, "<html>captive portal"},
	{"the routing plane", http.Header{"X-Nanoproxy": {"1"}}, ""},
	{"a redirect to a root", http.Header{"Location": {"https://www.contoso.com/"}}, ""},
	{"a redirect to a host", http.Header{"Location": {"https://www.contoso.com"}}, ""},
	{"a redirect to a root with a query", http.Header{"Location": {"https://www.contoso.com/?a"}}, ""},
	{"a redirect to a root with a fragment", http.Header{"Location": {"https://www.contoso.com/#a"}}, ""},
	{"a redirect to a path", http.Header{"Location": {"https://sso.contoso.com/login"}}, ""},
	{"a redirect to a relative root", http.Header{"Location": {"/"}}, ""},
	{"a redirect that does not parse", http.Header{"Location": {"https://%zz/"}}, ""},
	{"Exchange with a redirect to a root", http.Header{"Request-Id": {"r1"}, "Location": {"https://www.contoso.com/"}}, ""},
	{"a move", http.Header{"X-Ms-Location": {"https://mail.fabrikam.com/x"}, "Location": {"https://other.contoso.com/"}}, ""},
	{"a move to the sign-in by certificate", http.Header{"X-Ms-Location": {"https://OUTLOOK-CBA.office365.com/x"}}, ""},
}

// TestMeanings holds what each status means from each sender. testdata/meanings.txt shows the
// fault and the text of each, the statuses of one text together; of a sender other than the
// first only what differs from the first.
func TestMeanings(t *testing.T) {
	var b strings.Builder
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
	first := map[int]string{}
	for i, sender := range meaningSenders {
		statuses := map[string]string{} // of a text
		var texts, heads []string
		for _, status := range meaningStatuses {
			c := &http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: status, Header: sender.header.Clone(), Body: io.NopCloser(strings.NewReader(sender.body)), Request: r}, nil
			})}
			offer, err := bearer.Probe(t.Context(), c, endpoint, "ada@contoso.com")
			var pe *bearer.ProbeError
			if !errors.As(err, &pe) || pe.Status != status || pe.Host != endpoint.Host {
				t.Fatalf("%s, status %d: Probe = %v, %v", sender.name, status, offer, err)
			}
			text := strings.ReplaceAll(err.Error(), fmt.Sprint("status ", status), "status N")
			head := fmt.Sprintf("Exchange %v, HTML %v, Location %q, offer %v, diagnostics %v: ", pe.Exchange, pe.HTML, pe.Location, offer != nil, pe.Diagnostics != nil)
			if pe.Reason != "" {
				head, text = head+strings.TrimSuffix(text, pe.Reason)+"…", pe.Reason
			} else {
				head += "…"
			}
			if !slices.Contains(heads, head) {
				heads = append(heads, head)
			}
			text = strings.TrimSpace(pe.Fault + " " + text)
			if i == 0 {
				first[status] = text
			} else if text == first[status] {
				continue
			}
			if statuses[text] == "" {
				texts = append(texts, text)
			}
			statuses[text] += fmt.Sprint(" ", status)
		}
		fmt.Fprintf(&b, "-- %s --\n%s\n", sender.name, strings.Join(heads, "\n"))
		for _, text := range texts {
			fmt.Fprintf(&b, "%s: %s\n", statuses[text], text)
		}
		b.WriteString("\n")
	}
	golden.Check(t, "testdata/meanings.txt", b.String(), *update)
}
