// Command hmacheck says what is wrong with a deployment of Exchange ActiveSync with modern
// authentication, and how to mend it. It signs nobody in unless it is told to, and sends no
// password anywhere.
//
//	hmacheck ada@contoso.com                          from outside
//	hmacheck -sign-in -client-id … ada@contoso.com    with a sign-in by browser; -device-code without one
//	hmacheck -json ada@contoso.com                    for programs; also -html, -junit, -prometheus
//	hmacheck -file addresses.txt                      many addresses, with a summary by domain
//	hmacheck -record exchange.txtar ada@contoso.com   keep the exchange, redacted; -replay checks it again
//	hmacheck -demo TLS_OFFLOAD                        what a fault looks like, at an embedded tenant; -demo list lists them
//
// It is one static binary of 13 to 15 MB for Windows, macOS and Linux:
//
//	go install -trimpath -ldflags "-s -w" github.com/easoauth/easoauth/examples/hmacheck@latest
//
// Addresses are masked, so that a report can go into a ticket; -unmask shows them. The exit status
// is 0 if nothing is wrong, 1 if something is, and 2 if it could not be checked. Flags may follow
// the address. With NO_COLOR set there are no colours, and COLUMNS says how wide the report may be.
package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/examples/internal/account"
	"github.com/easoauth/easoauth/token"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// The exit statuses.
const (
	healthy = iota
	findings
	unchecked
)

// A program is what the flags say.
type program struct {
	out, log                                            io.Writer
	json, junit, prometheus, html                       bool
	signIn, device, security, autodetect, unmask, quiet bool
	clientID, host, endpoint, tenant, resolver, file    string
	demo, listen, record, replay                        string
	noCloud, color                                      bool
	trust, connect, ca                                  []string
	timeout, watch                                      time.Duration
	width, large                                        int
}

func list(to *[]string) func(string) error {
	return func(s string) error {
		*to = append(*to, strings.Split(s, ",")...)
		return nil
	}
}

func run(ctx context.Context, args []string, out, log io.Writer) int {
	p := &program{out: out, log: log}
	fs := flag.NewFlagSet("hmacheck", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	fs.BoolVar(&p.json, "json", false, "print JSON, by the schema of eas/diagnose/schema.json")
	fs.BoolVar(&p.html, "html", false, "print one HTML file")
	fs.BoolVar(&p.junit, "junit", false, "print JUnit XML")
	fs.BoolVar(&p.prometheus, "prometheus", false, "print metrics in the text format of Prometheus")
	fs.StringVar(&p.listen, "listen", "", "serve the metrics at this address, e.g. 127.0.0.1:9115, and check at each scrape")
	fs.BoolVar(&p.signIn, "sign-in", false, "sign in by browser and go on with the token; needs -client-id")
	fs.BoolVar(&p.device, "device-code", false, "sign in by device code; needs -client-id")
	fs.StringVar(&p.clientID, "client-id", "", "the application to sign in with")
	fs.BoolVar(&p.security, "security", false, "try what a healthy server refuses: a forged token")
	fs.BoolVar(&p.autodetect, "autodetect", false, "ask Microsoft's AutoDetect, which sends the address there")
	fs.StringVar(&p.host, "host", "", "ask this AutoDiscover host alone")
	fs.StringVar(&p.endpoint, "endpoint", "", "the ActiveSync URL, without AutoDiscover")
	fs.StringVar(&p.tenant, "tenant", "", "the tenant, a GUID or a domain; by default the mail domain")
	fs.Func("trust", "authorities beside Microsoft's, joined by commas: adfs.contoso.com", list(&p.trust))
	fs.BoolVar(&p.noCloud, "no-cloud", false, "do not ask Exchange Online where the mailbox is")
	fs.StringVar(&p.resolver, "resolver", "", "ask this DNS server, e.g. 192.0.2.53:53")
	fs.Func("connect", "connect to an address in place of what DNS says, as host:ip or host:ip:port, past any proxy; may be given several times", list(&p.connect))
	fs.Func("ca", "accept the certificate authorities of this PEM file beside the system's; may be given several times", func(s string) error {
		p.ca = append(p.ca, s)
		return nil
	})
	fs.StringVar(&p.file, "file", "", "check the addresses of this file, one a line")
	fs.DurationVar(&p.timeout, "timeout", diagnose.DefaultTimeout, "time of each step")
	fs.DurationVar(&p.watch, "watch", 0, "check again after this time, and say what changed")
	fs.BoolVar(&p.unmask, "unmask", false, "show addresses as they are")
	fs.BoolVar(&p.quiet, "q", false, "show no progress")
	fs.StringVar(&p.record, "record", "", "keep the whole exchange in this file, without what says whose it is")
	fs.StringVar(&p.replay, "replay", "", "check what -record kept in this file, without a network")
	fs.StringVar(&p.demo, "demo", "", `show this fault at an embedded tenant; "list" lists them`)
	fs.IntVar(&p.large, "large", 0, "with a sign-in, send a request of this many KB that changes nothing, as a large message would be")
	addresses, err := parse(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(out)
		fmt.Fprintln(out, "Usage of hmacheck: hmacheck [flags] address")
		fs.PrintDefaults()
		return healthy
	case err != nil:
		return p.fail(fmt.Errorf("%w; -h lists the flags", err))
	}
	p.color = account.Colors(out)
	if n, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && n >= 40 {
		p.width = n
	}
	if forms := count(p.json, p.html, p.junit, p.prometheus); forms > 1 {
		return p.fail(errors.New("choose one of -json, -html, -junit and -prometheus"))
	}
	switch {
	case p.demo != "":
		return p.demonstrate(ctx)
	case p.replay != "":
		return p.again(ctx)
	}
	if p.file != "" {
		more, err := readAddresses(p.file)
		if err != nil {
			return p.fail(err)
		}
		addresses = append(addresses, more...)
	}
	o, err := p.options()
	switch {
	case err != nil:
		return p.fail(err)
	case len(addresses) == 0:
		return p.fail(errors.New("which address? hmacheck ada@contoso.com, or -demo list"))
	case p.listen != "" && o.SignIn != nil:
		return p.fail(errors.New("-listen checks from outside: nobody signs in at each scrape"))
	case p.listen != "":
		return p.serve(ctx, addresses, o)
	case len(addresses) == 1 && p.file == "":
		return p.one(ctx, addresses[0], o)
	case p.record != "", p.watch > 0, p.html, p.junit:
		return p.fail(errors.New("-record, -watch, -html and -junit are for one address"))
	}
	return p.many(ctx, addresses, o)
}

// parse reads flags before and after the addresses.
func parse(fs *flag.FlagSet, args []string) (addresses []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return addresses, nil
		}
		addresses = append(addresses, fs.Arg(0))
		args = fs.Args()[1:]
	}
}

