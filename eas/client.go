package eas

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/easoauth/easoauth/bearer"
	"github.com/easoauth/easoauth/internal/safehttp"
)

// Limits and times of a [Client].
const (
	DefaultTimeout = 2 * time.Minute  // of a command, from the request to the last byte
	DefaultMaxBody = 64 << 20         // bytes of an answer, decompressed
	maxRetryAfter  = 24 * time.Hour   // a server cannot ask for more
	waitSlack      = 90 * time.Second // what a server may be late beyond a heartbeat
	maxMoves       = 3                // status 451 followed for one command
)

// A Client speaks ActiveSync for one user of one server. URL, User and Token are required.
// It is safe for concurrent use; its fields must not be modified after the first call.
//
// The first command negotiates the protocol version (OPTIONS) and provisions the device.
// When the server demands provisioning again, the client provisions once and repeats the
// command. When the server says that the mailbox has moved, Moved is asked. When the server
// refuses the token, the token is refreshed once, if Token is a [bearer.Refresher], and the
// command repeated. A request that a server dropped on a connection it was closing is sent
// again where ActiveSync makes that safe (a Sync with the same key, a SendMail with the same
// ClientId). Nothing else is retried.
type Client struct {
	URL   *url.URL      // the endpoint, as https://mail.contoso.com/Microsoft-Server-ActiveSync
	User  string        // the mail address
	Token bearer.Source // of the access tokens

	Device Device // the zero value is usable; see its fields

	// HTTPClient lends its Transport and cookie jar. If nil, http.DefaultClient. Its
	// Timeout is not used, since a Ping takes as long as its heartbeat. Without a jar the
	// client has one of its own: servers demand their cookies back ([MS-ASHTTP] 2.2.1.1.2.4).
	HTTPClient *http.Client

	// Versions are offered in this order. If nil: 16.1, 16.0, 14.1, 14.0.
	Versions []Version

	// Base64Query sends the compact query of [MS-ASHTTP] 2.2.1.1.1.1 instead of the plain
	// one.
	Base64Query bool

	Timeout time.Duration // of a command; if 0, DefaultTimeout. Heartbeats come on top.
	MaxBody int64         // of an answer; if 0, DefaultMaxBody

	// Patience is how long Pages and Resync wait, in all, between two pages for a server that
	// is busy or out of reach; if 0, DefaultPatience; if negative, they do not wait.
	Patience time.Duration

	// Moved is asked when the server says, with HTTP status 451, that the mailbox is at
	// another origin. It decides whether that host may be asked, by the rules by which the
	// first one was found, and returns the source of tokens for it: a token is good for one
	// origin, and none is sent there before. The client then goes on there. An error, or a
	// nil Moved, ends the command in an error that matches [ErrRedirected]. Another URL of
	// the same origin is followed without asking. At most 3 moves are made for a command.
	// Calls may run at once.
	Moved func(ctx context.Context, to *url.URL) (bearer.Source, error)

	// ApplyPolicy is asked before a policy is acknowledged, whenever the device is
	// provisioned, and says what became of the policy. An error ends the command and leaves
	// the policy unacknowledged. If nil, every policy is acknowledged as applied, which is
	// the custom of clients that are no devices. It must not call methods of the Client.
	ApplyPolicy func(ctx context.Context, p *Policy) (PolicyOutcome, error)

	// Language is what texts of the server should be in, as "en-US" (Accept-Language).
	// Search and Find sort and match by it. If "", the server decides.
	Language string

	once      sync.Once
	setup     error
	device    Device
	provision chan struct{} // held by the one that provisions

	mu         sync.Mutex
	state      State
	site       *site
	negotiated time.Time // when OPTIONS was answered last
	listed     string    // the versions that the server listed last
	memory     syncMemory
}

// A site is where the client sends its commands.
type site struct {
	url  *url.URL
	http *http.Client
}

// State is what a client has learned of the server and wants to know again after a restart.
// It is no secret.
type State struct {
	Version     Version // as negotiated
	PolicyKey   string  // of the device; "" before provisioning and where there is no policy
	Provisioned bool    // provisioning took place, with or without a policy

	// URL is where the server said the mailbox has moved to; "" if nowhere. Restore does not
	// go there: begin there with Client.URL and a Token for it.
	URL string
}

// State returns what to keep for [Client.Restore].
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Restore sets what [Client.State] returned, which spares the first command an OPTIONS and a
// Provision. State that is out of date does no harm: the server says so.
func (c *Client) Restore(s State) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state = s
}

func (c *Client) init() error {
	c.once.Do(func() { c.setup = c.configure() })
	return c.setup
}

