package autodiscover_test

import (
	"context"
	"fmt"

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

func ExampleStatic() {
	var l autodiscover.Lookuper = new(autodiscover.Resolver)
	_ = l // or, for a mailbox whose URL is known:
	tn := eastest.New(nil, nil)
	defer tn.Close()
	l = autodiscover.Static(tn.URL())
	e, err := l.Lookup(context.Background(), "ada@contoso.com")
	fmt.Println(e.URL, err)
	// Output: https://outlook.office365.com/Microsoft-Server-ActiveSync <nil>
}
