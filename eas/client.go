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
// The first command negotiates the protocol version (OPTIONS) and provisions the device. If the
// server demands provisioning again, the client provisions and repeats the command. If the
// server no longer accepts the version, the client negotiates again and makes the command for
// the new version, or refuses it if that version cannot express it. If the server says that the
// mailbox has moved, Moved decides. If the server refuses the token, with status 401 or 403, the
// client renews it once, provided that Token is a [bearer.Refresher], and repeats the command. A
// request that was lost because the server closed the connection is sent again if ActiveSync
// makes that safe, as for a Sync with the same key or a SendMail with the same LocalID. Nothing
// else is retried.
//
// Negotiation, provisioning and a move happen once for all commands that wait for them, which
// share the outcome. Each command ends with its own context: the error then matches
// [context.Canceled] or [context.DeadlineExceeded], and the context's cause as well.
type Client struct {
	URL   *url.URL      // the endpoint, as https://mail.contoso.com/Microsoft-Server-ActiveSync
	User  string        // the mail address
	Token bearer.Source // of the access tokens

	Device Device // the zero value is usable; see its fields

	// The client uses HTTPClient's Transport and cookie jar, but not its Timeout, because a
	// Ping lasts as long as its heartbeat. If nil, all clients of the program share a
	// transport made for ActiveSync; see [Transport], also for a proxy or a private
	// certificate authority.
	//
	// Each Client keeps the cookies that servers set ([MS-ASHTTP] 2.2.1.1.2.4) to itself, so
	// that the clients of several users can share an http.Client. It sends the cookies of the
	// Jar and adds none to it.
	HTTPClient *http.Client

	// Versions are offered in this order. If nil: 16.1, 16.0, 14.1, 14.0.
	Versions []Version

	// Base64Query sends the compact query of [MS-ASHTTP] 2.2.1.1.1.1 instead of the plain
	// one.
	Base64Query bool

	// Timeout limits each request, up to the last byte of the response, and each step that a
	// command may wait for: negotiation, provisioning including ApplyPolicy, and a move
	// including Moved. If 0, DefaultTimeout. Heartbeats are added to it. The time in Token
	// does not count: a command waits for a sign-in until its context is done.
	Timeout          time.Duration
	MaxResponseBytes int64 // of a response, decompressed; if 0, DefaultMaxResponseBytes

	// Patience is the total time that Pages and Resync wait between two pages for a server
	// that is busy or cannot be reached. If 0, DefaultPatience; if negative, they do not wait.
	Patience time.Duration

	// Moved is called if the server says, with HTTP status 451, that the mailbox is at another
	// origin: once for each move, for all commands that wait for it. It decides whether the
	// host may be used ([Client.Judge] says whose it is) and returns a source of tokens for it,
	// because a token is valid for one origin. The client then uses the new URL. Moved is not
	// called for a host of [VerdictRefused]. If it returns an error or is nil, the commands
	// fail with an error that matches [ErrRedirected]. Another URL of the same origin is
	// followed without a call. A command follows at most 3 moves. If the context of Moved is
	// done when it returns, the result is dropped. A command of this client that is called
	// within Moved and needs the move fails.
	Moved func(ctx context.Context, to *url.URL) (bearer.Source, error)

	// AllowPrivate allows the mailbox to move to private addresses and names of a local
	// network. It need not be set if the host of URL is one.
	AllowPrivate bool

	// ApplyPolicy is called with each policy before it is acknowledged, and returns how the
	// device applied it. If it returns an error, the command fails and the policy is not
	// acknowledged. If nil, every policy is acknowledged as applied, as is usual for clients
	// that are not devices. A command of this client that is called within ApplyPolicy and
	// needs the policy fails.
	ApplyPolicy func(ctx context.Context, p *Policy) (PolicyOutcome, error)

	// Language is the preferred language of texts from the server, such as "en-US"
	// (Accept-Language). Search and Find sort and match by it. If "", the server decides.
	Language string

	// Observe, if not nil, is called after every request, in the goroutine that sent it. It
	// must return soon and may be called concurrently; its panics are dropped.
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