func count(flags ...bool) (n int) {
	for _, f := range flags {
		if f {
			n++
		}
	}
	return n
}

func (p *program) fail(err error) int {
	fmt.Fprintln(p.log, "hmacheck:", err)
	return unchecked
}

func readAddresses(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if s := strings.TrimSpace(lines.Text()); s != "" && !strings.HasPrefix(s, "#") {
			out = append(out, s)
		}
	}
	return out, lines.Err()
}

// options are those of a check of the real world.
func (p *program) options() (*diagnose.Options, error) {
	o := &diagnose.Options{
		Host: p.host, NoCloud: p.noCloud, TrustedAuthorities: p.trust, Tenant: p.tenant, ClientID: p.clientID, Security: p.security,
		AutoDetect: p.autodetect, Timeout: p.timeout, Unmask: p.unmask, RequestBytes: p.large << 10, DNS: net.DefaultResolver,
	}
	if p.endpoint != "" {
		u, err := url.Parse(p.endpoint)
		if err != nil || u.Scheme != "https" || u.Host == "" {
			return nil, fmt.Errorf("-endpoint is an https URL, such as https://mail.contoso.com/Microsoft-Server-ActiveSync")
		}
		o.Endpoint = u
	}
	if (p.signIn || p.device) && p.clientID == "" {
		return nil, errors.New("a sign-in needs -client-id: register an application in Entra, or take your organization's")
	}
	switch {
	case p.signIn:
		o.SignIn = &token.Browser{}
	case p.device:
		o.SignIn = &token.DeviceCode{Prompt: func(_ context.Context, d *token.DevicePrompt) error {
			fmt.Fprintf(p.log, "Open %s and enter the code %s.\n", d.VerificationURI, d.UserCode)
			return nil
		}}
	}
	tr := http.DefaultTransport.(*http.Transport).Clone()
	dialer := &net.Dialer{Timeout: 15 * time.Second}
	if p.resolver != "" {
		server := p.resolver
		if _, _, err := net.SplitHostPort(server); err != nil {
			server = net.JoinHostPort(server, "53")
		}
		dialer.Resolver = &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, server)
		}}
		o.DNS = dialer.Resolver
	}
	instead, err := places(p.connect)
	if err != nil {
		return nil, err
	}
	instead.apply(tr, dialer)
	if err := acceptCA(tr, p.ca); err != nil {
		return nil, err
	}
	o.HTTPClient = &http.Client{Transport: tr}
	return o, nil
}

func status(r *diagnose.Report) int {
	if r.Healthy() {
		return healthy
	}
	return findings
}

func (p *program) print(r *diagnose.Report) error {
	switch {
	case p.json:
		return r.JSON(p.out)
	case p.html:
		return r.HTML(p.out)
	case p.junit:
		return r.JUnit(p.out)
	case p.prometheus:
		return diagnose.Prometheus(p.out, r)
	}
	return r.Text(p.out, &diagnose.TextOptions{Color: p.color, Width: p.width})
}
