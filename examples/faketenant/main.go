// Command faketenant is a Microsoft 365 tenant with its Exchange, for programs in any language
// to be tested against: AutoDiscover, an authority, and Exchange ActiveSync, under their real
// names, with every mistake of a deployment as a switch.
//
//	go run ./examples/faketenant
//
// It prints the address of a TLS server that is all hosts of the tenant at once, the address of
// an HTTP proxy that leads to them, the file of the authority that signs their certificates, and
// the address of a page that shows each request, decoded, with the reason for the response. A
// client under test needs the proxy and the authority as settings, and no names in DNS:
//
//	curl -x http://127.0.0.1:8080 --cacert ca.pem -H 'Authorization: Bearer' https://mail.contoso.com/Microsoft-Server-ActiveSync
//
// With -json it prints one line of JSON instead, for scripts: https, proxy and page are the
// addresses, ca is the file, users are the accounts. Either way it serves until it is
// interrupted. It listens on loopback alone unless told otherwise. docs/faketenant.md describes
// the JSON API under api/ by which tests in any language drive it, docs/tenant.md the faults.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/internal/account"
)

func main() {
	ctx, stop := account.Signals()
	err := run(ctx, os.Args[1:], os.Stdout)
	if errors.Is(err, flag.ErrHelp) {
		err = nil
	}
	code := account.Report(ctx, os.Stderr, "faketenant", err)
	stop()
	os.Exit(code)
}

// A program is what the flags say.
type program struct {
	options                  eastest.Options
	https, proxy, page       string
	users                    []string
	caCert, caKey, hostnames string
	json                     bool
	duration                 time.Duration
}

// parse reads the flags. What they print themselves goes to out, with flag.ErrHelp.
func parse(args []string, out io.Writer) (*program, error) {
	p := &program{}
	fs := flag.NewFlagSet("faketenant", flag.ContinueOnError)
	fs.SetOutput(io.Discard) // an error is one line; -h prints the flags
	fs.StringVar(&p.https, "https", "127.0.0.1:0", "address of the TLS server; port 0 takes a free one")
	fs.StringVar(&p.proxy, "proxy", "127.0.0.1:0", "address of the HTTP proxy")
	fs.StringVar(&p.page, "page", "127.0.0.1:0", "address of the page and the API")
	fs.StringVar(&p.hostnames, "page-hosts", "", "further names, joined by commas, under which the page may be opened")
	topology := fs.String("topology", "hybrid", "cloud, hybrid or on-premises")
	product := fs.String("product", "Exchange SE", "what runs on-premises: "+productNames())
	fs.StringVar(&p.options.Nation, "nation", "", `the cloud: "" for the worldwide one, "GCC High", "DoD", "China", "Bleu" or "Delos"`)
	fs.StringVar(&p.options.Domain, "domain", "contoso.com", "the mail domain")
	identity := fs.String("identity", "password hash", "where passwords are checked: password hash, pass-through or federated")
	fs.BoolVar(&p.options.SignInPages, "pages", false, "show pages for name and password, second factor and consent, also that of AD FS; otherwise the user is signed in at once")
	users := fs.String("users", "ada,bob", "names or addresses of the users, joined by commas")
	fs.StringVar(&p.options.ClientID, "client-id", eastest.ClientID, "the registered public client")
	noPolicy := fs.Bool("no-policy", false, "demand no device policy, so that a client need not provision")
	fs.BoolVar(&p.options.StrictRotation, "strict-rotation", false, "a refresh token is good once; using it again ends the sign-in")
	fs.DurationVar(&p.options.AccessLifetime, "access-lifetime", time.Hour, "how long access tokens are good")
	fs.DurationVar(&p.options.RefreshLifetime, "refresh-lifetime", 14*24*time.Hour, "how long refresh tokens are good")
	fs.StringVar(&p.caCert, "ca-cert", "", "PEM file of the certificate authority, made with -ca-key if it does not exist; by default a new one in a temporary folder")
	fs.StringVar(&p.caKey, "ca-key", "", "PEM file of its key")
	fs.Uint64Var(&p.options.Seed, "seed", 0, "makes codes, tokens, numbers and the keys of tokens repeat; 0 for none")
	http2 := fs.Bool("http2", true, "speak HTTP/2 with clients that ask for it; -http2=false speaks HTTP/1.1 alone")
	fs.BoolVar(&p.json, "json", false, "print one line of JSON")
	fs.DurationVar(&p.duration, "for", 0, "stop after this time; 0 serves until interrupted")
	fs.Func("app", "register a confidential client with an API of its own, api://ID, as ID=SECRET; may be given several times", func(s string) error {
		id, secret, ok := strings.Cut(s, "=")
		if !ok || id == "" || secret == "" {
			return errors.New("it is not of the form ID=SECRET")
		}
		p.options.Apps = append(p.options.Apps, eastest.App{ID: id, Secret: secret})
		return nil
	})
	list := false
	fs.Func("fault", "switch a fault on from the start, as ID or ID=value; may be given several times; \"list\" lists them", func(s string) error {
		if s == "list" {
			list = true
			return nil
		}
		id, value, _ := strings.Cut(s, "=")
		p.options.Faults = append(p.options.Faults, eastest.Fault{ID: id, Value: value})
		return nil
	})
	switch err := fs.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		fs.SetOutput(out)
		fmt.Fprintln(out, "Usage of faketenant:")
		fs.PrintDefaults()
		return nil, err
	case err != nil:
		return nil, fmt.Errorf("%w; -h lists the flags", err)
	case list:
		listFaults(out)
		return nil, flag.ErrHelp
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("%q is not a flag; -h lists them", fs.Arg(0))
	}
	p.options.HTTP1 = !*http2
	if *noPolicy {
		p.options.DevicePolicies = []eastest.DevicePolicy{{None: true}}
	}
	var err error
	if p.options.Topology, err = topologyOf(*topology); err != nil {
		return nil, err
	}
	if p.options.Product, err = productOf(*product); err != nil {
		return nil, err
	}
	if p.options.Identity, err = identityOf(*identity); err != nil {
		return nil, err
	}
	for _, f := range p.options.Faults {
		if err := checkFault(f, p.options.Topology); err != nil {
			return nil, err
		}
	}
	if (p.caCert == "") != (p.caKey == "") {
		return nil, errors.New("-ca-cert and -ca-key belong together")
	}
	for _, u := range strings.Split(*users, ",") {
		u = strings.TrimSpace(u)
		if !strings.Contains(u, "@") {
			u += "@" + p.options.Domain
		}
		p.users = append(p.users, u)
	}
	p.options.Header = http.Header{"X-Fake-Tenant": {"easoauth"}}
	return p, nil
}

