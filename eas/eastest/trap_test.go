package eastest_test

import (
	"context"
	"errors"
	"net"
	"net/url"
	"slices"
	"testing"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
)

// Hosts that no client should ask exist with the fault, and catch who asks.
func TestTrap(t *testing.T) {
	tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domains: []string{"fabrikam.co.uk"}})
	hosts := []string{"autodiscover.com", "autodiscover.co.uk", "autodiscover.uk"}
	for _, host := range hosts {
		var dns *net.DNSError
		if _, err := tn.Client().Get("https://" + host + "/autodiscover/autodiscover.xml"); !errors.As(err, &dns) || !dns.IsNotFound {
			t.Errorf("%s without the fault: %v", host, err)
		}
		if slices.Contains(tn.Hosts(), host) {
			t.Errorf("%s is listed", host)
		}
	}
	s := tn.Switch(eastest.Fault{ID: "AD_TLD_BACKOFF"})
	for i, host := range hosts {
		status, h, _ := ask(t, tn, "GET", "https://"+host+"/autodiscover/autodiscover.xml")
		if status != 401 || h.Get("WWW-Authenticate") != `Basic realm="`+host+`"` || s.Fired() != i+1 {
			t.Errorf("%s: %d %v, fired %d", host, status, h, s.Fired())
		}
	}
	s.Lift()
	tn.Client().CloseIdleConnections()
	if _, err := tn.Client().Get("https://autodiscover.com/"); err == nil {
		t.Error("lifted, and still there")
	}
}

// The library never comes there, whatever fails and whatever it may ask.
func TestLibraryIsNotTrapped(t *testing.T) {
	for _, domain := range []string{"contoso.com", "contoso.co.uk", "mail.contoso.com.br"} {
		tn := eastest.New(t, &eastest.Options{Topology: eastest.Hybrid, Domain: domain})
		s := tn.Switch(eastest.Fault{ID: "AD_TLD_BACKOFF", Optional: true})
		tn.Switch(eastest.Fault{ID: "AD_NOT_V2"})
		r := &autodiscover.Resolver{HTTPClient: tn.Client(), AskDomain: true, AskHTTP: true, AskSRV: true,
			Confirm:   func(context.Context, *url.URL, *url.URL) error { return nil },
			LookupSRV: func(context.Context, string, string, string) (string, []*net.SRV, error) { return "", nil, nil }}
		if _, err := r.Lookup(t.Context(), "ada@"+domain); err == nil || s.Fired() != 0 {
			t.Errorf("%s: %v, fired %d", domain, err, s.Fired())
		}
	}
}
