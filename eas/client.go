package eas

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
	"sync/atomic"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/origin"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Limits and times of a [Client].
const (
	DefaultTimeout          = 2 * time.Minute  // of a command, from the request to the last byte
	DefaultMaxResponseBytes = 64 << 20         // bytes of a response, decompressed
	maxRetryAfter           = 24 * time.Hour   // a server cannot ask for more
	waitSlack               = 90 * time.Second // what a server may be late beyond a heartbeat
	maxMoves                = 3                // status 451 followed for one command
)

// A Client speaks ActiveSync for one user of one server. URL, User and Token are required.
// It is safe for concurrent use; its fields must not be modified after the first call.
//
// The first command negotiates the protocol version (OPTIONS) and provisions the device.
// When the server demands provisioning again, the client provisions and repeats the command.
// When the server no longer accepts the version, the client negotiates again, and the command
// is made again for the version of then, or refused where that version cannot express it.
// When the server says that the mailbox has moved, Moved decides. When the server refuses the
// token, with status 401 or 403, the token is refreshed once, if Token is a
// [bearer.Refresher], and the command repeated. A request that a server dropped on a
// connection it was closing is sent again where ActiveSync makes that safe (a Sync with the
// same key, a SendMail with the same ClientId). Nothing else is retried.
//
// Negotiation, provisioning and a move happen once for all commands that wait for them, which
// share the outcome. Each command ends with its own context: the error then matches
// [context.Canceled] or [context.DeadlineExceeded], and the context's cause as well.
type Client struct {
	URL   *url.URL      // the endpoint, as https://mail.contoso.com/Microsoft-Server-ActiveSync
	User  string        // the mail address
	Token bearer.Source // of the access tokens

	Device Device // the zero value is usable; see its fields

	// HTTPClient is whose Transport is used. If nil, all clients of the program share a
	// transport made for ActiveSync; see [Transport], which is also the way to one that
	// fits behind a proxy or a private certificate authority. Its Timeout is not used, since
	// a Ping takes as long as its heartbeat.
	//
	// Each Client keeps the cookies that servers set ([MS-ASHTTP] 2.2.1.1.2.4) for itself, so
	// that the clients of several users may share an http.Client. Cookies of its Jar are
	// sent, and none is added to it.
	HTTPClient *http.Client

	// Versions are offered in this order. If nil: 16.1, 16.0, 14.1, 14.0.
	Versions []Version

	// Base64Query sends the compact query of [MS-ASHTTP] 2.2.1.1.1.1 instead of the plain
	// one.
	Base64Query bool

	// Timeout bounds a request, from sending it to the last byte of the response, and each of
	// the steps that a command may have to wait for: negotiation, provisioning (ApplyPolicy
	// included) and a move (Moved included). If 0, DefaultTimeout. Heartbeats come on top.
	// The time that Token takes does not count: a token that a person must sign in for is
	// waited for until the command's context ends.
	Timeout          time.Duration
	MaxResponseBytes int64 // of a response, decompressed; if 0, DefaultMaxResponseBytes

	// Patience is how long Pages and Resync wait, in all, between two pages for a server that
	// is busy or out of reach; if 0, DefaultPatience; if negative, they do not wait.
	Patience time.Duration

	// Moved is called when the server says, with HTTP status 451, that the mailbox is at
	// another origin: once for a move, however many commands learn of it. It decides whether
	// that host may be used, by the rules by which the first one was found ([Client.Judge]
	// says whose it is), and returns the source of tokens for it: a token is good for one
	// origin, and none is sent there before. The client then goes on there. It is not called
	// for a host of [VerdictRefused]. An error, or a nil Moved, ends the commands in an error
	// that matches [ErrRedirected]. Another URL of the same origin is followed without a
	// call. At most 3 moves are made for a command. What Moved returns after its context has
	// ended is dropped. A command of this client that needs the move fails within Moved.
	Moved func(ctx context.Context, to *url.URL) (bearer.Source, error)

	// AllowPrivate says that private addresses and names of a local network are the
	// organization's own, so that the mailbox may move there. If the host of URL is one, it
	// need not be set.
	AllowPrivate bool

	// ApplyPolicy is called before a policy is acknowledged, whenever the device is
	// provisioned, and says what became of the policy. An error ends the command and leaves
	// the policy unacknowledged. If nil, every policy is acknowledged as applied, which is
	// the custom of clients that are not devices. A command of this client that needs the
	// policy fails within ApplyPolicy.
	ApplyPolicy func(ctx context.Context, p *Policy) (PolicyOutcome, error)

	// Language is what texts of the server should be in, as "en-US" (Accept-Language).
	// Search and Find sort and match by it. If "", the server decides.
	Language string

	// Observe, if not nil, is called after every request, in the goroutine that made it, or
	// that made it for several. It must return soon, may be called concurrently, and its
	// panics are dropped.
	Observe func(Observation)

	// Logger, if not nil, gets a record for every request: at level Debug, and at Warn for a
	// failure. It holds what an [Observation] holds.
	Logger *slog.Logger

	once     sync.Once
	setup    error
	device   Device
	versions []Version    // copied from Versions
	base     *http.Client // HTTPClient or the default
	jar      *cookies

	judging  sync.Once
	policy   origin.Policy
	noPolicy error // why there is none

	negotiating  flight[*ServerInfo]
	provisioning flight[*Policy]
	moving       flight[struct{}]

	// suspect says that a request was late over HTTP/2: its connection may be dead, which a
	// transport without pings does not notice, and would be used again for the next.
	suspect atomic.Bool

	mu         sync.Mutex
	state      State
	site       *site
	stale      bool      // the server listed versions of which another is the better one
	negotiated time.Time // when OPTIONS was last sent with success
	listed     string    // the versions that the server listed last
	heartbeat  heartbeat // that the last Watch found
	memory     syncMemory
}

