package diagnose

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/easoauth/easoauth/internal/archive"
	"github.com/easoauth/easoauth/internal/fault"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/token"
)

// ErrRecording is matched by the errors of [ReadRecording].
var ErrRecording = errors.New("diagnose: not a recording of a check")

// checkFile holds, in a recording, what was checked and how.
const checkFile = "check.json"

// A recorded check is what checkFile holds.
type recorded struct {
	Address    string    `json:"address"`
	Root       string    `json:"root"`
	Time       time.Time `json:"time"`
	Endpoint   string    `json:"endpoint,omitempty"` // Options.Endpoint
	Host       string    `json:"host,omitempty"`
	Trust      []string  `json:"trust,omitempty"`
	Tenant     string    `json:"tenant,omitempty"`
	ClientID   string    `json:"client_id,omitempty"`
	SignIn     string    `json:"sign_in,omitempty"` // "device code" or "code"
	Refused    fault.ID  `json:"refused,omitempty"` // the fault that the browser met
	NoCloud    bool      `json:"no_cloud,omitempty"`
	Security   bool      `json:"security,omitempty"`
	AutoDetect bool      `json:"autodetect,omitempty"`
}

// recordInto puts the recorder between the check and its client.
func (c *check) recordInto() *archive.Recorder {
	if c.o.Record == nil {
		return nil
	}
	r := &archive.Recorder{Base: c.client.Transport, Fault: func(ctx context.Context, err error) string {
		return strings.TrimSpace(string(safehttp.FaultOf(ctx, err)) + " " + aliasOf(err))
	}}
	c.client.Transport = r
	return r
}

// writeRecording writes what was recorded, redacted.
func (c *check) writeRecording(r *archive.Recorder) error {
	if r == nil {
		return nil
	}
	var s archive.StandIn
	s.Address(c.address)
	for _, h := range append([]string{c.o.Host, c.o.Tenant}, c.o.TrustedAuthorities...) {
		if strings.Contains(h, ".") {
			s.Host(h)
		}
	}
	what := recorded{
		Address: c.address, Root: c.report.Root, Time: c.report.Began.UTC().Truncate(time.Second), Host: c.o.Host, Trust: c.o.TrustedAuthorities, Tenant: c.o.Tenant,
		ClientID: c.o.ClientID, NoCloud: c.o.NoCloud, Security: c.o.Security, AutoDetect: c.o.AutoDetect,
	}
	if c.o.Endpoint != nil {
		s.Host(c.o.Endpoint.Hostname())
		what.Endpoint = c.o.Endpoint.String()
	}
	if c.o.SignIn != nil {
		what.SignIn = "code"
		if _, ok := c.o.SignIn.(*token.DeviceCode); ok {
			what.SignIn = "device code"
		} else if !r.Has("grant_type=authorization_code") {
			what.Refused = c.signInFault
		}
	}
	b, err := json.MarshalIndent(what, "", "  ")
	if err != nil {
		return err
	}
	if _, err := c.o.Record.Write(r.Write("A check of a deployment, redacted.", &s, archive.File{Name: checkFile, Data: b})); err != nil {
		return fmt.Errorf("diagnose: the recording could not be written: %w", err)
	}
	return nil
}

// ReadRecording returns the address and the options of a check that [Options.Record] recorded,
// both with placeholders, and the root that it found. To repeat the check, set Options.HTTPClient
// to a client whose transport replays the recording, such as that of eastest.Replay. A sign-in is
// replayed without a person. Errors match [ErrRecording].
func ReadRecording(recording []byte) (address, root string, o *Options, err error) {
	for _, f := range archive.Parse(recording) {
		if f.Name != checkFile {
			continue
		}
		var r recorded
		if err := json.Unmarshal(f.Data, &r); err != nil || r.Address == "" {
			return "", "", nil, fmt.Errorf("%w: %s is malformed", ErrRecording, checkFile)
		}
		o := &Options{Host: r.Host, TrustedAuthorities: r.Trust, Tenant: r.Tenant, ClientID: r.ClientID, NoCloud: r.NoCloud, Security: r.Security, AutoDetect: r.AutoDetect,
			Now: func() time.Time { return r.Time }}
		if r.Endpoint != "" {
			if o.Endpoint, err = url.Parse(r.Endpoint); err != nil || o.Endpoint.Host == "" {
				return "", "", nil, fmt.Errorf("%w: the endpoint in %s is malformed", ErrRecording, checkFile)
			}
		}
		switch r.SignIn {
		case "device code":
			o.SignIn = &token.DeviceCode{Prompt: func(context.Context, *token.DevicePrompt) error { return nil }}
		case "code":
			o.SignIn = recordedCode{r.Refused}
		}
		return r.Address, r.Root, o, nil
	}
	return "", "", nil, fmt.Errorf("%w: it has no file %s", ErrRecording, checkFile)
}

// A recordedCode is the sign-in by a browser of a recording, which does not have what the browser
// did: the code is any, or the refusal the one that came.
type recordedCode struct{ refused fault.ID }

func (r recordedCode) SignIn(ctx context.Context, c *token.Config) (*oauth2.Token, error) {
	if r.refused != "" {
		return nil, &recordedError{r.refused}
	}
	d := *c
	// A recording has no ID token: it is about the user.
	d.Scopes = slices.DeleteFunc(slices.Clone(c.Scopes), func(s string) bool { return s == "openid" })
	a, err := d.Authorize(ctx, "http://localhost", nil)
	if err != nil {
		return nil, err
	}
	params := url.Values{"state": {a.State}, "code": {"recorded"}}
	if d.Authority.IssuerParameter {
		params.Set("iss", d.Authority.Issuer)
	}
	return a.Redeem(params).SignIn(ctx, &d)
}

// A recordedError is a refusal in the browser, which a recording has by its fault alone.
type recordedError struct{ fault fault.ID }

func (e *recordedError) Error() string {
	return "the sign-in was refused: " + fault.Get(e.fault).String()
}
