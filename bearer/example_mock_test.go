package bearer_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
)

// An onWire mocks the network with one response.
type onWire struct {
	status int
	header http.Header
}

func (r onWire) RoundTrip(*http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	for name, values := range r.header {
		w.Header()[name] = values
	}
	w.WriteHeader(r.status)
	return w.Result(), nil
}

// The mock of a probe is its http.Client's transport.
func ExampleProbe_mock() {
	endpoint := &url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"}
	client := &http.Client{Transport: onWire{401, http.Header{"Www-Authenticate": {`Bearer authorization_uri="https://login.microsoftonline.com/common"`}}}}
	offer, err := bearer.Probe(context.Background(), client, endpoint, "ada@contoso.com")
	fmt.Println(offer.AuthorizationURI, err)

	client.Transport = onWire{401, http.Header{"Www-Authenticate": {`Basic realm="mail.contoso.com"`}}}
	_, err = bearer.Probe(context.Background(), client, endpoint, "ada@contoso.com")
	fmt.Println(errors.Is(err, bearer.ErrLegacyOnly))
	// Output:
	// https://login.microsoftonline.com/common <nil>
	// true
}

// A mock of a Source is a function, or Static.
func ExampleSource() {
	var source bearer.Source = bearer.SourceFunc(func(context.Context) (*oauth2.Token, error) {
		return nil, errors.New("the user has to sign in")
	})
	client := &http.Client{Transport: &bearer.Transport{
		Source: source, Endpoint: &url.URL{Scheme: "https", Host: "mail.contoso.com"}, Base: onWire{status: 200},
	}}
	_, err := client.Get("https://mail.contoso.com/EWS/Exchange.asmx")
	fmt.Println(err)

	client.Transport.(*bearer.Transport).Source = bearer.Static(&oauth2.Token{AccessToken: "secret"})
	resp, err := client.Get("https://mail.contoso.com/EWS/Exchange.asmx")
	fmt.Println(resp.StatusCode, err)
	// Output:
	// Get "https://mail.contoso.com/EWS/Exchange.asmx": the user has to sign in
	// 200 <nil>
}
