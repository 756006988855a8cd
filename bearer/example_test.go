package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas/eastest"
)

func ExampleParse() {
	challenges, err := bearer.Parse([]string{
		`Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize",Basic realm="mail.contoso.com"`,
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range challenges {
		realm, ok := c.Get("realm")
		fmt.Printf("%s %q %v\n", c.Scheme, realm, ok)
	}
	// Output:
	// Bearer "" true
	// Basic "mail.contoso.com" true
}

func ExampleParseLenient() {
	challenges, repairs, err := bearer.ParseLenient([]string{
		`Bearer authorization_uri=https://login.microsoftonline.com/common, resource_id=https://org.crm.dynamics.com/`,
	})
	fmt.Println(challenges[0], err)
	for _, r := range repairs {
		fmt.Println(r.Kind, "of", r.Name)
	}
	// Output:
	// Bearer authorization_uri="https://login.microsoftonline.com/common", resource_id="https://org.crm.dynamics.com/" <nil>
	// unquoted value of authorization_uri
	// unquoted value of resource_id
}

func ExampleProbe() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	offer, err := bearer.Probe(context.Background(), tn.Client(), tn.URL(), "ada@contoso.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(offer.AuthorizationURI)
	// Output: https://login.windows.net/common/oauth2/authorize
}

// With a client of your own, for EWS or another protocol, the transport is all you need.
func ExampleTransport() {
	tn := eastest.New(nil, nil)
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")
	endpoint, source, base := tn.URL(), bearer.Static(tn.Token("ada@contoso.com")), tn.Client().Transport

	client := &http.Client{Transport: &bearer.Transport{Source: source, Endpoint: endpoint, Base: base}}
	req, err := http.NewRequest(http.MethodOptions, endpoint.String(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	resp, err := client.Do(req)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.Status, resp.Header.Get("MS-ASProtocolVersions"))
	// Output: 200 OK 16.1
}

func ExampleParseDiagnostics() {
	d, err := bearer.ParseDiagnostics(`2000003;reason="The hostname component of the audience claim value is invalid. ` +
		`Expected 'https://mail.contoso.com'. Actual 'http://mail.contoso.com'.";error_category="invalid_resource"`)
	if err != nil {
		fmt.Println(err)
		return
	}
	expected, actual, _ := d.Audience()
	fmt.Println(d.Code, d.Kind())
	fmt.Println(expected, actual)
	fmt.Println(d.Cause())
	// Output:
	// 2000003 invalid_resource
	// https://mail.contoso.com http://mail.contoso.com
	// a load balancer ends TLS in front of Exchange, which then sees plain http
}

func ExampleFromResponse() {
	resp := &http.Response{StatusCode: http.StatusUnauthorized, Header: http.Header{}}
	resp.Header.Add("WWW-Authenticate", `Bearer client_id="00000002-0000-0ff1-ce00-000000000000", `+
		`trusted_issuers="00000001-0000-0000-c000-000000000000@*", error="invalid_token"`)
	resp.Header.Add("WWW-Authenticate", `Basic realm="mail.contoso.com"`)
	resp.Header.Add("X-MS-Diagnostics", `4000000;reason="Flighting is not enabled for domain 'contoso.com'.";error_category="oauth_not_available"`)

	offer, err := bearer.FromResponse(resp)
	if errors.Is(err, bearer.ErrNoAuthorizationURI) {
		fmt.Println("no authority:", offer.Diagnostics.Kind())
	}
	fmt.Println(offer.TrustedIssuers[0].Realm, offer.Error)
	// Output:
	// no authority: oauth_not_available
	// * invalid_token
}

func ExampleFormat() {
	field, err := bearer.Format(
		bearer.Challenge{Scheme: "Bearer", Params: []bearer.Param{{Name: "realm", Value: ""}, {Name: "error_description", Value: `the "aud" is another`}}},
		bearer.Challenge{Scheme: "Negotiate"},
	)
	fmt.Println(field, err)
	_, err = bearer.Format(bearer.Challenge{Scheme: "Basic", Params: []bearer.Param{{Name: "realm", Value: "a\r\nSet-Cookie: b"}}})
	fmt.Println(err)
	// Output:
	// Bearer realm="", error_description="the \"aud\" is another", Negotiate <nil>
	// bearer: challenge cannot be written: the value of realm has a control character
}

// A SyntaxError says where the first broken challenge is; the others are returned.
func ExampleSyntaxError() {
	challenges, err := bearer.Parse([]string{`Bearer authorization_uri=https://login.windows.net/common, Basic realm="a"`})
	fmt.Println(challenges[0])
	var syntax *bearer.SyntaxError
	if errors.As(err, &syntax) {
		fmt.Println(syntax.Kind, "at", syntax.Offset)
	}
	// Output:
	// Basic realm="a"
	// byte not allowed here at 30
}
