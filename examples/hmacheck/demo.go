package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/token"
)

// unseen are the faults of the tenant that a check does not look at or does not tell from another
// one: AutoDiscover v1 is asked by programs alone that have a token for it, where v2 is missing;
// docs/check.md and the test of the matrix have the reasons of the others.
var unseen = []string{"AD_NOT_V1", "AD_V1_TOKEN", "AD_TLD_BACKOFF", "AD_UNCONFIRMED", "AUTODETECT_BYPASSED", "EAS_BASIC_ONLY", "EAS_FLIGHTING_OPEN", "EXO_161_ONLY", "SYNC_STALE"}

// demos are what -demo shows, in the order of the dance, after deployments that are healthy.
func demos() []string {
	ids := []string{"healthy", "healthy-cloud"}
	for _, t := range []eastest.Topology{eastest.Hybrid, eastest.OnPremises} {
		for _, p := range eastest.Products() {
			ids = append(ids, variant(t, p))
		}
	}
	for _, f := range eastest.Faults() {
		if !slices.Contains(unseen, f.ID) {
			ids = append(ids, f.ID)
		}
	}
	return ids
}

func variant(t eastest.Topology, p eastest.Product) string {
	return "healthy-" + t.String() + "-" + strings.ToLower(strings.ReplaceAll(p.String(), " ", "-"))
}

// deployment returns the options that show a demonstration.
func deployment(id string) (*eastest.Options, error) {
	switch id {
	case "healthy":
		return &eastest.Options{Topology: eastest.Hybrid}, nil
	case "healthy-cloud":
		return &eastest.Options{}, nil
	}
	for _, t := range []eastest.Topology{eastest.Hybrid, eastest.OnPremises} {
		for _, p := range eastest.Products() {
			if variant(t, p) == id {
				return &eastest.Options{Topology: t, Product: p}, nil
			}
		}
	}
	for _, f := range eastest.Faults() {
		if f.ID != id || slices.Contains(unseen, id) {
			continue
		}
		o := &eastest.Options{Topology: f.Where[0], Faults: []eastest.Fault{{ID: id, Optional: true}}}
		if slices.Contains(f.Where, eastest.Hybrid) {
			o.Topology = eastest.Hybrid
		}
		return o, nil
	}
	return nil, fmt.Errorf("there is no demonstration %q; -demo list lists them", id)
}

// demonstrate checks an embedded tenant that has the fault.
func (p *program) demonstrate(ctx context.Context) int {
	if p.demo == "list" {
		for _, id := range demos() {
			fmt.Fprintln(p.out, id)
		}
		return healthy
	}
	o, err := deployment(p.demo)
	if err != nil {
		return p.fail(err)
	}
	tn := eastest.New(nil, o)
	defer tn.Close()
	const ada = "ada@contoso.com"
	tn.AddMailbox(ada, &eas.Email{From: "bob@contoso.com", Subject: "Hello"})
	tn.AddMailbox("bob@contoso.com")
	client := tn.Client()
	if strings.HasPrefix(p.demo, "PROXY_") { // which only those meet who go through one
		if client, err = throughProxy(tn); err != nil {
			return p.fail(err)
		}
		defer client.CloseIdleConnections()
	}
	d := &diagnose.Options{
		HTTPClient: client, ClientID: eastest.ClientID, SignIn: &token.Browser{Open: tn.Browser()}, Security: true,
		AutoDetect: o.Topology == eastest.Hybrid, TrustedAuthorities: []string{"adfs.contoso.com"}, Timeout: 3 * time.Second, SignInTime: 30 * time.Second, Unmask: p.unmask,
	}
	if p.demo == "EAS_MAXREQUEST" {
		d.RequestBytes = 11 << 20
	}
	if p.demo == "DEVICE_CODE_BLOCKED" {
		d.SignInTime = 3 * time.Second // the browser refuses, and the program is not told
		d.SignIn = &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}
	}
	r, err := p.check(ctx, ada, d)
	if err != nil {
		return p.fail(err)
	}
	// A healthy deployment is named as it was asked for; so is what is only worth knowing.
	if r.Healthy() && (strings.HasPrefix(p.demo, diagnose.Healthy) || slices.ContainsFunc(r.Notes, func(f diagnose.Finding) bool { return f.Fault == p.demo })) {
		r.Root = p.demo
	}
	if err := p.print(r); err != nil {
		return p.fail(err)
	}
	return status(r)
}

// throughProxy returns a client that reaches the tenant through a proxy on loopback.
func throughProxy(tn *eastest.Tenant) (*http.Client, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	if err := tn.ServeProxy(ln); err != nil {
		return nil, errors.Join(err, ln.Close())
	}
	return &http.Client{Transport: &http.Transport{
		Proxy:           http.ProxyURL(&url.URL{Scheme: "http", Host: ln.Addr().String()}),
		TLSClientConfig: &tls.Config{RootCAs: tn.CertPool(), MinVersion: tls.VersionTLS12},
	}}, nil
}
