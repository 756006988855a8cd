package eas

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// maxPolicyKey is how long a policy key may be, in bytes.
const maxPolicyKey = 256

// isPolicyKey reports whether a policy key can be sent in a header. Exchange makes numbers of
// 32 bits; to others it is text.
func isPolicyKey(key string) bool {
	return len(key) <= maxPolicyKey && !strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' })
}

// policyType is that of protocol versions from 12.0 on. [MS-ASPROV] 2.2.2.43
const policyType = "MS-EAS-Provisioning-WBXML"

// maxProvisions is how often provisioning begins again because another client of the same
// device has begun as well.
const maxProvisions = 5

// Provision fetches the policy of the server for the device and acknowledges it, in two phases
// ([MS-ASPROV] 3.1.5.1), with the device information that versions from 14.1 on require. It
// acknowledges with the outcome of [Client.ApplyPolicy], or as applied if that is nil. A server
// without a policy for the user is not an error. Concurrent calls share one run and its outcome.
// If another client with the same device provisions at the same time, and the server accepts only
// the later one, Provision starts again, up to 5 times.
//
// Commands provision by themselves; call Provision to read the policy. The error is an [*Error],
// or a [*RemoteWipeError], which has been neither executed nor acknowledged.
func (c *Client) Provision(ctx context.Context) (*Policy, error) {
	if _, err := c.ready(ctx); err != nil {
		return nil, err
	}
	policy, err := c.provisioning.do(ctx, c.timeout(), c.provision)
	return policy.clone(), waitError("Provision", err) // which several callers may get
}

// provisionSince provisions unless that was done after the first n times: of many commands
// that are refused, one provisions. What counts is not the policy key, which may stay as it
// was or be absent.
func (c *Client) provisionSince(ctx context.Context, n uint64) error {
	if err, counts := c.provisioning.since(n); counts {
		return err
	}
	_, err := c.provisioning.do(ctx, c.timeout(), c.provision)
	return waitError("Provision", err)
}

func (c *Client) provision(ctx context.Context) (*Policy, error) {
	version, err := c.version(ctx)
	if err != nil {
		return nil, err
	}
	for n := 1; ; n++ {
		policy, err := c.provisionAs(ctx, version)
		var e *Error
		if n == maxProvisions || !errors.As(err, &e) || e.Status != 5 || e.Scope == "" {
			return policy, err
		}
		// Another client of this device has begun between the two phases. Waiting for a
		// random time lets one of the two come first.
		if !pause(ctx, time.Duration(rand.Int64N(int64(n)*int64(provisionPause)))) {
			return nil, ended(ctx)
		}
	}
}

const provisionPause = 100 * time.Millisecond

// provisionAs makes both phases.
func (c *Client) provisionAs(ctx context.Context, version Version) (*Policy, error) {
	in := &airsync.ProvisionRequest{Policies: &airsync.Policies{Policy: airsync.PolicyRequest{PolicyType: policyType}}}
	if version.AtLeast(Version141) {
		in.DeviceInformation = &airsync.DeviceInformation{Set: c.deviceSet()}
	}
	r, doc, err := c.provisionSend(ctx, version, in, "0")
	if err != nil {
		return nil, err
	}
	policy, key, err := r.policy(doc)
	if err != nil {
		return nil, err
	}
	if key == "" {
		c.provisioned("")
		return &Policy{}, nil
	}
	outcome := PolicyApplied
	if c.ApplyPolicy != nil {
		shown := policy.clone()
		outcome, err = await(ctx, "Client.ApplyPolicy", func() (PolicyOutcome, error) { return c.ApplyPolicy(ctx, shown) })
		if err != nil {
			e := &Error{Command: "Provision", HTTPStatus: r.status, RequestID: r.requestID, Action: ActionUser,
				Err: fmt.Errorf("the policy was not accepted and not acknowledged: %w", err)}
			if ctx.Err() != nil {
				e.Action = ""
			}
			return nil, e
		}
		if outcome < PolicyApplied || outcome > PolicyManaged {
			return nil, fmt.Errorf("eas: Provision: ApplyPolicy returned %d, which is not an outcome", int(outcome))
		}
	}
	status := int(outcome)
	ack := &airsync.ProvisionRequest{Policies: &airsync.Policies{Policy: airsync.PolicyRequest{
		PolicyType: policyType, PolicyKey: &key, Status: &status,
	}}}
	r, doc, err = c.provisionSend(ctx, version, ack, key)
	if err != nil {
		return nil, err
	}
	_, final, err := r.policy(doc)
	if err != nil {
		return nil, err
	}
	if final == "" {
		final = key // which the server has just accepted
	}
	c.provisioned(final)
	policy.Key = final
	return policy, nil
}

