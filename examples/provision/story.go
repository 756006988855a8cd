package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"github.com/easoauth/easoauth/eas"
	"github.com/easoauth/easoauth/eas/eastest"
	"github.com/easoauth/easoauth/examples/provision/engine"
	"github.com/easoauth/easoauth/examples/provision/store"
)

// story is what happens in the demonstration.
func (d *demo) story(ctx context.Context) error {
	var wg sync.WaitGroup
	failed := make([]error, len(demoUsers))
	for i, address := range demoUsers {
		wg.Go(func() { failed[i] = d.opens(ctx, address) })
	}
	wg.Wait()
	if err := errors.Join(failed...); err != nil {
		return err
	}
	d.say("%d users have opened their mail client, and are not needed any more", len(demoUsers))
	if err := d.inStep(ctx); err != nil {
		return err
	}
	d.say("all copies are in step: four weeks of mail, calendars, contacts")

	delivered := 0
	mail := func(n int) error {
		for range n {
			address := demoUsers[delivered%len(demoUsers)]
			delivered++
			d.tenant.Mailbox(address).Deliver(&eas.Email{From: "grace@contoso.com", Subject: fmt.Sprintf("News %d", delivered)})
			if err := wait(ctx, 100*time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	}
	if err := mail(12); err != nil {
		return err
	}
	const ada, bob, carol = 0, 1, 2
	d.say("a policy blocks the service for %s, by mistake", demoUsers[bob])
	d.tenant.Change(func(o *eastest.Options) {
		o.Policies = []eastest.Policy{{Users: demoUsers[bob : bob+1], Clients: []string{demoID}, Control: eastest.Block}}
	})
	d.tenant.ExpireAccessTokens()
	d.say("the mailbox of %s moves to the cloud", demoUsers[carol])
	d.tenant.Mailbox(demoUsers[carol]).Move()
	if err := mail(12); err != nil {
		return err
	}
	victim := d.workers[0]
	if err := victim.cmd.Process.Kill(); err != nil {
		return err
	}
	d.say("worker-1 is killed")
	if err := mail(18); err != nil {
		return err
	}
	if err := d.until(ctx, "the policy is noticed", func(m *store.Mailbox) bool { return m.ID != d.boxes[demoUsers[bob]] || m.Error != "" }); err != nil {
		return err
	}
	d.say("the policy is lifted, and %s opens the mail client, which is quicker than the next attempt", demoUsers[bob])
	d.tenant.Change(func(o *eastest.Options) { o.Policies = nil })
	if err := d.opens(ctx, demoUsers[bob]); err != nil {
		return err
	}
	if err := mail(6); err != nil {
		return err
	}
	d.say("%d mails have arrived meanwhile", delivered)
	return d.inStep(ctx)
}

// until waits until something holds for all mailboxes.
func (d *demo) until(ctx context.Context, what string, holds func(m *store.Mailbox) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		all, err := d.api.store.Page(ctx, 0, false, 1000)
		if err == nil && !slices.ContainsFunc(all, func(m *store.Mailbox) bool { return !holds(m) }) {
			return nil
		}
		if waited := wait(ctx, 100*time.Millisecond); waited != nil {
			var late []string
			for _, m := range all {
				if !holds(m) {
					late = append(late, fmt.Sprintf("mailbox %d: state %s, due %v, %d failures, tried again in %v, error %q", m.ID, m.State, m.Due, m.Failures, time.Until(m.RetryAt).Round(time.Second), m.Error))
				}
			}
			return errors.Join(fmt.Errorf("%w, before %s; not so: %s", waited, what, strings.Join(late, "; ")), err)
		}
	}
}

// inStep waits until every copy holds what its mailbox holds.
func (d *demo) inStep(ctx context.Context) error {
	return d.until(ctx, "the copies are in step", func(m *store.Mailbox) bool {
		if m.Due || m.Error != "" {
			return false
		}
		have, want, err := d.compare(ctx, m)
		return err == nil && have == want
	})
}

// compare returns digests of a copy and of its mailbox.
func (d *demo) compare(ctx context.Context, m *store.Mailbox) (have, want string, err error) {
	items, err := d.api.store.Items(ctx, m.ID, "", 0, 1<<30)
	if err != nil {
		return "", "", err
	}
	line := func(item eas.Item) string {
		switch i := item.(type) {
		case *eas.Email:
			return fmt.Sprintf("mail %s %s", i.Received.UTC().Format("2006-01-02T15:04:05"), i.Subject)
		case *eas.Event:
			return fmt.Sprintf("event %s %s", i.Start.UTC().Format("2006-01-02T15:04:05"), i.Subject)
		case *eas.Contact:
			return "contact " + i.FileAs
		}
		return "?"
	}
	var copied, original []string
	for _, i := range items {
		item, err := eas.Decode("", i.Raw)
		if err != nil {
			return "", "", err
		}
		copied = append(copied, line(item))
	}
	box := d.tenant.Mailbox(m.Address)
	for _, mail := range box.Messages(eas.FolderInbox) {
		if time.Since(mail.Received) < engine.DefaultWindow {
			original = append(original, line(&mail))
		}
	}
	for _, item := range append(box.Items(eas.FolderCalendar), box.Items(eas.FolderContacts)...) {
		original = append(original, line(item))
	}
	slices.Sort(copied)
	slices.Sort(original)
	return strings.Join(copied, "\n"), strings.Join(original, "\n"), nil
}

// conclude prints the table, and fails if anything was lost.
func (d *demo) conclude(ctx context.Context) error {
	if err := wait(ctx, 1200*time.Millisecond); err != nil { // the notes about renewals are written every second
		return err
	}
	all, err := d.api.store.Page(ctx, 0, false, 1000)
	if err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	w := tabwriter.NewWriter(d.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "MAILBOX\tSTATE\tHOST\tITEMS\tCOPY\tRENEWALS\tLAST BY\tWHAT HAPPENED")
	equal, renewals, lost := 0, 0, 0
	for _, m := range all {
		have, want, err := d.compare(ctx, m)
		if err != nil {
			return err
		}
		events, err := d.api.store.Events(ctx, m.ID)
		if err != nil {
			return err
		}
		verdict := "differs"
		if have == want {
			verdict = "equal"
			equal++
		}
		if m.State != store.Active {
			lost++
		}
		renewals += m.Renewals
		var kinds []string
		for _, e := range events {
			if e.Kind != "activated" {
				kinds = append(kinds, e.Kind)
			}
		}
		u, err := url.Parse(m.URL)
		if err != nil {
			return err
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%s\t%d\t%s\t%s\n", m.Address, m.State, u.Host, 1+strings.Count(have, "\n"), verdict, m.Renewals, m.RenewedBy, strings.Join(kinds, ", "))
	}
	processes, err := d.api.store.Processes(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, "\nPROCESS\tSLOTS\tWAITING REQUESTS")
	for _, p := range processes {
		fmt.Fprintf(w, "%s\t%d\t%d\n", p.Name, p.Slots, p.Waiting)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\n%d of %d copies equal their mailboxes, %d of %d sign-ins lost; %d access tokens renewed; %.0f seconds\n",
		equal, len(all), lost, len(all), renewals, time.Since(d.begin).Seconds())
	if equal != len(demoUsers) || lost > 0 {
		return errors.New("the copies are not what they should be")
	}
	return nil
}
