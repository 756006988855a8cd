package autodiscover_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
)

func ExampleResolver_Lookup() {
	tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
	defer tn.Close()
	tn.AddMailbox("ada@contoso.com")

	r := &autodiscover.Resolver{HTTPClient: tn.Client()}
	e, err := r.Lookup(context.Background(), "ada@contoso.com")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(e.URL)
	for _, h := range e.Hops {
		fmt.Println(h.Candidate, h.Status, h.Next)
	}
	// Output:
	// https://mail.contoso.com/Microsoft-Server-ActiveSync
	// cloud 302 autodiscover.contoso.com
	// redirect 200 mail.contoso.com
}

// A mailbox whose URL is known needs no request.
func ExampleStatic() {
	lookup := autodiscover.Static(&url.URL{Scheme: "https", Host: "mail.contoso.com", Path: "/Microsoft-Server-ActiveSync"})
	e, err := lookup.Lookup(context.Background(), "ada@contoso.com")
	fmt.Println(e.URL, err)
	// Output: https://mail.contoso.com/Microsoft-Server-ActiveSync <nil>
}

// An outage mocks a [autodiscover.Lookuper]: AutoDiscover that does not respond.
type outage struct{}

func (outage) Lookup(context.Context, string) (*autodiscover.Endpoint, error) {
	return nil, &autodiscover.LookupError{Hops: []autodiscover.Hop{{URL: "https://autodiscover.contoso.com/", Err: autodiscover.ErrUnreachable}}}
}

func ExampleLookuper() {
	// The function under test takes the interface, and not a *Resolver.
	host := func(ctx context.Context, l autodiscover.Lookuper, addr string) string {
		e, err := l.Lookup(ctx, addr)
		if errors.Is(err, autodiscover.ErrUnreachable) {
			return "(offline)"
		} else if err != nil {
			return err.Error()
		}
		return e.URL.Host
	}
	fmt.Println(host(context.Background(), outage{}, "ada@contoso.com"))
	// Output: (offline)
}