func (c *Client) provisioned(key string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.state.PolicyKey, c.state.Provisioned = key, true
}

func (c *Client) deviceSet() *airsync.DeviceSet {
	d := c.device
	return &airsync.DeviceSet{
		Model: d.Model, FriendlyName: d.FriendlyName, OS: d.OS, OSLanguage: d.OSLanguage, UserAgent: d.UserAgent,
	}
}

func (c *Client) provisionSend(ctx context.Context, version Version, in *airsync.ProvisionRequest, key string) (*response, *airsync.ProvisionResponse, error) {
	doc, err := wbxml.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("eas: Provision: %w", err)
	}
	r, err := c.send(ctx, request{command: "Provision", version: version, body: doc, policyKey: key})
	if err != nil {
		return nil, nil, err
	}
	if err := r.check(false); err != nil {
		return nil, nil, err
	}
	var out airsync.ProvisionResponse
	if err := r.decode(&out, asked{}); err != nil {
		return nil, nil, err
	}
	switch {
	case out.RemoteWipe != nil:
		return nil, nil, &RemoteWipeError{}
	case out.AccountOnlyRemoteWipe != nil:
		return nil, nil, &RemoteWipeError{AccountOnly: true}
	// QUIRK: Tencent Exmail leaves the status out (EAS-4-TbSync #337).
	case out.Status != nil && *out.Status != 1:
		return nil, nil, r.statusError("", *out.Status)
	}
	return r, &out, nil
}

// policy reads the policy of an answer. The key is "" when there is none.
func (r *response) policy(doc *airsync.ProvisionResponse) (*Policy, string, error) {
	if doc.Policies == nil || len(doc.Policies.Policy) == 0 {
		return &Policy{}, "", nil
	}
	p := doc.Policies.Policy[0]
	if p.Status != nil {
		switch *p.Status {
		case 1:
		case 2: // no policy for this user: go on without a key
			return &Policy{}, "", nil
		default:
			return nil, "", r.statusError("Policy(response)", *p.Status)
		}
	}
	if !isPolicyKey(p.PolicyKey) {
		return nil, "", r.unexpected(fmt.Sprintf("the policy key %q cannot be sent in a header", safehttp.Clean(p.PolicyKey, 16)))
	}
	out := &Policy{}
	if p.Data != nil && p.Data.Doc != nil {
		out.read(p.Data.Doc)
	}
	return out, p.PolicyKey, nil
}

// AcknowledgeWipe reports to the server that the wipe of a [*RemoteWipeError] was done, or that it
// failed. Call it after the data is erased ([MS-ASPROV] 3.1.5.1.2.2).
func (c *Client) AcknowledgeWipe(ctx context.Context, asked *RemoteWipeError, done bool) error {
	if asked == nil {
		return errors.New("eas: Provision: no wipe to acknowledge")
	}
	version, err := c.ready(ctx)
	if err != nil {
		return err
	}
	status := &airsync.WipeStatus{Status: 1}
	if !done {
		status.Status = 2
	}
	in := &airsync.ProvisionRequest{RemoteWipe: status}
	if asked.AccountOnly {
		in = &airsync.ProvisionRequest{AccountOnlyRemoteWipe: status}
	}
	doc, err := wbxml.Marshal(in)
	if err != nil {
		return fmt.Errorf("eas: Provision: %w", err)
	}
	key := c.State().PolicyKey
	if key == "" {
		key = "0"
	}
	r, err := c.send(ctx, request{command: "Provision", version: version, body: doc, policyKey: key})
	if err != nil {
		return err
	}
	if err := r.check(true); err != nil {
		return err
	}
	if status := topStatus(r.body); status > 1 {
		return r.statusError("", status)
	}
	return nil
}
