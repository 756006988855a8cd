package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"time"
)

// A config is how the service runs. Each flag has a variable of the environment:
// PROVISION_CLIENT_ID is -client-id.
type config struct {
	dsn, keyFile, keychain string
	conns                  int

	listen, admin, tlsCert, tlsKey, role string

	clientID, secretFile, audience, scope, authority string
	tenants, clients, hosts, authorities             list
	private                                          bool

	caFile, dial string

	name, deviceType                      string
	workers, slots, bodyLimit             int
	turn, look, check, away, sweep, dead  time.Duration
	minHeartbeat, maxHeartbeat, detectAge time.Duration
	detectRate                            int
	oneEndpoint                           bool
	authorityRate                         float64
	logLevel                              string
	untilEOF                              bool
	folders                               time.Duration
}

// A list is a flag of values that commas separate.
type list []string

func (l *list) String() string { return strings.Join(*l, ",") }
func (l *list) Set(text string) error {
	*l = nil
	for _, v := range strings.Split(text, ",") {
		if v = strings.ToLower(strings.TrimSpace(v)); v != "" {
			*l = append(*l, v)
		}
	}
	return nil
}

func (c *config) register(f *flag.FlagSet) {
	f.StringVar(&c.dsn, "dsn", "provision.db", "SQLite file, or URL of a PostgreSQL database")
	f.IntVar(&c.conns, "conns", 10, "connections to the database that this process holds at most")
	f.StringVar(&c.keyFile, "key-file", "", "file with the key that encrypts the sign-ins, 64 hexadecimal digits (openssl rand -hex 32)")
	f.StringVar(&c.keychain, "keychain", "", "name of the key in the keychain of the system, where migrate makes it if it is missing; in the place of -key-file")
	f.StringVar(&c.role, "role", "all", "what this process does: api, worker, or all")
	f.StringVar(&c.listen, "listen", "127.0.0.1:8080", "address of the API: of loopback, unless there is a certificate")
	f.StringVar(&c.tlsCert, "tls-cert", "", "file with the certificate of the API")
	f.StringVar(&c.tlsKey, "tls-key", "", "file with the key of the certificate")
	f.StringVar(&c.admin, "admin", "127.0.0.1:9090", "address of the status page, the metrics and the probes, which must not be reachable from outside; if empty, there are none")
	f.StringVar(&c.clientID, "client-id", "", "client ID of the service's app registration")
	f.StringVar(&c.secretFile, "secret-file", "", "file with the client secret")
	f.StringVar(&c.audience, "audience", "", "audience of the tokens of clients; if empty, api://<client ID> and <client ID>")
	f.StringVar(&c.scope, "scope", "access_as_user", "permission that the tokens of clients must have")
	f.StringVar(&c.authority, "authority", "login.microsoftonline.com", "host of the authority that issues the tokens of clients")
	f.Var(&c.tenants, "tenant", "tenants whose users may come, as GUIDs separated by commas")
	f.Var(&c.clients, "client", "client IDs of the clients that may come; if empty, every one that has the permission")
	f.Var(&c.hosts, "allow-host", "hosts of endpoints outside the domains of the users' addresses and Microsoft's cloud")
	f.Var(&c.authorities, "trust-authority", "hosts that may sign users in beside Microsoft's, such as an AD FS farm")
	f.BoolVar(&c.private, "allow-private", false, "endpoints may have private addresses")
	f.StringVar(&c.caFile, "ca-file", "", "file with further certificate authorities")
	f.StringVar(&c.dial, "dial", "", "address to which every connection goes, whatever its host: a tenant that is not one (examples/faketenant)")
	f.StringVar(&c.name, "name", "", "name of this process; if empty, of the machine and a random part")
	f.StringVar(&c.deviceType, "device-type", "", "type of the device that servers see, by which administrators allow it; if empty, easoauth")
	f.IntVar(&c.bodyLimit, "body-limit", 0, "bytes of an item's body that are kept; if 0, all")
	f.IntVar(&c.workers, "workers", 32, "mailboxes that are synchronized at a time")
	f.IntVar(&c.slots, "slots", 64, "slots into which waiting mailboxes are dealt: the same in all processes, and more than there are")
	f.DurationVar(&c.turn, "turn", 30*time.Second, "time of a mailbox after which others have their turn")
	f.DurationVar(&c.look, "look", 2*time.Second, "how often mailboxes are looked for that are to be waited for")
	f.DurationVar(&c.check, "check", 24*time.Hour, "how often a mailbox is synchronized unasked")
	f.DurationVar(&c.folders, "folders", 10*time.Minute, "how old the list of folders may be when a mailbox is synchronized: not every server reports its changes")
	f.DurationVar(&c.away, "out-of-office", time.Hour, "how often the out-of-office state is read")
	f.DurationVar(&c.sweep, "sweep", time.Hour, "how often the rules about age are applied")
	f.DurationVar(&c.dead, "dead", 15*time.Second, "silence after which a process is taken for dead")
	f.DurationVar(&c.minHeartbeat, "min-heartbeat", 2*time.Minute, "shortest time that a request waits for changes")
	f.DurationVar(&c.maxHeartbeat, "max-heartbeat", 28*time.Minute, "longest time that a request waits for changes")
	f.Float64Var(&c.authorityRate, "authority-rate", 0, "requests to authorities a second; if 0, the library's default")
	f.IntVar(&c.detectRate, "detect-rate", 30, "requests of AutoDetect that one network address may make in a minute")
	f.DurationVar(&c.detectAge, "detect-age", 5*time.Minute, "how long AutoDetect remembers what it found")
	f.BoolVar(&c.oneEndpoint, "one-endpoint", false, "AutoDetect: all mailboxes of a domain are at one endpoint, and are remembered by domain")
	f.BoolVar(&c.untilEOF, "until-eof", false, "stop when the standard input ends, as under a parent process that may die")
	f.StringVar(&c.logLevel, "log-level", "info", "debug, info, warn or error")
}

