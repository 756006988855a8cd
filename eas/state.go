package eas

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
)

// State is what a client needs to know again after a restart, except the keys of folders and
// pages, which the program stores with its copy of them. It is stored as JSON, and holds neither a
// token nor a mail address. With it, the first command is sent without OPTIONS, Provision or a
// redirect.
type State struct {
	// Version is the version that was negotiated.
	Version Version `json:"version,omitempty"`

	// DeviceID is the device that the server knows, and for which PolicyKey was issued. A
	// client with another ID is a new device: it appears a second time in the user's list of
	// devices, and may have to be approved.
	DeviceID string `json:"deviceId,omitempty"`

	// PolicyKey is "" before provisioning and where there is no policy.
	PolicyKey   string `json:"policyKey,omitempty"`
	Provisioned bool   `json:"provisioned,omitempty"` // provisioning took place, with or without a policy

	// URL is the endpoint that commands go to: Client.URL, or where the server said the
	// mailbox has moved to.
	URL string `json:"url,omitempty"`

	// Anchored says that the server wants the mailbox named in a cookie.
	Anchored bool `json:"anchored,omitempty"`
}

// State returns what to store for [Client.Restore]. Store it after the first command, and whenever
// it differs from the stored one. States may be compared with ==.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// Restore sets the client to a state that [Client.State] returned. Call it before the first
// command. An outdated state is harmless: the server reports it, and the client negotiates or
// provisions again.
//
// If Client.Device.ID is set and differs, the client is a new device, for which the policy key is
// not used. A [State.URL] of the same origin as [Client.URL] is used. One of another origin is not,
// because the token is for [Client.URL]: if the mailbox has moved, set [Client.URL] to the new URL and
// [Client.Token] to a source of tokens for it.
func (c *Client) Restore(s State) {
	if s.Version.number() == 0 {
		s.Version = ""
	}
	if !isPolicyKey(s.PolicyKey) {
		s.PolicyKey, s.Provisioned = "", false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.site != nil { // the device and the endpoint are in use
		s.DeviceID, s.URL, s.Anchored = c.state.DeviceID, c.state.URL, c.state.Anchored
	}
	c.state = s
}

// useState sets the device's ID, and returns the endpoint with which the client begins.
func (c *Client) useState() *url.URL {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := &c.state
	if !slices.Contains(c.versions, s.Version) {
		s.Version = ""
	}
	known := c.device
	known.ID = s.DeviceID
	switch {
	case c.device.ID == "" && s.DeviceID != "" && checkDevice(known) == nil:
		c.device = known
	case c.device.ID == "":
		sum := sha256.Sum256([]byte("easoauth device\x00" + strings.ToLower(c.User) + "\x00" + safehttp.Host(c.URL)))
		c.device.ID = hex.EncodeToString(sum[:16])
	}
	if s.DeviceID != "" && s.DeviceID != c.device.ID {
		s.PolicyKey, s.Provisioned = "", false
	}
	s.DeviceID = c.device.ID
	at := cloneURL(c.URL)
	if u, err := safehttp.Resolve(c.URL, s.URL); err == nil && s.URL != "" && safehttp.SameOrigin(u, c.URL) {
		at.Path, at.RawPath = u.Path, u.RawPath
	} else {
		s.Anchored = s.Anchored && s.URL == ""
	}
	s.URL = (&url.URL{Scheme: at.Scheme, Host: at.Host, Path: at.Path, RawPath: at.RawPath}).String()
	if s.Anchored {
		c.jar.anchor(at, c.User)
	}
	return at
}