func (c *Client) init() error {
	c.once.Do(func() { c.setup = c.configure() })
	return c.setup
}

// configurePolicy sets up what [Client.Judge] needs.
func (c *Client) configurePolicy() error {
	c.judging.Do(func() {
		if err := safehttp.CheckURL(c.URL); err != nil {
			c.noPolicy = fmt.Errorf("eas: Client.URL: %w", err)
			return
		}
		c.policy = newPolicy(c.URL, c.User, c.AllowPrivate)
	})
	return c.noPolicy
}

// configure checks what the caller gave and copies what the caller may change later.
func (c *Client) configure() error {
	if err := c.configurePolicy(); err != nil {
		return err
	}
	if c.Token == nil {
		return errors.New("eas: Client.Token is nil")
	}
	if strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == 0x7f }) || c.User == "" {
		return errors.New("eas: Client.User is empty or has control characters")
	}
	if c.versions = slices.Clone(c.Versions); len(c.versions) == 0 {
		c.versions = []Version{Version161, Version160, Version141, Version140}
	}
	if c.base = c.HTTPClient; c.base == nil {
		c.base = defaultHTTPClient()
	}
	var err error
	if c.jar, err = newCookies(c.base.Jar); err != nil {
		return fmt.Errorf("eas: cookie jar: %w", err)
	}
	c.device = c.Device
	for _, f := range []*string{&c.device.Type, &c.device.Model, &c.device.UserAgent} {
		if *f == "" {
			*f = "easoauth"
		}
	}
	endpoint := c.useState()
	if err := checkDevice(c.device); err != nil {
		return err
	}
	if strings.ContainsFunc(c.device.UserAgent, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("eas: Device.UserAgent has characters that a header cannot carry")
	}
	if strings.ContainsFunc(c.Language, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("eas: Client.Language is not a language tag")
	}
	s := c.newSite(endpoint, c.Token)
	c.mu.Lock()
	c.site = s
	c.mu.Unlock()
	return nil
}

// timeout returns how long an exchange may take, heartbeats apart.
func (c *Client) timeout() time.Duration {
	if c.Timeout > 0 {
		return c.Timeout
	}
	return DefaultTimeout
}
