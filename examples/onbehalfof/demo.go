package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

const ada = "ada@contoso.com"

// The service is registered with the embedded tenant.
const (
	serviceID     = "0d3c1a5e-8f2b-4e6a-9c7d-2b1f4e8a6c30"
	serviceSecret = "a secret of the demonstration"
)

// A demo is the service before an embedded tenant, and the configuration of its front client.
type demo struct {
	tenant *eastest.Tenant
	url    string // of the service
	front  *token.Config
	close  func()
}

func newDemo(ctx context.Context) (*demo, error) {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid, Apps: []eastest.App{{ID: serviceID, Secret: serviceSecret}}})
	tn.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "Through the service"})
	o := &token.Options{HTTPClient: tn.Client(), Auth: token.Secret(serviceSecret)}
	s, err := newService(ctx, serviceID, eastest.TenantID, tn.URL(), &token.MemoryStore{}, o)
	if err != nil {
		tn.Close()
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tn.Close()
		return nil, err
	}
	server := &http.Server{Handler: s, ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = server.Serve(l) }()
	d := &demo{tenant: tn, url: "http://" + l.Addr().String(), close: func() { server.Close(); tn.Close() }}
	d.front, err = token.ConfigureResource(ctx, eastest.ClientID, "https://login.microsoftonline.com/"+eastest.TenantID, nil,
		[]string{resource(serviceID) + "/" + permission}, &token.Options{HTTPClient: tn.Client()})
	if err != nil {
		d.close()
		return nil, err
	}
	return d, nil
}

// get is what the front client does with its token.
func (d *demo) get(ctx context.Context, accessToken string) (status int, challenge, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url+"/subjects", nil)
	if err != nil {
		return 0, "", "", err
	}
	req.Header.Set("Authorization", "Bearer "+accessToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
	return resp.StatusCode, resp.Header.Get("WWW-Authenticate"), strings.TrimSpace(string(b)), err
}

// exchanges counts the exchanges and the renewals that the service made.
func (d *demo) exchanges() (exchanged, renewed int) {
	for _, r := range d.tenant.Requests() {
		switch r.Form.Get("grant_type") {
		case "urn:ietf:params:oauth:grant-type:jwt-bearer":
			exchanged++
		case "refresh_token":
			renewed++
		}
	}
	return exchanged, renewed
}

// demonstrate signs the user in at the front client and lets it call the service.
func demonstrate(ctx context.Context, out io.Writer) error {
	d, err := newDemo(ctx)
	if err != nil {
		return err
	}
	defer d.close()
	source := &token.Source{Config: d.front, Flow: &token.Browser{Open: d.tenant.Browser(), LoginHint: ada}}
	t, err := source.Token(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-26s the user has signed in to %s\n", "front client", resource(serviceID))
	for _, call := range []string{"first call", "second call"} {
		status, _, body, err := d.get(ctx, t.AccessToken)
		if err != nil {
			return err
		}
		exchanged, renewed := d.exchanges()
		fmt.Fprintf(out, "%-26s status %d %s (exchanges so far %d, renewals %d)\n", call, status, body, exchanged, renewed)
	}
	status, challenge, _, err := d.get(ctx, d.tenant.Token(ada).AccessToken)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%-26s status %d %s\n", "a token for Exchange itself", status, challenge)
	return nil
}
