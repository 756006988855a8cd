package eas

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/easoauth/easoauth/internal/safehttp"
	"github.com/easoauth/easoauth/internal/wbxml"
)

// maxRounds is how often a command is sent again because the server demands something first:
// twice, since another client of the same device may have provisioned in between.
const maxRounds = 2

// command sends a command with all that a client has to do around it: the version, the
// first provisioning, and what the server demands before it runs the command.
func (c *Client) command(ctx context.Context, q request) (*response, error) {
	if err := c.init(); err != nil {
		return nil, err
	}
	version, err := c.version(ctx)
	if err != nil {
		return nil, err
	}
	if q.version == "" {
		q.version = version
	}
	provisions := c.provisioning.trips()
	if !c.State().Provisioned {
		if err := c.provisionSince(ctx, provisions); err != nil {
			return nil, err
		}
	}
	for round := 1; ; round++ {
		versions := c.negotiating.trips()
		before := q.policyKey
		provisions, q.policyKey = c.provisioning.trips(), c.State().PolicyKey
		r, err := c.send(ctx, q)
		demand := c.demand(r, err)
		if demand == demandNothing || round > maxRounds {
			return r, err
		}
		switch demand {
		case demandProvision:
			if round > 1 && q.policyKey == before {
				return r, err // provisioning has changed nothing
			}
			if err := c.provisionSince(ctx, provisions); err != nil {
				return nil, err
			}
		case demandVersion:
			if q, err = c.otherVersion(ctx, q, r, err, versions); q.version == "" {
				return r, err
			}
		}
	}
}

// otherVersion negotiates again after the response r, and returns the request for the version
// that the server accepts; one without a version if there is nothing to send again.
func (c *Client) otherVersion(ctx context.Context, q request, r *response, err error, n uint64) (request, error) {
	now, negotiateErr := c.renegotiate(ctx, n)
	switch {
	case negotiateErr != nil:
		return request{}, negotiateErr
	case now == q.version:
		return request{}, err
	case !q.anyVersion:
		e := &Error{Command: q.command, HTTPStatus: r.status, RequestID: r.requestID, Server: r.server, Action: ActionRetry}
		e.Err = fmt.Errorf("%w: %s, and the request was made for %s: repeat the call", errOtherVersion, now, q.version)
		return request{}, e
	}
	q.version = now
	return q, nil
}

// A demand is what the server wants done before it runs any command.
type demand int

const (
	demandNothing demand = iota
	demandProvision
	demandVersion
)

// demand reads the demand of a response, or of the error of one that was passed on as it came.
func (c *Client) demand(r *response, err error) demand {
	var e *Error
	code := 0
	switch {
	case r == nil || err != nil && (!errors.As(err, &e) || e.Scope != ""):
		return demandNothing
	case err != nil:
		code = e.Status
	case r.status == 449:
		return demandProvision
	case r.status != http.StatusOK || len(r.body) == 0:
		return demandNothing
	default:
		code = r.topStatus()
	}
	switch {
	case code < 101:
		return demandNothing
	case code <= 105 && code >= 102 && !c.isVersionFresh():
		return demandVersion // a server that has been changed may not understand what it did before
	}
	switch lookupStatus(r.command, "", code).action {
	case ActionProvision, ActionWipe:
		return demandProvision
	case ActionVersion:
		return demandVersion
	}
	return demandNothing
}

// topStatus reads the status at the top of the document, which is the first part of a
// multipart response; 0 if there is none.
func (r *response) topStatus() int {
	if r.mediaType != typeMultipart {
		return topStatus(r.body)
	}
	p, err := newParts(bytes.NewReader(r.body))
	if err != nil {
		return 0
	}
	doc, _ := p.document() // a part of it says as much
	return topStatus(doc)
}

// topStatus reads the status that is the first child of the root, without reading further; 0 if
// there is none.
func topStatus(doc []byte) int {
	var d wbxml.Decoder
	d.ResetBytes(doc)
	_, _ = d.ReadToken() // an error comes again
	t, err := d.ReadToken()
	if err != nil || t.Kind != wbxml.KindStart || t.Tag.Name() != "Status" {
		return 0
	}
	text, _ := d.ReadText()
	n, _ := strconv.Atoi(strings.TrimSpace(string(text)))
	return n
}

// Do sends any command with a WBXML document and returns the WBXML document of the response, for
// commands and elements that the typed methods do not have. It provisions and renews the token as
// they do. The caller checks the status in the response. With a nil document the request has no
// body. If the server no longer accepts the version of [Client.State], the command is not
// repeated, and the error has ActionRetry.
func (c *Client) Do(ctx context.Context, command string, document []byte) ([]byte, error) {
	if _, ok := commandCodes[command]; !ok {
		return nil, fmt.Errorf("eas: %q is not a command", safehttp.Clean(command, 32))
	}
	if command == "Sync" {
		defer c.memory.other()()
	}
	r, err := c.command(ctx, request{command: command, body: document})
	if err != nil {
		return nil, err
	}
	if err := r.check(true); err != nil {
		return nil, err
	}
	return r.body, nil
}

// run sends a command as a struct and reads the answer into another.
func (c *Client) run(ctx context.Context, q request, in, out any, emptyOK bool) (*response, error) {
	if in != nil {
		doc, err := wbxml.Marshal(in)
		if err != nil {
			return nil, fmt.Errorf("eas: %s: %w", q.command, err)
		}
		q.body = doc
	}
	r, err := c.command(ctx, q)
	if err != nil {
		return nil, err
	}
	if err := r.check(emptyOK); err != nil {
		return nil, err
	}
	if len(r.body) == 0 {
		return r, nil
	}
	return r, r.decode(out, q.asked)
}
