// Discover shows how a mailbox is found: an address in, the chain of requests out.
//
//	go run ./examples/discover                          an embedded tenant
//	go run ./examples/discover you@yourcompany.com      your mailbox
//	go run ./examples/discover -json you@yourcompany.com
//
// It sends the address to Exchange Online, unless -no-cloud is given, and to the hosts of
// its domain; no credential is sent.
package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/easoauth/easoauth/autodiscover"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	r := &autodiscover.Resolver{}
	var protocol, cloud, email string
	var proxy, asJSON bool
	(&account.Tool{
		Name:  "discover",
		Usage: "discover [flags] you@yourcompany.com",
		Args:  1,
		Flags: func(fs *flag.FlagSet) {
			fs.StringVar(&email, "email", "", "mail address, in place of the argument")
			fs.StringVar(&protocol, "protocol", "ActiveSync", "what to look for")
			fs.StringVar(&cloud, "cloud", "worldwide", "worldwide, gcc-high, dod, china, bleu, delos, or auto to query the federation provider")
			fs.StringVar(&r.Host, "host", "", "query this host alone")
			fs.BoolVar(&r.NoCloud, "no-cloud", false, "do not query Exchange Online")
			fs.BoolVar(&r.AskDomain, "domain", false, "query the domain itself as well")
			fs.BoolVar(&r.AskSRV, "srv", false, "query the target of the SRV record, after confirmation")
			fs.BoolVar(&r.AskHTTP, "http", false, "query where plain http redirects to, after confirmation")
			fs.BoolVar(&r.AllowPrivate, "private", false, "let hosts have private addresses, inside your own network")
			fs.BoolVar(&proxy, "proxy", false, "use the proxies of the environment (HTTPS_PROXY, NO_PROXY)")
			fs.BoolVar(&asJSON, "json", false, "print JSON")
		},
		Run: func(ctx context.Context, fs *flag.FlagSet, in io.Reader, out, errs io.Writer) error {
			addr := cmp.Or(fs.Arg(0), email)
			switch {
			case fs.NArg() == 1 && email != "":
				return account.Misuse("there are two mail addresses")
			case addr == "" && (fs.NFlag() > 1 || fs.NFlag() == 1 && !asJSON):
				return account.Misuse("the mail address is missing")
			case addr == "":
				tn := eastest.New(nil, &eastest.Options{Topology: eastest.Hybrid})
				defer tn.Close()
				addr = "ada@contoso.com"
				tn.AddMailbox(addr)
				r.HTTPClient = tn.Client()
			}
			r.Protocol = autodiscover.Protocol(protocol)
			r.Confirm = ask(in, errs)
			if proxy {
				r.Proxy = http.ProxyFromEnvironment
			}
			return run(ctx, out, r, cloud, addr, asJSON)
		},
	}).Main()
}

var clouds = map[string]autodiscover.Cloud{
	"worldwide": autodiscover.Worldwide, "gcc-high": autodiscover.GCCHigh, "dod": autodiscover.DoD,
	"china": autodiscover.China, "bleu": autodiscover.Bleu, "delos": autodiscover.Delos,
}

// run looks addr up and prints what it found. With asJSON a failure is printed as well.
func run(ctx context.Context, out io.Writer, r *autodiscover.Resolver, cloud, addr string, asJSON bool) error {
	e, err := lookup(ctx, r, cloud, addr)
	if errors.Is(err, account.ErrUsage) {
		return err
	}
	if !asJSON {
		if err == nil {
			_, err = fmt.Fprintln(out, e)
		}
		return err
	}
	var result struct {
		URL      string    `json:"url,omitempty"`
		Protocol string    `json:"protocol,omitempty"`
		Foreign  bool      `json:"foreign,omitempty"`
		Error    string    `json:"error,omitempty"`
		Hops     []hop     `json:"hops"`
		Warnings []warning `json:"warnings,omitempty"`
	}
	var hops []autodiscover.Hop
	var le *autodiscover.LookupError
	switch {
	case err == nil:
		result.URL, result.Protocol, result.Foreign, hops = e.URL.String(), string(e.Protocol), e.Foreign, e.Hops
		for _, w := range e.Warnings {
			result.Warnings = append(result.Warnings, warning(w))
		}
	case errors.As(err, &le):
		hops = le.Hops
		fallthrough
	default:
		result.Error = err.Error()
	}
	result.Hops = []hop{}
	for _, h := range hops {
		x := hop{Candidate: h.Candidate, URL: h.URL, Status: h.Status, Next: h.Next, Millis: h.Elapsed.Milliseconds(),
			RequestID: h.Server.RequestID, Server: h.Server.FrontEnd, By: h.By}
		if h.Err != nil {
			x.Error = h.Err.Error()
		}
		var he *autodiscover.HopError
		if errors.As(h.Err, &he) {
			x.Fault = he.Fault
		}
		result.Hops = append(result.Hops, x)
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return errors.Join(err, enc.Encode(result))
}

type hop struct {
	Candidate string `json:"candidate"`
	URL       string `json:"url"`
	Status    int    `json:"status,omitempty"`
	Next      string `json:"next,omitempty"`
	Millis    int64  `json:"ms"`
	RequestID string `json:"request_id,omitempty"`
	Server    string `json:"server,omitempty"`
	By        string `json:"by,omitempty"`
	Fault     string `json:"fault,omitempty"`
	Error     string `json:"error,omitempty"`
}

type warning struct {
	Fault string `json:"fault"`
	Host  string `json:"host"`
	Text  string `json:"text"`
}

func lookup(ctx context.Context, r *autodiscover.Resolver, cloud, addr string) (*autodiscover.Endpoint, error) {
	if cloud == "auto" {
		p := &autodiscover.FederationProvider{HTTPClient: r.HTTPClient}
		c, err := p.Cloud(ctx, addr)
		if err != nil {
			return nil, err
		}
		r.Cloud = c
	} else if c, ok := clouds[cloud]; ok {
		r.Cloud = c
	} else {
		return nil, account.Misuse("-cloud: there is no cloud %q", cloud)
	}
	return r.Lookup(ctx, addr)
}

// ask has the person decide about a host that nobody vouches for.
func ask(in io.Reader, out io.Writer) func(context.Context, *url.URL, *url.URL) error {
	lines := bufio.NewScanner(in)
	return func(ctx context.Context, from, to *url.URL) error {
		fmt.Fprintf(out, "%s points to %s. Query it about your mailbox? [y/N] ", from.Host, to.Host)
		yes, err := account.Await(ctx, func() (bool, error) {
			return lines.Scan() && strings.EqualFold(strings.TrimSpace(lines.Text()), "y"), lines.Err()
		})
		if err == nil && !yes {
			err = errors.New("you said no")
		}
		return err
	}
}