func (c *Client) configure() error {
	if err := safehttp.CheckURL(c.URL); err != nil {
		return fmt.Errorf("eas: Client.URL: %w", err)
	}
	if c.Token == nil {
		return errors.New("eas: Client.Token is nil")
	}
	if strings.ContainsFunc(c.User, func(r rune) bool { return r < ' ' || r == 0x7f }) || c.User == "" {
		return errors.New("eas: Client.User is empty or has control characters")
	}
	c.device = c.Device
	if c.device.ID == "" {
		sum := sha256.Sum256([]byte("easoauth device\x00" + strings.ToLower(c.User) + "\x00" + safehttp.Host(c.URL)))
		c.device.ID = hex.EncodeToString(sum[:16])
	}
	for _, f := range []*string{&c.device.Type, &c.device.Model, &c.device.UserAgent} {
		if *f == "" {
			*f = "easoauth"
		}
	}
	if err := checkDevice(c.device); err != nil {
		return err
	}
	if strings.ContainsFunc(c.Language, func(r rune) bool { return r < ' ' || r > '~' }) {
		return errors.New("eas: Client.Language is no language tag")
	}
	s, err := c.newSite(c.URL, c.Token)
	if err != nil {
		return err
	}
	c.mu.Lock()
	c.site = s
	c.mu.Unlock()
	c.provision = make(chan struct{}, 1)
	return nil
}

// newSite returns a site whose token goes to the origin of u alone.
func (c *Client) newSite(u *url.URL, source bearer.Source) (*site, error) {
	base := c.HTTPClient
	if base == nil {
		base = http.DefaultClient
	}
	jar := base.Jar
	if jar == nil {
		var err error
		if jar, err = cookiejar.New(nil); err != nil {
			return nil, fmt.Errorf("eas: cookie jar: %w", err)
		}
	}
	return &site{u, &http.Client{
		Transport: &bearer.Transport{Source: source, Endpoint: u, Base: base.Transport},
		Jar:       jar,
	}}, nil
}

// here returns the site as it is now.
func (c *Client) here() *site {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.site
}

// ServerInfo is the answer to OPTIONS.
type ServerInfo struct {
	Versions []Version // that the server speaks
	Commands []string  // that the server knows
	Server   string    // MS-Server-ActiveSync, e.g. "15.2"
	Version  Version   // the one chosen; "" if none is common
}

// Options asks the server what it speaks, and negotiates the version: the first of
// Client.Versions that the server lists. An error matches [ErrVersion] when there is none.
func (c *Client) Options(ctx context.Context) (*ServerInfo, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	r, err := c.send(ctx, request{command: "OPTIONS", method: http.MethodOptions})
	if err != nil {
		return nil, err
	}
	if r.status != http.StatusOK {
		return nil, r.httpError()
	}
	info := &ServerInfo{Server: r.activeSync, Commands: r.commands}
	for _, v := range r.versions {
		info.Versions = append(info.Versions, Version(v))
	}
	if len(info.Versions) == 0 {
		return nil, r.unexpected("an answer without MS-ASProtocolVersions: a device in front answered, or it is not an ActiveSync URL")
	}
	for _, v := range c.offered() {
		if slices.Contains(info.Versions, v) {
			info.Version = v
			break
		}
	}
	if info.Version == "" {
		return info, &Error{
			Command: "OPTIONS", HTTPStatus: r.status, RequestID: r.requestID, Action: ActionVersion,
			Err: fmt.Errorf("the server speaks %s, the client %s", safehttp.Clean(fmt.Sprint(info.Versions), 128), fmt.Sprint(c.offered())),
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Version, c.negotiated, c.listed = info.Version, time.Now(), strings.Join(r.versions, ",")
	return info, nil
}

// recently is how long a version counts as negotiated of late.
const recently = time.Hour

func (c *Client) negotiatedOfLate() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.negotiated.IsZero() && time.Since(c.negotiated) < recently
}

// renegotiate negotiates the version anew. Nothing else that the client or the caller knows
// is given up.
func (c *Client) renegotiate(ctx context.Context) (Version, error) {
	c.mu.Lock()
	c.state.Version = ""
	c.mu.Unlock()
	return c.version(ctx)
}

// learnVersions has the next command negotiate the version when an answer lists other
// versions than before, so that another would be chosen, as after an upgrade of the server.
func (c *Client) learnVersions(r *response) {
	if r.command == "OPTIONS" || len(r.versions) == 0 {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	text := strings.Join(r.versions, ",")
	if text == c.listed {
		return
	}
	c.listed = text
	for _, v := range c.offered() {
		if slices.Contains(r.versions, string(v)) {
			if v != c.state.Version {
				c.state.Version = ""
			}
			return
		}
	}
}

func (c *Client) offered() []Version {
	if len(c.Versions) > 0 {
		return c.Versions
	}
	return []Version{Version161, Version160, Version141, Version140}
}

// version returns the negotiated version, and negotiates it first if need be.
func (c *Client) version(ctx context.Context) (Version, error) {
	if v := c.State().Version; v != "" {
		return v, nil
	}
	info, err := c.Options(ctx)
	if err != nil {
		return "", err
	}
	return info.Version, nil
}
