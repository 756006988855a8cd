package eas

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// ServerInfo is the response to OPTIONS.
type ServerInfo struct {
	Versions []Version // that the server speaks
	Commands []string  // that the server knows
	Server   string    // MS-Server-ActiveSync, e.g. "15.2"
	Version  Version   // the one chosen; "" if none is common
}

// Options requests the versions and commands that the server supports and selects the version: the
// first of [Client.Versions] that the server lists. The error matches [ErrVersion] if there is
// none. Concurrent calls share one request.
func (c *Client) Options(ctx context.Context) (*ServerInfo, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	info, err := c.negotiate(ctx)
	if info != nil { // which several callers may get
		info = &ServerInfo{slices.Clone(info.Versions), slices.Clone(info.Commands), info.Server, info.Version}
	}
	return info, err
}

func (c *Client) negotiate(ctx context.Context) (*ServerInfo, error) {
	info, err := c.negotiating.do(ctx, c.timeout(), c.options)
	return info, waitError("OPTIONS", err)
}

// waitError makes an Error of the end of a context while the command waited for others, and
// a copy of an Error that several callers get.
func waitError(command string, err error) error {
	if shared, ok := err.(*Error); ok {
		own := *shared
		own.Location = cloneURL(own.Location)
		return &own
	}
	var e *Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, errRecursive) {
		return &Error{Command: command, Err: err}
	}
	return err
}

// options sends OPTIONS.
func (c *Client) options(ctx context.Context) (*ServerInfo, error) {
	r, err := c.send(ctx, request{command: "OPTIONS", method: http.MethodOptions})
	if err != nil {
		return nil, err
	}
	if r.status < 200 || r.status > 299 {
		return nil, r.httpError()
	}
	info := &ServerInfo{Server: r.activeSync, Commands: r.commands}
	for _, v := range r.versions {
		info.Versions = append(info.Versions, Version(v))
	}
	if len(info.Versions) == 0 {
		return nil, r.unexpected("a response without MS-ASProtocolVersions: a device in front answered, or it is not an ActiveSync URL")
	}
	for _, v := range c.versions {
		if slices.Contains(info.Versions, v) {
			info.Version = v
			break
		}
	}
	if info.Version == "" {
		return info, &Error{
			Command: "OPTIONS", HTTPStatus: r.status, RequestID: r.requestID, Action: ActionVersion,
			Err: fmt.Errorf("the server speaks %s, the client %s", safehttp.Clean(fmt.Sprint(info.Versions), 128), fmt.Sprint(c.versions)),
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.Version, c.negotiated, c.listed, c.stale = info.Version, time.Now(), strings.Join(r.versions, ","), false
	return info, nil
}

// version returns the negotiated version, and negotiates it first if need be.
func (c *Client) version(ctx context.Context) (Version, error) {
	c.mu.Lock()
	v, stale := c.state.Version, c.stale
	c.mu.Unlock()
	if v != "" && !stale {
		return v, nil
	}
	info, err := c.negotiate(ctx)
	switch {
	case err == nil:
		return info.Version, nil
	case v == "" || ctx.Err() != nil:
		return "", err
	}
	// The version of before is as good as it was.
	c.mu.Lock()
	c.stale = false
	c.mu.Unlock()
	return v, nil
}

// ready sets the client up and returns the version.
func (c *Client) ready(ctx context.Context) (Version, error) {
	if err := c.init(); err != nil {
		return "", err
	}
	return c.version(ctx)
}

// recentlyNegotiated is for how long the version is beyond doubt.
const recentlyNegotiated = time.Hour

func (c *Client) isVersionFresh() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.negotiated.IsZero() && time.Since(c.negotiated) < recentlyNegotiated
}

// renegotiate negotiates the version again, unless that was done since the first n
// negotiations. Nothing else that the client or the caller knows is given up.
func (c *Client) renegotiate(ctx context.Context, n uint64) (Version, error) {
	if err, counts := c.negotiating.since(n); counts {
		return c.State().Version, err
	}
	info, err := c.negotiate(ctx)
	if err != nil {
		return "", err
	}
	return info.Version, nil
}

// learnVersions has the next command negotiate the version when a response lists other
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
	for _, v := range c.versions {
		if slices.Contains(r.versions, string(v)) {
			c.stale = v != c.state.Version
			return
		}
	}
}

// errOtherVersion is within the error of a command whose document was made for a version that
// the server no longer accepts.
var errOtherVersion = errors.New("the server accepts another version of the protocol")

// atVersion calls f with the version for which it is to make a document, and once more when
// the server turns out to accept another.
func atVersion[T any](ctx context.Context, c *Client, f func(v Version) (T, error)) (T, error) {
	for again := true; ; again = false {
		v, err := c.ready(ctx)
		if err != nil {
			var none T
			return none, err
		}
		out, err := f(v)
		if !again || !errors.Is(err, errOtherVersion) {
			return out, err
		}
	}
}
