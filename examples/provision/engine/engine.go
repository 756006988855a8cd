// Package engine keeps the copy of one mailbox in step with its server: the hierarchy, the
// items of its folders, and the out-of-office state. It knows the protocol and the store, and
// nothing of queues: what calls it decides when.
package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/examples/provision/store"
	"github.com/easoauth/easoauth/token"
)

// DefaultWindow is how far back the copy of mail goes: four weeks.
const DefaultWindow = 28 * 24 * time.Hour

// An Engine works on mailboxes, on behalf of the users who provisioned them. Store, Tokens,
// ClientID and Auth are required. It is safe for concurrent use; its fields must not be
// modified after the first call.
type Engine struct {
	Store  *store.Store
	Tokens token.Store // the sign-ins

	ClientID   string
	Auth       token.ClientAuth
	HTTPClient *http.Client

	// Authorities are hosts that may sign users in beside Microsoft's, such as an AD FS farm.
	Authorities []string
	// Hosts are hosts of endpoints that may lie outside the domain of a user's address and
	// outside Microsoft's cloud.
	Hosts []string
	// AllowPrivate says that endpoints may have private addresses.
	AllowPrivate bool

	DeviceType string        // if "", "easoauth"
	Window     time.Duration // of mail; if 0, DefaultWindow
	BodyLimit  int           // of an item, in bytes; if 0, bodies come whole

	// FoldersEvery is how old the hierarchy may be when folders are synchronized. Exchange
	// reports its changes, and other servers do not. If 0, 10 minutes.
	FoldersEvery time.Duration

	// Limiter bounds the requests to authorities, of all mailboxes of this process.
	Limiter *token.Limiter

	Observe func(eas.Observation)             // each request to a server; may be nil
	Renewed func(mailbox int64, at time.Time) // each renewal of an access token; may be nil
	Stored  func(class eas.Class, n int)      // items that came, changed or went; may be nil
	Logger  *slog.Logger                      // if nil, nothing is logged

	mu       sync.Mutex
	sessions map[int64]*session
	configs  map[int64]*token.Config
}

// Capabilities are declared to the authority: the service hands claims challenges to its
// clients.
var capabilities = []string{"cp1"}

func (e *Engine) log() *slog.Logger {
	if e.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return e.Logger
}

func (e *Engine) window() time.Duration {
	if e.Window == 0 {
		return DefaultWindow
	}
	return e.Window
}

// ErrEndpoint is matched when an endpoint is refused.
var ErrEndpoint = errors.New("the endpoint is refused")

// An EndpointError says why an endpoint is refused. It matches [ErrEndpoint].
type EndpointError struct {
	Host    string
	Verdict eas.Verdict
	Remedy  string
}

func (e *EndpointError) Error() string {
	return fmt.Sprintf("endpoint %s: %v (%s): %s", e.Host, ErrEndpoint, e.Verdict, e.Remedy)
}

func (e *EndpointError) Unwrap() error { return ErrEndpoint }

// Judge decides whether an endpoint may be used for an address, by the library's rules for
// hosts that servers name: those of the address's own domain and of Microsoft's cloud may, and
// those that the operator has listed.
func (e *Engine) Judge(endpoint *url.URL, address string) error {
	verdict := Verdict(endpoint, address, e.AllowPrivate)
	switch {
	case verdict == eas.VerdictOwn, verdict == eas.VerdictCloud:
		return nil
	case verdict == eas.VerdictForeign && slices.Contains(e.Hosts, strings.ToLower(endpoint.Host)):
		return nil
	case verdict == eas.VerdictForeign:
		return &EndpointError{endpoint.Host, verdict, "it is neither of the domain of the address nor of Microsoft's cloud: allow the host with -allow-host if it is meant"}
	}
	return &EndpointError{endpoint.Host, verdict, "use an https URL of a public host"}
}

// Verdict says whose the host of an endpoint is, as the library judges it from the domain of
// an address.
func Verdict(endpoint *url.URL, address string, allowPrivate bool) eas.Verdict {
	_, domain, _ := strings.Cut(address, "@")
	home := &eas.Client{URL: &url.URL{Scheme: "https", Host: domain, Path: "/Microsoft-Server-ActiveSync"}, User: address, AllowPrivate: allowPrivate,
		Token: bearer.Static(new(oauth2.Token))} // it sends nothing
	return home.Judge(endpoint)
}

// Configure learns from an endpoint which authority signs its users in, and stores that. The
// endpoint is judged first.
func (e *Engine) Configure(ctx context.Context, tenant string, endpoint *url.URL, address string) (id int64, c *token.Config, err error) {
	if err := e.Judge(endpoint, address); err != nil {
		return 0, nil, err
	}
	offer, err := bearer.Probe(ctx, e.HTTPClient, endpoint, address)
	if err != nil {
		return 0, nil, err
	}
	o := e.options()
	o.Capabilities = capabilities
	if c, err = token.Configure(ctx, e.ClientID, offer, endpoint, o); err != nil {
		return 0, nil, err
	}
	// The authority of a challenge is often "common", of which one tenant's app gets no token.
	if c.Authority.Kind == token.Entra && c.Authority.Tenant != tenant {
		o.Tenant = tenant
		if c, err = token.Configure(ctx, e.ClientID, offer, endpoint, o); err != nil {
			return 0, nil, err
		}
	}
	text, err := c.MarshalJSON()
	if err != nil {
		return 0, nil, err
	}
	if id, err = e.Store.SaveConfig(ctx, tenant+" "+endpoint.String(), text); err != nil {
		return 0, nil, err
	}
	return id, e.keepConfig(id, c), nil
}

// keepConfig has all sources of an authority and an endpoint share one Config, which lets them
// share what was learned, and a limit of requests.
func (e *Engine) keepConfig(id int64, c *token.Config) *token.Config {
	e.mu.Lock()
	defer e.mu.Unlock()
	if old := e.configs[id]; old != nil {
		return old
	}
	if e.configs == nil {
		e.configs = map[int64]*token.Config{}
	}
	e.configs[id] = c
	return c
}

func (e *Engine) options() *token.Options {
	return &token.Options{HTTPClient: e.HTTPClient, Auth: e.Auth, TrustedAuthorities: e.Authorities}
}

func (e *Engine) config(ctx context.Context, id int64) (*token.Config, error) {
	e.mu.Lock()
	c := e.configs[id]
	e.mu.Unlock()
	if c != nil {
		return c, nil
	}
	text, err := e.Store.Config(ctx, id)
	if err != nil {
		return nil, err
	}
	if c, err = token.RestoreConfig(text, e.options()); err != nil {
		return nil, err
	}
	return e.keepConfig(id, c), nil
}
