package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/easoauth/easoauth/eas/diagnose"
	"github.com/easoauth/easoauth/eas/eastest"
)

// check runs a check and keeps the exchange, if that is wanted.
func (p *program) check(ctx context.Context, address string, o *diagnose.Options) (*diagnose.Report, error) {
	if p.record == "" {
		return diagnose.Run(ctx, address, o)
	}
	f, err := os.OpenFile(p.record, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	recorded := *o
	recorded.Record = f
	r, err := diagnose.Run(ctx, address, &recorded)
	return r, errors.Join(err, f.Close())
}

// again checks what was recorded.
func (p *program) again(ctx context.Context) int {
	data, err := os.ReadFile(p.replay)
	if err != nil {
		return p.fail(err)
	}
	address, root, o, err := diagnose.ReadRecording(data)
	if err != nil {
		return p.fail(err)
	}
	rec, err := eastest.Replay(data)
	if err != nil {
		return p.fail(err)
	}
	o.HTTPClient, o.Unmask = &http.Client{Transport: rec}, p.unmask
	r, err := p.check(ctx, address, o)
	if err != nil {
		return p.fail(err)
	}
	if r.Root != root {
		fmt.Fprintf(p.log, "hmacheck: the recorded check found %s, and this one %s\n", root, r.Root)
	}
	if err := p.print(r); err != nil {
		return p.fail(err)
	}
	return status(r)
}