func topologyOf(name string) (eastest.Topology, error) {
	for _, t := range []eastest.Topology{eastest.Cloud, eastest.Hybrid, eastest.OnPremises} {
		if strings.EqualFold(t.String(), name) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("unknown topology %q: take cloud, hybrid or on-premises", name)
}

func productOf(name string) (eastest.Product, error) {
	for _, p := range eastest.Products() {
		if strings.EqualFold(p.String(), name) {
			return p, nil
		}
	}
	return 0, fmt.Errorf("unknown product %q: take one of %s", name, productNames())
}

func identityOf(name string) (eastest.Identity, error) {
	switch strings.ToLower(name) {
	case "password hash":
		return eastest.PasswordHash, nil
	case "pass-through":
		return eastest.PassThrough, nil
	case "federated":
		return eastest.Federated, nil
	}
	return 0, fmt.Errorf("%q is not a model of identity: use password hash, pass-through or federated", name)
}

func productNames() string {
	var names []string
	for _, p := range eastest.Products() {
		names = append(names, p.String())
	}
	return strings.Join(names, ", ")
}

// checkFault says what is against a fault in one line.
func checkFault(f eastest.Fault, t eastest.Topology) error {
	if err := f.Check(t); err != nil {
		return fmt.Errorf("%s; -fault list lists them", strings.TrimPrefix(err.Error(), "eastest: "))
	}
	return nil
}

func listFaults(out io.Writer) {
	for _, f := range eastest.Faults() {
		fmt.Fprintf(out, "%-28s %s\n", f.ID, f.Cause)
	}
}

// Started is what -json prints.
type Started struct {
	HTTPS      string   `json:"https"`      // host:port of the TLS server of all hosts
	Proxy      string   `json:"proxy"`      // URL of the HTTP proxy
	Page       string   `json:"page"`       // URL of the page; the API is under its api/
	CA         string   `json:"ca"`         // PEM file
	ActiveSync string   `json:"activesync"` // URL of the mailboxes
	ClientID   string   `json:"client_id"`  // of the registered client
	Users      []User   `json:"users"`
	Hosts      []string `json:"hosts"`
}

// A User is an account.
type User struct {
	Address  string `json:"address"`
	Password string `json:"password"`
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	p, err := parse(args, out)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return account.Misuse("%v", err)
	}
	if p.duration > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, p.duration)
		defer cancel()
	}
	ca, file, remove, err := authority(p.caCert, p.caKey)
	if err != nil {
		return err
	}
	defer remove()
	p.options.CA = ca
	tn, err := newTenant(&p.options)
	if err != nil {
		return err
	}
	defer tn.Close()
	for _, u := range p.users {
		if err := addUser(tn, u); err != nil {
			return err
		}
	}
	var listen []net.Listener
	for _, a := range []string{p.https, p.proxy, p.page} {
		ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", a)
		if err != nil {
			return err
		}
		defer ln.Close()
		listen = append(listen, ln)
	}
	if err := tn.Serve(listen[0]); err != nil {
		return err
	}
	if err := tn.ServeProxy(listen[1]); err != nil {
		return err
	}
	started := Started{
		HTTPS: listen[0].Addr().String(), Proxy: "http://" + listen[1].Addr().String(), Page: "http://" + listen[2].Addr().String() + "/",
		CA: file, ActiveSync: tn.URL().String(), ClientID: p.options.ClientID, Hosts: tn.Hosts(), Users: users(tn),
	}
	server := &http.Server{Handler: newPage(ctx, tn, &started, strings.Split(p.hostnames, ",")), ReadHeaderTimeout: time.Minute}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listen[2]) }()
	defer server.Close()
	if p.json {
		if err := json.NewEncoder(out).Encode(started); err != nil {
			return err
		}
	} else {
		announce(out, tn, &started)
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// newTenant starts the tenant. What the options say that cannot be meant is an error.
func newTenant(o *eastest.Options) (tn *eastest.Tenant, err error) {
	defer misuse(&err)
	return eastest.New(nil, o), nil
}

func announce(out io.Writer, tn *eastest.Tenant, s *Started) {
	fmt.Fprintf(out, `A fake Microsoft 365 tenant for tests. Nothing of it leaves this machine.

  page   %s
  https  %s   all hosts, by the server name (SNI)
  proxy  %s   CONNECT to port 443 of the hosts
  ca     %s
  hosts  %s

`, s.Page, s.HTTPS, s.Proxy, s.CA, strings.Join(s.Hosts, "\n         "))
	for _, u := range s.Users {
		fmt.Fprintf(out, "  user   %s   password %s\n", u.Address, u.Password)
	}
	fmt.Fprintf(out, "\nTry\n\n  curl -x %s --cacert %s -i -H 'Authorization: Bearer' -H 'X-User-Identity: %s' %s\n\nInterrupt ends it.\n",
		s.Proxy, s.CA, s.Users[0].Address, tn.URL())
}

// addUser gives a user a mailbox with a mail to begin with.
func addUser(tn *eastest.Tenant, addr string) error {
	local, domain, ok := strings.Cut(addr, "@")
	if !ok || local == "" || domain == "" {
		return fmt.Errorf("%q is not a mail address", addr)
	}
	if tn.Mailbox(addr) != nil {
		return fmt.Errorf("the user %s is named twice", addr)
	}
	tn.AddMailbox(addr, &eas.Email{
		From: "postmaster@" + domain, Subject: "Welcome",
		Body: &eas.Body{Type: eas.BodyPlain, Data: "This mailbox is in a fake tenant. The page shows what your client asked for.\r\n"},
	})
	return nil
}

func users(tn *eastest.Tenant) []User {
	var out []User
	for _, m := range tn.Mailboxes() {
		out = append(out, User{Address: m.Address(), Password: m.Password()})
	}
	return out
}

// temporary is a folder that remove removes.
func temporary() (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", "faketenant-")
	if err != nil {
		return "", nil, err
	}
	return filepath.Clean(dir), func() { _ = os.RemoveAll(dir) }, nil // it holds a public certificate
}
