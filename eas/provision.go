package eas

import (
	"context"
	"fmt"
	"strconv"

	"github.com/easoauth/easoauth/internal/airsync"
	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// policyType is that of protocol versions from 12.0 on. [MS-ASPROV] 2.2.2.43
const policyType = "MS-EAS-Provisioning-WBXML"

// Provision fetches the server's policy for the device and acknowledges it, in two phases
// ([MS-ASPROV] 3.1.5.1), with the device information that versions from 14.1 on demand. It
// acknowledges what Client.ApplyPolicy says, and otherwise that the policy is applied. A server without a policy for the user is no error.
//
// Commands provision by themselves. A program calls Provision to see the policy. An error is
// an [*Error], or a [*RemoteWipeError], which has been neither obeyed nor acknowledged.
func (c *Client) Provision(ctx context.Context) (*Policy, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	if _, err := c.version(ctx); err != nil {
		return nil, err
	}
	if err := c.lockProvision(ctx); err != nil {
		return nil, err
	}
	defer func() { <-c.provision }()
	return c.provisionLocked(ctx)
}

func (c *Client) lockProvision(ctx context.Context) error {
	select {
	case c.provision <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &Error{Command: "Provision", Err: context.Cause(ctx)}
	}
}

// provisionOnce provisions unless another call has done so since before was read: of many
// commands that are refused at once, one provisions.
func (c *Client) provisionOnce(ctx context.Context, before State) (*Policy, error) {
	if err := c.lockProvision(ctx); err != nil {
		return nil, err
	}
	defer func() { <-c.provision }()
	now := c.State()
	if now.Provisioned && (!before.Provisioned || now.PolicyKey != before.PolicyKey) {
		return nil, nil
	}
	return c.provisionLocked(ctx)
}

func (c *Client) provisionLocked(ctx context.Context) (*Policy, error) {
	ask := &airsync.ProvisionRequest{Policies: &airsync.Policies{Policy: airsync.PolicyRequest{PolicyType: policyType}}}
	if c.State().Version.AtLeast(Version141) {
		ask.DeviceInformation = &airsync.DeviceInformation{Set: c.deviceSet()}
	}
	r, doc, err := c.provisionSend(ctx, ask, "0")
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
		if outcome, err = c.ApplyPolicy(ctx, policy); err != nil {
			return nil, &Error{Command: "Provision", HTTPStatus: r.status, RequestID: r.requestID, Action: ActionUser,
				Err: fmt.Errorf("the policy was not accepted and not acknowledged: %w", err)}
		}
		if outcome < PolicyApplied || outcome > PolicyManaged {
			return nil, fmt.Errorf("eas: Provision: ApplyPolicy returned %d, which is no outcome", int(outcome))
		}
	}
	status := int(outcome)
	ack := &airsync.ProvisionRequest{Policies: &airsync.Policies{Policy: airsync.PolicyRequest{
		PolicyType: policyType, PolicyKey: &key, Status: &status,
	}}}
	r, doc, err = c.provisionSend(ctx, ack, key)
	if err != nil {
		return nil, err
	}
	_, final, err := r.policy(doc)
	if err != nil {
		return nil, err
	}
	if final == "" {
		return nil, r.unexpected("the acknowledgement brought no policy key")
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

func (c *Client) provisionSend(ctx context.Context, in *airsync.ProvisionRequest, key string) (*response, *airsync.ProvisionResponse, error) {
	doc, err := wbxml.Marshal(in)
	if err != nil {
		return nil, nil, fmt.Errorf("eas: Provision: %w", err)
	}
	r, err := c.send(ctx, request{command: "Provision", body: doc, policyKey: key})
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
	if p.PolicyKey != "" {
		if _, err := strconv.ParseUint(p.PolicyKey, 10, 32); err != nil {
			return nil, "", r.unexpected(fmt.Sprintf("the policy key %q is no number of 32 bits", safehttp.Clean(p.PolicyKey, 16)))
		}
	}
	out := &Policy{}
	if p.Data != nil && p.Data.Doc != nil {
		out.read(p.Data.Doc)
	}
	return out, p.PolicyKey, nil
}

// AcknowledgeWipe tells the server that what a [*RemoteWipeError] asked for has been done, or
// has failed. Call it after erasing, and do not wait for it before ([MS-ASPROV] 3.1.5.1.2.2).
func (c *Client) AcknowledgeWipe(ctx context.Context, asked *RemoteWipeError, done bool) error {
	if err := c.init(); err != nil {
		return err
	}
	if _, err := c.version(ctx); err != nil {
		return err
	}
	status := &airsync.WipeStatus{Status: 1}
	if !done {
		status.Status = 2
	}
	in := &airsync.ProvisionRequest{RemoteWipe: status}
	if asked != nil && asked.AccountOnly {
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
	r, err := c.send(ctx, request{command: "Provision", body: doc, policyKey: key})
	if err != nil {
		return err
	}
	return r.check(true)
}