// parse reads flags, and the environment for those that are not given.
func (c *config) parse(f *flag.FlagSet, args []string, getenv func(string) string) error {
	c.register(f)
	if err := f.Parse(args); err != nil {
		return err
	}
	given := map[string]bool{}
	f.Visit(func(fl *flag.Flag) { given[fl.Name] = true })
	var failed error
	f.VisitAll(func(fl *flag.Flag) {
		name := "PROVISION_" + strings.ToUpper(strings.ReplaceAll(fl.Name, "-", "_"))
		if v := getenv(name); v != "" && !given[fl.Name] && failed == nil {
			if err := f.Set(fl.Name, v); err != nil {
				failed = fmt.Errorf("%s: %w", name, err)
			}
		}
	})
	if failed == nil && f.NArg() > 0 {
		failed = errors.New("there are arguments that are not flags")
	}
	return failed
}

// check says what is missing.
func (c *config) checkFlags() error {
	switch {
	case c.clientID == "" || c.secretFile == "":
		return errors.New("-client-id and -secret-file are needed")
	case len(c.tenants) == 0:
		return errors.New("-tenant is needed: without it, users of every tenant could come")
	case (c.keyFile == "") == (c.keychain == ""):
		return errors.New("one of -key-file and -keychain is needed: sign-ins are not kept in the clear")
	case c.role != "all" && c.role != "api" && c.role != "worker":
		return errors.New("-role is api, worker or all")
	case (c.tlsCert == "") != (c.tlsKey == ""):
		return errors.New("-tls-cert and -tls-key belong together")
	case c.slots < 1 || c.slots > 4096 || c.workers < 1 || c.conns < 2:
		return errors.New("-slots is 1 to 4096, -workers at least 1, -conns at least 2")
	case c.dead < time.Second || c.look <= 0 || c.turn <= 0:
		return errors.New("-dead is at least 1s, -look and -turn more than 0")
	}
	return nil
}

func (c *config) processName() string {
	if c.name != "" {
		return c.name
	}
	host, err := os.Hostname()
	if err != nil {
		host = "process"
	}
	return host + "-" + strings.ToLower(rand.Text()[:6])
}

// wait sleeps, or ends with ctx.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
